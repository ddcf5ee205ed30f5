"""What the exercises of 11_rotate_refresh_tokens accept."""

import secrets
from hashlib import sha256
from typing import Any

from authlab.classroom.exercises import Answer, Wrong, exercise, short
from authlab.clock import Clock
from authlab.revocation.errors import InvalidRefreshToken, RefreshReused
from authlab.revocation.refresh import RefreshTokens
from authlab.sessions import open_store

_DAY = 86_400  # seconds


@exercise(
    "11.1",
    name="judge",
    expects="one of the words 'exchange', 'reused', 'ended' and 'unknown'",
    hints=(
        "Compute the SHA-256 of the token once. Where can it be found: in used, in live, nowhere?",
        "Look into `used` first: that answer does not depend on `over`. Then compare with `live`.",
        "`h = sha256(token.encode()).hexdigest()`; if `h in family['used']` it is 'reused'; if "
        "`h != family['live']` it is 'unknown'; else 'ended' if `family['over']`, else 'exchange'.",
    ),
)
def grade_judge(judge: Answer) -> str | None:
    tokens = [secrets.token_urlsafe(32) for _ in range(4)]
    digests = [sha256(token.encode()).hexdigest() for token in tokens]
    stranger = secrets.token_urlsafe(32)
    for over in (False, True):
        family = {"user": "alice", "live": digests[3], "used": set(digests[:3]), "over": over}
        state = "has ended" if over else "goes on"
        cases = [(token, "reused", "a used token") for token in tokens[:3]]
        cases.append((tokens[3], "ended" if over else "exchange", "the live token"))
        cases.append((stranger, "unknown", "a text that was never given out"))
        cases.append((digests[3], "unknown", "the hash of the live token, read in the store,"))
        cases.append((digests[0], "unknown", "the hash of a used token, read in the store,"))
        for token, want, what in cases:
            if (got := judge(family, token)) != want:
                return f"Of a family that {state}, {what} is {want!r}; `judge` says {short(got)}."
    return None


@exercise(
    "11.2",
    name="may_retry",
    expects="True or False: may this token have its child again",
    hints=(
        "Three conditions: there is a window, it is still open, and the child is unused.",
        "Open means that less than `grace` seconds have passed since `used`. With `grace=0` and a "
        "clock that lies behind, `now - used` is below 0: ask for a window first.",
        "Return `grace > 0 and not child_used and now - used < grace`.",
    ),
)
def grade_may_retry(may_retry: Answer) -> str | None:
    used = 1_800_000_000 + secrets.randbelow(10**6)
    cases = (
        ("at the same moment, grace=10", 0, False, 10, True),
        ("9 seconds later, grace=10", 9, False, 10, True),
        ("exactly 10 seconds later, grace=10", 10, False, 10, False),
        ("11 seconds later, grace=10", 11, False, 10, False),
        ("29 seconds later, grace=30", 29, False, 30, True),
        ("1 second later, the child used, grace=10", 1, True, 10, False),
        ("at the same moment, grace=0", 0, False, 0, False),
        ("a second later, grace=0", 1, False, 0, False),
        ("50 ms *before* its use, by a clock that lies behind, grace=0", -0.05, False, 0, False),
        ("50 ms *before* its use, by a clock that lies behind, grace=10", -0.05, False, 10, True),
    )  # fmt: skip
    for what, after, child_used, grace, want in cases:
        if bool(may_retry(used, child_used, used + after, grace)) != want:
            verb = "may" if want else "may not"
            return f"A retry {what}: the token {verb} have its child again."
    return None


@exercise(
    "11.3",
    name="hides_a_thief",
    expects="True where two chains of one family can live side by side, else False",
    seconds=10,
    hints=(
        "Issue a token, and exchange it twice: once as Alice, once as a thief right behind her.",
        "Refused the second time: nobody hides. The same child twice: one chain. Two different "
        "children: are both alive? Exchange each of them to know. And catch InvalidRefreshToken.",
        "In a `try`: `a = refresh.exchange(token).refresh`, `b = refresh.exchange(token).refresh`; "
        "if `a == b` return False; exchange `a`, then `b`, and return True. In `except "
        "InvalidRefreshToken` return False.",
    ),
)
def grade_hides_a_thief(hides: Answer) -> str | None:
    cases: tuple[tuple[str, dict[str, Any], bool], ...] = (
        ("without a window", {}, False),
        ("with a window that gives the same child", {"grace": 10}, False),
        ("with a window that makes a second child", {"grace": 10, "grace_mints": True}, True),
        ("without reuse detection", {"detect_reuse": False}, False),
        ("with a long window, the same child", {"grace": 300}, False),
        ("with a short window that makes a second child", {"grace": 5, "grace_mints": True}, True),
        ("without rotation: one token for ever, one chain", {"rotate": False}, False),
    )
    for what, options, want in cases:
        clock = Clock(1_800_000_000 + secrets.randbelow(10**6))
        store = open_store("memory://", clock)
        # No two access tokens are the same: who compares the whole answers learns nothing.
        refresh = RefreshTokens(store, clock, ttl=_DAY, access=_new_access, **options)
        # As one object each, so that the function cannot tell them by anything but what they do.
        got = hides(_Sealed(refresh), clock)
        if not isinstance(got, bool):
            return f"`hides_a_thief` returned {short(got)}, not True or False."
        if got != want:
            live = "two chains can live" if want else "there are no two chains that live"
            return f"The bank {what}: {live} side by side; `hides_a_thief` says {got}."
    return None


