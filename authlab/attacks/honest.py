"""Honest customers: a defence that keeps them out is no defence."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Flask

from authlab.attacks.stage import clock_of
from authlab.bank import BANK, PASSWORDS, Customer
from authlab.web import Browser, Network, Reply

__all__ = ["FORGETFUL", "HONEST", "Visit", "forget_honestly", "visit_honestly"]

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


class Visit(NamedTuple):
    """One honest visit: by whom, what happened meanwhile, and how the bank took it.

    `signed_out` says that they had to log in a second time, `refused` what they could not do even
    then.
    """

    who: str
    story: str
    signed_out: bool = False
    refused: str = ""


def visit_honestly(bank: Flask, who: str) -> Visit:
    """Log in as `who`, one of `HONEST`, look at the account, pay, and log out.

    A bank that answers nonsense, or not at all, has refused.
    """
    try:
        return _visit(bank, who)
    except Exception as error:
        return Visit(who, HONEST[who], refused=f"the bank gave no answer to go on: {error}")


def forget_honestly(bank: Flask, who: str) -> Visit:
    """Get in as `who`, one of `FORGETFUL`, by a mailed link; put the old password back after."""
    try:
        refused = _forget(bank, who)
    except Exception as error:
        refused = f"the bank gave no answer to go on: {error}"
    finally:
        bank.extensions["accounts"].set_password(who, PASSWORDS[who])
    return Visit(who, FORGETFUL[who], refused=refused)


def _forget(bank: Flask, who: str) -> str:
    reset, network = bank.extensions["reset"], Network()
    network.host(f"https://{BANK}", bank)
    if reset.mails:
        reset.mails.clear(who)  # the last visit was a while ago
    browser = Browser(network, clock_of(bank), address="198.51.100.21")
    customer = Customer(who, browser, phone=bank.extensions.get("phone"))
    before = len(reset.mailbox.of(who))
    for _ in range(2 if who == "dave" else 1):
        customer.forget()
    [link, *_] = [mail.link for mail in reset.mailbox.of(who)[before:] if mail.link]
    if who == "bob":
        with network.session(address="198.51.100.99", agent="MailScanner/1.0") as scanner:
            scanner.get(link)
    customer.follow(link, f"{who}-forgot-it", presses=2 if who == "carol" else 1)
    reply = customer.log_in()  # by the new password, if the link gave one
    return "" if reply.status == 200 else f"could not log in by the link: {reply.text}"


def _visit(bank: Flask, who: str) -> Visit:
    network = Network()
    network.host(f"https://{BANK}", bank)
    browser = Browser(network, clock_of(bank), address="198.51.100.20")
    customer = Customer(who, browser, phone=bank.extensions.get("phone"))
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
            return Visit(who, HONEST[who], signed_out, f"could not {name}: {reply.text}")
        if name == "look" and who == "carol":
            browser.address = "198.51.100.77"
        if name == "look" and who == "dave":
            browser.agent += " (updated)"
    return Visit(who, HONEST[who], signed_out)
