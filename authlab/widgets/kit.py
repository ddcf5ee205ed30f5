"""What the panels share: frame, panes, verdict, steps, the three parts of a token, one style.

Imports `jose` and the look of `classroom`. A panel is built from ipywidgets controls and a few
HTML views; a view is redrawn by setting its text, and only when the text changed.
"""

import json
from datetime import UTC, datetime
from typing import Any

import ipywidgets as w

from authlab.classroom.look import escape, verdict
from authlab.jose import Anatomy, Part, Step

__all__ = [
    "column",
    "draw",
    "draw_card",
    "draw_line",
    "draw_pane",
    "draw_parts",
    "draw_steps",
    "draw_title",
    "draw_verdict",
    "escape",
    "pane",
    "panel",
    "row",
    "spread",
    "summarise",
    "view",
    "when",
]

# Okabe-Ito: blue, orange, bluish green. Always with the letter H, P or S, never colour alone.
# JupyterLab takes arrow keys and letters for itself unless the focused control says otherwise.
_STYLE = """<style onload="this.closest('.authlab-panel').addEventListener('focusin',
  event => { event.target.dataset.lmSuppressShortcuts = 'true' })">
.authlab-panel { --h: #0072b2; --p: #e69f00; --s: #009e73; --no: #d55e00;
  border: 1px solid var(--jp-border-color2); border-radius: 4px; padding: 12px; gap: 8px;
  color: var(--jp-ui-font-color1); background: var(--jp-layout-color1); overflow: visible; }
.authlab-panel .widget-html, .authlab-panel .widget-html-content { overflow: visible;
  line-height: 1.45; height: auto; }
.authlab-panel .widget-html-content { width: 100%; min-width: 0; }
.authlab-pane { border: 1px solid var(--jp-border-color2); border-radius: 4px; padding: 8px 12px;
  min-width: 0; gap: 4px; margin: 0; overflow: visible; }
.authlab-column { flex: 1 1 360px; min-width: 0; gap: 8px; overflow: visible; }
.authlab-row > .authlab-pane, .authlab-spread .authlab-pane { flex: 1 1 360px; }
.authlab-panel .authlab-spread, .authlab-spread > .widget-html-content { display: contents; }
.authlab-line { flex: 1 0 100%; min-width: 0; }
.authlab-first { order: -1; }
.authlab-panel .jupyter-button { width: auto; min-width: 8em;
  align-self: flex-start; }
.authlab-row { flex-flow: row wrap; gap: 8px; align-items: stretch; overflow: visible; }
.authlab-panel .widget-label { color: var(--jp-ui-font-color1); }
.authlab-panel textarea, .authlab-code input { font-family: var(--jp-code-font-family); }
.authlab-panel textarea:read-only, .authlab-panel textarea:disabled { opacity: 1;
  color: var(--jp-ui-font-color1); }
.authlab-panel select { appearance: auto; background-image: none !important; }
[data-jp-theme-light="false"] .authlab-panel { color-scheme: dark; }
.authlab-panel ::placeholder { color: var(--jp-ui-font-color2); opacity: 1; }
.authlab-scroll { overflow-x: auto; }
.authlab-title { font-weight: 600; font-size: 1.05em; }
.authlab-title small { font-weight: 400; color: var(--jp-ui-font-color1); }
.authlab-token { font-family: var(--jp-code-font-family); word-break: break-all;
  line-height: 1.7; }
.authlab-part { padding: 1px 0; border-bottom: 3px solid; }
.authlab-card { border-left: 5px solid; padding: 2px 10px; margin: 6px 0; }
.authlab-h { border-color: var(--h); background: color-mix(in srgb, var(--h) 14%, transparent); }
.authlab-p { border-color: var(--p); background: color-mix(in srgb, var(--p) 14%, transparent); }
.authlab-s { border-color: var(--s); background: color-mix(in srgb, var(--s) 14%, transparent); }
.authlab-letter { font-weight: 700; font-family: var(--jp-content-font-family);
  padding: 0 5px; border: 1px solid; border-radius: 3px; margin-right: 3px; }
.authlab-card pre { margin: 2px 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font-family: var(--jp-code-font-family); color: inherit; background: none; }
.authlab-steps { margin: 4px 0; padding: 0; list-style: none; }
.authlab-steps li { padding: 2px 0 2px 1.6em; text-indent: -1.6em; overflow-wrap: anywhere; }
.authlab-steps .authlab-mark { display: inline-block; width: 1.6em; text-indent: 0;
  font-weight: 700; }
.authlab-steps .authlab-no { border-left: 4px solid var(--no); padding-left: calc(1.6em + 6px); }
.authlab-quiet { font-size: 0.92em; }
.authlab-panel mark { background: none; color: inherit; font-weight: 700;
  outline: 2px solid var(--no); }
.authlab-panel table { border-collapse: collapse; color: inherit; margin: 4px 0; }
.authlab-panel caption { text-align: left; font-weight: 600; padding: 4px 0; color: inherit; }
.authlab-panel td, .authlab-panel th { text-align: left; padding: 3px 10px 3px 4px;
  border-bottom: 1px solid var(--jp-border-color2); font-weight: 400; color: inherit;
  background: none; }
.authlab-panel thead th { font-weight: 600; }
.authlab-panel svg { display: block; margin: 4px 0; }
.authlab-figure { white-space: nowrap; }
.authlab-bar { display: inline-block; height: 0.7em; margin-right: 6px;
  background: var(--h); }
</style>"""


