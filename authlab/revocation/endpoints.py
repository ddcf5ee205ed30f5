"""What an authorization server offers: asking about a token, and ending one, over HTTP.

Imports nothing of `revocation`. A WSGI app over werkzeug for POST /introspect (RFC 7662) and POST
/revoke (RFC 7009). Whoever asks is a client with a password: the answers are not for everybody.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from authlab.jose import Key, verify
from authlab.sessions import StoreUnavailable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Endpoints"]

_MOST_BODY = 128 * 1024  # bytes: twice the longest token, for its percent signs
_FORM = "application/x-www-form-urlencoded"
_TELLS = ("iss", "sub", "aud", "iat", "exp", "jti")
_ACCESS_TOKENS = (None, "JWT", "at+jwt")  # the header's typ


class Refusal(Exception):
    """An answer that is an error of OAuth (RFC 6749, 5.2): its status, its name, more headers."""

    def __init__(self, status: int, error: str, **headers: str) -> None:
        super().__init__(status, error)
        self.status, self.error, self.headers = status, error, headers


class Issuer(Protocol):
    """What the endpoints ask of a strategy."""

    key: Key
    algorithm: str

    def verify(self, token: object) -> dict[str, Any] | None:
        """Return the claims of a token that this issuer signed and that has not expired."""

    def knows(self, claims: Mapping[str, Any]) -> bool:
        """Say whether the token with these claims lives."""

    def end(self, claims: Mapping[str, Any]) -> bool:
        """End it."""


class Endpoints:
    """Answer for the tokens of `strategy`, to the clients in `clients`: each name its password.

    | call | form | answers |
    |---|---|---|
    | POST /introspect | token | 200 {"active": true, its claims} or {"active": false} alone |
    | POST /revoke | token | 200, also for a token that nobody knows (RFC 7009, 2.2) |

    Errors: 400 invalid_request (no form, no token, two), 400 unsupported_token_type, 401
    invalid_client, 413, 404, 405, and 503 with Retry-After while the store is down. The hint of a
    token's type is not needed, and ignored.
    """

    def __init__(self, strategy: Issuer, clients: dict[str, str]) -> None:
        self._strategy = strategy
        self._clients = clients
        self._calls = {"/introspect": self._introspect, "/revoke": self._revoke}

    def __call__(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        response = self._answer(Request(environ))
        response.headers["Cache-Control"] = "no-store"
        return response(environ, start)

    def _answer(self, request: Request) -> Response:
        request.max_content_length = _MOST_BODY
        try:
            call = self._calls.get(request.path)
            if call is None:
                raise Refusal(404, "not_found")
            if request.method != "POST":
                raise Refusal(405, "invalid_request", Allow="POST")
            self._check_client(request)
            return _json(200, call(_read_token(request)))
        except Refusal as refusal:
            return _json(refusal.status, {"error": refusal.error}, refusal.headers)
        except StoreUnavailable:
            return _json(503, {"error": "temporarily_unavailable"}, {"Retry-After": "1"})
        except RequestEntityTooLarge:
            return _json(413, {"error": "invalid_request"})
        except HTTPException:
            return _json(400, {"error": "invalid_request"})

    def _check_client(self, request: Request) -> None:
        """Let in who knows a client's name and password (RFC 6749, 2.3.1), in Basic alone."""
        try:
            sent = request.authorization
        except ValueError:  # werkzeug on letters that Base64 does not have
            sent = None
        name = (sent.username or "") if sent is not None and sent.type == "basic" else ""
        given = (sent.password or "") if sent is not None and sent.type == "basic" else ""
        known = self._clients.get(name)
        # Compared also for an unknown name, so that the time tells no names.
        same = hmac.compare_digest(_octets(known or "nobody"), _octets(given))
        if known is None or not same:
            raise Refusal(401, "invalid_client", **{"WWW-Authenticate": 'Basic realm="tokens"'})

    def _introspect(self, token: str) -> dict[str, Any]:
        claims = self._live(token)
        if claims is None:
            return {"active": False}  # and not a word more (RFC 7662, 2.2)
        told = {name: claims[name] for name in _TELLS if name in claims}
        return {"active": True, "token_type": "Bearer", **told}

    def _revoke(self, token: str) -> dict[str, Any]:
        claims = self._strategy.verify(token)
        if claims is not None:
            if not self._is_access_token(token):
                raise Refusal(400, "unsupported_token_type")
            self._strategy.end(claims)
        return {}

    def _live(self, token: str) -> dict[str, Any] | None:
        claims = self._strategy.verify(token)
        if claims is None or not self._is_access_token(token):
            return None
        return claims if self._strategy.knows(claims) else None

    def _is_access_token(self, token: str) -> bool:
        """Tell an access token from others that the same key signs, such as a status list."""
        strategy = self._strategy
        return verify(token, strategy.key, [strategy.algorithm]).header.get("typ") in _ACCESS_TOKENS


def _read_token(request: Request) -> str:
    """Return the form's one token. What stands in the address is left alone: it ends in logs."""
    if request.mimetype != _FORM:
        raise Refusal(400, "invalid_request")
    tokens = request.form.getlist("token")
    if len(tokens) != 1 or not tokens[0]:
        raise Refusal(400, "invalid_request")
    return tokens[0]


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers, mimetype="application/json")
