"""Tokens by hand: Base64url, keys, JWS and JWT (RFC 7515, 7517, 7518, 7519, 8037; RFC 8725).

Read the modules in this order, each stands on the ones before: `errors`, `encoding`,
`algorithms`, `jwk`, `pem`, `strength`, `keys`, `jws`, `claims`, `jwt`. `anatomy` takes a token
apart without a key.
"""

from authlab.jose.anatomy import Anatomy, Part, dissect
from authlab.jose.encoding import b64url_decode, b64url_encode
from authlab.jose.errors import (
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
from authlab.jose.jws import Verified, sign, verify
from authlab.jose.jwt import Step, decode, encode, explain
from authlab.jose.keys import Key, KeySet, generate_key, load_key

__all__ = [
    "Anatomy",
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
    "dissect",
    "encode",
    "explain",
    "generate_key",
    "load_key",
    "sign",
    "verify",
]
