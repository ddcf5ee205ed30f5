"""A missing program skips a test at home and fails it in CI."""

import sys

import pytest

from tests.needs import needs


def test_it_is_there() -> None:
    assert needs(sys.executable) == sys.executable


def test_it_is_absent_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="sudo apt install no-such-program"):
        needs("no-such-program")


def test_it_is_absent_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="sudo apt install no-such-program"):
        needs("no-such-program")
