"""Honest customers: a defence that keeps them out is no defence."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from flask import Flask

from authlab.attacks.stage import HOME, clock_of
from authlab.bank import PASSWORDS, Customer
from authlab.web import Browser, Network, Reply

__all__ = [
    "FORGETFUL", "HONEST", "RENEWING", "Visit",
    "forget_honestly", "renew_honestly", "visit_honestly", "visit_in_turn",
]  # fmt: skip

# Each of them, and what happens to them between two clicks.
HONEST = {
    "bob": "stays at home",
    "carol": "boards a train: her address changes",
    "dave": "gets a browser update: his User-Agent changes",
}

# The same, on a bank with reset links, when they have forgotten the password.
FORGETFUL = {
    "bob": "forgot his password: a mail scanner opens the link first",
    "carol": "forgot her password: she presses twice",
    "dave": "forgot his password: he asks twice, and opens the first mail",
}

# The same, on a bank with refresh tokens, when the access token is over.
RENEWING = {
    "bob": "renews from two tabs at once",
    "carol": "renews in a tunnel: the reply is lost, and her browser asks again",
    "dave": "renews, and renews again",
}


class Visit(NamedTuple):
    """One honest visit: by whom, what happened meanwhile, and how the bank took it.

    `signed_out` says that they had to log in a second time, `refused` what they could not do even
    then. A bank that answers nonsense, or not at all, has refused.
    """

    who: str
    story: str
    signed_out: bool = False
    refused: str = ""


def visit_in_turn(bank: Flask) -> Iterator[Visit]:
    """Yield the visits of everybody whom this bank has something for."""
    yield from (visit_honestly(bank, who) for who in HONEST)
    if bank.extensions.get("reset"):
        yield from (forget_honestly(bank, who) for who in FORGETFUL)
    if getattr(bank.extensions["auth"], "refresh", None):
        yield from (renew_honestly(bank, who) for who in RENEWING)


def visit_honestly(bank: Flask, who: str) -> Visit:
    """Log in as `who`, one of `HONEST`, look at the account, pay, and log out."""
    return _come(bank, who, "198.51.100.20", HONEST, _visit)


def forget_honestly(bank: Flask, who: str) -> Visit:
    """Get in as `who`, one of `FORGETFUL`, by a mailed link; put the old password back after."""
    try:
        return _come(bank, who, "198.51.100.21", FORGETFUL, _forget)
    finally:
        bank.extensions["accounts"].set_password(who, PASSWORDS[who])


def renew_honestly(bank: Flask, who: str) -> Visit:
    """Log in as `who`, one of `RENEWING`, and go on by refresh tokens."""
    return _come(bank, who, "198.51.100.22", RENEWING, _renew)


_Act = Callable[[Flask, Network, Customer], tuple[bool, str]]  # returns (signed out, refused)


def _come(bank: Flask, who: str, address: str, stories: Mapping[str, str], act: _Act) -> Visit:
    """Have a customer come with a browser of her own; nonsense for an answer is a refusal."""
    try:
        network = Network()
        network.host(HOME, bank)
        browser = Browser(network, clock_of(bank), address=address)
        customer = Customer(who, browser, phone=bank.extensions.get("phone"))
        return Visit(who, stories[who], *act(bank, network, customer))
    except Exception as error:
        why = f"the bank gave no answer to go on: {error}"
        return Visit(who, stories[who], refused=why)


def _visit(bank: Flask, network: Network, customer: Customer) -> tuple[bool, str]:
    who, browser = customer.name, customer.browser
    # Round it goes, and none runs dry.
    payee = {"bob": "carol", "carol": "dave", "dave": "bob"}[who]
    steps: dict[str, Callable[[], Reply]] = {
        "log in": customer.log_in,
        "look": customer.balance,
        "pay": lambda: customer.transfer(payee, 1),
        "log out": customer.log_out,
    }
    customer.open()
    signed_out = False
    for name, step in steps.items():
        reply = step()
        if reply.status == 401 and name != "log in":  # what a person does then: log in again
            signed_out = True
            customer.log_in()
            reply = step()
        if reply.status != 200:
            return signed_out, f"could not {name}: {reply.text}"
        if name == "look" and who == "carol":
            browser.address = "198.51.100.77"
        if name == "look" and who == "dave":
            browser.agent += " (updated)"
    return signed_out, ""


def _forget(bank: Flask, network: Network, customer: Customer) -> tuple[bool, str]:
    who, reset = customer.name, bank.extensions["reset"]
    if reset.mails:
        reset.mails.clear(who)  # the last visit was a while ago
    before = len(reset.mailbox.of(who))
    for _ in range(2 if who == "dave" else 1):
        customer.forget()
    [link, *_] = [mail.link for mail in reset.mailbox.of(who)[before:] if mail.link]
    if who == "bob":
        with network.session(address="198.51.100.99", agent="MailScanner/1.0") as scanner:
            scanner.get(link)
    customer.follow(link, f"{who}-forgot-it", presses=2 if who == "carol" else 1)
    reply = customer.log_in()  # by the new password, if the link gave one
    return False, "" if reply.status == 200 else f"could not log in by the link: {reply.text}"


def _renew(bank: Flask, network: Network, customer: Customer) -> tuple[bool, str]:
    who, browser = customer.name, customer.browser
    customer.log_in()
    token = browser.storage(HOME).local.get("refresh_token")
    cookies = "; ".join(map(str, browser.jar.cookies_for(f"{HOME}/refresh")))

    def ask_too() -> None:
        with network.session(address=browser.address) as session:
            headers = {"Cookie": cookies} if cookies else {}
            data = {"refresh_token": token} if token else {}
            session.post(f"{HOME}/refresh", json=data, headers=headers)

    other_tab = threading.Thread(target=ask_too)
    if who == "bob":
        other_tab.start()
    elif who == "carol":
        ask_too()
    customer.refresh()
    if who == "bob":
        other_tab.join()
    if customer.refresh().status == 200:
        return False, ""
    reply = customer.log_in()
    return True, "" if reply.status == 200 else f"could not log in again: {reply.text}"
