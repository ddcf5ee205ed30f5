"""Tokens by hand: Base64url, keys, JWS, JWE, JWT (RFC 7515 to 7519, 8037; RFC 8725).

Read the modules in this order, each stands on the ones before: `errors`, `encoding`,
`algorithms`, `jwk`, `pem`, `strength`, `jwe_algorithms`, `keys`, `jws`, `claims`, `jwt`, `jwe`.
`anatomy` takes a token apart without a key.
"""

from authlab.jose.anatomy import Anatomy, Part, dissect
from authlab.jose.encoding import b64url_decode, b64url_encode
from authlab.jose.errors import (
    DecryptionFailed,
    DisallowedAlgorithm,
    ExpiredToken,
    ImmatureToken,
    InvalidAudience,
    InvalidClaim,
    InvalidIssuer,
    InvalidKey,
    InvalidSignature,
    InvalidToken,
    InvalidType,
    MalformedToken,
    MissingClaim,
)
from authlab.jose.jwe import Decrypted, decrypt, encrypt
from authlab.jose.jws import Verified, sign, verify
from authlab.jose.jwt import Step, decode, encode, explain
from authlab.jose.keys import Key, KeySet, generate_key, load_key

__all__ = [
    "Anatomy",
    "Decrypted",
    "DecryptionFailed",
    "DisallowedAlgorithm",
    "ExpiredToken",
    "ImmatureToken",
    "InvalidAudience",
    "InvalidClaim",
    "InvalidIssuer",
    "InvalidKey",
    "InvalidSignature",
    "InvalidToken",
    "InvalidType",
    "Key",
    "KeySet",
    "MalformedToken",
    "MissingClaim",
    "Part",
    "Step",
    "Verified",
    "b64url_decode",
    "b64url_encode",
    "decode",
    "decrypt",
    "dissect",
    "encode",
    "encrypt",
    "explain",
    "generate_key",
    "load_key",
    "sign",
    "verify",
]
