"""The real strategies, driven through the events of a population, one call after the other.

Slow and plain: what `simulate` says must come out here too.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from authlab.clock import Clock
from authlab.revocation import InvalidRefreshToken
from authlab.revocation.population import Population, draw_events, spreads
from authlab.sessions import StoreUnavailable
from tests.revocation.ways import FailingStore

START = 1_800_000_000  # Unix seconds at which the window opens


@dataclass
class Device:
    """One log-in, its owner's client, and whoever asks with a copy after its end."""

    number: int
    user: str
    asks: int
    refreshes: int
    expires: int
    at: int | None = None
    disabled: bool = False
    copy: int = -1
    token: str = ""
    until: float = 0  # the client knows when its token expires; seconds
    over: bool = False
    stolen: str = ""  # the token at the end


@dataclass
class Seen:
    """The same figures as `Tally`."""

    requests: int = 0
    refused: int = 0
    let_in: int = 0
    reads: int = 0
    writes: int = 0
    held: int = 0
    pushed: int = 0
    wire: int = 0
    stale: dict[int, int] = field(default_factory=dict)  # half seconds, by device


def make_devices(population: Population) -> list[Device]:
    refreshing, expiring = spreads(population)
    number = np.arange(population.tokens)
    first, ends = refreshing.of(number).tolist(), (1 + expiring.of(number)).tolist()
    made = [
        Device(
            d, f"user{d // population.devices:08d}", first[d] % population.gap, first[d], ends[d]
        )
        for d in range(population.tokens)
    ]
    for events in draw_events(population):
        for d, at, disabled, copy in zip(*(array.tolist() for array in events), strict=True):
            made[d].at, made[d].disabled, made[d].copy = at, disabled, copy
    return made


