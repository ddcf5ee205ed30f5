"""Quizzes: reading, marking, and the widget driven as a learner would."""

import builtins
import logging
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import ipywidgets as w
import pytest

from authlab import data_path
from authlab.classroom import quiz
from authlab.classroom.progress import quizzes, read_done
from authlab.classroom.quiz import Mark, Quiz, load_quiz, mark, parse_quiz, total

from .course import QUIZ, Course

DATA = data_path("quizzes")


class Page:
    """The parts of a quiz, as a learner meets them."""

    def __init__(self, box: w.VBox) -> None:
        parts = list(self._walk(box))
        self.groups = [p for p in parts if isinstance(p, w.RadioButtons)]
        self.check, self.reset = (p for p in parts if isinstance(p, w.Button))
        self.heading, *self.lines, self.result = (p for p in parts if isinstance(p, w.HTML))

    def _walk(self, box: Any) -> Any:
        yield box
        for child in getattr(box, "children", ()):
            yield from self._walk(child)

    def press(self, button: w.Button) -> None:
        button.click()


@pytest.fixture
def loud() -> Any:
    """Make an error in a callback, which ipywidgets only logs, an error of the test."""

    class Raise(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise AssertionError(record.getMessage())

    handler = Raise(logging.WARNING)
    logging.getLogger("traitlets").addHandler(handler)
    yield
    logging.getLogger("traitlets").removeHandler(handler)


@pytest.fixture
def page(course: Course, loud: None) -> Page:
    box = quiz("91")
    assert isinstance(box, w.VBox)
    return Page(box)


def test_at_first_nothing_is_chosen_or_said(page: Page) -> None:
    assert [group.index for group in page.groups] == [None, None]
    assert [line.value for line in (*page.lines, page.result)] == [""] * 3
    assert [group.description for group in page.groups] == ["1. One?", "2. <b>Two</b>?"]
    assert not page.groups[1].description_allow_html
    assert "Ninety-one" in page.heading.value
    assert (page.check.description, page.reset.description) == ("Check my answers", "Reset")


def test_wrong_answers_get_their_own_why(page: Page) -> None:
    page.groups[0].index = 0
    page.groups[1].index = 2
    page.press(page.check)
    assert "✗</span> Not yet. a is not" in page.lines[0].value
    assert "✗</span> Not yet. C" in page.lines[1].value
    assert "0 of 2. Answer again where it says &#x27;not yet&#x27;." in page.result.value
    assert read_done()[0] == frozenset()


def test_an_unanswered_question_is_named(page: Page) -> None:
    page.groups[0].index = 1
    page.press(page.check)
    assert "✓</span> Right. b is" in page.lines[0].value
    assert "•</span> Not answered yet." in page.lines[1].value
    assert "1 of 2." in page.result.value


def test_all_right_is_recorded_once(page: Page) -> None:
    page.groups[0].index = 1
    page.groups[1].index = 0
    page.press(page.check)
    page.press(page.check)
    assert "✓</span> 2 of 2: passed." in page.result.value
    assert read_done() == ({"91"}, None)


def test_a_verdict_goes_when_its_choice_does(page: Page) -> None:
    page.groups[0].index = 1
    page.press(page.check)
    page.groups[0].index = 0
    assert page.lines[0].value == page.result.value == ""
    assert page.lines[1].value


def test_reset(page: Page) -> None:
    page.groups[0].index = 1
    page.press(page.check)
    page.press(page.reset)
    test_at_first_nothing_is_chosen_or_said(page)


def test_passing_unsaved_is_said(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUTHLAB_PROGRESS", str(tmp_path))
    page.groups[0].index = 1
    page.groups[1].index = 0
    page.press(page.check)
    assert "2 of 2: passed. This is not saved: " in page.result.value


def test_a_why_that_says_right_says_it_once(course: Course) -> None:
    text = deepcopy(QUIZ)
    text["questions"][0]["why"][1] = "Right. So it is."  # type: ignore[index]
    course.add_quiz("91", text)
    page = Page(quiz("91"))
    page.groups[0].index = 1
    page.press(page.check)
    assert "> Right. So it is.<" in page.lines[0].value


def test_marks_are_pure() -> None:
    asked = parse_quiz(QUIZ)
    assert mark(asked, [1, None]) == [Mark(True, "b is"), Mark(None, "No choice is made.")]
    assert mark(asked, [0, 0]) == [Mark(False, "a is not"), Mark(True, "A")]
    assert total(mark(asked, [1, 0])) == "2 of 2: passed."
    assert total(mark(asked, [1, None])) == "1 of 2. Answer again where it says 'not yet'."
    for answers in ([1], [1, 0, 0]):
        with pytest.raises(ValueError, match="zip"):
            mark(asked, answers)


@pytest.mark.parametrize("name", ["88", "../91", "91.json", "", 91, None, ["91"]])
def test_a_quiz_that_is_not_there(
    name: Any, course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LookupError, match="There are: '91'"):
        load_quiz(name)
    assert quiz(name) is None
    assert capsys.readouterr().out == f"There is no quiz {name!r}. There are: '91'.\n"
    assert quiz() is None
    assert capsys.readouterr().out == "There is no quiz ''. There are: '91'.\n"


def change(path: str, value: Any) -> Any:
    """Return the good quiz with one thing changed: a path such as "questions.0.ask"."""
    raw: Any = deepcopy(QUIZ)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    spot = raw
    for step in steps:
        spot = spot[step]
    if value is KeyError:
        del spot[last]
    else:
        spot[last] = value
    return raw


BAD = [
    (None, "the quiz must have the members questions, title"),
    ([], "the quiz must have the members"),
    (change("title", ""), "title must be text"),
    (change("title", 5), "title must be text"),
    (change("title", KeyError), "the quiz must have the members"),
    (change("extra", 1), "and no others"),
    (change("questions", {}), "questions must have a list of at least 1"),
    (change("questions", []), "questions must have a list of at least 1"),
    (change("questions.1", "x"), "question 2 must have the members"),
    (change("questions.0.ask", " "), "ask of question 1 must be text"),
    (change("questions.0.ask", KeyError), "question 1 must have the members"),
    (change("questions.0.choices", ["a"]), "question 1 must have a list of at least 2"),
    (change("questions.0.choices", ["a", "a"]), "question 1 has the same choice twice"),
    (change("questions.0.choices", ["a", 1]), "a choice of question 1 must be text"),
    (change("questions.0.why", ["a", "b", "c"]), "question 1 has 2 choices, but 3 whys"),
    (change("questions.0.why", "ab"), "question 1 must have a list"),
    (change("questions.0.answer", 2), "answer is 2, not a place from 0 to 1"),
    (change("questions.0.answer", -1), "answer is -1"),
    (change("questions.0.answer", True), "answer is True"),
    (change("questions.0.answer", "1"), "answer is '1'"),
    (change("questions.0.answer", None), "answer is None"),
]


@pytest.mark.parametrize(("raw", "sentence"), BAD)
def test_a_malformed_quiz_says_where(
    raw: Any, sentence: str, course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    course.add_quiz("91", raw)
    with pytest.raises(ValueError, match=r"The quiz 91\.json is malformed: ") as caught:
        load_quiz("91")
    assert sentence in str(caught.value)
    assert quiz("91") is None
    assert capsys.readouterr().out == f"{caught.value}\n"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 10**5])
def test_a_file_that_is_no_json(content: bytes, course: Course) -> None:
    (course.data / "quizzes" / "91.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"The quiz 91\.json is malformed: "):
        load_quiz("91")


def test_without_ipywidgets_a_sentence(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name == "ipywidgets":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.delitem(sys.modules, "ipywidgets")
    monkeypatch.setattr(builtins, "__import__", without)
    assert quiz("91") is None
    assert "python -m authlab doctor" in capsys.readouterr().out


def test_there_are_quizzes() -> None:
    assert quizzes()
    assert {p.name for p in DATA.iterdir()} == {f"{name}.json" for name in quizzes()}


@pytest.mark.parametrize("name", sorted(p.stem for p in DATA.glob("*.json")))
def test_the_quizzes_of_the_course(name: str, loud: None) -> None:
    asked = load_quiz(name)
    assert isinstance(asked, Quiz)
    assert len({q.ask for q in asked.questions}) == len(asked.questions)
    places = [q.answer for q in asked.questions]
    assert len(set(places)) > 1 or len(places) < 3, "the right choice is always in one place"
    page = Page(quiz(name))
    for n, question in enumerate(asked.questions):
        for place in range(len(question.choices)):
            page.groups[n].index = place
            page.press(page.check)
            assert ("✓" in page.lines[n].value) is (place == question.answer)
    page.press(page.reset)
