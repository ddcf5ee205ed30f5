"""Log in by token: a signed JWT, made and checked by PyJWT; the bank keeps no record of it.

What must be known to take a token back is the business of a `Strategy` of `authlab.revocation`.
"""

import secrets
from math import ceil
from typing import Any, Literal

import jwt
from flask import Request, Response

from authlab.bank.accounts import BankError
from authlab.bank.auth import Auth, SameSite
from authlab.bank.refreshing import Refreshing
from authlab.clock import Clock
from authlab.jose import KeySet, b64url_encode, load_key
from authlab.jose.algorithms import ALGORITHMS
from authlab.revocation.arguments import is_time
from authlab.revocation.errors import InvalidRefreshToken, ListFull
from authlab.revocation.families import name_of
from authlab.revocation.refresh import RefreshTokens
from authlab.revocation.strategy import ExpiryOnly, Strategy
from authlab.revocation.tokens import KeyPerUser
from authlab.sessions import open_store

__all__ = ["TokenAuth"]

_CHECKS: Any = {
    "require": ["iss", "sub", "aud", "iat", "exp", "jti"],
    # PyJWT asks the computer's own clock; the lesson's clock is asked in `read`.
    **dict.fromkeys(("verify_exp", "verify_iat", "verify_nbf"), False),
}


