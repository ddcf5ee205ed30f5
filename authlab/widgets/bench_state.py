"""What the attack bench shows: cells that were run, the matrix as SVG, one forgery in words.

Pure functions, no widgets: the panel in `bench` draws what they return.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from authlab.attacks import CATALOGUE, HOLES, Message, NaiveVerifier, Outcome
from authlab.attacks.issuer import honest_tokens
from authlab.clock import Clock
from authlab.jose import dissect
from authlab.widgets import kit

__all__ = [
    "ATTACKS",
    "FIRST_ATTACK",
    "HOLE",
    "YOURS",
    "Results",
    "Row",
    "describe_attack",
    "draw_forgery",
    "draw_matrix",
    "list_rows",
    "run_cell",
    "say_row",
    "say_verdict",
]

START = 1_800_000_000  # Unix seconds: the bench's clock stands still
ATTACKS = {attack.id: attack for attack in CATALOGUE if attack.target == "verify"}
YOURS, NONE = "yours", "no hole"  # beside the names of the holes, each alone
FIRST_ATTACK = "none"
# Pixels. LEFT and TOP have room for the longest titles in bold, HOLE for one with its box.
LEFT, TOP, PITCH, WIDTH, HOLE = 356, 206, 23, 1006, 370  # the columns' titles lean to the right
_LONGEST = 400  # characters of a step's detail: a key as JSON is long

Results = Mapping[tuple[tuple[str, ...], str], bool]  # (open holes, attack's id): she got in


class Row(NamedTuple):
    """One verifier of the matrix: its name, its title, and its open holes."""

    name: str
    title: str
    holes: tuple[str, ...]


def list_rows(own: tuple[str, ...]) -> list[Row]:
    """Return the verifiers: the learner's own with the holes `own`, none, and each hole alone."""
    count = "1 hole" if len(own) == 1 else f"{len(own)} holes"
    return [
        Row(YOURS, f"Your verifier: {count} open", own),
        Row(NONE, "No hole", ()),
        *(Row(name, hole.title, (name,)) for name, hole in HOLES.items()),
    ]


@lru_cache(maxsize=64)
def _build(holes: tuple[str, ...]) -> NaiveVerifier:
    return NaiveVerifier(holes, clock=Clock(START))


@lru_cache(maxsize=2048)
def run_cell(holes: tuple[str, ...], attack: str) -> Outcome:
    """Run one attack of `ATTACKS` on a verifier with these holes; kept once it ran."""
    return ATTACKS[attack].run(_build(holes))


@lru_cache(maxsize=64)
def count_honest(holes: tuple[str, ...]) -> tuple[int, int]:
    """Return how many honest tokens a verifier with these holes accepts, and of how many."""
    verify, tokens = _build(holes), honest_tokens(Clock(START))
    return sum(_accepts(verify, one.token) for one in tokens), len(tokens)


def _accepts(verify: NaiveVerifier, token: str) -> bool:
    try:
        return bool(verify(token))
    except ValueError:
        return False


def say_verdict(row: Row, attack: str, outcome: Outcome) -> str:
    """Return what came of one cell, in a sentence."""
    where = row.title if row.name in (YOURS, NONE) else f"Hole “{row.title}”"
    if outcome.succeeded:
        return f"{where}. {ATTACKS[attack].title}: Mallory gets in as Alice."
    last = outcome.messages[-1].text if outcome.messages else outcome.why
    return f"{where}. {ATTACKS[attack].title}: {last[:1].lower()}{last[1:]}"


def say_row(row: Row, results: Results) -> str:
    """Return what is known of a verifier, or that nothing is."""
    known = {id: results[row.holes, id] for id in ATTACKS if (row.holes, id) in results}
    if len(known) < len(ATTACKS):
        return f"{row.title}. {len(known)} of {len(ATTACKS)} attacks were run on it."
    passed, tokens = count_honest(row.holes)
    return (
        f"{row.title}. Mallory gets in by {sum(known.values())} of {len(known)} attacks, and "
        f"{passed} of {tokens} honest tokens pass."
    )


