"""Weak ids are guessed, strong ones are not, and no guesser runs on for ever."""

import re
from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest

from authlab.attacks.ids import (
    clock_ids,
    counter_ids,
    find_seed,
    guess_clock,
    guess_counter,
    guess_ids,
    guess_twister,
    random_ids,
    twister_ids,
)
from authlab.clock import Clock

NOW = 1_800_000_000


def position(wanted: str, candidates: Iterator[str]) -> int:
    """Return at which try a thief has `wanted`; 0 for never."""
    return next((n for n, text in enumerate(candidates, 1) if text == wanted), 0)


# -- makers -----------------------------------------------------------------------------------


def test_the_counter_counts_whatever_it_is_asked_for() -> None:
    new_id = counter_ids()
    assert [new_id(128), new_id(64), new_id(128)] == ["1001", "1002", "1003"]
    assert counter_ids(start=7)(128) == "7"


def test_the_clock_writes_milliseconds_and_never_twice_the_same() -> None:
    clock = Clock(NOW)
    new_id = clock_ids(clock)
    first = [new_id(128) for _ in range(3)]
    assert first == ["1a3185c5000", "1a3185c5001", "1a3185c5002"]
    clock.advance(seconds=1)
    assert int(new_id(128), 16) == (NOW + 1) * 1000
    clock.advance(seconds=-10)  # a clock set back makes no id twice
    assert int(new_id(128), 16) == (NOW + 1) * 1000 + 1


@pytest.mark.parametrize(("bits", "length"), [(32, 8), (64, 16), (65, 24), (128, 32), (256, 64)])
def test_the_twister_gives_the_same_ids_for_the_same_second(bits: int, length: int) -> None:
    one, two, other = twister_ids(NOW), twister_ids(NOW), twister_ids(NOW + 1)
    ids = [one(bits) for _ in range(5)]
    assert ids == [two(bits) for _ in range(5)]
    assert len(set(ids)) == 5
    assert ids[0] != other(bits)
    assert all(re.fullmatch(f"[0-9a-f]{{{length}}}", text) for text in ids)


@pytest.mark.parametrize(("bits", "length"), [(64, 16), (65, 18), (128, 32), (1, 2)])
def test_random_ids_are_as_long_as_asked(bits: int, length: int) -> None:
    new_id = random_ids()
    assert re.fullmatch(f"[0-9a-f]{{{length}}}", new_id(bits))
    assert new_id(128) != new_id(128)


def test_random_ids_take_their_source_as_an_argument() -> None:
    assert random_ids(draw=lambda size: b"\xab" * size)(24) == "ababab"


# -- guessers ---------------------------------------------------------------------------------


def test_counters_nearest_to_the_newest_first() -> None:
    assert list(guess_counter(["1001", "1003"], reach=3)) == [
        "1004",
        "1002",
        "1005",
        "1006",
        "1000",
    ]


def test_a_counter_stops_at_zero_and_keeps_its_width() -> None:
    assert list(guess_counter(["0001"], reach=3)) == ["0002", "0000", "0003", "0004"]
    assert list(guess_counter(["1000"], reach=1)) == ["1001", "999"]


@pytest.mark.parametrize("form", ["x", "d"])
def test_clocks_in_hex_and_in_decimal(form: str) -> None:
    mine, alice = f"{NOW * 1000:{form}}", f"{NOW * 1000 - 1234:{form}}"
    assert position(alice, guess_clock([mine], window=2)) == 2 * 1234
    assert position(alice, guess_clock([mine], window=1)) == 0
    assert len(list(guess_clock([mine], window=1))) == 2000


@pytest.mark.parametrize(
    "collected",
    [
        [],
        [""],
        ["1001"],  # no time of this century
        ["zz"],
        ["1a3185c5000", "hello"],
        ["0x1a3185c5000"],
        [" 1a3185c5000"],
        ["1a3_185c5000"],
        ["٣٣٣٣"],
        ["f" * 32],
        ["9" * 5000],
    ],
)
def test_what_is_no_clock_is_left_alone(collected: list[str]) -> None:
    assert list(guess_clock(collected)) == []


