"""The examples of the standards, as literal values in `data/jose`."""

from typing import Any

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import import_key

from authlab import jose
from authlab.jose.algorithms import ALGORITHMS as TABLE

from .material import PRIVATE_MEMBERS, vectors

SIGNED = [v for n in ("rfc7515", "rfc7520", "rfc8037") for v in vectors(n)["vectors"]]
ACCEPTED = [v for v in SIGNED if v["accepted"]]


def named(chosen: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", chosen, ids=lambda v: v["section"])


def public_half(key: dict[str, Any]) -> dict[str, Any]:
    if key["kty"] == "oct":
        return key
    return {name: key[name] for name in key if name not in PRIVATE_MEMBERS}


def test_every_section_is_there() -> None:
    assert [v["section"] for v in SIGNED] == [
        *(f"RFC 7515, {name}" for name in ("A.1", "A.2", "A.3", "A.4", "A.5", "E")),
        *(f"RFC 7520, 4.{number}" for number in (1, 2, 3, 4)),
        "RFC 8037, A.4 and A.5",
    ]


@named(ACCEPTED)
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_another_library_proves_the_vector(vector: dict[str, Any]) -> None:
    key = import_key(public_half(vector["key"]))
    read = joserfc_jws.deserialize_compact(vector["token"], key, algorithms=[vector["alg"]])
    assert jose.b64url_encode(read.payload) == vector["token"].split(".")[1]


@named(ACCEPTED)
def test_verify_with_the_public_half(vector: dict[str, Any]) -> None:
    read = jose.verify(vector["token"], public_half(vector["key"]), [vector["alg"]])
    assert read.header["alg"] == vector["alg"]
    assert jose.b64url_encode(read.payload) == vector["token"].split(".")[1]


@named([v for v in ACCEPTED if "public_key" in v])
def test_the_public_key_printed_in_the_rfc(vector: dict[str, Any]) -> None:
    assert vector["public_key"] == public_half(vector["key"])
    assert jose.load_key(vector["key"]).to_jwk() == vector["public_key"]
    jose.verify(vector["token"], vector["public_key"], [vector["alg"]])


@named(ACCEPTED)
def test_sign_the_same_bytes(vector: dict[str, Any]) -> None:
    """Over the RFC's own signing input: no dict would write the line break in A.1."""
    data, _, signature = vector["token"].rpartition(".")
    algorithm = TABLE[vector["alg"]]
    material = jose.load_key(vector["key"]).material
    signed = algorithm.sign(material, data.encode())
    if vector["deterministic"]:
        assert jose.b64url_encode(signed) == signature
    else:
        assert jose.b64url_encode(signed) != signature  # a fresh nonce, or a fresh salt
        jose.verify(f"{data}.{jose.b64url_encode(signed)}", vector["key"], [vector["alg"]])


@named([v for v in ACCEPTED if v["deterministic"] and v["section"] != "RFC 7515, A.1"])
def test_sign_the_same_token(vector: dict[str, Any]) -> None:
    """Where the header is written the way `sign` writes it, the whole token is the RFC's."""
    header, payload, _ = map(jose.b64url_decode, vector["token"].split("."))
    headers = {"kid": vector["key"]["kid"]} if b'"kid"' in header else None
    token = jose.sign(payload, vector["key"], vector["alg"], headers)
    assert token == vector["token"]


@named([v for v in SIGNED if not v["accepted"]])
@pytest.mark.parametrize("algorithms", [["HS256"], ["none"], ["none", "HS256"]], ids=str)
def test_refuse_the_unsigned(vector: dict[str, Any], algorithms: list[str]) -> None:
    with pytest.raises(jose.InvalidToken):
        jose.verify(vector["token"], bytes(32), algorithms)


def test_thumbprint_of_rfc_7638() -> None:
    vector = vectors("rfc7638")
    assert jose.load_key(vector["jwk"]).thumbprint() == vector["thumbprint"]


def test_thumbprint_and_halves_of_rfc_8037() -> None:
    vector = vectors("rfc8037")
    key = jose.load_key(vector["private_key"]["jwk"])
    assert key.to_jwk() == vector["public_key"]["jwk"]
    assert key.to_jwk(private=True) == vector["private_key"]["jwk"]
    assert key.thumbprint() == vector["thumbprint"]["value"]
    assert jose.load_key(vector["public_key"]["jwk"]).thumbprint() == vector["thumbprint"]["value"]
