"""A sequence diagram as SVG text: who told whom what, and what the thief could read.

Three lifelines, time downwards: the customer left, the bank right, the thief between them. What
passes her by hops over her line; what she can read is marked on it. Pure functions, no widgets.
"""

from collections.abc import Sequence

from authlab.attacks import Message
from authlab.classroom.look import escape

__all__ = ["draw_sequence", "say_message", "shorten"]

NAMES = {"alice": "Alice", "bank": "The bank", "thief": "Mallory"}
AT = {"alice": 90, "thief": 460, "bank": 830}  # where each lifeline stands, in pixels
WIDTH, HEAD, STEP = 930, 96, 46  # HEAD: height above the first message; STEP: of one message
MOST = 52  # characters that fit beside an arrow between two neighbours


def shorten(text: str, most: int = MOST) -> str:
    """Return text of `most` characters at the most; a longer one loses its middle."""
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def say_message(message: Message) -> str:
    """Return one message as a sentence, whole, for those who read it rather than see it."""
    detail = f", {message.detail}" if message.detail else ""
    if message.sender == message.receiver:
        return f"{message.text}{detail}."
    way = f"{NAMES[message.sender]} to {NAMES[message.receiver]}"
    return f"{way}: {message.text}{detail}{' (Mallory reads it)' if _is_read(message) else ''}."


def draw_sequence(messages: Sequence[Message], played: int | None = None) -> str:
    """Return the diagram with the first `played` messages (all by default), the last one marked.

    The picture is as high as all of them need, so that nothing jumps while it is played.
    """
    count = len(messages) if played is None else max(0, min(played, len(messages)))
    height = HEAD + STEP * len(messages)
    steps = [f"{at}. {say_message(message)}" for at, message in enumerate(messages[:count], 1)]
    said = f"Sequence diagram, {count} of {len(messages)} messages. {' '.join(steps)}"
    rows = "".join(_draw_message(at, message) for at, message in enumerate(messages[:count]))
    return (
        f'<div class="authlab-scroll"><svg role="img" aria-label="{escape(said)}" '
        f'viewBox="0 0 {WIDTH} {height}" style="width:100%;min-width:700px;max-width:{WIDTH}px" '
        f'fill="currentColor" font-size="13">{_draw_shade(count - 1) if count else ""}'
        f"{_draw_lifelines(height)}{rows}</svg></div>"
    )


def _draw_lifelines(height: int) -> str:
    drawn = []
    for who, x in AT.items():
        top = 34 if who == "thief" else 6  # the thief stands below the two who talk
        style = 'stroke="var(--no, #d55e00)"' if who == "thief" else 'stroke="currentColor"'
        drawn.append(
            f'<path d="M{x} {top + 28}V{height}" {style} stroke-dasharray="2 4"/>'
            f'<rect x="{x - 52}" y="{top}" width="104" height="28" rx="4" fill="none" {style} '
            f'stroke-width="2"/><text x="{x}" y="{top + 19}" text-anchor="middle" '
            f'font-weight="600">{NAMES[who]}</text>'
        )
    return "".join(drawn)


def _draw_shade(at: int) -> str:
    """Draw what marks the message that was played last."""
    shade = "var(--jp-layout-color2, rgba(127,127,127,0.15))"
    y = HEAD + STEP * at - 9
    return f'<rect x="0" y="{y}" width="{WIDTH}" height="{STEP - 2}" rx="3" fill="{shade}"/>'


def _draw_message(at: int, message: Message) -> str:
    y = HEAD + STEP * at + 12
    number = f'<text x="6" y="{y + 4}">{at + 1}</text>'
    alone = message.sender == message.receiver
    return number + (_draw_note(message, y) if alone else _draw_arrow(message, y))


def _draw_note(message: Message, y: int) -> str:
    """Draw what somebody has or does alone: a box on the lifeline."""
    x = AT[message.sender]
    return (
        f'<rect x="{x - 300}" y="{y - 15}" width="600" height="28" rx="4" '
        'fill="var(--jp-layout-color1, Canvas)" stroke="var(--no, #d55e00)" stroke-width="2"/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-weight="600">'
        f"{escape(shorten(message.text, 90))}</text>"
    )


def _draw_arrow(message: Message, y: int) -> str:
    start, end = AT[message.sender], AT[message.receiver]
    sign = 1 if end > start else -1
    hers = "thief" in (message.sender, message.receiver)
    colour = "var(--no, #d55e00)" if hers else "currentColor"
    middle, line = AT["thief"], f"M{start} {y}H{end}"
    if not hers and not message.seen:  # past her: the line hops over hers
        line = f"M{start} {y}H{middle - 9 * sign}A9 9 0 0 {int(sign > 0)} {middle + 9 * sign} {y}"
        line += f"H{end}"
    anchor, x = ("start", start + 8) if sign > 0 else ("end", start - 8)
    code = "font-family:var(--jp-code-font-family, monospace)"
    mark = _draw_mark(middle, y) if _is_read(message) else ""
    return (
        f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
        f'<path d="M{end} {y}l{-10 * sign} -5v10z" fill="{colour}"/>{mark}'
        f'<text x="{x}" y="{y - 6}" text-anchor="{anchor}">{escape(shorten(message.text))}</text>'
        f'<text x="{x}" y="{y + 15}" text-anchor="{anchor}" font-size="11" style="{code}">'
        f"{escape(shorten(message.detail))}</text>"
    )


def _draw_mark(x: int, y: int) -> str:
    return (
        f'<rect x="{x - 34}" y="{y - 10}" width="68" height="20" rx="10" '
        'fill="var(--jp-layout-color1, Canvas)" stroke="var(--no, #d55e00)" stroke-width="2"/>'
        f'<text x="{x}" y="{y + 4}" text-anchor="middle" font-size="11" font-weight="700">'
        "M reads</text>"
    )


def _is_read(message: Message) -> bool:
    """Say whether the thief reads a message that is not hers."""
    return message.seen and "thief" not in (message.sender, message.receiver)
