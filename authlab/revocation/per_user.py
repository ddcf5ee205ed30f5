"""What is kept per user: a moment, before which all has ended, and a list of the live tokens.

Imports `arguments` and `sessions`. How else would one end all tokens of a user (ASVS 5.0, 7.4.2)?
"""

import json
import re
from dataclasses import dataclass
from hashlib import sha256

from authlab.clock import Clock
from authlab.revocation.arguments import is_time, read_json
from authlab.revocation.errors import ListFull
from authlab.sessions import Store

__all__ = ["MICROSECONDS", "Cutoff", "Issued"]

MICROSECONDS = 1_000_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_MOST = 10_000  # live tokens of one user: a store's value holds some 20,000


@dataclass(frozen=True)
class _PerUser:
    """One record per user in `store`, under `prefix` and the SHA-256 of the user."""

    store: Store
    clock: Clock
    prefix: str

    def _key(self, user: str) -> str:
        return f"{self.prefix}{sha256(user.encode()).hexdigest()}"


class Cutoff(_PerUser):
    """Keep one moment per user: what began before it has ended (ASVS 5.0, 7.4.1).

    Moments are whole microseconds since 1970, and no two that matter are the same: `stamp` gives
    a beginning that lies after the user's cut, and `cut` moves it past every beginning so far.
    So a log-in in the same second, even at the same reading of the clock, is told apart from what
    was cut just before it. This holds as long as the servers share one clock: a beginning
    stamped by a clock that is ahead outlives a cut by one that is behind.

    Raises StoreUnavailable.
    """

    def stamp(self, user: str) -> int:
        """Return the moment of something that begins now."""
        return max(self._now(), self._read(user) + 1)

    def cut(self, user: str, ttl: float, *, stamped: int = 0) -> None:
        """End what began until now, for `ttl` seconds: no shorter than any of it would live.

        And what began at the moment `stamped`, which a clock that is ahead may have given.
        """

        def move(old: bytes | None) -> bytes:
            return b"%d" % max(self._now(), _number(old) + 1, stamped)

        self.store.update(self._key(user), move, ttl)

    def has_cut(self, user: str, stamped: int) -> bool:
        """Say whether what began at the moment `stamped` has ended."""
        return stamped <= self._read(user)

    def _read(self, user: str) -> int:
        return _number(self.store.get(self._key(user)))

    def _now(self) -> int:
        return int(self.clock.now() * MICROSECONDS)


class Issued(_PerUser):
    """Keep the ids of each user's live tokens, and their ends; ids that are over leave the list.

    One update for each token that is issued, one read for `of_user`. Raises StoreUnavailable.
    Django's simplejwt keeps such a list as its table of outstanding tokens.
    """

    def add(self, user: str, id: str, exp: float, ttl: float) -> None:
        """Note that the token `id` of `user` lives until `exp`. Raises ListFull.

        No token of the user lives longer than `ttl` seconds, nor does a list that nothing joins.
        """
        now = self.clock.now()

        def change(old: bytes | None) -> bytes:
            listed = {**_alive(old, now), id: exp}
            if len(listed) > _MOST:
                found, rule = f"{_MOST:,} live tokens of one user", "ASVS 5.0, 7.1.2"
                raise ListFull("too many tokens", found, "fewer, or a shorter life", rule)
            return json.dumps(listed, separators=(",", ":")).encode()

        self.store.update(self._key(user), change, ttl)

    def of_user(self, user: str) -> dict[str, float]:
        """Return the ids of the user's live tokens, each with its `exp` in Unix seconds."""
        return _alive(self.store.get(self._key(user)), self.clock.now())


def _number(raw: bytes | None) -> int:
    """Return what is stored; 0, long past, for nothing and for what somebody else wrote there."""
    return int(raw) if raw and raw.isdigit() and len(raw) < 20 else 0


def _alive(raw: bytes | None, now: float) -> dict[str, float]:
    """Return what is listed and alive; nothing for what somebody else wrote there."""
    listed = read_json(raw)
    pairs = listed.items() if isinstance(listed, dict) else ()
    return {id: exp for id, exp in pairs if _ID.match(id) and is_time(exp) and now < exp}
