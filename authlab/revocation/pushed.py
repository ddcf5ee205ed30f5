"""A denylist that is pushed to the servers: they ask nobody, and learn of an end at the next push.

Imports `tokens`. One publisher reads the store every `push_every` seconds, and sends each server
a copy: here a Bloom filter, in `status_list` a status list.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from rbloom import Bloom

from authlab.clock import Clock
from authlab.jose import InvalidToken, b64url_decode
from authlab.revocation.arguments import check_seconds, check_text, refuse
from authlab.revocation.tokens import Denylist
from authlab.sessions import Store, StoreUnavailable

__all__ = ["BloomDenylist", "Pushed"]

_FASTEST = 0.001  # seconds between two pushes
_MOST_FILTER = 2**28  # bytes that a server takes: two thousand million bits
_MOST_EXPECTED = 10**7  # entries; with the smallest `error` each takes 44 bits
_MOST_HASHES = 64  # rbloom needs 7 for one false answer in a hundred, 20 for one in a million


class Pushed(Denylist):
    """What the two have in common: the push, on the clock, and a server's copy of the last one.

    A push is due when the object is made, and every `push_every` seconds after that. It is made
    up for when the object is next used, as if it had come in time: what happened since is in the
    next one. `bytes_pushed` counts each, for one server; of pushes lost to an outage none.

    A token that was ended lives on until the next push. In an outage a server that is "open" goes
    on with its copy, one that is "closed" refuses when the next push does not come.
    """

    def __init__(
        self, store: Store, clock: Clock | None = None, *, push_every: float = 60, **options: Any
    ) -> None:
        super().__init__(store, clock, **options)
        check_seconds("push_every", push_every)
        if push_every < _FASTEST:
            refuse("push_every", push_every, f"{_FASTEST} seconds or more")
        self.push_every = push_every
        self._next = self.clock.now()
        self.held: Any = None
        self._lock = Lock()

    @abstractmethod
    def publish(self) -> bytes:
        """Return what is pushed: the list as it is in the store now."""

    @abstractmethod
    def receive(self, data: bytes) -> None:
        """Take what was pushed, over a channel that both trust: it is this server's copy now."""

    def push_if_due(self) -> None:
        """Push if it is time to. Raises StoreUnavailable, and tries again at the next call."""
        with self._lock:
            now = self.clock.now()
            if self.held is not None and self._next - self.push_every <= now < self._next:
                return
            if now < self._next:  # the clock was set back
                self._next = now
            missed = int((now - self._next) // self.push_every)
            self._next += missed * self.push_every  # what an outage lost stays lost
            data = self.publish()
            self.receive(data)
            self.bytes_pushed += (missed + 1) * len(data)
            self._next += self.push_every

    def end(self, claims: Mapping[str, Any]) -> bool:
        self.push_if_due()
        return super().end(claims)

    def revoke_user(self, user: str) -> None:
        check_text("user", user)
        self.push_if_due()
        super().revoke_user(user)

    def lives_on(self, claims: Mapping[str, Any]) -> float:
        return max(0.0, min(self._next, float(claims["exp"])) - self.clock.now())

    def current(self) -> Any:
        """Return the server's copy; in an outage the last one, if this server stays open."""
        try:
            self.push_if_due()
        except StoreUnavailable:
            if self.on_outage == "closed" or self.held is None:
                raise
        return self.held

    def listed(self, kind: str) -> Iterator[str]:
        """Yield what the store has under this kind of key: the rest of each key."""
        prefix = self._key(kind, "")
        return (key.removeprefix(prefix) for key in self.store.keys(prefix))


class BloomDenylist(Pushed):
    """Push the denylist as a Bloom filter: some bits an entry, never a miss, some false alarms.

    A false alarm refuses an honest token, about `error` of all (0 to 1) while the list has no more
    than `expected` entries; the filter grows with a longer one. `false_refusals` counts them, by a
    look into the store that a server would not make: it is not metered.

    Costs no look-up for a request, one read for each push, and for the rest what `Denylist` does.
    """

    name = "BloomDenylist"

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        expected: int = 1000,
        error: float = 0.01,
        **options: Any,
    ) -> None:
        super().__init__(store, clock, **options)
        if type(expected) is not int or not 0 < expected <= _MOST_EXPECTED:
            refuse("expected", expected, f"a whole number of entries, 1 to {_MOST_EXPECTED:,}")
        if not isinstance(error, float) or not 1e-9 <= error < 1:
            refuse("error", error, "a share from 0.000000001 up to, and not, 1")
        self.expected = expected
        self.error = error
        self.false_refusals = 0

    def publish(self) -> bytes:
        ended = [handle for handle in self.listed("ended") if _number_of(handle) is not None]
        # Not by `hash`, which differs from one process to the next.
        filled = Bloom(max(self.expected, len(ended)), self.error, _number_of)
        filled.update(ended)
        return filled.save_bytes()

    def receive(self, data: bytes) -> None:
        """Take a filter of `publish`.

        Raises InvalidArgument for what is none: rbloom itself would crash, or count for years.
        """
        if not isinstance(data, bytes) or not 9 <= len(data) <= _MOST_FILTER:
            refuse("filter", f"a {type(data).__name__} or a bad length", "what publish() gives")
        hashes = int.from_bytes(data[:8], "little")
        if not 1 <= hashes <= _MOST_HASHES:
            refuse("filter", f"{hashes} hashes", f"from 1 to {_MOST_HASHES}")
        self.held = Bloom.load_bytes(data, _number_of)

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        handle = self.handle(claims)
        if handle not in self.current():
            return True
        try:
            if self.store.store.get(self._ended(handle)) is None:
                self.false_refusals += 1
        except StoreUnavailable:
            pass  # nobody can tell
        return False


def _number_of(handle: Any) -> Any:
    """Return a handle as the whole number of 128 bits that rbloom takes; None for no handle."""
    try:
        data = b64url_decode(handle)
    except InvalidToken:
        return None
    return int.from_bytes(data, "big", signed=True) if len(data) == 16 else None
