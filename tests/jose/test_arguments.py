"""Whatever the arguments are, nothing but InvalidToken leaves: one property a public function."""

import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any
from unittest.mock import MagicMock
from uuid import UUID

import numpy
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from authlab import jose

from .material import ALGORITHMS, NOW, SECRET, b64, forge, jwk, make_token, pem, private, public

WELL_MADE = [
    *(make_token(), make_token().encode(), make_token("ES256"), "e30.e30.", "..", "a.b.c"),
    *(SECRET, private("ES256"), public("RS256"), pem(public("EdDSA")), jwk("ES384", secret=True)),
    *(
        {"keys": [jwk("HS256", kid="k1")]},
        {"keys": [jwk("RS256"), jwk("ES256")]},
        jose.load_key(SECRET),
    ),
    *(jose.load_key({"keys": [jwk("EdDSA")]}), ["HS256"], ("ES256", "RS256"), {"EdDSA"}, "HS256"),
    *({"sub": "alice", "exp": NOW + 1}, {"typ": "at+jwt"}, {"kid": "k1"}, ["exp"], "bank", NOW, 60),
]
ODD = [
    *(None, True, False, 0, -1, 2**200, 10**4000, 1.5, float("nan"), float("inf"), 1j),
    *(Decimal("NaN"), Decimal(1), Fraction(1, 3), date(2026, 1, 1), timedelta.max, timedelta(-1)),
    *("", "\ud800", "\0", "-----BEGIN ", "é", b"", b"\xff", bytearray(b"x"), memoryview(b"x" * 64)),
    *([], (), set(), {}, [[]], [{}], [None], {"keys": []}, {"keys": None}, {"keys": [{}]}, {1: 2}),
    *({"kty": []}, {"kty": "oct"}, {"kty": "oct", "k": 1}, {"kty": "RSA", "n": "", "e": ""}),
    *({"a": float("nan")}, {"a": {1: 1, "1": 2}}, {"a": "\ud800"}, {"a": object()}, {None: 1}),
    *({"a": 10**4000}, {"exp": 10**400}, {"exp": Decimal(1)}, {"crit": ["x"]}, {"alg": "none"}),
    *({"alg": []}, {"b64": False}, {"kid": 7}, {"typ": None}),
    *(object(), object, type, int, dict, print, len, lambda: 1, ..., NotImplemented, Exception()),
    *(
        rsa.RSAPrivateKey,
        ec.EllipticCurvePublicKey,
        ec.SECP256R1(),
        jose.Key,
        jose,
        iter([]),
        range(3),
    ),
    *(UUID(int=1), frozenset(), (x for x in ()), [SECRET], {"HS256": 1}, [["HS256"]], [b"HS256"]),
]
MEMBERS = ["kty", "k", "n", "e", "d", "x", "y", "crv", "kid", "alg", "use", "key_ops"]
SIMPLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=20)
    | st.binary(max_size=80)
    | st.decimals()
    | st.timedeltas()
    | st.sampled_from(ODD)
)
NESTED = st.recursive(
    SIMPLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.integers() | st.none(), inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["kty", "k", "n", "e", "d", "x", "y", "crv", "kid", "alg", "use", "key_ops"]
            ),
            inner,
            max_size=5,
        )
        | st.dictionaries(st.sampled_from(["keys", "exp", "aud", "iss", "typ", "crit"]), inner)
    ),
    max_leaves=6,
)
ANYTHING = st.sampled_from(WELL_MADE) | NESTED
CHECKS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("audience", "issuer", "typ", "leeway", "require", "now", "max_bytes"), ANYTHING
    ),
)
KEY_MEMBERS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("kid", "alg", "use", "key_ops", "allow_weak"), ANYTHING)
)
hard = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def only_invalid_token(function: Any, *args: Any, **named: Any) -> Any:
    """Return what the call returns, None when it refuses, and let any other exception through."""
    try:
        return function(*args, **named)
    except jose.InvalidToken as error:
        told = (str(error), error.found, error.expected, error.rule)
    assert all(told)
    return None


