"""One winner: among 64 threads on every store, among 8 processes where processes share one."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from authlab.clock import Clock
from authlab.sessions import Store, open_store
from tests.racing import race_processes
from tests.sessions.child import KEYS, PATIENT, ROUNDS, read_value
from tests.sessions.servers import SHARED, url_of

ROOT = Path(__file__).parents[2]
THREADS = 64
PROCESSES = 8


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time: who wins counts here, and not how soon."""
    for module in PATIENT:
        monkeypatch.setattr(module, "_PATIENCE", 30)


def all_at_once(job: Callable[[int], object]) -> list[object]:
    """Run `job(0)` to `job(63)` in 64 threads that start together."""
    start = threading.Barrier(THREADS)

    def run(number: int) -> object:
        start.wait()
        return job(number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads change places in the middle of things
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(run, range(THREADS)))
    finally:
        sys.setswitchinterval(interval)


def test_one_of_64_threads_adds(store: Store) -> None:
    won = all_at_once(lambda number: store.add("a", str(number).encode(), 60))
    assert won.count(True) == 1
    assert store.get("a") == str(won.index(True)).encode()


def test_one_of_64_threads_adds_what_has_ended(kind: str, store: Store, clock: Clock) -> None:
    store.set("a", b"old", 0.001)
    clock.advance(0.001)
    if kind == "redis":  # it keeps its own time
        time.sleep(0.1)
    won = all_at_once(lambda number: store.add("a", str(number).encode(), 60))
    assert won.count(True) == 1
    assert store.get("a") == str(won.index(True)).encode()


def test_one_of_64_threads_pops(store: Store) -> None:
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        store.set(key, b"one", 60)
    won = all_at_once(lambda number: [store.pop(key) for key in keys])
    for each in zip(*won, strict=True):  # type: ignore[call-overload]
        assert each.count(b"one") == 1
        assert each.count(None) == THREADS - 1


def test_one_of_64_threads_deletes(store: Store) -> None:
    store.set("a", b"one", 60)
    assert all_at_once(lambda number: store.delete("a")).count(True) == 1


def test_no_update_of_64_threads_is_lost(store: Store) -> None:
    def count(old: bytes | None) -> bytes:
        return str(int(old or 0) + 1).encode()

    all_at_once(lambda number: [store.update("n", count, 60) for _ in range(3)])
    assert store.get("n") == str(3 * THREADS).encode()


def test_a_touch_brings_nothing_back(store: Store) -> None:
    """However touch, pop and set fall: what was popped last stays popped."""
    for turn in range(5):
        store.set("a", b"one", 60)
        done = all_at_once(
            lambda number: store.pop("a") if number % 8 == 0 else store.touch("a", 60)
        )
        assert done.count(b"one") == 1, turn
        assert store.get("a") is None


def test_readers_see_the_old_or_the_new(store: Store) -> None:
    values = [bytes([letter]) * 50_000 for letter in b"ab"]
    store.set("a", values[0], 60)

    def job(number: int) -> object:
        if number % 4:
            return all(store.get("a") in values for _ in range(5))
        for turn in range(5):
            store.set("a", values[turn % 2], 60)
            store.touch("a", 60)
        return True

    assert all(all_at_once(job))


@pytest.mark.parametrize("kind", SHARED)
def test_one_of_8_processes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, clock: Clock
) -> None:
    url = url_of(kind, tmp_path)
    if kind == "redis":
        url = request.getfixturevalue("redis_server").url
    with open_store(url) as store:
        for key in list(store.keys()):
            store.delete(key)
        for number in range(ROUNDS):
            store.set(f"pop:{number}", b"x", 600)
        command = [sys.executable, "-m", "tests.sessions.child", "race", url]
        won = race_processes([*command, str(number)] for number in range(PROCESSES))
        for race in ("add", "pop"):
            winners = sorted(number for each in won for number in each[race])
            assert winners == list(range(ROUNDS)), race
        for number in range(ROUNDS):
            winner = next(me for me, each in enumerate(won) if number in each["add"])
            assert store.get(f"add:{number}") == str(winner).encode()
        assert store.get("count") == str(PROCESSES * ROUNDS).encode()


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_200_kills_in_the_middle_of_writing(kind: str, tmp_path: Path) -> None:
    """No committed value is torn or lost; the child says so itself, with each kill."""
    url = url_of(kind, tmp_path)
    command = [sys.executable, "-W", "error", "-m", "tests.sessions.child", "kill", url, "200"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["turns"] == 200
    assert report["wrote"] > 400, "the writers were killed before they wrote"
    with open_store(url) as store:
        for key in range(KEYS):
            read_value(store.get(f"k{key}"))
            store.set(f"k{key}", b"new", 60)
            assert store.get(f"k{key}") == b"new"
        assert len(list(store.keys())) == KEYS
        if kind == "sqlite":
            assert store._run("PRAGMA integrity_check") == [("ok",)]  # type: ignore[attr-defined]
    if kind == "file":
        assert not list(tmp_path.rglob("draft")), "the next writers cleared what was left"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("kind", SHARED)
def test_a_forked_server_uses_no_connection_of_its_parent(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = url_of(kind, tmp_path)
    if kind == "redis":
        url = request.getfixturevalue("redis_server").url
    code = f"""
import os
from authlab.sessions import open_store
store = open_store({url!r})
store.set("a", b"parent", 60)
here = store._here() if hasattr(store, "_here") else None
child = os.fork()
assert child or here is None or store._here() is not here
for turn in range(100):
    name = f"{{'child' if child == 0 else 'parent'}}{{turn}}"
    store.set(name, name.encode(), 60)
    assert store.get(name) == name.encode()
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert store.get("child99") == b"child99"
store.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
