"""How fast the stores are beside cachelib and Flask-Session: `python -m benchmarks.stores`.

Values of 300 bytes, stored for 15 minutes. The rounds are interleaved in a new order each time, so
that a busy moment of the machine falls on all alike; each ratio is the median over the rounds.
Times are real time on the machine it ran on: stores wait. `--quick` takes fewer rounds, and a
tenth of the million sessions. Starts a `redis-server` of its own on a loopback port.
"""

import argparse
import gc
import hashlib
import os
import platform
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cachelib import FileSystemCache, RedisCache, SimpleCache
from flask import Flask
from flask_session.cachelib import CacheLibSessionInterface
from flask_session.redis import RedisSessionInterface

from authlab.sessions import Metered, Sessions, Store, open_store
from authlab.sessions.sql import SqlStore
from tests.sessions.servers import RedisServer, start_redis

VALUE = os.urandom(300)
TTL = 900
CALLS = {"memory": 5000, "file": 100, "sqlite": 300, "redis": 100}  # in one turn

Job = Callable[[], object]
Times = dict[str, list[float]]  # microseconds a call in every round, by name


def measure(jobs: dict[str, Job], calls: int, rounds: int) -> Times:
    """Return the microseconds of each job in each round."""
    times: Times = {name: [] for name in jobs}
    for job in jobs.values():
        for _ in range(calls):
            job()
    names, order = list(jobs), random.Random(1)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name in order.sample(names, len(names)):
                job = jobs[name]
                started = time.perf_counter()
                for _ in range(calls):
                    job()
                times[name].append((time.perf_counter() - started) / calls * 1e6)
    finally:
        gc.enable()
    return times


def ratio(top: list[float], bottom: list[float]) -> float:
    """The median over the rounds: both numbers of a round were taken close together."""
    return statistics.median(one / other for one, other in zip(top, bottom, strict=True))


def store_jobs(store: Store, cache: Any) -> dict[str, Job]:
    """The same calls to a store of authlab and, where there is one, to cachelib's."""
    key = f"session:{hashlib.sha256(b'some id').hexdigest()}"
    jobs: dict[str, Job] = {
        "get": lambda: store.get(key),
        "set": lambda: store.set(key, VALUE, TTL),
        "touch": lambda: store.touch(key, TTL),
    }
    store.set(key, VALUE, TTL)
    if cache is not None:
        jobs["cachelib get"] = lambda: cache.get(key)
        jobs["cachelib set"] = lambda: cache.set(key, VALUE, TTL)
        cache.set(key, VALUE, TTL)
        if store.get(key) != cache.get(key):
            raise SystemExit(f"{store.name}: two stores, two answers")
    return jobs


def request_jobs(store: Store, interface: Any) -> dict[str, Job]:
    """What one request costs in the store: ours reads and touches, theirs reads and writes all."""
    sessions, data = Sessions(store), {"text": VALUE.hex()[:250], "cart": [1, 2, 3]}
    ours = sessions.start("alice", **data)
    theirs, lifetime = "session:theirs", timedelta(minutes=30)
    interface._upsert_session(lifetime, {"user": "alice", **data}, theirs)

    def with_flask_session() -> object:
        found = interface._retrieve_session_data(theirs)
        interface._upsert_session(lifetime, found, theirs)
        return found

    if with_flask_session() != {"user": "alice", **data} or sessions.load(ours.id) != ours:
        raise SystemExit(f"{store.name}: a session was lost")
    return {"load": lambda: sessions.load(ours.id), "flask-session": with_flask_session}


def fill(store: SqlStore, count: int) -> list[str]:
    """Put `count` sessions into a SQLite store, in one transaction; return some of their keys."""
    ends, chance = time.time() + 86400, random.Random(1)
    keys = [f"session:{hashlib.sha256(b'%d' % number).hexdigest()}" for number in range(count)]
    connection = store._take()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO entries (key, value, ends) VALUES (?, ?, ?)",
        ((key.encode(), VALUE, ends + chance.random()) for key in keys),
    )
    connection.execute("COMMIT")
    store._give_back(connection)
    return chance.sample(keys, 1000)


def growth_jobs(store: Store, keys: list[str]) -> Job:
    """A job that gets a random one of `keys`."""
    chance = random.Random(2)

    def get() -> None:
        if store.get(chance.choice(keys)) is None:
            raise SystemExit("a session is missing")

    return get


