"""Where the bank's mails and the texts to phones arrive in the lab. Imports nothing of authlab."""

import threading
from typing import NamedTuple

__all__ = ["Mail", "Mailbox"]

_MOST = 1_000  # mails kept for one customer


class Mail(NamedTuple):
    """One mail, or one text message: to whom, about what, what it says, and its link if any."""

    to: str
    subject: str
    text: str
    link: str = ""


class Mailbox:
    """Everybody's mails, the oldest first: who reads somebody's mail, calls `of` with that name."""

    def __init__(self) -> None:
        self._mails: dict[str, list[Mail]] = {}
        self._lock = threading.Lock()

    def send(self, mail: Mail) -> None:
        """Deliver a mail."""
        with self._lock:
            mails = self._mails.setdefault(mail.to, [])
            mails.append(mail)
            del mails[:-_MOST]

    def of(self, user: str) -> list[Mail]:
        """Return the user's mails, the oldest first."""
        return list(self._mails.get(user, ()))

    def last_link(self, user: str) -> str:
        """Return the newest link in the user's mails, "" where there is none."""
        return next((mail.link for mail in reversed(self.of(user)) if mail.link), "")
