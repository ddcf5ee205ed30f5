"""The bench shows what the attacks did; the matrix says in words what it shows in marks."""

import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import pytest
from PIL import ImageFont

from authlab.attacks import CATALOGUE, HOLES, Message, NaiveVerifier
from authlab.clock import Clock
from authlab.widgets.bench import attack_bench
from authlab.widgets.bench_state import (
    ATTACKS,
    HOLE,
    LEFT,
    NONE,
    PITCH,
    START,
    TOP,
    WIDTH,
    YOURS,
    count_honest,
    draw_forgery,
    draw_matrix,
    list_rows,
    run_cell,
    say_row,
)
from tests.notebooks.drive import controls, drive

ALL = tuple(HOLES)


def test_it_has_every_forgery_and_every_hole() -> None:
    assert list(ATTACKS) == [a.id for a in CATALOGUE if a.target == "verify"]
    names = [row.name for row in list_rows(ALL)]
    assert names == [YOURS, NONE, *HOLES]


@pytest.mark.parametrize("id", ATTACKS)
def test_a_cell_is_what_the_attack_did(id: str) -> None:
    [own] = ATTACKS[id].stopped_by
    for holes in ((), (own,), ALL):
        verify = NaiveVerifier(holes, clock=Clock(START))
        assert run_cell(holes, id).succeeded == ATTACKS[id].run(verify).succeeded == bool(holes)
    assert run_cell((), id) is run_cell((), id), "what was run is kept"


def test_honest_tokens_pass_whatever_is_open() -> None:
    for holes in ((), ("aud",), ALL):
        assert count_honest(holes) == (8, 8)


def find(panel: Any, label: str) -> Any:
    return next(c for c in controls([panel]) if c.description == label)


def text_of(panel: Any) -> str:
    return " ".join(str(getattr(child, "value", "")) for child in walk(panel))


def walk(widget: Any) -> list[Any]:
    return [widget, *(d for child in getattr(widget, "children", ()) for d in walk(child))]


def test_mending_a_hole_stops_its_forgery() -> None:
    panel = attack_bench()
    assert "Your verifier: 23 holes open. Say none: Mallory gets in as Alice." in text_of(panel)
    find(panel, "Mend all").click()
    assert "Your verifier: 0 holes open. Say none: refused: " in text_of(panel)
    find(panel, HOLES["none"].title).value = True
    assert "Your verifier: 1 hole open. Say none: Mallory gets in as Alice." in text_of(panel)
    find(panel, "Attack").value = "expired"
    assert "The token has expired." in text_of(panel)
    find(panel, "Verifier").value = "exp"
    assert f"Hole “{HOLES['exp'].title}”. Use an old token: Mallory gets in as Alice." in text_of(
        panel
    )


def test_a_row_and_the_whole_matrix() -> None:
    panel = attack_bench()
    assert "50 cells run" in text_of(panel), "two rows are there at first"
    assert "Mallory gets in by 25 of 25 attacks, and 8 of 8 honest tokens pass." in text_of(panel)
    find(panel, "Verifier").value = "jwk"
    assert "1 of 25 attacks were run on it" in text_of(panel)
    find(panel, "Run this row").click()
    assert "Mallory gets in by 1 of 25 attacks, and 8 of 8 honest tokens pass." in text_of(panel)
    find(panel, "Run every cell").click()
    assert "Matrix of 25 verifiers by 25 attacks, 625 cells run." in text_of(panel)
    find(panel, "Verifier").value = YOURS
    find(panel, "Mend all").click()  # the row of the new verifier is that without a hole
    assert "Mallory gets in by 0 of 25 attacks" in text_of(panel)
    find(panel, "Reset").click()
    assert "50 cells run" in text_of(panel)
    assert find(panel, "Verifier").value == YOURS


def test_every_hole_is_used_and_no_more_than_one_can_do() -> None:
    rows = list_rows(())
    results = {(row.holes, id): run_cell(row.holes, id).succeeded for row in rows for id in ATTACKS}
    for row in rows:
        stolen = {id for id in ATTACKS if results[row.holes, id]}
        own = {id for id, attack in ATTACKS.items() if row.name in attack.stopped_by}
        assert own <= stolen
        # The signature's own holes let in more than one forgery; the notebook says so.
        several = {"unchecked", "stripped", "header_alg", "text_denylist"}
        assert (len(stolen) > 1) == (row.name in several)
        assert "Mallory gets in by" in say_row(row, results)


def test_the_matrix_is_well_formed_and_read_out() -> None:
    rows = list_rows(ALL)
    results = {(rows[0].holes, "none"): True, ((), "none"): False}
    svg = ElementTree.fromstring(draw_matrix(rows, results, (YOURS, "none")))[0]
    assert svg.get("aria-label") == (
        "Matrix of 25 verifiers by 25 attacks, 2 cells run. "
        "Your verifier: 23 holes open: Mallory gets in by Say none."
    )
    marks = [text for text in svg.iter("text") if text.text == "M"]
    assert len(marks) == 1


def measure(text: str, size: int, face: str) -> float:
    """Return a text's pixels in DejaVu Sans, the widest of the fonts that JupyterLab falls to."""
    file = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf")
    return float(ImageFont.truetype(str(file), 10 * size).getlength(text)) / 10


def test_no_title_is_cut_off() -> None:
    """Neither beside the matrix nor above it, where the chosen one is bold, nor at its box."""
    for row in list_rows(ALL):
        assert measure(row.title, 12, "DejaVuSans-Bold") < LEFT - 8, row.title
    lean = math.radians(66)
    for column, attack in enumerate(ATTACKS.values()):
        long = measure(attack.title, 12, "DejaVuSans-Bold") + 2
        assert long * math.sin(lean) < TOP - 6 - 4, attack.title
        assert LEFT + PITCH * column + 15 + long * math.cos(lean) < WIDTH, attack.title
    for hole in HOLES.values():
        assert measure(hole.title, 13, "DejaVuSans") + 30 < HOLE, hole.title  # 30: box and gaps


def test_hostile_text_stays_text() -> None:
    bad = Message("thief", "thief", "<script>x</script>", '"><img src=x onerror=y>' * 50, True)
    html = draw_forgery([bad, bad._replace(sender="bank")], "<img>.<b>.<i>")
    assert "<script" not in html
    assert "<img" not in html
    assert "There was nothing to forge" in draw_forgery([bad], "")


def test_a_token_that_passes_is_not_said_to_stop() -> None:
    """What a strict reader finds is a remark: the verifier on the bench may have passed it."""
    for id in ("none", "respell", "duplicate"):
        outcome = run_cell(ALL, id)
        html = draw_forgery(outcome.messages, outcome.token)
        assert outcome.succeeded
        assert "Stops here" not in html
        assert "A strict reader stops at the " in html


def test_its_controls() -> None:
    assert drive(attack_bench()) == []
