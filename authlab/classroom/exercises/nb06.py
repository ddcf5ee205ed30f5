"""What the exercises of 06_build_sessions accept."""

import math
import random
import re
import secrets
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from authlab.bank import PASSWORDS, Accounts, Customer, load_balancer
from authlab.classroom.exercises import Answer, Wrong, exercise, short
from authlab.clock import Clock
from authlab.sessions import Sessions, open_store
from authlab.web import Browser, Network, WebError

_SAMPLES = 1500  # ids: enough to see every letter of a 64-letter alphabet at every position


@exercise(
    "06.1",
    name="start",
    expects="a pair: the id for the browser, and a dict of one entry for the store, "
    "{SHA-256 of the id in hex: {'user': user}}",
    hints=(
        "Three lines: draw an id, compute the key from it, return both.",
        "`secrets.token_urlsafe(16)` has 128 bits. `sha256` takes bytes: `.encode()`.",
        "`session_id = secrets.token_urlsafe(16)`, then return "
        "`session_id, {sha256(session_id.encode()).hexdigest(): {'user': user}}`.",
    ),
)
def grade_start(start: Answer) -> str | None:
    ids = [_read_start(start, "alice")]
    _read_start(start, f"Zoë {secrets.token_hex(2)}")
    state = random.getstate()
    try:
        again = []
        for _ in range(2):
            random.seed(6)
            again.append(_read_start(start, "alice"))
    finally:
        random.setstate(state)
    if again[0] == again[1]:
        return "Whoever knows the seed of `random` knows your ids: draw them from `secrets`."
    ids += [_read_start(start, "alice") for _ in range(_SAMPLES)]
    if len(set(ids)) < len(ids):
        return "The same id came twice. Draw each one anew, from `secrets`."
    width = max(map(len, ids))
    columns = zip(*(session_id.ljust(width) for session_id in ids), strict=True)
    bits = sum(math.log2(len(set(column))) for column in columns)
    if bits < 127:  # a letter that was not drawn by chance costs a fraction of a bit
        return f"Your ids have about {bits:.0f} random bits, expected 128 or more (ASVS 7.2.3)."
    return None


def _read_start(start: Answer, user: str) -> str:
    """Return the id of one call, or say what is wrong with what came."""
    got = start(user)
    match got:
        case (str(session_id), dict(entry)) if len(entry) == 1:
            pass
        case _:
            raise Wrong(f"`start` returned {short(got)}, not an id and a dict of one entry.")
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", session_id):
        raise Wrong(f"The id {short(session_id)} has characters that do not fit into a cookie.")
    [(key, record)] = entry.items()
    if key == session_id:
        raise Wrong("The key is the id itself. Who reads the store must not find ids in it.")
    if key != sha256(session_id.encode()).hexdigest():
        raise Wrong(f"The key {short(key)} is not the SHA-256 of the id, in hex.")
    if record != {"user": user}:
        raise Wrong(f"The record is {short(record)}, not {{'user': {user!r}}}.")
    return session_id


@exercise(
    "06.2",
    name="live_users",
    expects="a sorted list of names, each once, such as ['alice', 'bob']",
    hints=(
        "The table is `entries`, with key, value and ends. What lives has `ends` above `now`.",
        "Keys and values are bytes. Take the keys that start with b'session:', and read the "
        "value with `json.loads`. A visitor who has not logged in has the user ''.",
        "`rows = sqlite3.connect(path).execute('SELECT key, value FROM entries WHERE ends > ?', "
        "(now,))`, then collect `json.loads(value)['user']` in a set where the key starts with "
        "b'session:', leave '' out, and sort.",
    ),
)
def grade_live_users(live_users: Answer) -> str | None:
    clock = Clock(1_800_000_000)
    name = f"erin{secrets.token_hex(2)}"
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.db"
        with open_store(f"sqlite:///{path}", clock) as store:
            sessions = Sessions(store, idle=600)
            sessions.start("bob")
            clock.advance(minutes=9)
            for user in ("carol", "alice", "alice", ""):
                sessions.start(user)
            ended = sessions.start("dave")
            sessions.end(ended.id)
            clock.advance(minutes=2)
            sessions.start(name)
            # bob: idle for 11 minutes; his row may still lie there
            wanted = [(clock.now(), sorted(["alice", "carol", name]))]
            wanted.append((clock.now() + 540, [name]))
            wanted.append((clock.now() + 600, []))
            for now, want in wanted:
                got = live_users(str(path), now)
                if not isinstance(got, list):
                    return f"`live_users` returned {short(got)}, not a list."
                if "" in got:
                    return "A visitor who has not logged in has the user '': leave that one out."
                if "bob" in got:
                    return "It names bob, whose session timed out: look at the column `ends`."
                if not got and want:
                    return (
                        f"It returned [], expected {short(want)}. Do you compare keys with text? "
                        "They are bytes, such as b'session:', and SQL's LIKE finds none of them."
                    )
                if got != want:
                    return f"It returned {short(got)}, expected {short(want)}."
    return None


