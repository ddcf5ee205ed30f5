"""The progress file: shared, torn, locked, full."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authlab.classroom import forget, progress
from authlab.classroom.progress import (
    FILE_LIMIT,
    LINE_LIMIT,
    parse,
    progress_path,
    read_done,
    read_progress,
    record,
)
from authlab.clock import Clock

from .course import Course

pytestmark = pytest.mark.usefixtures("course")
posix = pytest.mark.skipif(os.name != "posix", reason="asks the system as POSIX has it")
GOOD = b'{"item": "91.1", "kind": "exercise", "at": 1700000000}\n'


def write(course: Course, content: bytes) -> Path:
    course.progress.parent.mkdir(exist_ok=True)
    course.progress.write_bytes(content)
    return course.progress


def test_a_record_is_one_readable_line(course: Course) -> None:
    assert record("91.1", "exercise", clock=Clock(1_700_000_000)) is None
    assert course.progress.read_bytes() == GOOD
    assert record("91", "quiz", clock=Clock(1_700_000_001.9)) is None
    lines = course.progress.read_text("utf-8").splitlines()
    assert json.loads(lines[1]) == {"item": "91", "kind": "quiz", "at": 1_700_000_001}
    assert read_done() == ({"91.1", "91"}, None)


def test_a_thing_done_twice_is_one_line(course: Course) -> None:
    for _ in range(3):
        assert record("91.1", "exercise") is None
    assert len(course.progress.read_bytes().splitlines()) == 1


def test_the_counts(course: Course) -> None:
    for item in ("91.1", "91.10", "91.99", "88.1"):
        record(item, "exercise")
    rows = read_progress().rows
    assert [(r.notebook, r.solved, r.total, r.quiz) for r in rows] == [
        ("91", 2, 4, False),
        ("92", 0, 1, None),
    ]
    record("91", "quiz")
    found = progress()
    assert found.rows[0].quiz is True
    assert found.problem is None
    assert repr(found).splitlines() == [
        "notebook  exercises  quiz",
        "91        2 of 4     passed",
        "92        0 of 1     none",
    ]
    page = found._repr_html_()
    assert "<caption" in page
    assert "2 of 4" in page


def test_nothing_done_makes_no_file(course: Course) -> None:
    assert read_done() == (frozenset(), None)
    assert progress().done == frozenset()
    assert not course.progress.parent.exists()


BAD_LINES = [
    b"\xff\xfe\x00garbage",
    b"{",
    b"[]",
    b"null",
    b'"91.2"',
    b"\x00" * 100,
    b"[" * 3000,
    b"1" * 4000,
    b'{"item": "91.2"}',
    b'{"item": ["91.2"], "kind": "exercise"}',
    b'{"item": "91.2", "kind": ["exercise"]}',
    b'{"item": "91.2", "kind": "dance"}',
    b'{"item": "91.2", "kind": "quiz"}',
    b'{"item": "91", "kind": "exercise"}',
    b'{"item": "../91.2", "kind": "exercise"}',
    '{"item": "९१.2", "kind": "exercise"}'.encode(),
    b'{"item": "91.2", "kind": "exercise", "pad": "' + b"x" * LINE_LIMIT + b'"}',
    GOOD[:20],
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_hides_no_good_one(line: bytes, course: Course) -> None:
    path = write(course, GOOD + line + b"\n" + GOOD.replace(b"91.1", b"91.10"))
    done, problem = read_done()
    assert done == {"91.1", "91.10"}
    assert (
        problem == f"1 line of {path} could not be read and counted for nothing; the rest counts."
    )


@pytest.mark.parametrize("line", [b"", b"  ", b"\r", GOOD.replace(b"\n", b"\r")])
def test_lines_that_are_no_trouble(line: bytes, course: Course) -> None:
    write(course, GOOD + line + b"\n" + GOOD)
    assert read_done() == ({"91.1"}, None)


def test_a_torn_last_line_loses_only_itself(course: Course) -> None:
    write(course, GOOD + GOOD[:25])
    assert record("91.2", "exercise") is None
    done, problem = read_done()
    assert done == {"91.1", "91.2"}
    assert problem
    assert problem.startswith("1 line of ")
    assert progress().problem == problem
    assert problem in repr(progress())


@given(st.binary(max_size=300))
def test_parse_survives_anything(content: bytes) -> None:
    done, skipped = parse(content.split(b"\n"))
    assert done == frozenset()
    assert 0 <= skipped <= content.count(b"\n") + 1


@given(st.recursive(st.none() | st.text() | st.integers() | st.floats(), st.lists, max_leaves=5))
def test_parse_survives_any_json(value: object) -> None:
    line = json.dumps({"item": value, "kind": value}).encode()
    assert parse([line]) == (frozenset(), 1)


def test_a_huge_file_is_said(course: Course) -> None:
    write(course, GOOD + b"\n" * FILE_LIMIT)
    done, problem = read_done()
    assert done == {"91.1"}
    assert problem
    assert "far too large; forget() moves it aside" in problem


def test_a_folder_in_its_place(course: Course) -> None:
    course.progress.mkdir(parents=True)
    for problem in (read_done()[1], record("91.1", "exercise")):
        assert problem
        assert "is not an ordinary file" in problem
        assert "AUTHLAB_PROGRESS" in problem


def test_a_file_in_the_folders_place(course: Course) -> None:
    course.progress.parent.write_text("")
    problem = record("91.1", "exercise")
    assert problem
    assert problem.startswith("This is not saved: ")


@posix
def test_a_pipe_in_its_place_is_not_waited_for(course: Course) -> None:
    course.progress.parent.mkdir()
    os.mkfifo(course.progress)
    assert "is not an ordinary file" in str(read_done()[1])
    assert "is not an ordinary file" in str(record("91.1", "exercise"))


def test_no_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(_path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("AUTHLAB_PROGRESS")
    monkeypatch.setattr(Path, "expanduser", homeless)
    for problem in (read_done()[1], record("91.1", "exercise"), progress().problem):
        assert problem
        assert "Could not determine home directory. The lessons go on" in problem
    forget()


@pytest.mark.parametrize("value", [None, ""])
def test_where_it_lies(value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AUTHLAB_PROGRESS")
    if value is not None:
        monkeypatch.setenv("AUTHLAB_PROGRESS", value)
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert progress_path() == tmp_path / "home" / ".authlab" / "progress.jsonl"
    monkeypatch.setenv("AUTHLAB_PROGRESS", "~/mine.jsonl")
    assert progress_path() == tmp_path / "home" / "mine.jsonl"


@pytest.fixture
def locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder and a file in it that may be read and not written, for root, too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "done.jsonl").write_bytes(GOOD)
        (folder / "done.jsonl").chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        folder.chmod(0o555)
        monkeypatch.setenv("AUTHLAB_PROGRESS", str(folder / "done.jsonl"))
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


@posix
def test_a_read_only_file_is_read(locked: Path) -> None:
    assert read_done() == ({"91.1"}, None)
    problem = record("91.2", "exercise")
    assert problem == (
        f"This is not saved: Permission denied: {locked / 'done.jsonl'}. "
        "The lessons go on without it; AUTHLAB_PROGRESS may name another file."
    )


@posix
def test_a_read_only_folder(
    locked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forget()
    assert "cannot be moved aside: Permission denied" in capsys.readouterr().out
    monkeypatch.setenv("AUTHLAB_PROGRESS", str(locked / "new" / "done.jsonl"))
    assert "Permission denied" in str(record("91.2", "exercise"))


@posix
def test_a_full_disk_loses_only_the_new_line(course: Course) -> None:
    write(course, GOOD)
    code = (
        "import resource, signal\n"
        "from authlab.classroom.progress import record\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(GOOD) + 10}, {len(GOOD) + 10}))\n"
        "print(record('91.2', 'exercise'))\n"  # ten bytes of it fit
        "print(record('91.2', 'exercise'))\n"  # none at all
    )
    out = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    ).stdout.splitlines()
    assert out[0].startswith("This is not saved: the disk is full. ")
    assert out[1].startswith("This is not saved: ")
    assert course.progress.read_bytes()[: len(GOOD)] == GOOD
    assert record("91.2", "exercise") is None
    assert read_done()[0] == {"91.1", "91.2"}


def test_a_line_that_comes_between_is_not_overwritten(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(course, GOOD)
    real = os.read

    def read(*args: int) -> bytes:
        with path.open("ab") as other:  # another kernel, at the worst moment
            other.write(GOOD.replace(b"91.1", b"91.10"))
        return real(*args)

    monkeypatch.setattr(os, "read", read)
    assert record("91.2", "exercise") is None
    assert read_done() == ({"91.1", "91.2", "91.10"}, None)


WRITER = """
import sys
from authlab.classroom.progress import record
for n in range(1, int(sys.argv[2])):
    problem = record(f"{sys.argv[1]}.{n}", "exercise")
    assert problem is None, problem
