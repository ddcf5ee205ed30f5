"""The thefts of a log-in (notebook 07): each runs on the session bank and on the token bank.

Every function gets a bank, builds a scene on it, and tells what came of it.
"""

import re
from collections.abc import Callable
from itertools import chain, islice

from flask import Flask, Response
from werkzeug.http import dump_cookie

from authlab.attacks.attack import Attack, Outcome
from authlab.attacks.ids import guess_clock, guess_counter, guess_twister
from authlab.attacks.stage import EVIL, SHOP, Credential, Stage
from authlab.bank import BANK
from authlab.web import Window

__all__ = ["ATTACKS"]

_COLLECTED = 8  # ids Mallory asks for before she guesses
_MOST_GUESSES, _NEIGHBOURS = 2_000, 50  # where ids rise, and where they do not
_UPTIME = 3_600  # seconds since the bank's server started, at most: the seeds to try


def _theft(act: Callable[[Stage], tuple[str, str]], id: str) -> Callable[[Flask], Outcome]:
    """Turn a theft, which returns (loot, why it failed), into what an `Attack` runs."""

    def run(bank: Flask) -> Outcome:
        stage = Stage(bank)
        stage.refill()
        loot, why = act(stage)
        if loot:
            stage.say("thief", "thief", f"Mallory {loot}")
        return Outcome(id, bool(loot), f"Mallory {loot}." if loot else why, loot, stage.messages)

    return run


def sniff(stage: Stage) -> tuple[str, str]:
    """Read what goes by while Alice, who typed the address without https, logs in."""
    tap, stage.tapped = stage.network.wiretap(), True
    stage.alice.address = f"http://{BANK}"
    stage.alice.open()
    stage.alice.log_in()
    stage.alice.balance()
    tap.stop()
    for capture in tap.seen:
        found = re.search(r"^(Cookie|Authorization): (.+?)\r?$", capture.request or "", re.M | re.I)
        if found and (loot := stage.spend(Credential(found[1], found[2]))):
            return loot, ""
    if found:  # in the last call
        return "", "A credential went by in clear, but the bank did not take Mallory's copy."
    clear = sum(capture.request is not None for capture in tap.seen)
    return "", f"Of {len(tap.seen)} calls {clear} went by in clear, and none with a credential."


def predict(stage: Stage) -> tuple[str, str]:
    """Collect ids, find how they are made, and guess the one Alice got."""
    with stage.quietly():
        seen = [found for _ in range(_COLLECTED) for found in stage.visit()]
    if not seen:
        return _forge(stage)
    stage.say("thief", "bank", f"visits {_COLLECTED} times and collects ids", seen[-1].value)
    stage.alice.open()
    stage.alice.log_in()
    seen += stage.visit()
    name = seen[0].value.partition("=")[0]
    collected = [found.value.partition("=")[2] for found in seen]
    guesses = 0
    found = chain(
        guess_counter(collected),
        guess_clock(collected),
        guess_twister(collected, stage.clock.now(), back=_UPTIME),
    )
    # Alice came between Mallory's last two visits. Where ids rise, hers lies between those two.
    ranks = [(len(text), text) for text in collected]
    rising = ranks == sorted(ranks)
    for guess in islice(found, _MOST_GUESSES if rising else _NEIGHBOURS):
        if rising and not ranks[-2] < (len(guess), guess) < ranks[-1]:
            continue
        guesses += 1
        credential = Credential("Cookie", f"{name}={guess}")
        with stage.quietly():
            loot = stage.spend(credential)
        if loot:
            stage.say("thief", "bank", f"guess {guesses} is right", f"Cookie: {credential.value}")
            return loot, ""
    return "", f"{len(collected)} ids collected, {guesses} guesses made: none of them let her in."


def _forge(stage: Stage) -> tuple[str, str]:
    """Without ids there is a token to guess: Mallory edits her own."""
    mine = stage.log_in_mallory()[-1]
    stage.alice.open()
    stage.alice.log_in()
    head, _, tail = mine.value.partition(".")
    edited = Credential(mine.header, f"{head}.eyJzdWIiOiJhbGljZSJ9.{tail.rpartition('.')[2]}")
    loot = stage.spend(edited)
    return loot, "A token is no number that can be guessed: the edited one has a wrong signature."


def fixate(stage: Stage) -> tuple[str, str]:
    """Plant a known id in Alice's browser, through a neighbour's host, and wait for her login."""
    planted = next(
        (c for c in stage.visit() or stage.log_in_mallory() if c.header == "Cookie"), None
    )
    if planted is None:
        return "", "There is nothing to plant: a page of Mallory's cannot write the bank's storage."
    name, _, value = planted.value.partition("=")
    cookie = dump_cookie(name, value, domain=BANK)
    stage.network.host(SHOP, Response("A shop.", headers={"Set-Cookie": cookie}))
    stage.alice.browser.goto(SHOP + "/")
    stage.say("thief", "alice", "a page of a neighbour's host", f"Set-Cookie: {cookie}")
    stage.alice.open()
    stage.alice.log_in()
    loot = stage.spend(planted)
    return loot, "What Mallory had planted did not log her in as Alice."


