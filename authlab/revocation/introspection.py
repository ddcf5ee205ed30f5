"""Ask the issuer about each token, over HTTP (RFC 7662); end one there, too (RFC 7009).

Imports `endpoints` and `web`. The issuer keeps a list of the tokens that live, and a server that
gets a token need not even know the key.
"""

import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

import requests

from authlab.clock import Clock
from authlab.jose import Key
from authlab.jose.encoding import show
from authlab.jose.jws import MAX_BYTES
from authlab.revocation.arguments import check_user, refuse, seconds_left
from authlab.revocation.endpoints import Endpoints
from authlab.revocation.issued import Issued
from authlab.revocation.strategy import Strategy
from authlab.revocation.tokens import handle_of
from authlab.sessions import Store, StoreUnavailable
from authlab.web import Network, WebError

__all__ = ["Introspection"]


class Introspection(Strategy):
    """Keep a list of the tokens that live, at the issuer; each server asks it for each request.

    The issuer's app is hosted in `network` at `server`, and called as `client` with a password of
    its own (`credentials`). A token is known there by its `iss` and `jti`.

    Costs a round trip and a read for each request; one write and the user's list (a read and a
    write) for each token issued; a round trip to ask, one to end, a read and a write for a log-out.
    It cannot go on in an outage: only the issuer knows.
    """

    name: ClassVar[str] = "Introspection"
    may_open = False

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        network: Network | None = None,
        server: str = "https://auth.test",
        client: str = "bank",
        **options: Any,
    ) -> None:
        super().__init__(store, clock, **options)
        if not isinstance(client, str) or not client or ":" in client or not client.isascii():
            refuse("client", show(client), "a name in ASCII, without a colon (RFC 7617, 2)")
        password = secrets.token_urlsafe(32)
        self.network = network or Network()
        self.server = server
        self.app = Endpoints(self, {client: password})
        try:
            self.network.host(server, self.app)
        except (WebError, ValueError) as error:
            refuse("server", str(error), "an origin such as https://auth.test")
        self._issued = Issued(self.store, self.clock, self._key("user", ""))
        self._session = self.network.session()
        self.credentials = client, password
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
        self._issued.add(claims["sub"], handle_of(claims), claims["exp"], self.ttl)
        left = seconds_left(claims["exp"], self.clock.now())
        self.store.set(self._live(handle_of(claims)), b"1", left)
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
        check_user(user)
        for handle in self._issued.of_user(user):
            self.store.delete(self._live(handle))

    def fit(self, key: Key, issuer: str, ttl: float) -> None:
        super().fit(key, issuer, ttl)
        if key.thumbprint() != self.key.thumbprint() or issuer != self.issuer:
            refuse("key or issuer", "another one", "the same at the bank: the issuer checks tokens")

    def _call(self, path: str, token: str) -> dict[str, Any]:
        """Return what the issuer answers. Raises StoreUnavailable for anything but an answer."""
        try:
            reply = self._session.post(self.server + path, data={"token": token})
            told = reply.json() if reply.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise StoreUnavailable(self.server, type(error).__name__) from None
        if not isinstance(told, dict):
            raise StoreUnavailable(self.server, f"it answers {reply.status_code}")
        return told

    def _live(self, handle: str) -> str:
        return self._key("live", handle)
