"""How fast a population is simulated, beside SimPy: `python -m benchmarks.revocation`.

`simulate` at a million and ten million live log-ins, each size in a process of its own, so that
its memory is its own too. Then one small population twice: by `simulate`, and as an event
simulation in SimPy, in which every request is an event; what the two count must be equal. Last,
what pushed lists cost: encoding a status list, and rbloom beside a Python set. Times are real time
on the machine it ran on. `--quick` leaves the largest sizes out.
"""

import argparse
import platform
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import simpy
from rbloom import Bloom

from authlab.revocation import Population, StatusList, simulate
from authlab.revocation.population import draw_events, spreads

LIMIT_SECONDS, LIMIT_MEGABYTES, LIMIT_RATIO = 10, 2000, 12
SMALL = Population(tokens=2000, token_life=1800, log_outs=0.3, disabled=0.02, thefts=0.5)
WAYS = ("ExpiryOnly", "Denylist", "StatusList", "ShortLivedWithRefresh")

Figures = dict[str, dict[str, float]]  # by strategy, by figure


def simulate_alone(tokens: int) -> tuple[float, float]:
    """Return seconds and megabytes that all nine strategies take, in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.revocation", "--alone", str(tokens)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def run_alone(tokens: int) -> None:
    """Print the seconds and the most megabytes of one simulation."""
    simulate(Population())  # imports, and what is measured once
    started = time.perf_counter()
    simulate(Population(tokens=tokens))
    took = time.perf_counter() - started
    print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


# -- the same in SimPy ------------------------------------------------------------------------


class Bank:
    """One strategy in SimPy: every client, every thief and every push is a process."""

    def __init__(self, population: Population, way: str) -> None:
        self.env = simpy.Environment()
        self.population, self.way = population, way
        self.seen: Counter[str] = Counter()
        self.stale: list[float] = []
        self.ended: set[int] = set()  # what the store knows
        self.copy: frozenset[int] = frozenset()  # what the servers know
        self.expires: dict[int, float] = {}

    def run(self) -> dict[str, float]:
        """Let the window pass; return what was counted."""
        population = self.population
        first, ends = spreads(population)
        ended = {}
        for events in draw_events(population):
            for number, *rest in zip(*(array.tolist() for array in events), strict=True):
                ended[number] = rest
        device = np.arange(population.tokens)
        places = zip(first.of(device).tolist(), ends.of(device).tolist(), strict=True)
        for number, (refresh, expire) in enumerate(places):
            at, disabled, copy = ended.get(number, (None, False, -1))
            self.client(number, refresh, expire + 1, at, disabled, copy)
        if self.way == "StatusList":
            self.env.process(self.push())
        self.env.run(until=population.seconds)
        mean = sum(self.stale) / len(self.stale) if self.stale else 0.0
        return {**self.seen, "stale_mean": mean, "stale_worst": max(self.stale, default=0.0)}

    def client(
        self, device: int, refresh: int, expires: int, at: int | None, disabled: bool, copy: int
    ) -> None:
        """Set off one owner's client, the end, and whoever goes on asking."""
        population, gap = self.population, self.population.gap
        self.expires[device] = expires
        if self.way == "ShortLivedWithRefresh":
            self.expires[device] = refresh - population.cycle + population.access_life
        else:  # first, so that it comes before a request
            self.env.process(self.renew(device, expires, at))
        asks = refresh % gap
        until = population.seconds if at is None else at + 1
        self.env.process(self.keep_asking(device, "owner", asks, until))
        if at is not None:
            self.env.process(self.end(device, at))
            if (start := asks if disabled else copy) >= 0:
                start += max(0, -(-(at + 1 - start) // gap)) * gap
                self.env.process(self.keep_asking(device, "other", start, population.seconds))

    def keep_asking(self, device: int, who: str, start: int, until: int) -> Iterator[Any]:
        yield self.env.timeout(start)
        while self.env.now < until:
            self.ask(device, who)
            yield self.env.timeout(self.population.gap)

    def renew(self, device: int, expires: int, at: int | None) -> Iterator[Any]:
        yield self.env.timeout(expires)
        if at is None or at >= expires:
            self.expires[device] += self.population.token_life

    def end(self, device: int, at: int) -> Iterator[Any]:
        yield self.env.timeout(at + 0.5)
        now, left = self.env.now, self.expires[device] - self.env.now
        if left > 0:
            self.ended.add(device)
        every = self.population.push_every
        known = {"Denylist": 0.0, "StatusList": -(-now // every) * every - now}.get(self.way, left)
        self.stale.append(max(0.0, min(left, known)))

    def push(self) -> Iterator[Any]:
        yield self.env.timeout(self.population.push_every - 0.25)  # before the requests
        while True:
            self.copy = frozenset(self.ended)
            yield self.env.timeout(self.population.push_every)

    def ask(self, device: int, asker: str) -> None:
        """One request."""
        now, short = self.env.now, self.way == "ShortLivedWithRefresh"
        if short and asker == "owner" and now >= self.expires[device]:
            self.expires[device] = now + self.population.access_life
            self.seen["renewals"] += 1
        alive = now < self.expires[device]
        if self.way == "Denylist":
            self.seen["looks"] += alive
            alive = alive and device not in self.ended
        elif self.way == "StatusList":
            alive = alive and device not in self.copy
        self.seen["requests"] += asker == "owner"
        self.seen["let_in"] += asker == "other" and alive
        self.seen["refused"] += asker == "owner" and not alive


def in_simpy(population: Population) -> Figures:
    return {way: Bank(population, way).run() for way in WAYS}


def in_authlab(population: Population) -> Figures:
    found = {}
    for row in simulate(population, WAYS):
        figures = ("requests", "let_in", "refused", "stale_mean", "stale_worst")
        found[row.name] = {name: getattr(row, name) for name in figures}
    return found


def differences(population: Population) -> list[str]:
    """Say in which figures the two differ."""
    ours, theirs = in_authlab(population), in_simpy(population)
    return [
        f"{way}, {name}: {value} here, {theirs[way].get(name, 0)} in SimPy"
        for way, figures in ours.items()
        for name, value in figures.items()
        if abs(value - theirs[way].get(name, 0)) > 1e-6
    ]


# -- what is pushed ---------------------------------------------------------------------------


def clock(job: Callable[[], object]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def print_pushed(entries: int) -> None:
    statuses, chance = StatusList(entries), random.Random(1)
    for index in chance.sample(range(entries), entries // 100):
        statuses[index] = 1
    print_aim(f"status list of {entries:,} entries: encode, seconds",
              clock(statuses.encode), 0.3)  # fmt: skip
    ids = [chance.getrandbits(127) for _ in range(entries)]
    others = [chance.getrandbits(127) for _ in range(100_000)]
    bloom, held = Bloom(entries, 0.01, int), set[int]()
    build, build_set = clock(lambda: bloom.update(ids)), clock(lambda: held.update(ids))
    look = clock(lambda: [each in bloom for each in others])
    look_set = clock(lambda: [each in held for each in others])
    print(f"  of {entries:,} ids{'rbloom':>24}{'set':>12}")
    print(f"    build, seconds       {build:14.3f}{build_set:12.3f}")
    print(f"    look-up, microseconds{look * 10:14.3f}{look_set * 10:12.3f}")
    size = sys.getsizeof(held) + sum(map(sys.getsizeof, ids))
    print(f"    megabytes            {bloom.size_in_bits / 8e6:14.2f}{size / 1e6:12.2f}")


def print_aim(aim: str, value: float, limit: float) -> None:
    verdict = "met" if value <= limit else "NOT MET"
    print(f"  {aim:58}{value:8.2f}  aim {limit:g}  {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description="authlab.revocation.simulate beside SimPy")
    parser.add_argument("--quick", action="store_true", help="leave the largest sizes out")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        run_alone(options.alone)
        return
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "simpy", "rbloom"))
    print(f"Python {platform.python_version()}, {packages}")
    print("\nNine strategies, one population: live log-ins, seconds, megabytes")
    sizes = [10**6, 10**7] if options.quick else [10**6, 10**7, 10**8]
    took = {}
    for tokens in sizes:
        rounds = [simulate_alone(tokens) for _ in range(3 if tokens < 10**8 else 1)]
        took[tokens] = min(rounds)
        print(f"  {tokens:>15,}{took[tokens][0]:10.2f}{took[tokens][1]:10.0f}")
    print("\nAims")
    print_aim("ten million: seconds", took[10**7][0], LIMIT_SECONDS)
    print_aim("ten million: megabytes", took[10**7][1], LIMIT_MEGABYTES)
    ratio = took[10**7][0] / took[10**6][0]
    print_aim("linear: seconds of ten million / of one million", ratio, LIMIT_RATIO)
    if wrong := differences(SMALL):
        raise SystemExit("\n".join(["SimPy counts otherwise:", *wrong]))
    ours = min(clock(lambda: in_authlab(SMALL)) for _ in range(5))
    theirs = min(clock(lambda: in_simpy(SMALL)) for _ in range(1 if options.quick else 3))
    print(f"\n{SMALL.tokens:,} log-ins, {SMALL.seconds} s, four strategies: all figures are equal")
    print(f"  SimPy {theirs:.2f} s, simulate {ours * 1000:.1f} ms: ratio {theirs / ours:,.0f}")
    print("\nWhat is pushed")
    print_pushed(100_000 if options.quick else 1_000_000)


if __name__ == "__main__":
    main()
