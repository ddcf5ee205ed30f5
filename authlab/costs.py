"""Measure what a call costs. Imports nothing of authlab."""

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import NamedTuple

__all__ = ["Timing", "measure"]

_SHORTEST_SAMPLE = 5e-6  # seconds: long beside what reading the clock takes


class Timing(NamedTuple):
    """Seconds a call took: the median, the 99th percentile, and from how many samples."""

    median: float
    p99: float
    n: int


def measure(fn: Callable[[], object], *, seconds: float = 0.3) -> Timing:
    """Call `fn` for about `seconds` and return its `Timing`; at least three samples are taken.

    A call shorter than 5 microseconds is timed in batches, so its p99 is that of a batch.
    """
    fn()  # the first call pays for caches, imports and lazy set-up
    samples: list[float] = []
    batch, end = 1, perf_counter() + seconds
    while len(samples) < 3 or perf_counter() < end:
        start = perf_counter()
        for _ in range(batch):
            fn()
        took = perf_counter() - start
        if took < _SHORTEST_SAMPLE and batch < 1_000_000:
            batch, samples = batch * 2, []
        else:
            samples.append(took / batch)
    samples.sort()
    p99 = samples[min(len(samples) - 1, int(len(samples) * 0.99))]
    return Timing(statistics.median(samples), p99, len(samples))
