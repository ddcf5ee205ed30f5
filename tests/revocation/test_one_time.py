"""One-time tokens on every store: one winner, nothing burnt by others, nothing to steal at rest."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from authlab.clock import Clock
from authlab.jose.encoding import show
from authlab.revocation import BoundTokens, InvalidArgument, InvalidOneTimeToken, OneTimeTokens
from authlab.revocation.one_time import LONGEST
from authlab.sessions import Store, StoreUnavailable, open_store
from authlab.sessions.memory import MemoryStore
from tests.racing import race_processes
from tests.sessions.conftest import clock, kind, redis_server, store  # noqa: F401
from tests.sessions.servers import KINDS, SHARED, url_of
from tests.sessions.test_races import PROCESSES, ROOT, THREADS, all_at_once, patient  # noqa: F401

ROUNDS = 20


@pytest.fixture
def tokens(store: Store) -> OneTimeTokens:  # noqa: F811
    return OneTimeTokens(store)


def refused(tokens: OneTimeTokens | BoundTokens, token: Any, purpose: Any = "reset") -> str:
    with pytest.raises(InvalidOneTimeToken) as caught:
        tokens.redeem(token, purpose)
    return str(caught.value)


def test_it_works_once(tokens: OneTimeTokens) -> None:
    token = tokens.issue("reset", "alice", 600)
    assert len(token) == 43, "256 bits"
    assert tokens.redeem(token, "reset") == "alice"
    refused(tokens, token)


def test_to_check_takes_nothing(tokens: OneTimeTokens) -> None:
    token = tokens.issue("reset", "alice", 600, bind="s")
    for _ in range(2):
        assert tokens.check(token, "reset", bind="s") == "alice"
    with pytest.raises(InvalidOneTimeToken):
        tokens.check(token, "reset", bind="t")
    assert tokens.redeem(token, "reset", bind="s") == "alice"
    with pytest.raises(InvalidOneTimeToken):
        tokens.check(token, "reset", bind="s")


def test_one_text_for_unknown_used_and_expired(
    tokens: OneTimeTokens,
    clock: Clock,  # noqa: F811
) -> None:
    said = {refused(tokens, "no-such-token"), refused(tokens, ""), refused(tokens, "x" * 10_000)}
    used = tokens.issue("reset", "alice", 600)
    tokens.redeem(used, "reset")
    said.add(refused(tokens, used))
    late = tokens.issue("reset", "alice", 600)
    clock.advance(minutes=10)
    said.add(refused(tokens, late))
    assert len(said) == 1


def test_it_lives_until_its_time_and_no_longer(tokens: OneTimeTokens, clock: Clock) -> None:  # noqa: F811
    early, late = (tokens.issue("reset", "alice", 600) for _ in range(2))
    clock.advance(599.875)
    assert tokens.redeem(early, "reset") == "alice"
    clock.advance(0.125)
    refused(tokens, late)


def test_the_wrong_purpose_burns_nothing(tokens: OneTimeTokens) -> None:
    token = tokens.issue("reset", "alice", 600)
    for purpose in ("login", "rese", "resets", "reset ", "", None):
        refused(tokens, token, purpose)
    assert tokens.redeem(token, "reset") == "alice"


def test_purpose_and_token_do_not_run_into_each_other(store: Store) -> None:  # noqa: F811
    tokens = OneTimeTokens(store, new_token=lambda: "setup")
    tokens.issue("re", "alice", 600)
    refused(tokens, "tup", "rese")
    refused(tokens, "up", "reset")
    assert tokens.redeem("setup", "re") == "alice"


@pytest.mark.parametrize("was", ["state", b"state", lambda user: f"state of {user}"])
def test_a_changed_state_kills_it_and_burns_nothing(
    tokens: OneTimeTokens, was: str | bytes | Callable[[str], str]
) -> None:
    token = tokens.issue("reset", "alice", 600, bind=was)
    changed: Any = lambda user: "other"  # noqa: E731
    for other in ("", "other", b"other", changed):
        with pytest.raises(InvalidOneTimeToken):
            tokens.redeem(token, "reset", bind=other)
    assert tokens.redeem(token, "reset", bind=was) == "alice"


def test_the_state_is_asked_of_the_user_in_the_record(tokens: OneTimeTokens) -> None:
    hashes = {"alice": "h1", "bob": "h2"}
    token = tokens.issue("reset", "alice", 600, bind=hashes["alice"])
    asked = []

    def state(user: str) -> str:
        asked.append(user)
        return hashes[user]

    assert tokens.redeem(token, "reset", bind=state) == "alice"
    assert asked == ["alice"]


def test_an_earlier_token_stays_alive(tokens: OneTimeTokens) -> None:
    first, second = (tokens.issue("reset", "alice", 600) for _ in range(2))
    assert tokens.redeem(first, "reset") == tokens.redeem(second, "reset") == "alice"


# -- at rest ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_neither_token_nor_state_lies_in_the_store(
    kind: str,  # noqa: F811
    tmp_path: Path,
    request: pytest.FixtureRequest,
    store: Store,  # noqa: F811
) -> None:
    token = OneTimeTokens(store).issue("reset", "alice", 600, bind="the-password-hash")
    keys = list(store.keys())
    held = b"".join(key.encode() + (store.get(key) or b"") for key in keys)
    held += b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"alice" in held
    assert token.encode() not in held
    assert b"the-password-hash" not in held
    # What does lie there redeems nothing.
    tokens = OneTimeTokens(store)
    for text in [*keys, *(key.partition(":")[2] for key in keys)]:
        refused(tokens, text)


def test_one_state_looks_different_in_two_records(store: Store) -> None:  # noqa: F811
    tokens = OneTimeTokens(store)
    for _ in range(2):
        tokens.issue("reset", "alice", 600, bind="1")
    states = {json.loads(store.get(key) or b"")["state"] for key in store.keys("one-time:")}
    assert len(states) == 2, "a state of few bits, such as a counter, cannot be guessed from it"


# -- races -----------------------------------------------------------------------------------


def test_one_of_64_threads_redeems(tokens: OneTimeTokens) -> None:
    issued = [tokens.issue("reset", f"user{n}", 600, bind="s") for n in range(ROUNDS)]

    def redeem(token: str, bind: str) -> str | None:
        try:
            return str(tokens.redeem(token, "reset", bind=bind))
        except InvalidOneTimeToken:
            return None

    # Every other thread has a wrong state: it must neither win nor burn.
    won = all_at_once(lambda number: [redeem(t, "s" if number % 2 else "t") for t in issued])
    for number, each in enumerate(zip(*won, strict=True)):
        assert sorted(filter(None, each)) == [f"user{number}"]
        assert each.count(None) == THREADS - 1
        assert not any(each[::2])


@pytest.mark.parametrize("kind", SHARED)
def test_one_of_8_processes_redeems(
    kind: str,  # noqa: F811
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    url = url_of(kind, tmp_path)
    if kind == "redis":
        url = request.getfixturevalue("redis_server").url
    with open_store(url) as shared:
        tokens = OneTimeTokens(shared)
        issued = [tokens.issue("reset", f"user{n}", 600) for n in range(ROUNDS)]
    command = [sys.executable, "-m", "tests.revocation.redeemer", url, *issued]
    won = race_processes([command] * PROCESSES)
    assert sorted(user for each in won for user in each) == sorted(
        f"user{n}" for n in range(ROUNDS)
    )


# -- trouble ---------------------------------------------------------------------------------


class Failing(MemoryStore):
    """A store that fails at its nth call, before or after having done it."""

    def __init__(self, good: MemoryStore, at: int, *, after: bool) -> None:
        super().__init__(good.clock)
        self.records = good.records
        self._left, self._after = at, after

    def _call(self, method: Any, key: str, *rest: Any) -> Any:
        self._left -= 1
        if self._left != 0 or self._after:
            answer = super()._call(method, key, *rest)
            if self._left != 0:
                return answer
        raise StoreUnavailable("failing", "the cable")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2])
def test_a_store_that_fails_in_the_middle_of_a_redeem(at: int, after: bool) -> None:
    good = MemoryStore()
    token = OneTimeTokens(good).issue("reset", "alice", 600)
    failing = Failing(good, at, after=after)
    with pytest.raises(StoreUnavailable):
        OneTimeTokens(failing).redeem(token, "reset")
    again = OneTimeTokens(good)
    if (at, after) == (2, True):  # the record was taken, the answer got lost: once, or not at all
        refused(again, token)
    else:
        assert again.redeem(token, "reset") == "alice"
        refused(again, token)


def test_a_store_that_fails_in_the_middle_of_an_issue() -> None:
    good = MemoryStore()
    failing = Failing(good, 1, after=True)
    with pytest.raises(StoreUnavailable):
        OneTimeTokens(failing).issue("reset", "alice", 600)


def test_a_closed_store(tokens: OneTimeTokens) -> None:
    token = tokens.issue("reset", "alice", 600)
    tokens.store.close()
    with pytest.raises(StoreUnavailable):
        tokens.redeem(token, "reset")
    with pytest.raises(StoreUnavailable):
        tokens.issue("reset", "alice", 600)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"7",
        b'"x"',
        b"{}",
        b"[" * 50_000,
        b'{"user": 1, "ends": 1e11, "state": "x"}',
        b'{"user": "a", "ends": "x", "state": "x"}',
        b'{"user": "a", "ends": NaN, "state": "x"}',
        b'{"user": "a", "ends": 1e11, "state": 2}',
        b'{"user": "a", "ends": 1e11, "state": "\xc3\xa9"}',
        b'{"user": "\\ud800", "ends": 1e11, "state": "x"}',
    ],
)
def test_what_somebody_else_wrote_redeems_nothing(raw: bytes) -> None:
    store = open_store("memory://")  # noqa: F811
    tokens = OneTimeTokens(store)
    token = tokens.issue("reset", "alice", 600)
    [key] = store.keys("one-time:")
    store.set(key, raw, 600)
    refused(tokens, token)


class Mute:
    """Something that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError


