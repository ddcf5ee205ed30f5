"""Short access tokens with a refresh token behind them. Imports `base`."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from authlab.revocation.families import KEPT, Family, Link
from authlab.revocation.population import Ints, spreads
from authlab.revocation.ways.base import Tally, Way
from authlab.revocation.ways.scene import NEVER, Scene, asked, count_true, next_ask

__all__ = ["ShortLivedWay"]

_REFRESH = 73  # characters of a refresh token: a family's name, a dot, a secret
_CUT = len("refresh-cut:") + 64 + 16  # bytes: the moment that ends a user's families
_MOMENT = 1_800_000_000.0  # any time: they are all written with as many digits


class Renewals(NamedTuple):
    """What owners do whose access tokens are short; one entry of each array for each log-in.

    `sent` requests, `lost` ones for which there was no token; `renewals` that succeed, `exp` when
    the access token expires that is held when the log-in ends.
    """

    sent: Ints
    lost: Ints
    renewals: Ints
    exp: Ints


class ShortLivedWay(Way):
    """Each log-in begins with the cycle before the window, and its family goes on while in use."""

    name = "ShortLivedWithRefresh"

    def plain(self) -> Tally:
        # Log-ins that refresh at the same second do the same: one entry for each such second.
        refreshing, _ = spreads(self.population)
        second = np.arange(refreshing.length, dtype=np.int64)
        ends = -(-(second + 1) * refreshing.count // refreshing.length)
        weight = np.diff(ends, prepend=0)
        second, weight = second[weight > 0], weight[weight > 0]
        never = np.full_like(second, NEVER)
        asks = second % self.population.gap
        scene = Scene(self.population, never, second, asks, never, never, never < 0, never)
        return self._owners(self._renew(scene), weight)

    def change(self, scene: Scene) -> Tally:
        one = np.ones(len(scene.at), dtype=np.int32)
        owners = self._renew(scene)
        tally = self._owners(owners, one)
        tally = tally.plus(self._owners(self._renew(scene.endless), one), -1)
        return tally.plus(self._ends(scene.ending, scene.of_ended(owners.exp)))

    def _renew(self, scene: Scene) -> Renewals:
        population, out = scene.population, scene.out
        gap, cycle, (start, end) = population.gap, population.cycle, population.down
        sent = asked(scene.asks, gap, 0, out)
        renewals = asked(scene.refreshes, cycle, 0, out)
        last = scene.refreshes + (scene.at - scene.refreshes) // cycle * cycle
        if start == end:
            return Renewals(sent, np.zeros_like(sent), renewals, last + population.access_life)
        # Who cannot refresh while the store is down tries with each request, and then goes on
        # from the first request that finds it up.
        due = next_ask(scene.refreshes, cycle, start)
        blocked = due < np.minimum(end, out)
        back = next_ask(scene.asks, gap, end)
        lost = np.where(blocked, asked(scene.asks, gap, due, np.minimum(end, out)), 0)
        later = asked(scene.refreshes, cycle, 0, due) + np.maximum(-(-(out - back) // cycle), 0)
        anew = np.where(scene.at < back, due - cycle, back + (scene.at - back) // cycle * cycle)
        last = np.where(blocked, anew, last)
        renewals = np.where(blocked, later, renewals)
        return Renewals(sent - lost, lost, renewals, last + population.access_life)

    def _owners(self, owners: Renewals, weight: Ints) -> Tally:
        def total(array: Ints) -> int:
            return int((array * weight).sum())

        sent, lost, renewals = (total(array) for array in owners[:3])
        families = np.bincount(owners.renewals, weight).astype(np.int64)
        held = sum(int(families[at]) * family_bytes(int(at)) for at in np.flatnonzero(families))
        return Tally(
            requests=sent + lost,
            refused=lost,
            reads=3 * renewals + lost,
            writes=renewals,
            held=held,
            wire=round(sent * self.token) + _REFRESH * (renewals + lost),
        )

    def _ends(self, ended: Scene, exp: Ints) -> Tally:
        population = self.population
        gap, seconds, (start, end) = population.gap, population.seconds, population.down
        off = ended.disabled
        # A thief has no refresh token; a disabled account's device tries its own in vain.
        asks, since = ended.asks[off], np.maximum(ended.at + 1, exp)[off]
        tries = int(asked(asks, gap, since, seconds).sum())
        in_outage = int(asked(asks, gap, np.maximum(since, start), end).sum())
        # A log-out asks, changes the family and asks again; in an outage it stops at once.
        left = ~off & (exp > ended.at)
        done = count_true(left & (exp > ended.moment))
        stopped, cuts = count_true(left & ended.late), sum(ended.accounts)
        return Tally(
            let_in=ended.asked_after(0, np.minimum(exp, seconds)),
            reads=2 * tries - in_outage + stopped + 3 * done + cuts,
            writes=done + cuts,
            held=done * len("revoked") + ended.accounts[0] * _CUT,
            wire=round((ended.asked_in_vain - tries) * self.token) + _REFRESH * tries,
            stale=(np.maximum(2 * exp - 2 * ended.at - 1, 0),),
        )


@lru_cache(maxsize=4096)
def family_bytes(exchanges: int) -> int:
    """Return the bytes of a family's key and record after so many exchanges."""
    links = tuple(
        Link(
            number,
            number - 1 if number else None,
            "0" * 64,
            _MOMENT,
            None if number == exchanges else _MOMENT,
            "0" * 48 if number == exchanges - 1 else "",
        )
        for number in range(max(0, exchanges + 1 - KEPT), exchanges + 1)
    )
    stamp = int(_MOMENT * 1_000_000)
    family = Family("user00000000", _MOMENT, _MOMENT, None, stamp, "0" * 32, links)
    return len("refresh:") + 24 + len(family.write())
