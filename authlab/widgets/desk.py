"""The one-time desk (12): a reset link, who uses it, and what each of them gets."""

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from authlab.widgets import kit
from authlab.widgets.desk_bank import LOG_INS, WAYS, DeskBank
from authlab.widgets.desk_state import Desk, Row, Seen
from authlab.widgets.sequence import draw_sequence

__all__ = ["one_time_desk"]

CARD = "border-color:#cc79a7;background:color-mix(in srgb, #cc79a7 14%, transparent)"
BUTTONS: dict[str, tuple[str, Callable[[Desk], None]]] = {
    "Alice clicks": ("She opens the link, types a new password, and presses", Desk.click),
    "Alice double-clicks": ("She presses twice", lambda desk: desk.click(2)),
    "The mail scanner opens it": ("It opens every link, and presses nothing", Desk.scan),
    "Mallory uses a copy": ("From the browser's history or the mail archive", Desk.steal),
    "Alice changes it herself": ("She logs in and uses her settings, not the link", Desk.change),
    "Wait 5 minutes": ("Move the clock", Desk.wait),
    "Mail a new link": ("Alice asks once more", Desk.mail),
}


def draw_mail(seen: Seen) -> str:
    """Return the mail: its link, with the token pointed out, and whether it works now."""
    head, mark, token = seen.link.rpartition("#" if "#" in seen.link else "=")
    where = "after the #: no server sees it" if mark == "#" else "in the query: servers log it"
    return (
        kit.draw_title("The mail", "Alice reads it; so may others")
        + f'<div class="authlab-token">{kit.escape(head + mark)}<b>{kit.escape(token)}</b></div>'
        f"<div>The token stands {where}.</div><div><b>{kit.escape(seen.alive)}</b></div>"
    )


def draw_kept(seen: Seen) -> str:
    """Return what the bank keeps of the link, as a card on the server's side."""
    card = f'<div class="authlab-card" style="{CARD}"><pre>{kit.escape(seen.kept)}</pre></div>'
    title = kit.draw_title("What the bank keeps", "read from its store")
    return f'<div style="height:10px"></div>{title}{card}<div>{kit.escape(seen.told)}</div>'


def draw_rows(rows: list[Row]) -> str:
    """Return who did what and got what, the newest at the bottom."""
    body = "".join(
        f'<tr><th scope="row">{kit.escape(row.who)}</th><td>{kit.escape(row.what)}</td>'
        f"<td>{('✓ ' if row.ok else '✗ ') if row.got else ''}{kit.escape(row.got)}</td></tr>"
        for row in rows
    )
    heads = "".join(f'<th scope="col">{text}</th>' for text in ("who", "does what", "gets"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def draw_state(state: list[tuple[str, str]]) -> str:
    """Return what has come of it all: the password, the log-ins, the time."""
    rows = "".join(
        f'<tr><th scope="row"><b>{kit.escape(name)}</b></th><td>{kit.escape(text)}</td></tr>'
        for name, text in state
    )
    return f"<table><caption>What has come of it</caption>{rows}</table>"


def draw_seen(seen: Seen) -> str:
    """Return all that the panel shows beside its controls."""
    link = f'<div class="authlab-pane">{draw_mail(seen)}{draw_kept(seen)}</div>'
    people = kit.draw_pane("Who got what", draw_rows(seen.rows), draw_state(seen.state))
    hint = "a hop over Mallory's line: she cannot read it"
    wire = kit.draw_pane("What went over the wire", draw_sequence(seen.messages), hint=hint)
    return (
        kit.draw_line(kit.draw_verdict(seen.ok, seen.verdict), first=True)
        + kit.draw_line(f'<div class="authlab-row" style="display:flex">{link}{people}</div>')
        + kit.draw_line(wire)
    )


def one_time_desk() -> w.VBox:
    """Return the desk: choose how links are made, press who acts, see what each one gets."""
    wide: Any = {"width": "auto"}
    style = {"description_width": "7em"}
    shown = kit.spread()
    way = w.Dropdown(options=list(WAYS.items()), description="The link is", style=style)
    log_in = w.Dropdown(options=LOG_INS, description="Log in by", style=style)
    opens = w.Checkbox(description="Opening the link uses it", indent=False, layout=wide)
    leaks = w.Checkbox(
        description="The page tells another site its address", indent=False, layout=wide
    )
    way.layout, log_in.layout = wide, wide
    banks: dict[str, DeskBank] = {}
    desk = Desk(banks=banks)
    busy = {"resetting": False}

    def redraw() -> None:
        kit.draw(shown, draw_seen(desk.look()))

    def rebuild(_: object = None) -> None:
        """Open a new bank as the controls say, with one link in the mail that Alice has used."""
        nonlocal desk
        if busy["resetting"]:
            return
        desk = Desk(way.value, log_in.value, opens=opens.value, leaks=leaks.value, banks=banks)
        desk.click()
        redraw()

    def begin(_: object = None) -> None:
        busy["resetting"] = True
        way.value, log_in.value, opens.value, leaks.value = "jwt", LOG_INS[0], False, False
        busy["resetting"] = False
        rebuild()

    def button(name: str) -> w.Button:
        tip, act = BUTTONS[name]
        made = w.Button(description=name, tooltip=tip)

        def press(_: object) -> None:
            act(desk)
            redraw()

        made.on_click(press)
        return made

    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    reset.on_click(begin)
    for control in (way, log_in, opens, leaks):
        control.observe(rebuild, "value")
    rebuild()
    return kit.panel(
        "one_time_desk",
        kit.row(
            kit.pane("The bank", way, log_in, opens, leaks, hint="a change opens a new bank"),
            kit.pane("Who acts", kit.row(*map(button, BUTTONS), reset)),
            shown,
        ),
    )
