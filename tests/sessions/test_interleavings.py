"""Two calls at once, in every order their steps in the store can fall; and a store that fails.

Each call runs in a thread of its own that stops before each step in the store. A run follows one
order of steps; then the next order is tried, until there is none left. So these tests do not hope
for a race: they go through all of them.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from authlab.clock import Clock
from authlab.sessions import Session, Sessions, Store, StoreUnavailable, UnknownSession
from authlab.sessions.memory import MemoryStore
from authlab.sessions.metered import Metered
from tests.sessions.servers import START

STEPS = ("get", "set", "add", "pop", "delete", "touch", "update")


class Watched(Metered):
    """A store that calls `before()` ahead of each step."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.before: Callable[[], None] = lambda: None

    def __getattribute__(self, name: str) -> Any:
        if name in STEPS:
            self.before()
        return super().__getattribute__(name)


class Actor(threading.Thread):
    """One call, which waits for `step()` before each of its steps in the store."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.call, self.result = call, None  # type: Callable[[], object], Any
        self.may, self.waits = threading.Semaphore(0), threading.Semaphore(0)
        self.over = False
        self.start()
        self.waits.acquire(timeout=10)

    def run(self) -> None:
        self.wait()
        try:
            self.result = self.call()
        except (UnknownSession, StoreUnavailable) as error:
            self.result = error
        self.over = True
        self.waits.release()

    def wait(self) -> None:
        self.waits.release()
        self.may.acquire()

    def step(self) -> None:
        self.may.release()
        assert self.waits.acquire(timeout=10), "the call hangs"


def every_order(
    prepare: Callable[[Sessions], tuple[Callable[[], object], ...]],
) -> Iterator[tuple[Sessions, list[Any]]]:
    """Run the calls that `prepare` returns in every order of their steps; yield what came out."""
    choices: list[int] = []
    runs = 0
    while True:
        store = Watched(MemoryStore(Clock(start=START)))
        sessions = Sessions(store)
        calls = prepare(sessions)

        def before() -> None:
            actor = threading.current_thread()
            if isinstance(actor, Actor):
                actor.wait()

        store.before = before
        actors = [Actor(call) for call in calls]
        options: list[int] = []
        depth = 0
        while alive := [actor for actor in actors if not actor.over]:
            if depth == len(choices):
                choices.append(0)
            options.append(len(alive))
            alive[choices[depth]].step()
            depth += 1
        for actor in actors:
            actor.join()
        store.before = lambda: None
        yield sessions, [actor.result for actor in actors]
        runs += 1
        while choices and choices[-1] + 1 >= options[len(choices) - 1]:
            choices.pop()
        if not choices:
            break
        choices[-1] += 1
    assert runs > 10, "hardly any order was tried"


def alive(sessions: Sessions) -> dict[str, str]:
    """The user of each record in the store, by handle."""
    found = {}
    for key in list(sessions.store.keys("session:")):
        session = sessions._read(key.removeprefix("session:"))
        assert session
        found[session.handle] = session.user
    return found


def nobody_is_hidden(sessions: Sessions) -> None:
    """Each live session of a user is on that user's list."""
    for handle, user in alive(sessions).items():
        assert user == "" or handle in sessions._listed(user), f"{handle} of {user} is not listed"


