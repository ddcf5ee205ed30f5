"""The bank behind the one-time desk, which can be cleared and given other links. No ipywidgets."""

import secrets
from typing import Any

from flask import Response, request

from authlab.attacks.reset_bank import ExpiringLinks
from authlab.attacks.reset_scene import ResetScene
from authlab.attacks.stage import EVIL, HOME
from authlab.bank import (
    PASSWORDS,
    Accounts,
    Factor,
    Mailbox,
    Reset,
    SessionAuth,
    TokenAuth,
    make_bank,
)
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation.bound import BoundTokens
from authlab.revocation.one_time import OneTimeTokens
from authlab.sessions import Sessions
from authlab.sessions.memory import MemoryStore
from authlab.web import Browser

__all__ = ["LIFE", "LOG_INS", "START", "WAYS", "DeskBank"]

WAYS = {
    "a JWT with a short exp": "jwt",
    "stored, used once": "stored",
    "bound to the password, no store": "bound",
    "stored and bound": "both",
}
LOG_INS = ("session", "token")
START = 1_800_000_000  # Unix seconds
LIFE = 600  # seconds that a link lives


class DeskBank:
    """A bank of one customer, who needs a code to log in; `log_in` is one of `LOG_INS`."""

    def __init__(self, log_in: str) -> None:
        self.clock = Clock(START)
        self.store = MemoryStore(self.clock)
        key = secrets.token_bytes(32)
        stored = OneTimeTokens(self.store)
        self._links: dict[str, Any] = {
            "jwt": ExpiringLinks(key, self.clock),
            "stored": stored,
            "bound": BoundTokens(key, self.clock),
            "both": stored,
        }
        self.reset = Reset(stored, ttl=LIFE)
        self.factor = Factor(self.store, users={"alice"}, codes=1_000)
        # A log-in at a click: a hash as strong as a real bank's would be felt.
        self.accounts = Accounts({"alice": PASSWORDS["alice"]}, method="scrypt:128:8:1")
        self.auth: Any = SessionAuth(Sessions(self.store))
        if log_in == "token":
            self.auth = TokenAuth(generate_key("HS256"), clock=self.clock)
        self.app = make_bank(
            self.auth, accounts=self.accounts, reset=self.reset, factor=self.factor
        )
        # Always the same page: loaded once, not with each link that Alice asks for.
        self.page = ResetScene(self.app).alice.browser.goto(f"{HOME}/reset")

    def prepare(self, way: str, *, opens: bool, leaks: bool) -> None:
        """Begin anew with links of this way, one of `WAYS`: nothing is left of before."""
        self.clock.advance(START - self.clock.now())
        self.store.records.clear()
        self.accounts.set_password("alice", PASSWORDS["alice"])
        self.reset.mailbox = Mailbox()
        self.reset.tokens = self._links[way]
        self.reset.bound = way in ("bound", "both")
        self.reset.where = "query" if opens or leaks else "fragment"
        self.reset.get_redeems = opens
        self.reset.policy = "unsafe-url" if leaks else "no-referrer"
        self.reset.pictures = EVIL if leaks else ""

    def log_in(self, browser: Browser) -> None:
        """Put a log-in of Alice's into a browser, without the calls that it takes."""
        response = Response()
        with self.app.test_request_context(base_url=HOME):
            given = self.auth.log_in(request, response, "alice")
        for line in response.headers.getlist("Set-Cookie"):
            browser.keep_cookie(line, HOME)
        if token := given.get("access_token"):
            browser.storage(HOME).local["token"] = token
