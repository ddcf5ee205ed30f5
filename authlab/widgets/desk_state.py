"""What the one-time desk shows: a bank with reset links, and who did what with one. No ipywidgets.

The bank, its store, Alice's browsers and Mallory's calls are the real thing, on a clock that moves
when the learner moves it.
"""

import json
from typing import Any, NamedTuple

from authlab.attacks import Message
from authlab.attacks.reset_scene import ResetScene, referrer, token_of
from authlab.attacks.stage import EVIL, HOME
from authlab.bank import PASSWORDS, Customer
from authlab.bank.customer import read_link
from authlab.jose import b64url_decode
from authlab.revocation.errors import InvalidOneTimeToken
from authlab.web import Browser
from authlab.widgets.desk_bank import LIFE, START, DeskBank

__all__ = ["Desk", "Row", "Seen"]


class Row(NamedTuple):
    """One thing that somebody did: who, what, whether it worked, and what came of it."""

    who: str
    what: str
    ok: bool
    got: str


class Seen(NamedTuple):
    """What the panel shows: the verdict, the mail, what the bank keeps, the state, the rows."""

    ok: bool | None
    verdict: str
    link: str
    kept: str
    told: str
    alive: str
    state: list[tuple[str, str]]
    rows: list[Row]
    messages: list[Message]


