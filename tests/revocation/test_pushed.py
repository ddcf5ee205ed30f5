"""What is pushed: false alarms counted, indexes given out once, copies that mean harm refused."""

import json
from typing import Any

import pytest

from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import InvalidArgument, InvalidStatusList, ListFull, StatusList
from authlab.revocation.status_list import StatusListStrategy
from authlab.sessions import open_store
from authlab.sessions.base import LONGEST_TTL
from tests.revocation.ways import PUSH, TTL, make
from tests.sessions.servers import START

KEY = generate_key("HS256")


def test_false_refusals_are_counted_one_by_one() -> None:
    clock = Clock(START)
    strategy = make("BloomDenylist", open_store("memory://", clock), clock, expected=50, error=0.2)
    ended = [strategy.issue(f"user {number}") for number in range(50)]
    honest = [strategy.issue("alice") for _ in range(400)]
    for token in ended:
        strategy.log_out(token)
    clock.advance(PUSH)
    assert not any(strategy.accepts(token) for token in ended)  # never a miss
    assert strategy.false_refusals == 0  # these were rightly refused
    refused = sum(not strategy.accepts(token) for token in honest)
    assert strategy.false_refusals == refused
    assert 40 < refused < 130  # about one in five
    before = strategy.cost()
    assert before.reads - strategy.cost().reads == 0


@pytest.mark.parametrize("name", ["BloomDenylist", "StatusList"])
@pytest.mark.parametrize("every", [5e-324, 1e-9])
def test_pushes_without_a_pause_are_refused(name: str, every: float) -> None:
    with pytest.raises(InvalidArgument, match="push_every"):
        make(name, open_store("memory://"), push_every=every)


@pytest.mark.parametrize("name", ["BloomDenylist", "StatusList"])
def test_a_clock_set_back_before_the_first_push(name: str) -> None:
    clock = Clock(START)
    store = open_store("memory://", clock)
    token = make(name, store, key=KEY).issue("alice")
    server = make(name, store, key=KEY)
    clock.advance(seconds=-0.5)
    assert server.accepts(token)


@pytest.mark.parametrize("option", ["expected", "error"])
def test_a_number_that_nobody_could_print(option: str) -> None:
    with pytest.raises(InvalidArgument, match=option):
        make("BloomDenylist", open_store("memory://"), **{option: 10**5000})


def test_a_filter_that_no_server_would_take() -> None:
    with pytest.raises(InvalidArgument, match="expected"):
        make("BloomDenylist", open_store("memory://"), expected=10**8, error=1e-9)


def test_an_index_is_kept_for_a_century_at_the_most() -> None:
    strategy = make("StatusList", open_store("memory://"), ttl=LONGEST_TTL)
    assert strategy.accepts(strategy.issue("alice"))


def test_a_filter_grows_with_its_list() -> None:
    clock = Clock(START)
    strategy = make("BloomDenylist", open_store("memory://", clock), clock, expected=10)
    small = len(strategy.publish())
    for number in range(1000):
        strategy.end({"iss": "i", "jti": str(number), "exp": clock.now() + 100})
    assert len(strategy.publish()) > 50 * small
    clock.advance(PUSH)
    alarms = sum(not strategy.permits({"iss": "i", "jti": f"x{n}"}, None) for n in range(2000))
    assert alarms < 60  # about one in a hundred, as asked for


@pytest.mark.parametrize("data", [
    None, "text", b"", b"x", b"\0" * 8, b"\0" * 20, b"\xff" * 20, bytearray(b"\x06" + b"\0" * 50),
    (65).to_bytes(8, "little") + b"\0" * 20, 5, [],
])  # fmt: skip
def test_a_filter_that_is_none(data: Any) -> None:
    strategy = make("BloomDenylist", open_store("memory://"))
    token = strategy.issue("alice")
    with pytest.raises(InvalidArgument):
        strategy.receive(data)
    assert strategy.accepts(token)


