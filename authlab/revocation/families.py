"""A family of refresh tokens: all that grew from one log-in, as one record. Imports `arguments`.

Nothing here touches a store: `grow` says what one exchange does to a family, and what is refused.
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import NamedTuple

from authlab.revocation.arguments import is_text, is_time, read_json
from authlab.revocation.errors import InvalidRefreshToken, RefreshReused

__all__ = [
    "Family",
    "Grown",
    "Member",
    "Way",
    "begin",
    "grow",
    "is_name",
    "name_of",
    "read",
    "refused",
]

KEPT = 32  # members whose story is kept; that a token was ever given out shows in the token itself
_MOST_NUMBER = 2**63  # of members, and of a moment's microseconds
_RANDOM, _MARK = 24, 12  # bytes of a token's secret: 192 bits that nobody guesses, and the mark
# 24 characters name the family, 48 are the secret. Both are whole groups of Base64url: there is
# one spelling of each token.
_NAME = re.compile(r"[A-Za-z0-9_-]{24}")
_TOKEN = re.compile(r"([A-Za-z0-9_-]{24})\.[A-Za-z0-9_-]{48}")
_ENDED = {
    "reused": "a token of it was used twice",
    "revoked": "somebody logged out",
    "expired": "nobody used it in time",
    "cut": "all of the user's log-ins were ended",
}


class Member(NamedTuple):
    """One refresh token of a family, without its text. Times are Unix seconds.

    `parent` is the number of the one it was exchanged for, None for the first. `live` says that it
    can still be exchanged.
    """

    number: int
    parent: int | None
    issued: float
    used: float | None
    live: bool


class Link(NamedTuple):
    """What the store keeps of one token: its hash, and from whom, since when, and when used.

    `nonce` made its child, together with its own text; "" where no retry may have the child again.
    """

    number: int
    parent: int | None
    hash: str
    issued: float
    used: float | None = None
    nonce: str = ""


@dataclass(frozen=True)
class Family:
    """All refresh tokens that grew from one log-in of `user`.

    `began` and `ends` are Unix seconds, `last` the absolute end that no rotation moves (None: no
    such end). `over` is "" or a key of `_ENDED`: why the family ended before its time. `stamp` is
    the moment it began for `Cutoff`. The last 32 members are in `links`; `key` makes their marks.
    """

    user: str
    began: float
    ends: float
    last: float | None
    stamp: int
    key: str = field(repr=False)
    links: tuple[Link, ...] = field(repr=False)
    over: str = ""
    asked: int | None = None  # the number of the member that was asked about; not stored

    @property
    def members(self) -> list[Member]:
        """The members, the oldest first; of a long family the last 32."""
        on = not self.over
        return [
            Member(link.number, link.parent, link.issued, link.used, on and link.used is None)
            for link in self.links
        ]

    @property
    def why(self) -> str:
        """Why the family ended, as half a sentence; "" while it has not."""
        return _ENDED.get(self.over, self.over)

    def find(self, token: str) -> Link | None:
        """Return the link of a token, None if the family never had it or has forgotten it."""
        sought = _hash(token)
        return next((link for link in self.links if link.hash == sought), None)

    def gave(self, token: str) -> bool:
        """Say whether the family ever gave out this token, however long ago.

        A mark in the token tells, made with the family's own `key`. So a family of ten thousand
        members keeps no ten thousand hashes, and a thief cannot make it forget the owner's token
        by exchanging quickly. Who reads the store could make such a mark, and so end the family:
        that opens nothing.
        """
        secret = urlsafe_b64decode(token.partition(".")[2])
        return hmac.compare_digest(secret[_RANDOM:], _mark(self.key, secret[:_RANDOM]))

    def write(self) -> bytes:
        """Return the record, JSON."""
        times = [self.began, self.ends, self.last]
        return json.dumps([self.user, *times, self.stamp, self.key, self.links, self.over]).encode()


Grown = tuple[str, Family | None]  # the next token; the family to store, if it changed


def read(raw: bytes | None) -> Family | None:
    """Return the family that a record describes; None for no bytes, or those of somebody else."""
    try:
        user, began, ends, last, stamp, key, rows, over = read_json(raw)
        links = tuple(Link(*row) for row in rows)
        for digits in (key, *(link.nonce for link in links)):
            bytes.fromhex(digits)
    except (ValueError, TypeError):
        return None
    times = [began, ends, *(link.issued for link in links)]
    times += [time for time in (last, *(link.used for link in links)) if time is not None]
    numbers = [stamp, *(link.number for link in links)]
    numbers += [link.parent for link in links if link.parent is not None]
    whole = all(type(number) is int and abs(number) < _MOST_NUMBER for number in numbers)
    if not links or not whole or not all(map(is_time, times)):
        return None
    sound = is_text(user) and isinstance(over, str)
    return Family(user, began, ends, last, stamp, key, links, over) if sound else None


def name_of(token: object) -> str | None:
    """Return the name of the family in a token's text, None for what has not the form of one."""
    # Text itself, and no class of its own: what is checked here is what is looked up later.
    found = _TOKEN.fullmatch(token) if type(token) is str else None
    return found[1] if found else None


