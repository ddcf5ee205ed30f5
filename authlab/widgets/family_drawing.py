"""The pictures of the refresh family tree: a family, a race, a crowd. Pure functions, SVG text."""

import math

from authlab.classroom.look import escape
from authlab.revocation.families import Member
from authlab.widgets.family_crowd import Count
from authlab.widgets.family_state import GRACE, POLICIES, START, Race, Seen, span

__all__ = ["draw_crowd", "draw_family", "draw_race", "place_members", "say_family"]

NAMES = {"A": "Alice", "M": "Mallory", "AM": "Alice and Mallory"}
MOST = 8  # generations on the screen
STEP_X, STEP_Y, LEFT, TOP = 112, 104, 44, 44
WIDTH = LEFT * 2 + STEP_X * (MOST - 1) + 10


def place_members(members: list[Member]) -> dict[int, tuple[int, int]]:
    """Return (generation, row) of each member: a first child stays in the row of its parent."""
    places: dict[int, tuple[int, int]] = {}
    rows = 0
    followed = set[int]()  # those who have a child already
    for member in members:
        before = places.get(member.parent) if member.parent is not None else None
        if before is None or member.parent is None:
            places[member.number] = (0, rows)
        elif member.parent not in followed:
            places[member.number] = (before[0] + 1, before[1])
        else:
            rows += 1
            places[member.number] = (before[0] + 1, rows)
        if member.parent is not None:
            followed.add(member.parent)
    return places


def say_family(seen: Seen) -> str:
    """Return the family as sentences, for those who read it rather than see it."""
    parts = []
    for member in seen.members:
        holders = NAMES.get(seen.holds.get(member.number, ""), "nobody")
        child = "the first" if member.parent is None else f"child of {member.parent}"
        parts.append(f"Token {member.number}, {child}, {_state(member)}, held by {holders}.")
    return (
        f"A family of {len(seen.members)} refresh tokens. {' '.join(parts)}{_say_elsewhere(seen)}"
    )


def _say_elsewhere(seen: Seen) -> str:
    if seen.elsewhere is None:
        return ""
    return f" Not drawn: the family that Alice left. Mallory holds its token {seen.elsewhere}."


def draw_family(seen: Seen) -> str:
    """Return the family as a tree from left to right; the latest eight generations."""
    places = place_members(seen.members)
    last = max(generation for generation, _ in places.values())
    skip = max(0, last - MOST + 1)
    shown = [member for member in seen.members if places[member.number][0] >= skip]
    # Rows whose members have all scrolled away give their place up.
    rows = {row: at for at, row in enumerate(sorted({places[m.number][1] for m in shown}))}
    at = {
        m.number: (
            LEFT + STEP_X * (places[m.number][0] - skip),
            TOP + STEP_Y * rows[places[m.number][1]],
        )
        for m in shown
    }
    height = STEP_Y * max(2 if seen.forks else 1, len(rows)) + 6
    drawn = "".join(_draw_member(member, at, seen) for member in shown)
    more = f'<text x="4" y="{height - 6}">{skip} older generations not shown</text>' if skip else ""
    return (
        f'<div class="authlab-scroll"><svg role="img" aria-label="{escape(say_family(seen))}" '
        f'viewBox="0 0 {WIDTH} {height}" style="width:100%;min-width:640px;max-width:{WIDTH}px" '
        f'fill="currentColor" font-size="13">{drawn}{more}</svg></div>'
        f"<div>{_say_elsewhere(seen)}</div>"
    )


def _draw_member(member: Member, at: dict[int, tuple[int, int]], seen: Seen) -> str:
    x, y = at[member.number]
    edge = ""
    if member.parent in at:
        px, py = at[member.parent]
        who = seen.asked.get(member.number, "")
        edge = (
            f'<path d="M{px + 24} {py}C{px + 60} {py} {x - 62} {y} {x - 30} {y}" fill="none" '
            'stroke="currentColor" stroke-width="1.6"/>'
            f'<path d="M{x - 22} {y}l-9 -5v10z"/>'
            f'<text x="{x - 52}" y="{y - 7 if y == py else y + 16}" text-anchor="middle" '
            f'font-size="12">{" + ".join(who)}</text>'
        )
    state = _state(member)
    if state == "live":
        shape = (
            f'<circle cx="{x}" cy="{y}" r="19" stroke="var(--s, #009e73)" stroke-width="4" '
            'fill="color-mix(in srgb, var(--s, #009e73) 16%, transparent)"/>'
        )
    elif state == "used":
        shape = (
            f'<rect x="{x - 17}" y="{y - 17}" width="34" height="34" fill="none" '
            'stroke="currentColor" stroke-dasharray="4 3"/>'
        )
    else:
        shape = (
            f'<path d="M{x - 8} {y - 19}h16l11 11v16l-11 11h-16l-11 -11v-16z" fill="none" '
            'stroke="var(--no, #d55e00)" stroke-width="3"/>'
            f'<path d="M{x - 13} {y + 13}L{x + 13} {y - 13}" stroke="var(--no, #d55e00)" '
            'stroke-width="2"/>'
        )
    label = (
        f'<text x="{x}" y="{y + 5}" text-anchor="middle" font-weight="700">{member.number}</text>'
        f'<text x="{x}" y="{y + 35}" text-anchor="middle">{state}</text>'
        f'<text x="{x}" y="{y + 49}" text-anchor="middle" font-size="11">'
        f"{_clock(member.issued)}</text>"
    )
    return edge + shape + label + _draw_holders(seen.holds.get(member.number, ""), x, y)


