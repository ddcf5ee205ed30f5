"""A store that does not do its work says so within a second, by name, with nothing half done."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from authlab.sessions import Store, StoreUnavailable, file, open_store, redis, sql
from authlab.sessions.locks import hold_lock
from tests.sessions.servers import start_redis

ROOT = Path(__file__).parents[2]
SECRET = "pass-word-7"


@contextmanager
def unavailable(name: str) -> Iterator[None]:
    """Expect StoreUnavailable that names the store, soon: a second, and time for a busy machine."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        yield
    assert time.monotonic() - started < 3
    assert caught.value.store == name
    assert name in str(caught.value)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_the_patience_of_each_store_is_below_a_second() -> None:
    assert file._PATIENCE < 1
    assert 2 * sql._PATIENCE < 1  # for the threads, then for the processes
    assert 2 * redis._PATIENCE < 1  # to connect, then to answer


def every_call(store: Store, name: str) -> None:
    """Each method raises; `keys` when it is read."""
    for call in (
        lambda: store.get("a"),
        lambda: store.set("a", b"", 1),
        lambda: store.add("a", b"", 1),
        lambda: store.pop("a"),
        lambda: store.delete("a"),
        lambda: store.touch("a", 1),
        lambda: store.update("a", lambda old: b"", 1),
        lambda: list(store.keys()),
    ):
        with unavailable(name):
            call()


class TestRedis:
    def test_nobody_listens(self) -> None:
        with socket.socket() as probe:  # bound, never listening: nobody else gets the port
            probe.bind(("127.0.0.1", 0))
            where = f"127.0.0.1:{probe.getsockname()[1]}"
            with open_store(f"redis://user:{SECRET}@{where}/3") as store:
                every_call(store, f"redis://{where}/3")

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0"])
    def test_one_that_hangs_or_talks_something_else(self, answer: bytes) -> None:
        connections = []
        with socket.create_server(("127.0.0.1", 0)) as server:

            def accept() -> None:
                while True:
                    try:
                        connection = server.accept()[0]
                    except OSError:
                        return
                    connections.append(connection)
                    connection.sendall(answer)

            thread = threading.Thread(target=accept)
            thread.start()
            try:
                where = f"127.0.0.1:{server.getsockname()[1]}"
                with open_store(f"redis://:{SECRET}@{where}") as store:
                    for call in (lambda: store.get("a"), lambda: store.pop("a")):
                        with unavailable(f"redis://{where}/0"):
                            call()
            finally:
                server.shutdown(socket.SHUT_RDWR)
                thread.join()
                for connection in connections:
                    connection.close()

    def test_one_that_stops_for_a_while_answers_the_right_question_later(
        self, tmp_path: Path
    ) -> None:
        with start_redis(tmp_path) as server, open_store(server.url) as store:
            store.set("a", b"one", 60)
            store.set("b", b"two", 60)
            os.kill(server.process.pid, signal.SIGSTOP)
            with unavailable(store.name):
                store.get("a")
            with unavailable(store.name):
                store.update("a", lambda old: b"half done", 60)
            os.kill(server.process.pid, signal.SIGCONT)
            assert store.get("b") == b"two"
            assert store.get("a") == b"one"

    def test_one_that_dies(self, tmp_path: Path) -> None:
        with start_redis(tmp_path) as server, open_store(server.url) as store:
            store.set("a", b"one", 60)
            server.process.kill()
            server.process.wait()
            every_call(store, store.name)

    def test_one_that_is_full(self, tmp_path: Path) -> None:
        options = ("--maxmemory", "3mb", "--maxmemory-policy", "noeviction")
        with start_redis(tmp_path, *options) as server, open_store(server.url) as store:
            store.set("a", b"old", 60)
            with unavailable(store.name):
                for number in range(9):
                    store.set(f"big{number}", b"x" * 1_000_000, 60)
            with unavailable(store.name):
                store.update("a", lambda old: b"x" * 1_000_000, 60)
            assert store.get("a") == b"old"
            assert store.pop("big0")
            store.set("a", b"new", 60)

    def test_a_password_that_is_wrong_and_one_that_is_right(self, tmp_path: Path) -> None:
        with start_redis(tmp_path, "--requirepass", SECRET) as server:
            where = server.url.removeprefix("redis://")
            for wrong in (f"redis://{where}", f"redis://:{SECRET}x@{where}"):
                with open_store(wrong) as store, unavailable(f"redis://{where}"):
                    store.get("a")
            with open_store(f"redis://:{SECRET}@{where}") as store:
                store.set("a", b"x", 60)
                assert store.get("a") == b"x"
                assert SECRET not in f"{store!r} {store.name}"

    def test_a_key_of_another_kind(self, redis_server: object) -> None:
        with open_store(redis_server.url) as store:  # type: ignore[attr-defined]
            store.client.delete("list")  # type: ignore[attr-defined]
            store.client.rpush("list", "x")  # type: ignore[attr-defined]
            with unavailable(store.name):
                store.get("list")

    def test_the_imitation_can_be_out_of_order_too(self) -> None:
        with open_store("fakeredis://") as store:
            kwargs = store.client.connection_pool.connection_kwargs  # type: ignore[attr-defined]
            kwargs["server"].connected = False
            every_call(store, "fakeredis://")


