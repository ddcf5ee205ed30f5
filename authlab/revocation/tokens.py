"""The three ways that ASVS 5.0, 7.4.1 names for tokens: a list, a moment a user, a key a user.

Imports `strategy` and `per_user`. Each asks the store once for each request.
"""

import json
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from authlab.clock import Clock
from authlab.jose import InvalidToken, b64url_decode, b64url_encode, encode
from authlab.jose.encoding import read_object
from authlab.jose.jws import MAX_BYTES
from authlab.revocation.arguments import check_text, refuse, seconds_left
from authlab.revocation.per_user import MICROSECONDS, Cutoff, Issued
from authlab.revocation.strategy import Strategy
from authlab.sessions import Store

__all__ = ["Denylist", "KeyPerUser", "NotBefore", "handle_of"]

_KEY_BYTES = 32  # RFC 7518, 3.2: as long as the hash of HS256
_KID = re.compile(r"[A-Za-z0-9_-]{22}\Z")


class Denylist(Strategy):
    """Keep a list of the tokens that ended too early, each for as long as it would have lived.

    A token is known by its `iss` and `jti`, never by its text: one token has many spellings.

    Costs one read for each request, one write to end a token, and a read and a write for each
    token issued: to end all tokens of a user (ASVS 7.4.2) one must know which they are. With
    `by_user=False` no such list is kept, issuing costs nothing, and `revoke_user` refuses.
    """

    name = "Denylist"

    def __init__(
        self, store: Store, clock: Clock | None = None, *, by_user: bool = True, **options: Any
    ) -> None:
        super().__init__(store, clock, **options)
        self.by_user = by_user
        self._issued = Issued(self.store, self.clock, self._key("user", ""))

    def grant(self, claims: dict[str, Any]) -> dict[str, Any]:
        if self.by_user:
            self._issued.add(claims["sub"], self.handle(claims), claims["exp"], self.ttl)
        return claims

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        return self.store.get(self._ended(self.handle(claims))) is None

    def end(self, claims: Mapping[str, Any]) -> bool:
        return self._deny(self.handle(claims), claims["exp"])

    def revoke_user(self, user: str) -> None:
        check_text("user", user)
        if not self.by_user:
            refuse("by_user", self.by_user, "True: without a list per user none can be ended")
        for handle, exp in self._issued.of_user(user).items():
            self._deny(handle, exp)

    def handle(self, claims: Mapping[str, Any]) -> str:
        """Return the name of a token on the list."""
        return handle_of(claims)

    def _deny(self, handle: str, exp: float) -> bool:
        return self.store.add(self._ended(handle), b"1", seconds_left(exp, self.clock.now()))

    def _ended(self, handle: str) -> str:
        return self._key("ended", handle)


class NotBefore(Strategy):
    """Keep a moment per user: what was issued before it has ended.

    `iat` holds the moment of issue to the microsecond, and after the user's own moment: so a log-in
    in the same second, even at the same reading of the clock, is told apart (see `Cutoff`).
    It cannot end one token alone: `log_out` ends all that the user has.

    Costs one read for each request and for each token issued, one update to end. A moment is
    kept for `ttl` seconds: longer than any token that it ends.
    """

    name = "NotBefore"
    ends_all = True

    def __init__(self, store: Store, clock: Clock | None = None, **options: Any) -> None:
        super().__init__(store, clock, **options)
        self._cutoff = Cutoff(self.store, self.clock, self._key("user", ""))

    def grant(self, claims: dict[str, Any]) -> dict[str, Any]:
        return {**claims, "iat": self._cutoff.stamp(claims["sub"]) / MICROSECONDS}

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        return not self._cutoff.has_cut(claims["sub"], _moment_of(claims))

    def end(self, claims: Mapping[str, Any]) -> bool:
        was_alive = self.permits(claims, None)
        if was_alive:
            # This very one, even by a clock that was ahead; it may then outlive `ttl`, too.
            ttl = max(self.ttl, seconds_left(claims["exp"], self.clock.now()))
            self._cutoff.cut(claims["sub"], ttl, stamped=_moment_of(claims))
        return was_alive

    def revoke_user(self, user: str) -> None:
        check_text("user", user)
        self._cutoff.cut(user, self.ttl)


class KeyPerUser(Strategy):
    """Sign each user's tokens by a key of the user's own: without the key they are void.

    The header's `kid` names the user's key, so that one look-up finds it: keys are never tried in
    turn. It is half a SHA-256 of the user, and one user's key never signs for another. HS256.
    It cannot end one token alone: `log_out` ends all that the user has.

    Costs one read for each request, one update for each token issued, one write to end. Every
    server that checks must reach the keys, and can then sign, too. It cannot go on in an outage.
    """

    name = "KeyPerUser"
    ends_all = True
    may_open = False

    def __init__(self, store: Store, clock: Clock | None = None, **options: Any) -> None:
        super().__init__(store, clock, **options)
        if options.get("key") is not None or self.algorithm != "HS256":
            refuse("key or algorithm", "one of its own", "neither: a random HS256 key a user")

    def key_for(self, user: str) -> tuple[str, bytes]:
        """Return (kid, secret) to sign a new token of `user` by."""
        kid = _half_hash(user)
        fresh = secrets.token_bytes(_KEY_BYTES)

        def keep(old: bytes | None) -> bytes:
            return old if old is not None and len(old) == _KEY_BYTES else fresh

        # The key lives as long as the last token that it signs.
        return kid, self.store.update(self._key("key", kid), keep, self.ttl) or fresh

    def key_of(self, kid: object) -> bytes | None:
        """Return the secret that a token's `kid` names, None for no such key."""
        if not isinstance(kid, str) or not _KID.match(kid):
            return None
        secret = self.store.get(self._key("key", kid))
        return secret if secret is not None and len(secret) == _KEY_BYTES else None

    def sign(self, claims: dict[str, Any]) -> str:
        kid, secret = self.key_for(claims["sub"])
        return encode(claims, secret, self.algorithm, {"kid": kid})

    def verify(self, token: object) -> dict[str, Any] | None:
        secret = self.key_of(_read_kid(token))
        return None if secret is None else self._verify_by(secret, token)

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        return _read_kid(token) == _half_hash(claims["sub"])  # the key was there: see `key_of`

    def end(self, claims: Mapping[str, Any]) -> bool:
        return self.store.delete(self._key("key", _half_hash(claims["sub"])))

    def revoke_user(self, user: str) -> None:
        check_text("user", user)
        self.store.delete(self._key("key", _half_hash(user)))


def handle_of(claims: Mapping[str, Any]) -> str:
    """Return the name of a token on a list: half the SHA-256 of `iss` and `jti`, in Base64url.

    As JSON the two cannot run into each other: ("a", "bc") is not ("ab", "c").
    """
    return _half_hash(json.dumps([claims["iss"], claims["jti"]]))


def _moment_of(claims: Mapping[str, Any]) -> int:
    iat: float = claims["iat"]
    return round(iat * MICROSECONDS)


def _half_hash(text: str) -> str:
    return b64url_encode(sha256(text.encode()).digest()[:16])


def _read_kid(token: object) -> object:
    """Return the `kid` of a token that nobody has verified yet, None for other things."""
    try:
        raw = token.encode("ascii") if isinstance(token, str) else token
        if not isinstance(raw, bytes) or len(raw) > MAX_BYTES:
            return None
        return read_object(b64url_decode(raw.partition(b".")[0]), "header").get("kid")
    except (InvalidToken, UnicodeEncodeError):
        return None
