"""Run the whole battery, and say what it found."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from time import monotonic
from typing import Any

from flask import Flask

from authlab.attacks.attack import Attack, Outcome
from authlab.attacks.defences import DEFENCES, REFRESH_DEFENCES, build_bank
from authlab.attacks.holes import HOLES
from authlab.attacks.honest import HONEST, Visit, visit_honestly, visit_in_turn
from authlab.attacks.reset_bank import RESET_DEFENCES

__all__ = ["Matrix", "Report", "fill_matrix", "run_battery"]

_HEAD = ("attack", "outcome", "what would stop it", "rule")


@dataclass(frozen=True)
class Report:
    """What the thieves got, and whether honest customers got in meanwhile."""

    attacks: Sequence[Attack]
    outcomes: Sequence[Outcome]
    visits: Sequence[Visit]
    noun: str = "honest visits"

    @property
    def clean(self) -> bool:
        """True when no honest customer was refused, and no attack but residual ones succeeded."""
        residual = {attack.id for attack in self.attacks if attack.residual}
        return not self.refused and {one.attack for one in self.stolen} <= residual

    @property
    def stolen(self) -> list[Outcome]:
        """The attacks that succeeded."""
        return [outcome for outcome in self.outcomes if outcome.succeeded]

    @property
    def refused(self) -> list[Visit]:
        """The honest visits that failed, one of each customer."""
        return list({visit[:2]: visit for visit in self.visits if visit.refused}.values())

    @property
    def signed_out(self) -> list[Visit]:
        """The honest visits with a second log-in halfway, one of each customer."""
        return list({visit.who: visit for visit in self.visits if visit.signed_out}.values())

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Return (attack, outcome, what would stop it, rule), and one row for each one refused."""
        found = []
        for attack, outcome in zip(self.attacks, self.outcomes, strict=True):
            mark = "ACCEPTED" if attack.target == "verify" else "STOLEN"
            mark += " (residual)" if attack.residual else ""
            said = f"{mark}: Mallory {outcome.loot}" if outcome.succeeded else "stopped"
            stop = " or ".join(_name_defence(attack, name) for name in attack.stopped_by)
            found.append((attack.title, said, stop, ", ".join(attack.refs)))
        prices = [(visit, f"REFUSED: {visit.refused}") for visit in self.refused]
        prices += [(visit, "had to log in again") for visit in self.signed_out]
        return found + [(f"{visit.who} {visit.story}", said, "", "") for visit, said in prices]

    def __str__(self) -> str:
        return f"{_text([_HEAD, *self.rows()])}\n\n{self.verdict}"

    __repr__ = __str__

    @property
    def verdict(self) -> str:
        """The report in one sentence."""
        thefts = f"{len(self.stolen)} of {len(self.outcomes)} attacks succeeded"
        honest = f"{sum(not v.refused for v in self.visits)} of {len(self.visits)} {self.noun}"
        return f"{'Clean' if self.clean else 'Not clean'}: {thefts}; {honest} went well."

    def _repr_html_(self) -> str:
        return _table(self.verdict, _HEAD, self.rows())


@dataclass(frozen=True)
class Matrix:
    """Thefts by defences: which theft succeeds with no defence, with one alone, and with all."""

    way: str
    attacks: Sequence[Attack]
    columns: Sequence[str]
    stolen: dict[tuple[str, str], bool]  # (attack's id, column)
    signed_out: dict[str, list[str]]  # column: the honest customers who had to log in again

    def rows(self) -> list[tuple[str, ...]]:
        """Return one row a theft, "stolen" or "-" in each column, then whom it bothers."""
        found = [
            (a.title, *("stolen" if self.stolen[a.id, name] else "-" for name in self.columns))
            for a in self.attacks
        ]
        bothered = (", ".join(self.signed_out[name]) or "-" for name in self.columns)
        return [*found, ("Honest customers signed out", *bothered)]

    def __str__(self) -> str:
        return _text([(self.way, *self.columns), *self.rows()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _table(f"Way to log in: {self.way}", ("theft", *self.columns), self.rows())


def run_battery(
    bank: Flask, attacks: Iterable[Attack], *, honest: bool = True, patience: float = 60
) -> Report:
    """Run `attacks` against `bank` while honest customers use it, and return the report.

    An attack on what this bank does not have is left out. After `patience` seconds what has not
    come to an end counts as stopped, and as refused.
    """
    attacks = list(attacks)
    visits: list[Visit] = []
    done = threading.Event()
    deadline = monotonic() + patience

    def come_and_go() -> None:
        while True:
            for visit in visit_in_turn(bank):
                visits.append(visit)  # at once: a bank may answer no more
            if done.is_set():
                return

    crowd = threading.Thread(target=come_and_go, daemon=True)
    if honest:
        crowd.start()
    try:
        outcomes = [_attempt(attack, bank, deadline) for attack in attacks]
    finally:
        done.set()
        if honest:
            crowd.join(max(1, deadline - monotonic()))
    seen = list(visits)  # a crowd that still waits may add to `visits`
    if crowd.is_alive():
        seen += [Visit(who, HONEST[who], refused="the bank did not answer") for who in HONEST]
    tried = [pair for pair in zip(attacks, outcomes, strict=True) if pair[1].applies]
    return Report([attack for attack, _ in tried], [outcome for _, outcome in tried], seen)


def _attempt(attack: Attack, bank: Flask, deadline: float) -> Outcome:
    """Run one attack; on a bank that breaks it, or keeps it waiting, it counts as stopped."""
    found: list[Outcome] = []

    def run() -> None:
        try:
            found.append(attack.run(bank))
        except Exception as error:
            why = f"The attack could not go on: {type(error).__name__}: {error}"
            found.append(Outcome(attack.id, False, why))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0, deadline - monotonic()))
    return found[0] if found else Outcome(attack.id, False, "The bank did not answer in time.")


def fill_matrix(
    way: str,
    attacks: Iterable[Attack],
    *,
    ids: str = "counter",
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Matrix:
    """Run each attack on a fresh bank with no defence, with each defence alone, and with all.

    `way` is one of `WAYS`. `progress` wraps the list of runs, as `tqdm` does.
    """
    attacks, stolen, signed_out = list(attacks), {}, {}
    switched = {"none": (), **{name: (name,) for name in DEFENCES}, "all": tuple(DEFENCES)}
    for attack, column in progress([(a, column) for a in attacks for column in switched]):
        bank = build_bank(way, switched[column], ids=ids)
        stolen[attack.id, column] = attack.run(bank).succeeded
    for column, defences in switched.items():
        bank = build_bank(way, defences, ids=ids)
        signed_out[column] = [who for who in HONEST if visit_honestly(bank, who).signed_out]
    return Matrix(way, attacks, list(switched), stolen, signed_out)


def _name_defence(attack: Attack, name: str) -> str:
    if attack.target == "verify":
        return HOLES[name].mend
    own = {"refresh": REFRESH_DEFENCES, "reset": RESET_DEFENCES}.get(attack.target, DEFENCES)
    return own[name].title


def _text(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    left = 'style="text-align:left"'  # JupyterLab's own way is to the right, as numbers stand
    top = "".join(f'<th scope="col" {left}>{escape(text)}</th>' for text in head)
    body = "".join(
        f'<tr><th scope="row" {left}>{escape(row[0])}</th>'
        + "".join(f"<td {left}>{escape(text)}</td>" for text in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption {left}>{escape(caption)}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
