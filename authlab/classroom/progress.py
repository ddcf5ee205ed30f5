"""Remember what a learner has solved: one file, a line for each, that two kernels may share.

Imports the standard library, and of authlab the clock, the registry and the look.
"""

import json
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authlab import data_path
from authlab.classroom import look
from authlab.classroom.registry import EXERCISES
from authlab.clock import Clock

LINE_LIMIT = 4096  # bytes; an honest line has about 60
FILE_LIMIT = 2**20  # bytes that are looked at, from the start
_ITEMS = {"exercise": r"\d\d\.[1-9]\d*", "quiz": r"\d\d"}


@dataclass(frozen=True)
class Row:
    """How far one notebook is: exercises solved of all there are, and its quiz."""

    notebook: str  # "01"
    solved: int
    total: int
    quiz: bool | None  # passed or not; None where there is no quiz


@dataclass(frozen=True)
class Progress:
    """What is done: ids of exercises ("01.2") and of passed quizzes ("01").

    `problem` is a sentence about the file, or None where all is well with it.
    """

    done: frozenset[str]
    rows: tuple[Row, ...] = ()
    problem: str | None = None

    def _cells(self) -> list[tuple[str, str, str]]:
        quiz = {True: "passed", False: "not yet", None: "none"}
        return [(r.notebook, f"{r.solved} of {r.total}", quiz[r.quiz]) for r in self.rows]

    def __repr__(self) -> str:
        lines = [("notebook", "exercises", "quiz"), *self._cells()]
        text = [f"{a:<10}{b:<11}{c}".rstrip() for a, b, c in lines]
        return "\n".join(text + ([self.problem] if self.problem else []))

    def _repr_html_(self) -> str:
        headers = ("Notebook", "Exercises solved", "Quiz")
        page = look.table(headers, self._cells(), "Your progress")
        return page + (look.note(self.problem) if self.problem else "")


def progress() -> Progress:
    """Return what is done so far; as the last line of a cell it shows as a table."""
    return read_progress()


def read_progress() -> Progress:
    """Read the file and count it against the exercises and quizzes there are."""
    done, problem = read_done()
    rows = []
    for notebook in sorted({*EXERCISES.notebooks(), *quizzes()}):
        try:
            ids = [item.id for item in EXERCISES.of(notebook)]
        except Exception as error:  # one broken module must not hide the others
            ids = []
            problem = problem or (
                f"The exercises of notebook {notebook} cannot be loaded "
                f"({type(error).__name__}). Run: python -m authlab doctor"
            )
        quiz = notebook in done if notebook in quizzes() else None
        if ids or quiz is not None:
            rows.append(Row(notebook, len(done.intersection(ids)), len(ids), quiz))
    return Progress(done, tuple(rows), problem)


def quizzes() -> set[str]:
    """Name the notebooks that have a quiz."""
    return {p.stem for p in data_path("quizzes").glob("*.json") if re.fullmatch(r"\d\d", p.stem)}


def progress_path() -> Path:
    """Return where the file lies: AUTHLAB_PROGRESS, else .authlab in the home folder.

    Raises RuntimeError where there is no home folder.
    """
    return Path(os.environ.get("AUTHLAB_PROGRESS") or "~/.authlab/progress.jsonl").expanduser()


def read_done() -> tuple[frozenset[str], str | None]:
    """Return the ids that are done, and a sentence if the file has something wrong with it."""
    try:
        path = progress_path()
        if not path.exists():
            return frozenset(), None
        if not stat.S_ISREG(path.stat().st_mode):
            return frozenset(), f"The progress file {path} is not an ordinary file. {_ADVICE}"
        with path.open("rb") as file:
            lines = file.read(FILE_LIMIT + 1)
    except (OSError, RuntimeError, ValueError) as error:
        return frozenset(), f"The progress file cannot be read: {_reason(error)}. {_ADVICE}"
    done, skipped = parse(lines.split(b"\n"))
    if len(lines) > FILE_LIMIT:
        return done, f"The progress file {path} is far too large; forget() moves it aside."
    if skipped:
        many = "1 line" if skipped == 1 else f"{skipped} lines"
        return done, f"{many} of {path} could not be read and counted for nothing; the rest counts."
    return done, None


def parse(lines: Iterable[bytes]) -> tuple[frozenset[str], int]:
    """Return the ids that are done and how many lines were no such record."""
    done, skipped = set(), 0
    for line in lines:
        if not line.strip():
            continue
        try:
            record: Any = json.loads(line.decode()) if len(line) <= LINE_LIMIT else None
            item, kind = record["item"], record["kind"]
            if kind in _ITEMS and re.fullmatch(_ITEMS[kind], item, re.ASCII):
                done.add(item)
            else:
                skipped += 1
        except (ValueError, TypeError, KeyError, RecursionError):
            skipped += 1
    return frozenset(done), skipped


def record(item: str, kind: str, *, clock: Clock | None = None) -> str | None:
    """Add one line to the file unless it is there; return a sentence if that failed.

    `item` is an exercise ("01.2") or, with kind "quiz", a notebook ("01").
    """
    if item in read_done()[0]:
        return None
    note = {"item": item, "kind": kind, "at": int((clock or Clock()).now())}
    try:
        path = progress_path()
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            return f"This is not saved: {path} is not an ordinary file. {_ADVICE}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, json.dumps(note).encode() + b"\n")
    except (OSError, RuntimeError, ValueError) as error:
        return f"This is not saved: {_reason(error)}. {_ADVICE}"
    return None


def forget() -> None:
    """Start afresh: move the progress file aside, to a name that ends in .bak."""
    try:
        path = progress_path()
        if not path.exists():
            return look.say("There is no progress to forget.")
        if not path.is_file():
            return look.say(f"The progress file {path} is not an ordinary file, and stays.")
        aside = path.with_name(f"{path.name}.bak")
        for n in range(2, 1000):
            if not aside.exists():
                break
            aside = path.with_name(f"{path.name}.{n}.bak")
        path.replace(aside)
    except (OSError, RuntimeError, ValueError) as error:
        return look.say(f"The progress file cannot be moved aside: {_reason(error)}.")
    return look.say(f"Progress is forgotten. The old file is kept as {aside}")


_ADVICE = "The lessons go on without it; AUTHLAB_PROGRESS may name another file."


def _append(path: Path, line: bytes) -> None:
    """Write the line in one go at the end, so that two kernels at once lose nothing."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    file = os.open(path, flags, 0o644)
    try:
        if os.lseek(file, 0, os.SEEK_END) > 0:
            os.lseek(file, -1, os.SEEK_END)
            if os.read(file, 1) != b"\n":  # somebody was stopped while writing
                line = b"\n" + line
        if os.write(file, line) < len(line):
            raise OSError("the disk is full")
    finally:
        os.close(file)


def _reason(error: Exception) -> str:
    """Say an error without its number: "Permission denied: /home/alice/.authlab"."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error).rstrip(".")