@hard
@given(ANYTHING, ANYTHING, ANYTHING, CHECKS)
@example(make_token(), SECRET, [["HS256"]], {})
@example(make_token(), SECRET, ["HS256"], {"max_bytes": None})
@example(make_token(), SECRET, ["HS256"], {"max_bytes": Decimal("sNaN")})
def test_decode_and_explain(token: Any, key: Any, algorithms: Any, checks: dict[str, Any]) -> None:
    claims = only_invalid_token(jose.decode, token, key, algorithms, **checks)
    assert claims is None or isinstance(claims, dict)
    steps = jose.explain(token, key, algorithms, **checks)
    if "now" in checks:  # else the second may come a second later
        assert steps[-1].ok == (claims is not None)


@hard
@given(ANYTHING, CHECKS)
def test_checks_of_an_honest_token(key: Any, checks: dict[str, Any]) -> None:
    token = forge({"alg": "HS256", "typ": "JWT"}, {"exp": NOW - 1, "aud": "bank", "iss": "one"})
    for name in ("max_bytes", "require"):
        checks.pop(name, None)
    real = not isinstance(checks.get("now"), int | float)
    if only_invalid_token(jose.decode, token, SECRET, ["HS256"], **checks) is not None:
        now, leeway = checks.get("now"), checks.get("leeway", 0)
        if isinstance(leeway, timedelta):
            leeway = leeway.total_seconds()
        assert real or now - leeway < NOW - 1, "an expired token was accepted"
        assert "aud" not in checks


@hard
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_verify(token: Any, key: Any, algorithms: Any, max_bytes: Any) -> None:
    only_invalid_token(jose.verify, token, key, algorithms, max_bytes=max_bytes)


@hard
@given(ANYTHING, ANYTHING, st.sampled_from(ALGORITHMS) | ANYTHING, ANYTHING)
def test_encode_and_sign(claims: Any, key: Any, algorithm: Any, headers: Any) -> None:
    only_invalid_token(jose.encode, claims, key, algorithm, headers)
    only_invalid_token(jose.sign, claims, key, algorithm, headers)


@hard
@given(ANYTHING, st.booleans() | ANYTHING)
@example(rsa.RSAPublicKey, False)
@example(SECRET, [])
def test_load_key(material: Any, allow_weak: Any) -> None:
    key = only_invalid_token(jose.load_key, material, allow_weak=allow_weak)
    if isinstance(key, jose.Key):
        assert isinstance(only_invalid_token(key.to_jwk, private=True) or {}, dict)
        assert len(key.thumbprint()) == 43
        repr(key)


@hard
@given(ANYTHING, KEY_MEMBERS)
@example(SECRET, {"key_ops": [["sign"]]})
@example(None, {})
def test_a_key_made_by_hand(material: Any, members: dict[str, Any]) -> None:
    """`Key` is public: built without load_key it may be refused, but it raises nothing else."""
    key = only_invalid_token(jose.Key, material, **members)
    if key is not None:
        repr(key)
        only_invalid_token(key.thumbprint)
        only_invalid_token(key.to_jwk)
        for alg in ("HS256", "RS256", "ES256", "EdDSA"):
            only_invalid_token(jose.encode, {}, key, alg)
            only_invalid_token(jose.decode, make_token(alg), key, [alg], now=NOW)


@hard
@given(
    st.sampled_from(ALGORITHMS) | ANYTHING,
    ANYTHING,
    # What a function raises by itself is the function's own affair.
    st.sampled_from([bytes, lambda n: None, lambda n: "x", lambda n: b"", None, 7, "", object()]),
)
@example("HS256", None, None)
def test_generate_key(alg: Any, kid: Any, source: Any) -> None:
    only_invalid_token(jose.generate_key, alg, kid=kid, random=source)


@hard
@given(ANYTHING)
def test_base64url_and_dissect(value: Any) -> None:
    only_invalid_token(jose.b64url_encode, value)
    only_invalid_token(jose.b64url_decode, value)
    anatomy = only_invalid_token(jose.dissect, value)
    if isinstance(value, str):
        assert anatomy is not None


ANY_TEXT = st.text(st.characters(), max_size=5)  # half characters too
WRITABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


