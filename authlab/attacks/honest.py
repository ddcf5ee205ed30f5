"""Honest customers: a defence that keeps them out is no defence."""

from collections.abc import Callable
from typing import NamedTuple

from flask import Flask

from authlab.attacks.stage import clock_of
from authlab.bank import BANK, Customer
from authlab.web import Browser, Network, Reply

__all__ = ["HONEST", "Visit", "visit_honestly"]

# Each of them, and what happens to them between two clicks.
HONEST = {
    "bob": "stays at home",
    "carol": "boards a train: her address changes",
    "dave": "gets a browser update: his User-Agent changes",
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


def _visit(bank: Flask, who: str) -> Visit:
    network = Network()
    network.host(f"https://{BANK}", bank)
    browser = Browser(network, clock_of(bank), address="198.51.100.20")
    customer = Customer(who, browser)
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
