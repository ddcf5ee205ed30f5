"""A store in this process's memory: quick, shared with nobody, gone with the process."""

import threading
from collections.abc import Iterator

from authlab.clock import Clock
from authlab.sessions.base import Change, Store

__all__ = ["MemoryStore"]

_SWEEP_EVERY = 1000  # writes


class MemoryStore(Store):
    """Keep entries in a dict: `records[key]` is `(ends, value)`, `ends` in Unix seconds.

    An ended entry stays in `records` until it is read, or swept with the next 1,000 writes; no
    method returns it. Safe across threads; another process sees nothing of it, and one that is
    forked must open its own.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__("memory://", clock)
        self.records: dict[str, tuple[float, bytes]] = {}
        self._lock = threading.RLock()
        self._writes = 0

    def _get(self, key: str) -> bytes | None:
        record = self.records.get(key)  # one look at the dict is atomic: no lock
        return record[1] if record and self.clock.now() < record[0] else None

    def _set(self, key: str, value: bytes, ttl: float) -> None:
        with self._lock:
            self.records[key] = (self.clock.now() + ttl, value)
            self._writes += 1
            if self._writes % _SWEEP_EVERY == 0:
                now = self.clock.now()
                for ended in [each for each, (ends, _) in self.records.items() if ends <= now]:
                    del self.records[ended]

    def _add(self, key: str, value: bytes, ttl: float) -> bool:
        with self._lock:
            if self._get(key) is not None:
                return False
            self._set(key, value, ttl)
            return True

    def _pop(self, key: str) -> bytes | None:
        with self._lock:
            value = self._get(key)
            self.records.pop(key, None)
            return value

    def _touch(self, key: str, ttl: float) -> bool:
        with self._lock:
            value = self._get(key)
            if value is None:
                return False
            self._set(key, value, ttl)
            return True

    def _update(self, key: str, change: Change, ttl: float) -> bytes | None:
        with self._lock:
            new = change(self._get(key))
            if new is None:
                self.records.pop(key, None)
            else:
                self._set(key, new, ttl)
            return new

    def _keys(self, prefix: str) -> Iterator[str]:
        with self._lock:
            records = list(self.records.items())
        now = self.clock.now()
        return (key for key, (ends, _) in records if key.startswith(prefix) and now < ends)
