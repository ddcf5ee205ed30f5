"""Log in by token: a signed JWT, made and checked by PyJWT; the bank keeps no record of it."""

import secrets
from typing import Any, Literal

import jwt
from flask import Request, Response

from authlab.bank.accounts import BankError
from authlab.bank.auth import Auth, SameSite
from authlab.clock import Clock
from authlab.jose import KeySet, load_key
from authlab.jose.algorithms import ALGORITHMS

__all__ = ["TokenAuth"]

_NEVER = 10**12  # Unix seconds: 30,000 years


class TokenAuth(Auth):
    """Say who is logged in by a signature; each server needs the key and nothing else.

    `key` is what `jose.load_key` takes: 32 random bytes for HS256, a JWK or PEM for the others. A
    public key is enough for a server that checks tokens and issues none.
    `carry` says how the token travels: in the header `Authorization: Bearer` (RFC 6750, 2.1), put
    there by the page's script, or in a cookie. `ttl` is a token's life in seconds. The rest is as
    in `SessionAuth`.
    """

    def __init__(
        self,
        key: Any,
        *,
        carry: Literal["header", "cookie"] = "header",
        ttl: float = 300,
        clock: Clock | None = None,
        issuer: str = "https://bank.test",
        cookie: str = "__Host-token",
        secure: bool = True,
        httponly: bool = True,
        samesite: SameSite | None = "Lax",
    ) -> None:
        if carry not in ("header", "cookie"):
            raise ValueError(f"carry is {carry!r}, expected 'header' or 'cookie'.")
        loaded = load_key(key)
        if isinstance(loaded, KeySet):
            raise ValueError("key is a set of keys, expected the one key that this bank signs by.")
        both_ways = loaded.kty == "oct"  # a shared secret signs and checks
        self._signing = jwt.PyJWK(loaded.to_jwk(private=True)) if loaded.is_private else None
        self._checking = jwt.PyJWK(loaded.to_jwk(private=both_ways))
        loaded.material_for(ALGORITHMS[self._checking.algorithm_name], "verify")  # strong enough?
        self.carry = carry
        self.ttl = ttl
        self.clock = clock or Clock()
        self.issuer = issuer
        self.cookie = cookie
        self.secure = secure
        self.httponly = httponly
        self.samesite = samesite

    def issue(self, user: str) -> str:
        """Return a new token for `user`, good for `ttl` seconds.

        Raises ValueError on a server that has the public key alone: it can check, and not sign.
        """
        if self._signing is None:
            raise ValueError("This server has a public key, expected a private one to sign with.")
        now = int(self.clock.now())
        claims = {
            "iss": self.issuer,
            "sub": user,
            "aud": self.issuer,
            "iat": now,
            "exp": now + int(self.ttl),
            "jti": secrets.token_urlsafe(16),
        }
        return jwt.encode(claims, self._signing, algorithm=self._signing.algorithm_name)

    def read(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token that this bank issued and that lives, else None."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._checking,
                algorithms=[self._checking.algorithm_name],
                audience=self.issuer,
                issuer=self.issuer,
                # PyJWT asks the computer's own clock; the lesson's clock is asked below.
                options={
                    "require": ["iss", "sub", "aud", "iat", "exp", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidTokenError:
            return None
        begins, ends = claims.get("nbf", 0), claims["exp"]
        if type(begins) is not int or type(ends) is not int or ends > _NEVER:
            return None
        return claims if begins <= self.clock.now() < ends else None

    def identify(self, request: Request) -> str | None:
        claims = self._claims(request)
        return None if claims is None else claims["sub"]

    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        if self._signing is None:
            raise BankError(403, "This server checks log-ins and makes none.")
        token = self.issue(user)
        if self.carry == "header":
            return {"access_token": token, "token_type": "Bearer", "expires_in": int(self.ttl)}
        self.set_cookie(response, token)
        return {"expires_in": int(self.ttl)}

    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        """Have the browser drop its copy: nothing at the bank can end a token (ASVS 5.0, 7.4.1)."""
        claims = self._claims(request)
        if self.carry == "cookie":
            self.delete_cookie(response)
        rest = claims["exp"] - self.clock.now() if claims else 0
        return {"still_works_for": round(rest)}

    def log_out_everywhere(
        self, request: Request, response: Response, user: str, *, keep: bool = False
    ) -> dict[str, Any]:
        """End nothing, and say so: how a bank takes tokens back is what notebook 10 is about."""
        if not keep:
            self.log_out(request, response)
        return {"ended": 0, "still_works_for": int(self.ttl)}

    def list_own(self, request: Request, user: str) -> list[dict[str, Any]]:
        """Return the one token that asks: of any other the bank has no record."""
        claims = self._claims(request)
        if claims is None:
            return []
        return [{"handle": claims["jti"], "this_one": True, "since": claims["iat"]}]

    def end_one(self, request: Request, user: str, handle: str) -> bool:
        return False

    def _claims(self, request: Request) -> dict[str, Any] | None:
        if self.carry == "cookie":
            sent = request.cookies.getlist(self.cookie)
        else:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            sent = [token.strip()] if scheme.lower() == "bearer" else []
        return next((claims for claims in map(self.read, sent) if claims is not None), None)
