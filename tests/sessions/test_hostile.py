"""What a store or a session meets when somebody else has written to it, or asks for nonsense."""

import json
import math
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from authlab.clock import Clock
from authlab.sessions import InvalidEntry, Sessions, Store, StoreUnavailable, open_store
from authlab.sessions.records import handle_of, list_key, record_key

NOW = 1_800_000_000
GOOD = {"user": "bob", "created": NOW, "ends": NOW + 3600, "data": {}}


# -- stores -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        OSError,
        TimeoutError,
        FileNotFoundError,
        FileExistsError,
        ValueError,
        StopIteration,
        sqlite3.OperationalError,
        redis.RedisError,
        redis.WatchError,
    ],
)
def test_what_the_callers_change_raises_is_not_the_stores_fault(
    store: Store, error: type[Exception]
) -> None:
    mine = error("mine")

    def change(_old: bytes | None) -> bytes | None:
        raise mine

    store.set("a", b"old", 60)
    with pytest.raises(error) as caught:
        store.update("a", change, 60)
    assert caught.value is mine
    assert store.get("a") == b"old"


@pytest.mark.parametrize("prefix", [None, 0, [], b""])
def test_a_prefix_is_text(store: Store, prefix: Any) -> None:
    with pytest.raises(InvalidEntry):
        store.keys(prefix)


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_a_thousand_folders_in_one_another(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        open_store(f"{scheme}:///{tmp_path}/{'a/' * 1500}")


@pytest.mark.parametrize("host", ["a" * 300, "a..b"])
def test_a_redis_host_that_is_no_name(host: str) -> None:
    with open_store(f"redis://{host}") as store, pytest.raises(StoreUnavailable):
        store.get("a")


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that takes each greeting of redis-py, and gives one answer to all the rest."""
    open_ones = []

    def talk(connection: socket.socket) -> None:
        try:
            while asked := connection.recv(65536):
                greetings = asked.count(b"CLIENT") + asked.count(b"HELLO")
                connection.sendall(b"+OK\r\n" * greetings or answer)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            thread = threading.Thread(target=talk, args=(connection,))
            open_ones.append((connection, thread))
            thread.start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        waiting = threading.Thread(target=accept)
        waiting.start()
        try:
            yield f"redis://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            waiting.join()
            for connection, thread in open_ones:
                connection.shutdown(socket.SHUT_RDWR)
                thread.join()
                connection.close()


@pytest.mark.parametrize(
    "answer",
    [
        b":x\r\n",
        b"$x\r\n",
        b"*x\r\n",
        b":1\r\n",
        b"*1\r\n$1\r\na\r\n",
        b"*-5\r\n",
        b",nan\r\n",
        b"%1\r\n*0\r\n+b\r\n",
        b"*1\r\n" * 3000,
        b"*2\r\n$1\r\n0\r\n*1\r\n:1\r\n",
        b"(9x\r\n",
    ],
)
def test_a_redis_that_answers_nonsense(answer: bytes) -> None:
    with answering(answer) as url, open_store(url) as store:
        calls: list[Callable[[], object]] = [
            lambda: store.get("a"),
            lambda: store.pop("a"),
            lambda: store.update("a", lambda old: old, 60),
            lambda: list(store.keys()),
        ]
        for call in calls:
            with pytest.raises(StoreUnavailable):
                call()


def test_keys_of_others_in_a_redis_are_passed_over() -> None:
    with open_store("fakeredis://") as store:
        store.client.set(b"\xff", b"x")  # type: ignore[attr-defined]
        store.set("mine", b"x", 60)
        assert list(store.keys()) == ["mine"]


@pytest.mark.parametrize("value", ["text", 5, 2.5, None, b"bytes"])
@pytest.mark.parametrize("ends", [NOW + 60, "soon", b"x", None])
def test_a_row_that_somebody_wrote_by_hand(value: Any, ends: Any, tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with open_store(f"sqlite:///{path}", Clock(NOW)) as store:
        for call in (store.get, store.pop):
            connection = sqlite3.connect(path)
            connection.execute("INSERT INTO entries VALUES (?, ?, ?)", (b"a", value, ends))
            connection.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, 9e9)", (b"\xff", b""))
            connection.commit()
            connection.close()
            assert isinstance(call("a"), bytes | None)
            assert set(store.keys()) <= {"a"}
            store.delete("a")


@pytest.mark.parametrize("scheme", ["file", "sqlite"])
def test_a_sweep_that_fails_takes_nothing_from_the_caller(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(f"{scheme}:///{tmp_path}/x") as store:
        store.set("a", b"once", 60)
        monkeypatch.setattr(store, "_writes", 10**6)
        if scheme == "file":
            for number in range(256):
                folder = tmp_path / "x" / f"{number:02x}"
                if not folder.exists():
                    folder.touch()
        else:
            run = store._run  # type: ignore[attr-defined]

            def fail_to_sweep(sql: str, *values: Any) -> Any:
                if "LIMIT" in sql:
                    raise sqlite3.OperationalError("database is locked")
                return run(sql, *values)

            monkeypatch.setattr(store, "_run", fail_to_sweep)
        assert store.pop("a") == b"once"


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_a_sweep_follows_no_link_out_of_the_store(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "draft").write_text("precious")
    with open_store(f"file:///{tmp_path}/x") as store:
        for number in range(256):
            (tmp_path / "x" / f"{number:02x}").symlink_to(outside)
        for _ in range(256):
            store._sweep()  # type: ignore[attr-defined]
    assert [each.name for each in outside.iterdir()] == ["draft"]
    assert (outside / "draft").read_text() == "precious"


# -- records that others have written -------------------------------------------------------------


@pytest.fixture
def sessions() -> Sessions:
    return Sessions(open_store("memory://", Clock(NOW)))


@pytest.mark.parametrize(
    "changed",
    [{"user": None}, {"user": 5}, {"user": ["a"]}, {"user": "\ud800"}]
    + [{"ends": each} for each in (math.nan, math.inf, 10**400, "1900000000", True, None)]
    + [{"created": each} for each in (math.nan, 10**400, "0", None)]
    + [{"data": each} for each in ([], [[1, 2]], "", None, {"a": math.nan})],
    ids=lambda changed: f"{changed!a:.40}",
)
def test_a_record_that_was_tampered_with_is_no_session(
    sessions: Sessions, changed: dict[str, Any]
) -> None:
    handle = handle_of("some id") or ""
    sessions.store.set(record_key(handle), json.dumps(GOOD | changed).encode(), 60)
    sessions.store.set(list_key("bob"), json.dumps({handle: NOW + 3600}).encode(), 60)
    assert sessions.load("some id") is None
    assert sessions.end("some id") is False
    assert sessions.end_one("bob", handle) is False
    assert sessions.of_user("bob") == []
    assert sessions.end_all("bob") == 0


def test_the_untouched_record_is_one(sessions: Sessions) -> None:
    sessions.store.set(record_key(handle_of("some id") or ""), json.dumps(GOOD).encode(), 60)
    assert sessions.load("some id") is not None


@pytest.mark.parametrize(
    "listed",
    [
        {"a" * 64: math.inf},
        {"a" * 64: 1e300},
        {"a" * 64: 10**400},
        {"a" * 64: "never"},
        {"x" * 2000: NOW + 9},
        {"": NOW + 9},
        {"\ud800": NOW + 9},
        {"a" * 64: True},
        [],
        5,
    ],
    ids=lambda listed: f"{listed!a:.20}",
)
def test_a_list_that_was_tampered_with_keeps_nobody_out(sessions: Sessions, listed: Any) -> None:
    def tamper() -> None:
        sessions.store.set(list_key("bob"), json.dumps(listed).encode(), 60)

    tamper()
    assert sessions.of_user("bob") == []
    tamper()
    assert sessions.end_all("bob") == 0
    tamper()
    bob = sessions.start("bob")
    assert [each.handle for each in sessions.of_user("bob")] == [bob.handle]


def test_data_at_the_edge_of_too_deep(sessions: Sessions) -> None:
    deep: list[Any] = []
    for _ in range(1000):
        try:
            sessions.start("bob", deep=deep)
        except InvalidEntry:
            return
        deep = [deep]
    pytest.fail("nothing was too deep")


def test_a_list_is_full_some_time(sessions: Sessions) -> None:
    many = {f"{number:064x}": NOW + 3600.123456 for number in range(10_000)}
    sessions.store.set(list_key("bob"), json.dumps(many).encode(), 60)
    last = sessions.start("bob")
    assert sessions.load(last.id)
    more = many | {f"{number:064x}": NOW + 3600.123456 for number in range(20_000, 22_050)}
    sessions.store.set(list_key("bob"), json.dumps(more).encode(), 60)
    records = len(list(sessions.store.keys("session:")))
    started = 0
    try:
        for started in range(100):  # noqa: B007  (counted, and looked at below)
            sessions.start("bob")
    except InvalidEntry as error:
        assert error.what == "bad value"  # noqa: PT017
    assert started < 99, "it was never full"
    found = len(list(sessions.store.keys("session:")))
    assert found == records + started, "no session is left without a place on the list"
