"""A store around a store that counts what passes."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import perf_counter

from authlab.sessions.base import Change, Store

__all__ = ["Metered"]


class Metered(Store):
    """Pass every call on to `store`, and count.

    `reads` counts the calls that return what is stored (get, pop, update, keys), `writes` those
    that may change it (set, add, pop, delete, touch, update), so pop and update count as both.
    `bytes_read` and `bytes_written` are bytes of values (of keys, for `keys`), `seconds` the real
    time spent in the store, summed over all threads. Closing it closes `store`.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store.name, store.clock)
        self.store = store
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Set every count to zero."""
        self.reads = self.writes = 0
        self.bytes_read = self.bytes_written = 0
        self.seconds = 0.0

    def _get(self, key: str) -> bytes | None:
        with self._count(reads=1):
            return self._weigh(self.store.get(key))

    def _set(self, key: str, value: bytes, ttl: float) -> None:
        with self._count(writes=1):
            self.store.set(key, value, ttl)
            self._weigh(written=value)

    def _add(self, key: str, value: bytes, ttl: float) -> bool:
        with self._count(writes=1):
            added = self.store.add(key, value, ttl)
            self._weigh(written=value if added else None)
            return added

    def _pop(self, key: str) -> bytes | None:
        with self._count(reads=1, writes=1):
            return self._weigh(self.store.pop(key))

    def _delete(self, key: str) -> bool:
        with self._count(writes=1):
            return self.store.delete(key)

    def _touch(self, key: str, ttl: float) -> bool:
        with self._count(writes=1):
            return self.store.touch(key, ttl)

    def _update(self, key: str, change: Change, ttl: float) -> bytes | None:
        with self._count(reads=1, writes=1):
            new = self.store.update(key, lambda old: change(self._weigh(old)), ttl)
            self._weigh(written=new)
            return new

    def _keys(self, prefix: str) -> Iterator[str]:
        with self._count(reads=1):
            found = list(self.store.keys(prefix))
            self._weigh("".join(found).encode())
            return iter(found)

    def _close(self) -> None:
        self.store.close()

    @contextmanager
    def _count(self, *, reads: int = 0, writes: int = 0) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:  # a call that failed was a call too
            took = perf_counter() - start
            with self._lock:
                self.reads += reads
                self.writes += writes
                self.seconds += took

    def _weigh(self, read: bytes | None = None, *, written: bytes | None = None) -> bytes | None:
        """Count the bytes of what was read and written; return what was read."""
        with self._lock:
            self.bytes_read += len(read or b"")
            self.bytes_written += len(written or b"")
        return read