class _Sealed:
    """The calls of RefreshTokens that a client could make, and nothing of its settings."""

    def __init__(self, refresh: RefreshTokens) -> None:
        self.issue, self.exchange, self.revoke = refresh.issue, refresh.exchange, refresh.revoke

    def __repr__(self) -> str:
        return "RefreshTokens(...)"


def _new_access(user: str) -> str:
    return secrets.token_hex(8)


@exercise(
    "11.4",
    name="make_refresh",
    expects="RefreshTokens on the store and the clock that it gets",
    seconds=10,
    hints=(
        "Which argument heals a lost reply, and how wide must it be at least, and at most?",
        "`ttl` is the time that somebody may stay away, `absolute` the end that no renewal moves. "
        "Two weeks away must be too long, 90 days busy as well.",
        "Return `RefreshTokens(store, clock, ttl=14 * 86400, grace=10, absolute=90 * 86400)`.",
    ),
)
def grade_make_refresh(make_refresh: Answer) -> str | None:
    first = _open(make_refresh)
    return (
        _judge_retries(first)
        or _judge_thieves(lambda: _open(make_refresh))
        or _judge_ends(lambda: _open(make_refresh))
    )


class _Bank:
    """One `RefreshTokens` of the learner's, its clock, and a way to ask it."""

    def __init__(self, refresh: RefreshTokens, clock: Clock) -> None:
        self.refresh, self.clock = refresh, clock

    def ask(self, token: str) -> str | None:
        try:
            return self.refresh.exchange(token, access=str).refresh
        except InvalidRefreshToken:
            return None


def _open(make_refresh: Answer) -> _Bank:
    clock = Clock(1_800_000_000)
    store = open_store("memory://", clock)
    refresh = make_refresh(store, clock)
    if not isinstance(refresh, RefreshTokens):
        raise Wrong(f"`make_refresh` returned {short(refresh)}, not RefreshTokens.")
    if refresh.store is not store or refresh.clock is not clock:
        raise Wrong("It is not on the store and the clock that `make_refresh` got.")
    return _Bank(refresh, clock)


def _judge_retries(bank: _Bank) -> str | None:
    for seconds, what in ((0, "Two tabs at once"), (3, "A reply that is lost for three seconds")):
        token = bank.refresh.issue("alice")
        child = bank.ask(token)
        bank.clock.advance(seconds)
        again = bank.ask(token)
        if child is None or again is None or bank.ask(again) is None:
            return f"{what} signed Alice out."
    token = bank.refresh.issue("alice")
    bank.ask(token)
    bank.clock.advance(60)
    try:
        bank.refresh.exchange(token, access=str)
    except RefreshReused:
        return None
    except InvalidRefreshToken:
        return "A used token that came a minute late was refused, and not taken as reuse."
    return "A used token was taken a minute late: the window is too wide, or nothing rotates."


def _judge_thieves(open_bank: Any) -> str | None:
    for what in ("first", "second", "right behind Alice"):
        bank = open_bank()
        copy = bank.refresh.issue("alice")
        if what == "first":
            alice, thief = copy, bank.ask(copy)
        else:
            alice = bank.ask(copy)
            bank.clock.advance(1 if what == "right behind Alice" else 300)
            thief = bank.ask(copy)
        for _ in range(3):  # each renews, minutes apart
            bank.clock.advance(240)
            alice = alice and bank.ask(alice)
            bank.clock.advance(60)
            thief = thief and bank.ask(thief)
        if thief:
            return f"A thief who comes {what} is still in after three renewals."
    return None


def _judge_ends(open_bank: Any) -> str | None:
    bank = open_bank()
    token = bank.refresh.issue("alice")
    bank.clock.advance(_DAY)
    if (token := bank.ask(token)) is None:
        return "Alice stayed away for one day, and was signed out: give her longer."
    bank.clock.advance(14 * _DAY)
    if bank.ask(token) is not None:
        return "Somebody stayed away for two weeks, and did not have to log in again."
    bank = open_bank()
    token = bank.refresh.issue("alice")
    for day in range(1, 91):
        bank.clock.advance(_DAY)
        if (token := bank.ask(token)) is None:
            return None if day == 90 else f"A busy user was signed out on day {day}, expected 90."
    return "A busy user was still in after 90 days: a family needs an end that nothing moves."