def inject(stage: Stage) -> tuple[str, str]:
    """Have a script of Mallory's run in the bank's own page, and send home what it can read."""
    page = stage.alice.open()
    stage.alice.log_in()
    found: list[Credential] = []

    def script(window: Window) -> None:
        pairs = [pair.strip() for pair in window.document_cookie.split(";") if pair.strip()]
        found.extend(Credential("Cookie", pair) for pair in pairs)
        if token := window.local_storage.get("token"):
            found.append(Credential("Authorization", f"Bearer {token}"))

    stage.alice.browser.run_script(stage.alice.page or page, script)
    for credential in found:
        detail = f"{credential.header}: {credential.value}"
        stage.say("alice", "thief", "the script sends home what it read", detail)
        if loot := stage.spend(credential):
            return loot, ""
    if found:
        return "", "The script sent home a copy, but the bank did not take it from Mallory."
    stage.say("alice", "thief", "the script sends home what it read", "nothing")
    return "", "document.cookie and both storages held nothing that logs anybody in."


def ride(stage: Stage) -> tuple[str, str]:
    """Have Alice open Mallory's page, whose form sends a transfer from Alice's browser."""
    stage.alice.open()
    stage.alice.log_in()
    page = stage.alice.browser.goto(EVIL + "/")
    stage.say("thief", "alice", "a page with a hidden form", f"action=https://{BANK}/transfer")
    order = {"to": "mallory", "amount": "10"}
    reply = stage.alice.browser.submit(f"https://{BANK}/transfer", order, from_page=page)
    if reply.status == 200:
        return "had Alice's own browser send 10 euros to Mallory", ""
    held = [entry.decision for entry in stage.alice.browser.log if entry.step == "cookie withheld"]
    why = "The request came without a credential"
    if held and held[-1] is not None:
        why = f"The browser withheld the cookie ({held[-1].why})"
    return "", f"{why}, and the bank answered {reply.status}."


def replay(stage: Stage) -> tuple[str, str]:
    """Use a copy, taken from Alice's computer, on another one: first as it is, then disguised."""
    stage.alice.open()
    stage.alice.log_in()
    for credential in stage.copy_from_alice():
        detail = f"{credential.header}: {credential.value}"
        stage.say("alice", "thief", "malware copies the credential", detail)
        if loot := stage.spend(credential, agent="Mallory/1.0"):
            return loot, ""
        if loot := stage.spend(credential):
            return f"{loot}, in a browser that claims to be hers", ""
    return "", "The bank refused the copy, whatever browser it claimed to come from."


def outlive(stage: Stage) -> tuple[str, str]:
    """Keep a copy from a shared computer, wait until Alice has logged out, then use it."""
    stage.alice.open()
    stage.alice.log_in()
    copies = stage.copy_from_alice()
    for credential in copies:
        detail = f"{credential.header}: {credential.value}"
        stage.say("alice", "thief", "a shared computer keeps a copy", detail)
    stage.alice.log_out()
    loot = next(filter(None, map(stage.spend, copies)), "")
    return loot, "The bank did not take the copy once Alice had logged out."


def _attack(
    act: Callable[[Stage], tuple[str, str]],
    title: str,
    needs: str,
    stopped_by: tuple[str, ...],
    refs: tuple[str, ...],
    *,
    residual: bool = False,
) -> Attack:
    run = _theft(act, act.__name__)
    return Attack(act.__name__, title, needs, stopped_by, refs, run, residual=residual)


ATTACKS = [
    _attack(
        sniff,
        "Sniff the wire",
        "a place between Alice and the bank, such as the same café",
        ("https",),
        ("CWE-319", "ASVS 3.3.1", "ASVS 12.2.1"),
    ),
    _attack(
        predict,
        "Predict the id",
        "a few ids of her own",
        ("random",),
        ("CWE-340", "CWE-330", "ASVS 7.2.3"),
    ),
    _attack(
        fixate,
        "Fixate the id",
        "a way to set a cookie for the bank, such as a careless neighbour under bank.test",
        ("rotate",),
        ("CWE-384", "ASVS 7.2.4", "ASVS 3.3.3"),
    ),
    _attack(
        inject,
        "Steal by injected script",
        "a hole through which her script runs in the bank's page",
        ("httponly",),
        ("CWE-79", "CWE-1004", "ASVS 3.3.4"),
    ),
    _attack(
        ride,
        "Ride on Alice's browser",
        "Alice opens a page of Mallory's while she is logged in",
        ("samesite",),
        ("CWE-352", "ASVS 3.3.2", "ASVS 3.5.1"),
    ),
    _attack(
        replay,
        "Use a copy elsewhere",
        "a copy of what Alice's browser holds, from malware or a backup",
        ("address",),
        ("CWE-294",),
        residual=True,
    ),
    _attack(
        outlive,
        "Outlive the log-out",
        "a copy from before Alice logged out",
        ("logout",),
        ("CWE-613", "ASVS 7.4.1"),
    ),
]
