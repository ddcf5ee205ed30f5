"""Every solution passes its check, every stub fails it with a sentence that helps."""

import re
from typing import Any

import pytest

from authlab.classroom import grade, solution_text
from authlab.classroom.exercises import EXERCISES

from .shape import NOTEBOOKS, WRITTEN, Notebook, read

IDS = sorted(EXERCISES)
SOLUTIONS = NOTEBOOKS / "solutions"


def notebook_of(id: str) -> Notebook:
    name = next(name for name in WRITTEN if name[:2] == id[:2])
    return read(NOTEBOOKS / f"{name}.ipynb")


def run_stub(id: str) -> Any:
    """What the learner hands to `check` when nothing was written into the stub."""
    notebook = notebook_of(id)
    names: dict[str, Any] = {}
    exec(notebook.cells[1].source, names)
    handed: dict[str, Any] = {}
    names["check"] = handed.__setitem__
    for cell in notebook.code:
        if "exercise" in cell.tags and re.search(
            rf'check\(\s*["\']{re.escape(id)}["\']', cell.source
        ):
            exec(cell.source, names)
    return handed[id]


def test_every_notebook_has_exercises() -> None:
    assert {id[:2] for id in IDS} == {name[:2] for name in WRITTEN}


@pytest.mark.parametrize("id", IDS)
def test_the_solution_is_right(id: str) -> None:
    names: dict[str, Any] = {"__name__": "solution"}
    exec(solution_text(id), names)
    verdict = grade(id, names[EXERCISES[id].name])
    assert verdict.ok, verdict.message
    assert "check(" not in solution_text(id)


@pytest.mark.parametrize("id", IDS)
def test_the_stub_gets_a_sentence_that_helps(id: str) -> None:
    verdict = grade(id, run_stub(id))
    assert not verdict.ok
    assert f"`{EXERCISES[id].name}`" in verdict.message
    assert EXERCISES[id].expects.rstrip(".") in verdict.message
    assert verdict.message.endswith(f"hint('{id}')")
    for word in ("Traceback", 'File "', " line ", "<function", "Error:"):
        assert word not in verdict.message


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("wrong", ["", "x", 0, float("nan"), b"", (), {}], ids=repr)
def test_a_wrong_answer_is_not_right(id: str, wrong: object) -> None:
    answer = wrong if EXERCISES[id].value else lambda *_args, **_named: wrong
    verdict = grade(id, answer)
    assert not verdict.ok
    assert "could not make sense" not in verdict.message


@pytest.mark.parametrize("id", IDS)
def test_another_solution_is_not_right(id: str) -> None:
    """What solves another exercise of the same notebook must not solve this one."""
    for other in IDS:
        if other[:2] == id[:2] and other != id:
            names: dict[str, Any] = {}
            exec(solution_text(other), names)
            assert not grade(id, names[EXERCISES[other].name]).ok


@pytest.mark.parametrize("id", IDS)
def test_each_hint_is_there(id: str) -> None:
    hints = [hint.strip() for hint in EXERCISES[id].hints]
    assert len(hints) == len(set(hints)) == 3
    for hint in hints:
        assert re.search(r"[.?!]$", hint), hint


def test_each_solution_has_its_exercise() -> None:
    found = {
        (path.stem, id)
        for path in SOLUTIONS.glob("*.py")
        for id in re.findall(r"(?m)^# %% (\S+)", path.read_text(encoding="utf-8"))
    }
    names = {name[:2]: name for name in WRITTEN}
    assert found == {(names[id[:2]], id) for id in IDS}


def test_no_solution_is_in_sight() -> None:
    tell = {id: telling_lines(solution_text(id)) for id in IDS}
    for name in WRITTEN:
        for cell in read(NOTEBOOKS / f"{name}.ipynb").cells:
            shown = {line.strip() for line in cell.source.splitlines()}
            for id, lines in tell.items():
                assert not lines & shown, f"{name}, {cell}: the solution of {id}"


def telling_lines(code: str) -> set[str]:
    lines = {line.strip() for line in code.splitlines()}
    return {line for line in lines if line.startswith("return ") and len(line) > 25}
