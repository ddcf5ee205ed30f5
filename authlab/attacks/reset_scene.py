"""The scene of a theft by reset link: Alice's mail, a used link, and what a browser gives away."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from authlab.attacks.stage import Stage
from authlab.bank import PASSWORDS
from authlab.web import Page, origin_of

__all__ = ["HERS", "MINE", "ResetScene", "referrer", "token_of"]

HERS, MINE = "alice-chose-this", "mallory-chose-this"  # new passwords


class ResetScene(Stage):
    """The stage of a theft, on a bank with reset links."""

    target, about = "reset", "reset links"

    def __init__(self, bank: Flask) -> None:
        super().__init__(bank)
        self.reset: Any = bank.extensions.get("reset")
        self.factor: Any = bank.extensions.get("factor")
        self.answered = 0  # the status of the last `use`

    def begin(self) -> bool:
        if self.reset is None:
            return False
        self.end()
        return super().begin()

    def end(self) -> None:
        """Give Alice her own password again, and her full number of mails."""
        self._bank.extensions["accounts"].set_password("alice", PASSWORDS["alice"])
        if self.reset.mails:
            self.reset.mails.clear("alice")
            self.reset.mails.clear("mallory")

    def get_link(self, user: str = "alice", **headers: str) -> str:
        """Have the bank mail a link, asked for by Mallory; return it, "" if none came."""
        before = len(self.reset.mailbox.of(user))
        self.ask("/reset", data={"user": user}, headers=headers)
        new = [mail.link for mail in self.reset.mailbox.of(user)[before:] if mail.link]
        if not new:
            return ""
        self.say("bank", user if user == "alice" else "thief", "a mail with a link", new[-1])
        return str(new[-1])

    def use(self, token: str, new: str = MINE) -> str:
        """Set Alice's password by a link as Mallory, and get in; return the loot."""
        reply = self.ask("/reset/confirm", data={"token": token, "new": new})
        self.answered = reply.status_code
        if reply.status_code != 200:
            return ""
        found = self.credentials_of(reply)
        if not found:
            name = {"user": "alice", "password": new}
            found = self.credentials_of(self.ask("/login", data=name))
        spent = self.spend_any(found)
        return f"set Alice's password{f', {spent}' if spent else ''}"


def referrer(page: Page, target: str) -> str:
    """Return the Referer that a browser sends from a page to the https URL `target`.

    Of the Referrer-Policy header the last word that is known counts; without one, another origin is
    told the page's origin alone (Referrer Policy, 8.1 and 8.3). No fragment is ever sent (8.4).
    """
    words = [word.strip().lower() for word in page.headers.get("Referrer-Policy", "").split(",")]
    known = [word for word in words if word in _POLICIES]
    within, across = _POLICIES[known[-1] if known else "strict-origin-when-cross-origin"]
    sends = within if origin_of(target) == page.origin else across
    return {"url": page.url.partition("#")[0], "origin": f"{page.origin}/", "": ""}[sends]


# What goes to an https page of one's own origin, and to another one.
_POLICIES = {
    "no-referrer": ("", ""),
    "same-origin": ("url", ""),
    "origin": ("origin", "origin"),
    "strict-origin": ("origin", "origin"),
    "origin-when-cross-origin": ("url", "origin"),
    "strict-origin-when-cross-origin": ("url", "origin"),
    "no-referrer-when-downgrade": ("url", "url"),
    "unsafe-url": ("url", "url"),
}


def token_of(link: str) -> str:
    """Return the token at the end of a link, "" where there is none."""
    url = urlsplit(link)
    return url.fragment or url.query.partition("token=")[2]
