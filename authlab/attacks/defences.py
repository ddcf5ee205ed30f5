"""Banks with every hole of notebooks 07 and 11, and the switches that close them one at a time."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from flask import Flask

from authlab.attacks.ids import NewId, clock_ids, counter_ids, random_ids, twister_ids
from authlab.bank import Accounts, Auth, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation.refresh import RefreshTokens
from authlab.sessions import Sessions, open_store

__all__ = [
    "DEFENCES", "REFRESH_DEFENCES", "WAYS", "Defence", "build_bank", "build_refresh_bank",
    "check_names", "quick_accounts",
]  # fmt: skip

WAYS = ("session", "token in a header", "token in a cookie")
_TTL, _GRACE = 14 * 86400, 30  # seconds


class Defence(NamedTuple):
    """One switch: what it is called, and what the bank does once it is on."""

    title: str
    does: str


DEFENCES = {
    "https": Defence("HTTPS only", "over http nothing but the way to https; the cookie is Secure"),
    "random": Defence("Random ids", "128 bits from the system's random source"),
    "rotate": Defence("New id at login", "the id from before login ends"),
    "httponly": Defence("HttpOnly", "scripts cannot read the cookie"),
    "samesite": Defence("SameSite=Lax", "no cookie on a request that another site's form makes"),
    "agent": Defence("Same browser", "the session ends where the User-Agent differs"),
    "address": Defence("Same address", "the session ends where the network address differs"),
    "logout": Defence("Log-out at the server", "the record ends, and not only the cookie"),
}

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


def check_names(names: Collection[str], known: Collection[str], kind: str = "defence") -> None:
    """Raise ValueError for a name that is not known, and for what is no list of names."""
    if isinstance(names, str) or not isinstance(names, Collection):
        raise ValueError(f"Found {names!r}, expected a list with some of {', '.join(known)}.")
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"{unknown[0]!r} is no {kind}, expected some of {', '.join(known)}.")


def quick_accounts() -> Accounts:
    """Return the usual accounts; a lesson logs in hundreds of times, a real bank takes longer."""
    return Accounts(method="scrypt:1024:8:1")


def build_bank(
    way: str = "session",
    defences: Collection[str] = (),
    *,
    ids: str = "counter",
    clock: Clock | None = None,
) -> Flask:
    """Return a bank that has the `defences` named, some of `DEFENCES`, and no other.

    `way` is one of `WAYS`. `ids` says how session ids are made without the defence "random":
    "counter", "clock" or "twister" (seeded with the time at start). A token bank takes from the
    defences what applies to it: the attributes of a cookie to a token in a cookie, and "https".
    Raises ValueError for a name that is not known.
    """
    clock = clock or Clock()
    weak: dict[str, Callable[[], NewId]] = {
        "counter": counter_ids,
        "clock": lambda: clock_ids(clock),
        "twister": lambda: twister_ids(int(clock.now())),
    }
    check_names(defences, DEFENCES)
    check_names([way], WAYS, "way to log in")
    check_names([ids], weak, "way to make ids")
    cookie: Any = {
        "secure": "https" in defences,
        "httponly": "httponly" in defences,
        "samesite": "Lax" if "samesite" in defences else None,
    }
    bound: Any = [name for name in ("agent", "address") if name in defences]
    auth: Auth
    if way == "session":
        new_id = random_ids() if "random" in defences else weak[ids]()
        auth = SessionAuth(
            Sessions(open_store("memory://", clock), clock, new_id=new_id),
            cookie="sid",
            rotate_on_login="rotate" in defences,
            end_on_logout="logout" in defences,
            bind=bound,
            **cookie,
        )
    else:
        carry: Any = "header" if way == WAYS[1] else "cookie"
        auth = TokenAuth(generate_key("HS256"), carry=carry, clock=clock, cookie="token", **cookie)
    return make_bank(auth, accounts=quick_accounts())


class _Deaf(RefreshTokens):
    """Refresh tokens that no log-out ends: for the lesson alone."""

    def end_family(self, name: object) -> bool:
        return False


def build_refresh_bank(
    defences: Collection[str] = (), *, mints: bool = False, clock: Clock | None = None
) -> Flask:
    """Return a bank with refresh tokens and the `defences` named, of `REFRESH_DEFENCES`, alone.

    `mints` adds the window done wrong: for 30 seconds each retry gets a child of its own. It needs
    "rotation" or "detect", and not "window", which is the window done right. Raises ValueError for
    a name that is not known, and for `mints` with other defences.
    """
    check_names(defences, REFRESH_DEFENCES)
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
    return make_bank(auth, accounts=quick_accounts())