def reads_of_user(sessions: int) -> int:
    """How many reads it takes to list three sessions of one user among `sessions` of others."""
    store = Metered(open_store("memory://"))
    manager = Sessions(store)
    for number in range(sessions):
        manager.start(f"user{number}")
    for _ in range(3):
        manager.start("alice")
    store.reset()
    if len(manager.of_user("alice")) != 3:
        raise SystemExit("of_user lost a session")
    return store.reads


def print_aim(aim: str, value: float, limit: float) -> None:
    verdict = "met" if value <= limit else "NOT MET"
    print(f"  {aim:58}{value:6.2f}  aim {limit:.2f}  {verdict}")


def beside_the_peers(folder: Path, redis: RedisServer | None, rounds: int) -> None:
    """Measure and print every store beside its peer."""
    app = Flask("peers")
    peers: dict[str, tuple[str, Any, Any]] = {}

    def add(kind: str, url: str, cache: Any, interface: Any) -> None:
        peers[kind] = url, cache, interface

    memory, files = SimpleCache(), FileSystemCache(str(folder / "cachelib"), threshold=0)
    add("memory", "memory://", memory, CacheLibSessionInterface(app, client=memory))
    add("file", f"file:///{folder}/files", files, CacheLibSessionInterface(app, client=files))
    add("sqlite", f"sqlite:///{folder}/small.db", None, None)
    if redis:
        port = int(redis.url.split(":")[2].split("/")[0])
        cache = RedisCache("127.0.0.1", port, key_prefix="cachelib:")
        interface = RedisSessionInterface(app, client=redis.client())
        add("redis", redis.url, cache, interface)

    print("\nmicroseconds a call")
    print(f"{'':8}{'get':>10}{'cachelib':>10}{'set':>10}{'cachelib':>10}{'touch':>10}"
          f"{'load':>10}{'flask-session':>15}")  # fmt: skip
    aims, requests = [], []
    for kind, (url, cache, interface) in peers.items():
        with open_store(url) as store:
            jobs = store_jobs(store, cache)
            jobs |= request_jobs(store, interface) if interface else {}
            times = measure(jobs, CALLS[kind], rounds)
        columns = ("get", "cachelib get", "set", "cachelib set", "touch", "load", "flask-session")
        line = f"{kind:8}"
        for column, width in zip(columns, (10, 10, 10, 10, 10, 10, 15), strict=True):
            known = column in times
            line += f"{statistics.median(times[column]):{width}.2f}" if known else " " * width
        print(line)
        if cache is not None:
            for call in ("get", "set"):
                value = ratio(times[call], times[f"cachelib {call}"])
                aims.append((f"{kind} {call}: authlab / cachelib", value, 1.0))
            requests.append((kind, ratio(times["load"], times["flask-session"])))
    # No aim: in memory theirs is a pickle of trusted data, ours is JSON; on disk theirs writes.
    print("\nOne request, Sessions.load / Flask-Session's read and write")
    for kind, value in requests:
        print(f"  {kind:58}{value:6.2f}")
    print("\nAims")
    for aim in aims:
        print_aim(*aim)


def beside_a_thousand(folder: Path, most: int, rounds: int) -> None:
    """Measure and print `get` among many sessions beside `get` among a thousand."""
    with SqlStore(folder / "few.db") as few, SqlStore(folder / "many.db") as many:
        jobs = {
            "few": growth_jobs(few, fill(few, 1000)),
            "many": growth_jobs(many, fill(many, most)),
        }
        times = measure(jobs, 1000, rounds)
    value = ratio(times["many"], times["few"])
    print_aim(f"sqlite get: among {most:,} sessions / among 1,000", value, 2.0)


def main() -> None:
    parser = argparse.ArgumentParser(description="authlab.sessions beside its peers")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer sessions")
    quick = parser.parse_args().quick
    rounds, most = (7, 100_000) if quick else (41, 1_000_000)
    packages = ", ".join(f"{name} {version(name)}" for name in ("cachelib", "flask-session"))
    print(f"Python {platform.python_version()}, {packages}; {rounds} interleaved rounds")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        redis = None
        if shutil.which("redis-server"):
            redis = stack.enter_context(start_redis(folder))
        else:
            print("redis-server is not installed: no line for Redis")
        beside_the_peers(folder, redis, rounds)
        beside_a_thousand(folder, most, rounds)
    value = reads_of_user(10_000) / reads_of_user(10)
    print_aim("of_user: reads among 10,000 sessions / among 10", value, 1.0)


if __name__ == "__main__":
    main()
