"""Two tabs, sixty-four threads, eight processes, and any order of calls: one chain, or none."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from authlab.clock import Clock
from authlab.revocation import InvalidRefreshToken, RefreshReused, RefreshTokens
from authlab.sessions import Store, open_store
from tests.racing import race_processes
from tests.sessions.child import PATIENT
from tests.sessions.servers import SHARED, START, url_of

ROOT = Path(__file__).parents[2]
TURNS, PROCESSES = 12, 4


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a busy machine take its time: who wins counts here, and not how soon."""
    for module in PATIENT:
        monkeypatch.setattr(module, "_PATIENCE", 30)


def at_once(threads: int, job: Callable[[], Any]) -> list[Any]:
    """Run `job` in threads that start together."""
    start = Barrier(threads)

    def run(_: int) -> Any:
        start.wait()
        return job()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads change places in the middle of things
    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(run, range(threads)))
    finally:
        sys.setswitchinterval(interval)


def attempt(refresh: RefreshTokens, token: str) -> str:
    try:
        return refresh.exchange(token).refresh
    except RefreshReused:
        return "RefreshReused"
    except InvalidRefreshToken:
        return "InvalidRefreshToken"


def live(refresh: RefreshTokens, token: str) -> int:
    return sum(member.live for member in refresh.family(token).members)


@pytest.mark.parametrize("threads", [2, 64])
def test_without_a_window_one_thread_wins(store: Store, threads: int) -> None:
    refresh = RefreshTokens(store, ttl=600, detect_reuse=False, access=str)
    for _ in range(3):
        token = refresh.issue("alice")
        found = at_once(threads, lambda token=token: attempt(refresh, token))
        assert found.count("RefreshReused") == threads - 1
        assert live(refresh, token) == 1
        child = max(found, key=len)
        refresh.exchange(child)


@pytest.mark.parametrize("threads", [2, 64])
def test_with_detection_the_second_thread_ends_it(store: Store, threads: int) -> None:
    refresh = RefreshTokens(store, ttl=600, access=str)
    token = refresh.issue("alice")
    found = at_once(threads, lambda: attempt(refresh, token))
    assert found.count("RefreshReused") == threads - 1
    assert refresh.family(token).over == "reused"
    assert live(refresh, token) == 0
    assert len(refresh.family(token).members) == 2


@pytest.mark.parametrize("threads", [2, 64])
def test_within_a_window_all_threads_get_the_one_child(store: Store, threads: int) -> None:
    refresh = RefreshTokens(store, ttl=600, grace=60, access=str)
    token = refresh.issue("alice")
    found = at_once(threads, lambda: attempt(refresh, token))
    assert len(set(found)) == 1
    assert live(refresh, token) == 1
    assert len(refresh.family(token).members) == 2
    refresh.exchange(found[0])


def test_a_window_done_wrong_gives_each_thread_a_chain(store: Store) -> None:
    refresh = RefreshTokens(store, ttl=600, grace=60, grace_mints=True, access=str)
    token = refresh.issue("alice")
    found = at_once(8, lambda: attempt(refresh, token))
    assert len(set(found)) == 8
    assert live(refresh, token) == 8


def test_no_exchange_outlives_a_log_out(store: Store) -> None:
    """However an exchange and a log-out fall, nothing that goes on is left."""
    refresh = RefreshTokens(store, ttl=600, grace=60, access=str)
    for _ in range(5):
        token = refresh.issue("alice")
        calls = iter([refresh.revoke, refresh.exchange] * 4)

        def job(token: str = token, calls: Any = calls) -> str:
            try:
                answer = next(calls)(token)
            except InvalidRefreshToken:
                return ""
            return answer.refresh if isinstance(answer, tuple) else ""

        children = {child for child in at_once(8, job) if child}
        for each in (token, *children):
            with pytest.raises(InvalidRefreshToken):
                refresh.exchange(each)


