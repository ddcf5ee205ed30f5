"""The list of exercises, and the decorator that fills it."""

import re
import subprocess
import sys

import pytest

from authlab.classroom.exercises import EXERCISES, Exercise, exercise

from .course import Course

GOOD = {"name": "f", "expects": "a number", "hints": ("a", "b", "c")}


def grader(_answer: object) -> None:
    return None


grader.__module__ = "authlab.classroom.exercises.nb91"


@pytest.mark.usefixtures("course")
def test_every_exercise_is_there_in_order() -> None:
    assert list(EXERCISES) == ["91.1", "91.2", "91.10", "91.11", "92.1"]
    assert len(EXERCISES) == 5
    assert EXERCISES.notebooks() == ["91", "92"]
    found = EXERCISES["91.10"]
    assert isinstance(found, Exercise)
    assert (found.id, found.notebook, found.name, found.value) == ("91.10", "91", "refuse", False)
    assert found.seconds == 5
    assert EXERCISES["91.11"].seconds == 0.3
    assert EXERCISES["91.2"].value


@pytest.mark.usefixtures("course")
def test_a_look_up_imports_its_notebook_alone() -> None:
    assert EXERCISES["92.1"].id == "92.1"
    loaded = [name for name in sys.modules if re.search(r"exercises\.nb9", name)]
    assert loaded == ["authlab.classroom.exercises.nb92"]


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize(
    "key", ["91.3", "93.1", "91", "", "../nb91", 91.1, None, "91.1\n", "\uff191.1"]
)
def test_what_is_not_there_is_a_key_error(key: object) -> None:
    with pytest.raises(KeyError):
        EXERCISES[key]
    assert key not in EXERCISES


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize("id", ["91", "91.0", "91.01", "1.1", "92.1", "91.1 ", "9l.1"])
def test_a_wrong_id_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match=r"write it as '01\.2', in its own nb01"):
        exercise(id, **GOOD)(grader)


@pytest.mark.usefixtures("course")
@pytest.mark.parametrize(
    "slip",
    [
        {"hints": ("a", "b")},
        {"hints": "abc"},
        {"hints": ("a", "", "c")},
        {"name": ""},
        {"expects": ""},
        {"seconds": 0},
    ],
)
def test_a_slip_of_the_author_is_refused(slip: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Exercise 91\.3 needs"):
        exercise("91.3", **(GOOD | slip))(grader)


def test_an_id_used_twice_is_refused(course: Course) -> None:
    text = (course.exercises / "nb92.py").read_text("utf-8")
    course.add_module("nb92", text + text)
    with pytest.raises(ValueError, match=r"92\.1 is there twice"):
        list(EXERCISES)


def test_a_module_mended_is_found_at_the_next_look(course: Course) -> None:
    good = (course.exercises / "nb92.py").read_text("utf-8")
    course.add_module("nb92", good + "\n1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        EXERCISES["92.1"]
    course.add_module("nb92", good)
    assert EXERCISES["92.1"].id == "92.1"


def test_importing_the_classroom_loads_nothing_heavy() -> None:
    code = (
        "import sys, authlab.__main__, authlab.classroom, authlab.classroom.look\n"
        "heavy = {'IPython', 'ipywidgets', 'nbformat', 'cryptography', 'flask', 'numpy', 'jwt'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
