"""One story for nine strategies on every store; then what each of them costs and survives."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from authlab.clock import Clock
from authlab.jose import encode, generate_key
from authlab.revocation import InvalidArgument, ListFull, RevocationError, Strategy
from authlab.sessions import Store, StoreUnavailable, open_store
from tests.revocation.ways import (
    CLOSED_ONLY,
    NEVER,
    NINE,
    PUSH,
    PUSHED,
    TTL,
    WHOLE_USER,
    FailingStore,
    make,
    settle,
)
from tests.sessions.servers import SHARED, START, open_kind, start_redis, url_of

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=NINE)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# -- the story --------------------------------------------------------------------------------


def test_the_story(name: str, kind: str, store: Store, clock: Clock) -> None:
    strategy = make(name, store, clock)
    laptop, phone, bob = (strategy.issue(user) for user in ("alice", "alice", "bob"))
    everybody = [laptop, phone, bob]
    assert [strategy.accepts(one) for one in everybody] == [True, True, True]
    assert [strategy.read(one)["sub"] for one in everybody] == ["alice", "alice", "bob"]
    assert len(set(everybody)) == 3

    # One log-out.
    assert strategy.log_out(laptop) is (name != "ExpiryOnly")
    if name in PUSHED:
        assert strategy.accepts(laptop)
        assert strategy.lives_on(strategy.verify(laptop)) == PUSH
    settle(strategy, clock)
    lives = name in NEVER
    assert [strategy.accepts(one) for one in everybody] == [lives, lives or name not in WHOLE_USER,
                                                            True]  # fmt: skip
    assert (strategy.read(laptop) is None) is not lives
    assert strategy.log_out(laptop) is False  # there is nothing left to end
    again = strategy.issue("alice")  # at the same reading of the clock
    assert strategy.accepts(again)

    # The account is disabled.
    strategy.revoke_user("alice")
    settle(strategy, clock)
    assert [strategy.accepts(one) for one in (laptop, phone, again)] == [lives] * 3
    assert strategy.accepts(bob)
    back = strategy.issue("alice")
    assert strategy.accepts(back)
    strategy.revoke_user("nobody has this name")

    # What is kept about tokens goes with the tokens.
    clock.advance(TTL + PUSH)
    assert [strategy.accepts(one) for one in (*everybody, again, back)] == [False] * 5
    assert strategy.log_out(back) is False
    if kind != "redis" and name != "ShortLivedWithRefresh":  # refresh tokens live longer
        assert strategy.cost().bytes_held == 0


def test_entries_live_as_long_as_the_token_and_no_longer(name: str) -> None:
    clock = Clock(START + 0.75)
    strategy = make(name, open_store("memory://", clock), clock)
    token = strategy.issue("alice")
    clock.advance(seconds=TTL - PUSH - 1)
    strategy.log_out(token)
    exp = int(START + 0.75) + TTL
    for moment in (exp - 0.5, exp - 0.001):
        clock.advance(seconds=moment - clock.now())
        assert strategy.accepts(token) is (name in NEVER), moment
    clock.advance(seconds=exp + 1 - clock.now())
    assert not strategy.accepts(token)
    if name in ("Denylist", "BloomDenylist"):
        assert strategy.cost().bytes_held == 0


def test_an_ended_token_stays_ended_when_the_clock_is_moved_by_hand(
    name: str, store: Store, clock: Clock
) -> None:
    if name in NEVER:
        pytest.skip("ends nothing")
    strategy = make(name, store, clock)
    token = strategy.issue("alice")
    strategy.log_out(token)
    for step in (PUSH, 100, -30, 60, 50, 60, 100):
        clock.advance(seconds=step)
        assert not strategy.accepts(token), step


# -- what it costs ----------------------------------------------------------------------------

COSTS = {  # reads and writes of: a log-in, a request, a log-out, three tokens of a disabled user
    "ServerSession": ((1, 2), (1, 1), (2, 2), None),
    "ExpiryOnly": ((0, 0), (0, 0), (0, 0), (0, 0)),
    "Denylist": ((1, 1), (1, 0), (0, 1), (1, 3)),
    "NotBefore": ((1, 0), (1, 0), (2, 1), (1, 1)),
    "KeyPerUser": ((1, 1), (1, 0), (1, 1), (0, 1)),
    "BloomDenylist": ((1, 1), (0, 0), (0, 1), (1, 3)),
    "StatusList": ((1, 2), (0, 0), (0, 1), (1, 3)),
    "Introspection": ((1, 2), (1, 0), (1, 1), (1, 3)),
}


@pytest.mark.parametrize("way", COSTS)
def test_exact_costs(way: str) -> None:
    clock = Clock(START)
    strategy = make(way, open_store("memory://", clock), clock)
    strategy.accepts(strategy.issue("carol"))  # the first push is over
    spent = []

    def spend(call: Any, *values: Any) -> Any:
        before = strategy.cost()
        result = call(*values)
        after = strategy.cost()
        spent.append((after.reads - before.reads, after.writes - before.writes))
        return result

    token = spend(strategy.issue, "alice")
    spend(strategy.accepts, token)
    spend(strategy.log_out, token)
    for _ in range(3):
        strategy.issue("bob")
    spend(strategy.revoke_user, "bob")
    if COSTS[way][3] is None:
        spent[3] = None  # type: ignore[call-overload]  # `end_all` looks twice: see Sessions
    assert tuple(spent) == COSTS[way]
    clock.advance(PUSH)
    strategy.accepts(token)
    spend(strategy.accepts, "no token at all")
    assert spent[-1][1] == 0


def test_bytes_held_are_the_keys_and_values_in_the_store(name: str) -> None:
    clock = Clock(START)
    store = open_store("memory://", clock)
    strategy = make(name, store, clock)
    assert strategy.cost().bytes_held == 0
    for user in ("alice", "alice", "bob"):
        strategy.log_out(strategy.issue(user))
        strategy.issue(user)
    weight = sum(len(key.encode()) + len(store.get(key) or b"") for key in store.keys(""))
    before = strategy.store.reads
    assert strategy.cost().bytes_held == weight
    assert strategy.store.reads == before  # a report costs nothing that is metered


@pytest.mark.parametrize("way", PUSHED)
def test_bytes_pushed_add_up_push_by_push(way: str) -> None:
    clock = Clock(START)
    strategy = make(way, open_store("memory://", clock), clock)
    assert strategy.cost().bytes_pushed == 0
    strategy.accepts("x")  # no token: nothing to look up, so no push was needed
    token = strategy.issue("alice")
    strategy.accepts(token)
    once = len(strategy.publish())
    assert strategy.cost().bytes_pushed == once
    clock.advance(seconds=PUSH - 0.001)
    strategy.accepts(token)
    assert strategy.cost().bytes_pushed == once
    clock.advance(seconds=0.001 + 2 * PUSH)  # two were due meanwhile, and one is now
    strategy.accepts(token)
    assert strategy.cost().bytes_pushed == 4 * once


def test_a_key_per_user_is_one_look_up() -> None:
    strategy = make("KeyPerUser", open_store("memory://"))
    tokens = [strategy.issue(f"user {number}") for number in range(50)]
    for token in tokens:
        strategy.store.reset()
        assert strategy.accepts(token)
        assert (strategy.store.reads, strategy.store.writes) == (1, 0)
    strategy.store.reset()
    assert not strategy.accepts(encode({"sub": "x"}, bytes(32), headers={"kid": "x" * 22}))
    assert strategy.store.reads == 1
    assert not strategy.accepts(encode({"sub": "x"}, bytes(32), headers={"kid": "../../etc"}))
    assert strategy.store.reads == 1  # what is no name of a key is not looked up


# -- log-ins at one moment --------------------------------------------------------------------


def test_log_ins_of_one_reading_of_the_clock(store: Store, clock: Clock) -> None:
    strategy = make("NotBefore", store, clock)
    dead = []
    for _ in range(20):
        dead += [strategy.issue("alice"), strategy.issue("alice")]
        assert all(strategy.accepts(token) for token in dead[-2:])
        strategy.revoke_user("alice")
    alive = strategy.issue("alice")
    assert not any(strategy.accepts(token) for token in dead)
    assert strategy.accepts(alive)


def test_the_same_second_later() -> None:
    clock = Clock(START + 0.1)
    strategy = make("NotBefore", open_store("memory://", clock), clock)
    first = strategy.issue("alice")
    clock.advance(seconds=0.2)
    strategy.log_out(first)
    clock.advance(seconds=0.2)
    second = strategy.issue("alice")
    assert int(strategy.read(second)["iat"]) == START
    assert not strategy.accepts(first)
    assert strategy.accepts(second)


# -- the store is down ------------------------------------------------------------------------


def test_in_an_outage_each_does_as_it_said(name: str) -> None:
    for on_outage in ("closed", "open"):
        clock = Clock(START)
        store = FailingStore(clock)
        if on_outage == "open" and name in CLOSED_ONLY:
            with pytest.raises(InvalidArgument, match="cannot tell whose token it is"):
                make(name, store, clock, on_outage="open")
            continue
        strategy = make(name, store, clock, on_outage=on_outage)
        token, ended = strategy.issue("alice"), strategy.issue("bob")
        strategy.log_out(ended)
        assert strategy.accepts(token)
        store.down = True
        unmoved = name in NEVER or name in PUSHED  # for a while
        assert strategy.accepts(token) is (unmoved or on_outage == "open")
        if not unmoved and on_outage == "closed":
            with pytest.raises(StoreUnavailable):
                strategy.read(token)
        # Nobody is told that a log-out has happened.
        if name != "ExpiryOnly":
            for call in (lambda s=strategy, t=token: s.log_out(t),
                         lambda s=strategy: s.revoke_user("alice")):  # fmt: skip
                with pytest.raises(StoreUnavailable):
                    call()
            if name != "ShortLivedWithRefresh":
                # "Open" lets in whoever has a signature, ended or not.
                lets_in = on_outage == "open" or name in PUSHED
                assert strategy.accepts(ended) is lets_in
        clock.advance(PUSH)
        copy_is_too_old = name in PUSHED and on_outage == "closed"
        assert strategy.accepts(token) is ((unmoved and not copy_is_too_old) or on_outage == "open")
        store.down = False
        assert strategy.accepts(token)
        assert strategy.accepts(ended) is (name in NEVER)
        assert strategy.log_out(token) is (name != "ExpiryOnly")


def test_a_push_that_was_lost_is_not_counted_and_is_made_up_for() -> None:
    clock = Clock(START)
    store = FailingStore(clock)
    strategy = make("StatusList", store, clock, on_outage="open")
    token, other = strategy.issue("alice"), strategy.issue("bob")
    strategy.log_out(token)
    before = strategy.cost().bytes_pushed
    store.down = True
    clock.advance(seconds=2.5 * PUSH)
    assert strategy.accepts(token)  # by the old copy
    store.down = False
    assert not strategy.accepts(token)
    assert strategy.accepts(other)
    size = strategy.cost().bytes_pushed - before
    assert size == len(strategy.publish())


def test_a_redis_server_that_is_stopped(tmp_path: Path) -> None:
    clock = Clock(START)
    with start_redis(tmp_path) as server:
        store = open_store(server.url, clock)
        ways = {name: make(name, store, clock) for name in NINE}
        ways |= {f"open {name}": make(name, store, clock, on_outage="open", issuer="https://b.test")
                 for name in NINE if name not in CLOSED_ONLY}  # fmt: skip
        tokens = {way: strategy.issue("alice") for way, strategy in ways.items()}
        assert all(strategy.accepts(tokens[way]) for way, strategy in ways.items())
        server.process.kill()
        server.process.wait()
        clock.advance(PUSH)
        for way, strategy in ways.items():
            start = time.monotonic()
            stays = way.startswith("open ") or way in NEVER
            assert strategy.accepts(tokens[way]) is stays, way
            assert time.monotonic() - start < 3
            if strategy.name != "ExpiryOnly":
                with pytest.raises(StoreUnavailable):
                    strategy.log_out(tokens[way])


# -- tokens and users that mean harm ----------------------------------------------------------


def hostile_tokens(strategy: Strategy) -> list[Any]:
    now, key = int(strategy.clock.now()), strategy.key
    claims: dict[str, Any] = {"iss": strategy.issuer, "sub": "alice", "aud": strategy.issuer,
                              "iat": now, "exp": now + 300, "jti": "x"}  # fmt: skip
    tokens: list[Any] = [
        None, "", b"", 0, 1.5, True, [], {}, object(), "a", "a.b.c", "..", "....", "\ud800",
        "a.b.\ud800", "é.é.é", "\0", b"\xff" * 30, "x" * 10_000_000, "." * 100_000,
        ("A" * 70_000) + ".e30.", "eyJhbGciOiJub25lIn0.e30.", float("nan"), (1, 2), lambda: None,
    ]  # fmt: skip
    if key.material and strategy.name not in ("KeyPerUser", "ServerSession"):
        tokens += [encode(claims | odd, key, strategy.algorithm) for odd in (
            {"iss": "https://evil.test"}, {"aud": "https://other.test"}, {"exp": now},
            {"iat": now + 1000}, {"exp": 10**400, "nbf": now + 5}, {"nbf": now + 5},
        )]  # fmt: skip
        for missing in claims:
            rest = {name: value for name, value in claims.items() if name != missing}
            tokens.append(encode(rest, key, strategy.algorithm))
    stranger = generate_key("HS256")
    tokens.append(encode(claims, stranger))
    tokens.append(encode(claims, stranger, headers={"kid": "x" * 22}))
    head = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    tokens.append(f"{head}.{encode(claims, stranger).split('.')[1]}.")
    return tokens


def test_no_token_makes_it_raise(name: str) -> None:
    clock = Clock(START)
    strategy = make(name, open_store("memory://", clock), clock)
    good = strategy.issue("alice")
    for token in hostile_tokens(strategy):
        assert strategy.accepts(token) is False, repr(token)[:80]
        assert strategy.read(token) is None
        assert strategy.log_out(token) is False
    for cut in (1, 5, 20, len(good) // 2):
        assert strategy.accepts(good[:-cut]) is False
    assert strategy.accepts(good + " ") is False
    assert strategy.accepts(good.encode()) is False  # one interface: a token is text
    assert strategy.accepts(good)


@pytest.mark.parametrize("user", [None, "", b"alice", 5, [], {}, "\ud800", "x" * 1025, "é" * 513])
def test_a_user_that_is_none(name: str, user: Any) -> None:
    strategy = make(name, open_store("memory://"))
    for call in (strategy.issue, strategy.revoke_user):
        with pytest.raises(InvalidArgument):
            call(user)


@pytest.mark.parametrize("user", ["a:b", "\0", "é", "😀" * 256, "x" * 1024, " ", "*", "../..", '"'])
def test_an_odd_user_is_a_user(name: str, user: str) -> None:
    clock = Clock(START)
    strategy = make(name, open_store("memory://", clock), clock)
    token, other = strategy.issue(user), strategy.issue("alice")
    assert strategy.read(token)["sub"] == user
    strategy.revoke_user(user)
    settle(strategy, clock)
    assert strategy.accepts(token) is (name in NEVER)
    assert strategy.accepts(other)


@pytest.mark.parametrize("options", [
    {"ttl": 0}, {"ttl": -1}, {"ttl": 1.5}, {"ttl": True}, {"ttl": "300"}, {"ttl": float("nan")},
    {"ttl": 10**12}, {"ttl": MagicMock(spec=int)}, {"issuer": ""}, {"issuer": None},
    {"on_outage": "perhaps"},
    {"on_outage": None}, {"algorithm": "none"}, {"algorithm": None}, {"algorithm": []},
    {"key": b"short"}, {"key": "text"}, {"key": {"keys": []}}, {"key": 5},
    {"key": b"x" * 32, "algorithm": "ES256"},
])  # fmt: skip
def test_options_that_are_none(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        make(name, open_store("memory://"), **options)


@pytest.mark.parametrize("clock", [5, time.time, "now", 0])
def test_a_clock_that_is_none(name: str, clock: Any) -> None:
    with pytest.raises(InvalidArgument, match="bad clock"):
        make(name, open_store("memory://"), clock)


def test_what_others_write_into_the_store_makes_it_refuse_at_most(name: str) -> None:
    for junk in (b"", b"\xff\xfe", b"[]", b"{}", b"null", b'{"x": "y"}',
                 b'{"' + b"9" * 5000 + b'": 1e999}', b"1" * 25, b'{"-1": 9e99}',
                 b'{"x": 99999999999}'):  # fmt: skip
        clock = Clock(START)
        store = open_store("memory://", clock)
        strategy = make(name, store, clock)
        token = strategy.issue("alice")
        strategy.revoke_user("alice")
        for key in list(store.keys()):
            store.set(key, junk, 1000)
        for prefix in ("ended:", "used:", "live:"):
            store.set(f"{name}:{prefix}{'9' * 600}", junk, 1000)
            store.set(f"{name}:{prefix}x", junk, 1000)
        clock.advance(PUSH)
        strategy.accepts(token)
        strategy.log_out(token)
        strategy.revoke_user("alice")
        with suppress(RevocationError):
            strategy.issue("alice")
        strategy.cost()


def test_a_public_key_checks_and_does_not_sign() -> None:
    store, key = open_store("memory://"), generate_key("ES256")
    issuer = make("Denylist", store, key=key, algorithm="ES256")
    server = make("Denylist", store, key=key.to_jwk(), algorithm="ES256")
    token = issuer.issue("alice")
    assert server.accepts(token)
    with pytest.raises(InvalidArgument, match="only check"):
        server.issue("alice")
    assert server.log_out(token)
    assert not issuer.accepts(token)


def test_one_user_cannot_fill_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authlab.revocation.per_user._MOST", 5)
    for way in ("Denylist", "BloomDenylist", "StatusList", "Introspection"):
        strategy = make(way, open_store("memory://"))
        for _ in range(5):
            strategy.issue("alice")
        with pytest.raises(ListFull, match="5 live tokens of one user"):
            strategy.issue("alice")
        assert strategy.accepts(strategy.issue("bob"))


def test_without_a_list_per_user_a_log_in_costs_nothing() -> None:
    strategy = make("Denylist", open_store("memory://"), by_user=False)
    token = strategy.issue("alice")
    assert strategy.cost()[:3] == (0, 0, 0)
    assert strategy.log_out(token)
    with pytest.raises(InvalidArgument, match="none can be ended"):
        strategy.revoke_user("alice")


# -- several threads and processes ------------------------------------------------------------


@pytest.mark.parametrize("way", [n for n in NINE if n not in NEVER])
def test_what_was_issued_before_a_cut_is_dead_whoever_else_is_at_it(way: str) -> None:
    clock = Clock()
    strategy = make(way, open_store("memory://", clock), clock)
    tokens: list[str] = []
    stop = threading.Event()

    def log_in() -> None:
        while not stop.is_set():
            tokens.append(strategy.issue("alice"))
            time.sleep(0.0005)

    threads = [threading.Thread(target=log_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            time.sleep(0.03)
            before = list(tokens)
            strategy.revoke_user("alice")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    settle(strategy, clock)
    assert before
    assert not any(strategy.accepts(token) for token in before)
    assert strategy.accepts(strategy.issue("alice"))


ELSEWHERE = """
import sys
from authlab import revocation
from authlab.clock import Clock
from authlab.sessions import open_store
name, url, start = sys.argv[1:]
clock = Clock(float(start))
options = {} if name in ("KeyPerUser", "ServerSession") else {"key": bytes(range(32))}
strategy = getattr(revocation, name)(open_store(url, clock), clock, **options)
token = sys.stdin.readline().strip()
print(strategy.accepts(token), strategy.log_out(token), flush=True)
"""


@pytest.mark.parametrize("way", [n for n in NINE if n not in NEVER])
@pytest.mark.parametrize("shared", SHARED)
def test_another_process_ends_it(
    way: str, shared: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    redis = request.getfixturevalue("redis_server").url if shared == "redis" else ""
    clock = Clock(START)
    options = {} if way in ("KeyPerUser", "ServerSession") else {"key": bytes(range(32))}
    with open_kind(shared, tmp_path, clock, redis) as store:
        strategy = make(way, store, clock, **options)
        token = strategy.issue("alice")
        command = [
            sys.executable,
            "-c",
            ELSEWHERE,
            way,
            url_of(shared, tmp_path, redis),
            str(START),
        ]
        done = subprocess.run(command, input=token, cwd=ROOT, capture_output=True, text=True,
                              check=True)  # fmt: skip
        assert done.stdout.split() == ["True", "True"]
        settle(strategy, clock)
        assert not strategy.accepts(token)


FILTER = """
import json, sys
from authlab.revocation import BloomDenylist
from authlab.sessions import open_store
node = BloomDenylist(open_store("memory://"), key=bytes(range(32)))
given = json.load(sys.stdin)
node.push_if_due()  # its own, of an empty store
node.receive(bytes.fromhex(given["filter"]))
print(json.dumps([node.permits({"iss": "i", "jti": jti}, "") for jti in given["jtis"]]))
"""


def test_a_filter_works_in_another_process() -> None:
    clock = Clock()
    strategy = make("BloomDenylist", open_store("memory://", clock), clock, key=bytes(range(32)))
    jtis = [str(number) for number in range(200)]
    for jti in jtis[:100]:
        strategy.end({"iss": "i", "jti": jti, "exp": clock.now() + 100})
    given = json.dumps({"filter": strategy.publish().hex(), "jtis": jtis})
    done = subprocess.run([sys.executable, "-c", FILTER], input=given, cwd=ROOT, text=True,
                          env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True,
                          check=True)  # fmt: skip
    answers = json.loads(done.stdout)
    assert not any(answers[:100])  # never a miss
    assert sum(answers[100:]) > 90  # and few false alarms
