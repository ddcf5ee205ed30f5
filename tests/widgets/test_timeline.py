"""The timeline says what `decode` would do, and draws the two clocks where they stand."""

from itertools import product
from typing import Any
from xml.etree import ElementTree

import pytest

from authlab.jose import InvalidToken, decode, encode
from authlab.widgets.timeline import (
    EIGHT,
    END,
    FIRST,
    KEY,
    MOST_LEEWAY,
    NOWS,
    SKEWS,
    START,
    TOKENS,
    claims_timeline,
    draw_timeline,
    read_claims,
    say_skew,
    say_time,
)
from tests.notebooks.drive import controls, drive

FULL, NO_NBF, NO_EXP, MILLISECONDS = TOKENS


def is_accepted(token: str, now: float, leeway: float) -> bool:
    claims = {name: EIGHT + at for name, at in TOKENS[token].items()}
    try:
        decode(encode(claims, KEY), KEY, ["HS256"], now=EIGHT + now, leeway=leeway)
    except InvalidToken:
        return False
    return True


@pytest.mark.parametrize("token", TOKENS)
def test_it_says_what_decode_does(token: str) -> None:
    for now, skew, leeway in product(range(-120, 1021, 60), (-180, -60, 0, 60), (0, 60, 180)):
        reading = read_claims(token, now, skew, leeway)
        assert reading.ok == is_accepted(token, now + skew, leeway)
        assert reading.verdict.startswith("Accepted" if reading.ok else "Refused at step ")
        assert reading.steps[-1].ok == reading.ok
        same = reading.ok == is_accepted(token, now, 0)
        assert ("the same" in reading.contrast) == same
        strict = is_accepted(token, now + skew, 0)
        assert ("thanks to the leeway" in reading.verdict) == (reading.ok and not strict)


@pytest.mark.parametrize(("skew", "leeway"), list(product((-90, 0, 90), (0, 120))))
def test_the_span_that_it_names_is_the_one_that_decode_gives(skew: int, leeway: int) -> None:
    good = [now for now in range(-600, 1500) if read_claims(FULL, now, skew, leeway).ok]
    said = read_claims(FULL, 0, skew, leeway).contrast
    assert f"from {say_time(good[0])} to {say_time(good[-1] + 1)}: {len(good)} s" in said
    assert "where the token says 480 s" in said


@pytest.mark.parametrize(
    ("token", "now", "verdict"),
    [
        (FULL, -10, "not valid yet (RFC 7519, 4.1.5)"),
        (FULL, 119, "not valid yet (RFC 7519, 4.1.5)"),
        (FULL, 120, "nbf has come"),
        (FULL, 599, "nbf has come"),
        (FULL, 600, "expired (RFC 7519, 4.1.4)"),
        (NO_NBF, -10, "issued in the future (RFC 7519, 4.1.6)"),
        (NO_NBF, 0, "Accepted: signature matches, not expired"),
        (NO_EXP, 1000, "it never expires"),
        (MILLISECONDS, 1000, "Accepted"),
    ],
)
def test_the_rule_changes_as_time_moves(token: str, now: int, verdict: str) -> None:
    assert verdict in read_claims(token, now, 0, 0).verdict


def test_a_token_without_an_end_has_none() -> None:
    assert "without an end" in read_claims(NO_EXP, 0, 0, 0).contrast
    assert "the year 59010" in read_claims(MILLISECONDS, 0, 0, 0).contrast


def test_times_in_words() -> None:
    assert [say_time(at) for at in (START, 0, 599, END)] == [
        "7:55:00",
        "8:00:00",
        "8:09:59",
        "8:20:00",
    ]
    assert [say_skew(at) for at in (-90, 0, 60)] == ["90 s behind", "right", "60 s ahead"]


# -- the picture ------------------------------------------------------------------------------


def draw(token: str, now: int, skew: int, leeway: int) -> ElementTree.Element:
    reading = read_claims(token, now, skew, leeway)
    svg = ElementTree.fromstring(draw_timeline(token, now, skew, leeway, reading)).find("svg")
    assert svg is not None
    return svg


def texts(svg: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in svg.iter("text")]


def test_it_is_read_out() -> None:
    assert draw(FULL, 560, 60, 30).get("aria-label") == (
        "Line of time from 7:55:00 to 8:20:00. Claims: iat 8:00:00, nbf 8:02:00, exp 8:10:00. "
        "Leeway 30 s. The right clock says 8:09:20, this server's clock 8:10:20: accepted."
    )


def test_both_clocks_are_named_and_marked() -> None:
    assert "✗ this server's clock: 8:10:20 (60 s ahead)" in texts(draw(FULL, 560, 60, 0))
    assert "✓ this server's clock: 8:09:20 (right)" in texts(draw(FULL, 560, 0, 0))
    assert "the right clock: 8:09:20" in texts(draw(FULL, 560, 60, 0))


def test_the_zones() -> None:
    full = texts(draw(FULL, 0, 0, 0))
    assert {"too early", "good", "too late"} <= set(full)
    assert "leeway" not in full
    assert texts(draw(FULL, 0, 0, 120)).count("leeway") == 2
    assert "too late" not in texts(draw(NO_EXP, 0, 0, 120))
    assert texts(draw(MILLISECONDS, 0, 0, 120)).count("leeway") == 1


@pytest.mark.parametrize("token", TOKENS)
def test_nothing_is_drawn_outside(token: str) -> None:
    ends = product((NOWS[0], NOWS[-1]), (SKEWS[0], SKEWS[-1]), (0, MOST_LEEWAY))
    for now, skew, leeway in ends:
        svg = draw(token, now, skew, leeway)
        for rect in svg.iter("rect"):
            left, width = float(rect.get("x", "")), float(rect.get("width", ""))
            assert 0 <= left <= left + width <= 930
        for text in svg.iter("text"):
            assert 0 <= float(text.get("x", "")) <= 930


# -- the panel --------------------------------------------------------------------------------


def find(panel: Any, label: str) -> Any:
    return next(c for c in controls([panel]) if c.description == label)


def text_of(widget: Any) -> str:
    inner = "".join(map(text_of, getattr(widget, "children", ())))
    return f"{getattr(widget, 'value', '')} {inner}"


def test_it_begins_where_two_clocks_disagree() -> None:
    panel = claims_timeline()
    assert "Refused at step 8: expired" in text_of(panel)
    assert "it would be accepted" in text_of(panel)
    find(panel, "Leeway (seconds)").value = 60
    assert "Accepted thanks to the leeway" in text_of(panel)
    find(panel, "Server's clock is").value = 0
    assert "Accepted: signature matches" in text_of(panel)
    find(panel, "The right time").value = 0
    assert "Refused at step 9: not valid yet" in text_of(panel)
    find(panel, "Token has").value = NO_NBF
    assert "Accepted" in text_of(panel)
    find(panel, "Reset").click()
    assert "Refused at step 8: expired" in text_of(panel)
    assert find(panel, "Token has").value == FIRST["token"]


def test_its_controls() -> None:
    assert drive(claims_timeline()) == []
