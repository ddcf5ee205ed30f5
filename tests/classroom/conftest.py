"""The small course of `course.py`, in a folder of its own, in the place of the real one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from authlab.classroom import exercises
from authlab.classroom.registry import EXERCISES

from .course import NB91, NB92, QUIZ, SOLUTIONS, Course


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """Put the small course in the place of the real one, with a progress file of its own."""
    made = Course(tmp_path / "exercises", tmp_path / "data", tmp_path / "home" / "done.jsonl")
    made.exercises.mkdir()
    (made.data / "quizzes").mkdir(parents=True)
    made.add_module("nb91", NB91)
    made.add_module("nb92", NB92)
    made.add_quiz("91", QUIZ)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "91_turn.py").write_text(SOLUTIONS, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUTHLAB_PROGRESS", str(made.progress))
    monkeypatch.setattr(exercises, "__path__", [str(made.exercises)])
    for module in ("progress", "quiz"):  # by sys.modules: the functions hide their modules
        found = sys.modules[f"authlab.classroom.{module}"]
        monkeypatch.setattr(found, "data_path", lambda name="": made.data / name)
    monkeypatch.setattr(EXERCISES, "_known", {})
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = {n: m for n, m in sys.modules.items() if n.startswith(f"{exercises.__name__}.nb")}
    for name in before:
        del sys.modules[name]
    yield made
    for name in [n for n in sys.modules if n.startswith(f"{exercises.__name__}.nb")]:
        del sys.modules[name]
    sys.modules.update(before)
