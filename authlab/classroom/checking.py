"""Judge an answer, say one thing about it, and note down what is solved.

Imports of authlab only its neighbours on the ground floor.
"""

import inspect
from dataclasses import dataclass
from typing import Any

from authlab.classroom.calling import Answer, NotAnswered, Wrong, describe, short
from authlab.classroom.look import tell
from authlab.classroom.progress import read_done, record
from authlab.classroom.registry import EXERCISES, Exercise

MISSING: Any = object()


@dataclass(frozen=True)
class Verdict:
    """What a check found: true when the answer is right; `message` is a sentence."""

    id: str
    ok: bool
    message: str
    answered: bool = True

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok:
            return f"✓ {self.id}: {self.message}"
        return f"✗ {self.id}: {self.message}" if self.answered else f"… {self.message}"

    def _ipython_display_(self) -> None:
        """Show nothing: `check` has said it already."""


def check(id: str = "", answer: Any = MISSING) -> Verdict:
    """Judge the answer to an exercise, print one message, and note a success down.

    `check("01.2", segment)`: the exercise's number as text, then what you wrote. It raises
    nothing, whatever the answer does, so that the cells below still run.
    """
    result = grade(id, answer)
    if result.ok:
        unsaved = record(result.id, "exercise")
        result = Verdict(result.id, True, f"{result.message} {unsaved or _count(result.id)}")
    tell(str(result))
    return result


def grade(id: str, answer: Any = MISSING) -> Verdict:
    """Judge the answer to an exercise, without printing or noting anything down."""
    try:
        found = find(id)
    except LookupError as error:
        return Verdict(str(id) if isinstance(id, str) else "", False, error.args[0], answered=False)
    try:
        problem = _run(found, answer)
    except NotAnswered as unanswered:
        message = f"{found.id}: not answered yet. {unanswered} {_stuck(found)}"
        return Verdict(found.id, False, message, answered=False)
    except Wrong as wrong:
        problem = str(wrong)
    except Exception as error:
        problem = (
            f"the check could not make sense of your answer ({describe(error)}). {_should(found)}"
        )
    if problem is None:
        return Verdict(found.id, True, "right.")
    return Verdict(found.id, False, f"{problem} {_stuck(found)}")


def find(id: object) -> Exercise:
    """Return the exercise, or raise LookupError with a sentence for the learner."""
    if not isinstance(id, str) or not id.strip():
        example = "01.2"
        if isinstance(id, float) and 0 < id < 100:
            example = f"{int(id):02}.{str(id).partition('.')[2]}"
        raise LookupError(f"An exercise is named by its number in quotes, such as '{example}'.")
    id = id.strip()
    try:
        there = {item.id: item for item in EXERCISES.of(id[:2])}
    except Exception as error:
        raise LookupError(
            f"The exercises of notebook {id[:2]} cannot be loaded ({describe(error)}). "
            "Run: python -m authlab doctor"
        ) from error
    if id in there:
        return there[id]
    if there:
        known = f"Notebook {id[:2]} has {', '.join(there)}."
    else:
        known = "A number has two digits, a dot and a digit, such as '01.2'."
    raise LookupError(f"There is no exercise {short(id)}. {known}")


def _run(found: Exercise, answer: Any) -> str | None:
    """Return the grader's sentence, or None; refuse what is no answer at all."""
    if answer is MISSING:
        raise NotAnswered(f"Hand over your answer, too: check('{found.id}', {found.name}).")
    if answer is None or answer is ...:
        raise NotAnswered(f"`{found.name}` is {short(answer)}. {_should(found)}")
    if not found.value:
        if not callable(answer):
            return (f"this is {short(answer)}, and not the function. Hand `{found.name}` itself "
                    f"over, without brackets: check('{found.id}', {found.name}).")  # fmt: skip
        if inspect.isclass(answer):
            return f"`{short(answer)}` is a class. Write `{found.name}` as a function, with `def`."
        answer = Answer(answer, name=found.name, expects=found.expects, seconds=found.seconds)
    problem = found.grader(answer)
    if problem is not None and (not isinstance(problem, str) or not problem):
        raise TypeError(f"its grader returned {short(problem)}")
    return problem


def _should(found: Exercise) -> str:
    verb = "be" if found.value else "return"
    return f"It should {verb} {found.expects.rstrip('.')}."


def _stuck(found: Exercise) -> str:
    return f"Stuck? hint('{found.id}')"


def _count(id: str) -> str:
    ids = {item.id for item in EXERCISES.of(id[:2])}
    done = len(ids & read_done()[0])
    return f"{done} of {len(ids)} in this notebook."
