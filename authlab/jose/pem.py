"""PEM: keys as text, and public keys that pose as secrets (RFC 7468; RFC 8725, 3.1).

Imports `errors` and below.
"""

import re
from binascii import Error, a2b_base64
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from authlab.jose.errors import InvalidKey

__all__ = ["load_pem", "looks_like_pem", "refuse_public_key"]

_SHORTEST_PUBLIC_KEY = 44  # bytes: Ed25519 in DER, the shortest form that says what it is
# The armour of PEM and of SSH, a JWK's first word, and SSH's own form, as a line or as its bytes.
_SAYS_KEY = re.compile(
    rb"-{4}(BEGIN|END)|(BEGIN|END)[A-Z0-9]{0,24}(PUBLICKEY|PRIVATEKEY|CERTIFICATE)|[\"']kty[\"']|"
    rb"^(\0\0\0.)?(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp)",
    re.IGNORECASE | re.DOTALL,
)
_NOISE = re.compile(
    rb"[^A-Za-z0-9+/=_\"'-]"
)  # white space of every kind, and what else is no letter


def looks_like_pem(data: bytes) -> bool:
    """Tell whether `data` is meant as PEM: it has the words that open every PEM block."""
    return b"-----BEGIN " in data


def load_pem(data: bytes) -> Any:
    """Return the key object in a PEM block: private, public, or of a certificate, dates unread.

    Raises InvalidKey for anything else, an encrypted key and an unknown kind included.
    """
    try:
        if b"PRIVATE KEY-----" in data:  # first: a private key may come with its certificate
            return load_pem_private_key(data, None)
        if b"-----BEGIN CERTIFICATE-----" in data:
            return x509.load_pem_x509_certificate(data).public_key()
        return load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = "a block that does not read as a key without a password"
        raise InvalidKey("broken PEM", found, "a public or private key", "RFC 7468, 2") from None


def refuse_public_key(secret: bytes) -> None:
    """Raise InvalidKey if an HMAC secret is really a key that others may know.

    This is the classic mix-up: a verifier that takes RS256's public key, which everybody has,
    for HS256's secret. PEM, DER, certificates, JWK and SSH are recognised, also in Base64 and
    whatever the white space.
    """
    if len(secret) < _SHORTEST_PUBLIC_KEY:
        return
    bare = _NOISE.sub(b"", secret)
    forms = (secret, secret.strip(b"\0 \t\r\n\v\f"), bare, _read_base64(bare))
    if any(_SAYS_KEY.search(form) or _is_key(form) for form in forms):
        found = "a key of another kind (PEM, DER, JWK or SSH)"
        raise InvalidKey(
            "not a secret", found, "random bytes that nobody else has", "RFC 8725, 3.1"
        )


def _read_base64(bare: bytes) -> bytes:
    try:
        return a2b_base64(bare.translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(bare) % 4))
    except Error:
        return b""


_DER_READERS: tuple[Callable[[bytes], Any], ...] = (
    load_der_public_key,
    lambda der: load_der_private_key(der, None),
    x509.load_der_x509_certificate,
)


def _is_key(data: bytes) -> bool:
    for load in _DER_READERS:
        try:
            load(data)
        except TypeError:
            return True  # a private key under a password
        except (ValueError, UnsupportedAlgorithm):
            continue
        return True
    return False
