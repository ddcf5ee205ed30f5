"""The theatre shows what the thefts did; the diagram shows who could read it."""

import re
from itertools import product
from typing import Any
from xml.etree import ElementTree

import pytest

from authlab.attacks import CATALOGUE, DEFENCES, WAYS, Message, build_bank
from authlab.widgets.sequence import MOST, draw_sequence, say_message, shorten
from authlab.widgets.theatre import FEW, IDS, THEFTS, hijack_theatre, stage_theft
from tests.notebooks.drive import controls, drive

HELLO = Message("alice", "bank", "GET /", "Cookie: sid=1001")
HEARD = HELLO._replace(seen=True)
HERS = Message("thief", "bank", "GET /balance", "", True)


def test_it_has_every_theft_of_the_notebook() -> None:
    assert len(THEFTS) == 7
    assert set(THEFTS) <= {attack.id for attack in CATALOGUE}


@pytest.mark.parametrize(("theft", "way"), list(product(THEFTS, WAYS)))
def test_a_scene_is_what_the_theft_did(theft: str, way: str) -> None:
    for on in ((), *((name,) for name in DEFENCES), tuple(DEFENCES)):
        scene = stage_theft(theft, way, on)
        assert scene.stolen == THEFTS[theft].run(build_bank(way, on)).succeeded
        assert scene.verdict.startswith("Stolen: " if scene.stolen else "Stopped")
        assert bool(scene.loot) == scene.stolen
        assert len(scene.messages) >= 4
        assert stage_theft(theft, way, on) is scene, "the same controls show the same play"


@pytest.mark.parametrize("theft", THEFTS)
def test_the_verdict_names_the_switch(theft: str) -> None:
    for name in THEFTS[theft].stopped_by:
        assert stage_theft(theft, "session", (name,)).verdict.startswith(
            f"Stopped by {DEFENCES[name].title}"
        )
    assert "without any switch" in stage_theft("ride", "token in a header", ("https",)).verdict
    assert "Same address" in stage_theft("sniff", "session", ("agent", "address")).verdict
    assert "RFC 6265bis" in stage_theft("ride", "session", tuple(DEFENCES)).verdict


def test_a_switch_that_a_token_does_not_know_changes_nothing() -> None:
    plain = stage_theft("inject", "token in a header")
    assert stage_theft("inject", "token in a header", ("httponly", "logout")) is plain


@pytest.mark.parametrize("ids", IDS.values())
def test_weak_ids_of_each_kind(ids: str) -> None:
    assert stage_theft("predict", ids=ids).stolen


def test_the_price_is_named() -> None:
    assert stage_theft("ride").bothered == ()
    bothered = " ".join(stage_theft("ride", defences=("address", "agent")).bothered)
    assert "carol" in bothered
    assert "dave" in bothered


def find(panel: Any, label: str) -> Any:
    return next(c for c in controls([panel]) if c.description == label)


def text_of(panel: Any) -> str:
    return " ".join(str(getattr(child, "value", "")) for child in walk(panel))


def walk(widget: Any) -> list[Any]:
    return [widget, *(d for child in getattr(widget, "children", ()) for d in walk(child))]


def test_it_plays_step_by_step() -> None:
    panel = hijack_theatre()
    step = find(panel, "Step")
    assert step.value == FEW < step.max
    assert "Not decided yet" in text_of(panel)
    assert "Stolen" not in text_of(panel)
    find(panel, "Next").click()
    assert step.value == FEW + 1
    find(panel, "Back").click()
    assert step.value == FEW
    find(panel, "Play all").click()
    assert step.value == step.max
    assert "Stolen: Mallory read" in text_of(panel)
    find(panel, "HTTPS only").value = True  # who has seen the end sees the new end
    assert step.value == step.max
    assert "Stopped by HTTPS only" in text_of(panel)
    find(panel, "Reset").click()
    assert (step.value, find(panel, "HTTPS only").value) == (FEW, False)


@pytest.mark.parametrize("theft", THEFTS)
def test_all_on_and_off_in_every_play(theft: str) -> None:
    panel = hijack_theatre()
    find(panel, "Theft").value = theft
    find(panel, "Play all").click()
    find(panel, "All on").click()
    assert "Stopped" in text_of(panel)
    find(panel, "All off").click()
    assert "Stolen" in text_of(panel)


def test_its_controls() -> None:
    assert drive(hijack_theatre()) == []


# -- the diagram ------------------------------------------------------------------------------


def read(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def test_what_she_reads_is_marked_and_what_not_hops() -> None:
    assert "M reads" in draw_sequence([HEARD])
    assert "M reads" not in draw_sequence([HELLO])
    assert "A9 9" in draw_sequence([HELLO])
    assert "A9 9" not in draw_sequence([HEARD, HERS])
    assert "M reads" not in draw_sequence([HERS]), "her own messages need no mark"


def test_it_is_read_out() -> None:
    label = read(draw_sequence([HEARD, HERS], 1)).find("svg").get("aria-label")  # type: ignore[union-attr]
    assert label == (
        "Sequence diagram, 1 of 2 messages. "
        "1. Alice to The bank: GET /, Cookie: sid=1001 (Mallory reads it)."
    )


@pytest.mark.parametrize("played", [None, -1, 0, 1, 2, 3, 99])
def test_its_height_stays(played: int | None) -> None:
    svg = draw_sequence([HELLO, HEARD, HERS], played)
    assert re.findall(r'viewBox="0 0 930 (\d+)"', svg) == ["234"]
    read(svg)


def test_hostile_text_stays_text() -> None:
    bad = Message("alice", "thief", "<script>x</script>", '"><img src=x onerror=y>', True)
    svg = draw_sequence([bad, bad._replace(receiver="alice")])
    read(svg)
    assert "<script" not in svg
    assert "<img" not in svg


def test_no_messages_at_all() -> None:
    assert "0 of 0 messages" in draw_sequence([])


def test_long_text_loses_its_middle() -> None:
    short = shorten("Authorization: Bearer " + "x" * 300 + "END")
    assert len(short) == MOST
    assert short.startswith("Authorization: Bearer x")
    assert short.endswith("END")
    assert shorten("GET /") == "GET /"


def test_a_sentence_is_whole() -> None:
    long = Message("bank", "alice", "200 OK", "Set-Cookie: " + "x" * 300)
    assert "x" * 300 in say_message(long)
