"""The scene of a theft: a network, the bank on it, Alice at her browser, Mallory at hers."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, ClassVar, NamedTuple, TypeVar

from flask import Flask, Response
from werkzeug.test import run_wsgi_app

from authlab.attacks.attack import Attack, Message, Outcome, Target
from authlab.bank import BANK, PASSWORDS, BankError, Customer
from authlab.clock import Clock
from authlab.web import Browser, Network, Window

__all__ = ["EVIL", "HOME", "SHOP", "Credential", "Stage", "bearer", "check_bank", "clock_of"]

T = TypeVar("T")

ALICE, MALLORY = "192.0.2.10", "203.0.113.66"  # from the ranges kept for documentation (RFC 5737)
HOME, EVIL = "https://bank.test", "https://evil.test"  # the bank's, and Mallory's
SHOP = "https://shop.bank.test"  # the bank's careless neighbour
_SHORT = 100  # bytes of an answer that fit beside the arrow
_TAKE = 10  # euros a thief sends away to prove the point


class Credential(NamedTuple):
    """What proves who is asking: the header it travels in, and that header's value."""

    header: str
    value: str

    def __str__(self) -> str:
        return f"{self.header}: {self.value}"


def bearer(token: str) -> Credential:
    """Return what shows a token to a bank."""
    return Credential("Authorization", f"Bearer {token}")


