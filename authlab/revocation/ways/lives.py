"""What owners do, counted: arrays for some log-ins, closed forms for all. Imports `scene`."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from authlab.revocation.population import Bools, Ints, Population, spreads
from authlab.revocation.ways.scene import Scene, asked, count_true, next_ask

__all__ = [
    "Life",
    "Totals",
    "asked_by_all",
    "live",
    "live_totals",
    "plain_totals",
    "work_out",
]

_AT_ONCE = 250_000  # log-ins looked at together
_PLAIN: dict[tuple[Population, bool], "Totals"] = {}


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


def live(scene: Scene, *, needs_store: bool) -> Life:
    """Return what the owners do, worked out once (see `work_out`)."""
    needs_store = needs_store and scene.population.outage > 0  # else it makes no difference
    return scene.once(f"live {needs_store}", lambda scene: work_out(scene, needs_store=needs_store))


def live_totals(scene: Scene, *, needs_store: bool) -> "Totals":
    """Return what the owners do, summed."""
    needs_store = needs_store and scene.population.outage > 0
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
    refreshing, expiring = spreads(population)
    moments = np.array([seconds, start, population.overdue, end])
    sent, before, early, after = asked_by_all(population, moments).tolist()
    renewed = expiring.before(seconds - 1)
    totals = Totals(sent, after - before, renewed, 0, 0, after - early, 0)
    if not needs_store or start == end:
        return totals
    step = max(1, _AT_ONCE * population.token_life // population.tokens)  # seconds
    for low in range(start, end, step):
        if tell is not None:
            tell((low - start) / (end - start))
        device = expiring.between(low - 1, min(low + step, end) - 1)
        asks = (refreshing.of(device) % population.gap).astype(np.int32)
        expires = 1 + expiring.of(device).astype(np.int32)
        late = np.maximum(expires, population.overdue)
        lost, lost_late = (
            int(asked(asks, population.gap, since, end).sum()) for since in (expires, late)
        )
        tried = count_true(expires == late) + lost_late
        failed = len(device) + lost
        totals = totals.plus(Totals(-lost, -lost, 0, failed, lost, -lost_late, tried))
    return totals


def asked_by_all(population: Population, second: Ints | int) -> Ints:
    """Return how many requests come before each `second` if no log-in ends."""
    whole, rest = np.divmod(second, population.gap)
    asked: Ints = whole * population.tokens + _first_asked(population)[rest]
    return asked


@lru_cache(maxsize=4)
def _first_asked(population: Population) -> Ints:
    """Return how many log-ins have their first request before each second of the gap."""
    refreshing, _ = spreads(population)
    before = refreshing.before(np.arange(population.cycle + 1, dtype=np.int64))
    at = np.diff(before).reshape(-1, population.gap).sum(axis=0)
    return np.append(0, np.cumsum(at))
