"""The manager of sessions, on every store."""

import json
import math
from hashlib import sha256
from typing import Any

import pytest

from authlab.clock import Clock
from authlab.sessions import (
    InvalidEntry,
    Metered,
    Session,
    Sessions,
    Store,
    StoreUnavailable,
    UnknownSession,
    open_store,
)

GARBAGE: list[Any] = [
    "", "x", "\0", "../../etc/passwd", "a" * 10_000_000, "\ud800", "ä", "session:1", "*",
    None, 1, 1.5, True, b"bytes", [], {}, object(),
]  # fmt: skip


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return Sessions(store)


@pytest.fixture
def quick(clock: Clock) -> Sessions:
    """Sessions in memory, where one store is as good as another."""
    return Sessions(open_store("memory://", clock))


class TestOnEveryStore:
    def test_start_and_load(self, sessions: Sessions, clock: Clock) -> None:
        session = sessions.start("alice", theme="dark", cart=[1, 2])
        assert session.user == "alice"
        assert session.data == {"theme": "dark", "cart": [1, 2]}
        assert session.created == clock.now()
        assert session.ends == clock.now() + 43200
        assert session.handle == sha256(session.id.encode()).hexdigest()
        assert sessions.load(session.id) == session

    @pytest.mark.parametrize("rubbish", GARBAGE, ids=lambda value: ascii(value)[:20])
    def test_rubbish_is_no_id(self, sessions: Sessions, rubbish: Any) -> None:
        kept = sessions.start("alice")
        assert sessions.load(rubbish) is None
        assert sessions.end(rubbish) is False
        with pytest.raises(UnknownSession):
            sessions.rotate(rubbish)
        assert sessions.save(Session(rubbish, "alice", 0, 0, {}, kept.handle)) is False
        assert sessions.end_one("alice", rubbish) is False
        assert sessions.end_all("alice", keep=rubbish) == 1

    def test_a_handle_opens_nothing(self, sessions: Sessions) -> None:
        session = sessions.start("alice")
        assert sessions.load(session.handle) is None
        assert sessions.load(f"session:{session.handle}") is None
        (listed,) = sessions.of_user("alice")
        assert listed.id == ""
        assert sessions.load(listed.id) is None
        assert sessions.save(listed) is False

    def test_save(self, sessions: Sessions) -> None:
        session = sessions.start("alice", a=1)
        session.data["b"] = [True, None, 1.5, "ü"]
        assert sessions.save(session) is True
        loaded = sessions.load(session.id)
        assert loaded == session
        sessions.end(session.id)
        assert sessions.save(session) is False
        assert sessions.load(session.id) is None
        assert list(sessions.store.keys()) == []

    def test_save_cannot_lengthen_a_life(self, sessions: Sessions, clock: Clock) -> None:
        session = sessions.start("alice")
        ends = session.ends
        session.ends += 1e6
        session.created = 0
        assert sessions.save(session)
        loaded = sessions.load(session.id)
        assert loaded
        assert (loaded.ends, loaded.created) == (ends, clock.now())

    def test_rotate(self, sessions: Sessions, clock: Clock) -> None:
        old = sessions.start("alice", theme="dark")
        clock.advance(100)
        new = sessions.rotate(old.id)
        assert new.id != old.id
        assert (new.user, new.created, new.ends, new.data) == (
            old.user, old.created, old.ends, old.data,
        )  # fmt: skip
        assert sessions.load(old.id) is None
        assert sessions.load(new.id) == new
        assert [each.handle for each in sessions.of_user("alice")] == [new.handle]
        with pytest.raises(UnknownSession, match="No live session has this id"):
            sessions.rotate(old.id)

    def test_log_in_moves_a_session_to_a_user(self, sessions: Sessions) -> None:
        nobody = sessions.start("", cart=["book"])
        assert sessions.of_user("") == []
        assert sessions.end_all("") == 0
        alice = sessions.rotate(nobody.id, user="alice")
        assert (alice.user, alice.data) == ("alice", {"cart": ["book"]})
        assert [each.handle for each in sessions.of_user("alice")] == [alice.handle]
        bob = sessions.rotate(alice.id, user="bob")
        assert sessions.of_user("alice") == []
        assert [each.handle for each in sessions.of_user("bob")] == [bob.handle]
        out = sessions.rotate(bob.id, user="")
        assert sessions.of_user("bob") == []
        assert sessions.load(out.id)

    def test_list_and_end(self, sessions: Sessions, clock: Clock) -> None:
        mine = []
        for name in ("phone", "laptop", "tablet"):
            mine.append(sessions.start("alice", device=name))
            clock.advance(1)
        theirs = sessions.start("bob")
        listed = sessions.of_user("alice")
        assert [each.data["device"] for each in listed] == ["phone", "laptop", "tablet"]
        assert [each.handle for each in listed] == [each.handle for each in mine]
        assert sessions.end_one("alice", mine[1].handle) is True
        assert sessions.end_one("alice", mine[1].handle) is False
        assert sessions.end_one("alice", theirs.handle) is False
        assert sessions.load(theirs.id)
        assert sessions.load(mine[1].id) is None
        assert sessions.end_all("alice", keep=mine[2].id) == 1
        assert sessions.load(mine[0].id) is None
        assert sessions.load(mine[2].id)
        assert sessions.end_all("alice", keep=theirs.id) == 1
        assert sessions.of_user("alice") == []
        assert sessions.end_all("alice") == 0
        assert sessions.end(theirs.id)
        assert list(sessions.store.keys()) == []

    def test_strange_users(self, sessions: Sessions) -> None:
        names = ["alice", "Alice", "a" * 5000, "../x", "a\0b", "ü", "u\u0308", "*", "'; --"]
        started = {name: sessions.start(name) for name in names}
        for name in names:
            assert [each.handle for each in sessions.of_user(name)] == [started[name].handle]
            loaded = sessions.load(started[name].id)
            assert loaded
            assert loaded.user == name

    def test_the_store_never_holds_an_id(self, sessions: Sessions) -> None:
        one = sessions.start("alice", theme="dark")
        two = sessions.rotate(one.id)
        sessions.save(two)
        keys = list(sessions.store.keys())
        held = b"".join([key.encode() + (sessions.store.get(key) or b"") for key in keys])
        assert one.id.encode() not in held
        assert two.id.encode() not in held
        assert two.id not in repr(two)

    def test_both_keys_hold_readable_json(self, sessions: Sessions, clock: Clock) -> None:
        session = sessions.start("alice", theme="dark")
        user = f"user:{sha256(b'alice').hexdigest()}"
        assert sorted(sessions.store.keys()) == [f"session:{session.handle}", user]
        record = json.loads(sessions.store.get(f"session:{session.handle}") or b"")
        assert record == {
            "user": "alice", "created": clock.now(), "ends": clock.now() + 43200,
            "data": {"theme": "dark"},
        }  # fmt: skip
        assert json.loads(sessions.store.get(user) or b"") == {session.handle: session.ends}


