"""The stores and the clock that the tests of the sessions use."""

from tests.sessions.conftest import clock, kind, redis_server, store

__all__ = ["clock", "kind", "redis_server", "store"]
