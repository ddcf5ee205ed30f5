"""The forgeries of notebook 04, as attacks on any `verify(token)` and on a token bank."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from authlab.attacks import confusion, cracking, headers, misuse, signature
from authlab.attacks.attack import Attack, Message, Outcome
from authlab.attacks.forging import FORGERS, NothingToForge, Patience, Scene, forge_for
from authlab.attacks.holes import HOLES
from authlab.attacks.honest import Visit
from authlab.attacks.issuer import honest_tokens
from authlab.attacks.naive import NaiveVerifier
from authlab.attacks.report import Report
from authlab.clock import Clock

__all__ = ["ATTACKS", "Bench", "Forgery", "fill_bench", "forge", "run_forgeries"]

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


@dataclass(frozen=True)
class Bench:
    """Holes by attacks, each cell really run: an attack's outcome where that hole alone is open.

    `rows` are "no hole", each hole, and "every hole"; `cells` is by (row, attack's id); `honest`
    says of each row which honest tokens were refused, each as (story, why).
    """

    rows: Sequence[str]
    attacks: Sequence[Attack]
    cells: dict[tuple[str, str], Outcome]
    honest: dict[str, list[tuple[str, str]]]

    def accepted(self, row: str) -> list[str]:
        """Return the ids of the attacks that succeed in this row."""
        return [a.id for a in self.attacks if self.cells[row, a.id].succeeded]

    def __str__(self) -> str:
        wide = max(map(len, self.rows))
        lines = [f"{'open'.ljust(wide)}  forgeries accepted"]
        lines += [f"{row.ljust(wide)}  {', '.join(self.accepted(row)) or '-'}" for row in self.rows]
        return "\n".join(lines)

    __repr__ = __str__


def fill_bench(
    holes: Collection[str] = tuple(HOLES),
    attacks: Iterable[Attack] = tuple(ATTACKS),
    *,
    clock: Clock | None = None,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Bench:
    """Run `attacks` on verifiers with no hole, with each of `holes` alone, and with all of them.

    `progress` wraps the list of runs, as `tqdm` does.
    """
    attacks, clock = list(attacks), clock or Clock()
    open_holes = {"no hole": (), **{name: (name,) for name in holes}, "every hole": tuple(holes)}
    verifiers = {row: NaiveVerifier(names, clock=clock) for row, names in open_holes.items()}
    honest: dict[str, list[tuple[str, str]]] = {row: [] for row in verifiers}
    for row, token in product(verifiers, honest_tokens(clock)):
        if why := Patience().try_out(verifiers[row], token.token, token.claims):
            honest[row].append((token.story, why))
    cells = {
        (row, attack.id): attack.run(verifiers[row])
        for row, attack in progress(list(product(verifiers, attacks)))
    }
    return Bench(list(verifiers), attacks, cells, honest)