class TestTimeouts:
    def test_idle(self, quick: Sessions, clock: Clock) -> None:
        session = quick.start("alice")
        for _ in range(5):
            clock.advance(1799)
            assert quick.load(session.id)
        clock.advance(1800)
        assert quick.load(session.id) is None
        assert quick.of_user("alice") == []

    def test_absolute(self, quick: Sessions, clock: Clock) -> None:
        session = quick.start("alice")
        while clock.now() + 1000 < session.ends:
            clock.advance(1000)
            assert quick.load(session.id)
        clock.advance(session.ends - clock.now() - 0.5)
        assert quick.load(session.id)
        session = quick.rotate(session.id)
        clock.advance(0.5)
        assert quick.load(session.id) is None
        with pytest.raises(UnknownSession):
            quick.rotate(session.id)
        assert quick.save(session) is False

    def test_the_absolute_end_holds_where_the_store_keeps_its_own_time(
        self, redis_server: Any, clock: Clock
    ) -> None:
        with open_store(redis_server.url, clock) as store:
            sessions = Sessions(store)
            session = sessions.start("alice")
            clock.advance(43199)
            assert sessions.load(session.id)
            clock.advance(1)
            assert sessions.load(session.id) is None
            assert sessions.end(session.id) is False
            assert sessions.of_user("alice") == []

    def test_listing_and_saving_are_no_use_of_a_session(
        self, quick: Sessions, clock: Clock
    ) -> None:
        quick.start("alice")
        clock.advance(1799)
        assert len(quick.of_user("alice")) == 1
        clock.advance(1)
        assert quick.of_user("alice") == []

    @pytest.mark.parametrize(
        "options",
        [{"idle": 0}, {"idle": -1}, {"idle": math.nan}, {"idle": "1"}, {"idle": True},
         {"absolute": 0}, {"absolute": math.inf}, {"idle": 60, "absolute": 59}],
        ids=str,
    )  # fmt: skip
    def test_bad_timeouts(self, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidEntry, match=r"(idle|absolute) timeout.*7\.3\.[12]"):
            Sessions(open_store("memory://"), **options)

    def test_its_clock_is_the_stores(self, clock: Clock) -> None:
        store = open_store("memory://", clock)
        assert Sessions(store).clock is clock
        other = Clock(start=1)
        assert Sessions(store, other).clock is other


