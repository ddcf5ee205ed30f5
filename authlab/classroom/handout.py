"""Lift sections out of a notebook for a workshop: `python -m authlab handout 01 --sections 2,4`.

Imports the standard library and nbformat.
"""

import re
import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import nbformat

import authlab

LICENCE = "Prose: CC BY 4.0, code: MIT. Adapt it as you like, and say where it came from."


@dataclass(frozen=True)
class Section:
    """One H2 section: its number, its heading, its cells, and what its metadata says."""

    number: int
    title: str
    cells: tuple[Any, ...]
    minutes: int | None
    routes: tuple[int, ...]


def find_notebook(name: str) -> Path:
    """Find a notebook by its number ("01"), its name, or its path; LookupError says why not."""
    if name.endswith(".ipynb") or "/" in name or "\\" in name:
        path = Path(name)
        if not path.is_file():
            raise LookupError(f"There is no notebook {name}.")
        return path
    checkout = Path(authlab.__file__).resolve().parent.parent / "notebooks"
    for folder in (Path(), Path("notebooks"), checkout):
        found = sorted(p for p in folder.glob("[0-9][0-9]_*.ipynb") if _named(p, name))
        if found:
            return found[0]
    raise LookupError(f"There is no notebook {name!r}: give its two digits, or the path of a file.")


def read_notebook(path: Path) -> Any:
    """Read a notebook; ValueError, with a sentence, for a file that is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about small repairs, of no concern here
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
            nbformat.validate(notebook)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises its own, json's and jsonschema's errors
        raise ValueError(f"{path} is not a notebook that Jupyter can read.") from error
    return notebook


def sections(notebook: Any) -> list[Section]:
    """Split a notebook at its H2 headings.

    A heading "3. Catch one flipped bit" has the number 3; those without one count on from there.
    """
    starts = [at for at, cell in enumerate(notebook.cells) if _heading(cell, 2)]
    heads = [_numbered(_heading(notebook.cells[at], 2) or "") for at in starts]
    others = count(1 + max((number or 0 for number, _ in heads), default=0))
    found = []
    for start, end, (number, title) in zip(starts, [*starts[1:], None], heads, strict=True):
        cells = tuple(notebook.cells[start:end])
        about = cells[0].metadata.get("authlab")
        about = about if isinstance(about, dict) else {}
        minutes, routes = about.get("minutes"), about.get("routes")
        minutes = minutes if isinstance(minutes, int) else None
        routes = tuple(routes) if isinstance(routes, list) else ()
        found.append(Section(number or next(others), title, cells, minutes, routes))
    return found


def choose(
    found: Sequence[Section], numbers: str | None = None, route: int | None = None
) -> list[Section]:
    """Pick sections by number ("2,4-6") or by route; LookupError for one that is not there."""
    if numbers is None:
        chosen = [s for s in found if route in s.routes]
        if not chosen:
            known = ", ".join(sorted({str(r) for s in found for r in s.routes})) or "none"
            raise LookupError(f"No section is on a route of {route} minutes; routes: {known}.")
        return chosen
    wanted: set[int] = set()
    for part in numbers.split(","):
        match = re.fullmatch(r"\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?", part, re.ASCII)
        span = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
        if not span or not {s.number for s in found}.issuperset(span):
            raise LookupError(f"There is no section {part.strip()!r}. --list shows what there is.")
        wanted.update(span)
    return [s for s in found if s.number in wanted]


def lift(notebook: Any, chosen: Sequence[Section], name: str, *, blank: bool = False) -> Any:
    """Return a new notebook: the opening, the setup cell and the chosen sections, ids kept.

    `name` is the notebook's name without its ending. With `blank` the sections keep their
    headings only, and their code cells are empty, to be filled while the class looks on.
    """
    opening = [c for c in notebook.cells[:1] if _heading(c, 1)]
    setup = [c for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    if not opening or not setup:
        raise ValueError(f"{name} lacks its H1 in the first cell, or a code cell tagged `setup`.")
    lifted = deepcopy(notebook)
    body = [c for s in chosen for c in s.cells if c not in setup]
    lifted.cells = deepcopy([*opening, *setup, *body])
    lifted.cells[0].source = _opening(opening[0].source, chosen, name)
    for cell in lifted.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        else:
            cell.source = _unlink(cell.source)
    if blank:
        head = 1 + len(setup)
        lifted.cells[head:] = [c for c in lifted.cells[head:] if _emptied(c)]
    lifted.metadata.pop("widgets", None)
    return lifted


def write(notebook: Any, path: Path, *, force: bool = False) -> None:
    """Write a notebook to a new file; FileExistsError unless `force`."""
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    data = f"{text}\n".encode()  # all of it, before the old file is touched
    with path.open("wb" if force else "xb") as file:
        file.write(data)


def describe(found: Sequence[Section]) -> str:
    """List sections as text: number, minutes, routes, title."""
    lines = ["section  minutes  routes        title"]
    for s in found:
        minutes = "" if s.minutes is None else str(s.minutes)
        routes = ", ".join(map(str, s.routes))
        lines.append(f"{s.number:>7}  {minutes:>7}  {routes:<12}  {s.title}")
    return "\n".join(lines)


def hand_out(
    name: str,
    output: str | None,
    *,
    numbers: str | None = None,
    route: int | None = None,
    blank: bool = False,
    force: bool = False,
) -> str:
    """Do what the command line asks, and return what to print.

    Without `output` it lists the sections. Raises LookupError, ValueError or OSError.
    """
    path = find_notebook(name)
    notebook = read_notebook(path)
    found = sections(notebook)
    if output is None:
        return describe(found)
    chosen = choose(found, numbers, route)
    goal = Path(output)
    if goal.suffix != ".ipynb":
        raise ValueError(f"{output} must end in .ipynb.")
    if goal.exists() and (goal.samefile(path) or not force):
        hint = "choose another name" if goal.samefile(path) else "--force overwrites it"
        raise ValueError(f"{output} is there already: {hint}.")
    write(lift(notebook, chosen, path.stem, blank=blank), goal, force=force)
    return f"{output}: {_name_sections(chosen)} of {path.stem}{_minutes(chosen)}."


def _named(path: Path, name: str) -> bool:
    return path.stem == name or path.stem[:2] == name


def _heading(cell: Any, level: int) -> str | None:
    """Return the text of the cell's first heading of that level, outside code fences."""
    if cell.cell_type != "markdown":
        return None
    start = "#" * level + " "
    heads = (line for line in _headings(cell.source) if line.startswith(start))
    return next((line[len(start) :].strip() for line in heads), None)


