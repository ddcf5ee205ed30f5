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

__all__ = ["draw_board", "progress_board", "summarise_route"]

ROUTES = (("180 minutes: all that is here", 180), ("90 minutes", 90), ("45 minutes", 45))


@cache
def load_series() -> list[dict[str, Any]]:
    """Return the notebooks of the series: number, title, what you do, minutes per route."""
    series: list[dict[str, Any]] = json.loads(data_path("series.json").read_text())["notebooks"]
    return series


def summarise_route(route: int, seen: Progress) -> str:
    """Return one sentence: how much of a route is done, and where to go on."""
    rows = {row.notebook: row for row in seen.rows}
    stops = [nb for nb in load_series() if nb["minutes"].get(str(route)) and nb["number"] in rows]
    if not stops:
        return "This route has nothing to solve yet."
    total = sum(rows[nb["number"]].total for nb in stops)
    solved = sum(rows[nb["number"]].solved for nb in stops)
    for nb in stops:
        row = rows[nb["number"]]
        if row.solved < row.total or row.quiz is False:
            return f"{solved} of {total} exercises solved. Go on with {nb['file']}."
    return f"All {total} exercises solved and every quiz passed: this route is done."


def draw_board(route: int, seen: Progress) -> str:
    """Return the map as a table: each notebook, its minutes on this route, what is done."""
    rows = {row.notebook: row for row in seen.rows}
    lines = []
    for nb in load_series():
        minutes = nb["minutes"].get(str(route), 0)
        row = rows.get(nb["number"])
        if row is None:
            done = "nothing to solve"
        else:
            share = row.solved / row.total if row.total else 0
            quiz = {True: ", quiz passed", False: ", quiz open", None: ""}[row.quiz]
            done = (
                f'<span class="authlab-bar" style="width:{6 * share:.2f}em"></span>'
                f"{row.solved} of {row.total} exercises{quiz}"
            )
        lines.append(
            f'<tr><th scope="row"><b>{nb["number"]}</b> {kit.escape(nb["title"])}</th>'
            f"<td>{f'{minutes} min' if minutes else 'not on this route'}</td><td>{done}</td></tr>"
        )
    head = "".join(f'<th scope="col">{t}</th>' for t in ("notebook", "time", "done so far"))
    return (
        f"<table><caption>Your way through the course</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>"
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
