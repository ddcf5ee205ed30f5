"""The chart of the revocation lab (10): one matplotlib figure, kept and updated, as SVG.

Imports `lab_state`. Text stays text, ink is the theme's own font colour.
"""

import io
import math
import re
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from authlab.classroom.look import escape
from authlab.revocation import Table
from authlab.revocation.table import in_seconds
from authlab.widgets.lab_state import Cost, say_chart

__all__ = ["Box", "Chart", "place_labels", "spread_points"]

WIDTH, HEIGHT = 430, 610  # pixels
LEFT, RIGHT, BOTTOM, TOP = 76, 418, 52, 588
INK = "#010203"  # becomes currentColor
# Okabe-Ito, each with a shape of its own.
STYLES = {
    "ServerSession": ("s", "#0072b2"),
    "ExpiryOnly": ("X", "#d55e00"),
    "Denylist": ("o", "#009e73"),
    "NotBefore": ("^", "#e69f00"),
    "KeyPerUser": ("v", "#cc79a7"),
    "BloomDenylist": ("D", "#56b4e9"),
    "StatusList": ("P", "#f0e442"),
    "Introspection": ("p", "#999999"),
    "ShortLivedWithRefresh": ("*", "#ffffff"),
}
TIMES = (0, 1, 10, 60, 600, 3600, 8 * 3600, 7 * 86_400)
MARK = 13  # pixels that a point takes
MOST_STEPS = 9
LETTER, LINE = 7.0, 16  # pixels of a letter and of a line, with room to spare
RISE = 4  # pixels from a text's base line to its middle
# Where a name may go, the nearest first: right or left, how far beside, how far above.
_OFFSETS = sorted(
    (
        (way, gap, sign * step * LINE)
        for way in (1, -1)
        for gap in (MARK, 30, 60, 110)
        for step in range(24)
        for sign in (-1, 1)  # below first: a line upwards crosses the names of what costs more
        if step or gap == MARK  # a level line would cross the points beside
    ),
    key=lambda offset: (abs(offset[2]) + offset[1], -offset[0]),
)
# A rim of the page's colour keeps a text readable where it stands on a line.
_RIM = "stroke: var(--jp-layout-color1, Canvas); stroke-width: 4px; paint-order: stroke"
_FONT = re.compile(r"font: ([\d.]+px) [^;\"]*")