class Test:
    """The names of the tests say what happens at the same time."""

    def both(
        self, prepare: Callable[[Sessions], tuple[Callable[[], object], ...]]
    ) -> Iterator[tuple[Sessions, list[Any]]]:
        for sessions, results in every_order(prepare):
            nobody_is_hidden(sessions)
            yield sessions, results

    def test_rotate_and_end_all(self) -> None:
        """The session was started before `end_all`: no rotation saves it."""

        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice", n=1)
            return lambda: sessions.rotate(session.id), lambda: sessions.end_all("alice")

        outcomes = set()
        for sessions, (rotated, ended) in self.both(prepare):
            assert alive(sessions) == {}
            outcomes.add((type(rotated), ended))
            if isinstance(rotated, Session):
                assert ended == 1
        assert {kind for kind, _ in outcomes} == {Session, UnknownSession}

    def test_log_in_and_end_all(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            nobody = sessions.start("")
            sessions.start("alice")
            return (
                lambda: sessions.rotate(nobody.id, user="alice"),
                lambda: sessions.end_all("alice"),
            )

        for sessions, (rotated, ended) in self.both(prepare):
            assert isinstance(rotated, Session)
            assert ended in (1, 2)
            assert set(alive(sessions)) <= {rotated.handle}

    def test_start_and_end_all(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            sessions.start("alice")
            return lambda: sessions.start("alice"), lambda: sessions.end_all("alice")

        for sessions, (started, ended) in self.both(prepare):
            assert ended == 2 - len(alive(sessions))
            assert set(alive(sessions)) <= {started.handle}

    def test_two_rotations_have_one_winner(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice")
            return lambda: sessions.rotate(session.id), lambda: sessions.rotate(session.id)

        for sessions, results in self.both(prepare):
            winners = [result for result in results if isinstance(result, Session)]
            assert len(winners) == 1
            assert set(alive(sessions)) == {winners[0].handle}
            assert [each.handle for each in sessions.of_user("alice")] == [winners[0].handle]

    def test_rotate_and_of_user(self) -> None:
        """Looking at the list takes nothing off it that lives."""

        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice")
            return lambda: sessions.rotate(session.id), lambda: sessions.of_user("alice")

        for sessions, (rotated, listed) in self.both(prepare):
            assert isinstance(rotated, Session)
            assert sessions.load(rotated.id)
            assert len(listed) >= 1

    def test_start_and_of_user(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            sessions.store.delete(f"session:{sessions.start('alice').handle}")
            return lambda: sessions.start("alice"), lambda: sessions.of_user("alice")

        for sessions, (started, _) in self.both(prepare):
            assert [each.handle for each in sessions.of_user("alice")] == [started.handle]

    def test_rotate_and_end(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice")
            return lambda: sessions.rotate(session.id), lambda: sessions.end(session.id)

        for sessions, (rotated, ended) in self.both(prepare):
            assert isinstance(rotated, Session) is not ended
            assert len(alive(sessions)) == (0 if ended else 1)

    def test_rotate_and_save(self) -> None:
        """What is saved before the rotation ends is there after it."""

        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice", n=1)
            session.data = {"n": 2}
            return lambda: sessions.rotate(session.id), lambda: sessions.save(session)

        for sessions, (rotated, saved) in self.both(prepare):
            assert isinstance(rotated, Session)
            loaded = sessions.load(rotated.id)
            assert loaded == rotated
            assert rotated.data == ({"n": 2} if saved else {"n": 1})

    def test_save_and_end_all(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice", n=1)
            return lambda: sessions.save(session), lambda: sessions.end_all("alice")

        for sessions, (_, ended) in self.both(prepare):
            assert ended == 1
            assert alive(sessions) == {}

    def test_load_and_end(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("alice")
            return (
                lambda: (sessions.load(session.id), sessions.load(session.id)),
                lambda: sessions.end(session.id),
            )

        for sessions, (_, ended) in self.both(prepare):
            assert ended is True
            assert alive(sessions) == {}

    def test_a_user_changed_by_save_and_end_all(self) -> None:
        """The hole that lesson 07 shows; even so the session can be seen and ended."""

        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            session = sessions.start("")
            session.user = "alice"
            return lambda: sessions.save(session), lambda: sessions.end_all("alice")

        for sessions, (saved, _) in self.both(prepare):
            assert saved is True or alive(sessions) == {}
            sessions.end_all("alice")
            assert alive(sessions) == {}

    def test_two_of_end_all(self) -> None:
        def prepare(sessions: Sessions) -> tuple[Callable[[], object], ...]:
            sessions.start("alice")
            return lambda: sessions.end_all("alice"), lambda: sessions.end_all("alice")

        for sessions, counts in self.both(prepare):
            assert sum(counts) == 1
            assert alive(sessions) == {}


def test_a_session_that_ends_while_it_is_loaded_is_not_loaded() -> None:
    store = Watched(MemoryStore(Clock(start=START)))
    sessions = Sessions(store)
    session = sessions.start("alice")
    steps = iter([lambda: None, lambda: store.store.delete(f"session:{session.handle}")])
    store.before = lambda: next(steps)()
    assert sessions.load(session.id) is None


CALLS: dict[str, Callable[[Sessions, Session], object]] = {
    "start": lambda sessions, session: sessions.start("alice"),
    "rotate": lambda sessions, session: sessions.rotate(session.id),
    "log in": lambda sessions, session: sessions.rotate(session.id, user="bob"),
    "save": lambda sessions, session: sessions.save(session),
    "end": lambda sessions, session: sessions.end(session.id),
    "end_one": lambda sessions, session: sessions.end_one("alice", session.handle),
    "end_all": lambda sessions, session: sessions.end_all("alice"),
}


@pytest.mark.parametrize("for_good", [True, False], ids=["for good", "once"])
@pytest.mark.parametrize("name", CALLS)
def test_a_store_that_fails_at_any_step(name: str, for_good: bool) -> None:
    """Nothing half done: nobody is hidden, no life is lost that was not to end."""
    for fails_at in range(1, 30):
        store = Watched(MemoryStore(Clock(start=START)))
        sessions = Sessions(store)
        session = sessions.start("alice", n=1)
        steps = 0

        def before(fails_at: int = fails_at) -> None:
            nonlocal steps
            steps += 1
            if steps == fails_at or (for_good and steps > fails_at):
                raise StoreUnavailable("test", "out of order")

        store.before = before
        failed = False
        try:
            CALLS[name](sessions, session)
        except StoreUnavailable:
            failed = True
        store.before = lambda: None
        if steps < fails_at:
            assert fails_at > 1
            return
        # A record whose id nobody ever heard is no session that anybody can use.
        usable = [session.handle] if sessions.load(session.id) else []
        if failed and name in ("start", "rotate", "log in", "save"):
            assert usable == [session.handle], f"step {fails_at}"
        if not for_good:
            nobody_is_hidden(sessions)
        for handle in usable:
            assert handle in sessions._listed("alice")
        if failed and name in ("end", "end_one"):
            assert usable, f"step {fails_at}: ended, and yet an error"
        if name.startswith("end"):  # whoever tries again gets there
            CALLS[name](sessions, session)
            assert alive(sessions) == {}
    raise AssertionError("more steps than anybody thought")