HOSTILE: list[Any] = [
    None, 7, b"x", [], {}, "\ud800", "\0", "é" * 99, "x" * 9999, object(), float("nan"), Mute()
]  # fmt: skip


@pytest.mark.parametrize("bad", HOSTILE, ids=lambda bad: show(bad, 12))
def test_hostile_input(bad: Any) -> None:
    for tokens in (OneTimeTokens(open_store("memory://")), BoundTokens(b"k" * 32)):
        refused(tokens, bad)
        refused(tokens, "x", bad)
        refused(tokens, f"a.{show(bad, 9999)}.c")
        fitting = bad in ("\0", "é" * 99)
        for arguments in ((bad, "alice"), ("reset", bad)):
            if not fitting:
                with pytest.raises(InvalidArgument):
                    tokens.issue(*arguments, ttl=600, bind="state")
        if not isinstance(bad, str | bytes):
            with pytest.raises(InvalidArgument):
                tokens.issue("reset", "alice", 600, bad)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("ttl", [0, -1, True, NAN, INF, LONGEST + 1, "9", 10**400])
def test_a_time_to_live_that_is_none(ttl: Any) -> None:
    with pytest.raises(InvalidArgument, match="bad time to live"):
        OneTimeTokens(open_store("memory://")).issue("reset", "alice", ttl)