@pytest.mark.parametrize("grace", [0, 60])
@pytest.mark.parametrize("kind", SHARED)
def test_of_processes_one_starts_the_chain(
    kind: str, grace: float, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = url_of(kind, tmp_path)
    if kind == "redis":
        url = request.getfixturevalue("redis_server").url
    with open_store(url) as store:
        refresh = RefreshTokens(store, ttl=600, grace=grace, detect_reuse=grace > 0, access=str)
        tokens = [refresh.issue("alice") for _ in range(TURNS)]
        command = [sys.executable, "-m", "tests.revocation.refreshing", url, str(grace), *tokens]
        answers = race_processes([command] * PROCESSES)
        for token, found in zip(tokens, zip(*answers, strict=True), strict=True):
            children = [each for each in found if len(each) > 40]
            assert len(set(children)) == 1
            assert len(children) == (PROCESSES if grace else 1), found
            assert live(refresh, token) == 1
            refresh.exchange(children[0])


# -- any order of calls, beside a plain model -----------------------------------------------------


class FamiliesBesideAModel(RuleBasedStateMachine):
    """The model keeps every token as text in lists, and looks through them."""

    @initialize(
        grace=st.sampled_from([0, 0, 10]),
        detect=st.booleans(),
        absolute=st.sampled_from([None, 250]),
    )
    def begin(self, grace: float, detect: bool, absolute: float | None) -> None:
        self.clock = Clock(START)
        self.grace, self.detect, self.absolute = grace, detect, absolute
        self.refresh = RefreshTokens(
            open_store("memory://", self.clock),
            ttl=100,
            grace=grace,
            detect_reuse=detect,
            absolute=absolute,
            access=str,
        )
        self.families: list[dict[str, Any]] = []

    @rule(user=st.sampled_from(["alice", "bob"]))
    def issue(self, user: str) -> None:
        now = self.clock.now()
        last = now + self.absolute if self.absolute else 1e12
        chain = [self.refresh.issue(user)]
        ends = min(now + 100, last)
        family = {"user": user, "chain": chain, "used": [], "ends": ends, "last": last, "on": True}
        self.families.append(family)

    @rule(seconds=st.sampled_from([0.5, 9.5, 10, 60, 99.5, 100]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def pick(self, data: st.DataObject) -> tuple[dict[str, Any], int] | None:
        if not self.families:
            return None
        family = data.draw(st.sampled_from(self.families))
        return family, data.draw(st.integers(1, min(4, len(family["chain"]))))

    @rule(data=st.data())
    def exchange(self, data: st.DataObject) -> None:
        if not (picked := self.pick(data)):
            return
        family, back = picked
        now, chain, used = self.clock.now(), family["chain"], family["used"]
        answer = attempt(self.refresh, chain[-back])
        if now >= family["ends"]:
            assert answer == "InvalidRefreshToken"
        elif not family["on"]:
            assert answer in ("RefreshReused", "InvalidRefreshToken")
        elif back == 1:
            assert answer not in chain
            assert len(answer) > 40
            chain.append(answer)
            used.append(now)
            family["ends"] = min(now + 100, family["last"])
        elif back == 2 and now < used[-1] + self.grace:
            assert answer == chain[-1]
        else:
            assert answer == "RefreshReused"
            family["on"] = family["on"] and not self.detect

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        if not (picked := self.pick(data)):
            return
        family, back = picked
        goes_on = family["on"] and self.clock.now() < family["ends"]
        assert self.refresh.revoke(family["chain"][-back]) == goes_on
        family["on"] = False

    @rule(user=st.sampled_from(["alice", "bob"]))
    def revoke_user(self, user: str) -> None:
        self.refresh.revoke_user(user)
        for family in self.families:
            family["on"] = family["on"] and family["user"] != user

    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        if not (picked := self.pick(data)):
            return
        family, back = picked
        if self.clock.now() >= family["ends"]:
            with pytest.raises(InvalidRefreshToken):
                self.refresh.family(family["chain"][-back])
            return
        seen = self.refresh.family(family["chain"][-back])
        assert bool(seen.over) == (not family["on"])
        assert sum(member.live for member in seen.members) == family["on"]
        assert seen.asked == len(family["chain"]) - back
        assert seen.ends == family["ends"]


TestFamiliesBesideAModel = FamiliesBesideAModel.TestCase
TestFamiliesBesideAModel.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
