"""The nine strategies for the tests: by name, and by when an ended token stops working."""

from typing import Any

from authlab import revocation
from authlab.clock import Clock
from authlab.revocation import Strategy
from authlab.sessions import Store, StoreUnavailable
from authlab.sessions.memory import MemoryStore

NINE = (
    "ServerSession",
    "ExpiryOnly",
    "Denylist",
    "NotBefore",
    "KeyPerUser",
    "BloomDenylist",
    "StatusList",
    "Introspection",
    "ShortLivedWithRefresh",
)
PUSHED = ("BloomDenylist", "StatusList")  # ends with the next push
NEVER = ("ExpiryOnly", "ShortLivedWithRefresh")  # ends with the token
WHOLE_USER = ("NotBefore", "KeyPerUser")  # cannot end one token alone
CLOSED_ONLY = ("ServerSession", "KeyPerUser", "Introspection")  # cannot stay open in an outage
SIGNED = tuple(name for name in NINE if name != "ServerSession")
PUSH = 60  # seconds
TTL = 300


def make(name: str, store: Store, clock: Clock | None = None, **options: Any) -> Any:
    return getattr(revocation, name)(store, clock, **options)


def settle(strategy: Strategy, clock: Clock) -> None:
    """Wait for the next push, if there is one."""
    if strategy.name in PUSHED:
        clock.advance(PUSH)


class FailingStore(MemoryStore):
    """A store that can be down."""

    down = False

    def _call(self, method: Any, key: str, *rest: Any) -> Any:
        if self.down:
            raise StoreUnavailable(self.name, "it is down")
        return super()._call(method, key, *rest)

    def _each_key(self, prefix: str) -> Any:
        if self.down:
            raise StoreUnavailable(self.name, "it is down")
        return super()._each_key(prefix)
