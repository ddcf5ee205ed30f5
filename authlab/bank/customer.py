"""An honest customer with a browser: what the bank's page and its script do for a person."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlab.bank.accounts import PASSWORDS
from authlab.bank.mailbox import Mailbox
from authlab.web import Browser, Page, Reply

__all__ = ["Customer", "read_link"]

# What the page's script keeps of the bank's answer, and under which name.
_KEPT = {"access_token": "token", "refresh": "refresh", "refresh_token": "refresh_token"}


class Customer:
    """One person at one browser, on either bank: the page's script keeps a token if it gets one.

    `bank` is the address typed into the browser. What the person does are methods named after it;
    each returns the bank's `Reply`. Codes come to `phone`, if the bank sends any.
    """

    def __init__(
        self,
        name: str,
        browser: Browser,
        *,
        bank: str = "https://bank.test",
        password: str = "",
        phone: Mailbox | None = None,
    ) -> None:
        self.name = name
        self.browser = browser
        self.address = bank
        self._password = password or PASSWORDS[name]
        self._phone = phone
        self.page: Page | None = None

    def open(self) -> Page:
        """Open the bank's first page."""
        self.page = self.browser.goto(self.address + "/")
        return self.page

    def log_in(self) -> Reply:
        """Type name and password into the page, and the code if the bank sends one."""
        reply = self._fetch("/login", {"user": self.name, "password": self._password})
        if reply.status == 202 and self._phone:
            [code, *_] = re.findall(r"\d+", self._phone.of(self.name)[-1].text)
            reply = self._fetch("/login/code", {"factor": reply.json()["factor"], "code": code})
        self._keep(reply)
        return reply

    def balance(self) -> Reply:
        """Look at the account."""
        return self.call("/balance")

    def transfer(self, to: str, amount: int) -> Reply:
        """Send euros to another customer."""
        return self.call("/transfer", {"to": to, "amount": amount})

    def log_out(self) -> Reply:
        """Press the log-out button; the page's script drops its token, too."""
        reply = self.call("/logout", {})
        for name in _KEPT.values():
            self._storage().pop(name, None)
        return reply

    def forget(self) -> Reply:
        """Ask for a link, having forgotten the password."""
        self._password = "forgotten"
        return self.call("/reset", {"user": self.name})

    def follow(self, link: str, new: str, *, presses: int = 1) -> Reply:
        """Open the mailed link, type a new password, and press: twice, if the hand is quick."""
        page = self.page = self.browser.goto(link)
        data = {"token": read_link(page), "new": new}
        replies = [self.call("/reset/confirm", data) for _ in range(presses)]
        if any(reply.status == 200 for reply in replies):
            self._password = new
        return replies[-1]

    def refresh(self) -> Reply:
        """Fetch the next token for the refresh token, which the browser sends where it is a cookie.

        A person does not do this: the page's script does, when the bank answers 401.
        """
        token = self._storage().get("refresh_token")
        reply = self._fetch("/refresh", {"refresh_token": token} if token else {})
        self._keep(reply)
        return reply

    def call(self, path: str, data: dict[str, Any] | None = None) -> Reply:
        """Do what the page's script does: fetch, with the token in the header if it has one.

        On a 401 it refreshes, where the bank said at log-in how, and tries once more.
        """
        reply = self._fetch(path, data)
        if reply.status == 401 and "refresh" in self._storage() and self.refresh().status == 200:
            return self._fetch(path, data)
        return reply

    def _fetch(self, path: str, data: dict[str, Any] | None) -> Reply:
        page = self.page or self.open()
        token = self._storage().get("token")
        return self.browser.fetch(
            page.origin + path,
            page=page,
            method="GET" if data is None else "POST",
            headers={"Authorization": f"Bearer {token}"} if token else None,
            json=data,
        )

    def _keep(self, reply: Reply) -> None:
        """Keep what a log-in or a renewal gave to the script."""
        given = reply.json() if reply.status == 200 else {}
        found = {kept: given[name] for name, kept in _KEPT.items() if given.get(name)}
        self._storage().update(found)

    def _storage(self) -> dict[str, str]:
        page = self.page or self.open()
        return self.browser.storage(page.origin).local


def read_link(page: Page) -> str:
    """Return the token of a reset link as the page's script finds it."""
    in_page = re.search(r'data-token="([^"]+)"', page.text)
    url = urlsplit(page.url)
    in_query = parse_qs(url.query).get("token", [""])[0]
    return in_page[1] if in_page else url.fragment or in_query