class Replay:
    """Run one strategy; `refreshing` for the one whose clients renew."""

    def __init__(self, make: Any, population: Population, **options: Any) -> None:
        self.population, self.seen = population, Seen()
        self.clock = Clock(START)
        # Pushes are due at multiples of `push_every` after the window opens, and before.
        lead = 2 * population.token_life // population.push_every + 2
        self.go_to(-lead * population.push_every)
        self.store = FailingStore(self.clock)
        self.refreshing = make.name == "ShortLivedWithRefresh"
        life = population.access_life if self.refreshing else population.token_life
        on_outage = population.on_outage if make.may_open else "closed"
        if hasattr(make, "push_if_due"):
            options["push_every"] = population.push_every
        self.way = make(self.store, self.clock, ttl=life, on_outage=on_outage, **options)
        self.life = life
        self.devices = make_devices(population)
        self.waiting: list[Device | str] = []  # ends that the store did not take

    def go_to(self, second: float) -> None:
        self.clock.advance(START + second - self.clock.now())

    def run(self) -> Seen:
        population, seen = self.population, self.seen
        began = (lambda d: d.refreshes - population.cycle) if self.refreshing else (
            lambda d: d.expires - population.token_life)  # fmt: skip
        first = sorted(self.devices, key=began)
        for device in first:
            if began(device) < 0:
                self.go_to(began(device))
                self.log_in(device)
        self.go_to(-0.5)
        self.push()
        self.way.store.reset()
        self.way.bytes_pushed = 0
        self.go_to(0)
        self.push()
        with self.unmetered():
            for device in first:
                if began(device) == 0:
                    self.log_in(device)
        for second in range(population.seconds):
            if population.outage and second == population.down[1]:
                # A moment before: what is issued at the full second is then told apart by the
                # second, and every token is as long as any other.
                self.go_to(second - 0.125)
                self.come_back()
            self.go_to(second)
            self.begin_second(second)
            self.go_to(second + 0.25)
            self.probe()
            self.go_to(second + 0.5)
            if second == population.seconds - 1:
                cost = self.way.cost()
                seen.held = cost.bytes_held
            self.end_of_access(second)
            if second == population.seconds - 1:
                cost = self.way.cost()
                seen.reads, seen.writes, seen.pushed = cost.reads, cost.writes, cost.bytes_pushed
                seen.held = cost.bytes_held
            self.go_to(second + 0.75)
            self.probe()
        second = population.seconds
        while self.probe_after(second):
            second += 1
        return seen

    # -- one second ---------------------------------------------------------------------------

    def begin_second(self, second: int) -> None:
        population, (start, end) = self.population, self.population.down
        self.store.down = start <= second < end
        if second % population.push_every == 0:
            self.push()
        if not self.refreshing:
            for device in self.devices:
                if device.expires == second and device.until == second and not device.over:
                    self.log_in(device)
        for device in self.devices:
            if second % population.gap == device.asks:
                if not device.over:
                    self.ask(device, second)
                elif device.disabled:
                    self.ask_after(device)
            if device.over and not device.disabled and device.copy == second % population.gap:
                self.show(device.stolen)

    def come_back(self) -> None:
        """The store is up again: who could not log out does it now."""
        self.store.down = False
        self.push()
        waiting, self.waiting = self.waiting, []
        for what in waiting:
            self.end(what)

    def push(self) -> None:
        """Let the servers fetch what is due. Those that push nothing have no such method."""
        if hasattr(self.way, "push_if_due"):
            with suppress(StoreUnavailable):
                self.way.push_if_due()

    def log_in(self, device: Device) -> bool:
        try:
            device.token = self.way.issue(device.user)
        except StoreUnavailable:
            return False
        device.until = int(self.clock.now()) - START + self.life
        return True

    def renew(self, device: Device) -> bool:
        self.seen.wire += len(self.way._held[device.token])
        try:
            device.token = self.way.renew(device.token)
        except (StoreUnavailable, InvalidRefreshToken):
            return False
        device.until = int(self.clock.now()) - START + self.life
        return True

    def ask(self, device: Device, second: int) -> None:
        seen = self.seen
        seen.requests += 1
        if device.until <= second:
            anew = self.renew if self.refreshing else self.log_in
            if not anew(device):
                seen.refused += 1
                return
        seen.wire += len(device.token)
        if not self.way.accepts(device.token):
            seen.refused += 1
            if not self.is_down():
                assert self.log_in(device)

    def is_down(self) -> bool:
        return self.store.down

    def ask_after(self, device: Device) -> None:
        """A disabled account's device goes on as before."""
        if self.refreshing and device.until <= self.clock.now() - START:
            assert not self.renew(device)
        else:
            self.show(device.token)

    def show(self, token: str) -> None:
        self.seen.wire += len(token)
        self.seen.let_in += self.way.accepts(token)

    # -- ends ---------------------------------------------------------------------------------

    def end_of_access(self, second: int) -> None:
        off: set[str] = set()
        for device in self.devices:
            if device.at != second:
                continue
            device.over, device.stolen = True, device.token
            self.seen.stale[device.number] = 0
            if not device.disabled:
                self.end(device)
            elif device.user not in off:
                off.add(device.user)
                self.end(device.user)

    def end(self, what: Device | str) -> None:
        try:
            if isinstance(what, str):
                self.way.revoke_user(what)
            else:
                self.way.log_out(what.stolen)
        except StoreUnavailable:
            self.waiting.append(what)

    # -- who is still let in -------------------------------------------------------------------

    def probe(self) -> int:
        """Look which ended tokens still work, at no cost; each look stands for half a second."""
        alive = 0
        with self.unmetered():
            for device in self.devices:
                if device.over and self.way.accepts(device.stolen):
                    self.seen.stale[device.number] += 1
                    alive += 1
        return alive

    @contextmanager
    def unmetered(self) -> Iterator[None]:
        """Do what costs nothing."""
        meter, pushed = self.way.store, self.way.bytes_pushed
        counts = meter.reads, meter.writes
        yield
        meter.reads, meter.writes = counts
        self.way.bytes_pushed = pushed

    def probe_after(self, second: int) -> int:
        alive = 0
        for part in (0, 0.25, 0.5, 0.75):
            self.go_to(second + part)
            if part in (0.25, 0.75):
                alive += self.probe()
            elif part == 0 and second % self.population.push_every == 0:
                self.push()
        return alive
