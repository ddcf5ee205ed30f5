"""Base64url and JSON, as strictly as RFC 7515 means them. Imports only `errors`."""

import json
from binascii import a2b_base64, b2a_base64
from collections import Counter
from typing import Any, NoReturn

from authlab.jose.errors import InvalidToken, MalformedToken

__all__ = ["b64url_decode", "b64url_encode", "read_object", "show", "write_json"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TO_URL = bytes.maketrans(b"+/", b"-_")
# The letters that belong to the other alphabet, and the padding, become '*': foreign to both.
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/***")
_PADDING = (b"", b"=", b"==", b"=")
# 8-bit bytes in 6-bit letters leave 4 or 2 bits over in the last letter. They must be zero, or
# one token could be spelled in several ways.
_LAST_LETTERS = (b"", b"", _ALPHABET[::16].encode(), _ALPHABET[::4].encode())


def b64url_encode(data: bytes) -> str:
    """Return `data` in Base64url: '-' and '_' for '+' and '/', and no '=' (RFC 7515, 2)."""
    try:
        return b2a_base64(data, newline=False).translate(_TO_URL).rstrip(b"=").decode()
    except (TypeError, ValueError, BufferError):
        found = f"a {type(data).__name__}"
        raise MalformedToken("not bytes", found, "bytes to encode", "RFC 7515, 2") from None


def b64url_decode(text: str | bytes) -> bytes:
    """Return the bytes that `text` spells in Base64url (RFC 7515, 2 and appendix C).

    Raises MalformedToken for padding, a foreign character, white space, a length no bytes have,
    and a last character with stray bits: each text has one meaning, and each meaning one text.
    """
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        rest = len(raw) % 4
        data = a2b_base64(raw.translate(_FROM_URL) + _PADDING[rest], strict_mode=True)
        if rest and raw[-1] not in _LAST_LETTERS[rest]:
            _refuse_base64(text)
    except InvalidToken:
        raise
    except (AttributeError, TypeError, ValueError):
        _refuse_base64(text)
    return data


def _refuse_base64(text: Any) -> NoReturn:
    """Say what is wrong with `text`, slowly: only the happy path is fast."""
    rule = "RFC 7515, 2"
    if not isinstance(text, str | bytes):
        found = f"a {type(text).__name__}"
        raise MalformedToken("not Base64url", found, "text or bytes", rule) from None
    letters = text if isinstance(text, str) else text.decode("latin-1")
    for position, letter in enumerate(letters):
        if letter not in _ALPHABET:
            what = "not Base64url"
            if letter.isspace():
                what = "white space"
            elif letter == "=":
                what = "padding"
            found = f"{letter!a} at character {position + 1}"
            raise MalformedToken(what, found, "only A-Z a-z 0-9 - _", rule) from None
    if len(letters) % 4 == 1:
        found = f"{len(letters)} characters"
        expected = "a length that is not 1 more than a multiple of 4"
        raise MalformedToken("cut Base64url", found, expected, rule) from None
    found = f"{letters[-1:]!a} as the last character"
    expected = f"one of {_LAST_LETTERS[len(letters) % 4].decode()}, whose unused bits are zero"
    raise MalformedToken("second spelling", found, expected, "RFC 4648, 3.5") from None


def show(value: object, limit: int = 60) -> str:
    """Return a short, printable picture of any value, for error messages."""
    try:
        text = ascii(value)
    except Exception:  # a repr may do anything, an error message may not
        text = f"a {type(value).__name__}"
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text)} characters)"


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise MalformedToken(
            "duplicate member", f"{show(twice)} twice", "each name once", "RFC 8259, 4"
        )
    return members


def _refuse_half_characters(value: Any, text: str) -> None:
    """Raise UnicodeError for half of a surrogate pair, which no UTF-8 text can carry."""
    if "\\ud" in text.lower():
        json.dumps(value, ensure_ascii=False).encode()


def _refuse_number(text: str) -> NoReturn:
    raise MalformedToken("not JSON", show(text), "a finite number", "RFC 8259, 6")


def _read_float(text: str) -> float:
    number = float(text)
    if number - number != 0:  # 1e999 reads as infinity
        _refuse_number(text)
    return number


_READER = json.JSONDecoder(
    object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_number, parse_float=_read_float
)
_WRITER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_SORTING_WRITER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, sort_keys=True)


_OBJECT_RULES = {"header": "RFC 7515, 4", "payload": "RFC 7519, 4"}


def read_object(data: bytes, name: str) -> dict[str, Any]:
    """Return the JSON object in `data`; `name` says which part it is, "header" or "payload".

    Stricter than `json.loads`: UTF-8 only, no byte order mark, no duplicate member, no NaN or
    infinity, no half of a surrogate pair.
    """
    try:
        text = data.decode()
        value = _READER.decode(text)
        if "\\u" in text:
            _refuse_half_characters(value, text)
    except InvalidToken:
        raise
    except UnicodeError as error:
        found = f"bytes that are not UTF-8 ({getattr(error, 'reason', 'broken')})"
        raise MalformedToken(f"{name} is not text", found, "UTF-8", "RFC 7515, 5.2") from None
    except json.JSONDecodeError as error:
        found = f"{error.msg} at character {error.pos + 1} of the decoded {name}"
        raise MalformedToken(f"{name} is not JSON", found, "a JSON object", "RFC 8259, 2") from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 5,000 brackets
        found = "nesting too deep" if isinstance(error, RecursionError) else "a number too long"
        raise MalformedToken(f"{name} is not JSON", found, "a JSON object", "RFC 8259, 9") from None
    if not isinstance(value, dict):
        found = f"a JSON {_JSON_NAMES[type(value)]}"
        raise MalformedToken(
            f"{name} is not an object", found, "a JSON object", _OBJECT_RULES[name]
        )
    return value


_JSON_NAMES = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def write_json(members: Any, name: str, *, sort: bool = False) -> bytes:
    """Return `members`, a dict with text keys, as compact JSON: no spaces, ASCII only."""
    if not isinstance(members, dict) or not all(isinstance(key, str) for key in members):
        found = show(members)
        expected = "a dict with text keys"
        raise MalformedToken(f"{name} is not an object", found, expected, _OBJECT_RULES[name])
    try:
        text = (_SORTING_WRITER if sort else _WRITER).encode(members)
        if "\\u" in text:
            _refuse_half_characters(members, text)
        return text.encode()
    except (TypeError, ValueError, RecursionError, RuntimeError) as error:
        expected = "text, numbers, true, false, null, lists and dicts"
        raise MalformedToken(
            f"{name} is not JSON", show(str(error)), expected, "RFC 8259, 3"
        ) from None
