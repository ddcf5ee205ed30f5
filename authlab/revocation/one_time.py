"""A link or a code that works once, for one purpose and one user. Imports `errors` and `sessions`.

The store holds `one-time:<SHA-256 of purpose and token>`: who redeems it, when it ends, and a
digest of the state that it was bound to. What a thief reads in the store redeems nothing.
"""

import hmac
import json
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from authlab.clock import Clock
from authlab.jose.encoding import show
from authlab.revocation.cutoff import Cutoff
from authlab.revocation.errors import InvalidArgument, InvalidOneTimeToken
from authlab.sessions import Store

__all__ = ["Bind", "OneTimeTokens", "check_text", "check_ttl", "refuse", "state_of"]

Bind = str | bytes | Callable[[str], str | bytes]  # a state, or a function from the user to it

LONGEST = 30 * 86_400  # seconds that a token may live: more than any link or code should
_LONGEST_TEXT = 4096  # characters
_MOST_TRIES = 100  # for a token nobody has; with 256 random bits the first is free


class _Record(NamedTuple):
    user: str
    ends: float
    began: int  # see Cutoff
    state: str


class OneTimeTokens:
    """Issue tokens that are redeemed once, kept in `store` (ASVS 5.0, 6.5.1).

    `new_token` makes one: 256 bits from `secrets` by default; a lesson may plug in a weak one.
    A real Redis forgets by its own clock, all else goes by `clock`.

    Raises InvalidArgument for what cannot be issued, InvalidOneTimeToken for what cannot be
    redeemed, with one text for all reasons, and StoreUnavailable; no other error.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        new_token: Callable[[], str] | None = None,
    ) -> None:
        self.store = store
        self.clock = clock or store.clock
        self._new_token = new_token or (lambda: secrets.token_urlsafe(32))
        self._cutoff = Cutoff(store, self.clock, "one-time-end:")

    def issue(self, purpose: str, user: str, ttl: float, bind: Bind = "") -> str:
        """Return a new token, to be redeemed within `ttl` seconds (ASVS 5.0, 6.5.5: 600 or less).

        `purpose` is such as "reset"; what is issued for one redeems no other. `bind` is any state
        whose change kills the token, such as the user's password hash: text, bytes, or a function
        from the user to either. Earlier tokens stay alive, as mails may come late and out of
        order; `revoke` ends them.
        """
        check_text("purpose", purpose)
        check_text("user", user)
        check_ttl(ttl)
        state = state_of(bind, user)
        record = {
            "user": user,
            "ends": self.clock.now() + ttl,
            "began": self._cutoff.stamp(_join(purpose, user)),
        }
        for _ in range(_MOST_TRIES):
            token = self._new_token()
            key = _key_of(purpose, token)
            if key is None:
                raise InvalidArgument("bad new_token", f"{token!a:.40}", "text", "OneTimeTokens")
            value = json.dumps({**record, "state": _seal(token, state)}).encode()
            # Adding, not writing: a weak generator must not overwrite somebody's token.
            if self.store.add(key, value, ttl):
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
        if self.store.pop(str(_key_of(purpose, token))) is None:
            raise refuse()
        return user

    def check(self, token: str, purpose: str, bind: Bind = "") -> str:
        """Return the user as `redeem` would now, and take nothing: for a page that asks first."""
        key = _key_of(purpose, token)
        record = _read(self.store.get(key)) if key else None
        if record is None or not self._is_good(record, token, purpose, bind):
            raise refuse()
        return record.user

    def revoke(self, purpose: str, user: str) -> None:
        """End every token of this purpose and user that was issued until now."""
        check_text("purpose", purpose)
        check_text("user", user)
        self._cutoff.cut(_join(purpose, user), LONGEST)

    def _is_good(self, record: _Record, token: str, purpose: str, bind: Bind) -> bool:
        alive = self.clock.now() < record.ends
        if not alive or self._cutoff.has_cut(_join(purpose, record.user), record.began):
            return False
        return hmac.compare_digest(
            record.state, _seal(token, state_of(bind, record.user, redeeming=True))
        )


def check_text(what: str, text: object) -> None:
    """Raise InvalidArgument for what is no text of 1 to 4,096 characters."""
    expected = f"text of 1 to {_LONGEST_TEXT:,} characters"
    if not isinstance(text, str):
        raise InvalidArgument(f"bad {what}", f"a {type(text).__name__}", expected, "OneTimeTokens")
    if not 0 < len(text) <= _LONGEST_TEXT:
        raise InvalidArgument(f"bad {what}", f"{len(text):,}", expected, "OneTimeTokens")
    if _encode(text) is None:
        raise InvalidArgument(f"bad {what}", "half a surrogate pair", expected, "OneTimeTokens")


def check_ttl(ttl: Any) -> None:
    """Raise InvalidArgument for what is no number of seconds above 0, 30 days at the most."""
    is_number = isinstance(ttl, int | float) and not isinstance(ttl, bool)
    if not is_number or not 0 < ttl <= LONGEST:
        expected = f"seconds above 0, at most {LONGEST:,}"
        raise InvalidArgument("bad time to live", show(ttl), expected, "ASVS 5.0, 6.5.5")


def state_of(bind: Any, user: str, *, redeeming: bool = False) -> bytes:
    """Return the bytes of the state that a token is bound to. Raises InvalidArgument.

    `redeeming`: a function that gives None knows no such user, and the token is refused.
    """
    state = bind(user) if callable(bind) else bind
    if redeeming and state is None and callable(bind):
        raise refuse()
    raw = _encode(state) if isinstance(state, str) else state
    if not isinstance(raw, bytes):
        found, expected = f"a {type(state).__name__}", "text, bytes, or a function that gives them"
        raise InvalidArgument("bad bind", found, expected, "OneTimeTokens")
    return raw


def refuse() -> InvalidOneTimeToken:
    """Return the one error of every token that does not work: a thief learns nothing by it."""
    return InvalidOneTimeToken(
        "this link or code does not work",
        "one that is unknown, used, too old or no longer valid",
        "one that was never used",
        "ASVS 5.0, 6.5.1",
    )


def _key_of(purpose: object, token: object) -> str | None:
    """Return the key of a record; None for what cannot have one."""
    for text in (purpose, token):
        if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_TEXT:
            return None
        if _encode(text) is None:
            return None
    return f"one-time:{sha256(_join(str(purpose), str(token)).encode()).hexdigest()}"


def _join(first: str, second: str) -> str:
    """Join two texts so that no other two give the same."""
    return f"{len(first)}:{first}{second}"


def _seal(token: str, state: bytes) -> str:
    """Return a digest of the state that says nothing about it to whoever lacks the token."""
    return hmac.digest(token.encode(), state, "sha256").hex()


def _encode(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return None


def _read(raw: bytes | None) -> _Record | None:
    """Return what is stored; None for nothing, and for what somebody else wrote there."""
    try:
        found = json.loads(raw.decode()) if raw else {}
        user, ends, began, state = (found[name] for name in _Record._fields)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    good = isinstance(user, str) and isinstance(state, str) and state.isascii()
    if not good or type(ends) not in (int, float) or type(began) is not int:
        return None
    return _Record(user, ends, began, state) if _encode(user) is not None else None
