"""Take a token apart without any key, however broken it is. Imports `jws` and below.

What this module reads is not verified. It is for looking, never for deciding.
"""

from typing import Any, NamedTuple

from authlab.jose.encoding import b64url_decode, read_object
from authlab.jose.errors import InvalidToken
from authlab.jose.jws import MAX_BYTES

__all__ = ["Anatomy", "Part", "dissect"]

_NAMES = (("H", "header"), ("P", "payload"), ("S", "signature"))


class Part(NamedTuple):
    """One part: its letter and name, its text, the bytes it spells, the JSON in them, a fault.

    `data` is None where the text is not Base64url, `members` where it is not a JSON object (a
    signature never is). `fault` is a sentence, or empty.
    """

    letter: str
    name: str
    text: str
    data: bytes | None
    members: dict[str, Any] | None
    fault: str


class Anatomy(NamedTuple):
    """The parts of a token, as far as it has any, and what is wrong with its form as a whole."""

    parts: list[Part]
    fault: str


def dissect(token: str) -> Anatomy:
    """Return the parts of any text, read as a compact JWS as far as that goes. Never raises.

    A token that was copied with "Bearer " before it, or with line ends around it, is read
    without them, and the fault says so.
    """
    if not isinstance(token, str):
        return Anatomy([], f"A {type(token).__name__} is not a token: a token is text.")
    fault = ""
    text = token.strip()
    if text != token:
        fault = "White space around the token: cut off here, refused by a verifier."
    word, *rest = text.split(None, 1) or [""]
    if word.lower() == "bearer":
        text, fault = "".join(rest), "The word Bearer belongs to the HTTP header: cut off here."
    if not text:
        return Anatomy([], "Nothing to read yet: paste a token.")
    if len(text) > MAX_BYTES:
        return Anatomy([], f"{len(text)} characters: more than the {MAX_BYTES} a verifier reads.")
    pieces = text.split(".")
    if len(pieces) == 5:
        fault = (
            "Five parts: this is an encrypted token (JWE). Without the key only its header reads."
        )
    elif len(pieces) != 3:
        count = f"{len(pieces)} part{'s' if len(pieces) > 1 else ''}"
        fault = f"{count}: a signed token has 3, joined by 2 dots."
    parts, at = [], token.find(text)
    for (letter, name), piece in zip(_NAMES, pieces, strict=False):
        encrypted = len(pieces) == 5 and letter != "H"
        if not encrypted:
            parts.append(_read_part(letter, name, piece, at))
        at += len(piece) + 1
    return Anatomy(parts, fault)


def _read_part(letter: str, name: str, text: str, at: int) -> Part:
    data, members, fault = None, None, ""
    try:
        data = b64url_decode(text)
        if letter != "S":
            members = read_object(data, name)
        elif not data:
            fault = "The signature is empty: nobody signed this."
    except InvalidToken as error:
        where = f" of the {name}, which begins at character {at + 1} of the token"
        where = where if data is None and "at character" in error.found else ""
        fault = f"{error.what}: found {error.found}{where}; expected {error.expected}."
    return Part(letter, name, text, data, members, fault)
