"""The revocation lab (10): one's own application as sliders, nine ways to take access back."""

from threading import Thread
from typing import Any

import ipywidgets as w

from authlab.revocation import Table, simulate
from authlab.revocation.table import in_seconds
from authlab.widgets import kit
from authlab.widgets.lab_chart import Chart
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
    Cost,
    Settings,
    judge,
)

__all__ = ["revocation_lab"]

AT_ONCE = 1_000_000  # live log-ins up to which an answer comes at once,
ROWS = 150_000  # unless more than this many must be looked at one by one
FIRST_LIMIT = 60


class _Stopped(Exception):
    """Somebody pressed Stop, or moved on."""


def revocation_lab() -> w.VBox:
    """Return the lab: move the sliders to your own application, and see what each way costs."""
    seen = kit.spread()
    settings, limit, cost = _make_controls()
    bar = w.FloatProgress(description="Simulating", max=1.0, layout={"width": "30em"})
    stop = w.Button(description="Stop", tooltip="Give this simulation up, keep the last one")
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    busy = w.HBox([bar, stop], layout={"order": "-1", "flex": "1 0 100%"})
    chart = Chart()
    state: dict[str, Any] = {"turn": 0, "table": None, "quiet": False}

    def show(_: object = None) -> None:
        table, chosen = state["table"], COSTS[cost.value]
        state["shown"] = draw_found(table, chosen, limit.value, chart)
        say(*judge(table, chosen, limit.value))

    def say(ok: bool | None, text: str) -> None:
        kit.draw(seen, kit.draw_line(kit.draw_verdict(ok, text), first=True) + state["shown"])

    def work(population: Any, turn: int) -> None:
        def tell(share: float) -> None:
            if state["turn"] != turn:
                raise _Stopped
            bar.value = share

        try:
            found = simulate(population, progress=tell)
        except _Stopped:
            return
        if state["turn"] == turn:
            done(found)

    def done(table: Table) -> None:
        state["table"] = table
        busy.layout.display = "none"
        show()

    def recount(_: object = None) -> None:
        if state["quiet"]:
            return
        state["turn"] += 1
        chosen = Settings(**{name: control.value for name, control in settings.items()})
        population = chosen.population()
        if population.tokens <= AT_ONCE and chosen.rows <= ROWS:
            done(simulate(population))
            return
        bar.value = 0
        busy.layout.display = ""
        said = f"Simulating {population.tokens:,} log-ins. What is below is still the last answer."
        say(None, said)
        Thread(target=work, args=(population, state["turn"]), daemon=True).start()

    def give_up(_: object) -> None:
        state["turn"] += 1
        busy.layout.display = "none"
        say(None, "Stopped. What is below is the last answer, not one for these settings.")

    def begin(_: object = None) -> None:
        state["quiet"] = True  # one answer, not one for each control
        for name, control in settings.items():
            control.value = getattr(FIRST, name)
        limit.value, cost.value = FIRST_LIMIT, next(iter(COSTS))
        state["quiet"] = False
        recount()

    begin()
    for control in settings.values():
        control.observe(recount, "value")
    for control in (limit, cost):
        control.observe(lambda _: None if state["quiet"] else show(), "value")
    stop.on_click(give_up)
    reset.on_click(begin)
    names = list(settings)
    return kit.panel(
        "revocation_lab",
        kit.row(
            busy,
            kit.column(
                kit.pane("Your limit", limit, cost),
                kit.pane("Who asks", *(settings[name] for name in names[:5])),
                kit.pane("Whose access ends", *(settings[name] for name in names[5:8])),
                kit.pane("Servers and store", *(settings[name] for name in names[8:]), reset),
            ),
            seen,
        ),
    )


def draw_found(table: Table, cost: Cost, limit: float, chart: Chart) -> str:
    """Return the chart of a table, and its figures."""
    picture = kit.draw_pane("Lower and further left is better", chart.draw(table, cost, limit))
    rows = f'<div class="authlab-scroll authlab-quiet">{table._repr_html_()}</div>'
    hint = "over one hour, or one token's life if that is shorter"
    return picture + kit.draw_line(kit.draw_pane("The figures", rows, hint=hint))


def _rate(requests: float) -> str:
    """Return requests a minute as a person says them."""
    return f"{requests:g} a minute" if requests >= 1 else f"{requests * 60:.0f} an hour"


def _count(number: int) -> str:
    """Return a number that fits beside a slider: 500,000, then 1 million."""
    return f"{number:,}" if number < 10**6 else f"{number // 10**6:,} million"


def _make_controls() -> tuple[dict[str, Any], w.SelectionSlider, w.Dropdown]:
    look: Any = {"layout": {"width": "auto"}, "style": {"description_width": "14em"}}

    def times(text: str, values: tuple[int, ...], first: int) -> w.SelectionSlider:
        options = [(in_seconds(value) if value else "at once", value) for value in values]
        return w.SelectionSlider(options=options, value=first, description=text, **look)

    def number(text: str, most: float, step: float, shown: str = ".3g") -> w.FloatSlider:
        return w.FloatSlider(
            description=text, min=0, max=most, step=step, readout_format=shown, **look
        )

    settings: dict[str, Any] = {
        "tokens": w.SelectionSlider(
            options=[(_count(value), value) for value in TOKENS],
            value=FIRST.tokens,
            description="Live log-ins",
            **look,
        ),
        "devices": w.IntSlider(description="Log-ins of each user", min=1, max=5, **look),
        "requests": w.SelectionSlider(
            options=[(_rate(value), value) for value in REQUESTS],
            value=FIRST.requests,
            description="Requests of each",
            **look,
        ),
        "token_life": times("A token lives", LIVES, FIRST.token_life),
        "access_life": times("With refresh, it lives", ACCESS, FIRST.access_life),
        "log_outs": number("Log-outs an hour, of 100", 20, 0.5),
        "thefts": number("Copied before, of 100", 100, 1),
        "disabled": number("Disabled an hour, of 1,000", 50, 0.5),
        "nodes": w.IntSlider(description="Verifying servers", min=1, max=100, **look),
        "round_trip": w.SelectionSlider(
            options=[(f"{value:g} ms", value) for value in TRIPS],
            value=FIRST.round_trip,
            description="Round trip to the store",
            **look,
        ),
        "push_every": times("A push every", PUSHES, FIRST.push_every),
        "outage": w.IntSlider(description="Store down for (s)", min=0, max=1800, step=30, **look),
        "on_outage": w.Dropdown(
            description="Then the servers are", options=["closed", "open"], **look
        ),
    }
    limit = times("Access must end", LIMITS, FIRST_LIMIT)
    cost = w.Dropdown(description="Cost shown", options=list(COSTS), **look)
    return settings, limit, cost