def _numbered(title: str) -> tuple[int | None, str]:
    match = re.match(r"([1-9][0-9]?)\.\s+(.*)", title)
    return (int(match[1]), match[2]) if match else (None, title)


def _headings(source: str) -> list[str]:
    fence, found = "", []
    for line in source.splitlines():
        mark = re.match(r" {0,3}(```+|~~~+)", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        elif not fence and re.match(r"#{1,6} ", line):
            found.append(line)
    return found


def _emptied(cell: Any) -> bool:
    """Empty a cell for live coding; say whether it is still worth keeping."""
    if cell.cell_type == "code":
        cell.source = ""
        return True
    cell.source = "\n\n".join(_headings(cell.source))
    cell.pop("attachments", None)
    return bool(cell.source)


def _opening(source: str, chosen: Sequence[Section], name: str) -> str:
    """Say below the title where the handout is from; leave the links to neighbours out."""
    lines = [line for line in source.splitlines() if ".ipynb" not in line or line.startswith("# ")]
    at = next(n for n, line in enumerate(lines) if line.startswith("# ")) + 1
    origin = f"From {name}, {_name_sections(chosen)}{_minutes(chosen)}. {LICENCE}"
    return "\n".join([*lines[:at], "", origin, *lines[at:]])


def _name_sections(chosen: Sequence[Section]) -> str:
    numbers = [str(s.number) for s in chosen]
    if len(numbers) == 1:
        return f"section {numbers[0]}"
    return f"sections {', '.join(numbers[:-1])} and {numbers[-1]}"


def _minutes(chosen: Sequence[Section]) -> str:
    known = sum(s.minutes or 0 for s in chosen)
    return f", about {known} minutes" if known else ""


def _unlink(source: str) -> str:
    """Turn links to other notebooks into their text: a handout travels alone."""
    return re.sub(r"\[([^\]]*)\]\([^)\s]*\.ipynb(?:#[^)\s]*)?\)", r"\1", source)
