"""What the exercises of 07_hijack_a_session accept."""

import math
import secrets
from functools import cache

from werkzeug import Response

from authlab.attacks import CATALOGUE, DEFENCES, Attack, build_bank, redteam
from authlab.attacks.ids import twister_ids
from authlab.bank import Customer
from authlab.classroom.exercises import Answer, exercise, short
from authlab.web import Browser, Capture, Network

YEAR = 365.25 * 86_400  # seconds


def _listen(address: str) -> tuple[list[Capture], str]:
    """Return what goes by while Alice logs in at `address`, among others, and her cookie."""
    network = Network()
    bank, talk = build_bank(), f"theme={secrets.token_hex(3)}"
    network.host("http://bank.test", bank)
    network.host("https://bank.test", bank)
    network.host("http://news.test", Response("News.", headers={"Set-Cookie": talk}))
    tap = network.wiretap()
    bob, alice = Browser(network, address="192.0.2.20"), Browser(network)
    for _ in range(secrets.randbelow(5)):
        network.session().get("https://bank.test/")  # somebody else: the counter goes on
    bob.goto("http://news.test/")
    bob.goto("http://news.test/")
    customer = Customer("alice", alice, bank=address)
    customer.open()
    customer.log_in()
    customer.balance()
    return tap.seen, str(next(iter(alice.jar)))


@exercise(
    "07.1",
    name="find_cookie",
    expects="a str such as 'sid=1001', or None when no cookie for bank.test went by in clear",
    hints=(
        "Go through the captures. Skip other hosts, and those whose `request` is None.",
        "`capture.request.splitlines()` gives the lines; one of them starts with 'Cookie: '.",
        "Inside two loops: `if line.startswith('Cookie: '):`, then return "
        "`line.removeprefix('Cookie: ')`. After the loops, return None.",
    ),
)
def grade_find_cookie(find_cookie: Answer) -> str | None:
    captures, want = _listen("http://bank.test")
    got = find_cookie(captures)
    if isinstance(got, str) and got.startswith("Cookie:"):
        return f"That is the whole line, {short(got)}. Return what stands after 'Cookie: '."
    if isinstance(got, str) and got.startswith("theme="):
        return f"{short(got)} went to news.test. Look at the capture's `host`."
    if got != want:
        return f"In clear there went {want!r}, but `find_cookie` returned {short(got)}."
    captures, _ = _listen("https://bank.test")
    if (got := find_cookie.plain(captures)) is not None:
        return f"Alice used https, so there was nothing to read, but it returned {short(got)}."
    return None


@exercise(
    "07.2",
    name="next_id",
    expects="a str: the id that the bank gives to its next visitor, 32 hex digits",
    hints=(
        "For each second make the generator that the bank would have made, and its first id.",
        "`source = random.Random(second)`; its first id is `source.randbytes(16).hex()`.",
        "When that first id equals `seen`, the same source makes the next one: "
        "return `source.randbytes(16).hex()`.",
    ),
)
def grade_next_id(next_id: Answer) -> str | None:
    for _ in range(3):
        start = 1_700_000_000 + secrets.randbelow(100_000_000)
        second = start + secrets.randbelow(600)
        new_id = twister_ids(second)
        seen, want = new_id(128), new_id(128)
        got = next_id(seen, range(start, start + 600))
        if got == seen:
            return "That is the id that was seen. Draw once more from the same generator."
        if got == second:
            return "That is the right seed. Now make the id that comes after the one seen."
        if isinstance(got, bytes):
            return "`next_id` returned bytes. An id is text here: end with `.hex()`."
        if got != want:
            return f"The bank's next id was {want!r}, but `next_id` returned {short(got)}."
    return None


