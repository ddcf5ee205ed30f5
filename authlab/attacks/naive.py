"""A verifier as people really write it, with each hole on a switch, and a bank whose door it is.

Read `holes` beside it. Without holes it is right, and each hole is one line; a learner forges a
token, mends the line, and sees the forgery fail and the honest tokens still pass.
"""

import json
import math
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Collection
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask, Request, Response

from authlab.attacks import issuer, keeping
from authlab.attacks.defences import check_names, quick_accounts
from authlab.attacks.holes import HOLES
from authlab.attacks.issuer import AUDIENCE, ISSUER, REQUIRED, TYP
from authlab.attacks.plain_ecdsa import check_es256
from authlab.bank import TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import Key, load_key
from authlab.jose.algorithms import ALGORITHMS
from authlab.web import Network

__all__ = ["NaiveAuth", "NaiveVerifier", "Refused", "build_token_bank", "write_pem"]

WEAK_SECRET = b"summer2026"
_ALG_OF = {"RSA": "RS256", "EC": "ES256", "oct": "HS256"}


class Refused(ValueError):
    """The verifier says no; the sentence says why. Other errors mean no, too."""


class NaiveVerifier:
    """`verifier(token)` returns the claims, or raises; `holes` names the open ones of `HOLES`.

    Besides the issuer's keys it knows a partner's, whose public key is published nowhere, and
    three kinds of shared secret, for devices that sign by HS256: the shop's in the configuration,
    the batch job's from the environment, those of tills and desks in a folder and a table.

    `clock` tells it the time. `network` is where it fetches what a token's header names. Raises
    ValueError for a hole that does not exist.
    """

    def __init__(
        self,
        holes: Collection[str] = tuple(HOLES),
        *,
        clock: Clock | None = None,
        network: Network | None = None,
    ) -> None:
        check_names(holes, HOLES, "hole")
        self.holes = frozenset(holes)
        self.clock = clock or Clock()
        self.network = network or Network()
        self._ended: set[Any] = set()
        self._keys: dict[Any, Any] = {key["kid"]: load_key(key) for key in issuer.JWKS["keys"]}
        self._keys["partner-rs256"] = load_key(issuer.partner_key().to_jwk())
        strong = secrets.token_bytes(32)
        self._keys["shop"] = WEAK_SECRET if "weak_secret" in holes else strong
        self._keys["batch"] = b"" if "blank_secret" in holes else strong

    def __call__(self, token: str) -> dict[str, Any]:
        header_text, payload_text, signature_text = token.split(".")
        header = self._read_json(header_text)
        if "unchecked" not in self.holes:
            data, signature = f"{header_text}.{payload_text}".encode(), _decode(signature_text)
            if not self._is_signed(header, data, signature):
                raise Refused("The signature does not match.")
        if "crit" in header and "crit" not in self.holes:
            raise Refused(f"The header says that {header['crit']} must be understood.")
        if header.get("typ") != TYP and "typ" not in self.holes:
            raise Refused(f"The type is {header.get('typ')!r}, expected {TYP!r}.")
        claims = self._read_json(payload_text)
        self._check_claims(claims)
        if self._name(token, claims) in self._ended:
            raise Refused("This token was ended.")
        name = keeping.find_customer(claims["sub"], naive="sql_sub" in self.holes)
        if name is None:
            raise Refused(f"There is no customer {claims['sub']!r}.")
        return {**claims, "sub": name}

    def revoke(self, token: str) -> None:
        """Put an accepted token on the list of ended ones, as a log-out does."""
        self._ended.add(self._name(token, self(token)))

    def shop_token(self, user: str = "mallory") -> str:
        """Return what the shop, whose key is a shared secret, gives to `user`."""
        header = {"alg": "HS256", "typ": TYP, "kid": "shop"}
        claims = issuer.make_claims(user, clock=self.clock)
        sign = issuer.sign_with(self._keys["shop"], "HS256")
        return issuer.write_token(header, claims, sign)

    def _is_signed(self, header: dict[str, Any], data: bytes, signature: bytes) -> bool:
        alg = header["alg"]
        if "stripped" in self.holes and not signature:
            return True
        if "none" in self.holes and alg == "none":
            return True
        if "none_case" in self.holes and alg != "none" and alg.lower() == "none":
            return True
        key = self._find_key(header)
        own_alg = _ALG_OF[key.kty] if isinstance(key, Key) else "HS256"
        if alg != own_alg:
            if "header_alg" not in self.holes or alg != "HS256":
                raise Refused(f"The header names {alg!r}; this key is for {own_alg}.")
            key = write_pem(key)  # what the key looks like to hmac: the text of its file
        if alg == "ES256":
            point = key.material.public_numbers()
            in_range = "psychic" not in self.holes
            return check_es256((point.x, point.y), data, signature, check_range=in_range)
        material = key if isinstance(key, bytes) else key.material
        return ALGORITHMS[alg].check(material, data, signature)

    def _find_key(self, header: dict[str, Any]) -> Any:
        """Return the `Key`, or the shared secret as bytes, that checks this token."""
        kid = header.get("kid")
        key: Any = None
        if "jwk" in self.holes and "jwk" in header:
            key = load_key(header["jwk"])
            return key.material if key.kty == "oct" else key
        if "jku" in self.holes and "jku" in header:
            key = keeping.fetch_key(self.network, header["jku"], kid)
        if "x5u" in self.holes and "x5u" in header:
            key = keeping.fetch_certificate(self.network, header["x5u"])
        if key is None:
            key = self._keys.get(kid)
        if key is None and isinstance(kid, str):
            key = keeping.read_key_file(kid, naive="kid_path" in self.holes)
        if key is None and isinstance(kid, str):
            key = keeping.read_key_row(kid, naive="kid_sql" in self.holes)
        if key is None:
            raise Refused(f"There is no key {kid!r}.")
        return key

    def _check_claims(self, claims: dict[str, Any]) -> None:
        now = self.clock.now()
        if "missing" not in self.holes and not claims.keys() >= set(REQUIRED):
            raise Refused(f"A claim is missing, expected {', '.join(REQUIRED)}.")
        if "exp" not in self.holes and now >= claims.get("exp", math.inf):
            raise Refused("The token has expired.")
        if "nbf" not in self.holes and now < claims.get("nbf", 0):
            raise Refused("The token is not valid yet.")
        if "iss" not in self.holes and claims.get("iss", ISSUER) != ISSUER:
            raise Refused(f"The issuer is {claims['iss']!r}, expected {ISSUER!r}.")
        audience = claims.get("aud", AUDIENCE)
        audiences = audience if isinstance(audience, list) else [audience]
        if "aud" not in self.holes and AUDIENCE not in audiences:
            raise Refused(f"The audience is {audience!r}, expected {AUDIENCE!r}.")

    def _name(self, token: str, claims: dict[str, Any]) -> Any:
        """Return what the list of ended tokens calls this one."""
        if "text_denylist" in self.holes:
            return sha256(token.encode()).hexdigest()
        return claims.get("iss"), claims.get("jti")

    def _read_json(self, text: str) -> dict[str, Any]:
        hook = dict if "duplicates" in self.holes else refuse_duplicates
        members: dict[str, Any] = json.loads(_decode(text), object_pairs_hook=hook)
        return members


