"""What the log-ins of a population do, counted: closed forms for all, arrays for a few.

Imports `population`. Nothing here knows of a strategy.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from authlab.revocation.population import Bools, Events, Ints, Population, spreads

__all__ = [
    "NEVER",
    "Life",
    "Scene",
    "Totals",
    "asked",
    "asked_by_all",
    "gather",
    "live",
    "live_totals",
    "next_ask",
    "plain_totals",
    "work_out",
]

T = TypeVar("T")

_AT_ONCE = 250_000  # log-ins looked at together
_PLAIN: dict[tuple[Population, bool], "Totals"] = {}

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
        _, first = np.unique(self.user[self.disabled], return_index=True)
        return len(first), int(self.late[self.disabled][first].sum())

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


class Life(NamedTuple):
    """What the owners of some log-ins do; one entry of each array for each log-in.

    `sent` requests, `down` of them while the store is down; `logins` that succeed; `failed` tries
    to log in while the store is down; `lost` requests that could not be sent for want of a token;
    `old` requests and `tried` log-ins of those, while a push is overdue;
    `exp` when the token expires that is held when the log-in ends; `last` when it logged in last.
    """

    sent: Ints
    down: Ints
    logins: Ints
    failed: Ints
    lost: Ints
    old: Ints
    tried: Ints
    exp: Ints
    last: Ints

    def totals(self) -> "Totals":
        return Totals(
            *(int(self.sent.sum()), int(self.down.sum()), int(self.logins.sum())),
            *(int(self.failed.sum()), int(self.lost.sum()), int(self.old.sum())),
            int(self.tried.sum()),
        )


class Totals(NamedTuple):
    """The first seven of Life, summed."""

    sent: int
    down: int
    logins: int
    failed: int
    lost: int
    old: int
    tried: int

    def plus(self, other: "Totals", sign: int = 1) -> "Totals":
        return Totals(*(one + sign * two for one, two in zip(self, other, strict=True)))


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
    return _look_up(
        population, device[:there], user[:there], at[:there], disabled[:there], copy[:there]
    )


def _look_up(
    population: Population, device: Ints, user: Ints, at: Ints, disabled: Bools, copy: Ints
) -> Scene:
    refreshing, expiring = spreads(population)
    refreshes = refreshing.of(device).astype(np.int32)
    expires = 1 + expiring.of(device).astype(np.int32)
    asks = refreshes % population.gap
    return Scene(population, user, refreshes, asks, expires, at, disabled, copy)


def live(scene: Scene, *, needs_store: bool) -> Life:
    """Return what the owners do, worked out once (see `work_out`)."""
    return scene.once(f"live {needs_store}", lambda scene: work_out(scene, needs_store=needs_store))


def live_totals(scene: Scene, *, needs_store: bool) -> "Totals":
    """Return what the owners do, summed."""
    made = live(scene, needs_store=needs_store)
    return scene.once(f"totals {needs_store}", lambda scene: made.totals())


def work_out(scene: Scene, *, needs_store: bool, replaced: Bools | None = None) -> Life:
    """Return what owners do whose client logs in again the moment its token expires.

    With `needs_store` nobody can log in while the store is down: the client tries at once, then
    with each request. `replaced` marks those whose first token was replaced before it expired.
    """
    population, out = scene.population, scene.out
    gap, life, (start, end) = population.gap, population.token_life, population.down
    renews = scene.expires < out
    if replaced is not None:
        renews &= ~replaced
    sent = asked(scene.asks, gap, 0, out)
    overdue, down, old = population.overdue, np.zeros_like(sent), np.zeros_like(sent)
    if start < end:
        down = asked(scene.asks, gap, start, np.minimum(end, out))
        old = asked(scene.asks, gap, overdue, np.minimum(end, out))
    exp = np.where(renews, scene.expires + life, scene.expires)
    nothing = np.zeros_like(sent)
    if not needs_store or start == end:
        none = nothing
        return Life(sent, down, renews.astype(np.int32), none, none, old, none, exp, exp - life)
    blocked = renews & (start <= scene.expires) & (scene.expires < end)
    back = next_ask(scene.asks, gap, end)
    returns = blocked & (back < out)
    until = np.minimum(end, out)
    lost = np.where(blocked, asked(scene.asks, gap, scene.expires, until), 0)
    since = np.maximum(scene.expires, overdue)
    lost_late = np.where(blocked, asked(scene.asks, gap, since, until), 0)
    exp = np.where(blocked, np.where(returns, back + life, scene.expires), exp)
    return Life(
        sent=sent - lost,
        down=down - lost,
        logins=((renews & ~blocked) | returns).astype(np.int32),
        failed=np.where(blocked, 1 + lost, 0),
        lost=lost,
        old=old - lost_late,
        tried=np.where(blocked, (scene.expires >= overdue) + lost_late, 0),
        exp=exp,
        last=exp - life,
    )


def plain_totals(
    population: Population, *, needs_store: bool, tell: Callable[[float], object] | None = None
) -> Totals:
    """Return what all log-ins do together if none ends: no list of all is needed.

    Of an outage those are looked at whose token expires in it, some at a time; `tell` gets the
    share that is done. It is remembered, as several strategies ask for it.
    """
    key = population, needs_store
    if key not in _PLAIN:
        totals = _add_up(population, needs_store=needs_store, tell=tell)
        while len(_PLAIN) > 8:
            _PLAIN.pop(next(iter(_PLAIN)), None)
        _PLAIN[key] = totals
    return _PLAIN[key]


def _add_up(
    population: Population, *, needs_store: bool, tell: Callable[[float], object] | None
) -> Totals:
    seconds, (start, end) = population.seconds, population.down
    _, expiring = spreads(population)
    sent = asked_by_all(population, seconds)
    down = asked_by_all(population, end) - asked_by_all(population, start)
    old = asked_by_all(population, end) - asked_by_all(population, population.overdue)
    totals = Totals(sent, down, expiring.before(seconds - 1), 0, 0, old, 0)
    if not needs_store or start == end:
        return totals
    step = max(1, _AT_ONCE * population.token_life // population.tokens)  # seconds
    for low in range(start, end, step):
        if tell is not None:
            tell((low - start) / (end - start))
        device = expiring.between(low - 1, min(low + step, end) - 1)
        never = np.full(len(device), NEVER, dtype=np.int32)
        scene = _look_up(population, device, never, never, never < 0, never)
        totals = totals.plus(live_totals(scene, needs_store=True))
        totals = totals.plus(live_totals(scene, needs_store=False), -1)
    return totals


def asked_by_all(population: Population, second: int) -> int:
    """Return how many requests come before `second` if no log-in ends."""
    refreshing, _ = spreads(population)
    whole, rest = divmod(second, population.gap)
    starts = np.arange(0, population.cycle, population.gap, dtype=np.int64)
    count, cycle = refreshing.count, refreshing.length
    early = -(-(starts + rest) * count // cycle) - -(-starts * count // cycle)
    return whole * population.tokens + int(early.sum())