def panel(name: str, *children: w.Widget) -> w.VBox:
    """Return the frame of a panel; `name` is its function's name, and becomes a CSS class."""
    box = w.VBox([w.HTML(_STYLE, layout={"display": "none"}), *children])
    box.add_class("authlab-panel")
    box.add_class(f"authlab-{name.replace('_', '-')}")
    return box


def pane(title: str, *children: w.Widget, hint: str = "") -> w.VBox:
    """Return one framed part of a panel, with a heading and a quiet remark beside it."""
    box = w.VBox([w.HTML(draw_title(title, hint)), *children])
    box.add_class("authlab-pane")
    return box


def draw_pane(title: str, *html: str, hint: str = "") -> str:
    """Return a pane as text, for a view that is spread."""
    return f'<div class="authlab-pane">{draw_title(title, hint)}{"".join(html)}</div>'


def draw_title(text: str, hint: str = "") -> str:
    """Return the heading of a pane."""
    small = f" <small>{escape(hint)}</small>" if hint else ""
    return f'<div class="authlab-title" role="heading" aria-level="4">{escape(text)}{small}</div>'


def row(*children: w.Widget) -> w.Box:
    """Return a row that breaks where the window is narrow."""
    box = w.Box(children)
    box.add_class("authlab-row")
    return box


def column(*panes: w.Widget) -> w.VBox:
    """Return panes below each other, as one part of a row."""
    box = w.VBox(panes)
    box.add_class("authlab-column")
    return box


def view() -> w.HTML:
    """Return an empty view, to be filled by `draw`."""
    return w.HTML(layout={"width": "auto", "margin": "0"})


def spread() -> w.HTML:
    """Return an empty view for a row, whose parts stand as if they were the row's own.

    What is drawn as one text is painted once; each view more would be painted by itself.
    """
    made = view()
    made.add_class("authlab-spread")
    return made


def draw_line(html: str, *, first: bool = False) -> str:
    """Return what takes a line of a row for itself; the `first` one, above the row's controls."""
    return f'<div class="authlab-line{" authlab-first" if first else ""}">{html}</div>'


def draw(target: w.HTML, html: str) -> None:
    """Show `html` in a view; nothing is sent when nothing changed."""
    if target.value != html:
        target.value = html


