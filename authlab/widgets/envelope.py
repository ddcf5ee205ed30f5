"""The envelope view (05): seal a message in five parts, change one character, try to open it."""

import json
from functools import cache, lru_cache
from hashlib import sha512
from typing import Any, NamedTuple

import ipywidgets as w

from authlab import data_path
from authlab.jose import (
    Anatomy,
    DecryptionFailed,
    InvalidToken,
    Part,
    b64url_decode,
    decrypt,
    encrypt,
    load_key,
)
from authlab.jose.encoding import read_object
from authlab.jose.jwe_algorithms import CONTENT, MANAGEMENT
from authlab.widgets import kit

__all__ = ["Envelope", "envelope_view", "look_inside", "start_of_change"]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NAMES = {"H": "header", "K": "encrypted key", "I": "IV", "C": "ciphertext", "T": "tag"}
RIGHT, OTHER, NONE = READERS = ("the right key", "another key", "no key")
NOTHING = "nothing"
CHANGES = {NOTHING: "", **{f"{name} ({letter})": letter for letter, name in NAMES.items()}}
MESSAGE = "Alice is overdrawn by 1,200."
MOST = 1000  # characters of the message that are sealed
SHARED = ("dir", "A128KW", "A256KW")  # both sides hold one secret
EMPTY = {
    "dir": "Empty with dir: both sides have the content key already.",
    "ECDH-ES": "Empty with ECDH-ES: both sides work the content key out, with epk in the header.",
}
# C stands where the payload stood and takes its colour, T where the signature stood. K and I are
# new: reddish purple and sky blue, from the same Okabe-Ito set. Each rule names the panel, or the
# common style of a panel further down would win over it.
_COLOURS = {"K": "#cc79a7", "I": "#56b4e9", "C": "var(--p)", "T": "var(--s)"}
_RULES = (
    f".authlab-envelope-view .authlab-{letter.lower()} {{ border-color: {colour};"
    f" background: color-mix(in srgb, {colour} 14%, transparent); }}"
    for letter, colour in _COLOURS.items()
)
_STYLE = f"<style>{' '.join(_RULES)}</style>"


class Envelope(NamedTuple):
    """What the panel shows for one setting of its controls.

    `ok` is None where nobody tried to open. `message` is what the reader gets, or None; `told`
    what the reader's program is told instead. `rows`: letter, bytes, what the part does, what
    shows without the key. `marked` is a part's letter and the place of the changed character.
    """

    ok: bool | None
    verdict: str
    message: str | None
    told: str
    parts: list[Part]
    marked: tuple[str, int] | None
    change: str
    rows: list[tuple[str, int, str, str]]


@cache
def load_pair(alg: str, enc: str) -> tuple[Any, Any]:
    """Return the reader's key and another of the same kind; both are published, for show only."""
    if alg in SHARED:
        length = (CONTENT[enc] if alg == "dir" else MANAGEMENT[alg]).secret_bytes
        secrets = (sha512(f"{who}, published".encode()).digest() for who in ("reader", "other"))
        first, second = (load_key(secret[:length]) for secret in secrets)
        return first, second
    kind = "ES256" if alg == "ECDH-ES" else "RS256"
    published = json.loads(data_path("keys/published.json").read_text("utf-8"))["keys"][kind]
    unbound = ({k: v for k, v in key.items() if k not in ("alg", "kid")} for key in published)
    first, second = map(load_key, unbound)
    return first, second


@lru_cache(maxsize=32)
def seal(alg: str, enc: str, message: str) -> str:
    """Return the token; the same for the same controls, so that only your changes change it."""
    plaintext = message[:MOST].encode("utf-8", "replace")
    return encrypt(plaintext, load_pair(alg, enc)[0], alg, enc, {"cty": "text/plain"})


def change_character(text: str, at: int) -> str:
    """Return `text` with one character changed, still good Base64url: one bit of its bytes."""
    # The last character may hold a few unused low bits, which must stay zero: take its top bit.
    bit = 32 if at == len(text) - 1 else 1
    return f"{text[:at]}{ALPHABET[ALPHABET.index(text[at]) ^ bit]}{text[at + 1 :]}"


