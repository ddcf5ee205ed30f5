"""A session as one more way to take access back: the measure of all others. Imports `strategy`."""

from collections.abc import Mapping
from typing import Any

from authlab.clock import Clock
from authlab.revocation.arguments import check_text, refuse
from authlab.revocation.errors import ListFull
from authlab.revocation.strategy import Strategy
from authlab.sessions import InvalidEntry, Sessions, Store

__all__ = ["ServerSession"]


class ServerSession(Strategy):
    """Keep a record of each log-in, and delete it: the id that the browser holds means nothing.

    The token is a session id of 128 bits, without any claims; `sessions` is what keeps the records
    (notebook 06), for `ttl` seconds.

    Costs a read and a write for each request, as each one winds up the idle time; a read and two
    writes for a log-in, two reads and two writes for a log-out. It cannot go on in an outage.
    """

    name = "ServerSession"
    may_open = False
    instead = "a strategy for tokens; for a bank with sessions: SessionAuth(strategy.sessions)"

    def __init__(self, store: Store, clock: Clock | None = None, **options: Any) -> None:
        super().__init__(store, clock, **options)
        if options.get("key") is not None:
            refuse("key", "a key", "none: an id is not signed")
        self.sessions = Sessions(self.store, self.clock, idle=self.ttl, absolute=self.ttl)

    def issue(self, user: str) -> str:
        check_text("user", user)
        try:
            return self.sessions.start(user).id
        except InvalidEntry as error:  # the user's list takes no more
            rule = "ASVS 5.0, 7.1.2"
            raise ListFull("too many sessions", error.found, "fewer of one user", rule) from None

    def verify(self, token: object) -> dict[str, Any] | None:
        """Return what the session's record says, as claims; None for no live session."""
        session = self.sessions.load(token)
        if session is None or not session.user:  # "" is a visitor who has not logged in
            return None
        times = {"iat": session.created, "exp": session.ends}
        return {"iss": self.issuer, "sub": session.user, **times, "jti": session.handle}

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        return True  # `verify` has found the record

    def log_out(self, token: object) -> bool:
        return self.sessions.end(token)

    def end(self, claims: Mapping[str, Any]) -> bool:
        return self.sessions.end_one(claims["sub"], claims["jti"])

    def revoke_user(self, user: str) -> None:
        check_text("user", user)
        self.sessions.end_all(user)

    def _prefixes(self) -> tuple[str, ...]:
        return "session:", "user:"  # every session in this store: it has one manager