class Desk:
    """One bank, one customer, one link at a time; each method is one button."""

    def __init__(
        self,
        way: str = "jwt",
        log_in: str = "session",
        *,
        opens: bool = False,
        leaks: bool = False,
        banks: dict[str, DeskBank] | None = None,
    ) -> None:
        kept = {} if banks is None else banks  # to build a bank takes longer than to clear it
        bank = kept[log_in] = kept.get(log_in) or DeskBank(log_in)
        bank.prepare(way, opens=opens, leaks=leaks)
        self.way, self.opens, self.leaks = way, opens, leaks
        self.clock, self.store, self.accounts = bank.clock, bank.store, bank.accounts
        self.reset, self.tokens, self.factor = bank.reset, bank.reset.tokens, bank.factor
        self.scene, self.page = ResetScene(bank.app), bank.page
        self.scene.alice.page = bank.page
        self.rows: list[Row] = []
        self.link, self.ends = "", 0.0
        self.used: list[str] = []  # who set a password by the link
        self.changed = self.opened = False  # by Alice in her settings; by the scanner
        self.password, self.set_by = PASSWORDS["alice"], "Alice, long ago"
        self.numbers = 1
        bank.log_in(self.scene.alice.browser)  # an old log-in, on Alice's laptop
        self.mail()

    # -- what somebody does --------------------------------------------------------------------

    def mail(self) -> None:
        """Alice asks for a link; it is the one that everything else is about."""
        before = len(self.reset.mailbox.of("alice"))
        phone = self._phone()
        phone.page = self.page
        phone.call("/reset", {"user": "alice"})
        new = [mail.link for mail in self.reset.mailbox.of("alice")[before:]]
        if not new:
            self._note("Alice", "asks for a link", False, "the same answer, and no mail: 3 an hour")
            return
        self.link, self.ends = new[-1], self.clock.now() + LIFE
        self.used, self.changed, self.opened = [], False, False
        self._note("Alice", "asks for a link", True, "a mail")
        self.scene.say("bank", "alice", "a mail with a link", self.link, seen=False)

    def click(self, presses: int = 1) -> None:
        """Alice opens the link on her phone, types a new password, and presses."""
        phone = self._phone()
        page = phone.page = phone.browser.goto(self.link)
        if page.status != 200:
            self._note("Alice", "opens the link", False, f"{page.status}, the link does not work")
            return
        if self.leaks:
            self._leak(referrer(page, EVIL))
        token, new = read_link(page), self._new("alice")
        for press in range(presses):
            reply = phone.call("/reset/confirm", {"token": token, "new": new})
            what = "presses once more" if press else "opens the link and presses"
            self._judge("Alice", what, reply.status, new, reply.json())

    def scan(self) -> None:
        """The scanner of Alice's mail provider opens each link, to see where it leads."""
        with self.scene.network.session(address="198.51.100.99", agent="Scanner/1.0") as scanner:
            status = scanner.get(self.link).status_code
        path = self.link.partition("#")[0].removeprefix(HOME)
        self.scene.say("alice", "bank", "her mail scanner: GET", path, seen=False)
        used = self.opens and status == 200
        self.opened = self.opened or used
        got = "200, and by that the link is used" if used else f"{status}, a page with a form"
        if status != 200:
            got = f"{status}, the link does not work"
        self._note("Scanner", "opens the link", status == 200, got)

    def steal(self) -> None:
        """Mallory uses a copy: from the browser's history, or from the mail archive."""
        self.scene.say("alice", "thief", "a copy, from history or mail archive", self.link)
        self._take(token_of(self.link), "uses her copy")

    def change(self) -> None:
        """Alice logs in and changes her password in the settings, with no link."""
        knows = not self.set_by.startswith("Mallory")
        word = self.password if knows else "the old one"
        browser, new = self.scene.alice.browser, self._new("alice")
        laptop = Customer("alice", browser, password=word, phone=self.factor.phone)
        with self.scene.quietly():
            if laptop.call("/balance").status != 200:
                laptop.log_in()
        reply = laptop.call("/password", {"old": word, "new": new})
        done = reply.status == 200
        if done:
            self._set(new, "Alice, in her settings")
            self.changed = True
        got = "200, the password has changed" if done else f"{reply.status}, she cannot get in"
        self._note("Alice", "changes it in her settings", done, got)

    def wait(self, minutes: float = 5) -> None:
        """Time goes by."""
        self.clock.advance(minutes=minutes)
        self._note("Nobody", f"{minutes:.0f} minutes go by", True, "")

    # -- what there is to see ------------------------------------------------------------------

    def look(self) -> Seen:
        """Return all that the panel shows. Looking changes nothing."""
        alive = self._is_alive()
        ok, verdict = self._judge_all(alive)
        left = span(self.ends - self.clock.now())
        lives = f"It still works, for {left}." if alive else "It does not work any more."
        messages = self.scene.messages[-9:]
        kept = self._kept(), self._tell()
        state, rows = self._state(), self.rows[-7:]
        return Seen(ok, verdict, self.link, *kept, lives, state, rows, messages)

    def _judge_all(self, alive: bool) -> tuple[bool | None, str]:
        count, left = len(self.used), span(self.ends - self.clock.now())
        if "Mallory" in self.used:
            return False, "Stolen: Mallory set Alice's password by the link"
        if count > 1:
            return False, f"Not one-time: the bank took this link {count} times"
        if alive and count:
            return False, f"Not one-time: Alice has used the link, and it works for {left} more"
        if alive and self.changed:
            return False, f"Left over: a new password is set, and the link works for {left} more"
        if count and self.way == "jwt":
            return False, "Over: the link has no time left, and until then it worked for anybody"
        if count:
            return True, "One-time: Alice has used the link, and it works for nobody any more"
        if alive:
            return None, f"Waiting: nobody has used the link, and it works for {left} more"
        if self.opened:
            return False, "Burnt: the scanner used the link by opening it, and Alice is refused"
        if self.changed and self.reset.bound:
            return True, "Dead: the link died with the password that it was asked for"
        return True, f"Dead: the {LIFE // 60} minutes of the link are over, and nobody used it"

    def _is_alive(self) -> bool:
        bind = self.accounts.password_hash if self.reset.bound else ""
        try:
            self.tokens.check(token_of(self.link), "reset", bind)
        except InvalidOneTimeToken:
            return False
        return True

    def _kept(self) -> str:
        """Return what the bank keeps of the link; where that is nothing, what the link says."""
        if self.way in ("stored", "both"):
            keys = sorted(self.store.keys("one-time:"))
            records = [f"{key}\n{(self.store.get(key) or b'').decode()}" for key in keys]
            return "\n".join(records) or "no record"
        claims = json.loads(b64url_decode(token_of(self.link).split(".")[1]))
        return f"no record; the link itself says\n{json.dumps(claims)}"

    def _tell(self) -> str:
        """Return how to read what is kept."""
        if self.way == "jwt":
            return "The link is signed with the bank's key. Nothing says whether it was used."
        if self.way == "bound":
            return "The link is signed with a key made of the bank's key and Alice's password hash."
        if not list(self.store.keys("one-time:")):
            if self.used or self.opened:
                return "The record was taken when the link was used."
            return "The record went when its time was over: nobody took it."
        if self.opened:
            return (
                "The mailed token's record is gone. This one is for the form the scanner was shown."
            )
        bound = " of her password hash" if self.way == "both" else ": here of nothing"
        return f"The key is a digest of the token. The state is a digest{bound}."

    def _state(self) -> list[tuple[str, str]]:
        with self.scene.quietly():
            inside = self.scene.alice.call("/balance").status == 200
        laptop = "logged in" if inside else "logged out"
        has = "the password, and no code from Alice's phone: not in"
        return [
            ("Password", f"number {self.numbers}, set by {self.set_by}"),
            ("Alice's laptop", laptop),
            ("Mallory", has if self.set_by.startswith("Mallory") else "not in"),
            ("The clock", f"{(self.clock.now() - START) / 60:.0f} minutes since the start"),
        ]

    # -- helpers -------------------------------------------------------------------------------

    def _phone(self) -> Customer:
        browser = Browser(self.scene.network, self.clock, address="192.0.2.10")
        return Customer("alice", browser)

    def _leak(self, named: str) -> None:
        self.scene.say("alice", "thief", f"GET {EVIL}/seal.png", f"Referer: {named}")
        if token := token_of(named):
            self._take(token, "reads the Referer, and is quicker")

    def _take(self, token: str, what: str) -> None:
        new = self._new("mallory")
        reply = self.scene.ask("/reset/confirm", data={"token": token, "new": new})
        self._judge("Mallory", what, reply.status_code, new, reply.json())
        if reply.status_code == 200:
            self.scene.ask("/login", data={"user": "alice", "password": new})

    def _judge(self, who: str, what: str, status: int, new: str, said: dict[str, Any]) -> None:
        got = f"{status}, the link does not work"
        if status == 200:
            self.used.append(who)
            self._set(new, f"{who}, by the link")
            rest = said.get("still_works_for", 0)
            kept = f"an old log-in works for {rest} s" if rest else "every log-in has ended"
            got = f"200, a new password; {kept}"
        elif status == 429:
            got = "429, too many guesses"
        self._note(who, what, status == 200, got)

    def _set(self, new: str, by: str) -> None:
        self.password, self.set_by = new, by
        self.numbers += 1

    def _new(self, who: str) -> str:
        return f"{who}-password-{len(self.rows)}"

    def _note(self, who: str, what: str, ok: bool, got: str) -> None:
        self.rows.append(Row(who, what, ok, got))


def span(seconds: float) -> str:
    """Return a time in whole minutes, in words."""
    minutes = max(0, round(seconds / 60))
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
