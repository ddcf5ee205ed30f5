"""The entropy meter (07): collect session ids, estimate their bits, try to predict the next."""

import math
import random
from collections.abc import Callable
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

import ipywidgets as w

from authlab.attacks.entropy import Estimate, estimate, guess_time, readable
from authlab.attacks.ids import clock_ids, counter_ids, guess_ids, random_ids, twister_ids
from authlab.clock import Clock
from authlab.widgets import kit

__all__ = ["Measurement", "Prediction", "Sample", "entropy_meter", "measure_ids", "predict_next"]

START = 1_800_000_000  # Unix seconds at which the thief begins to collect; it stands still
GAP = 0.4  # seconds between two logins, on average: a busy bank
YEAR = 365.25 * 86_400
SHOWN = 6  # ids on the screen
FEWEST, MOST = 10, 1000


class Way(NamedTuple):
    """One way to make ids: its maker, the bits asked for, what the lab knows of them."""

    make: Callable[[random.Random, Clock], Callable[[int], str]]
    asked: int
    known: float
    why: str


class Sample(NamedTuple):
    """The ids that the thief collected, what they show, the id issued after them, and when."""

    ids: tuple[str, ...]
    estimate: Estimate
    next_id: str
    now: float


class Prediction(NamedTuple):
    """At which try the thief had the next id (0: not at all), and how many tries were made."""

    at: int
    tries: int


class Measurement(NamedTuple):
    """What the meter shows for one setting of its controls.

    `ok` is None while nothing is sure. `rows`: a name, its bits, mean and whole range in words.
    """

    ok: bool | None
    verdict: str
    sample: Sample
    rows: list[tuple[str, float, str, str]]
    prediction: Prediction | None


def _draw(chance: random.Random, clock: Clock) -> Callable[[int], str]:
    # The lab's dice instead of the system's, so that the same controls show the same ids.
    return random_ids(draw=chance.randbytes)


def _seed(chance: random.Random, clock: Clock) -> Callable[[int], str]:
    return twister_ids(START - chance.randrange(3600, 6 * 3600))  # the server started this morning


WAYS = {
    "a counter": Way(lambda chance, clock: counter_ids(), 128, 0, "the next number"),
    "the clock, in milliseconds": Way(
        lambda chance, clock: clock_ids(clock),
        128,
        math.log2(math.e * GAP * 1000),  # the entropy of a wait of that mean
        f"logins come {GAP} seconds apart, on average",
    ),
    "random(), seeded with the start": Way(
        _seed, 128, math.log2(86_400), "the seed is one second of a day"
    ),
    "64 random bits": Way(_draw, 64, 64, "all of them random"),
    "128 random bits (secrets)": Way(_draw, 128, 128, "all of them random"),
}
FIRST = list(WAYS)[1]


@lru_cache(maxsize=32)
def collect_ids(way: str, count: int, number: int) -> Sample:
    """Return the sample called `number` of `count` ids; more ids begin with the same ones."""
    chance, clock = random.Random(f"{way} {number}"), Clock(START)
    new_id, asked = WAYS[way].make(chance, clock), WAYS[way].asked
    for _ in range(chance.randrange(10, 60)):
        new_id(asked)  # customers who came before the thief
    ids = []
    for _ in range(count + 1):
        clock.advance(chance.expovariate(1 / GAP))
        ids.append(new_id(asked))
    return Sample(tuple(ids[:-1]), estimate(ids[:-1]), ids[-1], clock.now())


@lru_cache(maxsize=32)
def predict_next(way: str, count: int, number: int) -> Prediction:
    """Return how the thief fares with `guess_ids` on that sample."""
    sample, tries = collect_ids(way, count, number), 0
    for tries, candidate in enumerate(guess_ids(sample.ids, sample.now), 1):
        if candidate == sample.next_id:
            return Prediction(tries, tries)
    return Prediction(0, tries)


