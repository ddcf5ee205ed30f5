"""The published advisories on PyJWT, and on its neighbours, one test each: not affected."""

import json
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authlab import jose
from authlab.jose import (
    DisallowedAlgorithm,
    InvalidIssuer,
    InvalidKey,
    InvalidToken,
    MalformedToken,
)

from .material import ALGORITHMS, NOW, SECRET, b64, forge, jwk, make_token, pem, private, public


def assert_no_confusion(secret: bytes, alg: str) -> None:
    """A token signed by HMAC with public bytes is refused, in whatever form the key is held."""
    forged = forge({"alg": "HS256", "typ": "JWT"}, {"sub": "mallory"}, key=secret)
    for key in (secret, public(alg), jwk(alg), pem(public(alg)), {"keys": [jwk(alg)]}):
        with pytest.raises(InvalidKey):
            jose.decode(forged, key, ["HS256", alg])


def test_dsa_3293_rsa_public_key_as_hmac_secret() -> None:
    assert_no_confusion(pem(public("RS256")).encode(), "RS256")


def test_cve_2017_11424_pkcs1_public_key_as_hmac_secret() -> None:
    for encoding in (Encoding.PEM, Encoding.DER):
        assert_no_confusion(public("RS256").public_bytes(encoding, PublicFormat.PKCS1), "RS256")


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_cve_2022_29217_ssh_public_key_as_hmac_secret(alg: str) -> None:
    assert_no_confusion(public(alg).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH), alg)


@pytest.mark.parametrize(
    ("iss", "issuer"), [("acb", "_acb_"), ("", "abc"), ("b", "abc"), ("abc", "b")]
)
def test_cve_2024_53861_part_of_the_issuer(iss: str, issuer: str) -> None:
    with pytest.raises(InvalidIssuer):
        jose.decode(forge({"alg": "HS256"}, {"iss": iss}), SECRET, ["HS256"], issuer=issuer)


def test_cve_2025_45768_short_keys() -> None:
    with pytest.raises(InvalidKey):
        jose.encode({}, b"your-256-bit-secret")  # 19 bytes, 152 bits
    with pytest.raises(InvalidKey):
        jose.decode(forge({"alg": "HS256"}, {}, key=SECRET[:31]), SECRET[:31], ["HS256"])


@pytest.mark.parametrize("crit", [["x-policy"], ["cnf"], ["b64"], [], "x"])
def test_cve_2026_32597_unknown_critical_extension(crit: object) -> None:
    header = {"alg": "HS256", "crit": crit, "x-policy": "require-mfa", "cnf": {}}
    with pytest.raises(MalformedToken):
        jose.decode(forge(header, {"sub": "alice"}), SECRET, ["HS256"])


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_cve_2026_48522_and_48524_and_101917_and_102267_no_key_is_ever_fetched(
    name: str, monkeypatch: Any
) -> None:
    """No key URL is opened, whatever its scheme: `jku` and `x5u` are not read at all."""
    opened = []
    monkeypatch.setattr("socket.socket.connect", lambda *args: opened.append(args))
    sys.addaudithook(lambda event, args: opened.append(args) if event == "urllib.Request" else None)
    for number in range(50):
        header = {"alg": "RS256", name: "file:///etc/passwd", "kid": f"unknown-{number}"}
        token, keys = forge(header, {}, alg="RS256"), {"keys": [jwk("RS256", kid="k1")]}
        with pytest.raises(InvalidKey):
            jose.decode(token, keys, ["RS256"])
    assert not opened


def test_cve_2026_48523_allow_list_against_the_algorithm_of_the_key() -> None:
    """The key says RS512, the header says RS256, the list says RS256: the three must agree."""
    bound = jwk("RS512", secret=True, alg="RS512")
    forged = forge({"alg": "RS256"}, {}, alg="RS512")
    for allowed in (["RS256"], ["RS256", "RS512"]):
        with pytest.raises(InvalidKey):
            jose.decode(forged, bound, allowed)
    with pytest.raises(DisallowedAlgorithm):
        jose.decode(forge({"alg": "RS512"}, {}, alg="RS512"), bound, ["RS256"])


