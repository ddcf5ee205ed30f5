"""What the envelope view says, apart from how it is drawn."""

import ipywidgets
import pytest

from authlab.jose.jwe_algorithms import CONTENT, MANAGEMENT
from authlab.widgets.envelope import (
    MESSAGE,
    NAMES,
    NONE,
    OTHER,
    RIGHT,
    envelope_view,
    look_inside,
    seal,
    start_of_change,
)
from tests.notebooks.drive import drive

PAIRS = [(alg, enc) for alg in MANAGEMENT for enc in CONTENT]


@pytest.mark.parametrize(("alg", "enc"), PAIRS)
def test_the_right_key_opens(alg: str, enc: str) -> None:
    seen = look_inside(alg, enc, MESSAGE, RIGHT)
    assert (seen.ok, seen.message) == (True, MESSAGE)
    shared = alg in ("dir", "A128KW", "A256KW")
    assert ("same secret" in seen.verdict) is shared
    assert ("public" in seen.verdict) is not shared


@pytest.mark.parametrize(("alg", "enc"), PAIRS)
def test_every_failure_with_the_key_is_one_and_the_same(alg: str, enc: str) -> None:
    found = {look_inside(alg, enc, MESSAGE, OTHER)[:4]}
    for letter in NAMES:
        at = start_of_change(alg, enc, MESSAGE, letter)
        seen = look_inside(alg, enc, MESSAGE, RIGHT, letter, at)
        if seen.marked:
            found.add(seen[:4])
    assert len(found) == 1
    [(ok, verdict, message, told)] = found
    assert (ok, message) == (False, None)
    assert verdict == "Refused: decryption failed (RFC 7516, 11.5)"
    assert told.startswith("decryption failed: found")


@pytest.mark.parametrize("alg", ["dir", "RSA-OAEP-256"])
def test_any_character_of_any_part(alg: str) -> None:
    """Only the header, which everybody reads, may fail before the key is used."""
    lengths = dict(zip(NAMES, map(len, seal(alg, "A256GCM", MESSAGE).split(".")), strict=True))
    for letter, length in lengths.items():
        for at in {*range(min(length, 60)), length - 1} - {-1}:
            seen = look_inside(alg, "A256GCM", MESSAGE, RIGHT, letter, at)
            assert seen.ok is False
            assert seen.marked == (letter, at)
            assert "one bit" in seen.change
            if letter != "H":
                assert seen.verdict == "Refused: decryption failed (RFC 7516, 11.5)"


def test_a_broken_header_fails_before_the_key() -> None:
    seen = look_inside("dir", "A256GCM", MESSAGE, RIGHT, "H", 0)
    assert seen.verdict.startswith("Refused before the key is used: ")
    assert seen.parts[0].fault


@pytest.mark.parametrize("alg", ["dir", "ECDH-ES"])
def test_where_no_key_travels_there_is_none_to_change(alg: str) -> None:
    seen = look_inside(alg, "A256GCM", MESSAGE, RIGHT, "K")
    assert seen.ok
    assert seen.marked is None
    assert seen.change.startswith(f"Empty with {alg}")


def test_without_the_key_sizes_show_and_nothing_else() -> None:
    seen = look_inside("RSA-OAEP", "A256GCM", MESSAGE, NONE)
    assert (seen.ok, seen.message) == (None, None)
    assert seen.parts[0].members == {"alg": "RSA-OAEP", "cty": "text/plain", "enc": "A256GCM"}
    shown = {letter: text for letter, _, _, text in seen.rows}
    assert shown["C"] == f"the message's length: {len(MESSAGE)} bytes"
    changed = look_inside("RSA-OAEP", "A256GCM", MESSAGE, NONE, "C")
    assert changed.verdict == seen.verdict  # nobody notices


@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256CBC-HS512"])
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32])
def test_cbc_shows_the_length_roughly(enc: str, length: int) -> None:
    rows = look_inside("dir", enc, "x" * length, NONE).rows
    text = next(text for letter, _, _, text in rows if letter == "C")
    words = text.split()
    low, high = int(words[-4]), int(words[-2])
    assert low <= length <= high == low + 15


def test_an_empty_and_a_long_message() -> None:
    empty = look_inside("dir", "A256GCM", "", RIGHT, "C")
    assert empty.message == ""
    assert empty.marked is None
    assert look_inside("dir", "A256GCM", "é" * 5000, RIGHT).message == "é" * 1000


def test_the_same_controls_show_the_same() -> None:
    assert look_inside(*PAIRS[5], MESSAGE, RIGHT) == look_inside(*PAIRS[5], MESSAGE, RIGHT)


def test_every_control() -> None:
    panel = envelope_view()
    assert isinstance(panel, ipywidgets.Box)
    assert drive(panel) == []


def test_reset_is_the_beginning() -> None:
    def shown(panel: ipywidgets.Box) -> list[str]:
        views, stack = [], [panel]
        while stack:
            one = stack.pop()
            stack += getattr(one, "children", ())
            views += [one.value] if isinstance(one, ipywidgets.HTML) else []
        return views

    panel = envelope_view()
    first = shown(panel)
    widgets, stack = [], [panel]
    while stack:
        widgets.append(one := stack.pop())
        stack += getattr(one, "children", ())
    named = {getattr(one, "description", ""): one for one in widgets}
    named["Key by (alg)"].value = "dir"
    named["Change one of"].value = "T"
    named["The reader has"].value = RIGHT
    assert shown(panel) != first
    named["Reset"].click()
    assert shown(panel) == first