def start_of_change(alg: str, enc: str, message: str, letter: str) -> int:
    """Return a character whose change only the tag finds: in the header, one inside `cty`."""
    header = seal(alg, enc, message).partition(".")[0]
    before = read_object(b64url_decode(header), "header")
    for at in range(len(header) if letter == "H" else 0):
        try:
            after = read_object(b64url_decode(change_character(header, at)), "header")
        except InvalidToken:
            continue
        if after.keys() == before.keys() and {**after, "cty": before["cty"]} == before:
            return at
    return 0


def look_inside(
    alg: str, enc: str, message: str, reader: str, letter: str = "", at: int = 0
) -> Envelope:
    """Return what one of `READERS` makes of the token, one character of one part changed.

    `letter` is a part's letter in `NAMES`, or empty for no change; `at` counts from 0.
    """
    pieces = dict(zip(NAMES, seal(alg, enc, message).split("."), strict=True))
    change, marked = "Nothing is changed: this is the token as it was sealed.", None
    if letter and not pieces[letter]:
        change = f"{EMPTY.get(alg, 'An empty message has an empty ciphertext.')} Nothing to change."
    elif letter:
        at = min(at, len(pieces[letter]) - 1)
        before, pieces[letter] = pieces[letter], change_character(pieces[letter], at)
        marked = (letter, at)
        change = (
            f"Character {at + 1} of {len(before)} of the {NAMES[letter]} was {before[at]!r}, "
            f"now {pieces[letter][at]!r}: one bit."
        )
    ok, verdict, opened, told = _open(alg, enc, ".".join(pieces.values()), reader)
    parts = [_read_part(letter, text) for letter, text in pieces.items()]
    return Envelope(ok, verdict, opened, told, parts, marked, change, _make_rows(alg, enc, parts))


def _open(alg: str, enc: str, token: str, reader: str) -> tuple[bool | None, str, str | None, str]:
    if reader == NONE:
        told = "Nothing fails, for nothing is checked: to notice a change takes the key, too."
        return None, "Not opened: without the key only the header and sizes are read.", None, told
    try:
        opened = decrypt(token, load_pair(alg, enc)[reader == OTHER], [alg], [enc])
    except DecryptionFailed as error:
        return False, f"Refused: {error.what} ({error.rule})", None, str(error)
    except InvalidToken as error:
        verdict = f"Refused before the key is used: {error.what} ({error.rule})"
        return False, verdict, None, str(error)
    who = "Anybody could: the key that seals is public."
    if alg in SHARED:
        who = "Somebody who has the same secret."
    message = opened.plaintext.decode("utf-8", "replace")
    return True, f"Opened, and unchanged. Who wrote it? {who}", message, ""


def _read_part(letter: str, text: str) -> Part:
    data = b64url_decode(text)
    members, fault = None, ""
    if letter == "H":
        try:
            members = read_object(data, "header")
        except InvalidToken as error:
            fault = f"{error.what}: found {error.found}; expected {error.expected}."
    return Part(letter, NAMES[letter], text, data, members, fault)


def _make_rows(alg: str, enc: str, parts: list[Part]) -> list[tuple[str, int, str, str]]:
    sizes = {part.letter: len(part.data or b"") for part in parts}
    length = f"the message's length: {sizes['C']} bytes"
    if "CBC" in enc:  # whole blocks, of which 1 to 16 bytes are padding
        length = f"the message's length, roughly: {sizes['C'] - 16} to {sizes['C'] - 1} bytes"
    wrapped = EMPTY.get(alg, "The content key of this one token, wrapped for the reader.")
    says = {
        "H": ("Says how to open. Not secret, but the tag covers it.", "all of it"),
        "K": (wrapped, "its size" if sizes["K"] else "nothing"),
        "I": (
            "Makes equal messages look different. Never used twice.",
            "all of it, and it helps nobody",
        ),
        "C": ("The message, encrypted.", length),
        "T": ("Shows any change of H, I or C. A changed K gives no key that fits.", "its size"),
    }
    return [(letter, sizes[letter], *says[letter]) for letter in NAMES]


