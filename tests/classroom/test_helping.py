"""hint and solution."""

from pathlib import Path

import pytest

from authlab.classroom import grade, helping, hint, solution, solution_text
from authlab.classroom.helping import read_blocks

pytestmark = pytest.mark.usefixtures("course")


@pytest.fixture(autouse=True)
def _no_hints_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helping, "_given", {})


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.rstrip("\n")


def test_hints_come_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for _ in range(5):
        hint("91.1")
        texts.append(printed(capsys))
    assert texts[:3] == [
        "Hint 1 of 3 for 91.1: Look at the word.",
        "Hint 2 of 3 for 91.1: Slice it.",
        "Hint 3 of 3 for 91.1: `word[::-1]`",
    ]
    assert texts[3] == f"{texts[2]} That was the last one; the answer: solution('91.1')"
    assert texts[4] == texts[3]
    hint("91.2")  # each exercise counts for itself
    assert printed(capsys).startswith("Hint 1 of 3 for 91.2")


def test_a_step_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    hint("91.1", step=2)
    assert printed(capsys) == "Hint 2 of 3 for 91.1: Slice it."
    hint("91.1")
    assert printed(capsys).startswith("Hint 3 of 3")


@pytest.mark.parametrize("step", [0, 4, -1, True, 2.0, "2"])
def test_a_step_that_is_none(step: int, capsys: pytest.CaptureFixture[str]) -> None:
    hint("91.1", step=step)
    assert printed(capsys).startswith("There are three hints: ")


@pytest.mark.parametrize("id", ["", "91.3", "99.1", 1.2, None])
def test_an_unknown_exercise(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    for ask in (hint, solution):
        ask(id)
        out = printed(capsys)
        assert out.startswith(("There is no exercise", "An exercise is named by"))
        assert "\n" not in out
    with pytest.raises(LookupError, match="exercise"):
        solution_text(id)


def test_solutions_are_text_that_solves(capsys: pytest.CaptureFixture[str]) -> None:
    assert solution_text("91.1") == "def turn(word):\n    return word[::-1]\n"
    assert solution_text("91.2") == "count = 3\n"
    assert solution_text("91.10") == "def refuse(word):\n    raise ValueError(word)\n"
    names: dict[str, object] = {}
    exec(solution_text("91.1"), names)
    assert grade("91.1", names["turn"]).ok
    solution("91.1")
    assert printed(capsys) == "def turn(word):\n    return word[::-1]"


def test_a_solution_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "solutions" / "91_turn.py").unlink()
    solution("91.1")
    assert printed(capsys).startswith("The solution of 91.1 is not here: ")


def test_a_solution_in_an_odd_encoding(tmp_path: Path) -> None:
    file = tmp_path / "solutions" / "91_turn.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n") + b"\xff")
    assert solution_text("91.2") == "count = 3\n"


def test_blocks() -> None:
    assert read_blocks("") == {}
    assert read_blocks("# %% 01.1\r\nx\n".replace("\r", "")) == {"01.1": "x\n"}
    assert read_blocks("# %% 01.1\n# %% 01.12\n\n\ny = 1\n\n") == {"01.1": "\n", "01.12": "y = 1\n"}
    assert read_blocks("  # %% 01.1\nx\n#%% 01.2\n") == {}
