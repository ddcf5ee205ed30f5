"""Tokens cross the border both ways: PyJWT, joserfc, jwcrypto and the code under test agree."""

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import jwt as pyjwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import import_key
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

from authlab import jose

from .material import ALGORITHMS, DETERMINISTIC, HMAC, RSA, SECRET, jwk, pem, private, public

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
each_algorithm = pytest.mark.parametrize("alg", ALGORITHMS)
# Signing with RSA takes a millisecond, so fewer examples do for it.
few = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
REGISTERED = {"iss", "sub", "aud", "exp", "nbf", "iat", "jti"}
CLAIMS = st.builds(
    lambda rest, registered: {k: v for k, v in rest.items() if k not in REGISTERED} | registered,
    st.dictionaries(TEXT, JSON, max_size=5),
    st.fixed_dictionaries(
        {},
        optional={
            "iss": TEXT,
            "sub": TEXT,
            "jti": TEXT,
            "exp": st.integers(2**33, 2**40),
            "nbf": st.integers(0, 2**30),
            "iat": st.integers(0, 2**30),
        },
    ),
)


@cache
def forms(alg: str, *, secret: bool) -> list[Any]:
    """Every form in which a caller may hold the key."""
    material = private(alg) if secret else public(alg)
    member = jwk(alg, secret=secret, kid="k1", alg=alg, use="sig")
    # The other key of the set is of another kind, so only one fits even without a kid.
    other = "ES384" if alg != "ES384" else "EdDSA"
    more = [] if alg in HMAC else [jwk(other, secret=secret, kid="k2")]
    texts = [] if alg in HMAC else [pem(material), pem(material).encode()]
    keys = [material, jwk(alg, secret=secret), member, {"keys": [*more, member]}]
    return [*keys, jose.load_key(material), jose.load_key({"keys": [member]}), *texts]


@cache
def for_joserfc(alg: str, *, secret: bool = False) -> Any:
    return import_key(jwk(alg, secret=secret))


@cache
def for_jwcrypto(alg: str, *, secret: bool = False) -> JWK:
    return JWK(**jwk(alg, secret=secret))


def pyjwt_encode(claims: dict[str, Any], alg: str) -> str:
    return pyjwt.encode(claims, private(alg), alg)


def joserfc_encode(claims: dict[str, Any], alg: str) -> str:
    key = for_joserfc(alg, secret=True)
    return joserfc_jwt.encode({"alg": alg}, claims, key, algorithms=[alg])


def jwcrypto_encode(claims: dict[str, Any], alg: str) -> str:
    token = JWS(json.dumps(claims).encode())
    token.add_signature(for_jwcrypto(alg, secret=True), alg, json.dumps({"alg": alg}))
    return str(token.serialize(compact=True))


def pyjwt_decode(token: str, alg: str) -> Any:
    return pyjwt.decode(token, public(alg), [alg])


def joserfc_decode(token: str, alg: str) -> Any:
    return joserfc_jwt.decode(token, for_joserfc(alg), algorithms=[alg]).claims


def jwcrypto_decode(token: str, alg: str) -> Any:
    read = JWS()
    read.allowed_algs = [alg]
    read.deserialize(token, for_jwcrypto(alg))
    return json.loads(read.payload)


ENCODERS = [pyjwt_encode, joserfc_encode, jwcrypto_encode]
DECODERS = [pyjwt_decode, joserfc_decode, jwcrypto_decode]
by_name: Callable[[Any], str] = lambda function: function.__name__  # noqa: E731


@each_algorithm
@pytest.mark.parametrize("encode", ENCODERS, ids=by_name)
@few
@given(claims=CLAIMS, form=st.integers(0, 7))
def test_their_tokens_verify_here(
    alg: str, encode: Callable[[dict[str, Any], str], str], claims: dict[str, Any], form: int
) -> None:
    keys = forms(alg, secret=False)
    assert jose.decode(encode(claims, alg), keys[form % len(keys)], [alg]) == claims


