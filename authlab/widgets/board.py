"""The progress board (00): the map of the series, the three routes, what is done so far."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import ipywidgets as w

from authlab import data_path
from authlab.classroom import progress
from authlab.classroom.look import note
from authlab.classroom.progress import Progress
from authlab.widgets import kit

__all__ = ["ROUTES", "draw_board", "progress_board", "summarise_route"]

ROUTES: tuple[tuple[str, int | str], ...] = (
    ("everything", "all"),
    ("180 minutes", 180),
    ("90 minutes", 90),
    ("45 minutes", 45),
)


@cache
def load_series() -> list[dict[str, Any]]:
    """Return the notebooks; for each route, and for "all", their minutes and what to solve."""
    text = data_path("series.json").read_text("utf-8")
    series: list[dict[str, Any]] = json.loads(text)["notebooks"]
    return series


def find_items(notebook: dict[str, Any], route: int | str) -> set[str]:
    """Return what there is to solve in a notebook on a route: "01.2" an exercise, "01" a quiz."""
    return set(notebook["solve"].get(str(route), ()))


def summarise_route(route: int | str, seen: Progress) -> str:
    """Return one sentence: how much of a route is done, and where to go on."""
    series = load_series()
    items = [find_items(notebook, route) for notebook in series]
    count = f"{sum(len(i & seen.done) for i in items)} of {sum(map(len, items))} solved"
    for notebook, wanted in zip(series, items, strict=True):
        if not wanted <= seen.done:
            return f"{count}. Go on with {notebook['number']} {notebook['title']}."
    return f"{count}: this route is done."


def draw_board(route: int | str, seen: Progress) -> str:
    """Return the map as a table: each notebook, its minutes on this route, what is done."""
    lines = []
    for notebook in load_series():
        wanted = find_items(notebook, route)
        minutes = notebook["minutes"].get(str(route), 0)
        done = len(wanted & seen.done)
        share = done / len(wanted) if wanted else 0
        bar = f'<span class="authlab-bar" style="width:{6 * share:.2f}em"></span>'
        said = f"{bar if done else ''}{done} of {len(wanted)}" if wanted else "nothing to solve"
        lines.append(
            f'<tr><th scope="row"><b>{notebook["number"]}</b> {kit.escape(notebook["title"])}</th>'
            f"<td>{f'{minutes} min' if minutes else 'not on this route'}</td><td>{said}</td></tr>"
        )
    total = sum(notebook["minutes"].get(str(route), 0) for notebook in load_series())
    heads = ("notebook", "time", "exercises and quizzes solved")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    return (
        f"<table><caption>Your way through the course</caption><thead><tr>{head}</tr></thead>"
        f'<tbody>{"".join(lines)}<tr><th scope="row"><b>together</b></th><td>{total} min</td>'
        f"<td></td></tr></tbody></table>"
    )


def progress_board(*, read: Callable[[], Progress] = progress) -> w.VBox:
    """Return the board; `read` says what is done (the progress file by default)."""
    verdict, table = kit.view(), kit.view()
    route = w.Dropdown(options=ROUTES, description="Route", layout={"width": "auto"})
    again = w.Button(description="Read my progress again", layout={"width": "auto"})

    def redraw(_: object = None) -> None:
        seen = read()
        kit.draw(verdict, kit.draw_verdict(None, summarise_route(route.value, seen)))
        problem = note(seen.problem) if seen.problem else ""
        kit.draw(table, draw_board(route.value, seen) + problem)

    route.observe(redraw, "value")
    again.on_click(redraw)
    redraw()
    return kit.panel("progress_board", verdict, kit.row(route, again), table)
