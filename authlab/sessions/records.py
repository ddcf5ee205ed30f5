"""What the sessions keep in a store, as JSON, and what the callers see. Imports `errors`."""

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NoReturn, cast

from authlab.sessions.errors import InvalidEntry

__all__ = [
    "Session",
    "check_user",
    "copy_data",
    "handle_of",
    "list_key",
    "read_list",
    "read_record",
    "record_key",
    "write_list",
    "write_record",
]

_LONGEST_ID = 4096  # characters: more than any header line holds
_NEVER = 1e12  # Unix seconds: 30,000 years
_HANDLE = re.compile(r"[0-9a-f]{64}\Z")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON (RFC 8259, 6)")


_JSON = json.JSONDecoder(parse_constant=_refuse)


@dataclass
class Session:
    """One session. `id` is the secret that the browser holds; "" where only a list was read.

    `user` is "" before log-in. `created` and `ends` (its absolute end) are Unix seconds. `data` is
    a dict of what JSON can hold. `handle` names the session in a list and opens nothing.
    """

    id: str = field(repr=False)  # so that no log shows it
    user: str
    created: float
    ends: float
    data: dict[str, Any]
    handle: str


def handle_of(session_id: object) -> str | None:
    """Return the SHA-256 of an id in hex, or None for what cannot be an id."""
    if not isinstance(session_id, str) or not 0 < len(session_id) <= _LONGEST_ID:
        return None
    try:
        return sha256(session_id.encode()).hexdigest()
    except UnicodeEncodeError:
        return None


def record_key(handle: str) -> str:
    """Return the key of a session's record."""
    return f"session:{handle}"


def list_key(user: str) -> str:
    """Return the key of a user's list; hashed, as a user's name may be of any length."""
    return f"user:{sha256(user.encode()).hexdigest()}"


def check_user(user: object) -> None:
    """Raise InvalidEntry for a user that is no text."""
    expected, rule = 'text, "" for nobody', "Sessions: user"
    if not isinstance(user, str):
        raise InvalidEntry("bad user", f"a {type(user).__name__}", expected, rule)
    try:
        user.encode()
    except UnicodeEncodeError:
        raise InvalidEntry("bad user", "half a surrogate pair", expected, rule) from None


def copy_data(data: object) -> dict[str, Any]:
    """Return `data` as it will be when read back from JSON (a tuple becomes a list).

    Raises InvalidEntry for what JSON cannot hold (RFC 8259): NaN, an object, no dict at all.
    """
    rule = "Sessions: data"
    if not isinstance(data, dict):
        raise InvalidEntry("bad data", f"a {type(data).__name__}", "a dict", rule)
    try:
        copied: dict[str, Any] = json.loads(json.dumps(data, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidEntry("bad data", str(error), "what JSON can hold", rule) from None
    return copied


def write_record(session: Session) -> bytes:
    """Return the record of a session. Its id is not in it."""
    times = {"created": session.created, "ends": session.ends}
    try:
        return json.dumps({"user": session.user, **times, "data": session.data}).encode()
    except RecursionError as error:  # one level deeper than `copy_data` went
        rule = "Sessions: data"
        raise InvalidEntry("bad data", str(error), "what JSON can hold", rule) from None


def read_record(raw: bytes, handle: str) -> Session | None:
    """Return the session that a record describes, without its id; None for other bytes."""
    try:
        record = _JSON.decode(raw.decode())  # given bytes, json would guess their encoding
        check_user(record["user"])
        if not isinstance(record["data"], dict):
            return None
        times = _time(record["created"]), _time(record["ends"])
        return Session("", record["user"], *times, record["data"], handle)
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _time(value: object) -> float:
    """Return Unix seconds; raises ValueError for what is none: others can write to the store."""
    if type(value) not in (int, float) or not abs(cast(float, value)) < _NEVER:
        raise ValueError(f"a {type(value).__name__} is no time")
    return float(cast(float, value))


def write_list(listed: dict[str, float]) -> bytes | None:
    """Return the bytes of a user's list, None for an empty one."""
    return json.dumps(listed).encode() if listed else None


def read_list(raw: bytes | None, now: float) -> dict[str, float]:
    """Return the handles on a user's list, each with its absolute end; past ones are left out."""
    try:
        listed = _JSON.decode(raw.decode()) if raw else {}
        handles = {handle: _time(end) for handle, end in listed.items() if _HANDLE.match(handle)}
        return {handle: end for handle, end in handles.items() if now < end}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}
