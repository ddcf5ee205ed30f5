"""Some log-ins of a population: when they ask, expire and end. Imports `population`.

Nothing here knows of a strategy.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any, TypeVar, cast

import numpy as np

from authlab.revocation.population import Bools, Events, Ints, Population, spreads

__all__ = [
    "NEVER",
    "Scene",
    "asked",
    "count_true",
    "gather",
    "look_up",
    "next_ask",
]

T = TypeVar("T")


NEVER = 2**30  # seconds: later than everything; twice as much fits in 32 bits


@dataclass(eq=False)
class Scene:
    """All log-ins of the users of whom at least one log-in ends; one entry of each array for each.

    `user` numbers the users here from 0. `refreshes` and `asks` are the seconds of the first
    refresh and the first request, `expires` when the token it began with expires, `at` the second
    in whose middle it ends (NEVER), `copy` as in Events. What several strategies ask for is worked
    out once.
    """

    population: Population
    user: Ints
    refreshes: Ints
    asks: Ints
    expires: Ints
    at: Ints
    disabled: Bools
    copy: Ints

    def __post_init__(self) -> None:
        self._known: dict[str, Any] = {}

    def once(self, name: str, make: Callable[["Scene"], T]) -> T:
        """Return what `make` makes of this scene, from memory when it is asked for again."""
        if name not in self._known:
            self._known[name] = make(self)
        return cast(T, self._known[name])

    @cached_property
    def ended(self) -> Bools:
        before: Bools = self.at < NEVER
        return before

    @cached_property
    def out(self) -> Ints:
        """From which second on its owner does not ask: after the end, or after the window."""
        second: Ints = np.minimum(self.at + 1, self.population.seconds)
        return second

    @cached_property
    def late(self) -> Bools:
        """Which ends fall into the outage: they happen when it is over."""
        start, end = self.population.down
        return (start <= self.at) & (self.at < end)

    @cached_property
    def effect(self) -> Ints:
        """From which second on an end can be known: at once, or after the outage."""
        return np.where(self.late, self.population.down[1], self.at + 1)

    @cached_property
    def moment(self) -> Ints:
        """The last full second before the end takes effect: a token that expires later is ended."""
        return self.effect - 1

    @cached_property
    def first(self) -> Ints:
        """Where in the arrays each user's log-ins begin."""
        return np.flatnonzero(np.diff(self.user, prepend=-1))

    @cached_property
    def accounts(self) -> tuple[int, int]:
        """How many accounts are disabled, and how many of them while the store is down."""
        first = np.diff(self.user[self.disabled], prepend=-1) > 0
        return count_true(first), count_true(self.late[self.disabled] & first)

    @cached_property
    def endless(self) -> "Scene":
        """The same log-ins, as if none of them ended."""
        return replace(self, at=np.full_like(self.at, NEVER))

    @cached_property
    def ending(self) -> "Scene":
        """Those that end."""
        pick = self.of_ended
        first = pick(self.user), pick(self.refreshes), pick(self.asks), pick(self.expires)
        return Scene(self.population, *first, pick(self.at), pick(self.disabled), pick(self.copy))

    def of_users(self, combine: np.ufunc, array: Ints) -> Ints:
        """Return what `combine` makes of the entries of each user's log-ins."""
        devices = self.population.devices
        if len(array) == len(self.first) * devices:  # many times as fast as the other
            return reduce(combine, (array[number::devices] for number in range(devices)))
        combined: Ints = combine.reduceat(array, self.first)
        return combined

    @cached_property
    def asked_in_vain(self) -> int:
        """How many requests of an ended scene come after the end."""
        return self.asked_after(0, self.population.seconds)

    def asked_after(self, start: Ints | int, end: Ints | int) -> int:
        """Return how many requests of an ended scene come after the end, from `start` to `end`."""
        who = self._who_asks
        first, gap = self._asker, self.population.gap
        start = start if isinstance(start, int) else start[who]
        end = end if isinstance(end, int) else end[who]
        return int(asked(first, gap, np.maximum(self.at[who] + 1, start), end).sum())

    @cached_property
    def _who_asks(self) -> Ints:
        return np.flatnonzero(self.disabled | (self.copy >= 0))

    @cached_property
    def _asker(self) -> Ints:
        """The second within `gap` at which they do."""
        who = self._who_asks
        return np.where(self.disabled[who], self.asks[who], self.copy[who])

    @cached_property
    def _places(self) -> Ints:
        return np.flatnonzero(self.ended)

    def of_ended(self, array: Ints) -> Ints:
        """Return what an array says of those that end."""
        return array[self._places]


def count_true(marked: Bools) -> int:
    """Return how many are true."""
    return int(np.count_nonzero(marked))


def asked(first: Ints, gap: int, start: Ints | int, end: Ints | int) -> Ints:
    """Return how often `first`, `first` + `gap`, ... falls from `start` to before `end`."""
    if isinstance(start, int) and start == 0:
        return _up(end - first, gap)
    found: Ints = np.maximum(_up(end - first, gap) - _up(start - first, gap), 0)
    return found


def next_ask(first: Ints, gap: int, start: Ints | int) -> Ints:
    """Return the first of `first`, `first` + `gap`, ... that is not before `start`."""
    found: Ints = first + _up(start - first, gap) * gap
    return found


def _up(number: Ints, gap: int) -> Ints:
    whole: Ints = np.maximum((number + (gap - 1)) // gap, 0)
    return whole


def gather(population: Population, events: Events) -> Scene:
    """Return the log-ins of all users who are in `events`."""
    devices = population.devices
    of_user = events.device // devices
    begins = np.diff(of_user, prepend=-1) > 0  # they come in order
    users, rank = of_user[begins], np.cumsum(begins) - 1
    device = (users[:, None] * devices + np.arange(devices)).ravel()
    place = rank * devices + events.device % devices
    at = np.full(len(device), NEVER, dtype=np.int32)
    at[place] = events.at
    disabled = np.zeros(len(device), dtype=np.bool_)
    disabled[place] = events.disabled
    copy = np.full(len(device), -1, dtype=np.int32)
    copy[place] = events.copy
    user = np.repeat(np.arange(len(users), dtype=np.int32), devices)
    there = int(np.searchsorted(device, population.tokens))  # the last user may have fewer
    return look_up(
        population, device[:there], user[:there], at[:there], disabled[:there], copy[:there]
    )


def look_up(
    population: Population, device: Ints, user: Ints, at: Ints, disabled: Bools, copy: Ints
) -> Scene:
    refreshing, expiring = spreads(population)
    refreshes = refreshing.of(device).astype(np.int32)
    expires = 1 + expiring.of(device).astype(np.int32)
    asks = refreshes % population.gap
    return Scene(population, user, refreshes, asks, expires, at, disabled, copy)
