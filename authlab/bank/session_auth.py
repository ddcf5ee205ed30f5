"""Log in by session: a random id in a cookie, and a record in a store."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from math import ceil
from typing import Any, Literal

from flask import Request, Response

from authlab.bank.auth import Auth, SameSite
from authlab.sessions import Session, Sessions

__all__ = ["SessionAuth"]


@dataclass(eq=False)
class SessionAuth(Auth):
    """Keep who is logged in at the server; the browser holds an id and nothing else.

    `sessions` holds the records. The others are the defences of notebook 07, each of which can be
    switched off to see what it is for: the `cookie`'s name (`__Host-` keeps other hosts from
    setting it), `secure`, `httponly`, `samesite` (None leaves the attribute out), a new id at
    login (`rotate_on_login`; ASVS 5.0, 7.2.4), an end at the server and not only in the browser
    (`end_on_logout`; ASVS 5.0, 7.4.1). `bind` names what must stay the same after login: "agent",
    "address", both or, by default, neither.
    """

    sessions: Sessions
    _: KW_ONLY
    cookie: str = "__Host-sid"
    secure: bool = True
    httponly: bool = True
    samesite: SameSite | None = "Lax"
    rotate_on_login: bool = True
    end_on_logout: bool = True
    bind: Sequence[Literal["agent", "address"]] = ()

    def greet(self, request: Request, response: Response) -> None:
        """Give a visitor a session before login, as sites do to remember a basket or a form."""
        if self._load(request) is None:
            self.set_cookie(response, self.sessions.start("").id)

    def identify(self, request: Request) -> str | None:
        session, here = self._load(request), _seen_from(request)
        if session is None or not session.user:
            return None
        moved = any(session.data.get(what) != here[what] for what in self.bind)
        return None if moved else session.user

    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        before, here = self._load(request), _seen_from(request)
        if before is not None and not self.rotate_on_login:  # the hole of session fixation
            before.user = user
            before.data.update(here)
            self.sessions.save(before)
            return {}
        kept = {}
        if before is not None:
            self.sessions.end(before.id)
            kept = {} if before.user else before.data  # a basket moves on, another user's data not
        self.set_cookie(response, self.sessions.start(user, **{**kept, **here}).id)
        return {}

    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        session, rest = self._load(request), 0.0
        if session is not None and self.end_on_logout:
            self.sessions.end(session.id)
        elif session is not None:
            rest = session.ends - self.sessions.clock.now()
        self.delete_cookie(response)
        return {"still_works_for": ceil(rest)}

    def log_out_everywhere(
        self, request: Request, response: Response, user: str, *, keep: bool = False
    ) -> dict[str, Any]:
        session = self._load(request)
        ended = self.sessions.end_all(user, keep=session.id if keep and session else None)
        if not keep:
            self.delete_cookie(response)
        return {"ended": ended, "still_works_for": 0}

    def list_own(self, request: Request, user: str) -> list[dict[str, Any]]:
        here = self._load(request)
        return [
            {
                "handle": session.handle,
                "this_one": here is not None and session.handle == here.handle,
                "since": session.created,
                **{what: session.data.get(what) for what in ("agent", "address")},
            }
            for session in self.sessions.of_user(user)
        ]

    def end_one(self, request: Request, user: str, handle: str) -> bool:
        return self.sessions.end_one(user, handle)

    def _load(self, request: Request) -> Session | None:
        """Return the first cookie's session that lives: another host may have added a second."""
        found = map(self.sessions.load, request.cookies.getlist(self.cookie))
        return next((session for session in found if session is not None), None)


def _seen_from(request: Request) -> dict[str, str]:
    return {"agent": request.user_agent.string, "address": request.remote_addr or ""}
