"""What thieves do, as a catalogue, and the whole battery of it.

Attacks act on objects and hosts of the lab alone: each builds its own network in the process, and
there is no argument by which to name an address outside.
"""

from typing import Any

from flask import Flask

from authlab.attacks import misuse, refresh, reset, sessions, tokens
from authlab.attacks.attack import ON_BANKS, Attack, Message, Outcome
from authlab.attacks.defences import (
    DEFENCES,
    REFRESH_DEFENCES,
    WAYS,
    Defence,
    build_bank,
    build_refresh_bank,
)
from authlab.attacks.holes import HOLES, Hole
from authlab.attacks.naive import NaiveAuth, NaiveVerifier, build_token_bank
from authlab.attacks.report import Matrix, Report, fill_matrix, run_battery
from authlab.attacks.reset_bank import RESET_DEFENCES, build_reset_bank
from authlab.attacks.stage import check_bank
from authlab.attacks.tokens import Forgery, forge, run_forgeries
from authlab.clock import Clock

__all__ = [
    "CATALOGUE", "DEFENCES", "HOLES", "REFRESH_DEFENCES", "RESET_DEFENCES", "WAYS", "Attack",
    "Defence", "Forgery", "Hole", "Matrix", "Message", "NaiveAuth", "NaiveVerifier",
    "Outcome", "Report", "build_bank", "build_refresh_bank", "build_reset_bank",
    "build_token_bank", "fill_matrix", "forge", "redteam",
]  # fmt: skip

CATALOGUE: list[Attack] = [
    *sessions.ATTACKS,
    *refresh.ATTACKS,
    *reset.ATTACKS,
    *tokens.ATTACKS,
    misuse.READABLE,
]


def redteam(target: Any, *, honest: bool = True, clock: Clock | None = None) -> Report:
    """Run every attack of the catalogue that fits `target`, while honest customers use it.

    `target` is a bank made by `make_bank`, which is attacked for real: money moves on it. Or it is
    a function `verify(token) -> claims`, set up with the names in `attacks.issuer`, which refuses
    by raising anything, or by returning None or False; `clock` is the one it goes by, if not the
    real time. Without `honest` no customer comes, and no honest token. Raises TypeError for
    anything else.
    """
    if callable(target) and not isinstance(target, Flask):
        return run_forgeries(target, honest=honest, clock=clock)
    check_bank(target)
    return run_battery(target, [a for a in CATALOGUE if a.target in ON_BANKS], honest=honest)
