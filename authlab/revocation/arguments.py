"""What the ways to take access back check in their arguments. Imports `errors`."""

import secrets
from math import ceil
from typing import Any, NoReturn

from authlab.jose.encoding import b64url_encode, show
from authlab.revocation.errors import InvalidArgument
from authlab.sessions import StoreError
from authlab.sessions.base import LONGEST_TTL, check_ttl

__all__ = ["check_seconds", "check_user", "new_id", "refuse", "seconds_left"]

_MOST_USER = 1024  # bytes of UTF-8


def check_user(user: object, what: str = "user") -> None:
    """Raise InvalidArgument for what is no text, empty, or too long to be anybody's name."""
    expected = f"text of 1 to {_MOST_USER:,} bytes in UTF-8"
    if not isinstance(user, str):
        refuse(what, f"a {type(user).__name__}", expected)
    try:
        size = len(user.encode())
    except UnicodeEncodeError:
        refuse(what, "half a surrogate pair", expected)
    if not 0 < size <= _MOST_USER:
        refuse(what, f"{size:,} bytes", expected)


def check_seconds(what: str, value: Any) -> None:
    """Raise InvalidArgument for what is no number of seconds above 0."""
    try:
        check_ttl(value)
    except StoreError:
        refuse(what, show(value), f"seconds above 0, at most {LONGEST_TTL:,}")


def new_id() -> str:
    """Return 128 random bits: the name of a token (`jti`; RFC 7519, 4.1.7)."""
    return b64url_encode(secrets.token_bytes(16))


def seconds_left(exp: float, now: float) -> float:
    """Return how long an entry about a token must be kept: as long as the token lives.

    In whole milliseconds, rounded up, as Redis counts them: no entry goes before its token.
    """
    return max(0.001, ceil((min(exp, now + LONGEST_TTL - 1) - now) * 1000) / 1000)


def refuse(what: str, found: object, expected: str) -> NoReturn:
    """Raise InvalidArgument about the argument `what`."""
    shown = found if isinstance(found, str) and " " in found else show(found)
    raise InvalidArgument(f"bad {what}", shown, expected, f"authlab.revocation: {what}")