def draw_rows(rows: list[tuple[str, int, str, str]]) -> str:
    """Return the table of the five parts."""
    heads = ("part", "bytes", "what it does", "what shows without the key")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "".join(
        '<tr><th scope="row" class="authlab-figure">'
        f'<span class="authlab-part authlab-{letter.lower()}">'
        f'<span class="authlab-letter">{letter}</span>{NAMES[letter]}</span></th>'
        f"<td>{size}</td><td>{does}</td><td>{shows}</td></tr>"
        for letter, size, does, shows in rows
    )
    return (
        '<div class="authlab-scroll"><table><caption>The five parts</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def draw_reading(seen: Envelope) -> str:
    """Return what the reader gets: the header, then the message or what was told instead."""
    if seen.message is None:
        told = f"<div>{kit.escape(seen.told)}</div>"
    else:
        told = (
            '<div class="authlab-card authlab-c"><span class="authlab-letter">C</span> decrypted: '
            f"the message<pre>{kit.escape(seen.message)}</pre></div>"
        )
    return kit.draw_card(seen.parts[0], 0) + told


def envelope_view() -> w.VBox:
    """Return the view: five parts, what each protects, and what shows without the key."""
    wide: Any = {"width": "auto"}
    style = {"description_width": "9.5em"}
    verdict, token, reading, table = (kit.view() for _ in range(4))
    alg, enc, reader, letter = (
        w.Dropdown(options=options, description=text, layout=wide, style=style)
        for text, options in (
            ("Key by (alg)", list(MANAGEMENT)),
            ("Content by (enc)", list(CONTENT)),
            ("The reader has", READERS),
            ("Change one of", list(CHANGES.items())),
        )
    )
    message = w.Textarea(description="Message", rows=2, layout=wide, style=style)
    at = w.IntSlider(description="Character", min=1, max=1, layout=wide, style=style)
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")

    def redraw(_: object = None) -> None:
        chosen = (alg.value, enc.value, message.value)
        seen = look_inside(*chosen, reader.value, letter.value, at.value - 1)
        kit.draw(verdict, kit.draw_verdict(seen.ok, seen.verdict))
        cut = f" Of the message, {MOST} characters are sealed." * (len(message.value) > MOST)
        change = f"<div>{kit.escape(seen.change + cut)}</div>"
        kit.draw(token, kit.draw_parts(Anatomy(seen.parts, ""), marked=seen.marked) + change)
        kit.draw(reading, draw_reading(seen))
        kit.draw(table, draw_rows(seen.rows))

    def resize(_: object = None) -> None:
        chosen = (alg.value, enc.value, message.value)
        lengths = map(len, seal(*chosen).split("."))
        size = dict(zip(NAMES, lengths, strict=True)).get(letter.value, 0)
        at.disabled = size == 0
        at.max = max(1, size)  # moves the place, too, if it is now outside
        at.value = min(at.max, start_of_change(*chosen, letter.value) + 1)
        redraw()

    def begin(_: object = None) -> None:
        alg.value, enc.value, message.value = "RSA-OAEP-256", "A256GCM", MESSAGE
        reader.value, letter.value = NONE, ""
        resize()

    begin()
    for control in (alg, enc, message, letter):
        control.observe(resize, "value")
    for control in (reader, at):
        control.observe(redraw, "value")
    reset.on_click(begin)
    return kit.panel(
        "envelope_view",
        w.HTML(_STYLE, layout={"display": "none"}),
        verdict,
        kit.row(
            kit.pane("Seal it, change it, open it", alg, enc, message, reader, letter, at, reset),
            kit.pane("What this reader gets", reading),
        ),
        kit.pane("The token", token, hint="five parts, joined by dots"),
        kit.pane("What each part protects", table),
    )
