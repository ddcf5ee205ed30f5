"""Loading, making and showing keys, against jwcrypto and `cryptography`."""

import json
import pickle
import random
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from jwcrypto.jwk import JWK

from authlab import jose
from authlab.jose import InvalidKey, InvalidToken, Key, KeySet

from .material import ALGORITHMS, HMAC, PRIVATE_MEMBERS, RSA, SECRET, b64, jwk, pem, private, public
from .test_strict_keys import certificate

KINDS = ("HS256", "RS256", "ES256", "ES384", "ES512", "EdDSA")
each_kind = pytest.mark.parametrize("alg", KINDS)
each_pair = pytest.mark.parametrize("alg", KINDS[1:])


def halves(alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwk(alg), jwk(alg, secret=True)


@each_kind
def test_jwk_round_trip(alg: str) -> None:
    open_half, both = halves(alg)
    key = jose.load_key(both)
    assert isinstance(key, Key)
    assert key.to_jwk(private=True) == both
    assert json.loads(json.dumps(both)) == both
    if alg not in HMAC:
        assert key.to_jwk() == open_half
        assert not set(key.to_jwk()) & set(PRIVATE_MEMBERS)
        assert jose.load_key(open_half).to_jwk() == open_half


@each_kind
def test_jwcrypto_reads_what_is_written_and_the_other_way(alg: str) -> None:
    ours = jose.generate_key(alg, kid="k1")
    theirs = JWK(**ours.to_jwk(private=True))
    exported = (
        theirs.export(private_key=True, as_dict=True)
        if alg not in HMAC
        else theirs.export(as_dict=True)
    )
    assert exported == ours.to_jwk(private=True)
    assert theirs.thumbprint() == ours.thumbprint()
    assert jose.load_key(exported).thumbprint() == ours.thumbprint()


@each_kind
def test_every_form_is_the_same_key(alg: str) -> None:
    own, shared = private(alg), public(alg)
    forms = [own, jwk(alg, secret=True), jose.load_key(own)]
    if alg not in HMAC:
        traditional = PrivateFormat.PKCS8 if alg == "EdDSA" else PrivateFormat.TraditionalOpenSSL
        old = own.private_bytes(Encoding.PEM, traditional, NoEncryption())
        proof = certificate(alg).public_bytes(Encoding.PEM)
        forms += [pem(own), pem(own).encode(), old, old.decode(), shared, pem(shared), jwk(alg)]
        forms += [pem(shared).replace("\n", "\r\n"), proof, proof.decode(), f"\n\n{pem(shared)}\n"]
    if alg == "RS256":
        forms.append(shared.public_bytes(Encoding.PEM, PublicFormat.PKCS1))
    prints = {jose.load_key(form).thumbprint() for form in forms}
    assert len(prints) == 1
    assert len(prints.pop()) == 43
    token = jose.encode({"a": 1}, own, alg)
    for form in forms:
        assert jose.decode(token, form, [alg]) == {"a": 1}


@each_kind
def test_thumbprint_takes_only_the_required_members(alg: str) -> None:
    """RFC 7638, 3.2: neither kid nor alg nor the private half changes it."""
    plain = jose.load_key(jwk(alg)).thumbprint()
    decorated = jose.load_key(jwk(alg, secret=True, kid="k1", alg=alg, use="sig", x5t="AAAA"))
    assert decorated.thumbprint() == plain == JWK(**jwk(alg)).thumbprint()


@each_kind
def test_members_that_bind_are_kept(alg: str) -> None:
    bound = {"kid": "k1", "alg": alg, "use": "sig", "key_ops": ["sign", "verify"]}
    key = jose.load_key(jwk(alg, secret=True, **bound))
    assert {name: key.to_jwk(private=True)[name] for name in bound} == bound
    assert (key.kid, key.alg, key.use, key.key_ops) == ("k1", alg, "sig", ("sign", "verify"))
    if alg not in HMAC:
        assert key.to_jwk() == jwk(alg, **bound | {"key_ops": ["verify"]})
        assert jose.load_key(key.to_jwk()).to_jwk() == key.to_jwk()


@each_pair
def test_the_public_half_of_a_signing_only_key_can_verify(alg: str) -> None:
    key = jose.load_key(jwk(alg, secret=True, key_ops=["sign"]))
    token = jose.encode({"a": 1}, key, alg)
    assert jose.decode(token, key.to_jwk(), [alg]) == {"a": 1}


@each_pair
def test_rsa_jwk_with_d_alone_and_other_leanings(alg: str) -> None:
    """RFC 7518, 6.3.2: of an RSA key the factors may be left out; d stands for all."""
    if alg == "RS256":
        both = jwk(alg, secret=True)
        lean = {name: both[name] for name in ("kty", "n", "e", "d")}
        key = jose.load_key(lean)
        assert jose.decode(jose.encode({"a": 1}, key, alg), jwk(alg), [alg]) == {"a": 1}
        assert JWK(**key.to_jwk(private=True)).thumbprint() == key.thumbprint()
    else:
        assert jose.load_key(jwk(alg, secret=True)).is_private
        assert not jose.load_key(jwk(alg)).is_private


@pytest.mark.parametrize("alg", [*ALGORITHMS, "Ed25519"])
def test_generate_key(alg: str) -> None:
    key, other = jose.generate_key(alg), jose.generate_key(alg)
    assert key.alg == alg
    assert key.is_private
    assert key.thumbprint() != other.thumbprint()
    token = jose.encode({"a": 1}, key, alg)
    assert jose.decode(token, key, [alg]) == {"a": 1}
    with pytest.raises(jose.InvalidSignature):
        jose.decode(token, other, [alg])
    if alg in RSA:
        assert isinstance(key.material, rsa.RSAPrivateKey)
        assert key.material.key_size >= 2048


@pytest.mark.parametrize("alg", ["HS256", "HS512", "ES256", "ES384", "ES512", "EdDSA"])
def test_injected_randomness_makes_the_key(alg: str) -> None:
    one, two = (jose.generate_key(alg, random=random.Random(7).randbytes) for _ in range(2))
    three = jose.generate_key(alg, random=random.Random(8).randbytes)
    assert one.thumbprint() == two.thumbprint() != three.thumbprint()


@pytest.mark.parametrize("alg", ["HS256", "ES256", "EdDSA"])
@pytest.mark.parametrize(
    "source", [lambda n: b"", lambda n: bytes(n - 1), lambda n: None, lambda n: "x" * n, None, 7]
)
def test_broken_randomness_makes_no_key(alg: str, source: Any) -> None:
    with pytest.raises(InvalidToken):
        jose.generate_key(alg, random=source)


@pytest.mark.parametrize("kid", [1, True, [], {}, b"k1"])
def test_generate_key_with_a_kid_that_is_no_text(kid: Any) -> None:
    with pytest.raises(InvalidToken):
        jose.generate_key("HS256", kid=kid)


# --- what must not be shown ---------------------------------------------------------------------


def secret_texts(alg: str) -> list[str]:
    """Every private value of the key, in the forms in which it might be printed."""
    members = jwk(alg, secret=True)
    values = [members[name] for name in PRIVATE_MEMBERS if name in members]
    raws = [jose.b64url_decode(value) for value in values]
    texts = values + [raw.hex() for raw in raws] + [repr(raw)[2:-1] for raw in raws]
    return texts + [str(int.from_bytes(raw, "big")) for raw in raws]


@each_kind
def test_no_picture_of_a_key_shows_its_secret(alg: str) -> None:
    members = jwk(alg, secret=True, kid="k1")
    key = jose.load_key(members)
    keys = jose.load_key({"keys": [members]})
    token = jose.encode({"a": 1}, key, alg)
    jose.decode(token, keys, [alg])
    pictures = [f"{key!r}", f"{key}", f"{keys!r}", f"{keys}", f"{[key]!r}", f"{key:}"]
    for text in secret_texts(alg):
        for picture in pictures:
            assert text[:12] not in picture
    assert "k1" in repr(key)
    assert isinstance(keys, KeySet)


@each_kind
def test_no_error_shows_a_secret(alg: str) -> None:
    members = jwk(alg, secret=True, alg="HS999", kid="k1")
    for call in (
        lambda: jose.encode({}, members, alg),
        lambda: jose.encode({}, jwk(alg, secret=True), "RS384" if alg != "RS256" else "ES256"),
        lambda: jose.load_key(members | {"kty": "AKP"}),
        lambda: jose.load_key({"keys": [members, 1]}),
        lambda: jose.load_key([members]),
        lambda: jose.load_key(members | {"d": members.get("d", "A") + "=", "k": "=" + b64(SECRET)}),
        lambda: jose.load_key((members, private(alg))),
    ):
        with pytest.raises(InvalidToken) as caught:
            call()
        for text in secret_texts(alg):
            assert text[:12] not in str(caught.value)
            assert text[:12] not in repr(caught.value)


def test_a_secret_has_no_public_half() -> None:
    key = jose.load_key(SECRET)
    with pytest.raises(InvalidKey):
        key.to_jwk()
    assert key.to_jwk(private=True) == {"kty": "oct", "k": b64(SECRET)}


@each_pair
def test_a_public_key_has_no_private_half(alg: str) -> None:
    for material in (public(alg), jwk(alg), pem(public(alg))):
        with pytest.raises(InvalidKey):
            jose.load_key(material).to_jwk(private=True)


# --- loaded once --------------------------------------------------------------------------------


@each_kind
def test_a_loaded_key_is_never_parsed_twice(alg: str, monkeypatch: Any) -> None:
    from authlab.jose import keys as module

    key, keys = jose.load_key(private(alg)), jose.load_key({"keys": [jwk(alg, secret=True)]})
    token = jose.encode({"a": 1}, key, alg)
    jose.decode(token, keys, [alg])  # a set reads a key when it is first asked for
    for name in ("read_material", "load_pem", "refuse_public_key"):
        monkeypatch.setattr(module, name, None)  # calling it would raise a TypeError
    for _ in range(3):
        assert jose.decode(token, key, [alg]) == {"a": 1}
        assert jose.decode(token, keys, [alg]) == {"a": 1}
    assert jose.load_key(key) is key
    assert jose.load_key(keys) is keys


def test_a_key_does_not_change_when_its_jwk_does() -> None:
    members = jwk("HS256", kid="k1")
    key = jose.load_key(members)
    token = jose.encode({"a": 1}, key)
    members["k"] = b64(bytes(64))
    members["alg"] = "RS256"
    assert jose.decode(token, key, ["HS256"]) == {"a": 1}


def test_a_set_does_not_change_when_its_list_does() -> None:
    members = [jwk("HS256", kid="k1")]
    keys = jose.load_key({"keys": members})
    token = jose.encode({"a": 1}, SECRET, headers={"kid": "k2"})
    members.append(jwk("HS256", kid="k2"))
    with pytest.raises(InvalidKey):
        jose.decode(token, keys, ["HS256"])
    members[0]["kid"] = "k2"
    with pytest.raises(InvalidKey):
        jose.decode(token, keys, ["HS256"])


def test_a_changed_key_is_checked_anew() -> None:
    """A copy with another `alg` must not inherit that the first one was found fit."""
    key = jose.load_key(jwk("RS256", secret=True))
    jose.encode({"a": 1}, key, "RS256")
    for changed in (replace(key, alg="PS256"), replace(key, use="enc"), replace(key, key_ops=())):
        with pytest.raises(InvalidKey):
            jose.encode({"a": 1}, changed, "RS256")


def test_errors_survive_pickling() -> None:
    with pytest.raises(InvalidToken) as caught:
        jose.decode("x", SECRET, ["HS256"])
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is type(caught.value)
    assert str(again) == str(caught.value)
    assert (again.found, again.expected, again.rule) == (
        caught.value.found,
        caught.value.expected,
        caught.value.rule,
    )


# --- Base64url ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(data=st.binary(max_size=100))
def test_base64url_round_trip(data: bytes) -> None:
    text = jose.b64url_encode(data)
    assert text == b64(data)
    assert jose.b64url_decode(text) == data
    assert jose.b64url_decode(text.encode()) == data


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(st.sampled_from("ABCxyz019-_AQgw=+/ \n\u00e9"), max_size=9) | st.text(max_size=6)
)
def test_base64url_takes_nothing_but_what_it_writes(text: str) -> None:
    """Each text has one meaning, and each meaning one text (RFC 4648, 3.5)."""
    try:
        data = jose.b64url_decode(text)
    except jose.MalformedToken:
        return
    assert b64(data) == text


def test_base64url_vectors() -> None:
    """RFC 4648, 10 without padding, RFC 7515, C, and the two letters that differ from Base64."""
    for data, text in (
        (b"", ""),
        (b"f", "Zg"),
        (b"fo", "Zm8"),
        (b"foo", "Zm9v"),
        (b"foob", "Zm9vYg"),
        (b"fooba", "Zm9vYmE"),
        (b"foobar", "Zm9vYmFy"),
        (bytes((3, 236, 255, 224, 193)), "A-z_4ME"),
        (b"\xfb\xff", "-_8"),
    ):
        assert jose.b64url_encode(data) == text
        assert jose.b64url_decode(text) == data
