"""A small notebook that is as it should be, for tests that spoil it."""

import json
from pathlib import Path
from typing import Any

from .shape import CLOSING, Course

COURSE = Course(
    written=("00_start_here", "01_build_a_jwt", "02_verify_signatures"),
    exercises={"01.1": "one", "01.2": "two", "01.3": "three"},
    solutions=frozenset(("01.1", "01.2", "01.3")),
    quizzes=frozenset(("01",)),
    panels=frozenset(("token_inspector",)),
)
OPENING = """\
# Build a token

**You will do**: one token. **You will learn**: how. **You need**: nothing.
It takes 20 to 30 minutes.

[Back](00_start_here.ipynb) | [contents](00_start_here.ipynb) | [on](02_verify_signatures.ipynb)
"""


def markdown(id: str, source: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": metadata, "source": source}


def code(id: str, source: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code",
        "id": id,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def head(id: str, title: str, **about: Any) -> dict[str, Any]:
    about = {"minutes": 5, "routes": [45, 90, 180]} | about
    return markdown(id, f"## {title}\n\nSome [words](#{title.replace(' ', '-')}).", authlab=about)


def exercise(number: int, name: str) -> list[dict[str, Any]]:
    stub = f'def {name}():\n    ...  # your code\n\n\ncheck("01.{number}", {name})'
    return [
        markdown(f"title-{name}", f"### Exercise 01.{number}: find {name}\n\nWrite `{name}`."),
        code(f"stub-{name}", stub, "exercise"),
    ]


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    """Cells in a notebook of their own."""
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def good() -> dict[str, Any]:
    """A notebook 01 without a problem; its cells are found by id with `cell`."""
    setup = "import ipywidgets as w\n\nfrom authlab.classroom import check, quiz"
    return notebook(
        markdown("opening", OPENING),
        code("setup", setup, "setup"),
        head("first", "1. Look"),
        code("look", "value = 1\nslider = w.IntSlider(description='Value', min=1, max=3)\nslider"),
        markdown("around", "The panel below: ![a small picture](pictures/one.png)"),
        code("panel", "def token_inspector():\n    return slider\n\n\ntoken_inspector()"),
        markdown("after", "What it showed."),
        *exercise(1, "one"),
        head("second", "2. Think", minutes=1, routes=[180]),
        *exercise(2, "two"),
        *exercise(3, "three"),
        markdown("settled", f"## {CLOSING[0]}\n\n| row | answer |\n|---|---|\n| size | small |"),
        markdown("production", f"## {CLOSING[1]}\n\nSee [the RFC](https://rfc.example/7519)."),
        markdown("own", f"## {CLOSING[2]}\n\nDo more."),
        markdown("quiz", f"## {CLOSING[3]}\n\nAnswer."),
        code("ask", 'quiz("01")'),
        markdown("next", f"## {CLOSING[4]}\n\nGo on."),
    )


def cell(notebook: dict[str, Any], id: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell.get("id") == id)


def save(notebook: Any, folder: Path, name: str = "01_build_a_jwt") -> Path:
    """Write a notebook into a small course in `folder` and return its path."""
    notebooks = folder / "notebooks"
    (notebooks / "pictures").mkdir(parents=True, exist_ok=True)
    (notebooks / "pictures" / "one.png").touch()
    (folder / "GUIDE.md").write_text("# How to: read on!\n", encoding="utf-8")
    for sibling in COURSE.written:
        (notebooks / f"{sibling}.ipynb").write_text('{"cells": []}', encoding="utf-8")
    path = notebooks / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path