def test_no_store_and_no_clock() -> None:
    store: Any
    for store in (None, "memory://"):
        with pytest.raises(InvalidArgument, match="open_store"):
            OneTimeTokens(store)
    for make in (partial(OneTimeTokens, open_store("memory://")), partial(BoundTokens, b"k" * 32)):
        with pytest.raises(InvalidArgument, match="bad clock"):
            make(5)


def test_a_weak_generator_hands_out_nobody_elses_token() -> None:
    codes = iter(["1", "1", "2"])
    tokens = OneTimeTokens(open_store("memory://"), new_token=lambda: next(codes))
    assert [tokens.issue("reset", user, 600) for user in ("alice", "bob")] == ["1", "2"]
    assert tokens.redeem("1", "reset") == "alice"
    stuck = OneTimeTokens(open_store("memory://"), new_token=lambda: "1")
    stuck.issue("reset", "alice", 600)
    with pytest.raises(InvalidArgument, match="100 in a row"):
        stuck.issue("reset", "alice", 600)


# -- with no store ---------------------------------------------------------------------------


def test_bound_works_until_the_state_changes() -> None:
    clock = Clock(1_800_000_000)  # noqa: F811
    tokens = BoundTokens(b"k" * 32, clock)
    state = {"alice": "hash 1", "bob": "hash 1"}
    token = tokens.issue("reset", "alice", 600, bind=state["alice"])
    assert tokens.redeem(token, "reset", bind=state.__getitem__) == "alice"
    for purpose, bind in (("login", "hash 1"), ("reset", "hash 2"), ("reset", "")):
        with pytest.raises(InvalidOneTimeToken):
            tokens.redeem(token, purpose, bind=bind)
    with pytest.raises(InvalidOneTimeToken):
        BoundTokens(b"x" * 32, clock).redeem(token, "reset", bind="hash 1")
    clock.advance(seconds=600)
    with pytest.raises(InvalidOneTimeToken):
        tokens.redeem(token, "reset", bind="hash 1")


def test_a_user_whom_the_state_does_not_know_is_refused() -> None:
    states = {"alice": "h"}
    for tokens in (OneTimeTokens(open_store("memory://")), BoundTokens(b"k" * 32)):
        token = tokens.issue("reset", "alice", 600, bind=states["alice"])
        known: Any = {"bob": "h"}.get
        with pytest.raises(InvalidOneTimeToken):
            tokens.redeem(token, "reset", bind=known)
        with pytest.raises(InvalidArgument):
            tokens.issue("reset", "alice", 600, bind=known)
        with pytest.raises(InvalidArgument):
            tokens.redeem(token, "reset", bind=7)
        assert tokens.redeem(token, "reset", bind=states.__getitem__) == "alice"


def test_bound_to_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="use OneTimeTokens"):
        BoundTokens(b"k" * 32).issue("login", "alice", 600)
    with pytest.raises(InvalidArgument, match="bad key"):
        BoundTokens(b"short")


def test_the_user_of_a_bound_token_cannot_be_changed() -> None:
    tokens = BoundTokens(b"k" * 32)
    from authlab.jose import b64url_decode, b64url_encode

    head, payload, signature = tokens.issue("reset", "mallory", 600, bind="same").split(".")
    claims = json.loads(b64url_decode(payload)) | {"sub": "alice"}
    forged = f"{head}.{b64url_encode(json.dumps(claims).encode())}.{signature}"
    with pytest.raises(InvalidOneTimeToken):
        tokens.redeem(forged, "reset", bind="same")
