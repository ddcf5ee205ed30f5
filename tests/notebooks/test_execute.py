"""Each notebook runs in a fresh kernel, here and elsewhere; and a bad one is caught."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from . import run as running
from .run import run
from .sample import code, good, notebook, save
from .shape import NOTEBOOKS, WRITTEN

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("name", WRITTEN)
def test_it_runs_in_its_own_folder(name: str, tmp_path: Path) -> None:
    assert run(NOTEBOOKS / f"{name}.ipynb", tmp_path, moves=True).problems == []


@pytest.mark.parametrize("name", WRITTEN)
def test_it_runs_from_a_copy_elsewhere(name: str, tmp_path: Path) -> None:
    """The notebook alone was copied, as people do."""
    elsewhere = tmp_path / "my copies"
    elsewhere.mkdir()
    copy = shutil.copy(NOTEBOOKS / f"{name}.ipynb", elsewhere)
    assert run(Path(copy), tmp_path / "scratch").problems == []
    assert list(elsewhere.iterdir()) == [Path(copy)]  # and it left nothing beside itself


CAUGHT = {
    "plain_error": ["cell 0 (c0) raised ZeroDivisionError: division by zero"],
    "with_output": ["an Output widget holds ZeroDivisionError: division by zero"],
    "interact": ["control: IntSlider 'x' = 0: raised ZeroDivisionError: division by zero"],
    "interactive_output": [
        "an Output widget holds ZeroDivisionError: division by zero",
        "control: IntSlider 'x' = 0: raised ZeroDivisionError: division by zero",
    ],
    "button_handler": ["control: Button 'Divide' clicked: raised ZeroDivisionError"],
    "outside_address": ["call: socket.getaddrinfo '192.0.2.1'"],
    "needs_another_section": [],  # as a whole it runs: see test_sections
}


def test_every_bad_notebook_is_here() -> None:
    assert {path.stem for path in BAD.glob("*.ipynb")} == set(CAUGHT)


@pytest.mark.parametrize("name", CAUGHT)
def test_a_bad_notebook_is_caught(name: str, tmp_path: Path) -> None:
    found = run(BAD / f"{name}.ipynb", tmp_path, moves=True).problems
    assert bool(found) is bool(CAUGHT[name])
    for expected in CAUGHT[name]:
        assert any(problem.startswith(expected) for problem in found), found


def keep(folder: Path, *cells: dict[str, Any]) -> Path:
    path = folder / "cells.ipynb"
    path.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    return path


# Each goes wrong in a way that a plain run does not show.
QUIET = {
    "a warning": ("import warnings\nwarnings.warn('old')", "printed '"),
    "a thread dies": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()",
        "printed 'Traceback (most recent call last):'",
    ),
    "a traceback is printed": (
        "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()",
        "printed 'Traceback",
    ),
    "an error is logged": (
        "import logging\nlogging.getLogger('bank').error('the vault is open')",
        "log: bank: the vault is open",
    ),
    "a handler fails in the notebook": (
        "import ipywidgets as w\nb = w.Button(description='b')\nb.on_click(print(1 / 1) or int)\n"
        "b.click()\nb.close()",
        "raised TypeError",
    ),
    "an error is cleared away": (
        "import ipywidgets as w\nout = w.Output()\nwith out:\n    1 / 0\n"
        "with out:\n    out.clear_output()\n    print('fine')",
        "raised ZeroDivisionError",
    ),
}


def test_what_a_plain_run_hides_is_caught(tmp_path: Path) -> None:
    cells = [code(f"c{n}", source) for n, (source, _) in enumerate(QUIET.values())]
    found = run(keep(tmp_path, *cells), tmp_path / "scratch").problems
    for n, (name, (_, expected)) in enumerate(QUIET.items()):
        told = [p for p in found if p.startswith((f"cell {n} ", "log: ")) and expected in p]
        assert told, (name, found)


def test_errors_on_purpose(tmp_path: Path) -> None:
    hidden = "import ipywidgets as w\nwith w.Output():\n    int('x')\n1 / 0"
    path = keep(
        tmp_path,
        code("right", "1 / 0", "raises-exception"),
        code("wrong", "1 / 1", "raises-exception"),
        code("hidden", hidden, "raises-exception"),
        code("skipped", "1 / 0", "skip-execution"),
    )
    found = run(path, tmp_path / "scratch").problems
    assert [problem[:60] for problem in found] == [
        "cell 3 (skipped) raised ZeroDivisionError: division by zero",
        "cell 1 (wrong) is tagged raises-exception, but raised nothin",
        "an Output widget holds ValueError: invalid literal for int()",
    ]


def test_a_good_notebook_passes_and_the_budget_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample's exercises are not in the course: check() says so and raises nothing."""
    path = save(good(), tmp_path)
    done = run(path, tmp_path / "scratch", moves=True)
    assert done.problems == []
    assert 0.2 < done.seconds < running.BUDGET
    monkeypatch.setattr(running, "BUDGET", done.seconds / 1000)
    found = run(path, tmp_path / "again").problems
    assert len(found) == 1
    assert found[0].startswith("took ")


@pytest.mark.parametrize("source", ["import os\nos._exit(1)", "import time\ntime.sleep(600)"])
def test_a_run_that_never_ends_is_caught(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "HANG", 1)
    found = run(keep(tmp_path, code("c", source)), tmp_path / "scratch").problems
    assert found
    assert found[0].startswith("the run broke off: ")


def test_the_home_folder_is_out_of_reach(tmp_path: Path) -> None:
    source = (
        "import os, pathlib\n"
        f"assert str(pathlib.Path.home()).startswith({str(tmp_path)!r})\n"
        f"assert os.environ['AUTHLAB_PROGRESS'].startswith({str(tmp_path)!r})\n"
        "assert 'AUTHLAB_STORE' not in os.environ"
    )
    assert run(keep(tmp_path, code("c", source)), tmp_path / "scratch").problems == []