class TokenAuth(Auth):
    """Say who is logged in by a signature; each server needs the key and nothing else.

    `key` is what `jose.load_key` takes: 32 random bytes for HS256, a JWK or PEM for the others. A
    public key is enough for a server that checks tokens and issues none.
    `carry` says how the token travels: in the header `Authorization: Bearer` (RFC 6750, 2.1), put
    there by the page's script, or in a cookie. A token lives `ttl` seconds, above 0. The rest is as
    in `SessionAuth`.

    `revocation` takes tokens back (notebook 10): it is told of each token that is made, asked about
    each that has passed PyJWT, and told of each log-out. By default a token lives to its `exp`.
    `refresh` gives out the next token for a refresh token (notebook 11), which begins at log-in and
    ends at log-out; how it travels, `Refreshing` says.
    """

    def __init__(
        self,
        key: Any,
        *,
        carry: Literal["header", "cookie"] = "header",
        ttl: float = 300,
        revocation: Strategy | None = None,
        refresh: RefreshTokens | None = None,
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
        given = revocation or refresh
        self.clock = clock or (given.clock if given else Clock())
        self.revocation = revocation or ExpiryOnly(open_store("memory://", self.clock))
        self.revocation.fit(loaded, issuer, ttl)
        self.refresh = refresh
        self.carry = carry
        self.ttl = ttl
        self.issuer = issuer
        self.cookie = cookie
        self.secure = secure
        self.httponly = httponly
        self.samesite = samesite
        self._travel = Refreshing(in_cookie=carry == "cookie", secure=secure)

    def issue(self, user: str, family: str | None = None) -> str:
        """Return a new token for `user`, good for `ttl` seconds.

        It names the `family` of refresh tokens that it belongs to, so that a log-out finds it.
        Raises ValueError on a server that has the public key alone: it can check, and not sign;
        BankError 429 where `revocation` keeps a list that is full.
        """
        key, headers = self._signing_key(user)
        now, who = int(self.clock.now()), {"iss": self.issuer, "sub": user, "aud": self.issuer}
        claims = {**who, "iat": now, "exp": now + int(self.ttl), "jti": secrets.token_urlsafe(16)}
        if family:
            claims["fam"] = family
        try:
            claims = self.revocation.grant(claims)
        except ListFull:
            raise BankError(429, "There are too many log-ins. Wait until some end.") from None
        return jwt.encode(claims, key, algorithm=key.algorithm_name, headers=headers)

    def read(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token that this bank issued and that lives, else None.

        Raises StoreUnavailable where `revocation` must ask its store and cannot.
        """
        try:
            key, who = self._checking_key(token), self.issuer
            claims: dict[str, Any] = jwt.decode(
                token, key, [key.algorithm_name], audience=who, issuer=who, options=_CHECKS
            )
        except jwt.InvalidTokenError:
            return None
        begins, ends = claims.get("nbf", 0), claims["exp"]
        whole = all(type(time) is int and is_time(time) for time in (begins, ends))
        if not whole or not begins <= self.clock.now() < ends:
            return None
        return claims if self.revocation.lets_in(claims, token) else None

    def identify(self, request: Request) -> str | None:
        claims = self._claims(request)
        return None if claims is None else claims["sub"]

    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        if self._signing is None:
            raise BankError(403, "This server checks log-ins and makes none.")
        refresh = self.refresh.issue(user) if self.refresh else ""
        return self._hand_out(response, self.issue(user, name_of(refresh)), refresh)

    def renew(self, request: Request, response: Response) -> dict[str, Any]:
        if self.refresh is None:
            return super().renew(request, response)
        if self._signing is None:
            raise BankError(403, "This server checks log-ins and makes none.")
        token = self._travel.read(request, request.cookies.getlist(self.cookie))
        try:
            made = self.refresh.exchange(
                token, access=lambda user: self.issue(user, name_of(token))
            )
        except InvalidRefreshToken:
            raise BankError(401, "This refresh token is not good. Log in again.") from None
        return self._hand_out(response, *made)

    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        """End the token if `revocation` can, and have the browser drop its copy (ASVS 5.0, 7.4.1).

        The answer says for how long a copy still works. A family of refresh tokens always ends;
        other access tokens that came of it may live on, and the answer counts them in.
        """
        claims, rest = self._claims(request), 0.0
        if claims:
            if self.refresh:
                self.refresh.end_family(claims.get("fam"))
            self.revocation.end(claims)
            others = 0.0 if self.revocation.ends_all else self._others_live(claims)
            rest = max(self.revocation.lives_on(claims), others)
        self._drop_cookies(response)
        return {"still_works_for": ceil(rest)}

    def log_out_everywhere(
        self, request: Request, response: Response, user: str, *, keep: bool = False
    ) -> dict[str, Any]:
        """End all the user's tokens; with `keep` the one who asks gets a new one.

        With `refresh` alone what ends is the right to the next one. With neither nothing ends, and
        the answer says so.
        """
        if isinstance(self.revocation, ExpiryOnly) and self.refresh is None:
            if not keep:
                self.log_out(request, response)
            return {"ended": 0, "still_works_for": int(self.ttl)}
        keep = keep and self._signing is not None  # a server that only checks can keep nobody
        if self.refresh:
            self.refresh.revoke_user(user)
        self.revocation.revoke_user(user)
        rest = self.revocation.lives_on({"exp": self.clock.now() + self.ttl})
        given = self.log_in(request, response, user) if keep else {}
        if not keep:
            self._drop_cookies(response)
        return {**given, "still_works_for": ceil(rest)}

    def list_own(self, request: Request, user: str) -> list[dict[str, Any]]:
        """Return the one token that asks: of any other the bank has no record."""
        claims = self._claims(request)
        if claims is None:
            return []
        return [{"handle": claims["jti"], "this_one": True, "since": claims["iat"]}]

    def end_one(self, request: Request, user: str, handle: str) -> bool:
        return False

    def _hand_out(self, response: Response, access: str, refresh: str) -> dict[str, Any]:
        """Put the tokens on their way; return what goes into the JSON (RFC 6749, 5.1)."""
        more = self._travel.hand_out(response, refresh) if refresh else {}
        if self.carry == "header":
            more = {"access_token": access, "token_type": "Bearer", **more}
        else:
            self.set_cookie(response, access)
        return {**more, "expires_in": int(self.ttl)}

    def _others_live(self, claims: dict[str, Any]) -> float:
        """Return for how long other access tokens of this log-in live: no one ended these."""
        given = self.refresh.gave_access(claims.get("fam")) if self.refresh else []
        begun = [int(time) for time in given]
        if claims["iat"] in begun:
            begun.remove(claims["iat"])  # this very one
        now = self.clock.now()
        return max((time + int(self.ttl) - now for time in begun), default=0)

    def _drop_cookies(self, response: Response) -> None:
        if self.carry == "cookie":
            self.delete_cookie(response)
        if self.refresh:
            self._travel.take_back(response)

    def _signing_key(self, user: str) -> tuple[jwt.PyJWK, dict[str, Any]]:
        """Return the key to sign by and the header that names it, if it is the user's own."""
        if isinstance(self.revocation, KeyPerUser):
            kid, secret = self.revocation.key_for(user)
            return _hs256(secret), {"kid": kid}
        if self._signing is None:
            raise ValueError("This server has a public key, expected a private one to sign with.")
        return self._signing, {}

    def _checking_key(self, token: str) -> jwt.PyJWK:
        """Return the key to check by: with a key per user the token's `kid` names it."""
        if not isinstance(self.revocation, KeyPerUser):
            return self._checking
        secret = self.revocation.key_of(jwt.get_unverified_header(token).get("kid"))
        if secret is None:
            raise jwt.InvalidTokenError("no key of this name")
        return _hs256(secret)

    def _claims(self, request: Request) -> dict[str, Any] | None:
        if self.carry == "cookie":
            sent = request.cookies.getlist(self.cookie)
        else:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            sent = [token.strip()] if scheme.lower() == "bearer" else []
        return next((claims for claims in map(self.read, sent) if claims is not None), None)


def _hs256(secret: bytes) -> jwt.PyJWK:
    return jwt.PyJWK({"kty": "oct", "alg": "HS256", "k": b64url_encode(secret)})