def measure_ids(
    way: str, count: int, guesses: float, live: float, *, number: int = 0, tried: bool = False
) -> Measurement:
    """Return all that the meter shows.

    `way` is one of `WAYS`, `count` how many ids are collected, `guesses` a second, `live`
    sessions; `number` picks the sample; `tried` says that the thief has tried to predict.
    """
    sample = collect_ids(way, count, number)
    found, prediction = sample.estimate, predict_next(way, count, number) if tried else None
    cases = (
        (f"these ids, by the estimate{'' if found.enough else ' (too few ids)'}", found.bits),
        (f"these ids, as the lab knows: {WAYS[way].why}", WAYS[way].known),
        ("64 random bits: the least for OWASP", 64.0),
        ("128 random bits: the least for ASVS 5.0, 7.2.3", 128.0),
    )
    times = [guess_time(bits, guesses=guesses, live=live) for _, bits in cases]
    rows = [
        (*case, readable(time.mean), readable(time.whole))
        for case, time in zip(cases, times, strict=True)
    ]
    return Measurement(*judge(found, times[0].mean, prediction), sample, rows, prediction)


def judge(found: Estimate, mean: float, prediction: Prediction | None) -> tuple[bool | None, str]:
    """Return the verdict: can a thief guess an id? `mean` is the time that takes, in seconds."""
    looks = f"the ids look like {found.bits:.0f} bits"
    if prediction and prediction.at:
        though = f", though {looks}" if mean >= YEAR else ""
        return False, f"Yes, a thief can: candidate {prediction.at:,} is the next id{though}."
    if not found.enough:
        return None, f"Too few ids to tell: they cannot show more than {found.ceiling:.0f} bits."
    if mean < YEAR:
        takes = f"at most {found.bits:.1f} bits, {readable(mean)} on average"
        return False, f"Yes, a thief can guess one: {takes}."
    if prediction:
        takes = f"blind guessing takes {readable(mean)} on average"
        return True, f"No: {looks}, guess_ids() finds no pattern, and {takes}."
    return None, f"No fault seen: {looks}. But a meter sees no seed: try to predict."


def draw_ids(ids: tuple[str, ...]) -> str:
    """Return the newest ids, one a line; what differs from the id before is underlined."""
    width = max(map(len, ids))
    lines = []
    under = ' style="outline:none;text-decoration:underline 2px"'  # an outline hides its neighbours
    for earlier, later in zip(ids[-SHOWN - 1 : -1], ids[-SHOWN:], strict=True):
        # Compared from the right end, where the digits of numbers line up.
        pairs = zip(earlier.rjust(width), later.rjust(width), strict=True)
        runs = groupby(pairs, key=lambda pair: pair[0] != pair[1])
        line = ""
        for changed, run in runs:
            text = kit.escape("".join(new for _, new in run).strip())
            line += f"<mark{under}>{text}</mark>" if changed else text
        lines.append(line)
    return (
        f"<div>The newest of {len(ids):,}; underlined is what differs from the id before.</div>"
        f'<div class="authlab-token">{"<br>".join(lines)}</div>'
    )


def draw_positions(positions: tuple[float, ...], newest: str) -> str:
    """Return a bar for each character position, the newest id's characters below."""
    moving = [bits for bits in positions if bits >= 0.05]
    said = f"{len(moving)} of {len(positions)} characters vary"
    if moving:
        least, most = f"{min(moving):.1f}", f"{max(moving):.1f}"
        said += f", by {least if least == most else f'{least} to {most}'} bits each"
    pitch, top, left = 17, 76, 44
    bars, letters = "", ""
    for i, (bits, letter) in enumerate(zip(positions, newest.rjust(len(positions)), strict=True)):
        x, height = left + i * pitch, bits / 4 * top
        bars += f"M{x} {top + 6}v{-height:.1f}h{pitch - 4}v{height:.1f}z"
        letters += f'<text x="{x + (pitch - 4) / 2}" y="{top + 22}">{kit.escape(letter)}</text>'
    width, height = left + len(positions) * pitch, top + 28
    return (
        f"<div>Bits at each position: {said}.</div>"
        f'<svg role="img" aria-label="{said}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" style="max-width:100%;height:auto" fill="currentColor" font-size="12">'
        f'<path d="M{left - 4} 6H{width}M{left - 4} {top + 6}H{width}" stroke="currentColor" '
        f'stroke-width="0.6" stroke-dasharray="2 3"/><path d="{bars}"/>'
        f'<text x="0" y="10">4 bits</text><text x="0" y="{top + 10}">0</text>'
        f'<g text-anchor="middle" style="font-family:var(--jp-code-font-family)">{letters}</g>'
        "</svg>"
    )


