"""The ways that push a list to every server: a Bloom filter, a status list. Imports `lists`."""

import math
import zlib
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from authlab.revocation.population import Bools, Ints, Population, spreads
from authlab.revocation.ways.base import Calls, Tally
from authlab.revocation.ways.lists import DenylistWay, ListWay
from authlab.revocation.ways.lives import Life, Totals, asked_by_all
from authlab.revocation.ways.scene import Scene, count_true

__all__ = ["BloomDenylistWay", "StatusListWay", "status_size"]

_SAMPLE = 2**17  # entries of a status list that are packed, to see how well it packs


class Pushes(NamedTuple):
    """Each push in order: at which second, how many entries, how many for the first time."""

    second: Ints
    listed: Ints
    fresh: Ints


class PushedWay(ListWay):
    """Ways whose servers ask nobody, and learn of an end with the next push.

    Pushes come at multiples of `push_every`. Of those that an outage stops, one is made up for as
    soon as it is over, before those who waited log out. While one is overdue, a server tries with
    each request, and is "open" with its old copy or "closed".
    """

    asks_store = False
    request = Calls(0, 0)

    def __init__(self, population: Population) -> None:
        super().__init__(population)
        every, seconds = population.push_every, population.seconds
        self.grid = np.arange(0, seconds, every, dtype=np.int64)
        self.added = np.zeros(len(self.grid) + 1, dtype=np.int64)
        self.gone = np.zeros(len(self.grid) + 1, dtype=np.int64)
        self.caught_up = 0  # entries in the push that is made up for
        self.left = np.zeros(len(self.grid) + 1, dtype=np.int64)  # log-ins that have ended

    def plain(self) -> Tally:
        makes_up = self.population.overdue < self.population.down[1]
        return super().plain().plus(Tally(reads=len(self.grid) + makes_up))

    def flow(self, totals: Totals) -> Tally:
        refused = 0 if self.open else totals.old
        return super().flow(totals).plus(Tally(refused=refused, reads=totals.old))

    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        self._note(ended, exp, ends)
        tried = ended.late & (exp > ended.at) & ~ended.disabled
        due = tried & (ended.at >= self.population.overdue)
        return Tally(reads=count_true(due), writes=count_true(tried & ~due))

    def _note(self, ended: Scene, exp: Ints, ends: Bools) -> None:
        """Note between which pushes each entry joins the list, and leaves it."""
        every, last = self.population.push_every, len(self.grid)

        def tally(second: Ints) -> Ints:
            return np.bincount(np.minimum(-(-second // every), last), minlength=last + 1)

        self.added += tally(ended.effect[ends])
        self.gone += tally(exp[ends])
        self.left += tally(ended.at + 1)
        start, end = self.population.down
        self.caught_up += count_true(ends & (ended.at < start) & (exp >= end))

    def pushes(self) -> Pushes:
        """Return the pushes that came."""
        start, end = self.population.down
        came = (self.grid < start) | (self.grid >= end)
        second = self.grid[came]
        listed, known = (
            np.cumsum(each)[:-1][came] for each in (self.added - self.gone, self.added)
        )
        if self.population.overdue < end:
            at = int(np.searchsorted(second, end))
            second, listed = np.insert(second, at, end), np.insert(listed, at, self.caught_up)
            known = np.insert(known, at, known[at - 1] if at else 0)
        return Pushes(second, listed, np.diff(known, prepend=0))

    def afterwards(self, scene: Scene, exp: Ints) -> Tally:
        population = self.population
        every, seconds = population.push_every, population.seconds
        start, end = population.down
        overdue = population.overdue
        known = -(-scene.effect // every) * every
        known = np.where(~scene.late & (start <= known) & (known < end), end, known)
        until = np.minimum(known, exp)
        stale = np.maximum(2 * until - 2 * scene.at - 1, 0)
        let_in = scene.asked_after(0, np.minimum(until, seconds))
        if not self.open and overdue < end:
            shut = np.maximum(2 * np.minimum(until, end), 2 * overdue)
            stale -= np.maximum(shut - np.maximum(2 * scene.at + 1, 2 * overdue), 0)
            let_in -= scene.asked_after(overdue, np.minimum(until, end))
        return Tally(
            let_in=let_in,
            reads=scene.asked_after(overdue, np.minimum(exp, end)),
            wire=round(scene.asked_in_vain * self.token),
            stale=(stale,),
        )


class BloomDenylistWay(PushedWay, DenylistWay):
    name = "BloomDenylist"
    entry = len("BloomDenylist:ended:") + 22 + 1
    list_of_user = len("BloomDenylist:user:") + 64 + 1
    expected, error = 1000, 0.01  # the class's own defaults

    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        held = count_true(exp[ends] >= self.population.seconds) * self.entry
        return super().price(ended, exp, ends).plus(Tally(held=held))

    def finish(self) -> Tally:
        """Return the bytes of the filters, and the false alarms, drawn at the filters' rate.

        Whoever is refused by mistake logs in again, and the next token may hit again.
        """
        population, (second, listed, fresh) = self.population, self.pushes()
        random = np.random.default_rng([population.seed, 2**40])
        _, expiring = spreads(population)
        capacity = np.maximum(self.expected, listed)
        grown = np.diff(capacity, prepend=0) != 0  # then all bits lie elsewhere
        share = false_share(capacity, self.error, listed)
        before = false_share(capacity, self.error, np.where(grown, 0, listed - fresh))
        gone = np.cumsum(self.left)[second // population.push_every]
        live = np.maximum(population.tokens - gone, 1)
        part = live / population.tokens  # what ended asks and renews no more
        until = np.append(second, population.seconds)
        asks = np.diff(asked_by_all(population, until))
        renewed = np.diff(expiring.before(np.maximum(until - 1, 0)))
        often = asks / population.tokens  # requests of each before the next push
        again = share * (1 - share ** np.maximum(often - 1, 0)) / (1 - share)
        rows = zip(
            np.minimum(live, np.rint(asks * part).astype(np.int64)).tolist(),
            np.maximum(0, share - before).tolist(),
            (renewed * part).tolist(),
            share.tolist(),
            np.minimum(again, 1).tolist(),
            (population.token_life - population.seconds + second).tolist(),
            strict=True,
        )
        refused = held = 0
        for asking, new, renewing, whole, once_more, kept in rows:
            hit = random.binomial(asking, new)
            # Who had to log in renews later.
            renewing *= max(0, 1 - refused / population.tokens)
            hit += random.binomial(round(renewing), whole)
            hit += random.binomial(hit, once_more)
            refused += hit
            held += hit * kept
        held = round(held / population.token_life * self.listed)
        pushed = int((8 + filter_bytes(capacity, self.error)).sum())
        return Tally(refused=refused, reads=refused, writes=refused, pushed=pushed, held=held)


class StatusListWay(PushedWay):
    name = "StatusList"

    def __init__(self, population: Population) -> None:
        super().__init__(population)
        self.size = status_size(population)
        self.digits = mean_digits(self.size)
        self.listed = len('"":1800000000,') + self.digits  # type: ignore[assignment]
        self.list_of_user = len("StatusList:user:") + 64 + 1
        # A drawn index may be taken; then another is drawn.
        free = 1 - population.tokens / self.size
        self.draws = (1 - (1 - free) ** 16) / free

    def flow(self, totals: Totals) -> Tally:
        early = totals.failed - totals.tried
        writes = round(totals.logins * (1 + self.draws)) + early
        reads = totals.logins + totals.tried
        return super().flow(totals).plus(Tally(reads=reads, writes=writes))

    def held_plain(self, population: Population) -> int:
        _, expiring = spreads(population)
        since = population.seconds - population.push_every
        kept = population.tokens - expiring.before(max(since - 1, 0))
        kept += expiring.before(population.seconds - 1)
        lists = super().held_plain(population)
        return round(lists + kept * (len("StatusList:used:") + self.digits + 1))

    def end(self, scene: Scene, life: Life) -> Tally:
        renewals = count_true(scene.expires < self.population.seconds)
        kept = int(life.logins.sum()) - renewals
        held = round(kept * (len("StatusList:used:") + self.digits + 1))
        return super().end(scene, life).plus(Tally(held=held))

    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        kept = count_true(exp[ends] >= self.population.seconds)
        held = round(kept * (len("StatusList:ended:") + self.digits + 1))
        return super().price(ended, exp, ends).plus(Tally(held=held))

    def finish(self) -> Tally:
        """Return the bytes of the lists, packed and in Base64url."""
        return Tally(pushed=round(float(packed_bytes(self.size, self.pushes().listed).sum())))


def filter_bytes(capacity: Ints, error: float) -> Ints:
    """Return the bytes of rbloom's filters for so many entries at this rate of false alarms."""
    size: Ints = np.ceil(-capacity * math.log(error) / math.log(2) ** 2 / 8).astype(np.int64)
    return size


def false_share(capacity: Ints, error: float, listed: Ints) -> npt.NDArray[np.float64]:
    """Return the share of others that filters take for one of `listed` entries."""
    bits = filter_bytes(capacity, error) * 8
    hashes = max(1, int(-math.log2(error)))
    share: npt.NDArray[np.float64] = (1 - np.exp(-hashes * np.maximum(listed, 0) / bits)) ** hashes
    return share


def status_size(population: Population) -> int:
    """Return the entries of the status list: a power of two, twice as many as live tokens.

    At the most that a list may have, 2**27, it is fuller.
    """
    return int(min(2**27, max(2**17, 2 ** math.ceil(math.log2(2 * population.tokens)))))


def mean_digits(size: int) -> float:
    """Return how many digits an index below `size` has, on average."""
    digits = len(str(size - 1))
    return digits - sum(int(10**each) for each in range(1, digits)) / size


def packed_bytes(size: int, count: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the bytes of pushed lists of `size` bits of which `count`, anywhere, are set.

    From a sample: a long list with very few of them packs better than this by up to a third. A long
    list that `StatusList` packs at a faster level is up to 13 % longer than this.
    """
    known, packed = _packing()
    parts = size / _SAMPLE
    fixed = packed[0] / 2  # bytes that do not grow with the list, nearly
    inner = (np.interp(np.asarray(count) / parts, known, packed) - fixed) * parts + fixed
    return inner * 4 / 3 + len('{"bits":1,"lst":""}')


@lru_cache(maxsize=1)
def _packing() -> tuple[list[int], list[float]]:
    """Return into how many bytes zlib packs a sample of which so many bits are set: measured."""
    random = np.random.default_rng(0)
    known = [0, *sorted({round(2 ** (half / 2)) for half in range(35)})]
    packed = []
    for count in known:
        tries = 16 if count < 40 else 2  # where few are set, chance matters more
        total = 0
        for _ in range(tries):
            bits = np.zeros(_SAMPLE, dtype=np.uint8)
            bits[random.choice(_SAMPLE, count, replace=False, shuffle=False)] = 1
            total += len(zlib.compress(np.packbits(bits).tobytes(), 9))
        packed.append(total / tries)
    return known, packed
