"""One contract, on every store."""

import math
import time
from pathlib import Path

import pytest

from authlab.clock import Clock
from authlab.sessions import InvalidEntry, Store, StoreError, StoreUnavailable, open_store
from authlab.sessions.base import LONGEST_TTL, MOST_KEY, MOST_VALUE

# Nothing here may reach another key or a place outside the store.
HOSTILE = (
    "../../../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "a/b",
    "a\\b",
    "C:\\x",
    "CON",
    "a\0b",
    "\0",
    "'; DROP TABLE entries; --",
    '"',
    "*",
    "?",
    "[a-z]",
    "session:*",
    "a\r\nDEL b\r\n",
    "$3\r\nfoo\r\n",
    " ",
    "\n",
    "%00",
    "%s",
    "lock",
    "draft",
    "ü",
    "u\u0308",
    "ﬀ",
    "\U0001f511",
    "\u202e",
    "a" * MOST_KEY,
    "ä" * (MOST_KEY // 2),
)


class TestContract:
    def test_what_was_set_is_there(self, store: Store) -> None:
        assert store.get("a") is None
        assert store.set("a", b"one", 60) is None
        assert store.get("a") == b"one"
        store.set("a", b"", 60)
        assert store.get("a") == b""

    def test_add_stores_only_where_nothing_is(self, store: Store) -> None:
        assert store.add("a", b"one", 60) is True
        assert store.add("a", b"two", 60) is False
        assert store.get("a") == b"one"

    def test_pop_takes_once(self, store: Store) -> None:
        store.set("a", b"one", 60)
        assert store.pop("a") == b"one"
        assert store.pop("a") is None
        assert store.get("a") is None

    def test_delete_says_whether_something_was_there(self, store: Store) -> None:
        store.set("a", b"", 60)
        assert store.delete("a") is True
        assert store.delete("a") is False

    def test_an_empty_value_is_a_value(self, store: Store) -> None:
        assert store.add("a", b"", 60) is True
        assert store.add("a", b"", 60) is False
        assert store.touch("a", 60) is True
        assert store.update("a", lambda old: old, 60) == b""
        assert store.pop("a") == b""

    def test_touch_only_what_is_there(self, store: Store) -> None:
        assert store.touch("a", 60) is False
        assert store.get("a") is None
        store.set("a", b"one", 60)
        assert store.touch("a", 60) is True
        assert store.get("a") == b"one"

    def test_update_gets_the_old_and_stores_the_new(self, store: Store) -> None:
        seen: list[bytes | None] = []

        def change(old: bytes | None) -> bytes | None:
            seen.append(old)
            return (old or b"") + b"x"

        assert store.update("a", change, 60) == b"x"
        assert store.update("a", change, 60) == b"xx"
        assert seen == [None, b"x"]
        assert store.get("a") == b"xx"

    def test_update_to_none_removes(self, store: Store) -> None:
        store.set("a", b"one", 60)
        assert store.update("a", lambda old: None, 60) is None
        assert store.get("a") is None
        assert store.update("a", lambda old: None, 60) is None

    @pytest.mark.parametrize("error", [KeyError("mine"), OSError("mine too")])
    def test_what_a_change_raises_changes_nothing(self, store: Store, error: Exception) -> None:
        store.set("a", b"one", 60)

        def fail(old: bytes | None) -> bytes | None:
            raise error

        with pytest.raises((type(error), StoreError)):
            store.update("a", fail, 60)
        assert store.get("a") == b"one"
        store.set("a", b"two", 60)  # no lock was left behind
        assert store.update("a", lambda old: b"three", 60) == b"three"

    def test_an_update_to_a_bad_value_changes_nothing(self, store: Store) -> None:
        store.set("a", b"one", 60)
        for bad in ("text", b"x" * (MOST_VALUE + 1)):
            with pytest.raises(InvalidEntry, match="bad value"):
                store.update("a", lambda old, bad=bad: bad, 60)  # type: ignore[misc]
        assert store.get("a") == b"one"

    def test_keys_with_a_prefix(self, store: Store) -> None:
        names = ["a:1", "a:2", "b:1", "a", "a;", "ä:1", "a:\U0010ffff"]
        for name in names:
            store.set(name, b"x", 60)
        assert sorted(store.keys()) == sorted(names)
        assert sorted(store.keys("a:")) == ["a:1", "a:2", "a:\U0010ffff"]
        assert list(store.keys("ä")) == ["ä:1"]
        assert list(store.keys("c")) == []

    def test_keys_can_be_left_half_way_and_written_to_meanwhile(self, store: Store) -> None:
        names = {f"k{number}" for number in range(1200)}
        for name in names:
            store.set(name, b"x", 60)
        next(store.keys())
        for name in store.keys("k"):
            store.delete(name)
            names.discard(name)
        assert names == set()
        assert list(store.keys()) == []

    @pytest.mark.parametrize("key", HOSTILE, ids=lambda key: ascii(key)[:30])
    def test_a_hostile_key_is_a_key_like_any_other(
        self, store: Store, key: str, tmp_path: Path
    ) -> None:
        others = [name for name in ("a", "b", "session:1", "entries", "x") if name != key]
        for name in others:
            store.set(name, b"other", 60)
        before = {path for path in tmp_path.rglob("*") if path.is_dir()}
        store.set(key, b"mine", 60)
        assert store.get(key) == b"mine"
        assert store.add(key, b"", 60) is False
        assert key in set(store.keys())
        assert list(store.keys(key)) == [key]
        assert store.update(key, lambda old: (old or b"") + b"!", 60) == b"mine!"
        assert store.pop(key) == b"mine!"
        assert [store.get(name) for name in others] == [b"other"] * len(others)
        made = {path for path in tmp_path.rglob("*") if path.is_dir()} - before
        assert all(len(path.name) == 2 for path in made)
        assert {path.name for path in tmp_path.iterdir()} <= {
            "files", "sessions.db", "sessions.db-wal", "sessions.db-shm",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "key",
        ["", "a" * (MOST_KEY + 1), "ä" * (MOST_KEY // 2) + "a", "a" * 10_000_000, "\ud800",
         "a\udcff", b"a", None, 1, 1.5, True, ["a"], object()],
        ids=lambda key: ascii(key)[:20],
    )  # fmt: skip
    def test_a_bad_key_is_refused_everywhere(self, store: Store, key: str) -> None:
        calls = (
            lambda: store.get(key),
            lambda: store.set(key, b"", 1),
            lambda: store.add(key, b"", 1),
            lambda: store.pop(key),
            lambda: store.delete(key),
            lambda: store.touch(key, 1),
            lambda: store.update(key, lambda old: b"", 1),
        )
        for call in calls:
            with pytest.raises(InvalidEntry, match=r"bad key: found .*, expected text of 1 to"):
                call()
        if key != "":
            with pytest.raises(InvalidEntry, match="bad key"):
                store.keys(key)
        assert list(store.keys()) == []

    def test_values_up_to_a_mebibyte(self, store: Store) -> None:
        value = bytes(range(256)) * (MOST_VALUE // 256)
        store.set("a", value, 60)
        assert store.get("a") == value
        assert store.touch("a", 60)
        assert store.pop("a") == value

    @pytest.mark.parametrize("value", [b"x" * (MOST_VALUE + 1), "text", None, 1, bytearray(b"x")])
    def test_a_bad_value_is_refused(self, store: Store, value: bytes) -> None:
        for write in (store.set, store.add):
            with pytest.raises(InvalidEntry, match=r"bad value: found .*, expected bytes"):
                write("a", value, 1)
        assert list(store.keys()) == []

    @pytest.mark.parametrize(
        "ttl",
        [0, -1, 0.0, math.nan, math.inf, -math.inf, True, "1", None, 10**400, -(10**400),
         LONGEST_TTL + 1, 1j],
        ids=lambda ttl: ascii(ttl)[:20],
    )  # fmt: skip
    def test_a_bad_ttl_is_refused(self, store: Store, ttl: float) -> None:
        store.set("b", b"", 60)
        calls = (
            lambda: store.set("a", b"", ttl),
            lambda: store.add("a", b"", ttl),
            lambda: store.touch("b", ttl),
            lambda: store.update("a", lambda old: b"", ttl),
        )
        for call in calls:
            with pytest.raises(InvalidEntry, match=r"bad time to live: found .*, expected seconds"):
                call()
        assert list(store.keys()) == ["b"]

    def test_the_longest_and_the_shortest_ttl(self, store: Store) -> None:
        store.set("a", b"", LONGEST_TTL)
        store.set("b", b"", 1e-9)
        assert store.get("a") == b""

    def test_closed(self, store: Store) -> None:
        store.set("a", b"", 60)
        store.close()
        store.close()
        calls = (
            lambda: store.get("a"),
            lambda: store.set("a", b"", 1),
            lambda: store.add("a", b"", 1),
            lambda: store.pop("a"),
            lambda: store.delete("a"),
            lambda: store.touch("a", 1),
            lambda: store.update("a", lambda old: b"", 1),
            lambda: store.keys(),
        )
        for call in calls:
            with pytest.raises(StoreUnavailable, match="is closed") as caught:
                call()
            assert store.name in str(caught.value)

    def test_with(self, store: Store) -> None:
        with store as same:
            assert same is store
        with pytest.raises(StoreUnavailable):
            store.get("a")


class TestTime:
    """An entry lives while the clock is before its end; a real Redis has a clock of its own."""

    @pytest.fixture(params=["memory", "file", "sqlite", "fakeredis"])
    def kind(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.mark.parametrize("ttl", [1, 0.001, 0.25, 1800, 43200, 86400 * 365])
    def test_it_lives_until_its_end_and_not_at_it(
        self, store: Store, clock: Clock, ttl: float
    ) -> None:
        names = ["get", "pop", "delete", "touch", "add", "update"]
        for name in names:
            store.set(name, b"x", ttl)
        clock.advance(ttl - 0.0005)
        assert [store.get(name) for name in names] == [b"x"] * 6
        assert sorted(store.keys()) == sorted(names)
        assert store.add("add", b"y", 1) is False
        clock.advance(0.0005)
        assert list(store.keys()) == []
        assert store.get("get") is None
        assert store.pop("pop") is None
        assert store.delete("delete") is False
        assert store.touch("touch", 9) is False
        assert store.add("add", b"y", 9) is True
        assert store.update("update", lambda old: b"new" if old is None else old, 9) == b"new"

    def test_touch_counts_from_now(self, store: Store, clock: Clock) -> None:
        store.set("a", b"x", 10)
        clock.advance(9)
        assert store.touch("a", 10)
        clock.advance(9)
        assert store.get("a") == b"x"
        assert store.touch("a", 2)
        clock.advance(2)
        assert store.get("a") is None

    def test_update_and_set_and_add_count_from_now(self, store: Store, clock: Clock) -> None:
        store.set("a", b"x", 10)
        store.set("b", b"x", 1)
        store.set("c", b"x", 1)
        clock.advance(1)
        store.update("a", lambda old: old, 2)
        store.set("b", b"x", 2)
        assert store.add("c", b"x", 2)
        clock.advance(1.5)
        assert sorted(store.keys()) == ["a", "b", "c"]
        clock.advance(0.5)
        assert list(store.keys()) == []

    def test_get_does_not_lengthen_a_life(self, store: Store, clock: Clock) -> None:
        store.set("a", b"x", 2)
        clock.advance(1)
        store.get("a")
        clock.advance(1)
        assert store.get("a") is None

    def test_what_has_ended_is_swept_in_the_end(
        self, kind: str, store: Store, clock: Clock, tmp_path: Path
    ) -> None:
        for number in range(50):
            store.set(f"old{number}", b"x", 1)
        clock.advance(1.001)
        if kind == "file":
            for _ in range(256):
                store._sweep()  # type: ignore[attr-defined]
            left = [path for path in tmp_path.rglob("*") if len(path.name) == 64]
        else:
            for _ in range(1000):
                store.set("busy", b"x", 60)
            left = list(range(size_of(kind, store) - 1))
        assert left == []


def size_of(kind: str, store: Store) -> int:
    """How many entries lie in the store, ended ones too."""
    if kind == "memory":
        return len(store.records)  # type: ignore[attr-defined]
    if kind == "sqlite":
        return int(store._run("SELECT count(*) FROM entries")[0][0])  # type: ignore[attr-defined]
    return int(store.client.dbsize())  # type: ignore[attr-defined]


def test_a_real_redis_keeps_its_own_time(
    redis_server: object, clock: Clock, tmp_path: Path
) -> None:
    with open_store(redis_server.url, clock) as store:  # type: ignore[attr-defined]
        store.set("a", b"x", 60)
        clock.advance(days=1)
        assert store.get("a") == b"x"
        store.set("a", b"x", 0.03)
        deadline = time.monotonic() + 10
        while store.get("a") is not None:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_a_store_survives_its_process(kind: str, clock: Clock, tmp_path: Path) -> None:
    url = f"file://{tmp_path}/x" if kind == "file" else f"sqlite:///{tmp_path}/x.db"
    with open_store(url, clock) as store:
        store.set("a", b"x", 60)
    with open_store(url, clock) as store:
        assert store.get("a") == b"x"
