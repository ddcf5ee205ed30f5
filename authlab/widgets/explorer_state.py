"""What the session explorer shows: four banks, alike but for their store, and what each one holds.

Everything here is the real thing: a Flask bank for each store, a customer's browser, and the
stores' own dictionary, folder, database and Redis, read back without `Sessions`. No ipywidgets.
"""

import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from authlab.bank import PASSWORDS, Accounts, Customer, SessionAuth, make_bank
from authlab.clock import Clock
from authlab.sessions import Sessions, Store, open_store
from authlab.web import Browser, Network

__all__ = ["EMPTY", "STORES", "Exploration", "Held", "Seen", "read_held", "span"]

STORES = {
    "memory, a dictionary": "memory://",
    "file, one an entry": "file:///{folder}/files",
    "SQLite, a row an entry": "sqlite:///{folder}/sessions.db",
    "Redis (embedded), a key an entry": "fakeredis://",
}
EMPTY = {  # what an empty store answers
    "memory": "records is {}",
    "file": "no entry in the folder",
    "sqlite": "SELECT finds no row",
    "fakeredis": "SCAN finds no key",
}
START = 1_800_000_000  # Unix seconds: 08:00 UTC; the panel's clock moves when the learner moves it
IDLE, ABSOLUTE = 1800, 43200  # seconds, those that Sessions has by default
COOKIE = "__Host-sid"


class Held(NamedTuple):
    """One entry as its store keeps it: how it was asked for, what came, seconds until it ends."""

    key: str
    question: str
    answer: str
    left: float


class Seen(NamedTuple):
    """What the panel shows of one bank.

    `handle` is the SHA-256 of the browser's id, in hex; `exchange` the last request, with its
    answer; `last` says which it was and when; `clock` the time; the rest seconds and entries.
    """

    ok: bool
    verdict: str
    cookie: str | None
    handle: str
    exchange: str
    last: str
    clock: str
    idle_left: float
    absolute_left: float
    held: list[Held]


class Exploration:
    """The four banks on one clock; whatever is done, is done at all of them."""

    def __init__(self) -> None:
        self.clock = Clock(START)
        folder = Path(tempfile.mkdtemp(prefix="authlab-"))
        self.scenes: dict[str, _Scene] = {}
        # Also when nobody calls close(): a notebook's kernel ends without asking.
        self.close = weakref.finalize(self, _clean, folder, self.scenes)
        # Four log-ins at a click: a hash as strong as a real bank's would be felt. The password
        # is printed in the lessons anyway.
        accounts = Accounts({"alice": PASSWORDS["alice"]}, method="scrypt:256:8:1")
        for name, url in STORES.items():
            self.scenes[name] = _Scene(url.format(folder=folder), self.clock, accounts)
        self.log_in()
        self.wait(5)

    def log_in(self) -> None:
        """Alice types her password: every bank gives her browser a new id."""
        for scene in self.scenes.values():
            scene.call("/login", {"user": "alice", "password": PASSWORDS["alice"]})
            scene.began, scene.forgot, scene.left = self.clock.now(), False, False

    def request(self) -> None:
        """Alice looks at her balance."""
        for scene in self.scenes.values():
            scene.call("/balance")

    def log_out(self) -> None:
        """Alice presses the log-out button."""
        for scene in self.scenes.values():
            scene.left = scene.call("/logout", {}) == 200 or scene.left

    def wait(self, minutes: float) -> None:
        """Time goes by, and nobody does anything."""
        self.clock.advance(minutes=minutes)

    def restart(self) -> None:
        """Each bank's process ends and a new one begins. Redis is a process of its own."""
        for scene in self.scenes.values():
            scene.restart()

    def look(self, name: str) -> Seen:
        """Return what one of `STORES` holds, and whether its bank still knows Alice."""
        return self.scenes[name].look()


