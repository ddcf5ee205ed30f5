"""The one look that classroom and widgets share: pure functions from text to HTML strings.

Imports the standard library only. Text takes the theme's own font colour, backgrounds the theme's
layers, so it reads in light and dark; accents mark borders and never carry meaning alone.
"""

import html
import re
import sys
from collections.abc import Iterable, Sequence
from textwrap import TextWrapper

# JupyterLab's variables, each with what to use where there is no JupyterLab.
TEXT = "var(--jp-ui-font-color1, CanvasText)"
PAPER = "var(--jp-layout-color1, Canvas)"
SHADE = "var(--jp-layout-color2, rgba(127, 127, 127, 0.12))"
LINE = "var(--jp-border-color1, GrayText)"
FONT = "var(--jp-content-font-family, system-ui, sans-serif)"

# Okabe-Ito accents, told apart by people with any colour vision: borders and marks, not text.
GREEN, ORANGE, BLUE, GREY = "#009e73", "#d55e00", "#0072b2", "#808080"

MARKS = {True: "✓", False: "✗", None: "•"}
_ACCENTS = {True: GREEN, False: ORANGE, None: GREY}
# Controls but for tab and line end, halves of surrogate pairs, marks that turn the line round.
_HIDDEN = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_WRAP = TextWrapper(90, break_long_words=False, break_on_hyphens=False)
_BOX = f"color:{TEXT};background:{SHADE};font-family:{FONT};line-height:1.4;margin:4px 0;"


def escape(text: object) -> str:
    """Return text that is safe inside HTML, between tags and within quotes.

    What no page can carry (lone surrogates, controls), and what would turn the direction of the
    line, is spelled out: "\\udc80".
    """
    return html.escape(_HIDDEN.sub(lambda found: ascii(found[0])[1:-1], str(text)))


def verdict(ok: bool | None, text: str, *, large: bool = True) -> str:
    """One line: right, wrong, or (None) neither; a screen reader reads it out."""
    size = "font-size:1.15em;font-weight:600;" if large else ""
    return (
        f'<div role="status" style="{_BOX}border-left:6px solid {_ACCENTS[ok]};'
        f'padding:6px 12px;{size}overflow-wrap:anywhere">'
        f'<span aria-hidden="true">{MARKS[ok]}</span> {escape(text)}</div>'
    )


def note(text: str) -> str:
    """A quiet remark below a verdict or a table."""
    return (
        f'<div style="{_BOX}border-left:3px solid {BLUE};padding:4px 12px;'
        f'overflow-wrap:anywhere">{escape(text)}</div>'
    )


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], caption: str) -> str:
    """A table that can be read out: a caption, and headings for columns and rows."""
    cell = f"border:1px solid {LINE};padding:4px 10px;text-align:left;vertical-align:top"
    head = "".join(f'<th scope="col" style="{cell}">{escape(h)}</th>' for h in headers)
    body = "".join(
        f'<tr><th scope="row" style="{cell};font-weight:400">{escape(row[0])}</th>'
        + "".join(f'<td style="{cell}">{escape(value)}</td>' for value in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table style="color:{TEXT};background:{PAPER};font-family:{FONT};'
        f'border-collapse:collapse;margin:4px 0">'
        f'<caption style="text-align:left;font-weight:600;padding:4px 0;color:{TEXT}">'
        f"{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def tell(text: str) -> None:
    """Print a message to a learner, its lines broken between words: JupyterLab breaks anywhere."""
    lines = (line for part in text.split("\n") for line in _WRAP.wrap(part) or [""])
    say("\n".join(lines))


def say(text: str) -> None:
    """Print one text as it is, whatever characters it holds and whatever the screen can show."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