@each_algorithm
@pytest.mark.parametrize("decode", DECODERS, ids=by_name)
@few
@given(claims=CLAIMS, form=st.integers(0, 7))
def test_our_tokens_verify_there(
    alg: str, decode: Callable[[str, str], Any], claims: dict[str, Any], form: int
) -> None:
    keys = forms(alg, secret=True)
    assert decode(jose.encode(claims, keys[form % len(keys)], alg), alg) == claims


@each_algorithm
@few
@given(payload=st.binary(max_size=200))
def test_any_bytes_cross_the_border(alg: str, payload: bytes) -> None:
    ours = jose.sign(payload, private(alg), alg)
    read = joserfc_jws.deserialize_compact(ours, for_joserfc(alg), algorithms=[alg])
    assert read.payload == payload
    key = for_joserfc(alg, secret=True)
    theirs = joserfc_jws.serialize_compact({"alg": alg}, payload, key, algorithms=[alg])
    assert jose.verify(theirs, public(alg), [alg]) == ({"alg": alg}, payload)


@pytest.mark.parametrize("alg", DETERMINISTIC)
@few
@given(
    claims=CLAIMS,
    headers=st.none()
    | st.fixed_dictionaries(
        {}, optional={"kid": TEXT, "typ": st.just("at+jwt"), "cty": TEXT, "x": JSON, "zzz": TEXT}
    ),
)
def test_the_bytes_of_pyjwt(
    alg: str, claims: dict[str, Any], headers: dict[str, Any] | None
) -> None:
    theirs = pyjwt.encode(claims, private(alg), alg, headers=headers)
    assert jose.encode(claims, private(alg), alg, headers) == theirs


@pytest.mark.parametrize("alg", [alg for alg in ALGORITHMS if alg not in DETERMINISTIC])
def test_all_but_the_signature_is_that_of_pyjwt(alg: str) -> None:
    claims, headers = {"sub": "alice", "z": 1, "a": [2]}, {"kid": "k1"}
    theirs = pyjwt.encode(claims, private(alg), alg, headers=headers)
    ours = jose.encode(claims, private(alg), alg, headers)
    assert ours.rpartition(".")[0] == theirs.rpartition(".")[0]
    assert len(ours) == len(theirs)


def test_the_classic_token_of_the_first_lesson() -> None:
    now = int(time.time())
    claims = {"sub": "123", "name": "Alice", "iat": now, "exp": now + 3600}
    token = jose.encode(claims, SECRET)
    assert token == pyjwt.encode(claims, SECRET, "HS256")
    assert jose.decode(token, SECRET, ["HS256"]) == claims


@each_algorithm
def test_a_set_picks_the_key_by_kid(alg: str) -> None:
    other = jose.generate_key(alg, kid="old").to_jwk(private=alg in HMAC)
    keys = {"keys": [other, jwk(alg, kid="new")]}
    token = pyjwt.encode({"sub": "alice"}, private(alg), alg, headers={"kid": "new"})
    assert jose.decode(token, keys, [alg]) == {"sub": "alice"}
    with pytest.raises(jose.InvalidSignature):
        jose.decode(
            pyjwt.encode({"sub": "alice"}, private(alg), alg, headers={"kid": "old"}), keys, [alg]
        )


def test_one_rsa_key_serves_six_algorithms() -> None:
    key = jose.load_key(jwk("RS256", secret=True))
    for alg in RSA:
        token = jose.encode({"sub": "alice"}, key, alg)
        assert jose.decode(token, key, RSA) == {"sub": "alice"}
        for other in RSA:
            if other != alg:
                with pytest.raises(jose.DisallowedAlgorithm):
                    jose.decode(token, key, [other])


def test_ed25519_is_the_same_under_both_names() -> None:
    """RFC 9864 gives EdDSA with Ed25519 the name Ed25519; a name is still a name of its own."""
    token = jose.encode({"sub": "alice"}, private("EdDSA"), "Ed25519")
    assert jose.decode(token, public("EdDSA"), ["Ed25519"]) == {"sub": "alice"}
    with pytest.raises(jose.DisallowedAlgorithm):
        jose.decode(token, public("EdDSA"), ["EdDSA"])