class TestIds:
    @pytest.mark.parametrize(("bits", "length"), [(64, 11), (128, 22), (129, 23), (256, 43)])
    def test_the_length_follows_the_bits(self, bits: int, length: int) -> None:
        sessions = Sessions(open_store("memory://"), id_bits=bits)
        ids = {sessions.start("alice").id for _ in range(200)}
        assert len(ids) == 200
        assert {len(each) for each in ids} == {length}

    @pytest.mark.parametrize("bits", [0, 63, -128, 4097, 128.0, True, "128", None])
    def test_bad_bits(self, bits: Any) -> None:
        with pytest.raises(InvalidEntry, match=r"bad id_bits: .* from 64 to .*7\.2\.3"):
            Sessions(open_store("memory://"), id_bits=bits)

    def test_a_lesson_can_plug_in_a_weak_generator(self) -> None:
        asked = []

        def count(bits: int) -> str:
            asked.append(bits)
            return str(1000 + len(asked))

        sessions = Sessions(open_store("memory://"), new_id=count)
        assert [sessions.start("alice").id for _ in range(3)] == ["1001", "1002", "1003"]
        assert asked == [128] * 3

    def test_an_id_that_is_in_use_is_not_given_to_another(self) -> None:
        ids = iter(["1", "1", "1", "2"])
        sessions = Sessions(open_store("memory://"), new_id=lambda bits: next(ids))
        alice = sessions.start("alice")
        bob = sessions.start("bob")
        assert (alice.id, bob.id) == ("1", "2")
        assert sessions.load("1") == alice

    def test_a_generator_that_is_stuck(self) -> None:
        sessions = Sessions(open_store("memory://"), new_id=lambda bits: "1")
        sessions.start("alice")
        with pytest.raises(InvalidEntry, match=r"100 in a row that are in use.*7\.2\.3"):
            sessions.start("bob")
        assert sessions.of_user("bob") == []

    @pytest.mark.parametrize("bad", [None, 1, "", b"x", "\ud800", "x" * 5000])
    def test_a_generator_of_no_ids(self, bad: Any) -> None:
        sessions = Sessions(open_store("memory://"), new_id=lambda bits: bad)
        with pytest.raises(InvalidEntry, match="bad new_id"):
            sessions.start("alice")


