"""The forgotten password: a mailed link that sets a new one, once. Imports `limit`, `mailbox`.

Each argument of `Reset` below `ttl` is a defence, or a hole, that notebook 12 switches.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Protocol

from flask import Flask, Response, request

from authlab.bank.accounts import Accounts, BankError
from authlab.bank.auth import Auth
from authlab.bank.fields import answer, read_text
from authlab.bank.limit import Limit
from authlab.bank.mailbox import Mail, Mailbox
from authlab.clock import Clock
from authlab.revocation.bound import BoundTokens
from authlab.revocation.errors import InvalidOneTimeToken
from authlab.revocation.one_time import Bind
from authlab.sessions import Store, StoreUnavailable, open_store

__all__ = ["Reset"]

_PAGE = Path(__file__).parent / "static" / "reset.html"
_DEAD = "This link does not work: it is used, too old, or not whole. Ask for a new one."
_MAILED = "If the bank knows this name, a mail with a link is on its way."


class Tokens(Protocol):
    """What issues and redeems: `OneTimeTokens`, `BoundTokens`, or a lesson's own."""

    clock: Clock

    def issue(self, purpose: str, user: str, ttl: float, bind: Bind = "") -> str: ...
    def redeem(self, token: str, purpose: str, bind: Bind = "") -> str: ...
    def check(self, token: str, purpose: str, bind: Bind = "") -> str: ...


