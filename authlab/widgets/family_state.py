"""What the refresh family tree shows: one family of refresh tokens, and who holds which token.

Everything here is done by `RefreshTokens` on a memory store. No ipywidgets.
"""

from typing import Any, NamedTuple

from authlab.clock import Clock
from authlab.revocation.errors import InvalidRefreshToken, RefreshReused
from authlab.revocation.families import Member, name_of
from authlab.revocation.refresh import RefreshTokens
from authlab.sessions.memory import MemoryStore

__all__ = ["DAY", "GRACE", "POLICIES", "Lab", "Policy", "Race", "Seen", "race", "span"]

START = 1_800_000_000  # Unix seconds; the clock moves when the learner moves it
GRACE = 10  # seconds, where there is a window
DAY = 86_400


class Policy(NamedTuple):
    """One way to keep a family: what it is called, and the options of `RefreshTokens`."""

    title: str
    options: dict[str, Any]


POLICIES = {
    "strict": Policy("Strict: no window for retries", {}),
    "right": Policy(f"Window of {GRACE} s: the same child again", {"grace": GRACE}),
    "wrong": Policy(
        f"Window of {GRACE} s: a second child (wrong)", {"grace": GRACE, "grace_mints": True}
    ),
    "blind": Policy("No reuse detection", {"detect_reuse": False}),
}


class Race(NamedTuple):
    """What two tabs come to: whether Alice stays logged in, the sentence, how many live chains."""

    ok: bool
    says: str
    chains: int


class Seen(NamedTuple):
    """What the panel shows: the verdict, what happened last, the family, who holds what.

    `holds` maps a member's number to the letters of those who hold it, `asked` to the one who asked
    for it. `over` says that the family has ended. `elsewhere` is the number of the token with
    which Mallory goes on in a family that Alice has left. `forks`: this bank can have two chains.
    """

    ok: bool | None
    verdict: str
    story: list[str]
    members: list[Member]
    holds: dict[int, str]
    asked: dict[int, str]
    over: bool
    elsewhere: int | None
    forks: bool


