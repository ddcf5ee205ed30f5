"""The forgeries of notebook 04, as attacks on any `verify(token)` and on a token bank."""

from collections.abc import Callable
from typing import Any, NamedTuple

from authlab.attacks import confusion, cracking, headers, misuse, signature
from authlab.attacks.attack import Attack, Message
from authlab.attacks.forging import FORGERS, NothingToForge, Patience, Scene, forge_for
from authlab.attacks.honest import Visit
from authlab.attacks.issuer import honest_tokens
from authlab.attacks.naive import NaiveVerifier
from authlab.attacks.report import Report
from authlab.clock import Clock

__all__ = ["ATTACKS", "Forgery", "forge", "run_forgeries"]

ATTACKS: list[Attack] = [
    *signature.UNCHECKED,
    *confusion.ATTACKS,
    *cracking.ATTACKS,
    *headers.ATTACKS,
    *signature.ODDLY_SIGNED,
    *misuse.ATTACKS,
]


class Forgery(NamedTuple):
    """What Mallory made: the tokens, the likeliest first, and how she came by them."""

    tokens: list[str]
    steps: list[Message]

    @property
    def token(self) -> str:
        """The first of the tokens."""
        return self.tokens[0]


def forge(id: str, target: Any = None, *, clock: Clock | None = None) -> Forgery:
    """Make the tokens of one attack of `ATTACKS`, and show them to nobody.

    `target` is what they are for, by default a `NaiveVerifier` with every hole open. Raises
    ValueError for an attack that forges no token, or finds nothing to forge from.
    """
    if id not in FORGERS:
        raise ValueError(f"{id!r} is no forgery, expected one of {', '.join(FORGERS)}.")
    scene = Scene(NaiveVerifier() if target is None else target, clock=clock)
    try:
        return Forgery(list(FORGERS[id](scene)), scene.messages)
    except NothingToForge as lack:
        raise ValueError(str(lack)) from None


def run_forgeries(
    verify: Callable[[str], Any], *, honest: bool = True, clock: Clock | None = None
) -> Report:
    """Show `verify` every forgery and, with `honest`, every honest token; return the report.

    `verify` and `clock` are as in `redteam`. Whatever `verify` does, this goes on: a call that
    takes longer than two seconds counts as a refusal.
    """
    patience = Patience()
    outcomes = [forge_for(each.id, verify, clock=clock, patience=patience) for each in ATTACKS]
    tokens = honest_tokens(Scene(verify, clock=clock).clock) if honest else []
    visits = [
        Visit("An honest token", one.story, refused=patience.try_out(verify, one.token, one.claims))
        for one in tokens
    ]
    return Report(ATTACKS, outcomes, visits, noun="honest tokens")