def draw_verdict(ok: bool | None, text: str) -> str:
    """Return the one large line of a panel: passed, refused, or (None) neither."""
    return verdict(ok, text)


def draw_steps(steps: list[Step]) -> str:
    """Return the checks as a numbered list, each with its mark, its sentence and its rule."""
    items = []
    for number, step in enumerate(steps, 1):
        mark, word = ("✓", "passed") if step.ok else ("✗", "failed")
        if step.detail == "not asked for":
            mark, word = "·", "not asked for"
        items.append(
            f'<li class="{"" if step.ok else "authlab-no"}">'
            f'<span class="authlab-mark" role="img" aria-label="{word}">{mark}</span>'
            f"{number}. <b>{escape(step.name)}</b>: {escape(step.detail)} "
            f'<span class="authlab-quiet">({escape(step.rule)})</span></li>'
        )
    return f'<ol class="authlab-steps" aria-label="The checks, in order">{"".join(items)}</ol>'


def draw_parts(anatomy: Anatomy, *, marked: tuple[str, int] | None = None) -> str:
    """Return the token's text, its parts told apart by letter and colour.

    `marked` is a part's letter and the position of one character in it to point out.
    """
    pieces = []
    for part in anatomy.parts:
        text = escape(part.text)
        if marked and marked[0] == part.letter and marked[1] < len(part.text):
            at = marked[1]
            before, letter, after = part.text[:at], part.text[at], part.text[at + 1 :]
            text = f"{escape(before)}<mark>{escape(letter)}</mark>{escape(after)}"
        pieces.append(
            f'<span class="authlab-part authlab-{part.letter.lower()}">'
            f'<span class="authlab-letter" title="{part.name}">{part.letter}</span>{text}</span>'
        )
    return f'<div class="authlab-token" aria-label="The token">{".".join(pieces)}</div>'


def draw_card(part: Part, now: float) -> str:
    """Return what one part says: JSON with readable times, or the length of the signature."""
    lines = []
    if part.members is not None:
        body = escape(json.dumps(part.members, indent=2, ensure_ascii=False))
        lines.append(f"<pre>{body}</pre>")
        for name in ("iat", "nbf", "exp"):
            if name in part.members:
                lines.append(f"<div>{name}: {escape(when(part.members[name], now))}</div>")
    elif part.data is not None:
        lines.append(f"<div>{len(part.data)} bytes</div>")
    if part.fault:
        lines.append(f"<div><b>✗ Stops here:</b> {escape(part.fault)}</div>")
    return (
        f'<div class="authlab-card authlab-{part.letter.lower()}">'
        f'<span class="authlab-letter">{part.letter}</span> {part.name}{"".join(lines)}</div>'
    )


def when(seconds: Any, now: float) -> str:
    """Return a token's time as a person reads it: date, time, and how far from `now`."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return "not a time: a token's times are seconds since 1970"
    if isinstance(seconds, bool):
        return "not a time: a token's times are seconds since 1970"
    gap = abs(seconds - now)
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60), ("seconds", 1)):
        if gap >= 2 * length or length == 1:
            far = f"{gap / length:.0f} {unit}"
            break
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC, {far} {'ago' if seconds < now else 'from now'}"


def summarise(steps: list[Step]) -> tuple[bool, str]:
    """Return the verdict that the steps of `explain` come to, as a sentence."""
    last = steps[-1]
    if not last.ok:
        what = last.detail.partition(": found")[0]
        return False, f"Refused at step {len(steps)}: {what} ({last.rule})"
    absent = {step.name for step in steps if step.detail.startswith(("absent", "not asked"))}
    says = ["signature matches", "it never expires" if "exp" in absent else "not expired"]
    says += ["from the right issuer"] if "iss" not in absent else []
    says += ["for this audience"] if "aud" not in absent else []
    return True, f"Accepted: {', '.join(says)}"