@pytest.mark.parametrize("options", [
    {"expected": 0}, {"expected": True}, {"expected": 1.5}, {"expected": 10**12}, {"error": 0.0},
    {"error": 1.0}, {"error": 1}, {"error": None}, {"error": float("nan")}, {"push_every": 0},
    {"push_every": None}, {"push_every": -1}, {"push_every": float("inf")},
])  # fmt: skip
def test_options_of_the_filter(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        make("BloomDenylist", open_store("memory://"), **options)


def test_the_list_is_the_draft_s_and_the_token_points_into_it() -> None:
    clock = Clock(START)
    strategy = StatusList(open_store("memory://", clock), clock, size=100)
    assert isinstance(strategy, StatusListStrategy)
    token = strategy.issue("alice")
    entry = strategy.read(token)["status"]["status_list"]
    assert set(entry) == {"idx", "uri"}
    strategy.log_out(token)
    pushed = json.loads(strategy.publish())
    assert set(pushed) == {"bits", "lst"}
    statuses = StatusList.decode(pushed)
    assert [index for index, status in enumerate(statuses) if status] == [entry["idx"]]


def test_a_full_list_says_so_and_has_room_again_one_push_after_the_tokens() -> None:
    clock = Clock(START)
    strategy = make("StatusList", open_store("memory://", clock), clock, size=20)
    tokens = [strategy.issue(f"user {number}") for number in range(20)]
    taken = {strategy.read(token)["status"]["status_list"]["idx"] for token in tokens}
    assert taken == set(range(20))  # each index once
    with pytest.raises(ListFull, match="20 live tokens"):
        strategy.issue("alice")
    for token in tokens:
        strategy.log_out(token)
    clock.advance(seconds=TTL)
    with pytest.raises(ListFull):  # a copy may still say that these have ended
        strategy.issue("alice")
    clock.advance(seconds=PUSH)
    assert all(strategy.accepts(strategy.issue("alice")) for _ in range(20))


def test_a_new_token_never_inherits_the_end_of_an_old_one() -> None:
    clock = Clock(START)
    strategy = make("StatusList", open_store("memory://", clock), clock, size=8, ttl=100)
    for _ in range(60):
        try:
            token = strategy.issue("alice")
        except ListFull:
            clock.advance(seconds=17)
            continue
        assert strategy.accepts(token)
        strategy.log_out(token)
        clock.advance(seconds=13)


@pytest.mark.parametrize("data", [
    None, "text", b"", b"[]", b"null", b"{}", b"\xff", b'{"bits": 1, "lst": "x"}', 5,
    b"[" * 100_000, b'{"bits": 1, "lst": "eNrbuRgAAhcBXQ"}',
])  # fmt: skip
def test_a_list_that_is_none_or_too_short(data: Any) -> None:
    strategy = make("StatusList", open_store("memory://"), size=1000)
    token = strategy.issue("alice")
    with pytest.raises(InvalidStatusList):
        strategy.receive(data)
    assert strategy.accepts(token)


@pytest.mark.parametrize("status", [
    None, 5, [], {}, {"status_list": None}, {"status_list": {}}, {"status_list": {"idx": 1}},
    {"status_list": {"idx": 1, "uri": "https://other.test/statuslists/1"}},
    *({"status_list": {"idx": index, "uri": "https://bank.test/statuslists/1"}}
      for index in (-1, 100, True, "1", 1.0, None, 10**30)),
])  # fmt: skip
def test_a_token_without_an_index_on_this_list_is_refused(status: Any) -> None:
    strategy = make("StatusList", open_store("memory://"), size=100)
    claims = {**strategy.new_claims("alice"), "status": status}
    assert strategy.lets_in(claims, None) is False
    assert strategy.end(claims) is False


@pytest.mark.parametrize("size", [0, -1, True, 1.5, None, "5", 10**12])
def test_a_size_that_is_none(size: Any) -> None:
    with pytest.raises(InvalidStatusList):
        StatusList(open_store("memory://"), size=size)


@pytest.mark.parametrize("name", ["BloomDenylist", "StatusList"])
def test_a_clock_that_is_set_back_brings_one_push_and_then_the_usual_pace(name: str) -> None:
    clock = Clock(START)
    strategy = make(name, open_store("memory://", clock), clock)
    token = strategy.issue("alice")
    strategy.accepts(token)
    clock.advance(seconds=-30)
    before = strategy.store.reads
    for step in (0, 0, 30, 29, 0):
        clock.advance(seconds=step)
        strategy.push_if_due()
    assert strategy.store.reads == before + 1
    clock.advance(seconds=2)
    strategy.push_if_due()
    assert strategy.store.reads == before + 2
    assert strategy.cost().bytes_pushed == 3 * len(strategy.publish())
