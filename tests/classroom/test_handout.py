"""Lifting sections out of a notebook, and the command line round it."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from authlab.__main__ import main
from authlab.classroom import handout

OPENING = """# Build a JWT by hand
**You will do:** a token.

[before](00_start.ipynb) | [contents](00_start_here.ipynb)

25 minutes."""
FENCED = """## 2. Sign it
See [04](04_break.ipynb#why), [the RFC](https://example.org/x) and ![a key](pictures/key.svg).

```python
## 9. not a heading
```
### Exercise 01.1: sign
~~~
# nor this
~~~"""


def section(text: str, **about: Any) -> Any:
    return new_markdown_cell(text, metadata={"authlab": about} if about else {})


def sample() -> Any:
    cells = [
        new_markdown_cell(OPENING),
        new_code_cell("import json", metadata={"tags": ["setup"]}),
        section("## 1. Look at it", minutes=6, routes=[45, 90, 180]),
        new_code_cell("1 + 1", outputs=[new_output("stream", text="2")], execution_count=3),
        section(FENCED, minutes=8, routes=[90, 180]),
        new_code_cell("x = 2", metadata={"tags": ["exercise"]}),
        new_markdown_cell("Only words."),
        section("## 3. Read it", minutes=4, routes=[45, 180]),
        section("## Quiz"),
        new_code_cell("quiz('01')"),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "widgets": {"state": {}}})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    nbformat.write(sample(), tmp_path / "77_build_it.ipynb")
    return tmp_path


def run(*args: str) -> tuple[int, Any]:
    """Run the command with `-o out.ipynb`; return its code and the notebook it wrote."""
    code = main(["handout", "77", "-o", "out.ipynb", *args])
    path = Path("out.ipynb")
    if not path.exists():
        return code, None
    made = nbformat.read(path, as_version=4)
    nbformat.validate(made)
    return code, made


def ids(notebook: Any) -> list[str]:
    return [cell.id for cell in notebook.cells]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("args", "cells"),
    [
        (["--sections", "1"], [0, 1, 2, 3]),
        (["--sections", "2"], [0, 1, 4, 5, 6]),
        (["--sections", "3, 1"], [0, 1, 2, 3, 7]),
        (["--sections", "1-3"], [0, 1, 2, 3, 4, 5, 6, 7]),
        (["--sections", "4"], [0, 1, 8, 9]),
        (["--sections", "2,2,2-3"], [0, 1, 4, 5, 6, 7]),
        (["--route", "45"], [0, 1, 2, 3, 7]),
        (["--route", "180"], [0, 1, 2, 3, 4, 5, 6, 7]),
        (["--sections", "2", "--blank"], [0, 1, 4, 5]),
    ],
)
def test_whole_sections_are_lifted(args: list[str], cells: list[int]) -> None:
    code, made = run(*args)
    assert code == 0
    assert ids(made) == [f"cell-{n}" for n in cells]
    assert made.metadata == {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for cell in made.cells:
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.usefixtures("folder")
def test_the_opening_says_where_it_is_from() -> None:
    _, made = run("--sections", "1,3")
    assert made.cells[0].source.splitlines() == [
        "# Build a JWT by hand",
        "",
        "From 77_build_it, sections 1 and 3, about 10 minutes. "
        "Prose: CC BY 4.0, code: MIT. Adapt it as you like, and say where it came from.",
        "**You will do:** a token.",
        "",
        "",
        "25 minutes.",
    ]
    assert made.cells[1].source == "import json"
    assert made.cells[1].metadata.tags == ["setup"]


@pytest.mark.usefixtures("folder")
def test_links_to_other_notebooks_become_words() -> None:
    _, made = run("--sections", "2")
    assert made.cells[2].source == FENCED.replace("[04](04_break.ipynb#why)", "04")
    assert made.cells[3].source == "x = 2"
    assert made.cells[3].metadata.tags == ["exercise"]


@pytest.mark.usefixtures("folder")
def test_blank_keeps_headings_and_setup_only() -> None:
    _, made = run("--sections", "1-2", "--blank")
    assert [cell.source for cell in made.cells[1:]] == [
        "import json",
        "## 1. Look at it",
        "",
        "## 2. Sign it\n\n### Exercise 01.1: sign",
        "",
    ]


def test_the_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handout", "77", "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "section  minutes  routes        title",
        "      1        6  45, 90, 180   Look at it",
        "      2        8  90, 180       Sign it",
        "      3        4  45, 180       Read it",
        "      4                         Quiz",
    ]
    assert [p.name for p in folder.iterdir()] == ["77_build_it.ipynb"]


def test_a_notebook_by_name_and_by_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "notebooks").mkdir()
    (folder / "77_build_it.ipynb").rename(folder / "notebooks" / "77_build_it.ipynb")
    for name in ("77", "77_build_it", "notebooks/77_build_it.ipynb"):
        assert main(["handout", name, "--list"]) == 0
        assert "Sign it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["77"], "one of the arguments --list --sections --route is required"),
        (["77", "--sections", "1", "--route", "45"], "not allowed with argument"),
        (["77", "--route", "soon"], "invalid int value"),
        ([], "the following arguments are required: notebook"),
    ],
)
def test_what_argparse_refuses(
    args: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["handout", *args])
    assert caught.value.code == 2
    assert sentence in capsys.readouterr().err


NUMBER = "There is no section {!r}. --list shows what there is."


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["78", "--list"], "There is no notebook '78': give its two digits, or the path of a file"),
        (["", "--list"], "There is no notebook ''"),
        (["*", "--list"], "There is no notebook '*'"),
        (["gone.ipynb", "--list"], "There is no notebook gone.ipynb."),
        (["bad.ipynb", "--list"], "bad.ipynb is not a notebook that Jupyter can read."),
        (["binary.ipynb", "--list"], "binary.ipynb is not a notebook that Jupyter can read."),
        (["77", "--sections", "1"], "Name the notebook to write: -o workshop.ipynb"),
        (["77", "--sections", "5", "-o", "o.ipynb"], NUMBER.format("5")),
        (["77", "--sections", "0", "-o", "o.ipynb"], NUMBER.format("0")),
        (["77", "--sections", "3-1", "-o", "o.ipynb"], NUMBER.format("3-1")),
        (["77", "--sections", "1-999", "-o", "o.ipynb"], NUMBER.format("1-999")),
        (["77", "--sections", "-1", "-o", "o.ipynb"], ""),
        (["77", "--sections", "", "-o", "o.ipynb"], NUMBER.format("")),
        (["77", "--sections", "1,,2", "-o", "o.ipynb"], NUMBER.format("")),
        (["77", "--sections", "²", "-o", "o.ipynb"], NUMBER.format("²")),
        (["77", "--sections", "9" * 5000, "-o", "o.ipynb"], "There is no section "),
        (["77", "--route", "60", "-o", "o.ipynb"], "No section is on a route of 60 minutes"),
        (["77", "--sections", "1", "-o", "o.txt"], "o.txt must end in .ipynb."),
        (["77", "--sections", "1", "-o", "no/o.ipynb"], "no/o.ipynb: No such file or directory."),
        (["77", "--sections", "1", "-o", "bad.ipynb"], "is there already: --force overwrites it"),
        (
            ["77", "--sections", "1", "-o", "./77_build_it.ipynb", "--force"],
            "./77_build_it.ipynb is there already: choose another name.",
        ),
        (["plain.ipynb", "--sections", "1", "-o", "o.ipynb"], "plain lacks its H1 in the first"),
    ],
)
def test_errors_are_sentences(
    args: list[str], sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.ipynb").write_text('{"cells": 5}')
    (folder / "binary.ipynb").write_bytes(b"\xff\x00")
    nbformat.write(new_notebook(cells=[section("## 1. A")]), folder / "plain.ipynb")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    try:
        code = main(["handout", *args])
    except SystemExit as caught:  # argparse takes -1 for an option
        code = int(caught.code or 0)
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert sentence in err
    assert "Traceback" not in err
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_force_overwrites(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--sections", "1")[0] == 0
    assert capsys.readouterr().out == ("out.ipynb: section 1 of 77_build_it, about 6 minutes.\n")
    assert run("--sections", "3")[0] == 2
    assert "is there already: --force overwrites it." in capsys.readouterr().err
    code, made = run("--sections", "3", "--force")
    assert code == 0
    assert ids(made)[-1] == "cell-7"


def test_a_file_that_appears_meanwhile_is_not_overwritten(folder: Path) -> None:
    (folder / "out.ipynb").write_text("old")
    with pytest.raises(FileExistsError):
        handout.write(sample(), folder / "out.ipynb")
    assert (folder / "out.ipynb").read_text() == "old"


def test_lifting_leaves_the_notebook_as_it_is() -> None:
    notebook = sample()
    handout.lift(notebook, handout.sections(notebook), "77_build_it", blank=True)
    assert notebook == sample()


def test_odd_metadata_is_no_trouble(folder: Path) -> None:
    text = sample()
    text.cells[2].metadata = {"authlab": "six"}
    text.cells[4].metadata = {"authlab": {"minutes": "six", "routes": 45}}
    text.cells[7].metadata = {"authlab": {"minutes": None, "routes": ["45", [1]]}}
    nbformat.write(text, folder / "77_build_it.ipynb")
    assert [s.minutes for s in handout.sections(text)] == [None] * 4
    assert run("--route", "45")[0] == 2
    assert run("--sections", "1-3")[0] == 0


def test_a_text_that_cannot_be_written_leaves_the_old_file(folder: Path) -> None:
    (folder / "out.ipynb").write_text("old")
    raw = json.loads((folder / "77_build_it.ipynb").read_text("utf-8"))
    raw["cells"][2]["source"] = "## 1. \ud800"
    (folder / "77_build_it.ipynb").write_text(json.dumps(raw))
    assert main(["handout", "77", "-o", "out.ipynb", "--sections", "1", "--force"]) == 2
    assert (folder / "out.ipynb").read_text() == "old"


def test_headings_without_numbers_count_on() -> None:
    cells = [section(f"## {t}") for t in ("Before", "1. One", "2. Two", "After", "10a. Ten")]
    found = handout.sections(new_notebook(cells=cells))
    assert [(s.number, s.title) for s in found] == [
        (3, "Before"),
        (1, "One"),
        (2, "Two"),
        (4, "After"),
        (5, "10a. Ten"),
    ]


NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebooks_of_the_course_can_be_lifted(path: Path) -> None:
    notebook = handout.read_notebook(path)
    found = handout.sections(notebook)
    numbers = [s.number for s in found]
    assert len(set(numbers)) == len(numbers) > 3
    for s in found:
        for blank in (False, True):
            made = handout.lift(notebook, [s], path.stem, blank=blank)
            nbformat.validate(made)
            assert made.cells[0].source.splitlines()[2].startswith(f"From {path.stem}, section")
            assert not any(".ipynb)" in c.source for c in made.cells if c.cell_type != "code")
