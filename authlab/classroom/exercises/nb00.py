"""What the exercises of 00_start_here accept."""

import json
import secrets

from authlab.classroom.exercises import Answer, exercise, short


@exercise(
    "00.1",
    name="look_up",
    expects="the name, or 'nobody' when the ticket is not in the records",
    hints=(
        "The bank's records are a dictionary: the ticket is the key, the name the value.",
        "A dictionary has a method that takes a key and what to return when it is not there.",
        "One line is enough: `return records.get(ticket, 'nobody')`.",
    ),
)
def grade_look_up(look_up: Answer) -> str | None:
    ticket, name = secrets.token_hex(8), f"user-{secrets.token_hex(2)}"
    records = {secrets.token_hex(8): "Alice", ticket: name}
    for asked, want in ((ticket, name), ("no-such-ticket", "nobody")):
        got = look_up(records, asked)
        if got != want:
            known = "a ticket that is in the records" if want == name else "an unknown ticket"
            return f"For {known} `look_up` returned {short(got)}, not {want!r}."
    return None


@exercise(
    "00.2",
    name="read_letter",
    expects="the name, which the letter itself holds",
    hints=(
        "The letter is JSON text. Nothing has to be looked up anywhere.",
        "`json.loads(text)` turns JSON text into a dictionary.",
        "One line is enough: `return json.loads(letter)['name']`.",
    ),
)
def grade_read_letter(read_letter: Answer) -> str | None:
    for name in ("Alice", f"user-{secrets.token_hex(2)}", 'Zoë "Z"'):
        letter = json.dumps({"role": "customer", "vip": True, "name": name})
        got = read_letter(letter)
        if got != name:
            return f"For the letter {letter} it returned {short(got)}, not {name!r}."
    return None


@exercise(
    "00.3",
    name="still_in",
    expects='"ticket" or "letter"',
    value=True,
    hints=(
        "After the bank threw its records away, which of your two functions can still answer?",
        "`look_up` needs the records. `read_letter` needs only what the customer brings.",
        "The letter still says who she is, and nobody asks the records: write `'letter'`.",
    ),
)
def grade_still_in(still_in: object) -> str | None:
    if still_in == "ticket":
        return "A ticket is worth nothing without the records it points to. Try the other one."
    if still_in != "letter":
        return f'{short(still_in)} is neither "ticket" nor "letter".'
    return None