@pytest.mark.parametrize("collected", [[], [""], ["1001", "x"], ["-5"], ["+5"], ["9" * 5000]])
def test_what_is_no_counter_is_left_alone(collected: list[str]) -> None:
    assert list(guess_counter(collected)) == []


@pytest.mark.parametrize("bits", [32, 64, 128, 160])
def test_the_seed_is_found_from_an_id_in_the_middle(bits: int) -> None:
    new_id = twister_ids(NOW - 500)
    ids = [new_id(bits) for _ in range(50)]
    seconds = range(NOW, NOW - 1000, -1)
    assert find_seed(ids[0], seconds) == (NOW - 500, 0)
    assert find_seed(ids[42], seconds) == (NOW - 500, 42)
    assert find_seed(ids[42], seconds, depth=42) is None
    assert find_seed(ids[0], range(NOW, NOW - 500, -1)) is None


@pytest.mark.parametrize("wanted", ["", "1001", "f" * 31, "F" * 32, "g" * 32, "ab cd ef", "é" * 8])
def test_what_the_twister_cannot_have_made_is_not_searched(wanted: str) -> None:
    def never() -> Iterator[int]:
        raise AssertionError("searched")
        yield 0

    assert find_seed(wanted, never()) is None


def test_the_twister_gives_away_the_ids_before_and_after() -> None:
    new_id = twister_ids(NOW - 500)
    ids = [new_id(128) for _ in range(60)]
    mine = [ids[20], ids[23]]
    found = list(guess_twister(mine, NOW, back=1000, ahead=30))
    assert found[:4] == [ids[24], ids[22], ids[25], ids[21]]
    assert len(found) == 23 + 30 - 1  # all before the newest one but mine, and 30 after it
    assert set(found[:2]) | set(mine) <= set(ids)
    assert list(guess_twister(mine, NOW, back=499)) == []


def test_the_thief_s_clock_may_be_a_little_behind() -> None:
    new_id = twister_ids(NOW)
    mine, alice = new_id(128), new_id(128)
    assert next(guess_twister([mine], NOW - 60, back=1)) == alice


def test_every_kind_is_guessed_by_one_thief() -> None:
    clock = Clock(NOW)
    makers = (counter_ids(), clock_ids(clock), twister_ids(NOW - 3600))
    for new_id, most in zip(makers, (1, 1400, 1), strict=True):
        collected = [new_id(128) for _ in range(20)]
        clock.advance(seconds=0.7)
        alice = new_id(128)
        assert 1 <= position(alice, guess_ids(collected, NOW + 20)) <= most


@pytest.mark.parametrize("count", [0, 1, 20])
def test_ids_from_a_good_source_yield_no_candidate(count: int) -> None:
    new_id = random_ids(draw=Random(1).randbytes)
    assert list(guess_ids([new_id(128) for _ in range(count)], NOW)) == []


def test_the_candidates_come_to_an_end() -> None:
    assert len(list(guess_ids(["1800000000000"], NOW))) == 20_000 + 120_000


def test_no_candidate_is_one_s_own_and_none_comes_twice() -> None:
    for collected in (["1001", "1005"], [f"{NOW * 1000:x}", f"{NOW * 1000 + 9:x}"]):
        found = list(islice(guess_ids(collected, NOW), 5000))
        assert len(set(found)) == len(found)
        assert not set(found) & set(collected)


def test_one_text_is_no_list_of_ids() -> None:
    for guess in (guess_counter, guess_clock):
        with pytest.raises(TypeError, match="expected a list of ids"):
            list(guess("1001"))
    with pytest.raises(TypeError, match="expected a list of ids"):
        list(guess_twister("1001", NOW))
