"""The doctor: every problem is named with the command that mends it, and none makes it raise."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from authlab.classroom.checkup import Finding, Machine, _within, doctor, examine, main

RULES = {
    "authlab": [
        "Python>=3.11",
        "jupyterlab<5,>=4.4",
        "ipywidgets<9,>=8.1.5",
        "PyJWT[crypto]<3,>=2.10",
        'pytest>=8.3; extra == "test"',
    ],
    "ipywidgets": ["Python>=3.7", "jupyterlab_widgets~=3.0.15", "comm>=0.1.3"],
}
VERSIONS = {
    "jupyterlab": "4.4.0",
    "ipywidgets": "8.1.5",
    "PyJWT": "2.10.1",
    "jupyterlab_widgets": "3.0.15",
}


@pytest.fixture
def well(tmp_path: Path) -> Machine:
    """A machine that lacks nothing."""
    (tmp_path / "data").mkdir()
    extension = tmp_path / "labextensions" / "package.json"
    extension.parent.mkdir()
    extension.touch()
    return Machine(
        python="3.12.1",
        executable="python",
        conda=False,
        pip=True,
        version=VERSIONS.get,
        requires=RULES.get,
        files=lambda name: [extension],
        which=lambda program: f"/bin/{program}",
        data=tmp_path / "data",
        progress=tmp_path / "home" / "progress.jsonl",
    )


def problems(machine: Machine) -> list[Finding]:
    return [finding for finding in examine(machine) if not finding.ok]


def only(machine: Machine) -> Finding:
    (finding,) = problems(machine)
    return finding


def lacking(**versions: str | None) -> dict[str, str | None]:
    return {**VERSIONS, **versions}


def test_a_well_machine_lacks_nothing(well: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert problems(well) == []
    assert main(well) == 0
    printed = capsys.readouterr().out
    assert "ok    PyJWT 2.10.1" in printed
    assert printed.endswith("Everything the course needs is here.\n")
    assert "pytest >" not in printed
    assert "pytest is not" not in printed


@pytest.mark.parametrize(
    ("name", "version", "mend"),
    [
        ("jupyterlab", None, 'python -m pip install "jupyterlab>=4.4,<5"'),
        ("jupyterlab", "3.6.8", 'python -m pip install "jupyterlab>=4.4,<5"'),
        ("jupyterlab", "5.0.0a1", 'python -m pip install "jupyterlab>=4.4,<5"'),
        ("ipywidgets", "7.8.5", 'python -m pip install "ipywidgets>=8.1.5,<9"'),
        ("jupyterlab_widgets", None, 'python -m pip install "jupyterlab_widgets~=3.0.15"'),
        ("jupyterlab_widgets", "1.1.11", 'python -m pip install "jupyterlab_widgets~=3.0.15"'),
        ("jupyterlab_widgets", "3.1.0", 'python -m pip install "jupyterlab_widgets~=3.0.15"'),
    ],
)
def test_a_package_absent_or_out_of_bounds(
    well: Machine, name: str, version: str | None, mend: str
) -> None:
    finding = only(replace(well, version=lacking(**{name: version}).get))
    assert finding.needed
    assert finding.what.startswith(name)
    assert finding.mend == mend


def test_an_extension_without_its_files(well: Machine, tmp_path: Path) -> None:
    finding = only(
        replace(well, files=lambda name: [tmp_path / "gone" / "labextensions" / "package.json"])
    )
    assert finding.needed
    assert "--force-reinstall" in finding.mend
    assert problems(replace(well, files=lambda name: None)) == []  # the package does not say


def test_an_old_python_and_a_package_never_installed(well: Machine) -> None:
    assert only(replace(well, python="3.10.13")).what.startswith("Python 3.10.13")
    finding = only(replace(well, requires={}.get))
    assert finding.mend == "python -m pip install -e ."


def test_each_installer_gets_its_own_command(well: Machine) -> None:
    sick = replace(well, version=lacking(PyJWT=None).get)
    conda = replace(sick, conda=True)
    assert only(conda).mend == 'conda install -c conda-forge "pyjwt>=2.10,<3"'
    uv = replace(sick, pip=False, executable="/my course/python")
    assert only(uv).mend == 'uv pip install --python "/my course/python" "PyJWT>=2.10,<3"'
    neither = replace(sick, pip=False, which={"redis-server": "x", "chromium": "x"}.get)
    assert only(neither).mend == 'python -m pip install "PyJWT>=2.10,<3"'


@pytest.mark.parametrize("program", ["redis-server", "chromium"])
@pytest.mark.parametrize(
    ("there", "command"),
    [("apt-get", "sudo apt install"), ("brew", "brew install"), ("none", "package manager")],
)
def test_programs_are_optional(well: Machine, program: str, there: str, command: str) -> None:
    found = {"redis-server", "chromium", there} - {program}
    sick = replace(well, which={name: name for name in found}.get)
    finding = only(sick)
    assert not finding.needed
    assert finding.what.startswith(program)
    assert command in finding.mend
    assert main(sick) == 0


def test_data_not_found(well: Machine, tmp_path: Path) -> None:
    sick = replace(well, data=tmp_path / "nowhere")
    assert only(sick).needed
    assert main(sick) == 1


def test_progress_that_cannot_be_kept(well: Machine, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert problems(replace(well, progress=file)) == []
    for path in (tmp_path, file / "below" / "progress.jsonl", None):
        finding = only(replace(well, progress=path))
        assert not finding.needed
        assert "AUTHLAB_PROGRESS" in finding.mend


def test_progress_that_is_read_only(
    well: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
    assert not only(well).needed


def test_the_printed_list(well: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    sick = replace(well, version=lacking(ipywidgets="7.8.5").get, which={"chromium": "x"}.get)
    doctor(sick)
    lines = capsys.readouterr().out.splitlines()
    at = lines.index("MEND  ipywidgets 7.8.5 does not fit: the course needs >=8.1.5,<9")
    assert lines[at + 1] == '      python -m pip install "ipywidgets>=8.1.5,<9"'
    assert any(line.startswith("--    redis-server is not installed") for line in lines)
    assert lines[-1].startswith("1 to mend")
    assert main(sick) == 1


def test_the_real_machine() -> None:
    findings = examine()
    assert [finding for finding in findings if finding.needed and not finding.ok] == []
    assert len(findings) > 15


def test_it_runs_where_the_packages_are_missing() -> None:
    block = "import sys; sys.modules.update(dict.fromkeys(['ipywidgets', 'IPython', 'jwt']))\n"
    code = "from authlab.classroom.checkup import main; raise SystemExit(main())"
    done = subprocess.run(
        [sys.executable, "-c", block + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "jupyterlab_widgets" in done.stdout


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("8.1.5", ">=8.1.5,<9", True),
        ("8.1.4", ">=8.1.5,<9", False),
        ("8.1.10", ">=8.1.9", True),
        ("9", ">=8.1.5,<9", False),
        ("9.0.0rc1", "<9", False),
        ("44.0.0", ">=44", True),
        ("3.0.15", "~=3.0.15", True),
        ("3.0.16", "~=3.0.15", True),
        ("3.1.0", "~=3.0.15", False),
        ("3.05.0", "~=3.0.0", False),
        ("3.5", "~=3.0.0", False),
        ("1.1.2.20261023", ">=1.0", True),
        ("odd", ">=1", False),
        ("1.0", "", True),
    ],
)
def test_bounds(version: str, bounds: str, fits: bool) -> None:
    assert _within(version, bounds) is fits
