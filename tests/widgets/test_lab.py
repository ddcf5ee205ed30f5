"""The lab: settings, a verdict that names the cheapest way, a chart whose names can be read."""

import random
import re
import time
from typing import Any
from xml.etree import ElementTree

import pytest

from authlab.revocation import Population, Table, simulate
from authlab.widgets import revocation_lab
from authlab.widgets.lab_chart import MARK, STYLES, Box, Chart, place_labels, spread_points
from authlab.widgets.lab_state import (
    ACCESS,
    COSTS,
    FIRST,
    LIMITS,
    LIVES,
    PUSHES,
    REQUESTS,
    TOKENS,
    TRIPS,
    Settings,
    judge,
    say_chart,
)
from tests.notebooks.drive import controls, page_problems

CALLS = COSTS["calls of the store a second"]


@pytest.fixture(scope="module")
def table() -> Table:
    return simulate(FIRST.population())


# -- the settings -----------------------------------------------------------------------------


@pytest.mark.parametrize("life", LIVES)
@pytest.mark.parametrize("requests", REQUESTS)
def test_every_place_of_the_controls_makes_a_population(life: int, requests: float) -> None:
    chance = random.Random(f"{life} {requests}")
    for _ in range(20):
        population = Settings(
            tokens=chance.choice(TOKENS),
            devices=chance.randint(1, 5),
            requests=requests,
            token_life=life,
            access_life=chance.choice(ACCESS),
            log_outs=chance.uniform(0, 20),
            thefts=chance.uniform(0, 100),
            disabled=chance.uniform(0, 50),
            nodes=chance.randint(1, 100),
            round_trip=chance.choice(TRIPS),
            push_every=chance.choice(PUSHES),
            outage=chance.randrange(0, 1801, 30),
            on_outage=chance.choice(["open", "closed"]),
        ).population()
        assert population.seconds == min(life, 3600)


def test_the_first_settings_are_the_first_population() -> None:
    first, plain = FIRST.population(), Population()
    names = set(vars(plain)) - {"window", "outage_start"}
    assert {name: getattr(first, name) for name in names} == {
        name: getattr(plain, name) for name in names
    }


# -- the verdict ------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("name", COSTS)
def test_the_verdict_names_the_cheapest(table: Table, name: str, limit: int) -> None:
    cost = COSTS[name]
    ok, said = judge(table, cost, limit)
    assert ok
    good = [row for row in table if row.stale_worst <= limit]
    least = min(good, key=cost.of)
    named = set(re.findall(r"\w+", said))
    assert least.name in named
    dearer = {row.name for row in good if cost.of(row) > cost.of(least) * 1.1}
    assert not dearer & named
    assert cost.say(cost.of(least)) in said


def test_when_no_way_is_quick_enough(table: Table) -> None:
    slow = Table([row for row in table if row.stale_worst > 10], "")
    assert judge(slow, CALLS, 10) == (
        False,
        f"No way ends access within 10 s: the quickest, {slow.rows[1].name}, takes 59.5 s.",
    )


def test_a_way_that_keeps_everybody_out_is_no_clear_yes() -> None:
    ok, said = judge(simulate(FIRST._replace(outage=1800).population()), CALLS, 60)
    assert ok is None
    assert "honest requests" in said


def test_the_chart_is_read_out(table: Table) -> None:
    said = say_chart(table, CALLS)
    assert "BloomDenylist: 59.5 s, 5.57; " in said
    assert all(row.name in said for row in table)


# -- the chart --------------------------------------------------------------------------------


def place_at_random(seed: int) -> dict[str, tuple[float, float]]:
    chance = random.Random(seed)
    columns = [chance.uniform(95, 410) for _ in range(chance.randint(1, 4))]
    heights = [chance.uniform(66, 590) for _ in range(chance.randint(1, 5))]
    return {name: (chance.choice(columns), chance.choice(heights)) for name in STYLES}


@pytest.mark.parametrize("seed", range(60))
def test_no_name_lies_on_another_or_on_a_point(seed: int) -> None:
    places = spread_points(place_at_random(seed))
    half = MARK / 2
    points = [Box(x - half, y - half, x + half, y + half) for x, y in places.values()]
    boxes = place_labels(places)
    for name, box in boxes.items():
        assert not any(box.meets(point) for point in points), name
        assert not any(box.meets(other) for key, other in boxes.items() if key != name), name
    for name, (x, y) in places.items():
        near = [key for key, at in places.items() if max(abs(at[0] - x), abs(at[1] - y)) < MARK]
        assert near == [name]


