"""A bank with every hole of notebook 07, and the switches that close them one at a time."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from flask import Flask

from authlab.attacks.ids import NewId, clock_ids, counter_ids, random_ids, twister_ids
from authlab.bank import Accounts, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.sessions import Sessions, open_store

__all__ = ["DEFENCES", "WAYS", "Defence", "build_bank"]

WAYS = ("session", "token in a header", "token in a cookie")
_FAST_SCRYPT = "scrypt:1024:8:1"  # a lesson logs in hundreds of times; a real bank takes longer


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
    """
    if unknown := sorted(set(defences) - set(DEFENCES)):
        raise ValueError(f"{unknown[0]!r} is no defence, expected some of {', '.join(DEFENCES)}.")
    if way not in WAYS:
        raise ValueError(f"{way!r} is no way to log in, expected one of {', '.join(WAYS)}.")
    clock = clock or Clock()
    cookie: Any = {
        "secure": "https" in defences,
        "httponly": "httponly" in defences,
        "samesite": "Lax" if "samesite" in defences else None,
    }
    accounts = Accounts(method=_FAST_SCRYPT)
    if way != "session":
        carry: Any = "header" if way == WAYS[1] else "cookie"
        token_auth = TokenAuth(
            generate_key("HS256"), carry=carry, clock=clock, cookie="token", **cookie
        )
        return make_bank(token_auth, accounts=accounts)
    weak: dict[str, Callable[[], NewId]] = {
        "counter": counter_ids,
        "clock": lambda: clock_ids(clock),
        "twister": lambda: twister_ids(int(clock.now())),
    }
    if ids not in weak:
        raise ValueError(f"ids is {ids!r}, expected one of {', '.join(weak)}.")
    new_id = random_ids() if "random" in defences else weak[ids]()
    bound: Any = [name for name in ("agent", "address") if name in defences]
    session_auth = SessionAuth(
        Sessions(open_store("memory://", clock), clock, new_id=new_id),
        cookie="sid",
        rotate_on_login="rotate" in defences,
        end_on_logout="logout" in defences,
        bind=bound,
        **cookie,
    )
    return make_bank(session_auth, accounts=accounts)
