"""Lint, format and types, as tests: one pytest run is the whole gate."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CODE = ("authlab", "tests", "benchmarks", "notebooks")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", *CODE),
        ("ruff", "format", "--check", *CODE),
        ("mypy",),
    ],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_code_is_clean(command: tuple[str, ...]) -> None:
    done = run(*command)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}", pytrace=False)


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("loose.py", "import os\n", ("ruff", "check")),
        ("loose.py", "x = {  'a':1 }\n", ("ruff", "format", "--check")),
        (
            "loose.ipynb",
            '{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "outputs": [],'
            ' "execution_count": null, "source": ["undefined"]}],'
            ' "metadata": {"language_info": {"name": "python"}}, "nbformat": 4,'
            ' "nbformat_minor": 5}',
            ("ruff", "check"),
        ),
        ("loose.py", "def f(x):\n    return x\n", ("mypy", "--strict")),
    ],
)
def test_the_tools_can_fail(tmp_path: Path, name: str, text: str, command: tuple[str, ...]) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    config = ("--config", "pyproject.toml") if command[0] == "ruff" else ("--cache-dir", tmp_path)
    done = run(*command, *map(str, config), str(file))
    assert done.returncode == 1, done.stdout
