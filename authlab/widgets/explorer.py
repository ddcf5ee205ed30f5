"""The session explorer (06): what the browser holds, what the server holds, on four stores."""

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from authlab.widgets import kit
from authlab.widgets.explorer_state import (
    ABSOLUTE,
    EMPTY,
    IDLE,
    STORES,
    Exploration,
    Held,
    Seen,
    span,
)

__all__ = ["draw_browser", "draw_held", "draw_server", "draw_stores", "session_explorer"]

FIRST = next(iter(STORES))
_MOST_CARDS = 4
# The colour of sessions, from the Okabe-Ito set; tokens have the three others.
_CARD = "border-color:#cc79a7;background:color-mix(in srgb, #cc79a7 12%, transparent)"
_KEY = (
    '<svg role="img" aria-label="a key: the session id" viewBox="0 0 26 12" width="26" height="12" '
    'style="display:inline-block;vertical-align:middle;margin:0 6px 0 0" fill="none" '
    'stroke="currentColor" stroke-width="2"><circle cx="6" cy="6" r="4"/>'
    '<path d="M10 6H25M20 6v4M24 6v4"/></svg>'
)


def draw_browser(seen: Seen) -> str:
    """Return the browser's side: the cookie it holds, and the last request it sent."""
    if seen.cookie:
        digest = f"{_mark(seen.handle)}{seen.handle[8:]}"
        holds = (
            f'<div class="authlab-token">{_KEY}__Host-sid={kit.escape(seen.cookie)}</div>'
            f"<div>That is all it holds. What the server makes of the id, its SHA-256:</div>"
            f'<div class="authlab-token">{digest}</div>'
        )
    else:
        holds = "<div>No cookie: the browser has nothing to show.</div>"
    return (
        f'<div class="authlab-card" style="{_CARD}">{holds}</div>'
        f'<div class="authlab-card" style="border-color:var(--jp-border-color2)">'
        f"<div>Her last click, {seen.last}, sent:</div><pre>{kit.escape(seen.exchange)}</pre></div>"
    )


def draw_server(seen: Seen, store: str) -> str:
    """Return the server's side: the two clocks of a session, and all that the store holds."""
    bars = ""
    if seen.ok:
        bars = _draw_left("idle timeout", seen.idle_left, IDLE)
        bars += _draw_left("absolute timeout", seen.absolute_left, ABSOLUTE)
    elif seen.cookie:
        short = f"session:{_mark(seen.handle)}..."
        bars = f"<div>✗ No live record {short}, so the browser's id opens nothing.</div>"
    cards = "".join(draw_held(held, seen.handle) for held in seen.held[:_MOST_CARDS])
    if len(seen.held) > _MOST_CARDS:
        cards += f"<div>... and {len(seen.held) - _MOST_CARDS} more.</div>"
    empty = EMPTY[STORES[store].partition(":")[0]]
    return (
        f"<div>The clock says {seen.clock} UTC.</div>{bars}"
        f"{cards or f'<div>The store is empty: {empty}.</div>'}"
    )


def draw_held(held: Held, handle: str) -> str:
    """Return one entry as a card: what it is, how it was read, what was found, when it ends."""
    what = {"session": "A session's record", "user": "The list of Alice's sessions"}
    kind = what.get(held.key.partition(":")[0], "An entry")
    ends = f"ends in {span(held.left)}" if held.left > 0 else "ended: the store gives it to nobody"
    text, question = kit.escape(held.answer), kit.escape(held.question)
    if handle:  # the same eight digits are pointed out on both sides
        text, question = (part.replace(handle[:8], _mark(handle), 1) for part in (text, question))
    return (
        f'<div class="authlab-card" style="{_CARD}"><b>{kind}</b>, {ends}'
        f'<div class="authlab-token authlab-quiet">{question}</div><pre>{text}</pre></div>'
    )


def draw_stores(all_seen: dict[str, Seen], chosen: str) -> str:
    """Return the four banks after the same steps, as a table; the chosen one is marked."""
    rows = []
    for name, seen in all_seen.items():
        label = f"<b>▸ {kit.escape(name)}</b>" if name == chosen else kit.escape(name)
        state = "✓ logged in" if seen.ok else "✗ logged out"
        live = sum(held.left > 0 for held in seen.held)
        dead = len(seen.held) - live
        holds = f"{live} live" + (f", {dead} ended but still there" if dead else "")
        rows.append(f'<tr><th scope="row">{label}</th><td>{state}</td><td>{holds}</td></tr>')
    heads = "".join(f'<th scope="col">{text}</th>' for text in ("store", "Alice is", "entries"))
    return (
        f"<table><caption>All four, after the same steps</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def session_explorer() -> w.VBox:
    """Return the explorer: log in, let time pass, restart, and look into each of four stores."""
    verdict, browser, server, stores = (kit.view() for _ in range(4))
    store = w.Dropdown(
        options=list(STORES), description="Look into", layout={"width": "auto", "min_width": "22em"}
    )
    lab = Exploration()
    all_seen: dict[str, Seen] = {}

    def redraw(_: object = None) -> None:
        seen = all_seen[store.value]
        kit.draw(verdict, kit.draw_verdict(seen.ok, seen.verdict))
        kit.draw(browser, draw_browser(seen))
        kit.draw(server, draw_server(seen, store.value))
        kit.draw(stores, draw_stores(all_seen, store.value))

    def look() -> None:
        all_seen.update((name, lab.look(name)) for name in STORES)
        redraw()

    def begin(_: object = None) -> None:
        nonlocal lab
        lab.close()
        lab = Exploration()
        store.value = FIRST
        look()

    def button(text: str, tip: str, act: Callable[[Exploration], Any]) -> w.Button:
        made = w.Button(description=text, tooltip=tip)

        def press(_: object) -> None:
            act(lab)
            look()

        made.on_click(press)
        return made

    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    reset.on_click(begin)
    store.observe(redraw, "value")
    look()
    return kit.panel(
        "session_explorer",
        verdict,
        kit.row(
            store,
            button("Log in", "Alice types her password", Exploration.log_in),
            button("Request", "Alice looks at her balance", Exploration.request),
            button("Wait 5 minutes", "Move the clock", lambda lab: lab.wait(5)),
            button("Wait 1 hour", "Move the clock", lambda lab: lab.wait(60)),
            button("Restart the server", "End its process, begin another", Exploration.restart),
            button("Log out", "Alice presses the log-out button", Exploration.log_out),
            reset,
        ),
        kit.row(
            kit.pane("Alice's browser", browser, hint="holds an id"),
            kit.pane("The server", server, hint="holds the rest: read back from the store itself"),
        ),
        kit.pane("The four stores", stores, hint="each button acts on four banks at once"),
    )


def _mark(handle: str) -> str:
    """Return the digits to know a handle by; with room, or the frame would cover the next one."""
    return f'<mark style="margin:0 3px">{handle[:8]}</mark>'


def _draw_left(what: str, left: float, whole: float) -> str:
    """Return one timeout: a frame that empties as time goes by, and the same in words."""
    return (
        f'<div><span style="display:inline-block;width:3em;border:1px solid;margin-right:6px">'
        f'<span class="authlab-bar" style="width:{3 * left / whole:.2f}em;margin:0;display:block;'
        f'background:#cc79a7"></span></span>{what}: {span(left)} left of {span(whole)}</div>'
    )
