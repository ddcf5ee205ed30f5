"""The map that the progress board shows says what the notebooks say."""

import json
import re

import pytest

from authlab.classroom.progress import Progress, progress
from authlab.widgets.board import ROUTES, summarise_route

from .series import ROOT, read_series

SERIES = read_series()


def test_series_is_what_the_notebooks_say() -> None:
    written = json.loads((ROOT / "data/series.json").read_text("utf-8"))["notebooks"]
    assert written == SERIES, "run: python -m tests.notebooks.series > data/series.json"


@pytest.mark.parametrize("notebook", SERIES, ids=lambda notebook: notebook["file"])
def test_the_opening_names_the_minutes(notebook: dict[str, object]) -> None:
    text = (ROOT / f"notebooks/{notebook['file']}.ipynb").read_text("utf-8")
    said = re.search(r"About (\d+) minutes", text)
    assert said
    minutes = notebook["minutes"]
    assert isinstance(minutes, dict)
    assert abs(int(said[1]) - minutes["all"]) <= 3


@pytest.mark.parametrize("route", [45, 90, 180])
def test_a_route_takes_as_long_as_it_says(route: int) -> None:
    minutes = [notebook["minutes"][str(route)] for notebook in SERIES]
    assert 0.9 * route <= sum(minutes) <= route


@pytest.mark.parametrize("route", [minutes for _, minutes in ROUTES])
def test_a_route_can_be_finished(route: int | str) -> None:
    ids = {item for notebook in SERIES for item in notebook["solve"][str(route)]}
    assert len(ids) > 3
    done = Progress(frozenset(ids), progress().rows)
    assert "done" in summarise_route(route, done)
    missing = Progress(frozenset(ids - {max(ids)}), progress().rows)
    assert f"{len(ids) - 1} of {len(ids)}" in summarise_route(route, missing)