@exercise(
    "07.3",
    name="bits_needed",
    expects="an int: the fewest bits that keep the thief busy for so many years on average",
    hints=(
        "On average the thief needs 2**bits / (2 * guesses * live) seconds. Solve for bits.",
        "2**bits must be at least 2 * guesses * live * the seconds in that many years. "
        "`math.log2` turns that round, and `math.ceil` rounds up.",
        "`return math.ceil(math.log2(2 * guesses * live * years * 365.25 * 86_400))`.",
    ),
)
def grade_bits_needed(bits_needed: Answer) -> str | None:
    for years, guesses, live in ((100, 10_000, 100_000), (1, 10, 1), (1_000_000, 10**9, 10**6)):
        got = bits_needed(years, guesses, live)
        if isinstance(got, bool) or not isinstance(got, int | float):
            return f"`bits_needed` returned {short(got)}, not a number."
        seconds = years * YEAR
        want = math.ceil(math.log2(2 * guesses * live * seconds))
        case = f"For {years:,} years, {guesses:,} guesses a second and {live:,} live sessions"
        if got % 1 != 0:  # NaN and infinity, too
            return f"{case} it returned {short(got)}. There are only whole bits: round up."
        if got == want - 1:
            return f"{case} one bit is missing: round up, and remember that the mean is half."
        if got != want:
            return f"{case} it takes {want} bits, but `bits_needed` returned {short(got)}."
    return None


@cache
def _stoppers(theft: Attack) -> frozenset[str]:
    banks = {name: build_bank("session", [name]) for name in DEFENCES}
    return frozenset(name for name, bank in banks.items() if not theft.run(bank).succeeded)


@exercise(
    "07.4",
    name="stoppers",
    expects="a set of names out of DEFENCES: those that stop this theft alone, on a session bank",
    seconds=15,
    hints=(
        "Do not reason, try: one fresh bank for each name in DEFENCES, with that switch alone.",
        "`theft.run(build_bank('session', [name])).succeeded` says whether Mallory got through.",
        "`return {n for n in DEFENCES if not theft.run(build_bank('session', [n])).succeeded}`.",
    ),
)
def grade_stoppers(stoppers: Answer) -> str | None:
    thefts = {attack.id: attack for attack in CATALOGUE}
    for id in ("ride", "fixate", "outlive"):
        got, want = stoppers(thefts[id]), _stoppers(thefts[id])
        if not isinstance(got, set | frozenset | list | tuple):
            return f"`stoppers` returned {short(got)}, not a set of names."
        found = frozenset(map(str, got))
        title = thefts[id].title
        if unknown := sorted(found - set(DEFENCES)):
            return f"{short(unknown[0])} is not one of the names in DEFENCES."
        if wrong := sorted(found - want):
            return f"With {wrong[0]!r} alone, {title!r} still works. Did you try it?"
        if missing := sorted(want - found):
            return f"{title!r} is also stopped by {missing[0]!r} alone."
    return None


@exercise(
    "07.5",
    name="switches",
    expects="a set of names out of DEFENCES, such as {'https', 'rotate'}",
    value=True,
    hints=(
        "Begin with one switch for each theft: the matrix shows which one stops it.",
        "Two of the eight sign honest customers out. A report lists them under `signed_out`.",
        "Six are needed: all of DEFENCES but 'agent' and 'address'.",
    ),
)
def grade_switches(switches: object) -> str | None:
    if not isinstance(switches, set | frozenset | list | tuple):
        return f"{short(switches)} is not a set of names."
    chosen = list(map(str, switches))
    if unknown := sorted(set(chosen) - set(DEFENCES)):
        return f"{short(unknown[0])} is not one of the names in DEFENCES."
    report = redteam(build_bank("session", chosen))
    titles = {attack.id: attack.title for attack in report.attacks if not attack.residual}
    if through := [titles[one.attack] for one in report.stolen if one.attack in titles]:
        more = f", and {len(through) - 1} more" if len(through) > 1 else ""
        return f"Mallory still gets through: {through[0]!r}{more}."
    if report.signed_out:
        visit = report.signed_out[0]
        return f"The thefts are stopped, but {visit.who} must log in again ({visit.story})."
    return None
