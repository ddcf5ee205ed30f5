"""The classroom in a real kernel: what a learner sees below each cell."""

from typing import Any

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from .course import Course

SETUP = """
from authlab.classroom import exercises
exercises.__path__[:] = [{folder!r}]
from authlab.classroom import check, hint, progress, quiz, solution
"""
CELLS = {
    "unanswered": "def turn(word):\n    ...\n\ncheck('91.1', turn)",
    "wrong": "check('91.1', len)",
    "endless": "def hurry():\n    while True: pass\n\ncheck('91.11', hurry)",
    "asleep": "import time\ncheck('91.11', lambda: time.sleep(600))",
    "asking": "check('91.1', lambda word: input())",
    "leaving": "import sys\ncheck('91.1', lambda word: sys.exit())",
    "loud": "check('91.1', lambda word: print(word) or word[::-1])",
    "not last": "check('91.1', lambda word: word[::-1])\n5;",
    "no exercise": "check(91.1)",
    "hint": "hint('91.1')",
    "solution": "solution('91.1')",
    "progress": "progress()",
    "alive": "40 + 2",
}


@pytest.fixture
def seen(course: Course) -> dict[str, list[Any]]:
    """Run all the cells in one kernel; return the outputs of each."""
    setup = SETUP.format(folder=str(course.exercises))
    notebook = new_notebook(cells=[new_code_cell(text) for text in (setup, *CELLS.values())])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells[1:], strict=True)}


def test_one_message_a_cell(seen: dict[str, list[Any]]) -> None:
    begins = {
        "unanswered": "… 91.1: not answered yet. `turn` returned None.",
        "wrong": "✗ 91.1: `turn('abc')` returned 3, not 'cba'.",
        "endless": "✗ 91.11: `hurry` did not finish within 0.3 seconds",
        "asleep": "✗ 91.11: `hurry` did not finish within 0.3 seconds",
        "asking": "✗ 91.1: `turn` raised StdinNotImplementedError",
        "leaving": "✗ 91.1: `turn` raised SystemExit",
        "loud": "✓ 91.1: right. 1 of 4 in this notebook.",
        "not last": "✓ 91.1: right. 1 of 4 in this notebook.",
        "no exercise": "… An exercise is named by its number in quotes, such as '91.1'.",
        "hint": "Hint 1 of 3 for 91.1: Look at the word.",
    }
    for name, begin in begins.items():
        (output,) = seen[name]
        assert (output.output_type, output.name) == ("stream", "stdout"), name
        assert output.text.replace("\n", " ").startswith(begin), name
    assert seen["alive"][0].data["text/plain"] == "42"

    (shown,) = seen["solution"]
    assert shown.output_type == "display_data"
    assert shown.data["text/plain"] == "def turn(word):\n    return word[::-1]\n"
    assert shown.data["text/markdown"].startswith("~~~~~~python\ndef turn")

    (table,) = seen["progress"]
    assert "1 of 4" in table.data["text/plain"]
    assert "<table" in table.data["text/html"]