def test_cve_2026_48525_unencoded_payload_is_not_a_way_to_work() -> None:
    header = b64(b'{"alg":"HS256","b64":false,"crit":["b64"]}')
    with pytest.raises(MalformedToken):
        jose.decode(f"{header}.{'A' * 10_000_000}.AAAA", SECRET, ["HS256"])
    with pytest.raises(MalformedToken):
        jose.decode(f"{header}..AAAA", SECRET, ["HS256"])


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_cve_2026_48526_jwk_text_as_hmac_secret(alg: str) -> None:
    for text in (json.dumps(jwk(alg)), json.dumps(jwk(alg), indent=2)):
        assert_no_confusion(text.encode(), alg)


@pytest.mark.parametrize("part", ["header", "payload"])
@pytest.mark.parametrize("text", [b"[" * 45_000, b'{"a":' * 9_000, b"[" * 20_000 + b"]" * 20_000])
def test_cve_2026_101918_and_102265_deep_nesting(part: str, text: bytes) -> None:
    header = b'{"alg":"HS256"}' if part == "payload" else text
    token = forge(header, text if part == "payload" else b"{}")
    with pytest.raises(MalformedToken):
        jose.decode(token, SECRET, ["HS256"])
    if part == "header":  # `verify` hands the payload over as bytes, unread
        with pytest.raises(MalformedToken):
            jose.verify(token, SECRET, ["HS256"])
    assert not jose.explain(token, SECRET, ["HS256"])[-1].ok


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_cve_2026_102266_blank_secret(alg: str) -> None:
    for key in (b"", {"kty": "oct", "k": ""}):
        with pytest.raises(InvalidKey):
            jose.decode(forge({"alg": alg}, {}, alg=alg, key=b""), key, [alg])


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", " \n"),
        lambda text: text.replace("\n", "\n "),
        lambda text: text.replace("\n", "\t"),
        lambda text: text.replace("\n", ""),
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace(" ", ""),
        lambda text: text.replace("-----", "----- "),
        lambda text: " " + text,
        lambda text: text.rstrip("\n-"),
        lambda text: "\n".join(text.split("\n")[1:]),
    ],
)
@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_cve_2026_102268_white_space_in_the_pem(alg: str, disguise: Callable[[str], str]) -> None:
    assert_no_confusion(disguise(pem(public(alg))).encode(), alg)


@pytest.mark.parametrize("end", ["=", "==", "!", "!!!!", "\n", " ", "+", ".", "A", "AAAA"])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_cve_2026_102269_second_spelling_of_the_signature(alg: str, end: str) -> None:
    with pytest.raises(InvalidToken):
        jose.decode(make_token(alg) + end, public(alg), [alg], now=NOW)


def test_cve_2026_102270_pem_that_keeps_a_pattern_busy() -> None:
    started = time.process_time()
    for text in (b"-----BEGIN A-----" * 20_000, b"BEGIN" + b"A" * 500_000, b"-" * 500_000):
        try:
            jose.load_key(text)
        except InvalidKey:
            continue
    assert time.process_time() - started < 5  # backtracking takes minutes


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_cve_2026_102271_der_public_key_as_hmac_secret(alg: str) -> None:
    der = public(alg).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for secret in (der, b64encode(der), b64(der).encode()):
        assert_no_confusion(secret, alg)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_cve_2026_102272_jwk_text_behind_a_byte_order_mark(alg: str, coding: str) -> None:
    assert_no_confusion(json.dumps(jwk(alg)).encode(coding), alg)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_cve_2026_102273_containers_of_jwk_text(alg: str) -> None:
    for box in ({"keys": [jwk(alg)]}, [jwk(alg)], {"a": {"b": [jwk(alg)]}}, {"jwk": jwk(alg)}):
        assert_no_confusion(json.dumps(box).encode(), alg)


