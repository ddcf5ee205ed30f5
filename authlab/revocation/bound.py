"""A link that works once with no store: signed by a key that its own use changes.

A JWT whose key comes from the bank's key and the state that redeeming will change, such as the
password hash. Once that has changed no key fits it any more. A link that changes nothing, to log
in by, say, cannot be made one-time so. Imports `one_time` and `jose`.
"""

import hmac
import secrets

from authlab.clock import Clock
from authlab.jose import InvalidToken, b64url_decode, decode, encode
from authlab.revocation.arguments import check_clock, is_text, read_json
from authlab.revocation.errors import InvalidArgument
from authlab.revocation.one_time import Bind, check_issue, refused, state_of

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
        self.clock = Clock() if clock is None else clock
        check_clock(self.clock)

    def issue(self, purpose: str, user: str, ttl: float, bind: Bind = "") -> str:
        """Return a JWT for `user`, good for `ttl` seconds while the state is what it is now."""
        check_issue(purpose, user, ttl)
        state = state_of(bind, user)
        if not state:
            expected = "one that redeeming changes; without any, use OneTimeTokens"
            raise InvalidArgument("bad bind", "no state", expected, "BoundTokens")
        exp, jti = self.clock.now() + ttl, secrets.token_urlsafe(8)
        claims = {"sub": user, "aud": purpose, "exp": exp, "jti": jti}
        return encode(claims, self._key_for(state))

    def redeem(self, token: str, purpose: str, bind: Bind = "") -> str:
        """Return the user of a token whose signature, purpose and time are right.

        It changes nothing, so `check` is the same: what the caller changes next kills the token.
        """
        # Whose state, is what the token says before it is verified: it picks the key by it, as a
        # `kid` does, and no other key will do.
        key = self._key_for(state_of(bind, _claimed_user(token), redeeming=True))
        require, now = ["sub", "aud", "exp"], self.clock.now()
        try:
            claims = decode(token, key, ["HS256"], audience=purpose, require=require, now=now)
        except InvalidToken:
            raise refused() from None
        return str(claims["sub"])

    check = redeem

    def _key_for(self, state: bytes) -> bytes:
        return hmac.digest(self._key, b"one-time" + state, "sha256")


def _claimed_user(token: object) -> str:
    """Return the user whom a token names, whoever signed it. Refuses what names none."""
    try:
        claims = read_json(b64url_decode(token.split(".")[1])) if isinstance(token, str) else None
    except (InvalidToken, IndexError):
        claims = None
    user = claims.get("sub") if isinstance(claims, dict) else None
    if not is_text(user):
        raise refused()
    return user