def _decode(text: str) -> bytes:
    # Python's own way, which nearly everybody takes, also reads padding, stray bits and foreign
    # characters. No harm comes of it as long as nothing goes by the token's text.
    return urlsafe_b64decode(text + "==")


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of a JSON object, for `json.loads`; Refused for a name used twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("A name stands twice in one JSON object.")
    return members


def write_pem(key: Key) -> bytes:
    """Return a public key as its PEM file holds it, with a line end at the end (RFC 7468, 13)."""
    material = key.material.public_key() if key.is_private else key.material
    pem: bytes = material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


class NaiveAuth(TokenAuth):
    """Log in by a token of the lab's issuer; `verifier` says who a token belongs to.

    `verifier` is a `NaiveVerifier`, or any `verify(token)`: also a learner's own.
    """

    def __init__(self, verifier: Any, *, clock: Clock | None = None) -> None:
        clock = clock or getattr(verifier, "clock", None)
        super().__init__(issuer.load_signing_key("RS256"), clock=clock)
        self.verifier = verifier

    def issue(self, user: str, family: str | None = None) -> str:
        return issuer.issue(user, clock=self.clock)

    def read(self, token: str) -> dict[str, Any] | None:
        try:
            claims = self.verifier(token)
        except Exception:  # whatever it raises means no
            return None
        if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
            return None
        return {"jti": "", "iat": 0, "exp": 0, **claims}  # which a forged one may not have

    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        """End the token, where the verifier keeps a list of ended ones."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        answer = super().log_out(request, response)
        if hasattr(self.verifier, "revoke") and self.read(token) is not None:
            self.verifier.revoke(token)
            answer = {"still_works_for": 0}
        return answer


def build_token_bank(
    holes: Collection[str] = tuple(HOLES), *, verify: Any = None, clock: Clock | None = None
) -> Flask:
    """Return a bank that lets in whom `NaiveVerifier(holes)` lets in, or else `verify`."""
    verifier = NaiveVerifier(holes, clock=clock) if verify is None else verify
    return make_bank(NaiveAuth(verifier, clock=clock), accounts=quick_accounts())
