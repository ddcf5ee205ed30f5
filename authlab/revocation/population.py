"""A population: who is logged in, who asks how often, whose access ends. Imports `arguments`.

Time here is whole seconds after the window opens. An end falls on half a second, so that it never
comes at the same moment as a request.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from authlab.revocation.arguments import refuse

__all__ = ["Events", "Ints", "Population", "Spread", "count_chunks", "draw_events", "spreads"]

Ints = npt.NDArray[Any]  # whole numbers
Bools = npt.NDArray[np.bool_]
Whole = TypeVar("Whole", int, Ints)

MOST_TOKENS = 100_000_000
_LONGEST = 30 * 86_400  # seconds that a token may live
_CHUNK = 250_000  # tokens whose events are drawn at once, so that memory does not grow with all


@dataclass(frozen=True)
class Population:
    """The log-ins of one application, and what befalls them. All times are seconds.

    - `tokens`: live log-ins at the start, each of one device; 1 to 100,000,000.
    - `devices`: log-ins of each user, 1 to 50.
    - `requests`: requests a minute of each log-in, at most 60, evenly spaced.
    - `token_life`: seconds from log-in to `exp`, whole. The client then logs in again.
    - `access_life`: seconds an access token lives where refresh tokens are used; whole, at most
      `token_life`. The client refreshes when it next asks after that.
    - `log_outs`: log-outs an hour of each log-in.
    - `thefts`: the share, 0 to 1, of logged-out log-ins of which a thief holds a copy. The thief
      asks as often as the owner did, from the log-out on.
    - `disabled`: accounts disabled an hour, as a share of all users. Their devices go on asking.
    - `nodes`: servers that verify tokens, each with its own copy of what is pushed.
    - `round_trip`: seconds from such a server to the store and back.
    - `push_every`: seconds between two pushes, whole.
    - `outage_start`, `outage`: when the store goes down, and for how many seconds, whole; 0: never.
      It is up again at least one gap between two requests before the window ends.
    - `on_outage`: "closed" or "open", what the servers do meanwhile. A way that cannot stay open
      stays closed.
    - `window`: seconds looked at, whole, at most `token_life`; None: one `token_life`, after which
      a list of ended tokens is as long as it ever gets.
    - `seed`: the same population again.

    Raises InvalidArgument for anything else.
    """

    tokens: int = 10_000
    devices: int = 2
    requests: float = 6.0
    token_life: int = 3600
    access_life: int = 300
    log_outs: float = 0.05
    thefts: float = 0.02
    disabled: float = 0.001
    nodes: int = 4
    round_trip: float = 0.0005
    push_every: int = 60
    outage_start: int = 1
    outage: int = 0
    on_outage: str = "closed"
    window: int | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        _check_whole("tokens", self.tokens, 1, MOST_TOKENS)
        _check_whole("devices", self.devices, 1, 50)
        _check_number("requests", self.requests, 60 / _LONGEST, 60)
        _check_whole("token_life", self.token_life, 1, _LONGEST)
        _check_whole("access_life", self.access_life, 1, self.token_life, "token_life")
        _check_number("log_outs", self.log_outs, 0, 1000)
        _check_number("thefts", self.thefts, 0, 1)
        _check_number("disabled", self.disabled, 0, 1000)
        _check_whole("nodes", self.nodes, 1, 10_000)
        _check_number("round_trip", self.round_trip, 0, 10)
        _check_whole("push_every", self.push_every, 1, _LONGEST)
        if self.window is not None:
            _check_whole("window", self.window, 1, self.token_life, "token_life")
        _check_whole("outage_start", self.outage_start, 1, _LONGEST)
        _check_whole("outage", self.outage, 0, _LONGEST)
        left = self.seconds - self.outage_start - self.outage
        if self.outage and left < self.gap:
            expected = f"at least {self.gap} s (one gap), so that all have asked again"
            refuse("outage", f"{left} s of the window after it", expected)
        if self.on_outage not in ("closed", "open"):
            refuse("on_outage", self.on_outage, "'closed' or 'open'")
        _check_whole("seed", self.seed, 0, 2**63 - 1)

    @property
    def seconds(self) -> int:
        """The window in seconds."""
        return self.token_life if self.window is None else self.window

    @property
    def gap(self) -> int:
        """Whole seconds between two requests of one log-in."""
        return max(1, round(60 / self.requests))

    @property
    def cycle(self) -> int:
        """Seconds from one refresh to the next: a client refreshes when it asks, not before."""
        return -(-self.access_life // self.gap) * self.gap

    @property
    def users(self) -> int:
        """How many users there are; the last may have fewer devices."""
        return -(-self.tokens // self.devices)

    @property
    def down(self) -> tuple[int, int]:
        """From when until before when the store is down, in seconds."""
        return self.outage_start, self.outage_start + self.outage

    @property
    def overdue(self) -> int:
        """From which second of the outage on a push is overdue; its end if none comes due in it."""
        start, end = self.down
        return min(-(-start // self.push_every) * self.push_every, end)


@dataclass(frozen=True)
class Spread:
    """Give each of `count` log-ins its own of `count` places, evenly spread over `length` seconds.

    Log-in number d has place (factor * d + shift) mod count, which no other has. So what all of
    them do together has a closed form, and what some do takes no list of all.
    """

    count: int
    length: int
    factor: int
    shift: int

    def of(self, device: Ints) -> Ints:
        """Return the second, from 0 to `length` - 1, of each log-in."""
        return (self.factor * device + self.shift) % self.count * self.length // self.count

    def before(self, second: Whole) -> Whole:
        """Return how many have a place before `second`, if each had one in every `length`."""
        return -(-second * self.count // self.length)

    def between(self, start: int, end: int) -> Ints:
        """Return the log-ins whose second lies from `start` to before `end`, within `length`."""
        places = np.arange(self.before(start), self.before(end), dtype=np.int64)
        return (places - self.shift) % self.count * pow(self.factor, -1, self.count) % self.count


@lru_cache(maxsize=64)
def spreads(population: Population) -> tuple[Spread, Spread]:
    """Return when each log-in refreshes first, and when (less one second) its token expires.

    A refresh goes with a request, so the first request comes at the first of these modulo the gap.
    """
    count, random = population.tokens, np.random.default_rng([population.seed, 0])

    def spread(length: int) -> Spread:
        factor = int(random.integers(1, count + 1))
        while gcd(factor, count) != 1:
            factor = int(random.integers(1, count + 1))
        return Spread(count, length, factor, int(random.integers(count)))

    return spread(population.cycle), spread(population.token_life)


class Events(NamedTuple):
    """What befalls some neighbouring log-ins; every array has one entry for each that ends.

    `device` is its number, in rising order; `at` the second in whose middle it ends; `disabled`
    says that the account was disabled, or else its owner logged out; `copy` is the second within
    `gap` at which a thief's copy is shown, -1 where nobody has one.
    """

    device: Ints
    at: Ints
    disabled: Bools
    copy: Ints


def draw_events(population: Population) -> Iterator[Events]:
    """Draw whose access ends and when, the same for the same seed, some log-ins at a time.

    Log-outs and disablements come at random at their rate (a Poisson process), the first counts.
    Nobody who logged out comes back within the window. An owner whose account is disabled has not
    logged out.
    """
    step = _users_at_once(population)
    for number, first in enumerate(range(0, population.users, step)):
        random = np.random.default_rng([population.seed, 1 + number])
        yield _draw(population, random, first, min(step, population.users - first))


def count_chunks(population: Population) -> int:
    """Return how many Events `draw_events` yields."""
    return -(-population.users // _users_at_once(population))


def _users_at_once(population: Population) -> int:
    return max(1, _CHUNK // population.devices)


def _draw(population: Population, random: np.random.Generator, first: int, users: int) -> Events:
    devices = population.devices
    count = min(users * devices, population.tokens - first * devices)
    who, when = _draw_first(random, users, population.disabled, population.seconds)
    device, at = _draw_first(random, count, population.log_outs, population.seconds)
    copied = random.random(len(device)) < population.thefts
    copy = np.where(copied, random.integers(population.gap, size=len(device)), -1)
    off = np.zeros(users, dtype=np.bool_)
    off[who] = True
    kept = ~off[device // devices]
    # All devices of a disabled user end at the same moment.
    theirs = (who[:, None] * devices + np.arange(devices)).ravel()
    there = theirs < count
    all_devices = np.concatenate([device[kept], theirs[there]])
    order = np.argsort(all_devices, kind="stable")
    all_devices = all_devices[order] + first * devices
    none = np.full(int(there.sum()), -1, dtype=np.int64)
    return Events(
        all_devices,
        np.concatenate([at[kept], np.repeat(when, devices)[there]])[order],
        np.concatenate([np.zeros(int(kept.sum()), np.bool_), none < 0])[order],
        np.concatenate([copy[kept], none])[order],
    )


def _draw_first(
    random: np.random.Generator, count: int, rate: float, seconds: int
) -> tuple[Ints, Ints]:
    """Return which of `count` have an event within `seconds`, at `rate` an hour, and its second."""
    mean = rate * seconds / 3600
    share = -np.expm1(-mean)
    if share <= 0 or not count:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    # The gaps between those chosen are geometric: no draw for each of those who are not.
    chosen, last = [], -1
    while last < count:
        more = int((count - last) * share * 1.05) + 20
        places = last + np.cumsum(random.geometric(share, size=more))
        chosen.append(places)
        last = int(places[-1])
    which = np.concatenate(chosen)
    which = which[which < count].astype(np.int64)
    when = -np.log1p(-random.random(len(which)) * share) / mean * seconds
    return which, np.minimum(when.astype(np.int64), seconds - 1)


def _check_whole(name: str, value: Any, least: int, most: int, which: str = "") -> None:
    if type(value) is not int or not least <= value <= most:
        limit = f"{which} ({most:,})" if which else f"{most:,}"
        refuse(name, value, f"a whole number from {least:,} to {limit}")


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    if type(value) not in (int, float) or not least <= value <= most:
        refuse(name, value, f"a number from {least:g} to {most:g}")