@hard
@given(
    st.dictionaries(st.sampled_from(["exp", "nbf", "iss", "aud"]) | ANY_TEXT, WRITABLE, max_size=4)
)
@example({"name": "\ud800"})
@example({"name": "\U0001f511", "\ud83d": "\udd11"})
def test_what_encode_writes_decode_reads(claims: dict[str, Any]) -> None:
    """Nobody is handed a token that this very library would refuse."""
    token = only_invalid_token(jose.encode, claims, SECRET)
    if token is not None:
        read = json.loads(jose.verify(token, SECRET, ["HS256"]).payload)
        aud, now = read.get("aud"), min(read.get("exp", NOW) - 1, 1e12)
        if now > max(read.get("nbf", 0), read.get("iat", 0)) and aud != []:  # [] is nobody
            assert jose.decode(token, SECRET, ["HS256"], audience=aud, now=now) == read


def test_numbers_too_long_to_print() -> None:
    """Python turns no int of more than 4,300 digits into text: not even into an error's text."""
    number = 10**5000
    for name in ("audience", "issuer", "typ", "leeway", "require", "now", "max_bytes"):
        for one in (number, -number):
            only_invalid_token(jose.decode, make_token(), SECRET, ["HS256"], **{name: one})
    for claims in ({"a": number}, {"exp": number}, number, [number]):
        assert only_invalid_token(jose.encode, claims, SECRET) is None
    assert only_invalid_token(jose.load_key, {"kty": number}) is None
    assert only_invalid_token(jose.decode, number, number, [number]) is None
    assert only_invalid_token(jose.generate_key, number) is None


@pytest.mark.parametrize(
    "headers", [{"kid": "\ud800"}, {"x": {"a": "\ud800"}}, {"x": float("nan")}]
)
def test_what_sign_refuses_to_write(headers: dict[str, Any]) -> None:
    with pytest.raises(jose.InvalidToken):
        jose.sign(b"", SECRET, "HS256", headers)


def test_objects_that_fight_back() -> None:
    """An object of the caller's may raise anything when it is asked; it is refused all the same."""

    class Fighter:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __repr__(self) -> str:
            raise RuntimeError("repr")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("eq")

        __hash__ = None  # type: ignore[assignment]

    fighter = Fighter()
    posers = MagicMock(spec=str), MagicMock(spec=bytes)  # isinstance takes them for what they say

    class Number(float):
        def __float__(self) -> float:
            raise ValueError

    gone = memoryview(make_token().encode())
    gone.release()
    for call in (
        lambda: jose.decode(make_token(), SECRET, [fighter, "HS256"]),
        lambda: jose.decode(make_token(), SECRET, [numpy.array([1, 2])]),  # has no yes or no
        lambda: jose.decode(make_token(), SECRET, [posers[0]]),
        *(partial(jose.decode, token, SECRET, ["HS256"]) for token in (gone, *posers)),
        *(partial(jose.decrypt, token, SECRET, ["dir"], ["A128GCM"]) for token in (gone, *posers)),
        *(partial(jose.encrypt, poser, SECRET, "dir", "A256GCM") for poser in posers),
        lambda: jose.decode(fighter, SECRET, ["HS256"]),
        lambda: jose.decode(make_token(), fighter, ["HS256"]),
        lambda: jose.decode(make_token(), SECRET, fighter),
        lambda: jose.load_key(fighter),
        lambda: jose.encode({"a": fighter}, SECRET),
        lambda: jose.encode(fighter, SECRET),
        lambda: jose.encode({}, SECRET, fighter),
        lambda: jose.encode({}, SECRET, "HS256", fighter),
        lambda: jose.b64url_encode(fighter),
        lambda: jose.b64url_decode(fighter),
        lambda: jose.decode(make_token(), SECRET, ["HS256"], audience=fighter),
        lambda: jose.decode(make_token(), SECRET, ["HS256"], now=fighter),
        lambda: jose.load_key({"kty": "oct", "k": fighter}),
        lambda: jose.load_key({"kty": fighter}),
        lambda: jose.load_key({"keys": fighter}),
    ):
        with pytest.raises(jose.InvalidToken):
            call()
    for name in ("now", "leeway"):
        for number in (MagicMock(spec=int), Number(1)):
            with pytest.raises(jose.InvalidToken, match="finite number"):
                jose.decode(make_token(), SECRET, ["HS256"], **{name: number})
    assert b64(b"") == ""
