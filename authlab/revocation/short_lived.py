"""Short access tokens with a refresh token behind them: what ends is the right to the next one.

Imports `strategy` and `refresh`.
"""

from collections.abc import Mapping
from typing import Any

from authlab.clock import Clock
from authlab.revocation.arguments import check_text
from authlab.revocation.families import name_of, refused
from authlab.revocation.refresh import RefreshTokens
from authlab.revocation.strategy import ExpiryOnly
from authlab.sessions import Store

__all__ = ["ShortLivedWithRefresh"]

_REFRESH_TTL, _GRACE = 14 * 86_400, 10  # seconds


class ShortLivedWithRefresh(ExpiryOnly):
    """Let access tokens die young, and ask the store when the next one is due (RFC 9700, 4.14).

    An access token lives `ttl` seconds whatever happens, as with `ExpiryOnly`; a log-out ends its
    family of refresh tokens, which live 14 days from each renewal, with a window of 10 seconds for
    retries. So access goes on for at most `ttl` after a log-out.

    This object also stands in for the clients: `issue` gives the access token and keeps the refresh
    token that goes with it, and `renew` is what a client does shortly before the end.

    Costs nothing for each request, a read and a write for each log-in, three reads and a write for
    each renewal. In an outage requests go on, until the token ends: nobody can renew,
    log in or log out, and is told so. `on_outage` makes no difference.
    """

    name = "ShortLivedWithRefresh"
    instead = "TokenAuth(..., refresh=RefreshTokens(...)): there the clients keep their own tokens"

    def __init__(self, store: Store, clock: Clock | None = None, **options: Any) -> None:
        super().__init__(store, clock, **options)
        self.refresh = RefreshTokens(self.store, self.clock, ttl=_REFRESH_TTL, grace=_GRACE)
        self._held: dict[str, str] = {}  # by access token: what its client keeps beside it

    def issue(self, user: str) -> str:
        """Return the first access token of a log-in, and begin a family of refresh tokens."""
        check_text("user", user)
        refresh = self.refresh.issue(user)
        access = self._sign(user, refresh)
        self._held[access] = refresh
        return access

    def renew(self, token: object) -> str:
        """Return the next access token for the client that holds `token`, expired or not.

        Raises InvalidRefreshToken where nobody holds it, or its log-in has ended.
        """
        held = self._held.get(token) if isinstance(token, str) else None
        if held is None:
            raise refused("an access token that no client holds")
        made = self.refresh.exchange(held, access=lambda user: self._sign(user, held))
        self._held.pop(str(token), None)
        self._held[made.access] = made.refresh
        return made.access

    def end(self, claims: Mapping[str, Any]) -> bool:
        """End the family; say whether it went on. The access token itself lives to its `exp`."""
        return self.refresh.end_family(claims.get("fam"))

    def revoke_user(self, user: str) -> None:
        self.refresh.revoke_user(user)

    def _sign(self, user: str, refresh: str) -> str:
        """Return an access token that names its family, so that a log-out finds it."""
        return self.sign({**self.new_claims(user), "fam": name_of(refresh)})

    def _prefixes(self) -> tuple[str, ...]:
        return ("refresh",)