class Box(NamedTuple):
    """A rectangle in pixels, from the lower left."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


class Words(Text):
    """Text at a point on its base line. matplotlib measures none: that took most of the time.

    SVG places it by its anchor alone, and the reader's own font decides how wide it is.
    """

    def draw(self, renderer: RendererBase) -> None:
        if not (self.get_visible() and self.get_text()):
            return
        x, y = self.get_position()
        gc = renderer.new_gc()
        gc.set_foreground(self.get_color())
        font, angle = self.get_fontproperties(), self.get_rotation()
        renderer.draw_text(gc, x, HEIGHT - y, self.get_text(), font, angle, mtext=self)
        gc.restore()


class Chart:
    """Draw tables, one after the other, on the same figure."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=72)
        # Data are pixels, and the scales are ours: matplotlib's own take half of the time.
        self.axes = axes = self.figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(0, HEIGHT))
        axes.set_axis_off()

        def line(**look: Any) -> Line2D:
            (made,) = axes.plot([], [], color=INK, clip_on=False, **look)
            return made

        def text(x: float = 0, y: float = 0, said: str = "", **look: Any) -> Words:
            made = Words(x, y, said, color=INK, rotation_mode="anchor", **{"fontsize": 12} | look)
            axes.add_artist(made)
            return made

        self.grid = line(linewidth=0.8, alpha=0.2)
        line(linewidth=1).set_data([LEFT, LEFT, RIGHT], [TOP, BOTTOM, BOTTOM])
        middle = (LEFT + RIGHT) / 2
        text(middle, 8, "longest access after the end", ha="center", fontsize=13)
        self.upward = text(18, (BOTTOM + TOP) / 2, fontsize=13, rotation=90, ha="center")
        self.times = [text(0, BOTTOM - 20, ha="center") for _ in TIMES]
        self.steps = [text(LEFT - 8, ha="right") for _ in range(MOST_STEPS)]
        self.limit = line(linewidth=1.2, linestyle=(0, (4, 3)))
        self.say_limit = text(0, TOP + 7, "your limit", ha="center")
        self.leaders = line(linewidth=0.7, alpha=0.6)
        self.points, self.labels = {}, {}
        for name, (shape, colour) in STYLES.items():
            size = 15 if shape == "*" else 11
            self.points[name] = line(
                marker=shape, markersize=size, markerfacecolor=colour, markeredgewidth=1
            )
            self.labels[name] = text(said=name)

    def draw(self, table: Table, cost: Cost, limit: float) -> str:
        """Return the chart of a table as SVG, with what it says as its text alternative."""
        most_x = math.log10(1 + max(60.0, limit * 1.2, *table.column("stale_worst")) * 1.3)
        highest = max(10.0, *map(cost.of, table)) * 2
        most_y = math.log10(1 + highest)

        def right(seconds: float) -> float:
            return LEFT + 16 + math.log10(1 + seconds) / most_x * (RIGHT - LEFT - 16)

        def up(value: float) -> float:
            return BOTTOM + 14 + math.log10(1 + value) / most_y * (TOP - BOTTOM - 14)

        self._mark(
            [(right(time), in_seconds(time)) for time in TIMES if right(time) <= RIGHT],
            [(up(step), cost.say(step)) for step in _steps(highest)],
        )
        self.upward.set_text(cost.axis)
        at = right(limit)
        self.limit.set_data([at, at], [BOTTOM, TOP])
        self.say_limit.set_x(min(at, WIDTH - 36))
        places = {row.name: (right(row.stale_worst), up(cost.of(row))) for row in table}
        self._show(spread_points(places))
        return self._write(say_chart(table, cost))

    def _mark(self, times: list[tuple[float, str]], steps: list[tuple[float, str]]) -> None:
        """Draw the scales: places in pixels, each with its text."""
        grid: list[tuple[float, float]] = []
        for artist, (x, said) in zip(self.times, [*times, *[(-9.0, "")] * 9], strict=False):
            artist.set(x=x, text=said, visible=bool(said))
            grid += [(x, BOTTOM), (x, TOP), (math.nan, math.nan)] if said else []
        for artist, (y, said) in zip(self.steps, [*steps, *[(-9.0, "")] * 9], strict=False):
            artist.set(y=y - RISE, text=said, visible=bool(said))
            grid += [(LEFT, y), (RIGHT, y), (math.nan, math.nan)] if said else []
        self.grid.set_data([x for x, _ in grid], [y for _, y in grid])

    def _show(self, places: dict[str, tuple[float, float]]) -> None:
        boxes = place_labels(places)
        leaders: list[tuple[float, float]] = []
        for name, point in self.points.items():
            shown = name in places
            point.set_visible(shown)
            self.labels[name].set_visible(shown)
            if not shown:
                continue
            (x, y), box = places[name], boxes[name]
            point.set_data([x], [y])
            middle = (box.bottom + box.top) / 2
            self.labels[name].set_position((box.left, middle - RISE))
            near = abs(middle - y) < LINE / 2 and min(abs(box.left - x), abs(box.right - x)) < 20
            end = box.left - 2 if box.left > x else min(box.right, x) + 1
            leaders += [] if near else [(x, y), (end, middle), (math.nan, math.nan)]
        self.leaders.set_data([x for x, _ in leaders], [y for _, y in leaders])

    def _write(self, says: str) -> str:
        page = io.StringIO()
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "authlab"}):
            self.figure.savefig(page, format="svg", transparent=True, metadata={"Date": None})
        text = page.getvalue()
        text = text[text.index("<svg") :]
        # Its style sheet would be one of the whole page, which then is styled anew at each change.
        text = re.sub(r"<(metadata|style)\b.*?</\1>", "", text, flags=re.DOTALL)
        text = _FONT.sub(r"font: \1 var(--jp-ui-font-family, sans-serif)", text)
        text = text.replace('<text style="', f'<text style="{_RIM};')
        look = "max-width:100%;height:auto;stroke-linejoin:round"
        head = f'<svg role="img" aria-label="{escape(says)}" style="{look}" '
        return text.replace(INK, "currentColor").replace("<svg ", head, 1)


def spread_points(places: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return the places, those of points that would cover each other moved side by side."""
    moved: dict[str, tuple[float, float]] = {}
    for name, (x, y) in places.items():
        while any(abs(x - x2) < MARK and abs(y - y2) < MARK for x2, y2 in moved.values()):
            x += MARK + 1
        moved[name] = x, y
    most = max((x for x, _ in moved.values()), default=0)
    if most > RIGHT - MARK:  # at the right edge they go to the left instead
        over = most - RIGHT + MARK
        moved = {name: (x - over if x > RIGHT - 150 else x, y) for name, (x, y) in moved.items()}
    return moved


def place_labels(places: dict[str, tuple[float, float]]) -> dict[str, Box]:
    """Return where each point's name goes: near it, on no other name, and beside no other point."""
    half, aside = MARK / 2, MARK + 7
    points = {
        name: (Box(x - half, y - half, x + half, y + half), Box(x - aside, y - 1, x + aside, y + 1))
        for name, (x, y) in places.items()
    }
    found: dict[str, Box] = {}
    for name in sorted(places, key=lambda name: (-round(places[name][1]), -places[name][0])):
        x, y = places[name]
        wide = len(name) * LETTER
        used = [box for other, boxes in points.items() if other != name for box in boxes]
        used += found.values()
        for way, gap, rise in _OFFSETS:
            left = x + gap if way > 0 else x - gap - wide
            box = Box(left, y + rise - LINE / 2, left + wide, y + rise + LINE / 2)
            inside = left > LEFT and box.right < WIDTH and box.bottom > BOTTOM and box.top < TOP
            if inside and not any(box.meets(other) for other in used):
                found[name] = box
                break
        else:
            left = x + MARK if x < WIDTH / 2 else x - MARK - wide
            found[name] = Box(left, y - LINE / 2, left + wide, y + LINE / 2)
    return found


def _steps(most: float) -> list[float]:
    """Return the values at which the upward scale is marked: 0, and powers of ten."""
    top = int(math.log10(most))
    every = 1 if top <= 6 else 2 if top <= 9 else 3
    return [0.0, *(10.0**power for power in range(0, top + 1, every))]
