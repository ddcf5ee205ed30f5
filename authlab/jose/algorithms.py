"""The signature algorithms of RFC 7518, 3.1 and RFC 8037 in one table. Imports nothing of authlab.

An algorithm here is three things: the kind of key it takes, how it signs, how it checks. Which
key may be used is decided in `keys`; that a check comes before any use, in `jws`.
"""

import hmac
from dataclasses import dataclass, field
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

__all__ = ["ALGORITHMS", "Algorithm", "KeyUse"]


class KeyUse(Protocol):
    """What an algorithm asks of a key; `keys` compares the two."""

    @property
    def name(self) -> str: ...
    @property
    def kty(self) -> str: ...
    @property
    def crv(self) -> str | None: ...
    @property
    def secret_bytes(self) -> int: ...
    @property
    def key_algs(self) -> tuple[str, ...]: ...  # what `alg` of a JWK may say
    def key_op(self, operation: str) -> str: ...  # the operation as `key_ops` of a JWK names it


class Algorithm(KeyUse, Protocol):
    """What the table holds. `material` is bytes (HMAC) or a key object of `cryptography`."""

    def signature_bytes(self, material: Any) -> int: ...
    def sign(self, material: Any, data: bytes) -> bytes: ...
    def check(self, material: Any, data: bytes, signature: bytes) -> bool: ...


class _Signature:
    """What all signatures ask of a key: its own name, and the operations "sign" and "verify"."""

    name: str

    @property
    def key_algs(self) -> tuple[str, ...]:
        return (self.name,)

    def key_op(self, operation: str) -> str:
        return operation


@dataclass(frozen=True)
class Hmac(_Signature):
    """HS256, HS384, HS512: one secret both signs and checks (RFC 7518, 3.2)."""

    name: str
    digest: str
    secret_bytes: int  # as long as the hash: the shortest secret that is allowed
    kty: str = "oct"
    crv: str | None = None

    def signature_bytes(self, material: bytes) -> int:
        return self.secret_bytes

    def sign(self, material: bytes, data: bytes) -> bytes:
        return hmac.digest(material, data, self.digest)

    def check(self, material: bytes, data: bytes, signature: bytes) -> bool:
        # compare_digest takes the same time wherever the first difference lies.
        return hmac.compare_digest(hmac.digest(material, data, self.digest), signature)


@dataclass(frozen=True)
class _PublicKey(_Signature):
    """What the algorithms with two keys share: OpenSSL checks, and says no by an exception."""

    name: str
    kty: str = ""
    crv: str | None = None
    secret_bytes: int = 0
    options: tuple[Any, ...] = ()  # what `cryptography` wants to be told: padding, hash

    def sign(self, material: Any, data: bytes) -> bytes:
        signature: bytes = material.sign(data, *self.options)
        return signature

    def check(self, material: Any, data: bytes, signature: bytes) -> bool:
        try:
            material.verify(signature, data, *self.options)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


class Rsa(_PublicKey):
    """RS and PS: the signature is as long as the modulus (RFC 7518, 3.3 and 3.5)."""

    def signature_bytes(self, material: Any) -> int:
        return (int(material.key_size) + 7) // 8


class EdDsa(_PublicKey):
    """EdDSA with Ed25519 (RFC 8037, 3.1)."""

    def signature_bytes(self, material: Any) -> int:
        return 64


@dataclass(frozen=True)
class Ecdsa(_PublicKey):
    """ES256, ES384, ES512: r and s as two numbers of fixed length, not DER (RFC 7518, 3.4)."""

    number_bytes: int = field(default=0)

    def signature_bytes(self, material: Any) -> int:
        return 2 * self.number_bytes

    def sign(self, material: Any, data: bytes) -> bytes:
        r, s = decode_dss_signature(super().sign(material, data))
        return r.to_bytes(self.number_bytes, "big") + s.to_bytes(self.number_bytes, "big")

    def check(self, material: Any, data: bytes, signature: bytes) -> bool:
        r = int.from_bytes(signature[: self.number_bytes], "big")
        s = int.from_bytes(signature[self.number_bytes :], "big")
        # OpenSSL refuses r or s of 0 and of n or more: the check that "psychic" verifiers forgot.
        return super().check(material, data, encode_dss_signature(r, s))


def _pkcs1(name: str, digest: hashes.HashAlgorithm) -> Rsa:
    return Rsa(name, "RSA", options=(padding.PKCS1v15(), digest))


def _pss(name: str, digest: hashes.HashAlgorithm) -> Rsa:
    # The salt is exactly as long as the hash, also when checking (RFC 7518, 3.5).
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return Rsa(name, "RSA", options=(pss, digest))


def _ecdsa(name: str, crv: str, digest: hashes.HashAlgorithm, number_bytes: int) -> Ecdsa:
    return Ecdsa(name, "EC", crv, options=(ec.ECDSA(digest),), number_bytes=number_bytes)


ALGORITHMS: dict[str, Algorithm] = {
    algorithm.name: algorithm
    for algorithm in (
        Hmac("HS256", "sha256", 32),
        Hmac("HS384", "sha384", 48),
        Hmac("HS512", "sha512", 64),
        _pkcs1("RS256", hashes.SHA256()),
        _pkcs1("RS384", hashes.SHA384()),
        _pkcs1("RS512", hashes.SHA512()),
        _pss("PS256", hashes.SHA256()),
        _pss("PS384", hashes.SHA384()),
        _pss("PS512", hashes.SHA512()),
        _ecdsa("ES256", "P-256", hashes.SHA256(), 32),
        _ecdsa("ES384", "P-384", hashes.SHA384(), 48),
        _ecdsa("ES512", "P-521", hashes.SHA512(), 66),
        EdDsa("EdDSA", "OKP", "Ed25519"),
        EdDsa("Ed25519", "OKP", "Ed25519"),  # the exact name for the same thing (RFC 9864, 2.2)
    )
}