"""


def test_kernels_at_once_lose_nothing() -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(10 + n), "60"]) for n in range(4)
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    expected = {f"{10 + n}.{i}" for n in range(4) for i in range(1, 60)}
    assert read_done() == (expected, None)


@posix
def test_kernels_killed_while_writing_leave_whole_lines(course: Course) -> None:
    for n in range(4):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(10 + n), "100000"])
        start = f'"{10 + n}.'.encode()
        end = time.monotonic() + 60
        while not (course.progress.exists() and start in course.progress.read_bytes()):
            assert time.monotonic() < end, "the writer never wrote"
            time.sleep(0.01)
        writer.send_signal(signal.SIGKILL)
        writer.wait(60)
    done, problem = read_done()
    assert problem is None
    assert {item[:2] for item in done} == {"10", "11", "12", "13"}


def test_forget_keeps_each_old_file(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    forget()
    assert capsys.readouterr().out == "There is no progress to forget.\n"
    for item in ("91.1", "91.2"):
        record(item, "exercise")
        forget()
        assert "The old file is kept as" in capsys.readouterr().out
        assert read_done() == (frozenset(), None)
    kept = sorted(p.name for p in course.progress.parent.iterdir())
    assert kept == ["done.jsonl.2.bak", "done.jsonl.bak"]


def test_forget_moves_nothing_but_a_file(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = course.progress.parent / "folder"
    folder.mkdir(parents=True)
    monkeypatch.setenv("AUTHLAB_PROGRESS", str(folder))
    forget()
    assert "is not an ordinary file, and stays" in capsys.readouterr().out
    assert folder.is_dir()


def test_exercises_that_cannot_be_loaded_hide_no_others(course: Course) -> None:
    course.add_module("nb92", "import no_such_module")
    record("91.1", "exercise")
    found = progress()
    assert [(r.notebook, r.solved, r.total) for r in found.rows] == [("91", 1, 4)]
    assert found.problem == (
        "The exercises of notebook 92 cannot be loaded (ModuleNotFoundError). "
        "Run: python -m authlab doctor"
    )
