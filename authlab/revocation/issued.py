"""A list per user of the tokens that are alive: how else would one end all of them? (ASVS 7.4.2)

Imports `errors`. Django's simplejwt keeps such a list as its table of outstanding tokens.
"""

import json
import re
from hashlib import sha256

from authlab.clock import Clock
from authlab.revocation.errors import ListFull
from authlab.sessions import Store

__all__ = ["Issued"]

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_NEVER = 1e12  # Unix seconds: 30,000 years
_MOST = 10_000  # live tokens of one user: a store's value holds some 20,000


class Issued:
    """Keep in `store`, under `prefix` and the SHA-256 of the user, the user's ids and their ends.

    One update for each token that is issued, one read for `of_user`. Ids whose time is over leave
    with the next update.
    """

    def __init__(self, store: Store, clock: Clock, prefix: str) -> None:
        self._store = store
        self._clock = clock
        self._prefix = prefix

    def add(self, user: str, id: str, exp: float, ttl: float) -> None:
        """Note that the token `id` of `user` lives until `exp`. Raises ListFull.

        No token of the user lives longer than `ttl` seconds, nor does a list that nothing joins.
        """
        now = self._clock.now()

        def change(old: bytes | None) -> bytes:
            listed = {**_read(old, now), id: exp}
            if len(listed) > _MOST:
                found, rule = f"{_MOST:,} live tokens of one user", "ASVS 5.0, 7.1.2"
                raise ListFull("too many tokens", found, "fewer, or a shorter life", rule)
            return json.dumps(listed, separators=(",", ":")).encode()

        self._store.update(self._key(user), change, ttl)

    def of_user(self, user: str) -> dict[str, float]:
        """Return the ids of the user's live tokens, each with its `exp` in Unix seconds."""
        return _read(self._store.get(self._key(user)), self._clock.now())

    def _key(self, user: str) -> str:
        return f"{self._prefix}{sha256(user.encode()).hexdigest()}"


def _read(raw: bytes | None, now: float) -> dict[str, float]:
    """Return what is listed and alive; nothing for what somebody else wrote there."""
    try:
        listed = json.loads(raw.decode()) if raw else {}
        return {id: exp for id, exp in listed.items() if _ID.match(id) and now < exp < _NEVER}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