class Lab:
    """Alice's browser with two tabs, Mallory, and the bank between them."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.clock = Clock(START)
        self.store = MemoryStore(self.clock)
        self.bank = _make_bank(policy, self.store, self.clock)
        self.story: list[str] = []
        self.copied = self.used = False  # whether Mallory has a copy, and has come with it
        self.stolen = ""  # what Mallory holds
        self.log_in()

    def log_in(self) -> None:
        """Alice types her password: a new family begins. The old one goes on, if it did."""
        if not (self.stolen and self._would(self.stolen)):
            self.copied = self.used = False
            self.stolen = ""
        self.held = self.bank.issue("alice")
        self.asked: dict[int, str] = {0: "A"}
        self._tell("Alice logs in: token 0 begins a new family.")

    def renew(self, *, lost: bool = False) -> None:
        """Alice's browser exchanges the token it holds; a reply that is lost it never reads."""
        sent = self._number(self.held)
        got, why = self._exchange(self.held, "A")
        if got is None:
            self._tell(f"Alice sends token {sent} and {why}.")
        elif lost:
            made = f"the bank answers with token {self._number(got)}, and the reply is lost"
            self._tell(f"Alice sends token {sent}; {made}.")
        else:
            self.held = got
            self._tell(f"Alice sends token {sent} and gets token {self._number(got)}.")

    def two_tabs(self, gap: float) -> None:
        """Both tabs send the token that the browser held; tab 2 comes `gap` seconds later."""
        old, sent = self.held, self._number(self.held)
        first, why = self._exchange(old, "A")
        self.clock.advance(gap)
        second, why_not = self._exchange(old, "A")
        answers = []
        for name, got, reason in (("tab 1", first, why), ("tab 2", second, why_not)):
            answers.append(f"{name} {f'gets token {self._number(got)}' if got else reason}")
            self.held = got or self.held
        after = span(gap)
        self._tell(f"Both tabs send token {sent}, {after} apart: {', '.join(answers)}.")

    def copy(self) -> None:
        """Malware copies what Alice's browser holds."""
        self.stolen, self.copied, self.used = self.held, True, False
        self._tell(f"Mallory copies token {self._number(self.held)} from Alice's browser.")

    def steal(self) -> None:
        """Mallory exchanges what she holds."""
        if not self.stolen:
            self._tell("Mallory has nothing to send: she must copy a token first.")
            return
        where = " of the old family" if self._apart() else ""
        sent = f"{self._number(self.stolen)}{where}"
        got, why = self._exchange(self.stolen, "M")
        self.used = True
        if got is None:
            self._tell(f"Mallory sends token {sent} and {why}.")
        else:
            self.stolen = got
            self._tell(f"Mallory sends token {sent} and gets token {self._number(got)}.")

    def wait(self, seconds: float) -> None:
        """Time goes by, and nobody does anything."""
        self.clock.advance(seconds)
        self._tell(f"{span(seconds)} go by.")

    def look(self) -> Seen:
        """Return what there is to see."""
        family = self.bank.family(self.held)
        holds = {self._number(self.held): "A"}
        elsewhere = None
        if self.stolen:
            number = self._number(self.stolen)
            if self._apart():
                elsewhere = number if self._would(self.stolen) else None
            else:
                holds[number] = holds.get(number, "") + "M"
        ok, verdict = self._judge(family.over)
        forks = bool(POLICIES[self.policy].options.get("grace_mints"))
        over = bool(family.over)
        return Seen(
            ok, verdict, self.story[-6:], family.members, holds, self.asked, over, elsewhere, forks
        )

    def _apart(self) -> bool:
        """Say whether Mallory holds a token of a family that Alice has left."""
        return bool(self.stolen) and name_of(self.stolen) != name_of(self.held)

    def _judge(self, over: str) -> tuple[bool | None, str]:
        """Return who is signed in, by what each of them would be answered now."""
        alice, mallory = self._would(self.held), bool(self.stolen) and self._would(self.stolen)
        rule = "(RFC 9700, 4.14.2)"
        if alice and mallory:
            if self._apart():
                return False, "Nobody has noticed: Mallory goes on in the family that Alice left"
            if self.used and self.held == self.stolen:
                return None, "Not noticed yet: both hold the same token, and one will come second"
            if self.used:
                return False, "Nobody has noticed: Alice and Mallory both go on"
            return None, "Not decided yet: Mallory holds a copy of a token that still works"
        if alice:
            spent = ", and what Mallory holds is worth nothing" if self.copied else ""
            return True, f"Alice goes on{spent}"
        if mallory:
            return False, "Alice is signed out, and Mallory goes on in her name"
        if over and self.used:
            return True, f"The theft came to light: the family ended, for both of them {rule}"
        if over:
            return False, f"Alice is signed out, and no thief had come: a token came twice {rule}"
        return False, "Alice is signed out: she holds a used token, and gets no other for it"

    def _would(self, token: str) -> bool:
        """Say whether the bank would take a token now; nothing changes."""
        copy = MemoryStore(self.clock)
        copy.records = dict(self.store.records)
        try:
            _make_bank(self.policy, copy, self.clock).exchange(token)
        except InvalidRefreshToken:
            return False
        return True

    def _exchange(self, token: str, who: str) -> tuple[str | None, str]:
        """Return the next token, or None and why not."""
        before = self.bank.family(token)
        try:
            got = self.bank.exchange(token).refresh
        except RefreshReused:
            ended = not before.over and self.bank.family(token).over
            more = ", and the family ends" if ended else ""
            return None, f"is refused: it was used before{more}"
        except InvalidRefreshToken:
            return None, "is refused: the family has ended"
        number = self._number(got)
        if name_of(got) != name_of(self.held):
            return got, ""  # the family that Alice left is not drawn
        self.asked[number] = "".join(sorted({*self.asked.get(number, ""), who}))
        return got, ""

    def _number(self, token: str) -> int:
        asked = self.bank.family(token).asked
        return -1 if asked is None else asked

    def _tell(self, text: str) -> None:
        now = int(self.clock.now() - START)
        self.story.append(f"{now // 3600}:{now // 60 % 60:02}:{now % 60:02} {text}")


def race(policy: str, gap: float) -> Race:
    """Let two tabs of one browser send the same token, `gap` seconds apart, on a fresh family."""
    lab = Lab(policy)
    lab.two_tabs(gap)
    seen = lab.look()
    chains = sum(member.live for member in seen.members)
    if not seen.ok:
        return Race(False, "the family ends, and Alice must log in again", chains)
    if chains > 1:
        return Race(
            True, "Alice stays in, but two chains live: each tab has a child of its own", chains
        )
    refused = any("refused" in line for line in seen.story)
    other = "Alice stays in: tab 2 is refused, and goes on with what tab 1 got" if refused else ""
    return Race(
        True, other or "Alice stays in, and one chain lives: both tabs get the same child", chains
    )


def span(seconds: float) -> str:
    """Return a time as people say it: "20 ms", "9.9 s", "5 minutes"."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} minute{'' if seconds == 60 else 's'}"


def _make_bank(policy: str, store: MemoryStore, clock: Clock) -> RefreshTokens:
    options = POLICIES[policy].options
    return RefreshTokens(store, clock, ttl=14 * DAY, access=_no_access, **options)


def _no_access(user: str) -> str:
    return ""
