"""A bank whose refresh tokens have every hole of notebook 11, and the switches that close them."""

from collections.abc import Collection
from typing import Any

from flask import Flask

from authlab.attacks.defences import Defence
from authlab.bank import Accounts, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation.refresh import RefreshTokens
from authlab.sessions import open_store

__all__ = ["REFRESH_DEFENCES", "build_refresh_bank"]

_FAST_SCRYPT = "scrypt:1024:8:1"  # a lesson logs in hundreds of times; a real bank takes longer
_TTL, _GRACE = 14 * 86400, 30  # seconds

REFRESH_DEFENCES = {
    "rotation": Defence("Rotation", "each exchange gives a new refresh token, the old one is used"),
    "detect": Defence("Reuse detection", "rotation, and a used token ends the whole family"),
    "window": Defence(
        "Window with one child", "reuse detection; for 30 seconds a retry gets the same child again"
    ),
    "cookie": Defence("Cookie of its own", "HttpOnly, SameSite=Strict, sent to /refresh alone"),
    "family": Defence(
        "Log-out ends the family", "a log-out ends all that renews, not only the browser's copy"
    ),
}


class _Deaf(RefreshTokens):
    """Refresh tokens that no log-out ends: for the lesson alone."""

    def end_family(self, name: object) -> bool:
        return False


def build_refresh_bank(
    defences: Collection[str] = (), *, mints: bool = False, clock: Clock | None = None
) -> Flask:
    """Return a bank with refresh tokens and the `defences` named, of `REFRESH_DEFENCES`, alone.

    `mints` adds the window done wrong: for 30 seconds each retry gets a child of its own. It needs
    "rotation" or "detect", and not "window", which is the window done right.
    """
    if unknown := sorted(set(defences) - set(REFRESH_DEFENCES)):
        known = ", ".join(REFRESH_DEFENCES)
        raise ValueError(f"{unknown[0]!r} is no defence, expected some of {known}.")
    rotates = {"rotation", "detect", "window"} & set(defences)
    if mints and (not rotates or "window" in defences):
        raise ValueError("mints is True, expected 'rotation' or 'detect' with it, and no 'window'.")
    clock = clock or Clock()
    tokens = (RefreshTokens if "family" in defences else _Deaf)(
        open_store("memory://", clock),
        clock,
        ttl=_TTL,
        rotate=bool(rotates),
        detect_reuse=rotates != {"rotation"},
        grace=_GRACE if mints or "window" in defences else 0,
        grace_mints=mints,
    )
    carry: Any = "cookie" if "cookie" in defences else "header"
    auth = TokenAuth(generate_key("HS256"), carry=carry, refresh=tokens)
    return make_bank(auth, accounts=Accounts(method=_FAST_SCRYPT))
