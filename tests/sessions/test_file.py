"""What only the file store and the SQL store can do wrong."""

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from authlab.clock import Clock
from authlab.sessions import Store, StoreUnavailable, open_store
from authlab.sessions.file import FileStore, read_entry
from tests.sessions.servers import START

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and modes of POSIX")


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> FileStore:
    return FileStore(tmp_path / "store", clock)


def entry_of(store: FileStore) -> Path:
    """The file of the only entry."""
    (found,) = (path for path in store.folder.rglob("*") if len(path.name) == 64)
    return found


def test_a_file_can_be_looked_into(store: FileStore) -> None:
    store.set("session:1", b'{"user": "alice"}', 60)
    line, rest = entry_of(store).read_bytes().split(b"\n")
    assert line.split()[:2] == [b"1700000060.0", b"9"]
    assert rest == b'session:1{"user": "alice"}'
    assert read_entry(entry_of(store)) == (START + 60, b"session:1", b'{"user": "alice"}')
    assert entry_of(store).parent.name == entry_of(store).name[:2]


@pytest.mark.parametrize("start", [0.1, 1e-300, START + 1 / 3, 4102444800.123456, 1e308 / 3])
def test_the_end_is_kept_to_the_last_bit(start: float, tmp_path: Path) -> None:
    with FileStore(tmp_path, Clock(start=start)) as store:
        store.set("a", b"x", 60)
        assert read_entry(entry_of(store)) == (start + 60, b"a", b"x")
        store.touch("a", 1e-3)
        assert read_entry(entry_of(store)) == (start + 1e-3, b"a", b"x")


@posix
def test_nobody_else_may_read(store: FileStore) -> None:
    before = os.umask(0)
    try:
        fresh = FileStore(store.folder / "below", store.clock)
        fresh.set("a", b"x", 60)
        open_store(f"sqlite:///{store.folder}/x.db").close()
    finally:
        os.umask(before)
    for path in fresh.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE(fresh.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((store.folder / "x.db").stat().st_mode) == 0o600


def test_a_file_that_does_not_add_up_reads_as_absent(store: FileStore) -> None:
    store.set("a", b"one two three", 60)
    place = entry_of(store)
    whole = place.read_bytes()
    for cut in range(len(whole)):
        place.write_bytes(whole[:cut])
        assert store.get("a") is None, cut
        place.write_bytes(whole[:cut] + bytes(len(whole) - cut))  # as a power cut leaves it
        assert store.get("a") is None
        place.write_bytes(whole[:cut] + bytes([whole[cut] ^ 1]) + whole[cut + 1 :])
        assert store.get("a") is None or cut == whole.index(b"\n"), cut
    for foreign in (b"", b"\n", b"\0" * 50, whole + b"x", b"1 2 3\n", b"nan 1 0\n", os.urandom(99)):
        place.write_bytes(foreign)
        assert store.get("a") is None
        assert list(store.keys()) == []
        assert store.pop("a") is None
    place.write_bytes(b"rubbish")
    assert store.add("a", b"two", 60)
    assert store.get("a") == b"two"


def test_the_file_of_another_key_reads_as_absent(store: FileStore) -> None:
    store.set("a", b"secret of a", 60)
    taken = entry_of(store).read_bytes()
    store.delete("a")
    store.set("b", b"x", 60)
    entry_of(store).write_bytes(taken)
    assert store.get("b") is None
    assert store.pop("b") is None


@posix
class TestLinks:
    def test_an_entry_that_is_a_link(self, store: FileStore, tmp_path: Path) -> None:
        store.set("a", b"x", 60)
        place, outside = entry_of(store), tmp_path / "outside"
        place.rename(outside)
        place.symlink_to(outside)
        before = outside.read_bytes()
        assert store.get("a") is None
        assert store.touch("a", 9) is False
        assert list(store.keys()) == []
        store.set("a", b"new", 60)
        assert store.get("a") == b"new"
        assert not place.is_symlink()
        assert outside.read_bytes() == before

    @pytest.mark.parametrize("name", ["lock", "draft"])
    def test_a_lock_or_draft_that_is_a_link(
        self, store: FileStore, tmp_path: Path, name: str
    ) -> None:
        store.set("a", b"x", 60)
        outside = tmp_path / "outside"
        outside.write_text("mine")
        place = entry_of(store).with_name(name)
        place.unlink(missing_ok=True)
        place.symlink_to(outside)
        if name == "lock":
            with pytest.raises(StoreUnavailable):
                store.set("a", b"y", 60)
        else:
            store.set("a", b"y", 60)
        assert outside.read_text() == "mine"

    def test_a_folder_that_is_a_link(self, store: FileStore, tmp_path: Path) -> None:
        store.set("a", b"x", 60)
        shard, outside = entry_of(store).parent, tmp_path / "outside"
        shard.rename(outside)
        shard.symlink_to(outside)
        before = sorted(outside.iterdir())
        for call in (
            lambda: store.get("a"),
            lambda: store.set("a", b"y", 60),
            lambda: store.pop("a"),
            lambda: list(store.keys()),
        ):
            with pytest.raises(StoreUnavailable, match="not a folder of the store"):
                call()
        assert sorted(outside.iterdir()) == before

    def test_a_pipe_keeps_nobody_waiting(self, store: FileStore) -> None:
        store.set("a", b"x", 60)
        place = entry_of(store)
        place.unlink()
        os.mkfifo(place)
        assert store.get("a") is None
        store.set("a", b"y", 60)
        assert store.get("a") == b"y"


def test_the_draft_of_a_killed_writer_is_cleared(store: FileStore) -> None:
    store.set("a", b"x", 60)
    draft = entry_of(store).with_name("draft")
    draft.write_text("half")
    store.set("a", b"y", 60)
    assert not draft.exists()
    draft.write_text("half")
    for _ in range(256):
        store._sweep()
    assert not draft.exists()
    assert store.get("a") == b"y"


def test_a_reader_that_meets_half_a_touch_looks_again(store: FileStore) -> None:
    """A torn first line is read while a writer holds the lock; the reader waits for its turn."""
    store.set("a", b"x", 60)
    place = entry_of(store)
    whole = place.read_bytes()
    with store._alone(b"a"):
        place.write_bytes(b"9" + whole[1:])
        found: list[bytes | None] = []
        reader = threading.Thread(target=lambda: found.append(store.get("a")))
        reader.start()
        reader.join(0.05)
        assert found == []
        place.write_bytes(whole)
    reader.join()
    assert found == [b"x"]


def test_threads_of_one_sqlite_store_leave_no_connection_behind(tmp_path: Path) -> None:
    store: Store
    with open_store(f"sqlite:///{tmp_path}/x.db") as store:
        threads = [threading.Thread(target=store.set, args=("a", b"x", 60)) for _ in range(9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not list(tmp_path.glob("*-wal")), "the last connection to close tidies up"


def test_a_sqlite_row_can_be_looked_into(tmp_path: Path, clock: Clock) -> None:
    import sqlite3

    with open_store(f"sqlite:///{tmp_path}/x.db", clock) as store:
        store.set("a", b"x", 60)
        other = sqlite3.connect(tmp_path / "x.db")
        assert other.execute("SELECT * FROM entries").fetchall() == [(b"a", b"x", START + 60)]
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        other.close()
