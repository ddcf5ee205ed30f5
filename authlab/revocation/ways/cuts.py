"""What happens where one log-out ends all log-ins of a user: the others must log in again.

Imports `scene`.
"""

from abc import abstractmethod
from typing import NamedTuple

import numpy as np

from authlab.revocation.population import Bools, Ints, Population
from authlab.revocation.ways.base import Calls, Tally, Way
from authlab.revocation.ways.lives import Life, live, live_totals, work_out
from authlab.revocation.ways.scene import NEVER, Scene, count_true, next_ask

__all__ = ["Cuts", "KeyPerUserWay", "NotBeforeWay", "follow_cuts"]


class Cuts(NamedTuple):
    """What cuts do to some log-ins; one entry of each array for each log-in.

    `life` as in Life, log-ins after a refusal counted; `refused` requests of an owner whose token
    another log-out had ended; `valid`: its own log-out found a token to end; `cut`: from which
    second on its user's last cut counts, long ago where there was none.
    """

    life: Life
    refused: Ints
    valid: Bools
    cut: Ints


def follow_cuts(scene: Scene) -> Cuts:
    """Return what the log-outs of `scene` do, each of which ends all log-ins of its user.

    A device that is refused logs in again at once, and goes on with its next request. One whose
    token expires before it asks again never notices.
    """
    follower = _Follower(scene)
    leaver = np.flatnonzero(scene.ended & ~scene.disabled)
    # By user, which they nearly are already, and by time.
    order = np.argsort(scene.user[leaver] * np.int64(NEVER) + scene.at[leaver], kind="stable")
    leaver = leaver[order]
    first = np.flatnonzero(np.diff(scene.user[leaver], prepend=-1))
    rank = np.arange(len(leaver)) - np.repeat(first, np.diff(first, append=len(leaver)))
    # Users do not touch each other: the first log-outs of all at once, then the second ones.
    for number in range(int(rank.max(initial=-1)) + 1):
        follower.cut(leaver[rank == number])
    follower.resolve(np.arange(len(scene.at)), scene.out)
    return follower.result()


class _Follower:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        count = len(scene.at)
        start, end = scene.population.down
        before = live(scene, needs_store=True)
        self.exp, self.before = before.exp, before
        self.due = scene.expires < scene.out  # its first token will be renewed at the second `anew`
        down = (start <= scene.expires) & (scene.expires < end)
        back = next_ask(scene.asks, scene.population.gap, end)
        self.anew = np.where(down, back, scene.expires)
        self.void = np.full(count, NEVER, dtype=np.int32)  # from when its token has been cut
        self.refused = np.zeros(count, dtype=np.int32)
        self.last = np.full(count, -NEVER, dtype=np.int32)  # when it logged in after a refusal
        self.replaced = np.zeros(count, dtype=np.bool_)
        self.valid = np.zeros(count, dtype=np.bool_)
        self.cut_at = np.full(len(scene.first), -NEVER, dtype=np.int32)
        self.starts = np.append(scene.first, count)

    def resolve(self, which: Ints, until: Ints) -> None:
        """Let those of `which` whose token has been cut log in again before the second `until`."""
        scene, gap = self.scene, self.scene.population.gap
        keep = self.void[which] < NEVER
        which, until = which[keep], until[keep]
        start, end = scene.population.down
        void, asks = self.void[which], scene.asks[which]
        when = next_ask(asks, gap, void)
        if start < end:  # while the store is down nobody is told to log in
            when = np.where((start <= when) & (when < end), next_ask(asks, gap, end), when)
        anew = self.anew[which]
        heals = self.due[which] & (void <= anew) & (anew <= when)
        when = np.where(heals, anew, when)
        done = when < np.minimum(until, scene.out[which])
        self.void[which[done]] = NEVER
        told = done & ~heals
        self.refused[which[told]] += 1
        self.last[which[told]] = when[told]
        early = told & self.due[which] & (when < anew)
        self.replaced[which[early]] = True
        self.due[which[early]] = False

    def cut(self, leaver: Ints) -> None:
        """Let each of `leaver`, one a user, log out."""
        scene = self.scene
        user, effect = scene.user[leaver], scene.effect[leaver]
        first, sizes = self.starts[user], self.starts[user + 1] - self.starts[user]
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        theirs = np.repeat(first, sizes) + within
        when = np.repeat(effect, sizes)
        self.resolve(theirs, when)
        alive = (self.refused[leaver] > 0) | (self.exp[leaver] > effect - 1)
        valid = alive & (self.void[leaver] == NEVER)
        self.valid[leaver] = valid
        self.cut_at[user[valid]] = effect[valid]
        hit = np.repeat(valid, sizes) & (self.void[theirs] == NEVER)
        self.void[theirs[hit]] = when[hit]

    def result(self) -> Cuts:
        scene = self.scene
        life = self.before
        if self.replaced.any():
            life = work_out(scene, needs_store=True, replaced=self.replaced)
        again = self.refused > 0
        last = np.where(again, np.maximum(self.last, life.last), life.last)
        life = life._replace(
            logins=life.logins + self.refused,
            last=last,
            exp=np.where(again, last + scene.population.token_life, life.exp),
        )
        return Cuts(life, self.refused, self.valid, self.cut_at[scene.user])


