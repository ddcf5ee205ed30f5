"""The estimate bounds what it can, says what it cannot, and the times are those of the field."""

import base64
import math
import uuid
from random import Random

import pytest

from authlab.attacks.entropy import Estimate, estimate, guess_time, readable
from authlab.attacks.ids import clock_ids, counter_ids, random_ids, twister_ids
from authlab.clock import Clock

NOW = 1_800_000_000


def clock_sample(count: int, gap: float = 0.4) -> list[str]:
    chance, clock = Random(7), Clock(NOW)
    new_id, ids = clock_ids(clock), []
    for _ in range(count):
        clock.advance(chance.expovariate(1 / gap))
        ids.append(new_id(128))
    return ids


def base64_sample(count: int, size: int = 16) -> list[str]:
    chance = Random(3)
    return [
        base64.urlsafe_b64encode(chance.randbytes(size)).decode().rstrip("=") for _ in range(count)
    ]


# -- the estimate -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 10, 100, 1000])
def test_a_counter_holds_nothing(count: int) -> None:
    new_id = counter_ids(start=990)
    found = estimate([new_id(128) for _ in range(count)])
    assert found.bits == 0
    assert found.method == "differences"
    assert found.enough
    assert "always the same" in found.sentence


@pytest.mark.parametrize("text", ["user-{}-x", "sess{:08d}", "{:x}", "{:X}", "öß{}"])
def test_a_counter_in_other_clothes(text: str) -> None:
    found = estimate([text.format(n) for n in range(1000, 1100)])
    assert found.bits < 3
    assert found.method == "differences"


def test_a_counter_that_others_use_too_holds_the_spread_of_its_steps() -> None:
    chance, number, ids = Random(2), 1000, []
    for _ in range(500):
        number += chance.randrange(1, 9)  # 3 bits
        ids.append(str(number))
    assert 3 <= estimate(ids).bits <= 3.5


@pytest.mark.parametrize("count", [30, 100, 1000])
def test_a_clock_holds_the_spread_of_the_logins(count: int) -> None:
    found = estimate(clock_sample(count))
    truth = math.log2(math.e * 400)  # the entropy of exponential waits of 400 ms
    assert truth - 1 < found.bits < truth + 1.5
    assert found.enough
    if count >= 100:  # before, the last three digits come out as low
        assert found.method == "differences"


@pytest.mark.parametrize("bits", [64, 128, 192])
@pytest.mark.parametrize("count", [32, 60, 100, 1000])
def test_random_hex_shows_nearly_all_its_bits(bits: int, count: int) -> None:
    new_id = random_ids(draw=Random(count).randbytes)
    found = estimate([new_id(bits) for _ in range(count)])
    assert found.method == "positions"
    assert 0.9 * bits < found.bits <= found.ceiling <= bits
    assert len(found.positions) == bits / 4
    if count == 1000:
        assert found.bits > bits - 0.5
        assert "upper bound" in found.sentence


def test_random_base64_shows_its_bits() -> None:
    found = estimate(base64_sample(1000))
    assert 126 < found.bits < 129.5  # 22 characters; the last one holds only 2 bits
    assert found.positions[-1] == pytest.approx(2, abs=0.05)


def test_a_version_4_uuid_has_122_bits() -> None:
    chance = Random(4)
    ids = [str(uuid.UUID(bytes=chance.randbytes(16), version=4)) for _ in range(1000)]
    assert estimate(ids).bits == pytest.approx(122, abs=1)


def test_the_seeded_twister_is_not_seen() -> None:
    new_id = twister_ids(NOW)
    found = estimate([new_id(128) for _ in range(200)])
    assert found.bits > 127  # it holds 16.4
    assert "guessable seed" in found.sentence


def test_few_possible_values_are_found_by_their_duplicates() -> None:
    chance = Random(5)
    table = [chance.randbytes(16).hex() for _ in range(300)]  # 300 ids that look perfect
    found = estimate([chance.choice(table) for _ in range(200)])
    assert found.method == "duplicates"
    assert found.bits == pytest.approx(math.log2(300), abs=0.6)


def test_equal_ids_hold_nothing() -> None:
    found = estimate(["abc"] * 10)
    assert (found.bits, found.method, found.positions) == (0, "duplicates", (0, 0, 0))


@pytest.mark.parametrize("ids", [[], ["abc"], [""]])
def test_less_than_two_ids_show_nothing_and_it_says_so(ids: list[str]) -> None:
    found = estimate(ids)
    assert (found.bits, found.ceiling, found.enough) == (0, 0, False)
    assert "Collect more" in found.sentence


