"""A link or a code that works once, for one purpose and one user. Imports `arguments`.

The store holds `one-time:<SHA-256 of purpose and token>`: who redeems it, when it ends, and a
digest of the state that it was bound to. What a thief reads in the store redeems nothing.
"""

import hmac
import json
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from authlab.clock import Clock
from authlab.revocation.arguments import (
    check_seconds,
    check_text,
    choose_clock,
    is_text,
    is_time,
    read_json,
)
from authlab.revocation.errors import InvalidArgument, InvalidOneTimeToken
from authlab.sessions import Store

__all__ = ["Bind", "OneTimeTokens", "check_issue", "refused", "state_of"]

Bind = str | bytes | Callable[[str], str | bytes]  # a state, or a function from the user to it

LONGEST = 30 * 86_400  # seconds that a token may live: more than any link or code should
_MOST_TRIES = 100  # for a token nobody has; with 256 random bits the first is free


class OneTimeTokens:
    """Issue tokens that are redeemed once, kept in `store` (ASVS 5.0, 6.5.1).

    `new_token` makes one: 256 bits from `secrets` by default; a lesson may plug in a weak one.
    A real Redis forgets by its own clock, all else goes by `clock`.

    Raises InvalidArgument for what cannot be issued, InvalidOneTimeToken for what cannot be
    redeemed, with one text for all reasons, and StoreUnavailable; no other error, but for what a
    function of the caller's raises by itself.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        new_token: Callable[[], str] | None = None,
    ) -> None:
        self.store, self.clock = store, choose_clock(store, clock)
        self._new_token = new_token or (lambda: secrets.token_urlsafe(32))

    def issue(self, purpose: str, user: str, ttl: float, bind: Bind = "") -> str:
        """Return a new token, to be redeemed within `ttl` seconds (ASVS 5.0, 6.5.5: 600 or less).

        `purpose` is such as "reset"; what is issued for one redeems no other. `bind` is any state
        whose change kills the token, such as the user's password hash: text, bytes, or a function
        from the user to either. Earlier tokens stay alive, as mails may come late and out of
        order: what ends them is a change of the state.
        """
        check_issue(purpose, user, ttl)
        state, ends = state_of(bind, user), self.clock.now() + ttl
        for _ in range(_MOST_TRIES):
            token = self._new_token()
            check_text("new_token", token)
            record = {"user": user, "ends": ends, "state": _seal(token, state)}
            # Adding, not writing: a weak generator must not overwrite somebody's token.
            if self.store.add(_key(purpose, token), json.dumps(record).encode(), ttl):
                return token
        found = f"{_MOST_TRIES} in a row that are in use"
        raise InvalidArgument("bad new_token", found, "tokens nobody has", "ASVS 5.0, 6.5.3")

    def redeem(self, token: str, purpose: str, bind: Bind = "") -> str:
        """Return the user for whom the token was issued, to exactly one caller (ASVS 5.0, 6.5.1).

        Checked first, taken then. A caller with the wrong purpose or state takes nothing, so
        nobody can burn a token that he cannot redeem; and of many whose check went well, the
        store's `pop` gives the record to one.
        """
        user = self.check(token, purpose, bind)
        if self.store.pop(_key(purpose, token)) is None:
            raise refused()
        return user

    def check(self, token: str, purpose: str, bind: Bind = "") -> str:
        """Return the user as `redeem` would now, and take nothing: for a page that asks first."""
        if not is_text(token) or not is_text(purpose):
            raise refused()
        user, ends, sealed = _read(self.store.get(_key(purpose, token)))
        state = state_of(bind, user, redeeming=True)
        if self.clock.now() >= ends or not hmac.compare_digest(sealed, _seal(token, state)):
            raise refused()
        return user


def check_issue(purpose: object, user: object, ttl: object) -> None:
    """Raise InvalidArgument for what no one-time token can be issued for."""
    check_text("purpose", purpose)
    check_text("user", user)
    check_seconds("time to live", ttl, LONGEST)


def state_of(bind: Any, user: str, *, redeeming: bool = False) -> bytes:
    """Return the bytes of the state that a token is bound to. Raises InvalidArgument.

    `redeeming`: a function that gives None knows no such user, and the token is refused.
    """
    state = bind(user) if callable(bind) else bind
    if redeeming and state is None and callable(bind):
        raise refused()
    try:
        raw = state.encode() if isinstance(state, str) else state
    except UnicodeEncodeError:  # half a surrogate pair
        raw = None
    if not isinstance(raw, bytes):
        found, expected = f"a {type(state).__name__}", "text, bytes, or a function that gives them"
        raise InvalidArgument("bad bind", found, expected, "OneTimeTokens")
    return raw


def refused() -> InvalidOneTimeToken:
    """Return the one error of every token that does not work: a thief learns nothing by it."""
    return InvalidOneTimeToken(
        "this link or code does not work",
        "one that is unknown, used, too old or no longer valid",
        "one that was never used",
        "ASVS 5.0, 6.5.1",
    )


def _key(purpose: str, token: str) -> str:
    # With its length in front, or "re" and "setup" would give the same as "reset" and "up".
    return f"one-time:{sha256(f'{len(purpose)}:{purpose}{token}'.encode()).hexdigest()}"


def _seal(token: str, state: bytes) -> str:
    """Return a digest of the state that says nothing about it to whoever lacks the token."""
    return hmac.digest(token.encode(), state, "sha256").hex()


def _read(raw: bytes | None) -> tuple[str, float, str]:
    """Return user, end and seal of a record. Refuses none, and what somebody else wrote there."""
    found = read_json(raw)
    found = found if isinstance(found, dict) else {}
    user, ends, sealed = map(found.get, ("user", "ends", "state"))
    if not (is_text(user) and is_time(ends) and is_text(sealed) and sealed.isascii()):
        raise refused()
    return user, ends, sealed