class _Scene:
    """One bank on one store, and Alice's browser."""

    def __init__(self, url: str, clock: Clock, accounts: Accounts) -> None:
        self._url, self._clock, self._accounts = url, clock, accounts
        self._network = Network()
        self.store = open_store(url, clock)
        self._open_bank()
        self._alice = Customer("alice", Browser(self._network, clock))
        self.exchange = ""
        self.began = self.seen = self.clicked = clock.now()
        self.clicks = 0
        self.forgot = self.left = False

    def call(self, path: str, data: dict[str, Any] | None = None) -> int:
        """Send one request from Alice's page, note it, and return the status."""
        if self._alice.page is None:
            self._alice.open()
        before = self.cookie
        knows = self.knows(before)
        reply = self._alice.call(path, data)
        if knows or path == "/login":
            self.seen = self._clock.now()
        lines = [f"{'GET' if data is None else 'POST'} {path}"]
        lines.append(f"Cookie: {COOKIE}={before}" if before else "(no cookie)")
        lines.append(f"answer: {reply.status} {reply.text}")
        if self.cookie != before:
            now = f"{COOKIE}={self.cookie}" if self.cookie else "gone"
            lines.append(f"the browser's cookie is now {now}")
        self.exchange = "\n".join(lines)
        self.clicks, self.clicked = self.clicks + 1, self._clock.now()
        return reply.status

    def restart(self) -> None:
        """Begin the bank anew on the same place."""
        if self.store.name.startswith("fakeredis"):
            self._open_bank()
            return
        knew = self.knows(self.cookie)
        self.store.close()
        self.store = open_store(self._url, self._clock)
        self._open_bank()
        self.forgot = self.forgot or (knew and not self.knows(self.cookie))

    @property
    def cookie(self) -> str | None:
        """The id that Alice's browser holds."""
        return next((c.value for c in self._alice.browser.jar if c.name == COOKIE), None)

    def knows(self, session_id: str | None) -> bool:
        """Say whether the store has a live record; asking so starts no idle time anew."""
        return bool(session_id and self.store.get(f"session:{_digest(session_id)}"))

    def look(self) -> Seen:
        """Return what there is to see, the record of the browser's own session first."""
        now, cookie = self._clock.now(), self.cookie
        ok, handle = self.knows(cookie), _digest(cookie) if cookie else ""
        held = sorted(read_held(self.store), key=lambda one: (handle not in one.key, one.key))
        return Seen(
            ok,
            "Logged in: the server knows this id" if ok else f"Logged out: {self._why(now)}",
            cookie,
            handle,
            self.exchange,
            f"number {self.clicks}, at {_time(self.clicked)}",
            _time(now),
            max(0.0, self.seen + IDLE - now),
            max(0.0, self.began + ABSOLUTE - now),
            held,
        )

    def _why(self, now: float) -> str:
        if self.left:
            return "the record is deleted, and the browser dropped its id"
        if self.forgot:
            return "the server restarted, and its dictionary went with the old process"
        if self.began + ABSOLUTE <= self.seen + IDLE:  # what came first, ended it
            return f"{span(ABSOLUTE)} have passed since log-in, however busy Alice was"
        return f"idle for {span(now - self.seen)}, the limit is {span(IDLE)}"

    def _open_bank(self) -> None:
        auth = SessionAuth(Sessions(self.store, idle=IDLE, absolute=ABSOLUTE))
        make_bank(auth, network=self._network, accounts=self._accounts)


def read_held(store: Store) -> Iterator[Held]:
    """Yield every entry of a store, ended ones that still lie there too, read by the store's own
    means: the dictionary, the files, SQL, Redis commands."""
    found: Any = store
    now = store.clock.now()
    match store.name.partition(":")[0]:
        case "memory":
            for key, (ends, value) in sorted(found.records.items()):
                yield Held(key, f"records[{key!r}]", repr((ends, value)), ends - now)
        case "file":
            for path in sorted(found.folder.glob("??/" + "?" * 64)):
                text = path.read_bytes().decode(errors="replace")
                head, _, body = text.partition("\n")
                key = body[: int(head.split()[1])]
                name = path.relative_to(found.folder).as_posix()
                yield Held(key, f"the file {name}", text, float(head.split()[0]) - now)
        case "sqlite":
            sql = "SELECT key, value, ends FROM entries"
            database = sqlite3.connect(found.path)
            try:
                rows = database.execute(sql).fetchall()
            finally:
                database.close()
            for key, value, ends in rows:
                text = f"key    {key.decode()}\nvalue  {value.decode()}\nends   {ends}"
                yield Held(key.decode(), f"a row of: {sql}", text, ends - now)
        case "fakeredis":
            for raw in sorted(found.client.scan_iter("*")):
                key, value, left = raw.decode(), found.client.get(raw), found.client.ttl(raw)
                text = f"{value.decode()}\nTTL: {left} seconds"
                yield Held(key, f"GET {key}", text, float(left))


def span(seconds: float) -> str:
    """Return a time as people say it: "31 minutes", "1 hour 5 minutes"."""
    hours, minutes = divmod(round(seconds / 60), 60)
    parts = [(hours, "hour"), (minutes, "minute")]
    said = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(said) or "0 minutes"


def _time(now: float) -> str:
    return f"{int(now % 86400) // 3600:02}:{int(now % 3600) // 60:02}"


def _digest(session_id: str) -> str:
    return sha256(session_id.encode()).hexdigest()


def _clean(folder: Path, scenes: dict[str, _Scene]) -> None:
    for scene in scenes.values():
        scene.store.close()
    shutil.rmtree(folder, ignore_errors=True)
