"""The claims timeline (03): one token, a time that moves, a server whose clock may be wrong."""

from functools import lru_cache
from typing import Any, NamedTuple

import ipywidgets as w

from authlab.jose import Step, encode, explain
from authlab.widgets import kit

__all__ = ["Reading", "claims_timeline", "draw_timeline", "read_claims"]

EIGHT = 1_800_000_000  # 8:00:00 UTC on 15 January 2027, when each token below was issued
KEY = b"the panel's own secret, 32 bytes or more"
# Times in seconds after eight; encoded, they are seconds since 1970.
TOKENS = {
    "iat, nbf and exp": {"iat": 0, "nbf": 120, "exp": 600},
    "without nbf": {"iat": 0, "exp": 600},
    "without exp": {"iat": 0, "nbf": 120},
    "exp in milliseconds": {"iat": 0, "nbf": 120, "exp": (EIGHT + 600) * 1000 - EIGHT},
}
FIRST = {"token": next(iter(TOKENS)), "now": 560, "skew": 60, "leeway": 0}
NOWS, SKEWS, MOST_LEEWAY, STEP = range(-120, 1021, 10), range(-180, 181, 10), 180, 10

START, END = -300, 1200  # what the line shows, in seconds after eight
LEFT, RIGHT, HEIGHT = 40, 890, 228  # pixels
BAND = (66, 40)  # the band of good times: its top and its height


class Reading(NamedTuple):
    """What the server makes of the token: the verdict, what the right clock would say, the steps.

    `good` is from when to when the token is good by its claims, in seconds after eight; the end is
    None where it has none.
    """

    ok: bool
    verdict: str
    contrast: str
    steps: list[Step]
    good: tuple[float, float | None]


def read_claims(token: str, now: float, skew: float, leeway: float) -> Reading:
    """Return what a server says to one of `TOKENS`; times in seconds.

    `now` is the right time after eight, `skew` how far the server's clock is ahead of it (behind,
    if negative), `leeway` what the server forgives.
    """
    times = TOKENS[token]
    good = (max(times["iat"], times.get("nbf", 0)), times.get("exp"))
    steps = _explain(token, now + skew, leeway)
    strict, right = _explain(token, now + skew, 0)[-1], _explain(token, now, 0)[-1]
    ok, verdict = kit.summarise(steps)
    if ok and not strict.ok:
        what = strict.detail.partition(":")[0]
        verdict = f"Accepted thanks to the leeway. Without it: {what} ({strict.rule})"
    elif ok and "nbf" in times:
        verdict = verdict.replace("not expired", "nbf has come, not expired")
    if ok == right.ok:
        contrast = "By the right clock, without leeway, the answer would be the same."
    else:
        says = "accepted" if right.ok else f"refused: {right.detail.partition(':')[0]}"
        contrast = f"By the right clock, without leeway, it would be {says}."
    return Reading(ok, verdict, f"{contrast} {_say_span(good, skew, leeway)}", steps, good)


def _explain(token: str, now: float, leeway: float) -> list[Step]:
    return explain(_encode(token), KEY, ["HS256"], now=EIGHT + now, leeway=leeway)


@lru_cache
def _encode(token: str) -> str:
    return encode({"sub": "alice"} | {name: EIGHT + t for name, t in TOKENS[token].items()}, KEY)


def _say_span(good: tuple[float, float | None], skew: float, leeway: float) -> str:
    """Return from when to when this server accepts the token, by the right clock."""
    begin = good[0] - leeway - skew
    if good[1] is None:
        return f"This server accepts it from {say_time(begin)} on, without an end."
    end = good[1] + leeway - skew
    said = f"Read off the right clock, this server accepts it from {say_time(begin)} to "
    said += say_time(end)
    if good[1] > END:
        return f"{said}."
    return f"{said}: {end - begin:.0f} s, where the token says {good[1] - good[0]:.0f} s."


