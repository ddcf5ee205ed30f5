"""What comes from outside, checked: arguments, and records that others may have written.

Imports `errors`.
"""

import json
from math import ceil
from typing import Any, NoReturn, TypeGuard

from authlab.clock import Clock
from authlab.jose.encoding import show
from authlab.revocation.errors import InvalidArgument
from authlab.sessions import Store
from authlab.sessions.base import LONGEST_TTL

__all__ = [
    "check_clock",
    "check_flag",
    "check_seconds",
    "check_text",
    "choose_clock",
    "is_text",
    "is_time",
    "read_json",
    "refuse",
    "seconds_left",
]

_MOST_TEXT = 1024  # bytes of UTF-8
_NEVER = 1e12  # Unix seconds: 30,000 years


def is_text(value: object) -> TypeGuard[str]:
    """Say whether this could be a user's name, or a token's: text of 1 to 1,024 bytes."""
    try:
        return isinstance(value, str) and 0 < len(value.encode()) <= _MOST_TEXT
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def is_time(value: Any) -> TypeGuard[float]:
    """Say whether this is a number of Unix seconds that a clock may reach."""
    return type(value) in (int, float) and -_NEVER < value < _NEVER


def check_text(what: str, value: object) -> None:
    """Raise InvalidArgument for an argument `what` that `is_text` does not take."""
    if not is_text(value):
        found = f"{type(value).__name__} {show(value)}"
        refuse(what, found, f"text of 1 to {_MOST_TEXT:,} bytes in UTF-8")


def check_seconds(what: str, value: Any, most: float = LONGEST_TTL) -> None:
    """Raise InvalidArgument for what is no number of seconds above 0, `most` at most."""
    is_number = issubclass(type(value), int | float) and type(value) is not bool
    if not is_number or not 0 < value <= most:  # NaN fails the comparison
        found = f"{type(value).__name__} {show(value)}"
        refuse(what, found, f"seconds above 0, at most {most:,}")


def check_flag(what: str, value: Any) -> None:
    """Raise InvalidArgument for what is neither True nor False."""
    if not isinstance(value, bool):
        refuse(what, value, "True or False")


def choose_clock(store: Any, clock: Any) -> Clock:
    """Return `clock`, or the store's if it is None. Raises InvalidArgument if either is none."""
    if not isinstance(store, Store):
        refuse("store", store, "what open_store() returns")
    found: Clock = store.clock if clock is None else clock
    check_clock(found)
    return found


def check_clock(clock: Any) -> None:
    """Raise InvalidArgument for what tells no time."""
    if not callable(getattr(clock, "now", None)):
        refuse("clock", clock, "a Clock")


def refuse(what: str, found: object, expected: str) -> NoReturn:
    """Raise InvalidArgument about the argument `what`; `found` is its value, or some words."""
    shown = found if isinstance(found, str) and " " in found else show(found)
    raise InvalidArgument(f"bad {what}", shown, expected, f"authlab.revocation: {what}")


def read_json(raw: bytes | None) -> Any:
    """Return what a record says; None for no record, and for one that is not JSON."""
    try:
        return json.loads((raw or b"null").decode())
    except (ValueError, RecursionError):
        return None


def seconds_left(exp: float, now: float) -> float:
    """Return how long an entry about a token must be kept: as long as the token lives.

    In whole milliseconds, rounded up, as Redis counts them: no entry goes before its token.
    """
    return max(0.001, ceil((min(exp, now + LONGEST_TTL - 1) - now) * 1000) / 1000)