def draw_matrix(rows: Sequence[Row], results: Results, chosen: tuple[str, str]) -> str:
    """Return the matrix as SVG; `chosen` is the row's name and the attack's id of the open cell."""
    ids, height = list(ATTACKS), TOP + PITCH * len(rows) + 6
    at_row = next(i for i, row in enumerate(rows) if row.name == chosen[0])
    at_column = ids.index(chosen[1])
    x, y = LEFT + PITCH * at_column, TOP + PITCH * at_row
    shade = "var(--jp-layout-color2, rgba(127,127,127,0.15))"
    bands = (
        f'<path d="M0 {y}H{LEFT + PITCH * len(ids)}v{PITCH}H0z" fill="{shade}"/>'
        f'<path d="M{x} {TOP}V{height - 6}h{PITCH}V{TOP}z" fill="{shade}"/>'
        f'<rect x="{x + 1}" y="{y + 1}" width="{PITCH - 2}" height="{PITCH - 2}" fill="none" '
        'stroke="currentColor" stroke-width="2.5"/>'
    )
    boxes, letters, dots = "", "", ""
    for i, row in enumerate(rows):
        for j, id in enumerate(ids):
            found = results.get((row.holes, id))
            cx, cy = LEFT + PITCH * j + PITCH // 2, TOP + PITCH * i + PITCH // 2
            if found:
                boxes += f'<rect x="{cx - 8}" y="{cy - 8}" width="17" height="17" rx="3"/>'
                letters += f'<text x="{cx + 0.5}" y="{cy + 5}">M</text>'
            elif found is False:
                dots += f"M{cx} {cy}h0.1"
    titles = "".join(
        f'<text x="{LEFT - 8}" y="{TOP + PITCH * i + 16}" text-anchor="end" '
        f'font-weight="{700 if i == at_row else 400}">{kit.escape(row.title)}</text>'
        for i, row in enumerate(rows)
    ) + "".join(
        f'<text transform="translate({LEFT + PITCH * j + 15} {TOP - 6}) rotate(-66)" '
        f'font-weight="{700 if j == at_column else 400}">{kit.escape(ATTACKS[id].title)}</text>'
        for j, id in enumerate(ids)
    )
    box = 'fill="none" stroke="var(--no, #d55e00)" stroke-width="2"'
    return (
        f'<div class="authlab-scroll"><svg role="img" aria-label="'
        f'{kit.escape(describe_matrix(rows, results))}" viewBox="0 0 {WIDTH} {height}" '
        f'style="width:100%;min-width:760px;max-width:{WIDTH}px" fill="currentColor" '
        f'font-size="12">{bands}{titles}<path d="{dots}" stroke="currentColor" stroke-width="4" '
        f'stroke-linecap="round" opacity="0.7"/><g {box}>{boxes}</g>'
        f'<g text-anchor="middle" font-weight="700">{letters}</g></svg></div>'
    )


def describe_matrix(rows: Sequence[Row], results: Results) -> str:
    """Return the matrix in words: how much was run, and where Mallory gets in."""
    run = sum((row.holes, id) in results for row in rows for id in ATTACKS)
    cells = "1 cell" if run == 1 else f"{run} cells"
    said = [f"Matrix of {len(rows)} verifiers by {len(ATTACKS)} attacks, {cells} run."]
    for row in rows:
        if found := [ATTACKS[id].title for id in ATTACKS if results.get((row.holes, id))]:
            said.append(f"{row.title}: Mallory gets in by {', '.join(found)}.")
    return " ".join(said)


def describe_attack(row: Row, attack: str) -> str:
    """Return what the attack needs, the line that lets it in and the line that stops it."""
    about = ATTACKS[attack]
    name = row.name if row.name in HOLES else about.stopped_by[0]
    hole = HOLES[name]
    facts = (
        ("Mallory needs", about.needs),
        ("Listed as", ", ".join(about.refs)),
        ("Hole", hole.title),
        ("How people write it", hole.line),
        ("The mend", hole.mend),
    )
    body = "".join(
        f'<tr><th scope="row"><b>{name}</b></th><td style="overflow-wrap:anywhere">'
        f"{kit.escape(text)}</td></tr>"
        for name, text in facts
    )
    return f"<table>{body}</table>"


def draw_forgery(messages: Iterable[Message], token: str) -> str:
    """Return the steps in order, and the last token shown with what its parts say."""
    items = []
    for message in messages:
        who = "The verifier" if message.sender == "bank" else message.sender.capitalize()
        who = "Mallory" if message.sender == "thief" else who
        shows = message.receiver == "bank"  # the token stands below, whole
        detail = "" if shows or not message.detail else f": {message.detail}"
        text = f"{message.text}{detail}"
        text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        says = f"<b>{who}</b>: " if message.sender == "bank" else f"<b>{who}</b> "
        items.append(f"<li>{says}{kit.escape(text)}</li>")
    steps = f'<ol style="margin:4px 0;padding-left:1.6em;overflow-wrap:anywhere">{"".join(items)}'
    if not token:
        return f"{steps}</ol><div>There was nothing to forge.</div>"
    anatomy = dissect(token)
    # A card would say "Stops here", which is up to the verifier: a naive one goes on.
    cards = "".join(kit.draw_card(part._replace(fault=""), START) for part in anatomy.parts)
    notes = "".join(
        f"<div>A strict reader stops at the {part.name}. {kit.escape(part.fault)}</div>"
        for part in anatomy.parts
        if part.fault
    )
    return f"{steps}</ol>{kit.draw_parts(anatomy)}{cards}{notes}"