class TestArguments:
    @pytest.mark.parametrize("user", [None, 1, b"alice", ["alice"], "\ud800"])
    def test_bad_users(self, quick: Sessions, user: Any) -> None:
        session = quick.start("alice")
        for call in (
            lambda: quick.start(user),
            lambda: quick.of_user(user),
            lambda: quick.end_all(user),
            lambda: quick.end_one(user, session.handle),
            lambda: quick.save(Session(session.id, user, 0, 0, {}, "")),
        ):
            with pytest.raises(InvalidEntry, match="bad user"):
                call()
        if user is not None:
            with pytest.raises(InvalidEntry, match="bad user"):
                quick.rotate(session.id, user=user)
        assert quick.load(session.id) == session

    @pytest.mark.parametrize(
        "data", [{"x": object()}, {"x": math.nan}, {"x": b"bytes"}, {"x": {1, 2}}, [], None]
    )
    def test_bad_data(self, quick: Sessions, data: Any) -> None:
        session = quick.start("alice")
        if isinstance(data, dict):
            with pytest.raises(InvalidEntry, match="bad data"):
                quick.start("bob", **data)
        session.data = data
        with pytest.raises(InvalidEntry, match="bad data"):
            quick.save(session)
        assert len(list(quick.store.keys("session:"))) == 1

    def test_data_that_is_too_deep_or_too_big(self, quick: Sessions) -> None:
        deep: list[Any] = []
        for _ in range(100_000):
            deep = [deep]
        for bad in (deep, "x" * 2**20):
            with pytest.raises(InvalidEntry):
                quick.start("alice", x=bad)
        assert list(quick.store.keys()) == []
        while deep:  # taken apart, or Python's own clean-up goes as deep
            deep = deep[0]

    def test_data_may_be_called_anything(self, quick: Sessions) -> None:
        session = quick.start("alice", **{"user": "x", "self": 1, "session_id": 2, "": 3})
        assert quick.load(session.id) == session

    def test_data_comes_back_as_json_has_it(self, quick: Sessions) -> None:
        given = {"pair": (1, 2)}
        session = quick.start("alice", **given)
        assert session.data == {"pair": [1, 2]}
        given["pair"] = (3, 4)
        assert quick.load(session.id) == session

    @pytest.mark.parametrize(
        "raw", [b"", b"{", b"[]", b"1", b"null", b"{}", b'{"user": "alice"}', b"\xff",
                b'{"user": "a", "created": "x", "ends": 9e99, "data": {}}',
                b'{"user": "a", "created": 1, "ends": 9e99, "data": 1}', b"[" * 100_000],
        ids=lambda raw: repr(raw)[:30],
    )  # fmt: skip
    def test_a_foreign_record_is_no_session(self, quick: Sessions, raw: bytes) -> None:
        session = quick.start("alice")
        quick.store.set(f"session:{session.handle}", raw, 60)
        assert quick.load(session.id) is None
        assert quick.of_user("alice") == []
        with pytest.raises(UnknownSession):
            quick.rotate(session.id)
        quick.store.set(f"user:{sha256(b'alice').hexdigest()}", raw, 60)
        assert quick.of_user("alice") == []
        assert quick.start("alice")
        assert len(quick.of_user("alice")) == 1


class TestCost:
    def test_of_user_reads_only_this_users_sessions(self, store: Store) -> None:
        metered = Metered(store)
        sessions = Sessions(metered)
        for _ in range(3):
            sessions.start("alice")
        seen = []
        for others in (0, 200):
            for number in range(others):
                sessions.start(f"user{number}")
            metered.reset()
            assert len(sessions.of_user("alice")) == 3
            seen.append((metered.reads, metered.writes))
        assert seen == [(5, 0), (5, 0)]  # the list, three records, and was there a new one

    def test_a_load_is_one_read_and_one_touch(self, store: Store) -> None:
        metered = Metered(store)
        sessions = Sessions(metered)
        session = sessions.start("alice")
        metered.reset()
        sessions.load(session.id)
        assert (metered.reads, metered.writes, metered.bytes_written) == (1, 1, 0)
        metered.reset()
        sessions.load("no such id")
        assert (metered.reads, metered.writes) == (1, 0)

    def test_the_list_of_one_who_never_logs_out_stays_short(self, clock: Clock) -> None:
        sessions = Sessions(open_store("memory://", clock))
        key = f"user:{sha256(b'robot').hexdigest()}"
        most = 0
        for _ in range(2000):
            sessions.start("robot")
            clock.advance(60)
            most = max(most, len(json.loads(sessions.store.get(key) or b"{}")))
        assert most <= 30 + 64  # those alive, and those that wait for the next look

    def test_a_shorter_manager_beside_a_longer_one_loses_no_session(self, clock: Clock) -> None:
        store = open_store("memory://", clock)
        long = Sessions(store, idle=86400, absolute=86400 * 30)
        short = Sessions(store, idle=60, absolute=60)
        remembered = long.start("alice")
        brief = short.start("alice")
        clock.advance(3600)
        assert [each.handle for each in short.of_user("alice")] == [remembered.handle]
        assert short.load(brief.id) is None
        assert short.end_all("alice") == 1
        assert long.load(remembered.id) is None


def test_a_store_that_is_gone(store: Store) -> None:
    sessions = Sessions(store)
    session = sessions.start("alice")
    store.close()
    for call in (
        lambda: sessions.start("alice"),
        lambda: sessions.load(session.id),
        lambda: sessions.rotate(session.id),
        lambda: sessions.save(session),
        lambda: sessions.end(session.id),
        lambda: sessions.of_user("alice"),
        lambda: sessions.end_one("alice", session.handle),
        lambda: sessions.end_all("alice"),
    ):
        with pytest.raises(StoreUnavailable):
            call()