@pytest.mark.parametrize("name", COSTS)
def test_the_chart_is_svg_with_text(table: Table, name: str) -> None:
    svg = Chart().draw(table, COSTS[name], 60)
    assert page_problems(svg) == []
    root = ElementTree.fromstring(svg)
    words = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert set(STYLES) <= set(words)
    assert {"your limit", "longest access after the end", COSTS[name].axis} <= set(words)
    assert "currentColor" in svg
    assert "#010203" not in svg
    assert "<style" not in svg  # it would be the whole page's, which then is styled anew


def test_a_figure_is_kept_and_updated(table: Table) -> None:
    chart = Chart()
    first = chart.draw(table, CALLS, 60)
    other = chart.draw(simulate(Population(tokens=1000)), COSTS["bytes held in the store"], 300)
    assert first != other
    assert chart.draw(table, CALLS, 60) == first


def test_shapes_and_colours_differ() -> None:
    assert len({shape for shape, _ in STYLES.values()}) == len(STYLES) == 9
    assert len({colour for _, colour in STYLES.values()}) == 9


# -- the panel --------------------------------------------------------------------------------


def find(panel: Any, label: str) -> Any:
    return next(c for c in controls([panel]) if c.description == label)


def text_of(widget: Any) -> str:
    inner = "".join(map(text_of, getattr(widget, "children", ())))
    return f"{getattr(widget, 'value', '')} {inner}"


def wait_for(panel: Any, text: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while text not in text_of(panel):
        assert time.monotonic() < end, f"{text!r} did not come"
        time.sleep(0.02)


def test_moving_controls_changes_what_is_said() -> None:
    panel = revocation_lab()
    assert "To end access within 60 s, BloomDenylist costs least" in text_of(panel)
    find(panel, "Access must end").value = 0
    assert "To end access at once, " in text_of(panel)
    find(panel, "Cost shown").value = "bytes held in the store"
    assert "NotBefore costs least" in text_of(panel)
    find(panel, "Live log-ins").value = 1000
    assert "1,000 live log-ins" in text_of(panel)
    find(panel, "Store down for (s)").value = 300
    assert "store down for 5 min (closed)" in text_of(panel)
    find(panel, "Then the servers are").value = "open"
    assert "store down for 5 min (open)" in text_of(panel)
    find(panel, "Reset").click()
    assert "To end access within 60 s, BloomDenylist costs least" in text_of(panel)
    assert "10,000 live log-ins, 60 min" in text_of(panel)


def test_a_million_log_ins_answer_at_once() -> None:
    """The promise is 100 ms to a painted answer, of which JupyterLab itself takes some 40.

    Measured is time of the processor, the least of twenty changes: about 30 ms. A busy machine
    takes longer to give it, and gives a little more of it: hence the room.
    """
    panel = revocation_lab()
    find(panel, "Live log-ins").value = 10**6
    push, took = find(panel, "A push every"), []
    for _ in range(20):
        before = time.thread_time()
        push.value = 300 if push.value == 60 else 60
        took.append(time.thread_time() - before)
    assert "1,000,000 live log-ins" in text_of(panel)
    assert min(took) < 0.08


def test_many_log_ins_show_progress_and_come() -> None:
    panel = revocation_lab()
    find(panel, "Live log-ins").value = 5 * 10**6
    assert "Simulating 5,000,000 log-ins" in text_of(panel)
    assert find(panel, "Stop")
    wait_for(panel, "5,000,000 live log-ins")
    wait_for(panel, "To end access within 60 s")
    assert not [c for c in controls([panel]) if c.description == "Stop"]


def test_it_can_be_stopped_and_moved_on() -> None:
    panel = revocation_lab()
    find(panel, "Live log-ins").value = 10**8
    find(panel, "Stop").click()
    assert "Stopped." in text_of(panel)
    assert "10,000 live log-ins" in text_of(panel)
    find(panel, "Live log-ins").value = 5 * 10**7
    find(panel, "Live log-ins").value = 1000  # a small one, while the large one is at work
    assert "To end access within 60 s" in text_of(panel)
    time.sleep(0.3)
    assert "1,000 live log-ins" in text_of(panel)


def test_a_wait_is_told_apart_on_the_scale() -> None:
    cost, row = (
        COSTS["waiting for the store, a request"],
        {r.name: r for r in simulate(Population())},
    )
    assert cost.of(row["ServerSession"]) > 10 * cost.of(row["StatusList"]) > 0
    assert [cost.say(step) for step in (0, 10, 1e3)] == ["0 µs", "10 µs", "1 ms"]
    picture = Chart().draw(simulate(Population()), cost, 60)
    assert "1 ms" in picture
    assert "e+0" not in picture
