"""The ways that keep a list: of tokens that ended, that live, or of sessions. Imports `base`."""

from abc import abstractmethod

import numpy as np

from authlab.revocation.population import Bools, Ints, Population
from authlab.revocation.ways.base import Calls, Tally, Way
from authlab.revocation.ways.lives import Life
from authlab.revocation.ways.scene import Scene, count_true

__all__ = ["DenylistWay", "IntrospectionWay", "ListWay", "ServerSessionWay"]


class ListWay(Way):
    """Ways that note each token in a list of its user's, so that all of them can be ended.

    A list is `list_of_user` bytes and `listed` for each token on it. One that has expired leaves
    the list when the user next logs in. Ending costs one write.
    """

    list_of_user: int
    listed: int

    def held_plain(self, population: Population) -> int:
        return population.users * self.list_of_user + population.tokens * self.listed

    def end(self, scene: Scene, life: Life) -> Tally:
        held = self.lists(scene, life)
        exp, ended = scene.of_ended(life.exp), scene.ending
        ends = exp > ended.moment
        tally = self.price(ended, exp, ends)
        # Whoever disables an account reads its list once, and once again after an outage.
        reads = sum(ended.accounts)
        tally = tally.plus(Tally(reads=reads, writes=count_true(ends), held=held))
        return tally.plus(self.afterwards(ended, exp))

    @abstractmethod
    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        """Return what log-outs cost beside a write for each of those that `ends`."""

    def lists(self, scene: Scene, life: Life) -> int:
        """Return the bytes of the users' lists, less those if no log-in ended."""
        lists, listed = scene.once("lists", lambda scene: count_listed(scene, life))
        plain = len(scene.first) * self.list_of_user + len(scene.user) * self.listed
        return lists * self.list_of_user + listed * self.listed - plain


def count_listed(scene: Scene, life: Life) -> tuple[int, int]:
    """Return how many users' lists there are at the end, and how many tokens on them."""
    last = scene.of_users(np.maximum, life.last)
    kept = (scene.expires > last[scene.user]) + life.logins
    there = last + scene.population.token_life >= scene.population.seconds
    return count_true(there), int(scene.of_users(np.add, kept)[there].sum())


class DenylistWay(ListWay):
    name = "Denylist"
    login = failed = Calls(1, 1)
    entry = len("Denylist:ended:") + 22 + 1
    list_of_user = len("Denylist:user:") + 64 + 1  # and one byte for the braces less a comma
    listed = len('"":1800000000,') + 22

    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        tried = ended.late & (exp > ended.at) & ~ended.disabled
        held = count_true(exp[ends] >= self.population.seconds) * self.entry
        return Tally(writes=count_true(tried), held=held)


class IntrospectionWay(ListWay):
    name = "Introspection"
    may_open = False
    login = Calls(1, 2)
    failed = Calls(1, 1)
    entry = len("Introspection:live:") + 22 + 1
    list_of_user = len("Introspection:user:") + 64 + 1
    listed = DenylistWay.listed

    def held_plain(self, population: Population) -> int:
        return super().held_plain(population) + population.tokens * self.entry

    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        left = ~ended.disabled
        tried = left & ended.late & (exp > ended.at)
        reads = count_true(tried) + count_true(left & ends)
        return Tally(reads=reads, held=-len(exp) * self.entry)


class ServerSessionWay(ListWay):
    name = "ServerSession"
    may_open = False
    checks_exp = False
    request = Calls(1, 1)
    login = Calls(1, 2)
    failed = Calls(0, 1)
    times = '"created": 1800000000.0, "ends": 1800000000.0'
    entry = len("session:") + 64 + len('{"user": "user00000000", , "data": {}}') + len(times)
    list_of_user = len("user:") + 64
    listed = len('"": 1800000000.0, ') + 64

    def held_plain(self, population: Population) -> int:
        return super().held_plain(population) + population.tokens * self.entry

    def price(self, ended: Scene, exp: Ints, ends: Bools) -> Tally:
        left = ~ended.disabled
        # A log-out: look, delete, take off the list. With expired ones, the look finds nothing.
        done = count_true(left & ends)
        reads = count_true(left) + count_true(left & ended.late) + done
        # A whole account: each record is looked at and deleted, the list is read twice and changed.
        theirs = ended.disabled & ends
        accounts = count_true(np.diff(ended.user[theirs], prepend=-1) > 0)
        reads += count_true(theirs) + 2 * accounts
        return Tally(reads=reads, writes=done + accounts, held=-len(exp) * self.entry)

    def lists(self, scene: Scene, life: Life) -> int:
        moment = np.where(scene.ended, scene.moment, 0)
        done = scene.ended & (life.exp > moment)
        # A list is also tidied, and kept for longer, by a log-out.
        touched = np.maximum(life.last, np.where(done, moment, life.last))
        last = scene.of_users(np.maximum, touched)
        kept = ~scene.ended | (~done & (life.exp > last[scene.user]))
        many = scene.of_users(np.add, kept.astype(np.int64))
        there = (last + self.population.token_life >= self.population.seconds) & (many > 0)
        held = self.list_of_user + self.listed * many
        plain = len(many) * self.list_of_user + len(scene.user) * self.listed
        return int(held[there].sum()) - plain
