"""A share of the fuzz run, and proof that the run itself can fail."""

from typing import Any

import pytest

from authlab import jose

from . import fuzz


def test_no_mutated_token_is_accepted() -> None:
    outcome = fuzz.run(10_000, seed=1)
    assert not outcome.failures, outcome.examples
    assert outcome.tried.total() == 10_000
    # Each mutation took part, and the refusals are of every kind there is.
    assert set(outcome.tried) == {mutation.__name__ for mutation in fuzz.MUTATIONS}
    kinds = {"MalformedToken", "InvalidSignature", "DisallowedAlgorithm", "InvalidKey"}
    assert set(outcome.refusals) >= kinds | {"ExpiredToken", "InvalidAudience", "InvalidIssuer"}


def test_the_same_seed_throws_the_same_tokens() -> None:
    first, second = fuzz.run(500, seed=5), fuzz.run(500, seed=5)
    assert (first.tried, first.refusals) == (second.tried, second.refusals)


def test_honest_tokens_are_accepted() -> None:
    """Otherwise refusing everything would pass the run."""
    for attempt in fuzz.honest():
        claims = jose.decode(attempt.token, attempt.key, attempt.algorithms, **fuzz.CHECKS)
        assert claims["sub"] == "alice"


@pytest.mark.parametrize(
    ("lax", "what"),
    [
        (lambda *args, **kwargs: {}, "ACCEPTED"),
        (lambda *args, **kwargs: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_lax_verifier_is_caught(monkeypatch: Any, lax: Any, what: str) -> None:
    monkeypatch.setattr(jose, "decode", lax)
    outcome = fuzz.run(200, seed=2)
    assert any(what in failure for failure in outcome.failures)


def test_the_command_ends_non_zero_on_a_failure(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr("sys.argv", ["fuzz", "--tokens", "100", "--seed", "3"])
    assert fuzz.main() == 0
    assert "100 tokens" in capsys.readouterr().out
    monkeypatch.setattr(jose, "verify", lambda *args: None)
    assert fuzz.main() == 1
    assert "ACCEPTED" in capsys.readouterr().out
