"""What the log-ins of a population do, counted: closed forms for all, arrays for a few.

Imports `population`. Nothing here knows of a strategy.
"""

from typing import NamedTuple

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
    "next_ask",
    "plain_totals",
]

NEVER = 2**40  # seconds: later than everything


class Scene(NamedTuple):
    """All log-ins of the users of whom at least one log-in ends; one entry of each array for each.

    `user` numbers the users here from 0. `refreshes` and `asks` are the seconds of the first
    refresh and the first request, `expires` when the token it began with expires, `at` the second
    in whose middle it ends (NEVER), `copy` as in Events.
    """

    population: Population
    user: Ints
    refreshes: Ints
    asks: Ints
    expires: Ints
    at: Ints
    disabled: Bools
    copy: Ints

    @property
    def ended(self) -> Bools:
        return self.at < NEVER

    @property
    def out(self) -> Ints:
        """From which second on its owner does not ask: after the end, or after the window."""
        return np.minimum(self.at + 1, self.population.seconds)

    @property
    def late(self) -> Bools:
        """Which ends fall into the outage: they happen when it is over."""
        start, end = self.population.down
        return (start <= self.at) & (self.at < end)

    @property
    def effect(self) -> Ints:
        """From which second on an end can be known: at once, or after the outage."""
        return np.where(self.late, self.population.down[1], self.at + 1)

    @property
    def moment(self) -> Ints:
        """The last full second before the end takes effect: a token that expires later is ended."""
        return self.effect - 1

    @property
    def asker(self) -> Ints:
        """The second within `gap` at which somebody asks after the end; -1 where nobody does."""
        return np.where(self.disabled, self.asks, self.copy)

    def only(self, mask: Bools) -> "Scene":
        """Return the entries where `mask` is true."""
        return Scene(self.population, *(array[mask] for array in self[1:]))

    def endless(self) -> "Scene":
        """Return the same log-ins, as if none of them ended."""
        return self._replace(at=np.full_like(self.at, NEVER))


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
        return Totals(*(int(array.sum()) for array in self[:7]))


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
    return np.maximum(_up(end - first, gap) - _up(start - first, gap), 0)


def next_ask(first: Ints, gap: int, start: Ints | int) -> Ints:
    """Return the first of `first`, `first` + `gap`, ... that is not before `start`."""
    return first + _up(start - first, gap) * gap


def _up(number: Ints, gap: int) -> Ints:
    return np.maximum(-(-number // gap), 0)


def gather(population: Population, events: Events) -> Scene:
    """Return the log-ins of all users who are in `events`."""
    devices = population.devices
    users, rank = np.unique(events.device // devices, return_inverse=True)
    device = (users[:, None] * devices + np.arange(devices)).ravel()
    place = rank * devices + events.device % devices
    at = np.full(len(device), NEVER, dtype=np.int64)
    at[place] = events.at
    disabled = np.zeros(len(device), dtype=np.bool_)
    disabled[place] = events.disabled
    copy = np.full(len(device), -1, dtype=np.int64)
    copy[place] = events.copy
    user = np.repeat(np.arange(len(users), dtype=np.int64), devices)
    scene = _look_up(population, device, user, at, disabled, copy)
    return (
        scene
        if device.size == 0 or device[-1] < population.tokens
        else scene.only(device < population.tokens)
    )


def _look_up(
    population: Population, device: Ints, user: Ints, at: Ints, disabled: Bools, copy: Ints
) -> Scene:
    refreshing, expiring = spreads(population)
    refreshes = refreshing.of(device)
    asks = refreshes % population.gap
    return Scene(population, user, refreshes, asks, 1 + expiring.of(device), at, disabled, copy)


def live(scene: Scene, *, needs_store: bool, replaced: Bools | None = None) -> Life:
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
    down = asked(scene.asks, gap, start, np.minimum(end, out))
    overdue = population.overdue
    old = asked(scene.asks, gap, overdue, np.minimum(end, out))
    exp = np.where(renews, scene.expires + life, scene.expires)
    last = exp - life
    nothing = np.zeros_like(sent)
    if not needs_store or start == end:
        return Life(sent, down, renews.astype(np.int64), *[nothing] * 2, old, nothing, exp, last)
    blocked = renews & (start <= scene.expires) & (scene.expires < end)
    back = next_ask(scene.asks, gap, end)
    returns = blocked & (back < out)
    lost = np.where(blocked, asked(scene.asks, gap, scene.expires, np.minimum(end, out)), 0)
    exp = np.where(blocked, np.where(returns, back + life, scene.expires), exp)
    logins = (renews & ~blocked) | returns
    since = np.maximum(scene.expires, overdue)
    lost_late = np.where(blocked, asked(scene.asks, gap, since, np.minimum(end, out)), 0)
    failed = np.where(blocked, 1 + lost, 0)
    tried = np.where(blocked, (scene.expires >= overdue) + lost_late, 0)
    logins = logins.astype(np.int64)
    return Life(
        *(sent - lost, down - lost, logins, failed, lost, old - lost_late, tried, exp, exp - life)
    )


def plain_totals(population: Population, *, needs_store: bool) -> Totals:
    """Return what all log-ins do together if none ends: no list of all is needed."""
    seconds, (start, end) = population.seconds, population.down
    _, expiring = spreads(population)
    sent = asked_by_all(population, seconds)
    down = asked_by_all(population, end) - asked_by_all(population, start)
    old = asked_by_all(population, end) - asked_by_all(population, population.overdue)
    totals = Totals(sent, down, expiring.before(seconds - 1), 0, 0, old, 0)
    if needs_store and end > start:
        for low in range(start, end, step := max(1, (end - start) // 64 + 1)):
            high = min(low + step, end)
            device = expiring.between(max(low, 1) - 1, high - 1)
            never = np.full_like(device, NEVER)
            scene = _look_up(population, device, never, never, never < 0, never)
            totals = totals.plus(live(scene, needs_store=True).totals())
            totals = totals.plus(live(scene, needs_store=False).totals(), -1)
    return totals


def asked_by_all(population: Population, second: int) -> int:
    """Return how many requests come before `second` if no log-in ends."""
    refreshing, _ = spreads(population)
    whole, rest = divmod(second, population.gap)
    starts = np.arange(0, population.cycle, population.gap, dtype=np.int64)
    count, cycle = refreshing.count, refreshing.length
    early = -(-(starts + rest) * count // cycle) - -(-starts * count // cycle)
    return whole * population.tokens + int(early.sum())
