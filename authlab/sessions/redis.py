"""A store on a Redis server, or on an embedded imitation of one that follows the lesson's clock."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Lock
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from authlab.clock import Clock
from authlab.sessions.base import Change, Store
from authlab.sessions.errors import InvalidEntry

__all__ = ["RedisStore", "open_fake", "open_redis"]

_PATIENCE = 0.4  # seconds to connect, and again for each answer
_MOST_TRIES = 1000  # of an update; each that fails means that another writer got through


class RedisStore(Store):
    """Keep each entry under its own key, plain, on the Redis server that `client` talks to.

    A real server counts an entry's time by its own clock, whatever the lesson's clock says, and in
    whole milliseconds. `fakeredis://` follows the lesson's clock. When the answer to a `pop` is
    lost, so is the entry: nobody can tell whether the server heard the question.
    """

    # The second line: what redis-py raises on an answer that Redis would not give, or on a host
    # that is no name.
    _troubles = (
        *(redis.RedisError, OSError),
        *(ValueError, TypeError, LookupError, AttributeError, RecursionError),
    )

    def __init__(self, client: "redis.Redis", name: str, clock: Clock | None = None) -> None:
        super().__init__(name, clock)
        # redis-py types each answer as "now, or awaitable": here it is always now.
        self.client: Any = client
        # What client.get() and the like call in the end, without the time their options take.
        self._ask: Callable[..., Any] = self.client.execute_command

    def _get(self, key: str) -> bytes | None:
        return _value(self._ask("GET", key))

    def _set(self, key: str, value: bytes, ttl: float) -> None:
        self._ask("SET", key, value, "PX", _milliseconds(ttl))

    def _add(self, key: str, value: bytes, ttl: float) -> bool:
        return bool(self.client.set(key, value, px=_milliseconds(ttl), nx=True))

    def _pop(self, key: str) -> bytes | None:
        return _value(self.client.getdel(key))

    def _delete(self, key: str) -> bool:
        return bool(self.client.delete(key))

    def _touch(self, key: str, ttl: float) -> bool:
        return bool(self._ask("PEXPIRE", key, _milliseconds(ttl)))

    def _update(self, key: str, change: Change, ttl: float) -> bytes | None:
        with self.client.pipeline() as pipe:
            for _ in range(_MOST_TRIES):
                pipe.watch(key)  # EXEC does nothing if the key changes from here on
                new = change(_value(pipe.get(key)))
                pipe.multi()
                if new is None:
                    pipe.delete(key)
                else:
                    pipe.set(key, new, px=_milliseconds(ttl))
                try:
                    pipe.execute()
                except redis.WatchError:
                    continue
                return new
        raise redis.WatchError(f"{_MOST_TRIES} other writers were faster")

    def _keys(self, prefix: str) -> Iterator[str]:
        special = str.maketrans({letter: f"\\{letter}" for letter in "*?[]\\^-"})
        seen = set()  # SCAN may name a key twice
        for key in self.client.scan_iter(prefix.translate(special) + "*", count=500):
            if key not in seen:
                seen.add(key)
                with suppress(UnicodeDecodeError):  # not a key of ours
                    yield key.decode()

    def _close(self) -> None:
        self.client.close()


def open_redis(url: str, clock: Clock | None = None) -> RedisStore:
    """Return a store on the server that `url` names, `redis://` or `rediss://`.

    Nothing is sent before the first call. Raises InvalidEntry for a URL that names no server;
    the error never shows the URL, which may hold a password.
    """
    try:
        if not _URL.fullmatch(url):
            raise ValueError
        pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            # By default redis-py asks again, and loses what a first pop took.
            retry=Retry(NoBackoff(), 0),
        )
        options = pool.connection_kwargs
        pool.make_connection()  # connects to nothing yet, but looks at the options
        place = f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
        name = f"{url.partition(':')[0]}://{place}/{options.get('db', 0)}"
    except (TypeError, ValueError, AttributeError, redis.RedisError):
        raise InvalidEntry(
            "bad store URL",
            "one that redis-py does not take",
            "redis://user:password@host:port/db, @ / ? # : as %XX, no option but ssl_...",
            "open_store",
        ) from None
    return RedisStore(redis.Redis(connection_pool=pool), name, clock)


# A password with a "/" in it would end up in the name of the host, and in messages.
_URL = re.compile(r"rediss?://([^/?#@]*@)?[^/?#@]*(/\d*)?(\?(ssl_[a-z_]+=[^&#]*&?)*)?")
_fakes: dict[str, tuple[Any, Clock]] = {}
_fakes_lock = Lock()


def open_fake(name: str = "", clock: Clock | None = None) -> RedisStore:
    """Return a store on an embedded Redis that tells the time by `clock`.

    Within this process the same `name` opens the same server, with the clock of the first to open
    it. No name: a new server each time.
    """
    import fakeredis

    with _fakes_lock:
        server, clock = _fakes.get(name) or _make_server(clock or Clock())
        if name:
            _fakes[name] = server, clock
    client = fakeredis.FakeStrictRedis(server=server)
    return RedisStore(client, f"fakeredis://{name}", clock)


def _make_server(clock: Clock) -> tuple[Any, Clock]:
    """Return a server whose databases ask `clock`; fakeredis itself knows only the real time."""
    import fakeredis

    server = fakeredis.FakeServer()
    database: Any = type(server.dbs[0])

    class OnLessonClock(database):  # type: ignore[misc]
        @property
        def time(self) -> float:
            return clock.now()

        @time.setter
        def time(self, _now: float) -> None:
            """fakeredis sets the real time before each command."""

        def expired(self, item: Any) -> bool:  # fakeredis lets an entry live on at its last moment
            return item.expireat is not None and bool(item.expireat <= self.time)

        def __iter__(self) -> Iterator[bytes]:
            return iter([key for key in list(super().__iter__()) if key in self])

    server.dbs = defaultdict(lambda: OnLessonClock(server.lock))
    server.dbs[0]  # made now: of threads that come first together, each would make its own
    return server, clock


def _value(answer: Any) -> bytes | None:
    if answer is None or isinstance(answer, bytes):
        return answer
    raise redis.InvalidResponse(f"a {type(answer).__name__} where a value was asked for")


def _milliseconds(ttl: float) -> int:
    return max(1, round(ttl * 1000))