def say_time(after: float) -> str:
    """Return seconds after eight as the time of day, or as a year where that is far away."""
    if after > 86_400:
        return f"the year {1970 + (EIGHT + after) / 31_556_952:.0f}"
    minutes, seconds = divmod(int(after) + 8 * 3600, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def say_skew(skew: int) -> str:
    """Return how wrong the server's clock is, in words."""
    return f"{abs(skew)} s {'ahead' if skew > 0 else 'behind'}" if skew else "right"


def draw_timeline(token: str, now: float, skew: float, leeway: float, reading: Reading) -> str:
    """Return the line of time as SVG: the claims above, the two clocks below."""
    begin, last = reading.good
    end = END if last is None else min(last, END)
    zones = _draw_zone(begin, end, "good", 'fill-opacity="0.35"')
    if leeway:
        hatched = 'fill-opacity="0.12" stroke-dasharray="4 3"'
        zones += _draw_zone(begin - leeway, begin, "leeway", hatched)
        zones += _draw_zone(end, end + leeway, "leeway", hatched) if end < END else ""
    claims = "".join(_draw_claim(name, at) for name, at in TOKENS[token].items())
    early = _draw_text((START + begin - leeway) / 2, 91, "too early", 'font-style="italic"')
    late = _draw_text((END + end + leeway) / 2, 91, "too late", 'font-style="italic"')
    mark = "✓" if reading.ok else "✗"
    server = f"{mark} this server's clock: {say_time(now + skew)} ({say_skew(int(skew))})"
    said = ", ".join(f"{name} {say_time(at)}" for name, at in TOKENS[token].items())
    label = (
        f"Line of time from {say_time(START)} to {say_time(END)}. Claims: {said}. Leeway "
        f"{leeway:.0f} s. The right clock says {say_time(now)}, this server's clock "
        f"{say_time(now + skew)}: {'accepted' if reading.ok else 'refused'}."
    )
    return (
        f'<div class="authlab-scroll"><svg role="img" aria-label="{kit.escape(label)}" '
        f'viewBox="0 0 930 {HEIGHT}" style="width:100%;min-width:640px;max-width:930px" '
        f'fill="currentColor" font-size="13">{_draw_axis()}{zones}{early}'
        f"{late if end < END else ''}{claims}"
        f"{_draw_hand(now, 162, f'the right clock: {say_time(now)}', dashed=True)}"
        f"{_draw_hand(now + skew, 126, server, lean=1 if skew >= 0 else -1)}</svg></div>"
    )


def _x(after: float) -> float:
    return round(LEFT + (after - START) * (RIGHT - LEFT) / (END - START), 1)


def _draw_axis() -> str:
    ticks = "".join(
        f'<path d="M{_x(at)} 192v6" stroke="currentColor"/>{_draw_text(at, 214, say_time(at)[:-3])}'
        for at in range(START, END + 1, 300)
    )
    return f'<path d="M{LEFT} 195H{RIGHT}" stroke="currentColor"/>{ticks}'


def _draw_zone(begin: float, end: float, word: str, style: str) -> str:
    """Draw a stretch of the band, in the colour of the payload; its word where there is room."""
    x, width = _x(begin), _x(end) - _x(begin)
    room = width > 50
    return (
        f'<rect x="{x}" y="{BAND[0]}" width="{width:.1f}" height="{BAND[1]}" '
        f'fill="var(--p, #e69f00)" stroke="var(--p, #e69f00)" stroke-width="2" {style}/>'
        f"{_draw_text((begin + end) / 2, 91, word) if room else ''}"
    )


def _draw_claim(name: str, at: float) -> str:
    """Draw a claim's time as a post with its name; one beyond the line points to where it is."""
    x = min(_x(at), RIGHT)
    post = f'<path d="M{x} 42V{sum(BAND)}" stroke="var(--p, #e69f00)" stroke-width="3"/>'
    if at > END:
        post = f'<path d="M{x} 42h22m-7 -5l7 5l-7 5" fill="none" stroke="currentColor"/>'
    return (
        f'<g font-weight="600">{_draw_text(min(at, END), 18, name)}</g>'
        f"{_draw_text(min(at, END), 35, say_time(at))}{post}"
    )


def _draw_hand(at: float, foot: float, text: str, *, dashed: bool = False, lean: int = 0) -> str:
    """Draw where a clock stands: a line through the band, and below it what it says.

    With `lean` the text goes to the right (1) or left (-1), away from the other clock's line.
    """
    look = 'stroke-width="2" stroke-dasharray="5 4"' if dashed else 'stroke-width="4"'
    return (
        f'<path d="M{_x(at)} {BAND[0] - 8}V{foot}" stroke="currentColor" {look}/>'
        f"{_draw_text(at, foot + 16, text, lean=lean)}"
    )


def _draw_text(at: float, y: float, text: str, style: str = "", *, lean: int = 0) -> str:
    """Draw a text centred at a time, or leaning to one side of it, and never cut off."""
    half = 3.6 * len(text)  # about half its width, in pixels
    x = min(max(_x(at) + lean * (half - 6), half), 930 - half)
    halo = "paint-order:stroke;stroke:var(--jp-layout-color1, Canvas);stroke-width:4px"
    return (
        f'<text x="{x:.1f}" y="{y}" text-anchor="middle" style="{halo}" {style}>'
        f"{kit.escape(text)}</text>"
    )


def claims_timeline() -> w.VBox:
    """Return the timeline: move the time, the server's clock and its leeway; see what it says."""
    wide: Any = {"width": "auto"}
    style = {"description_width": "9.5em"}
    verdict, picture, steps = (kit.view() for _ in range(3))
    token = w.Dropdown(options=list(TOKENS), description="Token has", layout=wide, style=style)
    now, skew = (
        w.SelectionSlider(options=options, description=text, layout=wide, style=style)
        for text, options in (
            ("The right time", [(say_time(at), at) for at in NOWS]),
            ("Server's clock is", [(say_skew(at), at) for at in SKEWS]),
        )
    )
    leeway = w.IntSlider(
        description="Leeway (seconds)", max=MOST_LEEWAY, step=STEP, layout=wide, style=style
    )
    controls = {"token": token, "now": now, "skew": skew, "leeway": leeway}
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")

    def redraw(_: object = None) -> None:
        chosen = {name: control.value for name, control in controls.items()}
        reading = read_claims(**chosen)
        kit.draw(verdict, kit.draw_verdict(reading.ok, reading.verdict))
        said = f"<div>{kit.escape(reading.contrast)}</div>"
        kit.draw(picture, draw_timeline(**chosen, reading=reading) + said)
        kit.draw(steps, kit.draw_steps(reading.steps))

    def begin(_: object = None) -> None:
        for name, control in controls.items():
            control.value = FIRST[name]
        redraw()

    begin()
    for control in controls.values():
        control.observe(redraw, "value")
    reset.on_click(begin)
    return kit.panel(
        "claims_timeline",
        verdict,
        kit.pane("Move one at a time", token, now, skew, leeway, reset),
        kit.pane("The token's times, and two clocks", picture, hint="the claims of part P"),
        kit.pane("What the server checks", steps, hint="by its own clock, with its leeway"),
    )
