"""A real Redis on a loopback port, and stores of every kind, for the tests."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from authlab.clock import Clock
from authlab.sessions import Store, open_store
from tests.needs import needs

KINDS = ("memory", "file", "sqlite", "fakeredis", "redis")
SHARED = ("file", "sqlite", "redis")  # between processes
START = 1_700_000_000.0


@dataclass
class RedisServer:
    """A server of our own: where it listens, and the process that it is."""

    url: str
    process: "subprocess.Popen[bytes]"

    def client(self) -> Any:
        return redis.Redis.from_url(self.url)


@contextmanager
def start_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Start `redis-server` on a free loopback port; it writes nothing down. Stop it by its pid."""
    program = needs("redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "no", "--daemonize", "no", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, "redis-server did not start"
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.02)
        yield RedisServer(f"redis://127.0.0.1:{port}/0", process)
    finally:
        process.kill()
        process.wait()


def url_of(kind: str, folder: Path, redis_url: str = "") -> str:
    """The URL of a store of this kind; files lie in `folder`."""
    return {
        "memory": "memory://",
        "file": f"file://{folder}/files",
        "sqlite": f"sqlite:///{folder}/sessions.db",
        "fakeredis": "fakeredis://",
        "redis": redis_url,
    }[kind]


def open_kind(kind: str, folder: Path, clock: Clock, redis_url: str = "") -> Store:
    """An empty store of this kind on `clock` (a real Redis keeps its own time)."""
    store = open_store(url_of(kind, folder, redis_url), clock)
    if kind == "redis":
        store.client.flushall()  # type: ignore[attr-defined]
    return store
