"""The lab's issuer: what a verifier under test is told, and honest tokens that it must accept.

A verifier under test is any `verify(token) -> claims` that is configured with the names below,
and with nothing else. It refuses a token by raising anything, or by returning None or False.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from authlab import data_path
from authlab.clock import Clock
from authlab.jose import Key, b64url_encode, load_key
from authlab.jose.algorithms import ALGORITHMS as TABLE

__all__ = [
    "ALGORITHMS", "AUDIENCE", "ISSUER", "JWKS", "OTHER_AUDIENCE", "REQUIRED", "TYP", "HonestToken",
    "honest_tokens", "issue", "load_one", "load_signing_key", "make_claims", "partner_key",
    "sign_with", "write_token",
]  # fmt: skip

ISSUER = "https://bank.test"  # who signs
AUDIENCE = "https://accounts.bank.test"  # the service whose verifier is under test
OTHER_AUDIENCE = "https://loans.bank.test"  # another service of the same bank, same keys
TYP = "at+jwt"  # the type this service takes: access tokens (RFC 9068, 2.1)
ALGORITHMS = ["RS256", "ES256"]  # the allow-list
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti"]  # in every access token (RFC 9068, 2.2)
_LIFE = 300  # seconds

_PUBLISHED = json.loads(data_path("keys/published.json").read_text("utf-8"))["keys"]
_PRIVATE = {alg: _PUBLISHED[alg][0] for alg in ALGORITHMS}
_PUBLIC = ("kty", "kid", "alg", "crv", "x", "y", "n", "e")
# The public keys that everybody may fetch (RFC 7517, 5).
JWKS: dict[str, Any] = {
    "keys": [{name: key[name] for name in _PUBLIC if name in key} for key in _PRIVATE.values()]
}


def load_one(material: Any) -> Key:
    """Return `load_key(material)` where that is one key, as everywhere here, and no set."""
    key = load_key(material)
    assert isinstance(key, Key)
    return key


@lru_cache
def load_signing_key(alg: str) -> Key:
    """Return the issuer's private key for one of `ALGORITHMS`."""
    return load_one(_PRIVATE[alg])


@lru_cache
def partner_key() -> Key:
    """Return the RSA key of a partner, with the public exponent 3; no JWKS has its public half."""
    return load_one(json.loads(data_path("keys/partner.json").read_text("utf-8"))["key"])


def sign_with(key: Key | bytes, alg: str) -> Callable[[bytes], bytes]:
    """Return what signs bytes by `key`, with none of the checks of `jose`; a blank key, too."""
    material = key.material if isinstance(key, Key) else key
    return lambda data: TABLE[alg].sign(material, data)


def write_token(
    header: Mapping[str, Any],
    payload: Mapping[str, Any] | bytes,
    sign: Callable[[bytes], bytes] = lambda data: b"",
) -> str:
    """Return a compact JWS of any header and payload, however wrong (RFC 7515, 7.1).

    `payload` is claims, or bytes as they are. `sign` gets the signing input and returns the
    signature; without it there is none.
    """
    body = payload if isinstance(payload, bytes) else _dump(payload)
    signing_input = f"{b64url_encode(_dump(header))}.{b64url_encode(body)}"
    return f"{signing_input}.{b64url_encode(sign(signing_input.encode()))}"


def _dump(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()


def make_claims(
    user: str = "alice", *, clock: Clock | None = None, **claims: Any
) -> dict[str, Any]:
    """Return the claims of an access token for `user`, changed by `claims`; None leaves one out."""
    now = int((clock or Clock()).now())
    usual = {"iss": ISSUER, "sub": user, "aud": AUDIENCE, "iat": now, "exp": now + _LIFE}
    return _without_none({**usual, "jti": secrets.token_urlsafe(8), **claims})


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def issue(
    user: str = "alice",
    *,
    alg: str = "RS256",
    clock: Clock | None = None,
    headers: Mapping[str, Any] | None = None,
    payload: bytes | None = None,
    key: Key | None = None,
    **claims: Any,
) -> str:
    """Return a token that the issuer signs for `user`, an access token good for 300 seconds.

    `claims` change or add to the usual ones, and None leaves one out; `headers` do the same to
    the header. `alg` is one of `ALGORITHMS`. `payload` replaces the claims by bytes as they are,
    `key` the issuer's key. It signs what it is asked to: which tokens are right is the lesson.
    """
    signer = key or load_signing_key(alg)
    header = _without_none({"alg": alg, "typ": TYP, "kid": signer.kid, **(headers or {})})
    body = make_claims(user, clock=clock, **claims) if payload is None else payload
    return write_token(header, body, sign_with(signer, alg))


class HonestToken(NamedTuple):
    """A token that a right verifier accepts: what is special about it, its text, its claims."""

    story: str
    token: str
    claims: dict[str, Any]


def honest_tokens(clock: Clock | None = None) -> list[HonestToken]:
    """Return one honest token of every kind this issuer makes, fresh at `clock`'s time."""
    clock = clock or Clock()
    now = int(clock.now())
    several = [OTHER_AUDIENCE, AUDIENCE]
    kinds: list[tuple[str, str, str, dict[str, Any]]] = [
        ("signed by RS256", "alice", "RS256", {}),
        ("signed by ES256", "bob", "ES256", {}),
        ("for this service, in a list of one", "carol", "ES256", {"aud": [AUDIENCE]}),
        ("for several services", "alice", "RS256", {"aud": several}),
        ("20 seconds before its end", "bob", "ES256", {"exp": now + 20}),
        ("valid from this second on", "carol", "RS256", {"nbf": now}),
        ("with a role and a claim nobody knows", "dave", "ES256", {"role": "customer", "x-1": []}),
        ("with names beyond ASCII", "zoë", "RS256", {"name": "Zoë Ångström 🌷"}),
    ]
    found = []
    for story, user, alg, changes in kinds:
        claims = make_claims(user, clock=clock, **changes)
        found.append(HonestToken(story, issue(alg=alg, payload=_dump(claims)), claims))
    return found
