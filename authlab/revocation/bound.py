"""A link that works once with no store: signed by a key that its own use changes.

A JWT whose key comes from the bank's key and the state that redeeming will change, such as the
password hash. Once that has changed no key fits it any more. A link that changes nothing, to log
in by, say, cannot be made one-time so. Imports `errors`, `one_time` and `jose`.
"""

import hmac
import json
import secrets

from authlab.clock import Clock
from authlab.jose import InvalidToken, b64url_decode, decode, encode
from authlab.revocation.errors import InvalidArgument
from authlab.revocation.one_time import Bind, check_text, check_ttl, refuse, state_of

__all__ = ["BoundTokens"]

_FEWEST = 32  # bytes of a key for HS256 (RFC 7518, 3.2)


class BoundTokens:
    """Issue and redeem as `OneTimeTokens` does, by signature; `key` is 32 random bytes or more.

    Used once is what the *state* must see to: two that redeem at the same moment both succeed,
    unless the change that follows is made only if the state is still the one that was bound.

    Raises InvalidArgument and InvalidOneTimeToken; no other error.
    """

    def __init__(self, key: bytes, clock: Clock | None = None) -> None:
        if not isinstance(key, bytes) or len(key) < _FEWEST:
            expected = f"{_FEWEST} random bytes or more"
            raise InvalidArgument("bad key", f"a {type(key).__name__}", expected, "RFC 7518, 3.2")
        self._key = key
        self.clock = clock or Clock()

    def issue(self, purpose: str, user: str, ttl: float, bind: Bind = "") -> str:
        """Return a JWT for `user`, good for `ttl` seconds while the state is what it is now."""
        check_text("purpose", purpose)
        check_text("user", user)
        check_ttl(ttl)
        state = state_of(bind, user)
        if not state:
            found, expected = (
                "no state",
                "one that redeeming changes; without any, use OneTimeTokens",
            )
            raise InvalidArgument("bad bind", found, expected, "BoundTokens")
        claims = {
            "sub": user,
            "aud": purpose,
            "exp": self.clock.now() + ttl,
            "jti": secrets.token_urlsafe(8),
        }
        return encode(claims, self._key_for(state))

    def redeem(self, token: str, purpose: str, bind: Bind = "") -> str:
        """Return the user of a token whose signature, purpose and time are right.

        It changes nothing, so `check` is the same: what the caller changes next kills the token.
        """
        # Whose state, is what the token says before it is verified: it picks the key by it, as a
        # `kid` does, and no other key will do.
        key = self._key_for(state_of(bind, _claimed_user(token), redeeming=True))
        try:
            claims = decode(
                token,
                key,
                ["HS256"],
                audience=purpose,
                require=["sub", "aud", "exp"],
                now=self.clock.now(),
            )
        except InvalidToken:
            raise refuse() from None
        return str(claims["sub"])

    check = redeem

    def _key_for(self, state: bytes) -> bytes:
        return hmac.digest(self._key, b"one-time" + state, "sha256")


def _claimed_user(token: object) -> str:
    try:
        text = token if isinstance(token, str) else ""
        user = json.loads(b64url_decode(text.split(".")[1]))["sub"]
        check_text("user", user)
    except (InvalidToken, InvalidArgument, ValueError, LookupError, TypeError, RecursionError):
        raise refuse() from None
    return str(user)
