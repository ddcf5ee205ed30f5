"""The nine strategies on a whole population, in NumPy: a thousand log-ins or a hundred million.

Imports `ways`, which does the arithmetic, `population` and `table`. Memory and time grow with the
log-ins that end; what the others do has closed forms.
"""

import math
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from authlab.clock import Clock
from authlab.revocation.arguments import refuse
from authlab.revocation.population import Population, count_chunks, draw_events
from authlab.revocation.table import Row, Table, in_seconds
from authlab.revocation.ways import WAYS
from authlab.revocation.ways.lives import plain_totals
from authlab.revocation.ways.pushes import mean_digits, status_size
from authlab.revocation.ways.scene import Scene, gather
from authlab.sessions.memory import MemoryStore

__all__ = ["ALL", "simulate"]

ALL = tuple(WAYS)

_START = 1_800_000_000  # Unix seconds: as many digits as now

Progress = Callable[[float], object]
Halves = npt.NDArray[np.uint32]


def simulate(
    population: Population, strategies: Iterable[Any] = ALL, *, progress: Progress | None = None
) -> Table:
    """Return what each of `strategies`, names or classes, does with this population.

    The events are drawn once, and every strategy meets the same ones. Calls of the store, bytes
    and refusals are those of the strategies' own classes, to the last one. Three figures are
    estimates: the false alarms of `BloomDenylist`, drawn at its filters' rate; how well a status
    list packs, measured on a sample; and how often an index on it is taken. p50 and p99 are exact:
    the shortest time that so many of the ended log-ins do not exceed.

    `progress` is called with the share that is done, 0 to 1; what it raises stops the simulation.
    Raises InvalidArgument.
    """
    if not isinstance(population, Population):
        refuse("population", population, "a Population(...)")
    if isinstance(strategies, str) or not isinstance(strategies, Iterable):
        refuse("strategies", strategies, "a list of them")
    names = [_name_of(strategy) for strategy in strategies]

    def tell(share: float) -> None:
        if progress is not None:
            progress(share)

    ahead = 0.3 if population.outage and names else 0.0  # the share of what comes first
    if ahead:
        plain_totals(population, needs_store=True, tell=lambda share: tell(share * ahead))
    counted = [_Count(population, name) for name in names]
    done, steps = 0, max(1, len(counted)) * count_chunks(population)
    for events in draw_events(population):
        scene = gather(population, events)
        for count in counted:
            tell(ahead + (1 - ahead) * done / steps)
            count.add(scene)
            done += 1
    rows = [count.row() for count in counted]
    tell(1.0)
    return Table(rows, _title(population))


class _Count:
    """The sums of one strategy, while the population goes by."""

    def __init__(self, population: Population, name: str) -> None:
        self.way = WAYS[name](population)
        self.way.token = token_bytes(name, population)
        self.tally = self.way.plain()
        self.stale: list[Halves] = []
        self.ended = 0

    def add(self, scene: Scene) -> None:
        change = self.way.change(scene)
        self.tally = self.tally.plus(change._replace(stale=()))
        for part in change.stale:
            self.ended += len(part)
            if part.any():  # most ways end access at once: zeros are counted, not kept
                self.stale.append(part[part > 0].astype(np.uint32))

    def row(self) -> Row:
        population, tally = self.way.population, self.tally.plus(self.way.finish())
        late = np.concatenate([np.zeros(0, np.uint32), *self.stale])
        self.stale.clear()

        places = [math.ceil(share * self.ended) - 1 - self.ended for share in (0.5, 0.99, 1)]
        kept = [place for place in places if -len(late) <= place < 0]  # counted from the end
        late = np.partition(late, kept) if kept else late
        p50, p99, worst = (float(late[place]) / 2 if place in kept else 0.0 for place in places)

        mean = float(late.sum(dtype=np.int64)) / 2 / self.ended if self.ended else 0.0
        return Row(
            name=self.way.name,
            seconds=population.seconds,
            ended=self.ended,
            stale_mean=mean,
            stale_p50=p50,
            stale_p99=p99,
            stale_worst=worst,
            let_in=tally.let_in,
            requests=tally.requests,
            refused=tally.refused,
            reads=tally.reads,
            writes=tally.writes,
            bytes_held=round(tally.held),
            bytes_pushed=tally.pushed,
            token_bytes=tally.wire,
            nodes=population.nodes,
            round_trip=population.round_trip,
        )


def _title(population: Population) -> str:
    title = f"{population.tokens:,} live log-ins, {in_seconds(population.seconds)}"
    if population.outage:
        title += f", store down for {in_seconds(population.outage)} ({population.on_outage})"
    return title


def token_bytes(name: str, population: Population) -> float:
    """Return the size of a strategy's token, issued by the real class."""
    size = _token_of(name)
    if name == "StatusList":  # the index in it has as many digits as the list is long
        size += (mean_digits(status_size(population)) - 1) * 4 / 3
    return size


@cache
def _token_of(name: str) -> float:
    module = import_module("authlab.revocation")
    strategy = getattr(module, name)(MemoryStore(Clock(_START)))
    token = strategy.issue("user00000000")
    if name == "StatusList":
        payload = token.split(".")[1]
        claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        digits = len(str(strategy.verify(token)["status"]["status_list"]["idx"]))
        return len(token) - len(payload) + (len(claims) - digits + 1) * 4 / 3
    return float(len(token))


def _name_of(strategy: Any) -> str:
    name = strategy if isinstance(strategy, str) else getattr(strategy, "name", None)
    if name is None:
        name = getattr(strategy, "__name__", strategy)
    if not isinstance(name, str) or name not in WAYS:
        refuse("strategy", strategy, f"one of {', '.join(ALL)}")
    return name
