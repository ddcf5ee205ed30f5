"""Ask the issuer about each token, over HTTP (RFC 7662); end one there, too (RFC 7009).

Imports `strategy`, `tokens` and `web`. The issuer keeps a list of the tokens that live, and a
server that gets a token need not even know the key.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import requests
from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, HTTPException

from authlab.clock import Clock
from authlab.jose import Key, verify
from authlab.jose.jws import MAX_BYTES
from authlab.revocation.arguments import check_text, refuse, seconds_left
from authlab.revocation.per_user import Issued
from authlab.revocation.strategy import Strategy
from authlab.revocation.tokens import handle_of
from authlab.sessions import Store, StoreUnavailable
from authlab.web import Network

__all__ = ["Introspection"]

_SERVER = "https://auth.test"  # where the issuer lives in the lab's network
_MOST_BODY = 128 * 1024  # bytes: twice the longest token, for its percent signs
_TELLS = ("iss", "sub", "aud", "iat", "exp", "jti")
_ACCESS_TOKENS = (None, "JWT", "at+jwt")  # the header's typ


class Introspection(Strategy):
    """Keep a list of the tokens that live, at the issuer; each server asks it for each request.

    The issuer's app is hosted in `network` at https://auth.test, and called as a client with a
    name and a password (`credentials`). A token is known there by its `iss` and `jti`.

    Costs a round trip and a read for each request; one write and the user's list (a read and a
    write) for each token issued; a round trip to ask, one to end, a read and a write for a log-out.
    It cannot go on in an outage: only the issuer knows.
    """

    name = "Introspection"
    may_open = False

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        network: Network | None = None,
        **options: Any,
    ) -> None:
        super().__init__(store, clock, **options)
        self.credentials = "bank", secrets.token_urlsafe(32)
        self.network = network or Network()
        self.app = build_issuer(self)
        self.network.host(_SERVER, self.app)
        self._issued = Issued(self.store, self.clock, self._key("user", ""))
        self._session = self.network.session()
        self._session.auth = self.credentials

    def read(self, token: object) -> dict[str, Any] | None:
        """Return what the issuer says of a token that lives, None for any other.

        Raises StoreUnavailable where the issuer cannot tell.
        """
        # No token is longer, and none has other characters: that needs no question.
        if not isinstance(token, str) or not token.isascii() or not 0 < len(token) <= MAX_BYTES:
            return None
        told = self._call("/introspect", token)
        return told if told.pop("active", None) is True else None

    def grant(self, claims: dict[str, Any]) -> dict[str, Any]:
        handle, exp = handle_of(claims), claims["exp"]
        self._issued.add(claims["sub"], handle, exp, self.ttl)
        self.store.set(self._live(handle), b"1", seconds_left(exp, self.clock.now()))
        return claims

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        told = self.read(token)
        return told is not None and all(told.get(name) == claims[name] for name in ("iss", "jti"))

    def log_out(self, token: object) -> bool:
        if self.read(token) is None:
            return False
        self._call("/revoke", str(token))  # which answers the same for every token
        return True

    def knows(self, claims: Mapping[str, Any]) -> bool:
        """Say whether the issuer has a token with these claims on its list. It asks no network."""
        return self.store.get(self._live(handle_of(claims))) is not None

    def end(self, claims: Mapping[str, Any]) -> bool:
        return self.store.delete(self._live(handle_of(claims)))

    def revoke_user(self, user: str) -> None:
        check_text("user", user)
        for handle in self._issued.of_user(user):
            self.store.delete(self._live(handle))

    def fit(self, key: Key, issuer: str, ttl: float) -> None:
        super().fit(key, issuer, ttl)
        if key.thumbprint() != self.key.thumbprint() or issuer != self.issuer:
            refuse("key or issuer", "another one", "the same at the bank: the issuer checks tokens")

    def _call(self, path: str, token: str) -> dict[str, Any]:
        """Return what the issuer answers. Raises StoreUnavailable for anything but an answer."""
        try:
            reply = self._session.post(_SERVER + path, data={"token": token})
            told = reply.json() if reply.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise StoreUnavailable(_SERVER, type(error).__name__) from None
        if not isinstance(told, dict):
            raise StoreUnavailable(_SERVER, f"it answers {reply.status_code}")
        return told

    def _live(self, handle: str) -> str:
        return self._key("live", handle)


def build_issuer(issuer: Introspection) -> Flask:
    """Return what the issuer offers: an app that answers for its tokens, to the client it knows.

    | call | form | answers |
    |---|---|---|
    | POST /introspect | token | 200 {"active": true, its claims} or {"active": false} alone |
    | POST /revoke | token | 200, also for a token that nobody knows (RFC 7009, 2.2) |

    Errors (RFC 6749, 5.2): 400 invalid_request (no form, no token, two), 400
    unsupported_token_type, 401 invalid_client, 413, 404, 405, and 503 with Retry-After while the
    store is down. The hint of a token's type is not needed, and ignored.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MOST_BODY

    @app.before_request
    def check_client() -> Any:
        """Let in who knows the client's name and password (RFC 6749, 2.3.1), in Basic alone."""
        try:
            sent = request.authorization
        except ValueError:  # werkzeug on letters that Base64 does not have
            sent = None
        basic = sent if sent is not None and sent.type == "basic" else None
        given = f"{basic.username}:{basic.password}" if basic else ""
        # The two as one, so that the time tells no names. A client's name has no colon.
        known = ":".join(issuer.credentials).encode()
        if hmac.compare_digest(known, given.encode("utf-8", "surrogatepass")):
            return None
        return {"error": "invalid_client"}, 401, {"WWW-Authenticate": 'Basic realm="tokens"'}

    def read_token() -> tuple[str, dict[str, Any] | None]:
        """Return the form's one token, and its claims if this issuer signed it.

        What stands in the address is left alone: it ends in logs.
        """
        is_form = request.mimetype == "application/x-www-form-urlencoded"
        tokens = request.form.getlist("token") if is_form else []
        if len(tokens) != 1 or not tokens[0]:
            raise BadRequest
        return tokens[0], issuer.verify(tokens[0])

    def is_access_token(token: str) -> bool:
        """Tell an access token from others that the same key signs, such as a status list."""
        return verify(token, issuer.key, [issuer.algorithm]).header.get("typ") in _ACCESS_TOKENS

    @app.post("/introspect", provide_automatic_options=False)
    def introspect() -> dict[str, Any]:
        token, claims = read_token()
        if claims is None or not is_access_token(token) or not issuer.knows(claims):
            return {"active": False}  # and not a word more (RFC 7662, 2.2)
        told = {name: claims[name] for name in _TELLS if name in claims}
        return {"active": True, "token_type": "Bearer", **told}

    @app.post("/revoke", provide_automatic_options=False)
    def revoke() -> Any:
        token, claims = read_token()
        if claims is not None:
            if not is_access_token(token):
                return {"error": "unsupported_token_type"}, 400
            issuer.end(claims)
        return {}

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> Any:
        name = "not_found" if error.code == 404 else "invalid_request"
        return {"error": name}, error.code, {"Allow": "POST"} if error.code == 405 else {}

    @app.errorhandler(StoreUnavailable)
    def explain_outage(error: StoreUnavailable) -> Any:
        return {"error": "temporarily_unavailable"}, 503, {"Retry-After": "1"}

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        return response

    return app
