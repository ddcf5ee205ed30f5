"""Which store a URL opens, and what a wrong one is told."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from authlab.clock import Clock
from authlab.sessions import InvalidEntry, Store, open_store


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("AUTHLAB_STORE", raising=False)
    return folder


def place_of(store: Any) -> Path:
    with store:
        store.set("a", b"x", 60)
        return Path(store.path if hasattr(store, "path") else store.folder)


@pytest.mark.parametrize("scheme", ["file", "sqlite", "FILE"])
@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ("///x.db", "{work}/x.db"),
        ("///a%20b.db", "{work}/a b.db"),
        ("///no-such-folder-7/x.db", "{work}/no-such-folder-7/x.db"),
        ("//{tmp}/x.db", "{tmp}/x.db"),  # three slashes, of a folder that is there
        ("//{tmp}/new/deep/x.db", "{tmp}/new/deep/x.db"),
        ("///{tmp}/x.db", "{tmp}/x.db"),
        ("///{tmp}/a%20b%3F%23%25/%C3%BC.db", "{tmp}/a b?#%/ü.db"),
        ("///{tmp}/a b/x.db", "{tmp}/a b/x.db"),
        ("///{tmp}/../{name}/x.db", "{tmp}/x.db"),
    ],
)
def test_paths(scheme: str, rest: str, place: str, tmp_path: Path, working_folder: Path) -> None:
    names = {"tmp": tmp_path, "work": working_folder, "name": tmp_path.name}
    store = open_store(f"{scheme}:{rest.format(**names)}")
    assert place_of(store).resolve() == Path(place.format(**names)).resolve()
    assert Path(place.format(**names)).exists()


def test_a_relative_path_stays_where_it_was_opened(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("file:///here", "sqlite:///here.db"):
        with open_store(url) as store:
            monkeypatch.chdir("/")
            store.set("a", b"x", 60)
            monkeypatch.chdir(working_folder)
            assert store.get("a") == b"x"


@pytest.mark.parametrize(
    ("url", "found", "expected"),
    [
        ("", "no scheme", "one of memory://, file:///dir, sqlite:///file, redis://host:port/db"),
        ("memory", "no scheme", "one of"),
        ("/tmp/x", "no scheme", "one of"),
        ("mysql://root:hunter2@host/db", "the scheme 'mysql'", "one of"),
        ("root:hunter2@host", "no scheme", "one of"),
        ("memory://x", "a name", "memory:// alone"),
        ("file://", "no path after two slashes", "three slashes"),
        ("file://tmp/x", "no path after two slashes", "three slashes"),
        ("sqlite://x.db", "no path after two slashes", "three slashes"),
        ("file:///", "an empty path", "the path of a folder"),
        ("file:////", "an empty path", "the path of a folder"),
        ("sqlite:///a%00b", "NUL", "the path of"),
        ("sqlite:///x.db?mode=ro", r"\? or #", "a path alone"),
        ("file:///x#y", r"\? or #", "a path alone"),
        ("sqlite:///:memory:", ":memory:", "memory://"),
        ("sqlite:////:memory:", ":memory:", "memory://"),
        ("redis://h:hunter2", "one that redis-py does not take", "as %XX"),
        ("redis://u:hunter2/x@h:1/0", "one that", "as %XX"),
        ("redis://u:12/34hunter2@h", "one that", "as %XX"),
        ("redis://u:hunter2#@h", "one that", "as %XX"),
        ("redis://h:1/zero", "one that", "host:port/db"),
        ("redis://h:1/0?decode_responses=True", "one that", "no option but ssl_"),
        ("redis://h:1/0?socket_timeout=99", "one that", "no option but ssl_"),
        ("rediss://h:1/0?ssl_nonsense=1", "one that", "no option but ssl_"),
        ("redis://[::1", "one that", "host:port/db"),
        (b"memory://", "a bytes", "text"),
        (1, "a int", "text"),
    ],
)
def test_a_wrong_url_gets_one_sentence(url: Any, found: str, expected: str) -> None:
    pattern = rf"^bad store URL: found {found}.*, expected .*{expected}.* \(open_store\)$"
    with pytest.raises(InvalidEntry, match=pattern) as caught:
        open_store(url)
    error: BaseException | None = caught.value
    assert "hunter2" not in f"{error} {error!r}"
    assert error is not None
    assert error.__suppress_context__ or error.__context__ is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
        ("redis://127.0.0.1:7000/3", "redis://127.0.0.1:7000/3"),
        ("redis://alice:hunter2@localhost:7000/3", "redis://localhost:7000/3"),
        ("redis://:hunter%2F%40%3F2@localhost/", "redis://localhost:6379/0"),
        ("rediss://:hunter2@localhost/1?ssl_cert_reqs=none", "rediss://localhost:6379/1"),
        ("REDIS://localhost", "redis://localhost:6379/0"),
    ],
)
def test_a_redis_is_named_without_its_password(url: str, name: str) -> None:
    with open_store(url) as store:
        assert store.name == name
        assert "hunter" not in repr(store)


def test_the_environment_names_the_default(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_store().name == "fakeredis://"
    monkeypatch.setenv("AUTHLAB_STORE", "")
    assert open_store().name == "fakeredis://"
    monkeypatch.setenv("AUTHLAB_STORE", "sqlite:///x.db")
    assert place_of(open_store()) == working_folder / "x.db"
    monkeypatch.setenv("AUTHLAB_STORE", "nonsense")
    with pytest.raises(InvalidEntry):
        open_store()
    assert open_store("memory://").name == "memory://"


def test_a_named_imitation_is_shared_with_its_clock(clock: Clock) -> None:
    one = open_store("fakeredis://shared", clock)
    two = open_store("fakeredis://shared")
    one.set("a", b"x", 60)
    assert two.get("a") == b"x"
    assert two.clock is clock
    clock.advance(60)
    assert two.get("a") is None
    one.close()
    two.set("a", b"y", 60)
    assert open_store("fakeredis://shared").get("a") == b"y"
    for other in ("fakeredis://", "fakeredis://other"):
        assert open_store(other).get("a") is None


def test_threads_that_come_first_meet_the_same_database() -> None:
    store: Any = open_store("fakeredis://")
    server = store.client.connection_pool.connection_kwargs["server"]
    assert list(server.dbs) == [0], "or two threads would each make one"
    store.set("a", b"x", 60)
    assert len(server.dbs[0]) == 1


def test_memory_and_the_nameless_imitation_are_new_each_time() -> None:
    for url in ("memory://", "fakeredis://"):
        stores: list[Store] = [open_store(url), open_store(url)]
        stores[0].set("a", b"x", 60)
        assert stores[1].get("a") is None


@pytest.mark.parametrize("url", [None, "memory://", "file:///x", "sqlite:///x.db"])
def test_a_library_is_loaded_with_its_store(url: str | None) -> None:
    opened = f"authlab.sessions.open_store({url!r})" if url else "pass"
    code = f"import sys, authlab.sessions; {opened}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {"redis", "fakeredis", "sqlite3"} & set(done.stdout.split())
    assert loaded == ({"sqlite3"} if url and "sqlite" in url else set())
