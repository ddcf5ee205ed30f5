"""Ask a notebook's questions at its end: read them, mark the answers, and draw them as a widget.

Imports of authlab only its neighbours on the ground floor; ipywidgets when `quiz` is called.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlab import data_path
from authlab.classroom import look
from authlab.classroom.progress import quizzes, record

if TYPE_CHECKING:
    from ipywidgets import VBox

# RadioButtons cut long lines off and put the question in a narrow column: undo both.
_STYLE = """<style>
.authlab-question.authlab-question { display: block; width: auto; max-width: 52em; }
.authlab-question.authlab-question > .widget-label {
  display: block; width: auto; max-width: none; height: auto; white-space: normal;
  text-align: left; font-weight: 600; line-height: 1.4; margin: 8px 0 4px; }
.authlab-question.authlab-question .widget-radio-box { width: auto; margin: 0 !important; }
.authlab-question.authlab-question .widget-radio-box label {
  display: flex; align-items: flex-start; gap: 6px; height: auto; width: auto;
  white-space: normal; line-height: 1.4; margin: 0; padding: 3px 0; }
.authlab-question.authlab-question .widget-radio-box input {
  flex: none; float: none; order: -1; margin: 2px 0 0; }
</style>"""


@dataclass(frozen=True)
class Question:
    """One question: `answer` is the place of the right choice; `why` says a line for each."""

    ask: str
    choices: tuple[str, ...]
    answer: int
    why: tuple[str, ...]


@dataclass(frozen=True)
class Quiz:
    """The questions at the end of one notebook."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Mark:
    """What became of one question: `ok` is None while it has no answer."""

    ok: bool | None
    why: str


def load_quiz(notebook: str) -> Quiz:
    """Read the quiz of a notebook ("01") from data/quizzes/01.json.

    Raises LookupError where there is none, ValueError, saying where, for a malformed one.
    """
    if not isinstance(notebook, str) or notebook not in quizzes():
        there = ", ".join(repr(name) for name in sorted(quizzes())) or "none yet"
        raise LookupError(f"There is no quiz {notebook!r}. There are: {there}.")
    name = f"{notebook}.json"
    try:
        return parse_quiz(json.loads(data_path(f"quizzes/{name}").read_text("utf-8")))
    except (ValueError, RecursionError) as error:  # what json and unicode raise, too
        raise ValueError(f"The quiz {name} is malformed: {error}") from error


def parse_quiz(raw: Any) -> Quiz:
    """Turn the JSON object of a quiz into a Quiz; ValueError says what is wrong, and where."""
    _members(raw, {"title", "questions"}, "the quiz")
    questions = _list(raw["questions"], 1, "questions")
    return Quiz(
        _text(raw["title"], "title"),
        tuple(_question(item, f"question {n}") for n, item in enumerate(questions, 1)),
    )


def mark(quiz: Quiz, answers: Sequence[int | None]) -> list[Mark]:
    """Mark one answer a question: the place of the choice taken, or None."""
    marks = []
    for question, answer in zip(quiz.questions, answers, strict=True):
        if answer is None:
            marks.append(Mark(None, "No choice is made."))
        else:
            marks.append(Mark(answer == question.answer, question.why[answer]))
    return marks


def total(marks: Sequence[Mark]) -> str:
    """Say the result in a sentence."""
    right = sum(m.ok is True for m in marks)
    if right == len(marks):
        return f"{right} of {len(marks)}: passed."
    return f"{right} of {len(marks)}. Answer again where it says 'not yet'."


def quiz(notebook: str = "") -> "VBox | None":
    """Show a notebook's questions: choose, press "Check my answers", read why.

    Passing, with all of them right, goes into the progress file.
    """
    try:
        asked = load_quiz(notebook)
        import ipywidgets as w
    except (LookupError, ValueError) as error:
        look.say(error.args[0])
        return None
    except ImportError:
        look.say("A quiz needs ipywidgets. Run: python -m authlab doctor")
        return None

    groups = [_group(n, question) for n, question in enumerate(asked.questions, 1)]
    lines = [w.HTML() for _ in groups]
    result = w.HTML()
    button = w.Button(description="Check my answers", button_style="primary")
    reset = w.Button(description="Reset")
    button.layout.width = "auto"

    def show(_button: Any) -> None:
        marks = mark(asked, [group.index for group in groups])
        for line, m in zip(lines, marks, strict=True):
            why = m.why.removeprefix("Right.").strip()  # some authors begin so themselves
            line.value = look.verdict(m.ok, f"{_WORDS[m.ok]} {why}", large=False)
        passed = all(m.ok for m in marks)
        unsaved = record(notebook, "quiz") if passed else None
        result.value = look.verdict(passed, " ".join(filter(None, (total(marks), unsaved))))

    def clear(_button: Any) -> None:
        for group in groups:
            group.index = None
        for line in (*lines, result):
            line.value = ""

    def change(place: int) -> None:
        lines[place].value = result.value = ""  # what it said was about another choice

    for place, group in enumerate(groups):
        group.observe(lambda _change, place=place: change(place), "index")
    button.on_click(show)
    reset.on_click(clear)
    keys = look.note("By keyboard: Tab moves on, Space chooses.")
    title = f'<div style="font-size:1.15em;font-weight:600">{look.escape(asked.title)}</div>'
    heading = w.HTML(_STYLE + title + keys)
    body = [part for pair in zip(groups, lines, strict=True) for part in pair]
    return w.VBox([heading, *body, w.HBox([button, reset]), result])


_WORDS = {True: "Right.", False: "Not yet.", None: "Not answered yet."}


def _group(n: int, question: Question) -> Any:
    import ipywidgets as w

    group = w.RadioButtons(
        options=[(choice, place) for place, choice in enumerate(question.choices)],
        index=None,
        description=f"{n}. {question.ask}",
        tooltip="",
    )
    group.add_class("authlab-question")
    group.layout.width = "auto"
    return group


def _question(raw: Any, where: str) -> Question:
    _members(raw, {"ask", "choices", "answer", "why"}, where)
    choices = tuple(_text(c, f"a choice of {where}") for c in _list(raw["choices"], 2, where))
    why = tuple(_text(w, f"a why of {where}") for w in _list(raw["why"], 2, where))
    answer = raw["answer"]
    if len(set(choices)) < len(choices):
        raise ValueError(f"{where} has the same choice twice.")
    if len(why) != len(choices):
        raise ValueError(f"{where} has {len(choices)} choices, but {len(why)} whys.")
    if type(answer) is not int or not 0 <= answer < len(choices):
        raise ValueError(
            f"{where}: answer is {answer!r}, not a place from 0 to {len(choices) - 1}."
        )
    return Question(_text(raw["ask"], f"ask of {where}"), choices, answer, why)


def _members(raw: Any, names: set[str], where: str) -> None:
    if not isinstance(raw, dict) or set(raw) != names:
        raise ValueError(
            f"{where} must have the members {', '.join(sorted(names))}, and no others."
        )


def _list(raw: Any, least: int, where: str) -> list[Any]:
    if not isinstance(raw, list) or len(raw) < least:
        raise ValueError(f"{where} must have a list of at least {least}.")
    return raw


def _text(raw: Any, where: str) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError(f"{where} must be text.")
    return raw
