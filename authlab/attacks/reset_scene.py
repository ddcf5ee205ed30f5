"""The scene of a theft by reset link: Alice's mail, a used link, and what a browser gives away.

Alice's password and her limits are put back afterwards, as the next theft begins with them.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from authlab.attacks.attack import Outcome
from authlab.attacks.stage import HOME, MALLORY, Stage
from authlab.bank import PASSWORDS, Reset
from authlab.web import Page, origin_of

__all__ = ["HERS", "MINE", "ResetScene", "referrer", "stage_on", "token_of"]

HERS, MINE = "alice-chose-this", "mallory-chose-this"  # new passwords


def stage_on(act: Callable[["ResetScene"], tuple[str, str]], id: str) -> Callable[[Flask], Outcome]:
    """Turn a theft, which returns (loot, why it failed), into what an `Attack` runs."""

    def run(bank: Flask) -> Outcome:
        scene = ResetScene(bank)
        if scene.reset is None:
            return Outcome(id, False, "This bank has no reset links.", applies=False)
        scene.refill()
        scene.renew()
        try:
            loot, why = act(scene)
        finally:
            scene.renew()
        if loot:
            scene.say("thief", "thief", f"Mallory {loot}")
        return Outcome(id, bool(loot), f"Mallory {loot}." if loot else why, loot, scene.messages)

    return run


class ResetScene(Stage):
    """The stage of a theft, on a bank with reset links."""

    def __init__(self, bank: Flask) -> None:
        super().__init__(bank)
        self.reset: Any = bank.extensions.get("reset")
        self.factor: Any = bank.extensions.get("factor")
        self.answered = 0  # the status of the last `use`

    def renew(self) -> None:
        """Give Alice her own password again, and her full number of mails."""
        self._bank.extensions["accounts"].set_password("alice", PASSWORDS["alice"])
        if isinstance(self.reset, Reset) and self.reset.mails:
            self.reset.mails.clear("alice")
            self.reset.mails.clear("mallory")

    def get_link(self, user: str = "alice", **headers: str) -> str:
        """Have the bank mail a link, asked for by Mallory; return it, "" if none came."""
        before = len(self.reset.mailbox.of(user))
        with self.network.session(address=MALLORY) as session:
            session.post(f"{HOME}/reset", json={"user": user}, headers=headers)
        new = [mail.link for mail in self.reset.mailbox.of(user)[before:] if mail.link]
        if new:
            self.say("bank", user if user == "alice" else "thief", "a mail with a link", new[-1])
        return new[-1] if new else ""

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
        spent = next(filter(None, map(self.spend, found)), "")
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
