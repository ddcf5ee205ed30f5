"""One hole and one forged token: what the open bank pays, what the mended one says."""

from collections.abc import Callable
from dataclasses import dataclass

from authlab.attacks.forging import Patience, Scene
from authlab.attacks.holes import HOLES
from authlab.attacks.issuer import honest_tokens
from authlab.attacks.naive import NaiveVerifier, build_token_bank

__all__ = ["Trial", "try_hole"]


@dataclass(frozen=True)
class Trial:
    """What came of a forged token, with one hole open and with it mended.

    `paid` and `refused` are what the two banks said; `stolen` says that money moved at the first,
    `stopped` that none did at the second. `honest` counts the honest tokens that the mended
    verifier accepts, `of` is how many there are.
    """

    hole: str
    stolen: bool
    paid: str
    stopped: bool
    refused: str
    honest: int
    of: int

    def __str__(self) -> str:
        hole = HOLES[self.hole]
        return (
            f"open    {hole.line}\n        {self.paid}\n"
            f"mended  {hole.mend}\n        {self.refused}\n"
            f"honest  {self.honest} of {self.of} honest tokens pass the mended verifier"
        )

    __repr__ = __str__


def try_hole(hole: str, token: str | Callable[[NaiveVerifier], str]) -> Trial:
    """Show `token` to a bank that has this one hole of `HOLES`, and to one that has none.

    A forgery that needs the verifier, its network or its list of ended tokens, is a function that
    gets the verifier and returns the token. Raises ValueError for a hole that does not exist.
    """
    said = []
    for holes in ((hole,), ()):
        bank = build_token_bank(holes)
        verifier = bank.extensions["auth"].verifier
        shown = token if isinstance(token, str) else token(verifier)
        loot, answer = Scene(bank).show(shown, Patience())
        if not loot:  # the bank only says 401; the reason stays in its log, as it should: we look
            _, answer = Scene(verifier).show(shown, Patience())
        said.append((bool(loot), answer))
    (stolen, paid), (passed, refused) = said
    faults = [Patience().try_out(verifier, one.token, one.claims) for one in honest_tokens()]
    return Trial(hole, stolen, paid, not passed, refused, faults.count(""), len(faults))
