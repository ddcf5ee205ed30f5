"""What each strategy costs a population, and what it lets in: the arithmetic. Imports `scene`.

A way gives a `Tally` for the whole population if no log-in ended, by closed forms, and for each
`Scene` what differs because some do. Calls of the store are those that the strategy's class makes,
failed ones included; bytes held are those of its keys and values; tests compare the two.
"""

from abc import ABC
from typing import ClassVar, NamedTuple

import numpy as np

from authlab.revocation.population import Ints, Population
from authlab.revocation.ways.lives import Life, Totals, live, live_totals, plain_totals
from authlab.revocation.ways.scene import Scene

__all__ = ["Calls", "ExpiryOnlyWay", "Tally", "Way"]


class Tally(NamedTuple):
    """Sums over the window; `stale` is in half seconds, one entry for each log-in that ends."""

    requests: int = 0
    refused: int = 0
    let_in: int = 0
    reads: int = 0
    writes: int = 0
    held: int = 0
    pushed: int = 0
    wire: int = 0
    stale: tuple[Ints, ...] = ()

    def plus(self, other: "Tally", sign: int = 1) -> "Tally":
        return Tally(
            self.requests + sign * other.requests,
            self.refused + sign * other.refused,
            self.let_in + sign * other.let_in,
            self.reads + sign * other.reads,
            self.writes + sign * other.writes,
            self.held + sign * other.held,
            self.pushed + sign * other.pushed,
            self.wire + sign * other.wire,
            self.stale + other.stale,
        )


class Calls(NamedTuple):
    """Reads and writes of the store."""

    reads: int = 0
    writes: int = 0


class Way(ABC):
    """One strategy. `token` is the size of its token in bytes; the rest are calls of the store."""

    name: ClassVar[str]
    needs_store: ClassVar[bool] = True  # to log in
    asks_store: ClassVar[bool] = True  # for each request
    may_open: ClassVar[bool] = True
    checks_exp: ClassVar[bool] = True  # before it asks the store
    token: float = 0
    request: ClassVar[Calls] = Calls(1, 0)
    login: ClassVar[Calls] = Calls()
    failed: ClassVar[Calls] = Calls()

    def __init__(self, population: Population) -> None:
        self.population = population
        self.open = population.on_outage == "open" and self.may_open

    def plain(self) -> Tally:
        """Return the sums if no log-in ended."""
        totals = plain_totals(self.population, needs_store=self.needs_store)
        return self.flow(totals).plus(Tally(held=self.held_plain(self.population)))

    def change(self, scene: Scene) -> Tally:
        """Return what is different because some log-ins of `scene` end."""
        before = live_totals(scene.endless, needs_store=self.needs_store)
        after = live_totals(scene, needs_store=self.needs_store)
        life = live(scene, needs_store=self.needs_store)
        return self.flow(after.plus(before, -1)).plus(self.end(scene, life))

    def flow(self, totals: Totals) -> Tally:
        """Return what the owners' requests and log-ins cost."""
        request, login, failed = self.request, self.login, self.failed
        reads = totals.sent * request.reads + totals.logins * login.reads
        reads += totals.failed * failed.reads
        writes = totals.sent * request.writes + totals.logins * login.writes
        writes += totals.failed * failed.writes
        if self.asks_store and totals.down and not self.open:
            # A call that failed at its first step went no further.
            reads -= totals.down * (request.reads - 1)
            writes -= totals.down * request.writes
        down = totals.down if self.asks_store and not self.open else 0
        return Tally(
            requests=totals.sent + totals.lost,
            refused=down + totals.lost,
            reads=reads,
            writes=writes,
            wire=round(totals.sent * self.token),
        )

    def held_plain(self, population: Population) -> int:
        """Return the bytes held at the end if no log-in ended."""
        return 0

    def end(self, scene: Scene, life: Life) -> Tally:
        """Return what the ends do: what is accepted afterwards, and what they cost."""
        raise NotImplementedError

    def finish(self) -> Tally:
        """Return what is known only when every log-in has been looked at."""
        return Tally()

    def afterwards(self, ended: Scene, exp: Ints) -> Tally:
        """Return what comes after an end that takes effect at once, or when the outage is over.

        An open outage lets in whom it should not. `exp` is when the ended tokens expire.
        """
        seconds, (start, stop) = self.population.seconds, self.population.down
        sent = ended.asked_in_vain
        alive = ended.asked_after(0, np.minimum(exp, seconds)) if self.checks_exp else sent
        stale, let_in = np.zeros_like(exp), 0
        if self.open and stop > start:
            until = np.minimum(exp, stop)
            stale = np.maximum(2 * until - np.maximum(2 * ended.at + 1, 2 * start), 0)
            let_in = ended.asked_after(start, until)
        return Tally(let_in=let_in, reads=alive, wire=round(sent * self.token), stale=(stale,))


class ExpiryOnlyWay(Way):
    name = "ExpiryOnly"
    needs_store = asks_store = False
    request = Calls()

    def end(self, scene: Scene, life: Life) -> Tally:
        ended, exp, seconds = scene.ending, scene.of_ended(life.exp), self.population.seconds
        return Tally(
            let_in=ended.asked_after(0, np.minimum(exp, seconds)),
            wire=round(ended.asked_in_vain * self.token),
            stale=(np.maximum(2 * exp - 2 * ended.at - 1, 0),),
        )
