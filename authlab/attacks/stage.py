"""The scene of a theft: a network, the bank on it, Alice at her browser, Mallory at hers."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from flask import Flask, Response
from werkzeug.test import run_wsgi_app

from authlab.attacks.attack import Message
from authlab.bank import BANK, PASSWORDS, BankError, Customer
from authlab.clock import Clock
from authlab.web import Browser, Network

__all__ = ["ALICE", "EVIL", "MALLORY", "SHOP", "Credential", "Stage", "check_bank", "clock_of"]

ALICE, MALLORY = "192.0.2.10", "203.0.113.66"  # from the ranges kept for documentation (RFC 5737)
HOME = "https://bank.test"
EVIL, SHOP = (
    "https://evil.test",
    "https://shop.bank.test",
)  # Mallory's; the bank's careless neighbour
_SHORT = 100  # bytes of an answer that fit beside the arrow
_TAKE = 10  # euros a thief sends away to prove the point


class Credential(NamedTuple):
    """What proves who is asking: the header it travels in, and that header's value."""

    header: str
    value: str


class Stage:
    """One theft's scene on one bank, with everything that goes over the wire in `messages`.

    `bank` is what `make_bank` returned. The network is new and has four hosts: the bank over https
    and over http, Mallory's site, and a neighbour of the bank's, `shop.bank.test`, which lets
    anybody set a cookie.
    """

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
        phone = bank.extensions.get("phone")
        browser = Browser(self.network, self.clock, address=ALICE)
        self.alice = Customer("alice", browser, phone=phone)

    def refill(self) -> None:
        """Give Alice some of it back where thefts have emptied her account: else they end here."""
        accounts = self._bank.extensions["accounts"]
        with suppress(BankError):
            if accounts.balance("alice") < _TAKE:
                accounts.transfer("mallory", "alice", accounts.balance("mallory") // 2)

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
        address: str = MALLORY,
    ) -> Any:
        """Call the bank as Mallory, with no browser in between; return the `requests` response."""
        headers = {credential.header: credential.value} if credential else {}
        with self.network.session(address=address, agent=agent) as session:
            return session.request(
                "GET" if data is None else "POST",
                HOME + path,
                headers=headers,
                json=data,
                allow_redirects=False,
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
        found = _cookies_of(reply)
        return [*found, Credential("Authorization", f"Bearer {token}")] if token else found

    def copy_from_alice(self) -> list[Credential]:
        """Return what lies in Alice's browser for the bank: her cookies, and her token if any."""
        jar = self.alice.browser.jar
        found = [
            Credential("Cookie", f"{cookie.name}={cookie.value}")
            for cookie in jar.cookies_for(HOME + "/")
        ]
        token = self.alice.browser.storage(HOME).local.get("token")
        return [*found, Credential("Authorization", f"Bearer {token}")] if token else found

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
        return f"{loot} and sent {_TAKE} of them to Mallory" if paid else loot

    def _record(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Carry a call to the bank, and note both ways of it."""
        body, status, headers = run_wsgi_app(self._bank, environ, buffered=True)
        content = b"".join(body)
        who = {ALICE: "alice", MALLORY: "thief"}.get(environ["REMOTE_ADDR"])
        if who and not self._quiet:
            clear = self.tapped and environ["wsgi.url_scheme"] == "http"
            seen = clear or who == "thief"
            scheme = environ["wsgi.url_scheme"]
            line = f"{environ['REQUEST_METHOD']} {scheme}://{BANK}{environ['PATH_INFO']}"
            self.messages.append(Message(who, "bank", line, _sent(environ), seen))
            given = _given(headers.getlist("Set-Cookie"), content)
            self.messages.append(Message("bank", who, status, given, seen))
        start_response(status, headers.to_wsgi_list())
        return [content]


def check_bank(target: object) -> None:
    """Raise TypeError for anything that `make_bank` did not make."""
    if not isinstance(target, Flask) or "auth" not in target.extensions:
        raise TypeError(f"Found a {type(target).__name__}, expected a bank of make_bank.")


def clock_of(bank: Flask) -> Clock:
    """Return the clock that the bank's log-ins go by."""
    auth = bank.extensions.get("auth")
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
        token = json.loads(content)["access_token"]
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace") if len(content) < _SHORT else ""
    return f"access_token: {token}"


def _cookies_of(reply: Any) -> list[Credential]:
    """Read the cookies of a reply as a thief does, whatever they are called."""
    values = reply.raw.headers.getlist("Set-Cookie")
    pairs = (re.match(r"\s*([^=;]+=[^;]*)", value) for value in values)
    return [Credential("Cookie", pair[1]) for pair in pairs if pair]
