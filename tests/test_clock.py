import math
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from authlab.clock import Clock


def test_a_clock_never_moved_tells_the_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.25)
    assert clock.now() == 1_700_000_000.25
    monkeypatch.setattr(time, "time", lambda: 1_700_000_007.0)
    assert clock.now() == 1_700_000_007.0


def test_a_moved_clock_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    clock.advance(minutes=5)
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert clock.now() == 1300.0
    monkeypatch.setattr(time, "time", lambda: 1001.0)
    assert clock.now() == 1301.0


@pytest.mark.parametrize("start", [0, -1, 1_700_000_000, 0.5])
def test_a_started_clock_stands_still(start: float) -> None:
    clock = Clock(start)
    assert clock.now() == start
    assert type(clock.now()) is float


def test_units_add_up() -> None:
    clock = Clock(start=0)
    clock.advance(1, 2, 3, 4)
    assert clock.now() == 1 + 2 * 60 + 3 * 3600 + 4 * 86400
    clock.advance(seconds=1, minutes=2, hours=3, days=4)
    assert clock.now() == 2 * (1 + 2 * 60 + 3 * 3600 + 4 * 86400)


def test_a_clock_may_go_back() -> None:
    clock = Clock(start=100)
    clock.advance(hours=1, seconds=-3660)
    assert clock.now() == 40


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 10**400, 1.7e308])
def test_what_is_not_finite_is_refused_and_moves_nothing(bad: float) -> None:
    clock = Clock(start=1e308)
    with pytest.raises(ValueError, match="must be a finite number"):
        clock.advance(days=bad)
    assert clock.now() == 1e308
    clock.advance(-5)  # still usable


@pytest.mark.parametrize("bad", [True, "5", None, b"5", 1j, Decimal(5), datetime.now(UTC), [5]])
@pytest.mark.parametrize("name", ["seconds", "minutes", "hours", "days"])
def test_what_is_no_number_is_refused(bad: object, name: str) -> None:
    clock = Clock(start=7)
    with pytest.raises(TypeError, match=f"{name} must be a number, not {type(bad).__name__}"):
        clock.advance(**{name: bad})  # type: ignore[arg-type]
    assert clock.now() == 7


@pytest.mark.parametrize(
    ("bad", "error"),
    [("0", TypeError), (False, TypeError), (math.nan, ValueError), (math.inf, ValueError)],
)
def test_a_bad_start_is_refused(bad: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="start must be a"):
        Clock(bad)  # type: ignore[arg-type]


def test_threads_lose_no_step() -> None:
    clock = Clock(start=0)

    def push() -> None:
        for _ in range(2000):
            clock.advance(1)

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == 8000