def test_cve_2026_102274_broken_member_of_a_set() -> None:
    """One malformed key neither breaks the set nor raises anything but InvalidToken."""
    broken = [{"kty": "RSA", "kid": "k2", "n": "AQ", "e": "AQ"}, {"kty": "RSA", "kid": "k3"}]
    keys = {"keys": [*broken, jwk("RS256", kid="k1")]}
    assert jose.decode(make_token("RS256", kid="k1"), keys, ["RS256"], now=NOW)
    for kid in ("k2", "k3"):
        with pytest.raises(InvalidKey):
            jose.decode(make_token("RS256", kid=kid), keys, ["RS256"], now=NOW)


def test_cve_2026_102275_private_half_of_another_okp_key() -> None:
    other = jose.generate_key("EdDSA").to_jwk(private=True)
    with pytest.raises(InvalidKey):
        jose.load_key(jwk("EdDSA", secret=True) | {"d": other["d"]})


def test_cve_2026_103001_arguments_are_not_changed() -> None:
    """A caller's list or dict is the same afterwards: nothing is switched off by using it twice."""
    members, allowed, audience, required = jwk("HS256", kid="k1"), ["HS256"], ["bank"], ["exp"]
    before = json.dumps([members, allowed, audience, required])
    claims = {"exp": NOW - 1, "aud": "bank"}
    for token in (forge({"alg": "HS256"}, claims), "garbage"):
        with pytest.raises(InvalidToken):
            jose.decode(token, members, allowed, audience=audience, require=required, now=NOW)
    jose.encode(claims, members, headers={"kid": "k1"})
    assert json.dumps([members, allowed, audience, required]) == before
    assert claims == {"exp": NOW - 1, "aud": "bank"}


# --- neighbours ---------------------------------------------------------------------------------


def test_cve_2015_9235_and_2016_10555_none_and_rs_to_hs() -> None:
    """jsonwebtoken and jwt-simple: `none` accepted, and RS256's key taken for HS256's secret."""
    with pytest.raises(DisallowedAlgorithm):
        jose.decode(forge({"alg": "none"}, {}, signature=b""), public("RS256"), ["RS256", "none"])
    assert_no_confusion(pem(public("RS256")).encode(), "RS256")


def test_cve_2018_0114_key_in_the_header() -> None:
    """node-jose: the `jwk` that the token brings along was believed."""
    thief = jose.generate_key("RS256")
    forged = forge({"alg": "RS256", "jwk": thief.to_jwk()}, {}, alg="RS256", key=thief.material)
    with pytest.raises(jose.InvalidSignature):
        jose.decode(forged, public("RS256"), ["RS256"])


def test_cve_2022_21449_psychic_signature() -> None:
    """Java 15 to 18: r = s = 0 fitted every message and every key."""
    for alg, size in (("ES256", 32), ("ES384", 48), ("ES512", 66)):
        order = private(alg).curve.group_order.to_bytes(size, "big")
        for half in (bytes(size), order):
            for other in (bytes(size), order, bytes(size - 1) + b"\1"):
                forged = forge({"alg": alg}, {}, alg=alg, signature=half + other)
                with pytest.raises(jose.InvalidSignature):
                    jose.decode(forged, public(alg), [alg])


def test_cve_2022_3102_and_2026_49852_kind_of_token_and_empty_key() -> None:
    """jwcrypto and joserfc: a JWE where a JWS was expected; no key at all for HMAC."""
    with pytest.raises(MalformedToken):
        jose.decode("e30.e30.e30.e30.e30", SECRET, ["HS256"])
    for key in (None, "", b""):
        with pytest.raises(InvalidKey):
            jose.decode(forge({"alg": "HS256"}, {}, key=b""), key, ["HS256"])
