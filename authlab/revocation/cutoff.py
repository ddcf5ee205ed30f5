"""A moment per user: whatever began before it has ended (ASVS 5.0, 7.4.1). Imports `sessions`."""

from hashlib import sha256

from authlab.clock import Clock
from authlab.sessions import Store

__all__ = ["Cutoff"]

MICROSECONDS = 1_000_000


class Cutoff:
    """Keep one moment per user in `store`, under `prefix` and the SHA-256 of the user.

    Moments are whole microseconds since 1970, and no two that matter are the same: `stamp` gives
    a beginning that lies after the user's cut, and `cut` moves it past every beginning so far.
    So a log-in in the same second, even at the same reading of the clock, is told apart from what
    was cut just before it. This holds as long as the servers share one clock: a beginning
    stamped by a clock that is ahead outlives a cut by one that is behind.
    """

    def __init__(self, store: Store, clock: Clock, prefix: str) -> None:
        self._store = store
        self._clock = clock
        self._prefix = prefix

    def stamp(self, user: str) -> int:
        """Return the moment of something that begins now. Raises StoreUnavailable."""
        return max(self._now(), self._read(user) + 1)

    def cut(self, user: str, ttl: float, *, stamped: int = 0) -> None:
        """End what began until now, for `ttl` seconds: no shorter than any of it would live.

        And what began at the moment `stamped`, which a clock that is ahead may have given.
        """

        def move(old: bytes | None) -> bytes:
            return b"%d" % max(self._now(), _number(old) + 1, stamped)

        self._store.update(self._key(user), move, ttl)

    def has_cut(self, user: str, stamped: int) -> bool:
        """Say whether what began at the moment `stamped` has ended."""
        return stamped <= self._read(user)

    def _read(self, user: str) -> int:
        return _number(self._store.get(self._key(user)))

    def _now(self) -> int:
        return int(self._clock.now() * MICROSECONDS)

    def _key(self, user: str) -> str:
        return f"{self._prefix}{sha256(user.encode()).hexdigest()}"


def _number(raw: bytes | None) -> int:
    """Return what is stored; 0, long past, for nothing and for what somebody else wrote there."""
    return int(raw) if raw and raw.isdigit() and len(raw) < 20 else 0