@exercise(
    "06.3",
    name="is_live",
    expects="True or False: neither clock has run out",
    hints=(
        "Two questions: how long since it was last seen, and how long since it was created?",
        "Both must be below their limit. At the limit itself the session is over.",
        "Return `now - record['seen'] < idle and now - record['created'] < absolute`.",
    ),
)
def grade_is_live(is_live: Answer) -> str | None:
    day = 1_800_000_000 + secrets.randbelow(10**6)
    cases = (
        ("one minute old and seen a moment ago", 60, 0, True),
        ("idle for 29 minutes of 30", 3600, 29 * 60, True),
        ("idle for 30 minutes of 30", 3600, 30 * 60, False),
        ("idle for 31 minutes of 30", 3600, 31 * 60, False),
        ("11 hours 59 minutes old and busy", 43140, 5, True),
        ("12 hours old and busy", 43200, 5, False),
        ("a day old and idle for an hour", 86400, 3600, False),
    )
    for what, age, unseen, want in cases:
        now = day + age
        record = {"user": "alice", "created": day, "seen": now - unseen}
        if bool(is_live(record, now, 1800, 43200)) != want:
            said, truth = ("over", "alive") if want else ("alive", "over")
            return f"A session that is {what} is {truth}; `is_live` says it is {said}."
    short_one = {"user": "alice", "created": day, "seen": day}
    if is_live(short_one, day + 90, 60, 120):
        return "With idle=60 a session unseen for 90 seconds is over: use the arguments."
    return None


@exercise(
    "06.4",
    name="end_others",
    expects="a dict: the records that stay",
    hints=(
        "Which records stay? All of other users, and one of hers.",
        "The keys are handles, SHA-256 in hex. Compute the handle of `keep` to know it.",
        "`kept = sha256(keep.encode()).hexdigest()`, then return `{handle: record for handle, "
        "record in records.items() if record['user'] != user or handle == kept}`.",
    ),
)
def grade_end_others(end_others: Answer) -> str | None:
    people = ("alice", "bob", "alice", "carol", "alice", "bob")
    ids = {secrets.token_urlsafe(16): user for user in people}
    records = {_handle(one): {"user": user, "n": n} for n, (one, user) in enumerate(ids.items())}
    for user in ("alice", "bob"):
        hers = [one for one, owner in ids.items() if owner == user]
        for keep in (hers[0], hers[-1], secrets.token_urlsafe(16)):
            want = {h: r for h, r in records.items() if r["user"] != user or h == _handle(keep)}
            got = end_others(records, user, keep)
            if not isinstance(got, dict):
                return f"`end_others` returned {short(got)}, not a dict."
            if keep in hers and _handle(keep) not in got:
                return f"It ended the session in which {user} changed the password, too."
            if any(h not in got for h, r in records.items() if r["user"] != user):
                return f"It ended sessions of somebody else: only those of {user} may go."
            if got != want:
                left = sum(r.get("user") == user for r in got.values() if isinstance(r, dict))
                expected = sum(r["user"] == user for r in want.values())
                return f"{left} sessions of {user} are left, expected {expected}."
    return None


def _handle(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()


@exercise(
    "06.5",
    name="two_servers",
    expects="a list of two banks that share what they must, each made by make_bank",
    seconds=20,
    hints=(
        "What did the two servers lack in the row that failed?",
        "Either both get a `Sessions` on one and the same store, or both get one and the same key. "
        "And both need the `accounts`.",
        "`store = open_store('fakeredis://')`, then return "
        "`[make_bank(SessionAuth(Sessions(store)), accounts=accounts) for _ in range(2)]`.",
    ),
)
def grade_two_servers(two_servers: Answer) -> str | None:
    people = {name: PASSWORDS[name] for name in ("alice", "bob")}
    apps = two_servers(Accounts(people, method="scrypt:1024:8:1"))
    if not isinstance(apps, list | tuple) or len(apps) != 2 or not all(map(callable, apps)):
        return f"`two_servers` returned {short(apps)}, not a list of two banks."
    if apps[0] is apps[1]:
        return "Both are the same server. Make two: each could run on a machine of its own."
    network = Network()
    network.host("https://bank.test", load_balancer(apps))
    alice, stranger = (Customer("alice", Browser(network)) for _ in range(2))
    try:
        return _judge_servers(alice, stranger)
    except WebError as error:
        return f"One of the two does not answer as the bank does: {short(str(error))}."


def _judge_servers(alice: Customer, stranger: Customer) -> str | None:
    if (status := alice.log_in().status) != 200:
        return f"Alice cannot log in: the answer is {status}."
    statuses = [alice.balance().status for _ in range(6)]
    if statuses != [200] * 6:
        return (
            f"Alice logged in once and asked six times, and the answers are {statuses}. "
            "A server that answers 401 does not know what the other one knows."
        )
    rest: Any = alice.transfer("bob", 10).json()["balance"]
    if {alice.balance().json()["balance"] for _ in range(2)} != {rest}:
        return "The two servers do not agree on her balance: give both the same `accounts`."
    if [stranger.balance().status for _ in range(2)] != [401, 401]:
        return "Somebody who never logged in sees a balance, too."
    return None
