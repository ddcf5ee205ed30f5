"""Help with an exercise: a hint at a time, or the solution as text.

Imports of authlab only its neighbours on the ground floor; IPython only when it is there.
"""

import re
import sys
from pathlib import Path

import authlab
from authlab.classroom.checking import find
from authlab.classroom.look import say, tell

_given: dict[str, int] = {}  # how many hints each exercise has had in this kernel


def hint(id: str = "", *, step: int | None = None) -> None:
    """Print the next of an exercise's three hints, or the one that `step` names (1 to 3)."""
    try:
        found = find(id)
    except LookupError as error:
        return say(error.args[0])
    if step is not None and (type(step) is not int or step not in (1, 2, 3)):
        return say(f"There are three hints: hint('{found.id}', step=1), step=2 or step=3.")
    at = step or min(_given.get(found.id, 0) + 1, 3)
    seen = step is None and _given.get(found.id, 0) == 3
    _given[found.id] = at
    more = f" That was the last one; the answer: solution('{found.id}')" if seen else ""
    return tell(f"Hint {at} of 3 for {found.id}: {found.hints[at - 1]}{more}")


def solution(id: str = "") -> None:
    """Show the solution of an exercise as code to read; it is not run."""
    try:
        text = solution_text(id)
    except LookupError as error:
        return say(error.args[0])
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            # Markdown, because JupyterLab then colours it by the theme, light or dark.
            fenced = f"~~~~~~python\n{text}~~~~~~"
            shown = {"text/markdown": fenced, "text/plain": text}
            display(shown, raw=True)  # type: ignore[no-untyped-call]
            return None
    return say(text)


def solution_text(id: str) -> str:
    """Return the code that solves an exercise.

    Raises LookupError, with a sentence, for an unknown exercise or where no solution is found.
    """
    found = find(id)
    for folder in _folders():
        for path in sorted(folder.glob(f"{found.notebook}_*.py")):
            blocks = read_blocks(path.read_text("utf-8", "replace"))
            if found.id in blocks:
                return blocks[found.id]
    raise LookupError(
        f"The solution of {found.id} is not here: it lies in the folder `solutions` beside the "
        "notebooks."
    )


def read_blocks(text: str) -> dict[str, str]:
    """Split a solutions file at its lines `# %% 01.2` into code by exercise."""
    parts = re.split(r"(?m)^# %%(.*)$", text)
    blocks: dict[str, str] = {}
    for title, code in zip(parts[1::2], parts[2::2], strict=True):
        if match := re.match(r"\s+(\d\d\.\d+)\b", title):
            blocks[match[1]] = code.strip("\n") + "\n"
    return blocks


def _folders() -> list[Path]:
    """Where solutions may lie: in a wheel, in a checkout, beside the running notebook."""
    package = Path(authlab.__file__).resolve().parent
    return [
        package / "solutions",
        package.parent / "notebooks" / "solutions",
        Path("solutions"),
        Path("notebooks/solutions"),
    ]
