"""Every forgery on the naive verifier with every hole: the matrix of notebook 04."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from authlab.attacks.attack import Attack, Outcome
from authlab.attacks.forging import Patience
from authlab.attacks.holes import HOLES
from authlab.attacks.issuer import honest_tokens
from authlab.attacks.naive import NaiveVerifier
from authlab.attacks.tokens import ATTACKS
from authlab.clock import Clock

__all__ = ["Bench", "fill_bench"]


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
    tokens = honest_tokens(clock)
    honest = {
        row: [
            (token.story, why)
            for token in tokens
            if (why := Patience().try_out(verifier, token.token, token.claims))
        ]
        for row, verifier in verifiers.items()
    }
    cells = {
        (row, attack.id): attack.run(verifiers[row])
        for row, attack in progress(list(product(verifiers, attacks)))
    }
    return Bench(list(open_holes), attacks, cells, honest)
