"""What a simulation found: one row a strategy, as text and as HTML. Imports `arguments`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from authlab.revocation.arguments import refuse

__all__ = ["Row", "Table", "in_bytes", "in_seconds"]


@dataclass(frozen=True)
class Row:
    """One strategy, over a window of `seconds`. Counts are of the whole window.

    - `ended`: log-ins that ended; `stale_mean`, `stale_p50`, `stale_p99`, `stale_worst`: seconds
      in which such a log-in's token was still accepted.
    - `let_in`: requests made after the end, and accepted.
    - `requests`: of owners whose log-in had not ended; `refused`: those refused all the same.
    - `reads`, `writes`: calls of the store.
    - `bytes_held`: keys and values in the store at the end of the window.
    - `bytes_pushed`: sent to each of the verifying servers.
    - `token_bytes`: tokens sent by clients.
    - `round_trip`: seconds from a server to the store and back.
    """

    name: str
    seconds: int
    ended: int
    stale_mean: float
    stale_p50: float
    stale_p99: float
    stale_worst: float
    let_in: int
    requests: int
    refused: int
    reads: int
    writes: int
    bytes_held: int
    bytes_pushed: int
    token_bytes: int
    nodes: int
    round_trip: float

    @property
    def reads_per_second(self) -> float:
        return self.reads / self.seconds

    @property
    def writes_per_second(self) -> float:
        return self.writes / self.seconds

    @property
    def calls_per_second(self) -> float:
        """Reads and writes of the store a second."""
        return (self.reads + self.writes) / self.seconds

    @property
    def pushed_per_second(self) -> float:
        """Bytes a second to each server."""
        return self.bytes_pushed / self.seconds

    @property
    def pushed_to_all(self) -> int:
        """Bytes to all servers together."""
        return self.bytes_pushed * self.nodes

    @property
    def refused_share(self) -> float:
        """The share of owners' requests that were refused, 0 to 1."""
        return self.refused / self.requests if self.requests else 0.0

    @property
    def token_bytes_per_second(self) -> float:
        return self.token_bytes / self.seconds

    @property
    def wait(self) -> float:
        """Seconds of waiting for the store for each request of an owner, on average."""
        calls = self.reads + self.writes
        return calls * self.round_trip / self.requests if self.requests else 0.0


Show = Callable[[Row], str]

_COLUMNS: tuple[tuple[str, str, Show], ...] = (
    (
        "mean stale",
        "seconds of access after its end, on average",
        lambda r: in_seconds(r.stale_mean),
    ),
    ("p50", "the median", lambda r: in_seconds(r.stale_p50)),
    ("p99", "99 of 100 end sooner", lambda r: in_seconds(r.stale_p99)),
    ("worst", "the longest", lambda r: in_seconds(r.stale_worst)),
    ("let in", "requests wrongly let in", lambda r: _count(r.let_in)),
    ("refused", "honest requests wrongly refused", lambda r: _count(r.refused)),
    ("reads/s", "reads of the store a second", lambda r: _rate(r.reads_per_second)),
    ("writes/s", "writes of the store a second", lambda r: _rate(r.writes_per_second)),
    ("wait", "waiting for the store, a request on average", lambda r: _wait(r.wait)),
    ("held", "bytes in the store", lambda r: in_bytes(r.bytes_held)),
    ("pushed", "bytes to each server in the window", lambda r: in_bytes(r.bytes_pushed)),
    ("tokens/s", "bytes of tokens sent a second", lambda r: in_bytes(r.token_bytes_per_second)),
)


class Table:
    """Rows by the strategy's name: `table["Denylist"].stale_p99`; also in order, and as columns."""

    def __init__(self, rows: list[Row], title: str) -> None:
        self.rows = rows
        self.title = title

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        return refuse("name", name, f"one of {', '.join(self.names)}")

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> list[str]:
        """The strategies, in order."""
        return [row.name for row in self.rows]

    def column(self, figure: str) -> list[Any]:
        """Return one figure of every row, named as in `Row`: for a chart."""
        if figure not in (*_FIELDS, *_PROPERTIES):
            refuse("figure", figure, f"one of {', '.join([*_FIELDS, *_PROPERTIES])}")
        return [getattr(row, figure) for row in self.rows]

    def __str__(self) -> str:
        heads = ["", *(name for name, _, _ in _COLUMNS)]
        lines = [[row.name, *(show(row) for _, _, show in _COLUMNS)] for row in self.rows]
        widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]

        def write(line: list[str]) -> str:
            cells = zip(line[1:], widths[1:], strict=True)
            return "  ".join(
                [line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in cells)]
            )

        return "\n".join([self.title, write(heads).rstrip(), *map(write, lines)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cell = "padding:2px 4px;text-align:right;font-weight:400;white-space:nowrap"
        head = f"{cell};font-weight:600"
        heads = "".join(
            f'<th scope="col" style="{head}" title="{escape(what)}">{escape(name)}</th>'
            for name, what, _ in _COLUMNS
        )
        body = "".join(
            f'<tr><th scope="row" style="{cell};text-align:left">{escape(row.name)}</th>'
            + "".join(f'<td style="{cell}">{escape(show(row))}</td>' for _, _, show in _COLUMNS)
            + "</tr>"
            for row in self.rows
        )
        return (
            '<table style="border-collapse:collapse">'
            f'<caption style="text-align:left;font-weight:600">{escape(self.title)}</caption>'
            f'<thead><tr><th scope="col" style="{head};text-align:left">strategy</th>'
            f"{heads}</tr></thead><tbody>{body}</tbody></table>"
        )


_FIELDS = tuple(Row.__dataclass_fields__)
_PROPERTIES = tuple(name for name, value in vars(Row).items() if isinstance(value, property))


def in_seconds(seconds: float) -> str:
    """Return a time as a person reads it: "0 s", "30 s", "4.5 min", "3 h"."""
    for unit, length in (("d", 172_800), ("h", 7200), ("min", 120)):
        if seconds >= length:
            return f"{_short(seconds / (length / 2))} {unit}"
    return f"{_short(seconds)} s"


def in_bytes(count: float) -> str:
    """Return bytes as a person reads them, in thousands: "0 B", "12 kB", "1.3 GB"."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{_short(count / size)} {unit}"
    return f"{_short(count)} B"


def _wait(seconds: float) -> str:
    return "<0.01 ms" if 0 < seconds < 1e-5 else f"{seconds * 1000:.2g} ms"


def _rate(number: float) -> str:
    return _count(number) if number >= 100 else f"{number:.3g}"


def _count(number: float) -> str:
    """Return a count as a person reads it: "4,366", "979 k", "2.4 M"."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * max(size, 1e5):
            return f"{_short(number / size)} {unit}"
    return f"{number:,.0f}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
