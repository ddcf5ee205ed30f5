"""The hijack theatre (07): seven thefts, eight switches, each run for real and played in steps."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import ipywidgets as w

from authlab.attacks import CATALOGUE, DEFENCES, WAYS, Attack, Message, Outcome, build_bank
from authlab.attacks.honest import HONEST, visit_honestly
from authlab.clock import Clock
from authlab.widgets import kit
from authlab.widgets.sequence import draw_sequence, say_message

__all__ = ["Scene", "hijack_theatre", "stage_theft"]

START = 1_800_000_000  # Unix seconds: the theatre's clock stands still
THEFTS = {
    attack.id: attack
    for attack in CATALOGUE
    if attack.id in ("sniff", "predict", "fixate", "inject", "ride", "replay", "outlive")
}
IDS = {"a counter": "counter", "the time": "clock", "a seeded generator": "twister"}
DEFAULT_IDS = "counter"
FEW = 6  # messages played in the first state: Mallory has read the cookie, and not yet used it
# What a way to log in has no place for; it takes the rest of the switches.
APPLY = {
    "session": tuple(DEFENCES),
    "token in a header": ("https",),
    "token in a cookie": ("https", "httponly", "samesite"),
}
RULES = {  # what the one who stops a theft goes by
    "https": "ASVS 5.0, 12.2.1",
    "random": "ASVS 5.0, 7.2.3",
    "rotate": "ASVS 5.0, 7.2.4",
    "httponly": "RFC 6265bis, 5.8.3",
    "samesite": "RFC 6265bis, 5.6.7.1",
    "logout": "ASVS 5.0, 7.4.1",
}


class Scene(NamedTuple):
    """One theft as it went: who won, in a sentence; every message; the loot; whom it bothered."""

    stolen: bool
    verdict: str
    messages: tuple[Message, ...]
    loot: str
    bothered: tuple[str, ...]


def stage_theft(
    theft: str, way: str = "session", defences: tuple[str, ...] = (), ids: str = DEFAULT_IDS
) -> Scene:
    """Run a theft of `THEFTS` against `build_bank(way, defences, ids=ids)`; kept once it ran."""
    on = tuple(name for name in APPLY[way] if name in defences)
    # How weak ids are made matters only to a session bank that makes them weakly.
    return _stage(theft, way, on, DEFAULT_IDS if way != "session" or "random" in on else ids)


@lru_cache(maxsize=4096)
def _stage(theft: str, way: str, on: tuple[str, ...], ids: str) -> Scene:
    outcome = _run(theft, way, on, ids)
    bound = tuple(name for name in on if name in ("agent", "address"))
    if outcome.succeeded:
        verdict = f"Stolen: {outcome.why}"
    else:
        verdict = f"{_name_stopper(THEFTS[theft], way, on, ids)}: {outcome.why}"
    messages = tuple(outcome.messages)
    return Scene(outcome.succeeded, verdict, messages, outcome.loot, _bothered(bound))


@lru_cache(maxsize=4096)
def _run(theft: str, way: str, on: tuple[str, ...], ids: str) -> Outcome:
    return THEFTS[theft].run(build_bank(way, on, ids=ids, clock=Clock(START)))


def _name_stopper(attack: Attack, way: str, on: tuple[str, ...], ids: str) -> str:
    """Return which switch stopped the theft, if it was one, with its rule."""
    own = [name for name in attack.stopped_by if name in on]
    # Not its own switch? A session bound to an address also stops thefts that it is not meant for.
    others = [name for name in on if name in ("address", "agent")] if not own else []
    found = own + [name for name in others if not _run(attack.id, way, (name,), ids).succeeded]
    if not found or not _run(attack.id, way, (), ids).succeeded:
        return "Stopped without any switch"
    rule = f" ({RULES[found[0]]})" if found[0] in RULES else ""
    return f"Stopped by {DEFENCES[found[0]].title}{rule}"


@lru_cache(maxsize=4)
def _bothered(bound: tuple[str, ...]) -> tuple[str, ...]:
    """Return the honest customers who must log in again, each with what happened to them."""
    if not bound:
        return ()
    visits = [visit_honestly(build_bank("session", bound), who) for who in HONEST]
    return tuple(f"{visit.who} {visit.story}" for visit in visits if visit.signed_out)


def describe_scene(theft: str, way: str, scene: Scene, *, ended: bool) -> str:
    """Return what the theft needs, the switches that count, the loot, and the price of it all."""
    attack = THEFTS[theft]
    count = len(APPLY[way])
    counts = ", ".join(DEFENCES[name].title for name in APPLY[way])
    rows = [("Mallory needs", attack.needs), ("Listed as", ", ".join(attack.refs))]
    if count < len(DEFENCES):
        rows.append(("Switches that a token knows", counts))
    loot = f"Mallory {scene.loot}." if scene.loot else "Nothing."
    rows.append(("Loot", loot if ended else "The play is not over."))
    bothered = "; ".join(scene.bothered)
    rows.append(("Honest customers", f"Must log in again: {bothered}." if bothered else "Get in."))
    body = "".join(
        f'<tr><th scope="row"><b>{kit.escape(name)}</b></th><td>{kit.escape(text)}</td></tr>'
        for name, text in rows
    )
    return f"<table>{body}</table>"


def describe_switches(on: tuple[str, ...]) -> str:
    """Return what the bank does, by the switches that are on."""
    if not on:
        return "<div>No switch is on: the bank has every hole.</div>"
    items = "".join(
        f"<li><b>{kit.escape(DEFENCES[name].title)}</b>: {kit.escape(DEFENCES[name].does)}</li>"
        for name in on
    )
    return f'<ul style="margin:4px 0;padding-left:1.2em">{items}</ul>'


def hijack_theatre() -> w.VBox:
    """Return the theatre: choose a theft, a way to log in and defences, and play what happens."""
    wide: Any = {"width": "auto"}
    style = {"description_width": "7em"}
    verdict, about, does, picture, line = (kit.view() for _ in range(5))
    titles = [(attack.title, id) for id, attack in THEFTS.items()]
    theft = w.Dropdown(options=titles, description="Theft", layout=wide, style=style)
    way = w.Dropdown(options=WAYS, description="Log in by", layout=wide, style=style)
    ids = w.Dropdown(options=list(IDS.items()), description="Ids from", layout=wide, style=style)
    switches = {
        name: w.Checkbox(description=item.title, tooltip=item.does, indent=False, layout=wide)
        for name, item in DEFENCES.items()
    }
    step = w.IntSlider(description="Step", min=1, max=2, layout=wide, style=style)
    following = w.Button(description="Next", tooltip="Play one message more")
    back = w.Button(description="Back", tooltip="Take one message back")
    play_all = w.Button(description="Play all", tooltip="Go to the last message")
    all_on = w.Button(description="All on", tooltip="Switch every defence on")
    all_off = w.Button(description="All off", tooltip="Switch every defence off")
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    busy = {"moving": False}  # while several controls are set, the panel is drawn once

    def switched_on() -> tuple[str, ...]:
        return tuple(name for name, switch in switches.items() if switch.value)

    def scene() -> Scene:
        return stage_theft(theft.value, way.value, switched_on(), ids.value)

    def redraw(_: object = None) -> None:
        if busy["moving"]:
            return
        seen, at = scene(), step.value
        last = len(seen.messages)
        if at < last:
            text = f"Not decided yet: step {at} of {last}. Press Next, or Play all."
            kit.draw(verdict, kit.draw_verdict(None, text))
        else:
            kit.draw(verdict, kit.draw_verdict(not seen.stolen, seen.verdict))
        kit.draw(picture, draw_sequence(seen.messages, at))
        said = f"Step {at} of {last}. {say_message(seen.messages[at - 1])}"
        kit.draw(line, f'<div style="overflow-wrap:anywhere">{kit.escape(said)}</div>')
        kit.draw(does, describe_switches(switched_on()))
        kit.draw(about, describe_scene(theft.value, way.value, seen, ended=at == last))

    def restage(change: Callable[[], None] = lambda: None, *, start: int | None = None) -> None:
        """Make `change` and show the new play: at `start`, else at the same step or at the end."""
        ended = step.value == step.max
        busy["moving"] = True
        try:
            change()
            ids.disabled = way.value != "session" or switches["random"].value
            step.max = len(scene().messages)
            step.value = start or (step.max if ended else step.value)
        finally:
            busy["moving"] = False
        redraw()

    def choose(_: object) -> None:
        if not busy["moving"]:
            restage()

    def set_switches(value: bool) -> None:
        for switch in switches.values():
            switch.value = value

    def begin(_: object = None) -> None:
        def change() -> None:
            theft.value, way.value, ids.value = "sniff", WAYS[0], DEFAULT_IDS
            set_switches(False)

        restage(change, start=FEW)

    begin()
    for control in (theft, way, ids, *switches.values()):
        control.observe(choose, "value")
    step.observe(redraw, "value")
    following.on_click(lambda _: setattr(step, "value", min(step.value + 1, step.max)))
    back.on_click(lambda _: setattr(step, "value", max(step.value - 1, step.min)))
    play_all.on_click(lambda _: setattr(step, "value", step.max))
    all_on.on_click(lambda _: restage(lambda: set_switches(True)))
    all_off.on_click(lambda _: restage(lambda: set_switches(False)))
    reset.on_click(begin)
    return kit.panel(
        "hijack_theatre",
        verdict,
        kit.row(
            kit.pane("The theft", theft, way, ids, about),
            kit.pane(
                "The bank's defences",
                w.GridBox([*switches.values()], layout={"grid_template_columns": "1fr 1fr"}),
                kit.row(all_on, all_off, reset),
                does,
                hint="on the bank that Alice uses",
            ),
        ),
        kit.pane(
            "What happens",
            kit.row(back, following, play_all),
            step,
            line,
            picture,
            hint="a hop over Mallory's line: she cannot read it",
        ),
    )