class _CutWay(Way):
    """Ways that end all log-ins of a user at once."""

    def change(self, scene: Scene) -> Tally:
        before = live_totals(scene.endless, needs_store=True)
        cuts = scene.once("cuts", follow_cuts)
        after = scene.once("cut totals", lambda _: cuts.life.totals())
        exp = cuts.life.exp
        tally = self.flow(after.plus(before, -1)).plus(Tally(refused=int(cuts.refused.sum())))
        tally = tally.plus(self.price(scene, cuts.valid, exp))
        tally = tally.plus(Tally(held=self.held(scene, cuts.life, cuts.cut)))
        return tally.plus(self.afterwards(scene.ending, scene.of_ended(exp)))

    @abstractmethod
    def price(self, scene: Scene, valid: Bools, exp: Ints) -> Tally:
        """Return what the cuts cost the store."""

    @abstractmethod
    def held(self, scene: Scene, life: Life, cut: Ints) -> int:
        """Return the bytes held at the end because of the cuts."""


class NotBeforeWay(_CutWay):
    name = "NotBefore"
    login = failed = Calls(1, 0)
    entry = len("NotBefore:user:") + 64 + 16

    def price(self, scene: Scene, valid: Bools, exp: Ints) -> Tally:
        left = scene.ended & ~scene.disabled
        tried = left & scene.late & (exp > scene.at)
        looked = left & (exp > scene.moment)
        done, ends = count_true(valid), sum(scene.accounts)
        return Tally(reads=count_true(tried) + count_true(looked) + done + ends, writes=done + ends)

    def held(self, scene: Scene, life: Life, cut: Ints) -> int:
        return count_true(scene.of_users(np.logical_or, (cut >= 0) | scene.disabled)) * self.entry


class KeyPerUserWay(_CutWay):
    name = "KeyPerUser"
    may_open = False
    checks_exp = False  # the key is looked up before anything is known of the token
    login = failed = Calls(1, 1)
    entry = len("KeyPerUser:key:") + 22 + 32

    def held_plain(self, population: Population) -> int:
        return population.users * self.entry

    def price(self, scene: Scene, valid: Bools, exp: Ints) -> Tally:
        left = scene.ended & ~scene.disabled
        return Tally(
            reads=count_true(left) + count_true(left & scene.late),
            writes=count_true(valid) + sum(scene.accounts),
        )

    def held(self, scene: Scene, life: Life, cut: Ints) -> int:
        last = scene.of_users(np.maximum, life.last)
        there = last + self.population.token_life >= self.population.seconds
        there &= (last >= cut[scene.first]) & ~scene.of_users(np.logical_or, scene.disabled)
        return (count_true(there) - len(there)) * self.entry
