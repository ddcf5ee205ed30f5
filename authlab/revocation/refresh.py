"""Refresh tokens: a short access token now, and the right to fetch the next one (RFC 6749, 6).

Imports `families`, which says what one exchange does, and keeps each family in a store.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from authlab.clock import Clock
from authlab.revocation.arguments import (
    check_flag,
    check_seconds,
    check_text,
    choose_clock,
    refuse,
    seconds_left,
)
from authlab.revocation.errors import RefreshReused
from authlab.revocation.families import (
    Family,
    Grown,
    Way,
    begin,
    grow,
    is_name,
    name_of,
    read,
    refused,
)
from authlab.revocation.per_user import Cutoff
from authlab.revocation.strategy import ExpiryOnly
from authlab.sessions import Store
from authlab.sessions.base import LONGEST_TTL

__all__ = ["Exchange", "RefreshTokens"]

_SLACK = 3600  # seconds a cut outlives the families it ended: servers' clocks, a slow writer
_ACCESS_TTL = 300  # seconds


class Exchange(NamedTuple):
    """What an exchange gives: an access token, and the refresh token to come with next time."""

    access: str
    refresh: str


class RefreshTokens:
    """Issue refresh tokens and exchange them, each log-in a family of its own in `store`.

    `ttl` is the seconds that a refresh token lives; each exchange gives a new one, which lives as
    long from then on (`rotate`). `absolute` is the seconds after which a family ends all the same
    (ASVS 5.0, 10.4.8); without it a family that is in use never ends. A token that comes a second
    time ends its family, as nobody can tell the thief from the owner (`detect_reuse`; RFC 9700,
    4.14.2). Within `grace` seconds the token used last may come again, and gets the same child
    again, until that child is used: for two tabs at once, and a reply that was lost. `grace_mints`
    is that window done wrong, for the lesson: each retry gets a child of its own.

    `access` makes the access token of a user; by default a signed JWT that lives five minutes. The
    store holds hashes: who reads it can exchange nothing. Each family is one record of a few
    kilobytes at most, and changes in one atomic step.

    Raises InvalidArgument for a bad option or user; InvalidRefreshToken and RefreshReused for a
    token, which may be anything at all; StoreUnavailable.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        ttl: float,
        rotate: bool = True,
        detect_reuse: bool = True,
        grace: float = 0,
        absolute: float | None = None,
        access: Callable[[str], str] | None = None,
        grace_mints: bool = False,
    ) -> None:
        self.store, self.clock = store, choose_clock(store, clock)
        check_seconds("ttl", ttl)
        flags = {"rotate": rotate, "detect_reuse": detect_reuse, "grace_mints": grace_mints}
        for name, flag in flags.items():
            check_flag(name, flag)
        if grace != 0:
            check_seconds("grace", grace, ttl)
        if absolute is not None:
            check_seconds("absolute", absolute)
        if grace_mints and not grace:
            refuse("grace_mints", grace_mints, "a grace above 0 with it")
        if access is not None and not callable(access):
            refuse("access", access, "a function from the user to an access token")
        self.way = Way(ttl, rotate, detect_reuse, grace, grace_mints, absolute)
        self._access = access or ExpiryOnly(store, self.clock, ttl=_ACCESS_TTL).issue
        self._cutoff = Cutoff(store, self.clock, "refresh-cut:")

    def issue(self, user: str) -> str:
        """Return the first refresh token of a new family: `user` has logged in."""
        check_text("user", user)
        now, name, chance = self.clock.now(), secrets.token_urlsafe(18), secrets.token_bytes(40)
        token, family = begin(user, name, now, self.way, self._cutoff.stamp(user), chance)
        self.store.set(_key(name), family.write(), seconds_left(family.ends, now))
        return token

    def exchange(self, token: object, *, access: Callable[[str], str] | None = None) -> Exchange:
        """Return an access token and the next refresh token. Of many calls at once, one rotates.

        `access` makes the access token this time. Raises RefreshReused for a token that was used
        before, which has ended its family if reuse is detected; InvalidRefreshToken for any other
        that is not live. A store that fails before the family has changed leaves it as it was.
        """
        name = name_of(token)
        if name is None:
            raise refused("what has not the form of a refresh token")
        text, now, chance = str(token), self.clock.now(), secrets.token_bytes(24)

        def decide(family: Family | None) -> Grown:
            if family is None:
                raise refused("one of no log-in that goes on")
            return grow(family, text, now, self.way, chance)

        made, family = "", self._named(name)
        child, grown = decide(family)
        if child and family is not None:
            # In this order: who ends all of the user's log-ins from here on also ends this token,
            # wherever tokens are ended by the time they were made.
            made = (access or self._access)(family.user)
            if self._cutoff.has_cut(family.user, family.stamp):
                raise refused("one of a log-in that has ended with all others of its user")
        if grown is not None:

            def change(raw: bytes | None) -> bytes | None:
                nonlocal child
                child, changed = decide(read(raw))  # perhaps another call was faster
                return raw if changed is None else changed.write()

            self.store.update(_key(name), change, seconds_left(grown.ends, now))
        if not child:
            raise refused("one that was used before", RefreshReused)
        return Exchange(made, child)

    def revoke(self, token: object) -> bool:
        """End the family of a token, used or not (RFC 7009, 2.1); say whether it went on."""
        family = self._family(token)
        return family is not None and self.end_family(name_of(token))

    def end_family(self, name: object) -> bool:
        """End the family with this name, which `name_of` a token gives; say whether it went on.

        For a server that knows the name from an access token, and never sees the refresh token.
        """
        family = self._alive(self._named(name))
        if family is None:
            return False
        ended: Family | None = None

        def end(raw: bytes | None) -> bytes | None:
            nonlocal ended
            ended = self._alive(read(raw))
            return replace(ended, over="revoked").write() if ended else raw

        self.store.update(_key(name), end, seconds_left(family.ends, self.clock.now()))
        return ended is not None and not self._cutoff.has_cut(ended.user, ended.stamp)

    def gave_access(self, name: object) -> list[float]:
        """Return the times of the access tokens that went out with a family: Unix seconds.

        The first came with the log-in; each other is the last moment for a retry of an exchange,
        as every retry gets one. For a server that ends one of these tokens, and not the others.
        """
        family = self._named(name)
        if family is None:
            return []
        if not self.way.rotate:  # nobody counts
            return [family.began, self.clock.now()]
        late = self.way.grace
        return [link.issued if link.parent is None else link.issued + late for link in family.links]

    def revoke_user(self, user: str) -> None:
        """End every family of `user` that has begun: a new password, a lost computer."""
        check_text("user", user)
        longest = max(self.way.ttl, self.way.absolute or 0) + _SLACK
        self._cutoff.cut(user, min(longest, LONGEST_TTL))

    def family(self, token: object) -> Family:
        """Return the picture of a token's family, for as long as the store has it.

        Raises InvalidRefreshToken for a token that no family gave out.
        """
        family = self._family(token)
        if family is None:
            raise refused("one of no log-in that the store knows")
        link, over = family.find(str(token)), family.over
        if not over and self._cutoff.has_cut(family.user, family.stamp):
            over = "cut"
        if not over and self.clock.now() >= family.ends:  # a real Redis has a clock of its own
            over = "expired"
        return replace(family, over=over, asked=link.number if link else None)

    def _named(self, name: object) -> Family | None:
        return read(self.store.get(_key(name))) if is_name(name) else None

    def _family(self, token: object) -> Family | None:
        family = self._named(name_of(token))
        return family if family and family.gave(str(token)) else None

    def _alive(self, family: Family | None) -> Family | None:
        alive = family and not family.over and self.clock.now() < family.ends
        return family if alive else None


def _key(name: object) -> str:
    return f"refresh:{name}"