def _draw_holders(letters: str, x: int, y: int) -> str:
    """Draw who holds the token: A in a rounded box, M in a pointed one."""
    drawn = ""
    for place, letter in enumerate(letters):
        cx = x + 28 * place - 14 * (len(letters) - 1)
        if letter == "A":
            box = f'<rect x="{cx - 12}" y="{y - 43}" width="24" height="20" rx="10" '
            box += 'fill="var(--jp-layout-color1, Canvas)" stroke="var(--h, #0072b2)" '
        else:
            box = f'<path d="M{cx - 13} {y - 33}l6 -10h14l6 10l-6 10h-14z" '
            box += 'fill="var(--jp-layout-color1, Canvas)" stroke="var(--no, #d55e00)" '
        drawn += f'{box}stroke-width="2.5"/><text x="{cx}" y="{y - 28}" text-anchor="middle" '
        drawn += f'font-weight="700">{letter}</text>'
    return drawn


def draw_race(policy: str, gap: float, seen: Race) -> str:
    """Return the two tabs on a line of time (each step ten times as long), and the window."""
    grace = POLICIES[policy].options.get("grace", 0)
    left, right, y = 70, 620, 46

    def at(seconds: float) -> float:
        return left + (right - left) * (math.log10(max(seconds, 0.001)) + 3) / 5

    ticks = "".join(
        f'<path d="M{at(t):.0f} {y + 4}v6" stroke="currentColor"/>'
        f'<text x="{at(t):.0f}" y="{y + 24}" text-anchor="middle" font-size="11">{span(t)}</text>'
        for t in (0.001, 0.01, 0.1, 1, 10, 60)
    )
    window = (
        f'<rect x="{left}" y="{y - 10}" width="{at(grace) - left:.0f}" height="14" '
        'fill="color-mix(in srgb, var(--s, #009e73) 30%, transparent)" '
        f'stroke="var(--s, #009e73)"/><text x="{left + 6}" y="{y + 1}" font-size="11">'
        f"the window: {GRACE} s</text>"
        if grace
        else f'<text x="{left + 6}" y="{y - 2}" font-size="11">no window</text>'
    )
    x = at(gap)
    said = f"Tab 1 sends the token, tab 2 sends it {span(gap)} later: {seen.says}."
    return (
        f'<div class="authlab-scroll"><svg role="img" aria-label="{escape(said)}" '
        f'viewBox="0 0 {right + 50} {y + 32}" style="width:100%;min-width:520px;max-width:670px" '
        f'fill="currentColor" font-size="13"><path d="M{left} {y + 4}H{right + 10}" '
        f'stroke="currentColor"/>{ticks}{window}<text x="{left - 8}" y="{y + 2}" '
        f'text-anchor="end">tab 1</text><path d="M{x:.0f} {y + 6}V20" stroke="currentColor" '
        f'stroke-width="3"/><text x="{x:.0f}" y="14" text-anchor="middle" font-weight="700">'
        f"tab 2</text></svg></div>"
        f"<div>{'✓' if seen.ok else '✗'} Tab 2 comes {span(gap)} later: {escape(seen.says)}.</div>"
    )


def draw_crowd(counts: dict[str, Count]) -> str:
    """Return one row a policy: sign-outs without a thief, and thieves still inside, as bars."""
    if not counts:
        return "<div>Not run yet.</div>"
    most = max(1, *(count.signed_out for count in counts.values()))
    rows = []
    for name, count in counts.items():
        bars = (
            (count.signed_out, most, "var(--h, #0072b2)"),
            (count.noticed, count.thefts, "var(--s, #009e73)"),
            (count.inside, count.thefts, "var(--no, #d55e00)"),
        )
        cells = "".join(
            f'<td class="authlab-figure"><span class="authlab-bar" style="width:'
            f'{7 * value / max(1, whole):.2f}em;background:{colour}"></span>{value:,}</td>'
            for value, whole, colour in bars
        )
        title = escape(POLICIES[name].title)
        rows.append(f'<tr><th scope="row">{title}</th>{cells}</tr>')
    thefts = max(count.thefts for count in counts.values())
    heads = ("", "sign-outs without a thief", f"of {thefts} thefts noticed", "thieves still inside")
    top = "".join(f'<th scope="col">{text}</th>' for text in heads)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _state(member: Member) -> str:
    if member.live:
        return "live"
    return "ended" if member.used is None else "used"


def _clock(seconds: float) -> str:
    passed = int(seconds - START)
    return f"{passed // 3600}:{passed // 60 % 60:02}:{passed % 60:02}"
