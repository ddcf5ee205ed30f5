"""What thieves do, as a catalogue, and the whole battery of it.

Attacks act on objects and hosts of the lab alone: each builds its own network in the process, and
there is no argument by which to name an address outside.
"""

from typing import Any

from flask import Flask

from authlab.attacks import sessions
from authlab.attacks.attack import Attack, Message, Outcome
from authlab.attacks.defences import DEFENCES, WAYS, Defence, build_bank
from authlab.attacks.report import Matrix, Report, fill_matrix, run_battery

__all__ = [
    "CATALOGUE",
    "DEFENCES",
    "WAYS",
    "Attack",
    "Defence",
    "Matrix",
    "Message",
    "Outcome",
    "Report",
    "build_bank",
    "fill_matrix",
    "redteam",
]

CATALOGUE: list[Attack] = [*sessions.ATTACKS]


def redteam(target: Any, *, honest: bool = True) -> Report:
    """Run every attack of the catalogue that fits `target`, while honest customers use it.

    `target` is a bank made by `make_bank`. It is attacked for real: money moves on it. Without
    `honest` no customer comes. Raises TypeError for anything that is no bank.
    """
    if not isinstance(target, Flask) or "auth" not in target.extensions:
        raise TypeError(f"redteam got a {type(target).__name__}, expected a bank of make_bank.")
    return run_battery(target, [a for a in CATALOGUE if a.target == "bank"], honest=honest)
