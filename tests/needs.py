"""Find a program that a test starts, or skip the test and say what to install."""

import os
import shutil

import pytest

__all__ = ["needs"]


def needs(program: str) -> str:
    """Return the path of `program`, named as Debian's package is ("chromium", "redis-server").

    Where it is absent the test is skipped with the command that installs it. Under CI=true that
    would hide a part of the gate, so there it fails.
    """
    path = shutil.which(program)
    if path:
        return path
    message = f"{program} is not installed. Debian and Ubuntu: sudo apt install {program}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{message} (a skip is a failure under CI=true)", pytrace=False)
    pytest.skip(message)
