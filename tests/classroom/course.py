"""The parts of a small course of two notebooks, 91 and 92."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NB91 = """
from authlab.classroom.exercises import Answer, Wrong, exercise, short

HINTS = ("Look at the word.", "Slice it.", "`word[::-1]`")


@exercise("91.1", name="turn", expects="the word backwards, a str.", hints=HINTS)
def grade_turn(answer: Answer) -> str | None:
    for word in ("abc", "", "level", "12"):
        if answer(word) != word[::-1]:
            return f"`turn({word!r})` returned {short(answer(word))}, not {word[::-1]!r}."
    return None


@exercise("91.2", name="count", expects="how many letters 'abc' has", hints=HINTS, value=True)
def grade_count(answer: object) -> str | None:
    return None if answer == 3 else f"`count` is {short(answer)}, not 3."


@exercise("91.10", name="refuse", expects="nothing", hints=HINTS)
def grade_refuse(answer: Answer) -> str | None:
    try:
        answer.plain("bad")
    except ValueError:
        return None
    raise Wrong("`refuse` let a bad word pass.")


@exercise("91.11", name="hurry", expects="anything", hints=HINTS, seconds=0.3)
def grade_hurry(answer: Answer) -> str | None:
    answer()
    return None
"""
NB92 = """
from authlab.classroom.exercises import exercise


@exercise("92.1", name="any", expects="anything", hints=("a", "b", "c"), value=True)
def grade_any(answer: object) -> str | None:
    return True  # a slip of the author
"""
SOLUTIONS = '''"""Solutions of notebook 91."""

# %% 91.1
def turn(word):
    return word[::-1]

# %% 91.2 with a title
count = 3

# %% 91.10
def refuse(word):
    raise ValueError(word)
# %% [markdown]
# not code of 91.10
'''
QUIZ = {
    "title": "Ninety-one",
    "questions": [
        {"ask": "One?", "choices": ["a", "b"], "answer": 1, "why": ["a is not", "b is"]},
        {"ask": "<b>Two</b>?", "choices": ["a", "b", "c"], "answer": 0, "why": ["A", "B", "C"]},
    ],
}


@dataclass(frozen=True)
class Course:
    """Where the parts of the small course lie."""

    exercises: Path
    data: Path
    progress: Path

    def add_module(self, name: str, text: str) -> None:
        (self.exercises / f"{name}.py").write_text(text, "utf-8")

    def add_quiz(self, name: str, quiz: Any) -> None:
        (self.data / "quizzes" / f"{name}.json").write_text(json.dumps(quiz), "utf-8")
