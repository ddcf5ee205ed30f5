"""So many in so much time, and no more: for guesses, mails and codes. Imports `sessions`."""

import json
from dataclasses import dataclass
from hashlib import sha256

from authlab.clock import Clock
from authlab.revocation.arguments import read_json
from authlab.sessions import Store

__all__ = ["Limit"]


@dataclass
class Limit:
    """Let each name do something `most` times in any `per` seconds; all servers of a store count.

    `what` tells several limits on one store apart. Raises StoreUnavailable.
    """

    store: Store
    clock: Clock
    what: str
    most: int
    per: float

    def spend(self, name: str) -> bool:
        """Count one more and return True; return False, and count nothing, once it is too many."""
        allowed = False

        def change(old: bytes | None) -> bytes | None:
            nonlocal allowed
            recent = self._recent(old)
            allowed = len(recent) < self.most
            return json.dumps([*recent, self.clock.now()] if allowed else recent).encode()

        self.store.update(self._key(name), change, self.per)
        return allowed

    def give_back(self, name: str) -> None:
        """Take the last one off the count: it was no guess, but right."""

        def change(old: bytes | None) -> bytes | None:
            recent = self._recent(old)[:-1]
            return json.dumps(recent).encode() if recent else None

        self.store.update(self._key(name), change, self.per)

    def clear(self, name: str) -> None:
        """Count from zero again."""
        self.store.delete(self._key(name))

    def _recent(self, raw: bytes | None) -> list[float]:
        times, since = read_json(raw), self.clock.now() - self.per
        found = times if isinstance(times, list) else []
        return [time for time in found if type(time) is float and time > since]

    def _key(self, name: str) -> str:
        return f"limit:{self.what}:{sha256(name.encode()).hexdigest()}"
