"""One list of dependencies, and everything a clone needs to start."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

# Where conda-forge's name is not PyPI's in lower case: the first leaves out the desktop windows.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "redis": "redis-py"}

Bounds = dict[str, frozenset[str]]


def read_bounds(rules: list[str]) -> Bounds:
    """Return {"pyjwt": {">=2.10", "<3"}} for ["PyJWT[crypto]>=2.10,<3"]."""
    found: Bounds = {}
    for rule in rules:
        match = re.fullmatch(r"([\w.-]+)(\[\w+\])?((?:[<>=~!]=?[\d.]+,?)*)", rule)
        assert match, f"{rule!r} is not of the form name>=1.2,<3"
        name = match[1].lower()
        assert name not in found, f"{name} is there twice"
        found[name] = frozenset(filter(None, match[3].split(",")))
    return found


def differences(project: list[str], conda: list[str]) -> list[str]:
    """Say where the two lists of runtime packages differ, a sentence each."""
    ours = {CONDA_NAMES.get(name, name): bounds for name, bounds in read_bounds(project).items()}
    theirs = read_bounds(conda)
    for tool in ("python", "pip"):  # conda installs them, pip packages do not list them
        theirs.pop(tool, None)
    names = sorted(ours.keys() | theirs.keys())
    return [
        f"{name}: {bounds(ours, name)} in pyproject.toml, {bounds(theirs, name)} in environment.yml"
        for name in names
        if ours.get(name) != theirs.get(name)
    ]


def bounds(of: Bounds, name: str) -> str:
    return ",".join(sorted(of[name], reverse=True)) or "any version" if name in of else "absent"


def conda_rules(environment: dict[str, Any]) -> list[str]:
    return [rule for rule in environment["dependencies"] if isinstance(rule, str)]


def test_the_two_lists_agree() -> None:
    assert differences(PROJECT["project"]["dependencies"], conda_rules(ENVIRONMENT)) == []


@pytest.mark.parametrize(
    ("project", "conda"),
    [
        (["flask>=3.1,<4"], ["flask>=3.1"]),
        (["flask>=3.1,<4"], ["flask>=3.0,<4"]),
        (["flask>=3.1,<4"], []),
        ([], ["flask>=3.1,<4"]),
        (["flask>=3.1,<4"], ["flask"]),
        (["matplotlib>=3.9,<4"], ["matplotlib>=3.9,<4"]),
        (["PyJWT[crypto]>=2.10,<3"], ["jwt>=2.10,<3"]),
    ],
)
def test_the_comparison_can_fail(project: list[str], conda: list[str]) -> None:
    assert differences(project, ["python>=3.11", *conda])


def test_the_comparison_knows_equal_lists() -> None:
    project = ["PyJWT[crypto]>=2.10,<3", "matplotlib>=3.9,<4"]
    assert differences(project, ["pip", "matplotlib-base<4,>=3.9", "pyjwt>=2.10,<3"]) == []


def test_environment_for_conda_and_binder() -> None:
    assert ENVIRONMENT["name"] == "authlab"
    assert ENVIRONMENT["channels"] == ["conda-forge"]
    assert {"pip": ["-e ."]} in ENVIRONMENT["dependencies"]
    rules = conda_rules(ENVIRONMENT)
    assert "pip" in rules
    python = [rule for rule in rules if re.fullmatch(r"python=3\.\d\d", rule)]
    assert python, "name one Python as python=3.12: repo2docker reads no other form"
    floor = PROJECT["project"]["requires-python"].removeprefix(">=3.")
    assert int(python[0].removeprefix("python=3.")) >= int(floor)


def test_every_runtime_package_has_a_floor() -> None:
    listed = read_bounds(PROJECT["project"]["dependencies"])
    for name, clauses in listed.items():
        assert any(clause.startswith(">=") for clause in clauses), f"{name} has no floor"
        assert all(re.match(r">=|<\d", clause) for clause in clauses), name


def tracked() -> list[str]:
    """Return what a clone would hold: the files git knows and those it does not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def test_no_lock_file() -> None:
    names = [Path(name).name for name in tracked()]
    assert "pyproject.toml" in names
    locks = re.compile(r"\.lock$|[-_.]lock\.|lockfile|^requirements.*\.txt$")
    assert [name for name in names if locks.search(name.lower())] == []


def test_licences() -> None:
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    prose = (ROOT / "notebooks" / "LICENSE.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in prose
    assert "creativecommons.org/licenses/by/4.0" in prose
    assert PROJECT["project"]["license-files"] == ["LICENSE"]


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def test_the_makefile_has_the_two_commands() -> None:
    assert {"lab", "test", "bench", "fuzz", "clean", "help"} <= targets()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_each_make_command_in_the_prose_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    commands = set(re.findall(r"(?:^|`|\$ )make ([a-z]+)", text, re.MULTILINE))
    assert commands, f"{page} names no command"
    assert commands <= targets()


def test_the_readme_names_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("make lab", "make test", "conda env create", "python -m authlab doctor"):
        assert command in text, command


def test_scripts_can_be_started() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    for script in (ROOT / ".ci" / "run", ROOT / ".ci" / "install"):
        assert script.read_bytes().startswith(b"#!")
        assert b"\r" not in script.read_bytes()


def test_what_a_wheel_takes_along_exists() -> None:
    taken = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(taken) == {"data", "notebooks/solutions"}
    for folder in taken:
        assert (ROOT / folder).is_dir(), folder