def draw_times(rows: list[tuple[str, float, str, str]], guesses: float, live: float) -> str:
    """Return the table of bits and times."""
    heads = ("ids", "bits", "on average", "whole range")
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    body = "".join(
        f'<tr><th scope="row">{kit.escape(name)}</th><td>{bits:.1f}</td><td>{mean}</td>'
        f"<td>{whole}</td></tr>"
        for name, bits, mean, whole in rows
    )
    rate = f"{guesses:,.0f} {'guess' if guesses == 1 else 'guesses'} a second"
    aim = "the one live session" if live == 1 else f"one of {live:,.0f} live sessions"
    return (
        f'<div class="authlab-scroll"><table><caption>Until a thief with {rate} hits {aim}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def say_prediction(seen: Measurement, way: str) -> str:
    """Return what came of the try to predict."""
    if seen.prediction is None:
        return "The thief has not tried yet. guess_ids() knows counters, clocks and seeds."
    if not seen.prediction.at:
        return (
            f"Not found in {seen.prediction.tries:,} candidates: no counter, no clock and no seed "
            "of the last day explains these ids."
        )
    said = f"Found: the next id was candidate {seen.prediction.at:,} of guess_ids()."
    if WAYS[way].make is _seed:
        said += " First the seconds of the last day were tried as seeds, where no bank sees it."
    return said


def entropy_meter() -> w.VBox:
    """Return the meter: how guessable are session ids made in one of five ways?"""
    wide: Any = {"width": "auto"}
    style = {"description_width": "9.5em"}
    verdict, collected, times, outcome = (kit.view() for _ in range(4))
    way = w.Dropdown(options=list(WAYS), description="Ids made by", layout=wide, style=style)
    count = w.IntSlider(
        description="Collect", min=FEWEST, max=MOST, step=10, layout=wide, style=style
    )
    guesses, live = (
        w.FloatLogSlider(
            description=text, max=9, min=0, step=1, readout_format=",.0f", layout=wide, style=style
        )
        for text in ("Guesses a second", "Live sessions")
    )
    again = w.Button(description="Collect again", tooltip="Draw a new sample, same settings")
    attempt = w.Button(description="Try to predict", tooltip="Run guess_ids on what is collected")
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    state: dict[str, Any] = {"number": 0, "tried": False}

    def redraw(_: object = None) -> None:
        seen = measure_ids(way.value, count.value, guesses.value, live.value, **state)
        kit.draw(verdict, kit.draw_verdict(seen.ok, seen.verdict))
        ids, found = seen.sample.ids, seen.sample.estimate
        said = f"<div><b>{kit.escape(found.sentence)}</b></div>"
        kit.draw(collected, draw_ids(ids) + draw_positions(found.positions, ids[-1]) + said)
        kit.draw(times, draw_times(seen.rows, guesses.value, live.value))
        kit.draw(outcome, f"<div>{kit.escape(say_prediction(seen, way.value))}</div>")

    def recollect(_: object = None) -> None:
        state["tried"] = False  # other ids: what was predicted is no longer on the screen
        redraw()

    def collect_again(_: object) -> None:
        state["number"] += 1
        recollect()

    def predict(_: object) -> None:
        state["tried"] = True
        redraw()

    def begin(_: object = None) -> None:
        state["number"] = 0
        way.value, count.value, guesses.value, live.value = FIRST, 100, 10_000, 100_000
        recollect()

    begin()
    for control in (way, count):
        control.observe(recollect, "value")
    for control in (guesses, live):
        control.observe(redraw, "value")
    for button, action in ((again, collect_again), (attempt, predict), (reset, begin)):
        button.on_click(action)
    return kit.panel(
        "entropy_meter",
        verdict,
        kit.row(
            kit.column(
                kit.pane("The bank and the thief", way, count, again, guesses, live, reset),
                kit.pane("Predict the next id", attempt, outcome, hint="guess_ids() on these ids"),
            ),
            kit.pane("What the thief collected", collected),
        ),
        kit.pane("How long blind guessing takes", times),
    )