class TestFile:
    def test_the_folder_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "plain").write_text("mine")
        for where in (tmp_path / "plain", tmp_path / "plain/below"):
            with unavailable(f"file://{where}"):
                open_store(f"file://{where}")
        assert (tmp_path / "plain").read_text() == "mine"

    def test_the_folder_goes(self, tmp_path: Path) -> None:
        with open_store(f"file://{tmp_path}/x") as store:
            store.set("a", b"x", 60)
            shutil.rmtree(tmp_path / "x")
            every_call(store, f"file://{tmp_path}/x")
        assert not (tmp_path / "x").exists()

    @pytest.mark.skipif(not hasattr(os, "seteuid"), reason="no users here")
    def test_no_permission(self, tmp_path: Path) -> None:
        nobody, me = 65534, os.geteuid()
        with open_store(f"file://{tmp_path}/x") as store:
            (tmp_path / "x").chmod(0)
            try:
                if me == 0:  # root may do all
                    os.seteuid(nobody)
                every_call(store, f"file://{tmp_path}/x")
            finally:
                os.seteuid(me)
                (tmp_path / "x").chmod(0o700)

    def test_another_process_keeps_the_lock(self, tmp_path: Path) -> None:
        with open_store(f"file://{tmp_path}") as store:
            store.set("a", b"x", 60)
            lock = next(tmp_path.rglob("lock"))
            with hold_lock(str(lock), patience=0):
                assert store.get("a") == b"x"
                with unavailable(store.name):
                    store.set("a", b"half done", 60)
                with unavailable(store.name):
                    store.pop("a")
            assert store.get("a") == b"x"

    def test_a_folder_in_the_place_of_an_entry(self, tmp_path: Path) -> None:
        with open_store(f"file://{tmp_path}") as store:
            store.set("a", b"x", 60)
            place = next(path for path in tmp_path.rglob("*") if len(path.name) == 64)
            place.unlink()
            place.mkdir()
            assert store.get("a") is None
            with unavailable(store.name):
                store.set("a", b"x", 60)
            assert not list(tmp_path.rglob("draft"))


class TestSql:
    def test_the_file_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "plain").write_text("mine, and long enough to be looked at as a database")
        for where in (tmp_path / "plain", tmp_path / "plain/below.db", tmp_path):
            with unavailable(f"sqlite:///{where}"):
                open_store(f"sqlite:///{where}")
        assert (tmp_path / "plain").read_text().startswith("mine")

    @pytest.mark.parametrize("again", [False, True], ids=["gone", "another in its place"])
    def test_the_file_goes(self, tmp_path: Path, again: bool) -> None:
        with open_store(f"sqlite:///{tmp_path}/x.db") as store:
            store.set("a", b"x", 60)
            (tmp_path / "x.db").rename(tmp_path / "old.db")
            if again:
                open_store(f"sqlite:///{tmp_path}/x.db").close()
            every_call(store, f"sqlite:///{tmp_path}/x.db")

    def test_another_process_keeps_writing(self, tmp_path: Path) -> None:
        with open_store(f"sqlite:///{tmp_path}/x.db") as store:
            store.set("a", b"x", 60)
            other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            assert store.get("a") == b"x"
            with unavailable(store.name):
                store.set("a", b"half done", 60)
            with unavailable(store.name):
                store.update("a", lambda old: b"half done", 60)
            other.execute("ROLLBACK")
            other.close()
            assert store.pop("a") == b"x"

    def test_a_thread_that_keeps_writing_keeps_nobody_longer_than_the_others(
        self, tmp_path: Path
    ) -> None:
        with open_store(f"sqlite:///{tmp_path}/x.db") as store:
            store.set("a", b"x", 60)
            with store._turn(), unavailable(store.name):  # type: ignore[attr-defined]
                store.set("a", b"half done", 60)
            assert store.get("a") == b"x"

    def test_a_database_with_another_table_of_this_name(self, tmp_path: Path) -> None:
        other = sqlite3.connect(tmp_path / "x.db")
        other.execute("CREATE TABLE entries (id)")
        other.commit()
        other.close()
        with unavailable(f"sqlite:///{tmp_path}/x.db"):
            open_store(f"sqlite:///{tmp_path}/x.db")


FULL = """
import resource, sys
from authlab.sessions import StoreUnavailable, open_store
store = open_store(sys.argv[1])
store.set("a", b"old", 60)
store.set("b", b"old", 60)
most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), most))  # what a full disk looks like
big = b"x" * 900_000
for call in (
    lambda: store.set("a", big, 60),
    lambda: store.add("c", big, 60),
    lambda: store.update("b", lambda old: big, 60),
):
    try:
        call()
        print("no error")
    except StoreUnavailable as error:
        assert store.name in str(error), error
        assert not isinstance(error.__cause__, TimeoutError), error
assert store.get("a") == b"old"
assert store.get("b") == b"old"
assert store.get("c") is None
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
store.set("a", big, 60)
assert store.get("a") == big
assert sorted(store.keys()) == ["a", "b"]
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_full_disk(kind: str, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/x" if kind == "file" else f"sqlite:///{tmp_path}/x.db"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FULL, url, "200000"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.rglob("draft"))