def is_name(name: object) -> bool:
    """Say whether this has the form of a family's name."""
    return type(name) is str and _NAME.fullmatch(name) is not None


class Way(NamedTuple):
    """How a family is kept: seconds of `ttl`, `grace` and `absolute`, and what is switched on."""

    ttl: float
    rotate: bool
    detect_reuse: bool
    grace: float
    grace_mints: bool
    absolute: float | None

    def ends(self, now: float, last: float | None) -> float:
        """Return when a family ends that is used now."""
        return now + self.ttl if last is None else min(now + self.ttl, last)


def begin(
    user: str, name: str, now: float, way: Way, stamp: int, chance: bytes
) -> tuple[str, Family]:
    """Return a first token and its family `name`; `chance` is 40 random bytes."""
    key, secret = chance[:-_RANDOM].hex(), chance[-_RANDOM:]
    token = _make_token(name, key, secret)
    last = None if way.absolute is None else now + way.absolute
    links = (Link(0, None, _hash(token), now),)
    return token, Family(user, now, way.ends(now, last), last, stamp, key, links)


def grow(family: Family, token: str, now: float, way: Way, chance: bytes) -> Grown:
    """Exchange `token` at the time `now`; `chance` is 24 random bytes.

    Of one token, one child is made, or else a thief who has a second one is never found out: a
    token that was used before gets "". Raises InvalidRefreshToken for any other that is not live.
    """
    if not family.gave(token):
        raise refused("one that was never given out")
    link = family.find(token)
    used = link is None or link.used is not None
    if family.over:
        found = f"one of a log-in that has ended, as {family.why}"
        raise refused(found, RefreshReused if used else InvalidRefreshToken)
    if now >= family.ends:
        raise refused("one that has expired")
    if link is not None and not used:
        return _rotate(family, link, token, now, way, chance) if way.rotate else (token, None)
    # Nothing but a nonce allows a retry, and only the token used last has one.
    # By distance: of a clock that was set back, or lags at another server, no more is allowed.
    recent = link and link.used is not None and abs(now - link.used) < way.grace
    if link and link.nonce and recent:
        if way.grace_mints:
            return _rotate(family, link, token, now, way, chance)
        return _child(token, family.key, link.nonce), None
    return "", replace(family, over="reused") if way.detect_reuse else None


def _rotate(family: Family, link: Link, token: str, now: float, way: Way, chance: bytes) -> Grown:
    """Mark the token as used, and add its child."""
    # With a window for retries the child must be made anew from what a retry brings: the token's
    # text. The store alone does not give the child, as it has no text; the text alone does not,
    # as it has no nonce. Without a window the child is random, and nothing gives it a second time.
    nonce = chance.hex() if way.grace else ""
    name, number = token.partition(".")[0], family.links[-1].number + 1
    child = _child(token, family.key, nonce) if nonce else _make_token(name, family.key, chance)
    spent = link._replace(used=now if link.used is None else link.used, nonce=nonce)
    # Whoever has the child has had the answer: its parent may not have it again.
    done = {} if way.grace_mints else {link.parent: ""}
    links = [
        spent if each is link else each._replace(nonce=done.get(each.number, each.nonce))
        for each in family.links
    ]
    links.append(Link(number, link.number, _hash(child), now))
    ends = way.ends(now, family.last)
    return child, replace(family, links=tuple(links[-KEPT:]), ends=ends)


def _child(token: str, key: str, nonce: str) -> str:
    secret = hmac.digest(token.encode(), bytes.fromhex(nonce), "sha256")[:_RANDOM]
    return _make_token(token.partition(".")[0], key, secret)


def _make_token(name: str, key: str, secret: bytes) -> str:
    """Return the text of a token of the family `name`: its name, 24 secret bytes, their mark."""
    return f"{name}.{urlsafe_b64encode(secret + _mark(key, secret)).decode()}"


def _mark(key: str, secret: bytes) -> bytes:
    return hmac.digest(bytes.fromhex(key), secret, "sha256")[:_MARK]


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def refused(
    found: str, kind: type[InvalidRefreshToken] = InvalidRefreshToken
) -> InvalidRefreshToken:
    """Return the error that says what was `found`."""
    expected = "the newest one of a log-in that goes on"
    return kind("refresh token refused", found, expected, "RFC 9700, 4.14.2")
