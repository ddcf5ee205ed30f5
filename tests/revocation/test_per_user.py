"""A moment per user: what began before it has ended, what begins after it lives."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from authlab.clock import Clock
from authlab.revocation.per_user import Cutoff
from authlab.sessions import Store, open_store

NOW = 1_800_000_000.25


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def store(clock: Clock) -> Store:
    return open_store("memory://", clock)


@pytest.fixture
def cutoff(store: Store, clock: Clock) -> Cutoff:
    return Cutoff(store, clock, "not-before:")


def test_nothing_is_cut_at_first(cutoff: Cutoff) -> None:
    assert cutoff.stamp("alice") == 1_800_000_000_250_000
    assert not cutoff.has_cut("alice", cutoff.stamp("alice"))


def test_the_clock_may_stand_still(cutoff: Cutoff) -> None:
    """Log in, cut, log in, cut..., all at one reading of the clock: each is told apart."""
    stamps = []
    for _ in range(5):
        stamps += [cutoff.stamp("alice"), cutoff.stamp("alice")]
        assert not cutoff.has_cut("alice", stamps[-1])
        cutoff.cut("alice", 60)
        assert all(cutoff.has_cut("alice", stamped) for stamped in stamps)
    assert not cutoff.has_cut("alice", cutoff.stamp("alice"))


def test_one_user_is_cut_and_no_other(cutoff: Cutoff) -> None:
    alice, bob = cutoff.stamp("alice"), cutoff.stamp("bob")
    cutoff.cut("alice", 60)
    assert cutoff.has_cut("alice", alice)
    assert not cutoff.has_cut("bob", bob)


def test_the_entry_goes_when_nothing_is_left_to_cut(
    cutoff: Cutoff, clock: Clock, store: Store
) -> None:
    cutoff.cut("alice", 60)
    [key] = store.keys()
    assert key.startswith("not-before:")
    assert "alice" not in key
    clock.advance(seconds=60)
    assert list(store.keys()) == []


def test_a_clock_that_goes_back_cuts_all_the_same(cutoff: Cutoff, clock: Clock) -> None:
    first = cutoff.stamp("alice")
    cutoff.cut("alice", 3600)
    clock.advance(seconds=-30)
    second = cutoff.stamp("alice")
    assert cutoff.has_cut("alice", first)
    assert not cutoff.has_cut("alice", second)
    cutoff.cut("alice", 3600)
    assert cutoff.has_cut("alice", second)


def test_a_beginning_by_a_clock_ahead_is_cut_by_name(cutoff: Cutoff, clock: Clock) -> None:
    first = cutoff.stamp("alice")
    clock.advance(seconds=-30)
    cutoff.cut("alice", 3600, stamped=first)
    assert cutoff.has_cut("alice", first)
    assert not cutoff.has_cut("alice", cutoff.stamp("alice"))


@pytest.mark.parametrize("raw", [b"", b"soon", b"-1", b"1e99", b"9" * 30, "²".encode()])
def test_what_somebody_else_wrote_cuts_nothing(cutoff: Cutoff, store: Store, raw: bytes) -> None:
    stamped = cutoff.stamp("alice")
    cutoff.cut("alice", 60)
    store.set(next(store.keys()), raw, 60)
    assert not cutoff.has_cut("alice", stamped)
    cutoff.cut("alice", 60)
    assert cutoff.has_cut("alice", stamped)


def test_cuts_at_once_are_all_kept(cutoff: Cutoff) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: cutoff.cut("alice", 60), range(100)))
    assert cutoff.stamp("alice") == 1_800_000_000_250_000 + 100
