"""Sessions: a random id for the browser, a record on the server (OWASP ASVS 5.0, V7).

Imports `records` and below. Two kinds of key in the store, both readable JSON:

- `session:<handle>`: the record. The handle is the SHA-256 of the id, so what a thief reads in
  the store opens nothing.
- `user:<SHA-256 of the user>`: the handles of this user's sessions, each with its absolute end.
  So nobody looks through all sessions to find one user's.

One rule keeps the two together: a handle is listed only after its record is stored. So a listed
handle without a record is dead for good, and anybody may take it off the list.
"""

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from authlab.clock import Clock
from authlab.sessions.base import LONGEST_TTL, Store, check_ttl
from authlab.sessions.errors import InvalidEntry, StoreError, UnknownSession
from authlab.sessions.records import (
    Session,
    check_user,
    copy_data,
    handle_of,
    list_key,
    read_list,
    read_record,
    record_key,
    write_list,
    write_record,
)

__all__ = ["Sessions"]

_FEWEST_BITS, _MOST_BITS = 64, 4096  # OWASP Session Management: at least 64; ASVS 7.2.3: 128
_MOST_IDS = 100  # tries for a free one; with 128 random bits the first is free
_TIDY_EVERY = 64  # entries on one user's list


class Sessions:
    """Start, load, rotate, list and end sessions kept in `store`.

    `idle` is the seconds a session lives without being loaded, 30 minutes by default; `absolute`
    the seconds it lives at all, 12 hours by default (ASVS 7.1.1, 7.3.1, 7.3.2). `id_bits` is the
    length of an id: 128 bits from `secrets` by default (ASVS 7.2.2, 7.2.3), not below 64. A lesson
    may plug in `new_id`, which gets the bits and returns an id. A user may have some 10,000
    sessions at once, what a list of 1 MiB holds (ASVS 7.1.2).

    A real Redis ends idle sessions by its own clock, the absolute end is by `clock`. Raises
    InvalidEntry for bad arguments and StoreUnavailable; an id may be anything at all.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        idle: float = 1800,
        absolute: float = 43200,
        id_bits: int = 128,
        new_id: Callable[[int], str] | None = None,
    ) -> None:
        check_ttl(idle, "bad idle timeout", "ASVS 5.0, 7.3.1")
        check_ttl(absolute, "bad absolute timeout", "ASVS 5.0, 7.3.2")
        if idle > absolute:
            found, expected = f"idle={idle:g}", f"at most absolute={absolute:g}"
            raise InvalidEntry("bad idle timeout", found, expected, "ASVS 5.0, 7.3.1")
        if type(id_bits) is not int or not _FEWEST_BITS <= id_bits <= _MOST_BITS:
            found = f"{id_bits!a:.40}"
            expected = f"a whole number from {_FEWEST_BITS} to {_MOST_BITS}, 128 or more"
            raise InvalidEntry("bad id_bits", found, expected, "ASVS 5.0, 7.2.3")
        self.store = store
        self.clock = clock or store.clock
        self.idle = idle
        self.absolute = absolute
        self.id_bits = id_bits
        self._new_id = new_id or _random_id

    def start(self, user: str, /, **data: Any) -> Session:
        """Start a session for `user`, "" for somebody who has not logged in."""
        check_user(user)
        now = self.clock.now()
        return self._create(Session("", user, now, now + self.absolute, copy_data(data), ""))

    def load(self, session_id: object) -> Session | None:
        """Return the live session with this id and start its idle time anew; None for any other."""
        session = self._read(handle_of(session_id))
        if session is None:
            return None
        session.id = str(session_id)
        # Touching, not writing: a session that ended in between stays ended.
        touched = self.store.touch(record_key(session.handle), self._left(session.ends))
        return session if touched else None

    def rotate(self, session_id: object, *, user: str | None = None) -> Session:
        """Move the session to a new id and end the old one; log-in calls it with the new `user`.

        Data, `created` and the absolute end stay (ASVS 7.2.4). Of several at once, one wins.
        Raises UnknownSession for an id that is not alive: the others, and after `end_all`.
        """
        if user is not None:
            check_user(user)
        old = self._read(handle_of(session_id))
        if old is None:
            raise _unknown()
        # The new one is stored and listed before the old one goes: a store that fails in between
        # leaves the old one as it was, and `end_all` finds one of the two (see _each_listed).
        new = self._create(replace(old, user=old.user if user is None else user))
        try:
            taken = self.store.pop(record_key(old.handle))  # one winner
            last = read_record(taken, old.handle) if taken else None
            if last is None or (last.user != old.user and user is None):
                raise _unknown()
            if last.data != old.data:  # somebody saved it after we read it: that counts
                new.data = last.data
                if not self.save(new):
                    raise _unknown()
        except StoreError:
            self._forget(new)
            raise
        self._delist(old.user, [old.handle])
        return new

    def save(self, session: Session) -> bool:
        """Store the session's `user` and `data` if it is still alive; say whether it was.

        The times stay as they are in the store. Changing `user` here instead of in `rotate` keeps
        the id that somebody may have planted before log-in: session fixation (CWE-384).
        """
        check_user(session.user)
        data = copy_data(session.data)
        stored = self._read(handle_of(session.id))
        if stored is None:
            return False
        if session.user != stored.user:
            self._enlist(replace(stored, user=session.user))

        def change(old: bytes | None) -> bytes | None:
            now = read_record(old, stored.handle) if old else None
            return write_record(replace(now, user=session.user, data=data)) if now else None

        key = record_key(stored.handle)
        return self.store.update(key, change, self._left(stored.ends)) is not None

    def end(self, session_id: object) -> bool:
        """End the session (ASVS 7.4.1); say whether it was alive."""
        session = self._read(handle_of(session_id))
        if session is None or not self.store.delete(record_key(session.handle)):
            return False
        self._delist(session.user, [session.handle])
        return True

    def of_user(self, user: str) -> list[Session]:
        """Return this user's live sessions, the oldest first, each with the id "" (ASVS 7.5.2)."""
        sessions, dead = [], []
        for handle in self._each_listed(user):
            session = self._read(handle)
            if session is None:
                dead.append(handle)
            elif session.user == user:
                sessions.append(session)
        self._delist(user, dead)
        return sorted(sessions, key=lambda session: session.created)

    def end_one(self, user: str, handle: str) -> bool:
        """End the session that `of_user(user)` lists under `handle`; say whether it was alive."""
        listed = isinstance(handle, str) and handle in self._listed(user)
        if not listed or not self._end_of(user, handle):
            return False
        self._delist(user, [handle])
        return True

    def end_all(self, user: str, keep: object = None) -> int:
        """End every session of `user` but the one with the id `keep`; return how many (ASVS 7.4.3).

        Ends each that was started before the call, also while others are started and rotated.
        """
        kept = handle_of(keep)
        others = (handle for handle in self._each_listed(user) if handle != kept)
        gone = [handle for handle in others if self._end_of(user, handle)]
        self._delist(user, gone)
        return len(gone)

    def _create(self, session: Session) -> Session:
        """Store the session under a fresh id, and put it on its user's list."""
        record = write_record(session)
        for _ in range(_MOST_IDS):
            session_id = self._new_id(self.id_bits)
            handle = handle_of(session_id)
            if handle is None:
                found = f"{session_id!a:.40}"
                raise InvalidEntry("bad new_id", found, "an id, as text", "Sessions: new_id")
            # Adding, not writing: a weak generator must not hand out somebody's session.
            if self.store.add(record_key(handle), record, self._left(session.ends)):
                new = replace(session, id=session_id, handle=handle)
                try:
                    self._enlist(new)
                except StoreError:
                    self._forget(new)
                    raise
                return new
        found = f"{_MOST_IDS} in a row that are in use"
        raise InvalidEntry("bad new_id", found, "ids nobody has", "ASVS 5.0, 7.2.3")

    def _read(self, handle: str | None) -> Session | None:
        raw = self.store.get(record_key(handle)) if handle else None
        session = read_record(raw, handle) if raw and handle else None
        return session if session and self.clock.now() < session.ends else None

    def _left(self, ends: float) -> float:
        # Somebody may move the clock past the end meanwhile; a ttl is above 0 all the same.
        return max(0.001, min(self.idle, ends - self.clock.now()))

    def _forget(self, session: Session) -> None:
        """Undo `_create`, if the store still answers. Nobody has heard of its id."""
        with suppress(StoreError):
            self.store.delete(record_key(session.handle))

    def _end_of(self, user: str, handle: str) -> bool:
        session = self._read(handle)
        mine = session is not None and session.user == user
        return mine and self.store.delete(record_key(handle))

    def _listed(self, user: str) -> dict[str, float]:
        check_user(user)
        return read_list(self.store.get(list_key(user)), self.clock.now()) if user else {}

    def _each_listed(self, user: str) -> Iterator[str]:
        """Yield the handles on the user's list, and those that join it while we are at them.

        A rotation lists the new handle before the old record goes. So who looks at every handle,
        and then finds no new one, has missed no session.
        """
        seen = set[str]()
        while new := [handle for handle in self._listed(user) if handle not in seen]:
            seen.update(new)
            yield from new

    def _enlist(self, session: Session) -> None:
        """Put the session on its user's list, if it has a user."""
        add = {session.handle: session.ends}
        if session.user and self._change_list(session.user, add=add) % _TIDY_EVERY == 0:
            self.of_user(session.user)  # takes off what timed out unseen

    def _delist(self, user: str, handles: Collection[str]) -> None:
        if user and handles:
            with suppress(StoreError):  # they are dead: the next one to come can tidy up
                self._change_list(user, remove=handles)

    def _change_list(
        self, user: str, *, add: Mapping[str, float] | None = None, remove: Collection[str] = ()
    ) -> int:
        """Add to the user's list and take off it; return how many are on it."""
        listed: dict[str, float] = {}

        def change(old: bytes | None) -> bytes | None:
            nonlocal listed
            listed = {**read_list(old, self.clock.now()), **(add or {})}
            listed = {handle: ends for handle, ends in listed.items() if handle not in remove}
            return write_list(listed)

        key = list_key(user)
        self.store.update(key, change, self.absolute)
        # Sessions with a longer absolute time may be on it, from another manager.
        longest = max(listed.values(), default=0) - self.clock.now()
        if longest > self.absolute:
            self.store.touch(key, min(longest, LONGEST_TTL))
        return len(listed)


def _random_id(bits: int) -> str:
    return secrets.token_urlsafe((bits + 7) // 8)


def _unknown() -> UnknownSession:
    return UnknownSession("No live session has this id: it ended, timed out, or was never started")
