"""The command line."""

import subprocess
import sys

import pytest

from authlab.__main__ import main
from authlab.classroom import checkup
from authlab.classroom.progress import read_done, record


@pytest.mark.parametrize("command", [[], ["doctor"], ["handout"], ["progress"]])
def test_help_reads_well(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert out.startswith(f"usage: {' '.join(['authlab', *command])} ")
    for name in ("doctor", "handout", "progress"):
        assert command or name in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("argv", [[], ["dance"], ["progress", "now"], ["doctor", "--cure"]])
def test_an_unknown_command_is_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "authlab" in capsys.readouterr().err


@pytest.mark.usefixtures("course")
def test_progress_is_shown_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    record("91.1", "exercise")
    assert main(["progress"]) == 0
    assert "91        1 of 4     not yet\n" in capsys.readouterr().out
    assert main(["progress", "--forget"]) == 0
    assert "The old file is kept as" in capsys.readouterr().out
    assert read_done()[0] == frozenset()


@pytest.mark.parametrize("code", [0, 1])
def test_doctor_gives_its_verdict(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "main", lambda: code)
    assert main(["doctor"]) == code


def test_it_is_a_module_to_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "authlab", "handout", "no", "--list"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("authlab: There is no notebook 'no'")


def test_doctor_runs_where_no_package_is() -> None:
    code = (
        "import sys\n"
        "for name in ('IPython', 'ipywidgets', 'nbformat', 'numpy', 'flask', 'cryptography'):\n"
        "    sys.modules[name] = None\n"
        "from authlab.__main__ import main\n"
        "main(['doctor'])\n"
        "sys.exit(main(['handout', '01', '--list']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == "authlab: This needs nbformat. Run: python -m authlab doctor\n"
    assert done.returncode == 2
    assert done.stdout