class Reset:
    """Mail links that set a new password, and honour each once (ASVS 5.0, 6.4.3 and 6.5.1).

    `tokens` makes the links, `mailbox` has the mails, a link lives `ttl` seconds (6.5.5).
    `site` is where a link leads; None believes the header Host, which whoever asks can write.
    `where` the token stands in it: in the "fragment", which browsers send to nobody, or in the
    "query", which every server's log and Referer keeps (14.2.1).
    `policy` is the page's Referrer-Policy (3.4.5); `pictures` another site whose picture it shows.
    `get_redeems`: to open the link is to use it, so a mail scanner that opens it first has used it.
    `bound`: a link dies with the password that it was asked for.
    `ends_others`: a new password ends all log-ins (7.4.3); `logs_in`: it is one, without the
    second factor that a log-in asks for (6.4.3).
    `same_answer`: a stranger cannot ask who is a customer (6.3.8).
    `mails` an hour and customer, `guesses` in ten minutes and address; None for no limit. Counts
    are kept in `store`, by default that of `tokens`.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        ttl: float = 600,
        site: str | None = "https://bank.test",
        where: Literal["fragment", "query"] = "fragment",
        policy: str = "no-referrer",
        pictures: str = "",
        get_redeems: bool = False,
        bound: bool = True,
        ends_others: bool = True,
        logs_in: bool = False,
        same_answer: bool = True,
        mails: int | None = 3,
        guesses: int | None = 20,
        store: Store | None = None,
    ) -> None:
        if where not in ("fragment", "query"):
            raise ValueError(f"where is {where!r}, expected 'fragment' or 'query'.")
        if get_redeems and where == "fragment":
            raise ValueError("get_redeems needs where='query': no GET carries a fragment.")
        if isinstance(tokens, BoundTokens) and not bound:
            raise ValueError("bound is False, expected True: BoundTokens are bound or nothing.")
        self.tokens = tokens
        self.mailbox = Mailbox()
        self.ttl = ttl
        self.site = site
        self.where = where
        self.policy = policy
        self.pictures = pictures
        self.get_redeems = get_redeems
        self.bound = bound
        self.ends_others = ends_others
        self.logs_in = logs_in
        self.same_answer = same_answer
        clock = tokens.clock
        counts = store or getattr(tokens, "store", None) or open_store("memory://", clock)

        def limit(what: str, most: int | None, per: float) -> Limit | None:
            return None if most is None else Limit(counts, clock, what, most, per)

        self.mails, self.guesses = limit("mails", mails, 3600), limit("links", guesses, 600)

    def attach(
        self,
        bank: Flask,
        auth: Auth,
        accounts: Accounts,
        welcome: Callable[[str, Response], dict[str, Any]],
    ) -> None:
        """Add the pages and the calls to the bank; `welcome` logs a user in."""

        @bank.get("/reset")
        def show_reset() -> Response:
            return self._page()

        @bank.post("/reset")
        def ask_for_link() -> dict[str, str]:
            return {"says": self.ask(read_text("user"), accounts, request.host)}

        @bank.get("/reset/confirm")
        def show_confirm() -> Response:
            token = request.args.get("token", "")
            if not (self.get_redeems and token):
                return self._page()
            user, state = self._redeem(token, accounts)
            return self._page(self.tokens.issue("reset", user, self.ttl, state))

        @bank.post("/reset/confirm")
        def set_password() -> Response:
            user = self._set_password(read_text("token"), read_text("new"), accounts)

            def finish(response: Response) -> dict[str, Any]:
                said: dict[str, Any] = {"says": "The new password counts from now on.", "ended": 0}
                if self.ends_others:
                    said |= auth.log_out_others(request, response, user, keep=False)
                return welcome(user, response) if self.logs_in else said

            return answer(finish)

    def ask(self, user: str, accounts: Accounts, host: str) -> str:
        """Mail a link, if there is such a customer and a mail left; return what to answer."""
        state = accounts.password_hash(user)
        if not state and not self.same_answer:
            raise BankError(404, "The bank has no such customer.")
        if self.mails is None or self.mails.spend(user):
            # For a stranger the same work is done, and thrown away: the time tells nothing either.
            whose = ("reset", user) if state else ("nobody", "nobody")
            token = self.tokens.issue(*whose, self.ttl, (state or "none") if self.bound else "")
            if state:
                self.mailbox.send(self._write(user, token, host))
        return _MAILED if self.same_answer else "A mail with a link is on its way to you."

    def _set_password(self, token: str, new: str, accounts: Accounts) -> str:
        """Set the password and return whose it is. Raises BankError 400, 403, 429."""
        accounts.check_new(new)  # first: a password that is too short costs nobody the link
        user, state = self._redeem(token, accounts)
        # Only over the password that the link was checked against: of two links at once, one.
        if not accounts.set_password(user, new, was=state or None):
            raise BankError(403, _DEAD)
        told = "If it was not you who changed it, tell the bank at once."
        self.mailbox.send(Mail(user, "Your password has changed", told))  # ASVS 5.0, 6.3.7
        return user

    def _redeem(self, token: str, accounts: Accounts) -> tuple[str, str]:
        """Return whose link it is, and the password hash that it was checked against."""
        address = request.remote_addr or ""
        if self.guesses and not self.guesses.spend(address):
            raise BankError(429, "Too many links that do not work. Try again in ten minutes.")
        seen: dict[str, str] = {}

        def state(user: str) -> str:
            return seen.setdefault(user, accounts.password_hash(user))

        try:
            user = self.tokens.redeem(token, "reset", state if self.bound else "")
        except InvalidOneTimeToken:
            raise BankError(403, _DEAD) from None
        if self.guesses:
            with suppress(StoreUnavailable):  # the link is used by now: that must not be in vain
                self.guesses.give_back(address)
        return user, seen.get(user, "")

    def _write(self, user: str, token: str, host: str) -> Mail:
        mark = "#" if self.where == "fragment" else "?token="
        link = f"{self.site or f'https://{host}'}/reset/confirm{mark}{token}"
        text = f"Choose a new password within {self.ttl / 60:.0f} minutes. Not you? Do nothing."
        return Mail(user, "Your new password", text, link)

    def _page(self, ticket: str = "") -> Response:
        """Return the page with the form; a `ticket` stands in it for the link that is used."""
        page = _PAGE.read_text("utf-8").replace('data-token=""', f'data-token="{ticket}"')
        headers = {"Referrer-Policy": self.policy}
        if self.pictures:
            picture = f'<img src="{self.pictures}/seal.png" alt="A seal">'
            page = page.replace("<!--picture-->", picture)
            policy = f"default-src 'self' {self.pictures}; frame-ancestors 'none'"
            headers["Content-Security-Policy"] = policy
        return Response(page, headers=headers, mimetype="text/html")
