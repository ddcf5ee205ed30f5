"""What the revocation lab (10) shows: settings, a population, a verdict. Pure functions."""

import math
from typing import NamedTuple

from authlab.revocation import Population, Row, Table
from authlab.revocation.table import in_bytes, in_seconds

__all__ = [
    "ACCESS",
    "COSTS",
    "FIRST",
    "LIMITS",
    "LIVES",
    "PUSHES",
    "REQUESTS",
    "TRIPS",
    "Settings",
    "judge",
    "say_chart",
]

TOKENS = (*(digit * 10**zeros for zeros in range(3, 8) for digit in (1, 2, 5)), 10**8)
LIVES = (60, 300, 900, 3600, 4 * 3600, 8 * 3600, 86_400, 14 * 86_400)  # seconds
ACCESS = (30, 60, 120, 300, 600, 900, 1800, 3600)
REQUESTS = (1 / 60, 0.1, 0.5, 1, 2, 6, 12, 30, 60)  # a minute
TRIPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)  # milliseconds
PUSHES = (1, 5, 10, 30, 60, 300, 900, 3600)
LIMITS = (0, 1, 10, 60, 300, 900, 3600)
LONGEST = 3600  # seconds that are looked at
_BEARABLE = 0.01  # the share of honest requests that may be refused


class Cost(NamedTuple):
    """One choice for the chart's upward axis: the figure of `Row`, its unit, how it is said.

    A time is in microseconds here: the scale goes by powers of ten, from 1 on.
    """

    figure: str
    axis: str
    unit: str

    def of(self, row: Row) -> float:
        return float(getattr(row, self.figure)) * (1e6 if self.unit == "time" else 1)

    def say(self, value: float) -> str:
        if self.unit == "bytes":
            return in_bytes(value)
        if self.unit == "time":
            return f"{value / 1000:.3g} ms" if value >= 1000 else f"{value:.3g} µs"
        return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


COSTS = {
    cost.axis: cost
    for cost in (
        Cost("calls_per_second", "calls of the store a second", "calls"),
        Cost("wait", "waiting for the store, a request", "time"),
        Cost("bytes_held", "bytes held in the store", "bytes"),
        Cost("pushed_to_all", "bytes pushed to all servers", "bytes"),
        Cost("token_bytes_per_second", "bytes of tokens sent a second", "bytes"),
        Cost("refused", "honest requests refused", "requests"),
    )
}
NOUNS = {
    "bytes_held": "held in the store",
    "calls_per_second": "calls of the store a second",
    "pushed_to_all": "pushed to all servers",
    "refused": "honest requests refused",
    "token_bytes_per_second": "of tokens a second",
    "wait": "of waiting for the store, a request",
}


class Settings(NamedTuple):
    """Where the controls stand. Times are seconds, but `round_trip` is milliseconds.

    `log_outs` an hour of 100 log-ins, `disabled` an hour of 1,000 accounts, `thefts` of 100
    log-ins that are logged out.
    """

    tokens: int = 10_000
    devices: int = 2
    requests: float = 6
    token_life: int = 3600
    access_life: int = 300
    log_outs: float = 5
    thefts: float = 2
    disabled: float = 1
    nodes: int = 4
    round_trip: float = 0.5
    push_every: int = 60
    outage: int = 0
    on_outage: str = "closed"

    @property
    def rows(self) -> float:
        """About how many log-ins must be looked at one by one: those of users who lose one.

        Those whose token expires in an outage are looked at, too, and take a sixth of the time.
        """
        hours = min(self.token_life, LONGEST) / 3600
        ends = self.log_outs / 100 * hours + self.disabled / 1000 * hours
        share = 1 - math.exp(-ends * self.devices)
        return self.tokens * (share + min(1, self.outage / self.token_life) / 6)

    def population(self) -> Population:
        """Return the population: an hour, or one token's life where that is shorter.

        The store goes down after a third of it, and is back in time for all to ask again.
        """
        window = min(self.token_life, LONGEST)
        gap = max(1, round(60 / self.requests))
        start = max(1, window // 3)
        return Population(
            tokens=self.tokens,
            devices=self.devices,
            requests=self.requests,
            token_life=self.token_life,
            access_life=min(self.access_life, self.token_life),
            log_outs=self.log_outs / 100,
            thefts=self.thefts / 100,
            disabled=self.disabled / 1000,
            nodes=self.nodes,
            round_trip=self.round_trip / 1000,
            push_every=self.push_every,
            outage_start=start,
            outage=max(0, min(self.outage, window - start - gap)),
            on_outage=self.on_outage,
            window=window,
        )


FIRST = Settings()


def judge(table: Table, cost: Cost, limit: float) -> tuple[bool | None, str]:
    """Return the verdict: which way ends access within `limit` seconds at the lowest `cost`.

    Every log-in that ended counts, the worst one too. It is no clear yes (None) where that way
    refuses more than one honest request in a hundred.
    """
    within = "at once" if limit == 0 else f"within {in_seconds(limit)}"
    good = [row for row in table if row.stale_worst <= limit]
    if not good:
        best = min(table, key=lambda row: row.stale_worst)
        worst = in_seconds(best.stale_worst)
        return False, f"No way ends access {within}: the quickest, {best.name}, takes {worst}."
    least = min(cost.of(row) for row in good)
    cheapest = [row for row in good if cost.say(cost.of(row)) == cost.say(least)]
    names = [row.name for row in cheapest]
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    verb = "costs" if len(names) == 1 else "cost"
    said = f"To end access {within}, {told} {verb} least: {cost.say(least)} {NOUNS[cost.figure]}."
    if len(names) == 1:
        [row] = cheapest
        said += f" Its slowest end takes {in_seconds(row.stale_worst)}"
        if cost.figure != "refused":
            said += f"; it refuses {_count(row.refused, 'honest request')}"
        said += "."
    kept_out = any(row.refused > row.requests * _BEARABLE for row in cheapest)
    return None if kept_out else True, said


def say_chart(table: Table, cost: Cost) -> str:
    """Return the chart as sentences, for those who read it rather than see it."""
    points = [
        f"{row.name}: {in_seconds(row.stale_worst)}, {cost.say(cost.of(row))}" for row in table
    ]
    return (
        f"Chart: longest access after the end against {cost.axis}. {'; '.join(points)}. "
        "The lower and the further left, the better."
    )


def _count(number: int, what: str) -> str:
    return f"no {what}" if number == 0 else f"{number:,} {what}{'' if number == 1 else 's'}"
