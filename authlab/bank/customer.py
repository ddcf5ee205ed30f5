"""An honest customer with a browser: what the bank's page and its script do for a person."""

from typing import Any

from authlab.bank.accounts import PASSWORDS
from authlab.web import Browser, Page, Reply

__all__ = ["Customer"]


class Customer:
    """One person at one browser, on either bank: the page's script keeps a token if it gets one.

    `bank` is the address typed into the browser. What the person does are methods named after it;
    each returns the bank's `Reply`.
    """

    def __init__(
        self, name: str, browser: Browser, *, bank: str = "https://bank.test", password: str = ""
    ) -> None:
        self.name = name
        self.browser = browser
        self.address = bank
        self._password = password or PASSWORDS[name]
        self.page: Page | None = None

    def open(self) -> Page:
        """Open the bank's first page."""
        self.page = self.browser.goto(self.address + "/")
        return self.page

    def log_in(self) -> Reply:
        """Type name and password into the page."""
        reply = self.call("/login", {"user": self.name, "password": self._password})
        if reply.status == 200 and (token := reply.json().get("access_token")):
            self._storage()["token"] = token
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
        self._storage().pop("token", None)
        return reply

    def call(self, path: str, data: dict[str, Any] | None = None) -> Reply:
        """Do what the page's script does: fetch, with the token in the header if it has one."""
        page = self.page or self.open()
        token = self._storage().get("token")
        return self.browser.fetch(
            page.origin + path,
            page=page,
            method="GET" if data is None else "POST",
            headers={"Authorization": f"Bearer {token}"} if token else None,
            json=data,
        )

    def _storage(self) -> dict[str, str]:
        page = self.page or self.open()
        return self.browser.storage(page.origin).local
