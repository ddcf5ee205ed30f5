"""What the entropy meter says, apart from how it is drawn."""

import pytest

from authlab.widgets.meter import WAYS, measure_ids

COUNTER, CLOCK, TWISTER, SHORT, GOOD = WAYS


def test_the_ways() -> None:
    assert (COUNTER, GOOD) == ("a counter", "128 random bits (secrets)")


@pytest.mark.parametrize("way", [COUNTER, CLOCK])
def test_a_weak_way_shows(way: str) -> None:
    seen = measure_ids(way, 300, 10_000, 100_000)
    assert seen.ok is False
    assert seen.sample.estimate.bits < 20


def test_a_seeded_generator_does_not_show_until_it_is_predicted() -> None:
    before = measure_ids(TWISTER, 300, 10_000, 100_000)
    after = measure_ids(TWISTER, 300, 10_000, 100_000, tried=True)
    assert before.ok is None
    assert before.sample.estimate.bits > 100
    assert after.ok is False
    assert after.prediction
    assert after.prediction.at == 1


def test_a_good_source_is_not_predicted() -> None:
    seen = measure_ids(GOOD, 300, 10_000, 100_000, tried=True)
    assert seen.prediction
    assert seen.prediction.at == 0
    assert seen.ok is not False


def test_the_same_controls_show_the_same() -> None:
    first = measure_ids(CLOCK, 50, 100, 100)
    assert first == measure_ids(CLOCK, 50, 100, 100)
    assert first.sample.ids != measure_ids(CLOCK, 50, 100, 100, number=1).sample.ids


def test_both_times_are_named() -> None:
    """64 bits, 10,000 guesses a second, 100,000 sessions: OWASP's example."""
    rows = {name: (mean, whole) for name, _, mean, whole in measure_ids(GOOD, 20, 1e4, 1e5).rows}
    (mean, whole) = next(rows[name] for name in rows if name.startswith("64"))
    assert "292" in mean
    assert "585" in whole