class Stage:
    """One theft's scene on one bank, with everything that goes over the wire in `messages`.

    `bank` is what `make_bank` returned. The network is new and has four hosts: the bank over https
    and over http, Mallory's site, and a neighbour of the bank's, `shop.bank.test`, which lets
    anybody set a cookie. A subclass says which `target` its thefts are about, and what it is that
    other banks lack.
    """

    target: ClassVar[Target] = "bank"
    about: ClassVar[str] = ""

    def __init__(self, bank: Flask) -> None:
        check_bank(bank)
        self.messages: list[Message] = []
        self.tapped = False  # whether Mallory reads what goes by in clear
        self.network = Network()
        self._quiet = False
        self._bank = bank
        for scheme in ("https", "http"):
            self.network.host(f"{scheme}://{BANK}", self._record)
        self.network.host(EVIL, Response("A page with kittens.", mimetype="text/html"))
        self.clock = clock_of(bank)
        browser = Browser(self.network, self.clock, address=ALICE)
        self.alice = Customer("alice", browser, phone=bank.extensions.get("phone"))

    @classmethod
    def theft(
        cls,
        title: str,
        needs: str,
        stopped_by: tuple[str, ...],
        refs: tuple[str, ...],
        *,
        residual: bool = False,
    ) -> Callable[[Callable[[Any], tuple[str, str]]], Attack]:
        """Make an `Attack` of a function that gets such a stage and returns (loot, why it failed).

        Its id is the function's name, behind that of the target if it is not "bank".
        """

        def make(act: Callable[[Any], tuple[str, str]]) -> Attack:
            name = act.__name__.rstrip("_")
            id = name if cls.target == "bank" else f"{cls.target}-{name}"

            def run(bank: Flask) -> Outcome:
                stage = cls(bank)
                if not stage.begin():
                    why = f"This bank has no {cls.about}."
                    return Outcome(id, False, why, applies=False)
                try:
                    loot, why = act(stage)
                finally:
                    stage.end()
                if loot:
                    stage.say("thief", "thief", f"Mallory {loot}")
                    why = f"Mallory {loot}."
                return Outcome(id, bool(loot), why, loot, stage.messages)

            return Attack(id, title, needs, stopped_by, refs, run, cls.target, residual)

        return make

    def begin(self) -> bool:
        """Give Alice some of it back where thefts have emptied her account: else they end here.

        A subclass returns False for a bank without what its thefts are about.
        """
        accounts = self._bank.extensions["accounts"]
        with suppress(BankError):
            if accounts.balance("alice") < _TAKE:
                accounts.transfer("mallory", "alice", accounts.balance("mallory") // 2)
        return True

    def end(self) -> None:
        """Put back what the next theft does not expect to be changed."""

    def say(
        self, sender: str, receiver: str, text: str, detail: str = "", *, seen: bool = True
    ) -> None:
        """Note a step that no call to the bank shows."""
        if not self._quiet:
            self.messages.append(Message(sender, receiver, text, detail, seen))

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Note nothing meanwhile: for a thousand guesses, say, of which one line tells."""
        self._quiet = True
        try:
            yield
        finally:
            self._quiet = False

    def ask(
        self,
        path: str,
        credential: Credential | None = None,
        *,
        data: dict[str, Any] | None = None,
        agent: str = "Mallory/1.0",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Call the bank as Mallory, with no browser in between; return the `requests` response."""
        sent = {**(headers or {}), **dict([credential] if credential else [])}
        method = "GET" if data is None else "POST"
        with self.network.session(address=MALLORY, agent=agent) as session:
            return session.request(
                method, HOME + path, headers=sent, json=data, allow_redirects=False
            )

    def visit(self) -> list[Credential]:
        """Open the bank's first page as Mallory; return the cookies it gave her."""
        return _cookies_of(self.ask("/"))

    def log_in_mallory(self) -> list[Credential]:
        """Log in as Mallory, on her own account; return what she can show from then on."""
        reply = self.ask("/login", data={"user": "mallory", "password": PASSWORDS["mallory"]})
        return self.credentials_of(reply)

    def credentials_of(self, reply: Any) -> list[Credential]:
        """Return what an answer gives to show from then on: cookies, or a token."""
        token = reply.json().get("access_token")
        return _cookies_of(reply) + ([bearer(token)] if token else [])

    def log_in_alice(self) -> None:
        """Have Alice open the bank's page and log in."""
        self.alice.open()
        self.alice.log_in()

    def copy_login(self, how: str) -> list[Credential]:
        """Log Alice in and copy what her browser then holds: cookies, and a token if any."""
        self.log_in_alice()
        browser = self.alice.browser
        found = [
            Credential("Cookie", str(cookie)) for cookie in browser.jar.cookies_for(HOME + "/")
        ]
        if token := browser.storage(HOME).local.get("token"):
            found.append(bearer(token))
        for credential in found:
            self.say("alice", "thief", how, str(credential))
        return found

    def run_in_page(self, script: Callable[[Window], T]) -> T:
        """Have a script of Mallory's run in the bank's own page, in Alice's browser."""
        return self.alice.browser.run_script(self.alice.page or self.alice.open(), script)

    def spend(self, credential: Credential, *, agent: str = "") -> str:
        """Show `credential` to the bank; return the loot, or "" if that does not make her Alice.

        Mallory claims to use the browser that Alice uses, unless `agent` says otherwise.
        """
        agent = agent or self.alice.browser.agent
        reply = self.ask("/balance", credential, agent=agent)
        found = reply.json() if reply.status_code == 200 else {}
        if found.get("user") != "alice":
            return ""
        loot = f"read Alice's balance of {found['balance']:,} euros"
        order = {"to": "mallory", "amount": _TAKE}
        paid = self.ask("/transfer", credential, data=order, agent=agent).status_code == 200
        return f"{loot} and sent {_TAKE} of them to herself" if paid else loot

    def spend_any(self, credentials: Iterable[Credential]) -> str:
        """Show one after the other until one makes her Alice; return the loot, or ""."""
        return next(filter(None, map(self.spend, credentials)), "")

    def _record(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Carry a call to the bank, and note both ways of it."""
        body, status, headers = run_wsgi_app(self._bank, environ, buffered=True)
        content = b"".join(body)
        who = {ALICE: "alice", MALLORY: "thief"}.get(environ["REMOTE_ADDR"])
        if who:
            scheme = environ["wsgi.url_scheme"]
            seen = who == "thief" or (self.tapped and scheme == "http")
            line = f"{environ['REQUEST_METHOD']} {scheme}://{BANK}{environ['PATH_INFO']}"
            self.say(who, "bank", line, _sent(environ), seen=seen)
            given = _given(headers.getlist("Set-Cookie"), content)
            self.say("bank", who, status, given, seen=seen)
        start_response(status, headers.to_wsgi_list())
        return [content]


def check_bank(target: object) -> None:
    """Raise TypeError for anything that `make_bank` did not make."""
    if not isinstance(target, Flask) or "auth" not in target.extensions:
        expected = "a bank of make_bank; redteam takes a function verify(token), too"
        raise TypeError(f"Found a {type(target).__name__}, expected {expected}.")


def clock_of(bank: Flask) -> Clock:
    """Return the clock that the bank's log-ins go by."""
    auth = bank.extensions["auth"]
    clock = getattr(getattr(auth, "sessions", auth), "clock", None)
    return clock if isinstance(clock, Clock) else Clock()


def _sent(environ: dict[str, Any]) -> str:
    for name in ("Authorization", "Cookie"):
        if value := environ.get(f"HTTP_{name.upper()}"):
            return f"{name}: {value}"
    return ""


def _given(cookies: list[str], content: bytes) -> str:
    if cookies:
        return f"Set-Cookie: {cookies[0]}"
    try:
        return f"access_token: {json.loads(content)['access_token']}"
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace") if len(content) < _SHORT else ""


def _cookies_of(reply: Any) -> list[Credential]:
    """Read the cookies of a reply as a thief does, whatever they are called."""
    values = reply.raw.headers.getlist("Set-Cookie")
    pairs = (re.match(r"\s*([^=;]+=[^;]*)", value) for value in values)
    return [Credential("Cookie", pair[1]) for pair in pairs if pair]
