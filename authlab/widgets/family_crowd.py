"""A thousand users on refresh tokens: whom each policy signs out, and which thefts it notices.

Each renewal is an exchange of `RefreshTokens`. No ipywidgets.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from authlab.clock import Clock
from authlab.revocation.errors import InvalidRefreshToken
from authlab.revocation.families import name_of
from authlab.revocation.refresh import RefreshTokens
from authlab.sessions.memory import MemoryStore
from authlab.widgets.family_state import DAY, POLICIES, START

__all__ = ["ASSUMED", "Count", "Crowd", "run_crowd"]


class Crowd(NamedTuple):
    """What is assumed of the users; times are seconds, shares between 0 and 1.

    Each renews `renewals` times, `every` seconds apart and up to a fifth earlier. At a share
    `tabs` of the renewals a second tab sends the same token, up to `apart` later; at a share `lost`
    the reply is lost, and asked for again up to `apart` later. From a share `stolen` of the users a
    token is copied once; of these thieves a share `quick` come within a second of Alice's next
    renewal, the others at any time in two periods. They go on to renew as she does.
    """

    users: int = 1000
    renewals: int = 8
    every: float = 300
    tabs: float = 0.02
    lost: float = 0.01
    apart: float = 5
    stolen: float = 0.1
    quick: float = 0.5


ASSUMED = Crowd()


class Count(NamedTuple):
    """What one policy comes to: sign-outs without a theft, thefts, noticed, still inside."""

    signed_out: int
    thefts: int
    noticed: int
    inside: int


def run_crowd(
    policy: str,
    crowd: Crowd = ASSUMED,
    *,
    seed: int = 11,
    progress: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Count:
    """Run a crowd under one of `POLICIES`; the same `seed` draws the same crowd for each."""
    total = Count(0, 0, 0, 0)
    for number in progress(range(crowd.users)):
        found = _Life(policy, crowd, f"{seed} {number}").run()
        total = Count(*map(sum, zip(total, found, strict=True)))
    return total


class _Life:
    """One user, perhaps with a thief behind; events are played in the order of their time."""

    def __init__(self, policy: str, crowd: Crowd, seed: str) -> None:
        # Two dice, so that the same user meets the same luck whatever the thief comes to.
        self.crowd, self.chance, self.thiefs = crowd, random.Random(seed), random.Random(seed + "M")
        self.clock = Clock(START)
        self.bank = RefreshTokens(
            MemoryStore(self.clock), ttl=DAY, access=lambda user: "", **POLICIES[policy].options
        )
        self.events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.counter = itertools.count()
        self.held, self.stolen = self.bank.issue("alice"), ""
        self.left = crowd.renewals
        self.signed_out, self.stolen_from, self.noticed = 0, False, False
        is_victim = self.thiefs.random() < crowd.stolen
        self.copied_at = self.thiefs.randrange(1, crowd.renewals - 2) if is_victim else -1
        self.lurks = self.thiefs.random() < crowd.quick

    def run(self) -> Count:
        """Play it to the end, and have Alice renew once more."""
        self._at(self._pause(self.chance), self._renew)
        while self.events:
            when, _, act, arguments = heapq.heappop(self.events)
            self.clock.advance(START + when - self.clock.now())
            act(*arguments)
        self.clock.advance(self.crowd.every)
        self._exchange(self.held)
        self.clock.advance(self.crowd.every / 2)  # no window is open any more
        inside = bool(self.stolen) and self._exchange(self.stolen, thief=True) is not None
        return Count(self.signed_out, self.stolen_from, self.noticed, inside)

    def _renew(self) -> None:
        """Alice's browser renews, perhaps with a second tab, perhaps in a tunnel."""
        old, done = self.held, self.crowd.renewals - self.left
        self.left -= 1
        if self.left:
            self._at(self._pause(self.chance), self._renew)
        luck, later = self.chance.random(), self.chance.uniform(0.005, self.crowd.apart)
        got = self._exchange(old)
        if got is None:
            self._log_in_again()
        elif luck < self.crowd.lost:
            self._at(later, self._again, old, True)
        else:
            self.held = got
            if luck < self.crowd.lost + self.crowd.tabs:
                self._at(later, self._again, old, False)
        if self.lurks and self.stolen == old:
            self.lurks = False
            self._at(0.5, self._steal)
        if done == self.copied_at:
            self.stolen, self.stolen_from = self.held, True
            if not self.lurks:
                self._at(self.thiefs.uniform(0, 2 * self.crowd.every), self._steal)

    def _again(self, old: str, was_lost: bool) -> None:
        """Send the same token once more: for the reply that was lost, or from the second tab."""
        got = self._exchange(old)
        if got is not None:
            self.held = got
        elif name_of(old) == name_of(self.held) and (was_lost or self.bank.family(old).over):
            self._log_in_again()

    def _steal(self) -> None:
        """The thief renews, and goes on at times of its own."""
        self.stolen = self._exchange(self.stolen, thief=True) or ""
        if self.stolen and self.left:
            self._at(self._pause(self.thiefs), self._steal)

    def _exchange(self, token: str, *, thief: bool = False) -> str | None:
        try:
            return self.bank.exchange(token).refresh
        except InvalidRefreshToken:
            if (thief or self.stolen) and self.bank.family(token).over == "reused":
                self.noticed = True
            return None

    def _log_in_again(self) -> None:
        if not self.stolen_from:
            self.signed_out += 1
        self.held = self.bank.issue("alice")

    def _at(self, seconds: float, act: Callable[..., None], *arguments: Any) -> None:
        when = self.clock.now() - START + seconds
        heapq.heappush(self.events, (when, next(self.counter), act, arguments))

    def _pause(self, chance: random.Random) -> float:
        return chance.uniform(0.8, 1) * self.crowd.every
