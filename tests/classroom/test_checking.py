"""check and grade: one message, whatever the answer is."""

import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from authlab.classroom import check, grade
from authlab.classroom.progress import read_done

from .course import Course

pytestmark = pytest.mark.usefixtures("course")
STUCK = "Stuck? hint('91.1')"


def turn(word: str) -> str:
    return word[::-1]


def stub(word: str) -> str:  # type: ignore[empty-body]
    ...


def said(capsys: pytest.CaptureFixture[str], *args: Any) -> str:
    """Check, and return the one message that was printed, its lines joined."""
    verdict = check(*args)
    out, err = capsys.readouterr()
    assert err == ""
    assert "\n" not in str(verdict)
    assert out.split() == str(verdict).split()
    return str(verdict)


def test_a_right_answer(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "91.1", turn) == "✓ 91.1: right. 1 of 4 in this notebook."
    assert read_done()[0] == {"91.1"}
    assert said(capsys, "91.2", 3) == "✓ 91.2: right. 2 of 4 in this notebook."
    assert said(capsys, "91.2", 3) == "✓ 91.2: right. 2 of 4 in this notebook."


def test_a_stub_is_told_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "91.1", stub) == (
        "… 91.1: not answered yet. `turn` returned None. "
        f"It should return the word backwards, a str. {STUCK}"
    )
    assert read_done()[0] == frozenset()


def test_a_wrong_answer_helps(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "91.1", lambda word: word) == (
        f"✗ 91.1: `turn('abc')` returned 'abc', not 'cba'. {STUCK}"
    )
    assert read_done()[0] == frozenset()


@pytest.mark.parametrize(
    ("id", "answer", "ok", "answered"),
    [
        ("91.1", turn, True, True),
        ("91.1", partial(turn), True, True),
        ("91.1", stub, False, False),
        ("91.1", len, False, True),
        ("91.2", 3, True, True),
        ("91.2", None, False, False),
        ("91.2", ..., False, False),
        ("91.2", 4, False, True),
        ("91.3", 4, False, False),
        (" 91.2 ", 3, True, True),
    ],
)
def test_the_verdict(id: str, answer: object, ok: bool, answered: bool) -> None:
    verdict = grade(id, answer)
    assert (verdict.ok, bool(verdict), verdict.answered) == (ok, ok, answered)
    assert verdict.id == id.strip()
    assert verdict.message
    assert verdict._ipython_display_() is None


def test_grade_neither_prints_nor_records(capsys: pytest.CaptureFixture[str]) -> None:
    assert grade("91.1", turn).ok
    assert capsys.readouterr() == ("", "")
    assert read_done()[0] == frozenset()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "An exercise is named by its number in quotes, such as '01.2'."),
        (("",), "An exercise is named by its number in quotes, such as '01.2'."),
        ((91.1, turn), "An exercise is named by its number in quotes, such as '91.1'."),
        ((1.2, turn), "An exercise is named by its number in quotes, such as '01.2'."),
        ((turn, "91.1"), "An exercise is named by its number in quotes, such as '01.2'."),
        ((["91.1"], turn), "An exercise is named by its number in quotes, such as '01.2'."),
        (("91.3", turn), "There is no exercise '91.3'. Notebook 91 has 91.1, 91.2, 91.10, 91.11."),
        (("1.2", turn), "There is no exercise '1.2'. A number has two digits, a dot and"),
        (("\ud800\0", turn), "There is no exercise '\\ud800\\x00'. A number has"),
        (("91.1",), "Hand over your answer, too: check('91.1', turn)."),
        (("91.1", None), "`turn` is None. It should return the word backwards, a str."),
        (("91.2", ...), "`count` is Ellipsis. It should be how many letters 'abc' has."),
    ],
)
def test_what_is_no_answer(
    args: tuple[Any, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = said(capsys, *args)
    assert line.startswith("… ")
    assert sentence in line


class Evil:
    """Fails at whatever is asked of it."""

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("no")

    def __bool__(self) -> bool:
        raise RuntimeError("no")


def endless() -> str:
    while True:
        pass


def leave(word: str) -> str:
    sys.exit(0)


@pytest.mark.parametrize(
    ("id", "answer", "sentence"),
    [
        ("91.1", "cba", "this is 'cba', and not the function. Hand `turn` itself over"),
        ("91.1", turn("abc"), "without brackets: check('91.1', turn)."),
        ("91.1", Evil, "is a class. Write `turn` as a function"),
        ("91.1", Evil(), "this is <Evil>, and not the function."),
        ("91.1", lambda: "x", "`turn` raised TypeError: "),
        ("91.1", lambda word: Evil(), "could not make sense of your answer (RuntimeError: no)"),
        ("91.1", lambda word: word.missing, "`turn` raised AttributeError: 'str' object has no"),
        ("91.11", endless, "`hurry` did not finish within 0.3 seconds"),
        ("91.1", leave, "`turn` raised SystemExit: 0"),
        ("91.1", lambda word: "\ud800\0", r"returned '\ud800\x00', not 'cba'"),
        ("91.1", lambda word: "x" * 10**7, "not 'cba'"),
        ("91.2", Evil(), "could not make sense of your answer (RuntimeError: no). It should be"),
        ("91.2", "\ud800", r"`count` is '\ud800', not 3."),
        ("91.10", lambda word: None, "`refuse` let a bad word pass."),
        ("92.1", 1, "could not make sense of your answer (TypeError: its grader returned True)"),
    ],
)
def test_hostile_answers(
    id: str, answer: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = said(capsys, id, answer)
    assert line.startswith(f"✗ {id}: ")
    assert sentence in line
    assert line.endswith(f"Stuck? hint('{id}')")
    assert len(line) < 700


def test_surrogates_in_an_exception_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def f(word: str) -> str:
        raise ValueError("\ud800")

    verdict = check("91.1", f)
    assert "raised ValueError: \\ud800" in capsys.readouterr().out
    assert not verdict


def test_an_interrupt_gets_through() -> None:
    def f(word: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("91.1", f)


@pytest.mark.parametrize(
    "text", ["import no_such_module", "def f(:", "{}['x']", "raise OSError(2)"]
)
def test_exercises_that_cannot_be_loaded(
    text: str, course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    course.add_module("nb91", text)
    line = said(capsys, "91.1", turn)
    assert "The exercises of notebook 91 cannot be loaded (" in line
    assert line.endswith("python -m authlab doctor")
    assert check("92.1", None).answered is False  # the others still work


def test_a_progress_file_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTHLAB_PROGRESS", str(tmp_path))
    assert check("91.1", turn).ok
    assert capsys.readouterr().out.startswith("✓ 91.1: right. This is not saved:")


def test_a_screen_without_the_marks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "screen").open("w", encoding="ascii") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        check("91.1", turn)
    assert (tmp_path / "screen").read_text().startswith("\\u2713 91.1: right.")


def test_off_the_main_thread() -> None:
    found: list[Any] = []
    thread = threading.Thread(
        target=lambda: found.extend([grade("91.1", turn), grade("91.11", endless)])
    )
    thread.start()
    thread.join()
    assert [v.ok for v in found] == [True, False]
