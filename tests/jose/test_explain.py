"""`explain` says what `decode` does: the same verdict, at the same step, by the same rule."""

import random
from typing import Any

import pytest

from authlab import jose

from . import fuzz
from .material import ALGORITHMS, NOW, SECRET, b64, forge, make_token, public

NAMES = [
    *("form", "header", "algorithm", "key", "signature"),
    *("claims", "typ", "exp", "nbf", "iat", "iss", "aud"),
]


def compare(token: Any, key: Any, algorithms: Any, **checks: Any) -> list[jose.Step]:
    """Run both on the same arguments, assert that they agree, return the steps."""
    steps = jose.explain(token, key, algorithms, **checks)
    assert steps, "explain always says something"
    assert all(isinstance(step, jose.Step) for step in steps)
    assert all(step.ok for step in steps[:-1]), "it stops at the first step that fails"
    for step in steps:
        assert step.name
        assert step.detail
        assert step.rule.startswith(("RFC ", "CVE-"))
    refusal = None
    try:
        jose.decode(token, key, algorithms, **checks)
    except jose.InvalidToken as error:
        refusal = error
    if refusal:
        assert not steps[-1].ok, f"decode refuses: {refusal}"
        assert steps[-1].rule == refusal.rule
        assert refusal.found in steps[-1].detail
        assert refusal.expected in steps[-1].detail
    else:
        assert steps[-1].ok, f"decode accepts, explain says {steps[-1]}"
        assert [step.name for step in steps] == NAMES
    if steps[0].name != "arguments":
        assert [step.name for step in steps] == NAMES[: len(steps)]
    return steps


def test_thousands_of_mutated_tokens() -> None:
    rng = random.Random(11)
    stopped = set()
    for _ in range(4000):
        mutation = rng.choices(fuzz.MUTATIONS, fuzz.WEIGHTS)[0]
        attempt = mutation(rng, rng.choice(fuzz.honest()))
        steps = compare(attempt.token, attempt.key, attempt.algorithms, **fuzz.CHECKS)
        stopped.add(steps[-1].name)
    # The mutations reach every step but `typ`, which they do not ask for.
    assert stopped >= set(NAMES) - {"typ"}


def test_random_arguments() -> None:
    rng = random.Random(12)
    claims = {"exp": NOW + 60, "iss": "one", "aud": ["bank"], "nbf": NOW, "iat": NOW, "sub": "a"}
    token = forge({"alg": "HS256", "typ": "at+jwt"}, claims)
    verdicts = set()
    for _ in range(2000):
        chosen: dict[str, Any] = {
            "audience": rng.choice([None, "bank", ["shop"], 1, ["bank", "shop"]]),
            "issuer": rng.choice([None, "one", ["two"], ("one", "two"), {}]),
            "typ": rng.choice([None, "at+jwt", "JWT", 7]),
            "leeway": rng.choice([0, 60, 3600.5, float("nan"), -1, "0", None]),
            "require": rng.choice([(), ["sub"], ["jti"], 3]),
            "now": rng.choice([NOW, NOW + 60, NOW + 3600, NOW - 1, float("inf"), "now"]),
            "max_bytes": rng.choice([65_536, 10, 10_000]),
        }
        kept = {name: chosen[name] for name in chosen if rng.random() < 0.6}
        steps = compare(token, SECRET, ["HS256"], **{"now": NOW, **kept})
        verdicts.add((steps[-1].name, steps[-1].ok))
    assert {("aud", True), ("aud", False), ("arguments", False), ("exp", False)} <= verdicts


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_accepted_in_every_algorithm(alg: str) -> None:
    steps = compare(make_token(alg), public(alg), [alg], now=NOW)
    assert [(step.name, step.ok) for step in steps] == [(name, True) for name in NAMES]


@pytest.mark.parametrize(
    ("token", "stop"),
    [
        ("garbage", "form"),
        (None, "form"),
        (make_token() + "=", "form"),
        (f"{b64(b'[]')}.e30.AAAA", "header"),
        (forge({"alg": "none"}, {}), "algorithm"),
        (forge({"alg": "HS512"}, {}), "algorithm"),
        (forge({"alg": "RS256"}, {}), "key"),
        (forge({"alg": "HS256", "kid": "k2"}, {}), "key"),
        (forge({"alg": "HS256"}, {}, signature=bytes(32)), "signature"),
        (forge({"alg": "HS256"}, {}, signature=b"short"), "signature"),
        (forge({"alg": "HS256"}, b"{"), "claims"),
        (forge({"alg": "HS256"}, {"exp": "never"}), "claims"),
        (forge({"alg": "HS256"}, {"exp": NOW}), "exp"),
        (forge({"alg": "HS256"}, {"nbf": NOW + 1}), "nbf"),
        (forge({"alg": "HS256"}, {"iat": NOW + 1}), "iat"),
        (forge({"alg": "HS256"}, {"iss": "x"}), "iss"),
        (forge({"alg": "HS256"}, {"iss": "one", "aud": "x"}), "aud"),
    ],
)
def test_where_it_stops(token: Any, stop: str) -> None:
    key = {"kty": "oct", "k": b64(SECRET), "kid": "k1"}
    steps = compare(token, key, ["HS256", "RS256"], now=NOW, issuer="one", audience="bank")
    assert steps[-1].name == stop


def test_typ_and_arguments_stop_too() -> None:
    assert compare(make_token(), SECRET, ["HS256"], now=NOW, typ="at+jwt")[-1].name == "typ"
    assert compare(make_token(), SECRET, ["HS256"], now=NOW, leeway=-1)[-1].name == "arguments"


def test_a_verdict_on_the_signature_needs_the_signature() -> None:
    """No step after a failed one is reported, and none of them ever as passed."""
    data, _, _ = make_token().rpartition(".")
    names = [step.name for step in compare(f"{data}.{b64(bytes(32))}", SECRET, ["HS256"])]
    assert names == NAMES[: NAMES.index("signature") + 1]


def test_the_secret_is_in_no_detail() -> None:
    secret = b"a-secret-that-must-not-be-printed-anywhere"
    token = forge({"alg": "HS256"}, {"sub": "alice"}, key=secret)
    for key in (secret, secret[:20], {"kty": "oct", "k": b64(secret)}):
        text = repr(jose.explain(token, key, ["HS256"]))
        assert "must-not" not in text
        assert b64(secret)[:16] not in text
