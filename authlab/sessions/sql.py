"""A store in one SQLite file: shared by the processes of one machine, looked into with SQL."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from authlab.clock import Clock
from authlab.sessions.base import Change, Store

__all__ = ["SqlStore"]

_PATIENCE = 0.4  # seconds to wait for the other threads, and again for the other processes
_SWEEP_EVERY = 1000  # writes of this process
_MOST_SWEPT = 2000  # rows at once: nobody waits long
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB, ends REAL)",
    "CREATE INDEX IF NOT EXISTS entries_by_end ON entries (ends)",
)
# CAST, because SQLite gives a text for a value that somebody wrote by hand.
_GET = "SELECT CAST(value AS BLOB) FROM entries WHERE key = ? AND ends > ?"
_SET = """
    INSERT INTO entries (key, value, ends) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, ends = excluded.ends
"""


class _Here:
    """What one process has open. A fork must not use the connections or locks of its parent."""

    def __init__(self) -> None:
        self.idle: list[sqlite3.Connection] = []
        self.writing = threading.Lock()


class SqlStore(Store):
    """Keep entries in the table `entries` of the SQLite database `path`, made if absent (0600).

    A row holds `key` and `value` as BLOB and `ends` in Unix seconds. Write-ahead log (WAL), so
    readers never wait. What a call has stored survives the death of the process; a power cut may
    cost the last moments, never the database. Ended rows are swept with every 1,000 writes.

    Needs a local disk: SQLite's WAL does not work over a network file system. A process may fork
    while no thread of it writes: else the child finds the database locked for good.
    """

    _troubles = (sqlite3.Error, OSError)

    def __init__(self, path: str | Path, clock: Clock | None = None) -> None:
        self.path = Path(path).absolute()
        self._text = str(self.path)
        super().__init__(f"sqlite:///{self.path}", clock)
        self._processes: dict[int, _Here] = {}
        self._writes = 0
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._file = self._identity()
            self._prepare()
        except (*self._troubles, RecursionError) as error:  # a thousand folders, one in another
            raise self._unavailable(error) from error

    def _get(self, key: str) -> bytes | None:
        rows = self._run(_GET, key.encode(), self.clock.now())
        return rows[0][0] if rows else None

    def _set(self, key: str, value: bytes, ttl: float) -> None:
        self._write(_SET, key.encode(), value, self.clock.now() + ttl)

    def _add(self, key: str, value: bytes, ttl: float) -> bool:
        now = self.clock.now()
        sql = f"{_SET} WHERE entries.ends <= ? RETURNING 1"
        return bool(self._write(sql, key.encode(), value, now + ttl, now))

    def _pop(self, key: str) -> bytes | None:
        sql = "DELETE FROM entries WHERE key = ? RETURNING CAST(value AS BLOB), ends > ?"
        rows = self._write(sql, key.encode(), self.clock.now())
        return rows[0][0] if rows and rows[0][1] else None

    def _touch(self, key: str, ttl: float) -> bool:
        now = self.clock.now()
        sql = "UPDATE entries SET ends = ? WHERE key = ? AND ends > ? RETURNING 1"
        return bool(self._write(sql, now + ttl, key.encode(), now))

    def _update(self, key: str, change: Change, ttl: float) -> bytes | None:
        name = key.encode()
        with self._turn(), self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")  # no other writer until COMMIT
            now = self.clock.now()
            row = connection.execute(_GET, (name, now)).fetchone()
            new = change(row[0] if row else None)
            if new is None:
                connection.execute("DELETE FROM entries WHERE key = ?", (name,))
            else:
                connection.execute(_SET, (name, new, now + ttl))
            connection.execute("COMMIT")
            return new

    def _keys(self, prefix: str) -> Iterator[str]:
        # The byte 255 is in no UTF-8 text, so it sorts after every key with this prefix.
        start, end = prefix.encode(), prefix.encode() + b"\xff"
        sql = "SELECT key FROM entries WHERE key >= ? AND key < ? AND ends > ?"
        for row in self._run(sql, start, end, self.clock.now()):
            with suppress(UnicodeDecodeError):  # not a key of ours
                yield row[0].decode()

    def _close(self) -> None:
        idle = self._here().idle
        with suppress(IndexError):  # others may be emptying it too
            while True:
                idle.pop().close()

    def _run(self, sql: str, *values: Any) -> list[Any]:
        with self._connection() as connection:
            return connection.execute(sql, values).fetchall()  # to the end: then it is committed

    def _write(self, sql: str, *values: Any) -> list[Any]:
        with self._turn():
            rows = self._run(sql, *values)
            self._writes += 1
            if self._writes >= _SWEEP_EVERY:
                self._writes = 0
                sql = f"""DELETE FROM entries WHERE key IN
                          (SELECT key FROM entries WHERE ends <= ? LIMIT {_MOST_SWEPT})"""
                with suppress(*self._troubles):  # what the caller asked for is done
                    self._run(sql, self.clock.now())
        return rows

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one thread write at a time. SQLite would make them poll, and starve some."""
        writing = self._here().writing
        if not writing.acquire(timeout=_PATIENCE):
            raise sqlite3.OperationalError("another thread is writing")
        try:
            yield
        finally:
            writing.release()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection of this process; whatever fails closes it, and undoes what it began."""
        connection = self._take()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        if self._identity() != self._file:  # SQLite would go on with a file that nobody finds
            raise OSError("its file was replaced")
        try:
            return self._here().idle.pop()
        except IndexError:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._here().idle.append(connection)
        if self._closed:  # meanwhile, by another thread
            self._close()

    def _connect(self) -> sqlite3.Connection:
        # The pool hands a connection to one thread at a time, so sqlite3 need not look after that.
        connection = sqlite3.connect(
            self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _prepare(self) -> None:
        """Switch to WAL and make the table; several processes may be doing so at this moment."""
        deadline = monotonic() + 2 * _PATIENCE
        while True:
            try:
                self._run("PRAGMA journal_mode = WAL")
                for sql in _SCHEMA:
                    self._run(sql)
                return
            except sqlite3.OperationalError:  # here SQLite does not wait by itself
                if monotonic() > deadline:
                    raise
                sleep(0.01)

    def _identity(self) -> tuple[int, int]:
        found = os.stat(self._text)  # noqa: PTH116  (with each call: a Path is slower)
        return found.st_dev, found.st_ino

    def _here(self) -> _Here:
        process = os.getpid()
        return self._processes.get(process) or self._processes.setdefault(process, _Here())