@pytest.mark.parametrize("count", [2, 3, 5, 10, 16, 31])
def test_a_small_sample_does_not_claim_much(count: int) -> None:
    new_id = random_ids(draw=Random(count).randbytes)
    found = estimate([new_id(128) for _ in range(count)])
    assert found.bits <= found.ceiling == pytest.approx(32 * min(4, math.log2(count)))
    assert max(found.positions) <= math.log2(count)
    assert not found.enough
    assert f"cannot show more than {found.ceiling:.0f}, whatever made them" in found.sentence


def test_a_small_sample_can_still_convict() -> None:
    assert estimate(clock_sample(10)).enough
    assert estimate(clock_sample(10)).bits < 12


def test_the_correction_for_small_samples_is_miller_and_madow_s() -> None:
    # 8 heads and 4 tails: 0.9183 bits by the plain formula, and (2 - 1) / (2 * 12 * ln 2) more
    ids = ["a"] * 8 + ["b"] * 4
    plain = -(2 / 3) * math.log2(2 / 3) - (1 / 3) * math.log2(1 / 3)
    assert estimate(ids).positions == pytest.approx([plain + 1 / (24 * math.log(2))])


@pytest.mark.parametrize(
    "ids",
    [
        ["", "a", "bb", "ccc"],
        ["", "", ""],
        ["\0", "\ud800", "🏦"],
        ["a" * 1000, "b" * 1000, "c" * 999],
        ["9" * 3000, "1" * 3000, "5" * 3000],
    ],
)
def test_odd_ids_get_a_figure(ids: list[str]) -> None:
    found = estimate(ids)
    assert isinstance(found, Estimate)
    assert 0 <= found.bits <= found.ceiling < math.inf
    assert len(found.positions) == max(map(len, ids))


def test_one_text_is_no_sample() -> None:
    with pytest.raises(TypeError, match="expected a list of ids"):
        estimate("1001")


# -- the times --------------------------------------------------------------------------------


def test_64_bits_take_292_years_on_average_and_585_in_all() -> None:
    found = guess_time(64)
    assert found == guess_time(64, guesses=10_000, live=100_000)
    assert (readable(found.mean), readable(found.whole)) == ("292 years", "585 years")
    assert found.mean == pytest.approx(2**64 / (2 * 10_000 * 100_000))
    assert found.whole == pytest.approx(2 * found.mean)


@pytest.mark.parametrize("bits", [0, 0.5, 10.6, 128, 1000])
def test_more_guesses_or_sessions_shorten_it(bits: float) -> None:
    assert guess_time(bits, guesses=1, live=1).whole == pytest.approx(2.0**bits)
    slow = guess_time(bits, guesses=10, live=10)
    assert guess_time(bits, guesses=100, live=10).mean == pytest.approx(slow.mean / 10)
    assert guess_time(bits, guesses=10, live=100).mean == pytest.approx(slow.mean / 10)


def test_a_time_too_long_for_a_float_is_infinite() -> None:
    assert guess_time(2000).mean == math.inf
    assert math.isfinite(guess_time(1024).whole)
    assert readable(math.inf) == "more years than can be counted here"


@pytest.mark.parametrize(
    "asked",
    [
        {"bits": -1},
        {"bits": math.nan},
        {"bits": math.inf},
        {"bits": 64, "guesses": 0},
        {"bits": 64, "live": -5},
        {"bits": 64, "live": math.inf},
        {"bits": 64, "guesses": math.nan},
    ],
)
def test_what_has_no_time_is_refused(asked: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"{list(asked)[-1]}: found .*, expected a finite number"):
        guess_time(**asked)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a millisecond"),
        (0.0009, "less than a millisecond"),
        (0.05, "50 milliseconds"),
        (0.4, "0.4 seconds"),
        (1, "1 second"),
        (1.5, "1.5 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (3600, "60 minutes"),
        (9000, "2.5 hours"),
        (86_400 * 9.97, "10 days"),
        (86_400 * 400, "400 days"),
        (31_557_600 * 2, "2 years"),
        (31_557_600 * 12_345, "12,345 years"),
        (31_557_600 * 5.4e6, "5.4 million years"),
        (31_557_600 * 5.4e10, "54 billion years"),
        (31_557_600 * 5.4e12, "5.4 thousand billion years"),
        (31_557_600 * 5.4e15, "5.4 million billion years"),
        (31_557_600 * 5.4e21, "5,400 billion billion years"),
        (31_557_600 * 1e60, "about 10 to the power of 60 years"),
    ],
)
def test_times_in_words(seconds: float, text: str) -> None:
    assert readable(seconds) == text


@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_what_is_no_time_has_no_words(seconds: float) -> None:
    with pytest.raises(ValueError, match="expected 0 or more"):
        readable(seconds)
