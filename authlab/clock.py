"""One clock that lessons can move; it imports only the standard library."""

import math
import threading
import time
from numbers import Real


class Clock:
    """Tell the time in Unix seconds, and let a lesson move it.

    `Clock()` follows the real time, plus whatever it was advanced. `Clock(start=1_700_000_000)`
    stands at `start` (Unix seconds) and moves only when it is advanced. Safe to share between
    threads.
    """

    def __init__(self, start: float | None = None) -> None:
        self._start = None if start is None else _number("start", start)
        self._moved = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the time: seconds since 1970-01-01 00:00 UTC."""
        return (time.time() if self._start is None else self._start) + self._moved

    def advance(
        self, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Move the clock on by the sum of what is given; a negative sum moves it back.

        Going back is allowed because real clocks do: they get corrected. Raises TypeError for
        anything but a number, ValueError for one that is not finite; the clock then stays put.
        """
        step = (
            _number("seconds", seconds)
            + _number("minutes", minutes) * 60
            + _number("hours", hours) * 3600
            + _number("days", days) * 86400
        )
        with self._lock:
            _number("The time after this step", self.now() + step)
            self._moved += step

    def __repr__(self) -> str:
        return f"Clock(now={self.now():.3f}, moved={self._moved:+g} s)"


def _number(name: str, value: object) -> float:
    """Return `value` as a finite float; bool counts as no number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, not {number}.")
    return number
