"""Check the shape of one notebook: pure functions from its text to sentences about it."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mistune
import nbformat
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"

SERIES = (
    "00_start_here",
    "01_build_a_jwt",
    "02_verify_signatures",
    "03_check_the_claims",
    "04_break_a_jwt",
    "05_encrypt_with_jwe",
    "06_build_sessions",
    "07_hijack_a_session",
    "08_choose_where_it_lives",
    "09_cross_domains",
    "10_log_out_and_revoke",
    "11_rotate_refresh_tokens",
    "12_issue_one_time_tokens",
    "13_measure_the_costs",
    "14_choose",
    "15_defend_the_bank",
    "16_OPTIONAL_bind_tokens",
)
NOT_YET = ("08", "09", "13", "14", "15", "16")  # numbers without a notebook
WRITTEN = tuple(name for name in SERIES if not name.startswith(NOT_YET))

CONTENTS = SERIES[0]
OPENING = ("You will do", "You will learn", "You need")
CLOSING = ("What this settled", "In production", "On your own", "Quiz", "Next")
ROUTES = (45, 90, 180)
SETUP_LINES = 6
CELL_LINES = 30
FEWEST_EXERCISES = 3
FORBIDDEN = ("simply", "just")


@dataclass(frozen=True)
class Course:
    """What a notebook may refer to."""

    written: tuple[str, ...] = WRITTEN
    exercises: Mapping[str, str] = field(default_factory=dict)  # id -> the name of the answer
    solutions: frozenset[str] = frozenset()
    quizzes: frozenset[str] = frozenset()
    panels: frozenset[str] = frozenset()


def the_course() -> Course:
    """Read from the package what this course has."""
    from authlab import data_path, widgets
    from authlab.classroom import solution_text
    from authlab.classroom.exercises import EXERCISES

    def solved(id: str) -> bool:
        try:
            return bool(solution_text(id).strip())
        except LookupError:
            return False

    return Course(
        exercises={id: EXERCISES[id].name for id in EXERCISES},
        solutions=frozenset(filter(solved, EXERCISES)),
        quizzes=frozenset(path.stem for path in data_path("quizzes").glob("*.json")),
        panels=frozenset(widgets.__all__),
    )


def problems(path: Path, course: Course | None = None) -> list[str]:
    """Return a sentence for everything about the notebook that is not as it should be."""
    try:
        text = path.read_text(encoding="utf-8")
        notebook = Notebook(path, json.loads(text))
        for error in nbformat.validator.iter_validate(notebook.json):
            return [f"is not a valid notebook: {error.message[:200]}"]
        if (notebook.json["nbformat"], notebook.json["nbformat_minor"]) < (4, 5):
            return ["is in a format older than 4.5, which has no cell ids"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"cannot be read as a notebook: {error!r}"]
    if not notebook.cells:
        return ["has no cells"]
    course = course or the_course()
    return [problem for rule in RULES for problem in rule(notebook, course)]


# -- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heading:
    cell: int
    level: int
    text: str


class Cell:
    """One cell, its Markdown or its Python parsed once."""

    def __init__(self, at: int, json: dict[str, Any]) -> None:
        self.at = at
        self.json = json
        self.metadata: dict[str, Any] = json.get("metadata", {})
        self.tags: list[str] = self.metadata.get("tags", [])
        source = json["source"]
        self.source = source if isinstance(source, str) else "".join(source)
        self.is_code = json["cell_type"] == "code"
        self.is_markdown = json["cell_type"] == "markdown"

    def __str__(self) -> str:
        return f"cell {self.at} ({self.json.get('id', 'no id')})"

    @cached_property
    def tokens(self) -> list[dict[str, Any]]:
        """Every Markdown token, children after their parent."""
        return list(_flat(_MARKDOWN(self.source))) if self.is_markdown else []

    @cached_property
    def headings(self) -> list[Heading]:
        return [
            Heading(self.at, token["attrs"]["level"], text_of(token))
            for token in self.tokens
            if token["type"] == "heading"
        ]

    @cached_property
    def prose(self) -> str:
        """The text a reader sees, code left out."""
        return " ".join(t["raw"] for t in self.tokens if t["type"] == "text")

    @cached_property
    def targets(self) -> list[tuple[str, str, str]]:
        """("link" or "picture", address, text or alternative) of all that the cell points to."""
        found = []
        for token in self.tokens:
            if token["type"] in ("link", "image"):
                kind = "link" if token["type"] == "link" else "picture"
                found.append((kind, token["attrs"]["url"], text_of(token)))
            elif token["type"] in ("inline_html", "block_html"):
                found.extend(_Tags.targets(token["raw"]))
        return found

    @cached_property
    def tree(self) -> ast.Module | None:
        """The cell's Python, magics translated; None where it is not Python."""
        try:
            return ast.parse(TransformerManager().transform_cell(self.source))
        except SyntaxError:
            return None

    def calls(self, name: str) -> list[ast.Call]:
        """The calls of a plain name, or of a last attribute (`classroom.check`)."""
        walked = ast.walk(self.tree) if self.is_code and self.tree else ()
        found = [node for node in walked if isinstance(node, ast.Call)]
        return [c for c in found if name in (getattr(c.func, a, None) for a in ("id", "attr"))]


class Notebook:
    """A notebook as it lies in its file."""

    def __init__(self, path: Path, json: dict[str, Any]) -> None:
        self.path = path
        self.name = path.stem
        self.number = path.stem[:2]
        self.json = json
        self.cells = [Cell(at, cell) for at, cell in enumerate(json["cells"])]

    @cached_property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_code]

    @cached_property
    def headings(self) -> list[Heading]:
        return [heading for cell in self.cells for heading in cell.headings]

    @cached_property
    def sections(self) -> list[tuple[Heading, list[Cell]]]:
        """Each H2 with its cells, the heading's own first."""
        starts = [heading for heading in self.headings if heading.level == 2]
        ends = [heading.cell for heading in starts[1:]] + [len(self.cells)]
        return [
            (s, self.cells[s.cell : max(end, s.cell + 1)])
            for s, end in zip(starts, ends, strict=True)
        ]

    def section(self, title: str) -> list[Cell]:
        return next((cells for heading, cells in self.sections if heading.text == title), [])


def read(path: Path) -> Notebook:
    """Read a notebook, unchecked."""
    return Notebook(path, json.loads(path.read_text(encoding="utf-8")))


def text_of(token: dict[str, Any]) -> str:
    """The text of a Markdown token, as a browser's textContent would give it."""
    inner = [t["raw"] for t in _flat(token.get("children", [])) if t["type"] in _TEXT]
    return "".join(inner).strip()


_TEXT = ("text", "codespan")
_MARKDOWN = mistune.create_markdown(renderer=None, plugins=["table", "url"])


def _flat(tokens: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for token in tokens:
        yield token
        yield from _flat(token.get("children", []))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and "href" in values:
            self.found.append(("link", values["href"] or "", ""))
        if "src" in values:
            self.found.append(("picture", values["src"] or "", values.get("alt") or ""))

    @classmethod
    def targets(cls, html: str) -> list[tuple[str, str, str]]:
        parser = cls()
        parser.feed(html)
        return parser.found


# -- rules ------------------------------------------------------------------------------------

Problems = Iterator[str]


def ids_are_unique(notebook: Notebook, course: Course) -> Problems:
    counts = Counter(cell.json.get("id") for cell in notebook.cells)
    yield from (f"{cell} has no id" for cell in notebook.cells if not cell.json.get("id"))
    yield from (f"two cells have the id {id!r}" for id, n in counts.items() if id and n > 1)


def nothing_is_saved(notebook: Notebook, course: Course) -> Problems:
    if "widgets" in notebook.json["metadata"]:
        yield "holds saved widget state"
    for cell in notebook.cells:
        if cell.json.get("outputs"):
            yield f"{cell} holds outputs"
        if cell.json.get("execution_count") is not None:
            yield f"{cell} holds an execution count"
        if "execution" in cell.metadata:
            yield f"{cell} holds execution times"


def kernel_is_python3(notebook: Notebook, course: Course) -> Problems:
    name = notebook.json["metadata"].get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"names the kernel {name!r}, not 'python3'"


def headings_are_in_order(notebook: Notebook, course: Course) -> Problems:
    headings = notebook.headings
    tops = [heading.cell for heading in headings if heading.level == 1]
    if tops != [0] or headings[0].level != 1:
        yield f"needs exactly one H1, first in the first cell; H1s are in cells {tops}"
    for before, after in pairwise(headings):
        if after.level > before.level + 1:
            yield f"skips from H{before.level} to H{after.level} at {after.text!r}"
    counts = Counter(heading.text for heading in headings)
    yield from (f"two headings read {text!r}" for text, n in counts.items() if n > 1)
    yield from (f"cell {h.cell} has an empty heading" for h in headings if not h.text)


def opening_is_whole(notebook: Notebook, course: Course) -> Problems:
    first = notebook.cells[0]
    if not first.is_markdown:
        yield "does not open with a Markdown cell"
        return
    for part in OPENING:
        if not re.search(rf"\*\*{part}[:.]?\*\*", first.source):
            yield f"opens without **{part}**"
    if not re.search(r"\b\d+\s+minutes\b", first.source):
        yield "opens without saying how many minutes it takes"
    if notebook.name not in SERIES:
        yield f"has a name that is not in the series: {notebook.name}"
        return
    at = SERIES.index(notebook.name)
    linked = {urlsplit(url).path for kind, url, _ in first.targets if kind == "link"}
    wanted = {"the contents": CONTENTS} if at else {}
    beside = {"previous": SERIES[at - 1 : at], "next": SERIES[at + 1 : at + 2]}
    for what, names in beside.items():
        for name in names:
            if name in course.written:
                wanted[f"the {what} notebook"] = name
            elif not re.search(rf"\b{name[:2]}\b", first.prose):
                yield f"opens without naming the {what} notebook, {name[:2]}"
    for what, name in wanted.items():
        if f"{name}.ipynb" not in linked:
            yield f"opens without a link to {what}, {name}.ipynb"


def setup_is_second(notebook: Notebook, course: Course) -> Problems:
    tagged = [cell.at for cell in notebook.cells if "setup" in cell.tags]
    if tagged != [1] or not notebook.cells[1].is_code:
        yield f"needs one code cell tagged setup, the second cell; tagged are {tagged}"
        return
    lines = [line for line in notebook.cells[1].source.splitlines() if line.strip()]
    if len(lines) > SETUP_LINES:
        yield f"has a setup cell of {len(lines)} lines; {SETUP_LINES} at most"


def closing_is_whole(notebook: Notebook, course: Course) -> Problems:
    titles = tuple(heading.text for heading, _ in notebook.sections)
    if titles[-len(CLOSING) :] != CLOSING:
        yield f"must end with the H2 headings {', '.join(CLOSING)}; it ends {titles[-5:]}"
        return
    settled = notebook.section("What this settled")
    if not any(token["type"] == "table" for cell in settled for token in cell.tokens):
        yield "has no table under 'What this settled'"
    quizzes = [arg for cell in notebook.section("Quiz") for arg in _first_texts(cell, "quiz")]
    if quizzes != [notebook.number]:
        yield f"must call quiz({notebook.number!r}) once under 'Quiz'; it calls {quizzes}"
    if notebook.number not in course.quizzes:
        yield f"has no questions in data/quizzes/{notebook.number}.json"


def sections_carry_metadata(notebook: Notebook, course: Course) -> Problems:
    heads = {heading.cell for heading, _ in notebook.sections}
    for heading, _ in notebook.sections:
        cell = notebook.cells[heading.cell]
        if cell.headings[0] != heading or not re.match(r"\s*##\s", cell.source):
            yield f"the section {heading.text!r} does not start at the start of a cell"
        about = cell.metadata.get("authlab")
        if about is None and heading.text in CLOSING:
            continue  # these take the time they take, on every route
        if not isinstance(about, dict) or set(about) != {"minutes", "routes"}:
            yield f"the section {heading.text!r} needs metadata authlab: minutes and routes"
            continue
        if type(about["minutes"]) is not int or about["minutes"] < 1:
            yield f"the section {heading.text!r} needs minutes, a whole number from 1"
        routes = about["routes"]
        # An empty list is for what stands on no route, for those who do everything.
        if not isinstance(routes, list) or routes != [r for r in ROUTES if r in routes]:
            yield f"the section {heading.text!r} needs routes, some of {list(ROUTES)} in order"
    for cell in notebook.cells:
        if "authlab" in cell.metadata and cell.at not in heads:
            yield f"{cell} carries metadata authlab but no H2"


def exercises_are_whole(notebook: Notebook, course: Course) -> Problems:
    titled: dict[str, int] = {}  # id -> its heading's cell
    for heading in notebook.headings:
        if not re.match(r"exercise\b", heading.text, re.I):
            continue
        match = re.fullmatch(r"Exercise (\d\d\.[1-9]\d*): \S.*", heading.text)
        if match is None or heading.level != 3:
            yield f"{heading.text!r} should read '### Exercise {notebook.number}.1: a title'"
        elif match[1] in titled:
            yield f"exercise {match[1]} has two headings"
        else:
            titled[match[1]] = heading.cell
    wanted = [f"{notebook.number}.{n}" for n in range(1, len(titled) + 1)]
    if list(titled) != wanted:
        yield f"its exercises are numbered {list(titled)}, not {wanted}"
    if len(titled) < FEWEST_EXERCISES:
        yield f"has {len(titled)} exercises; {FEWEST_EXERCISES} at least"

    stubs: dict[str, Cell] = {}
    for cell in notebook.code:
        checked = _first_texts(cell, "check")
        if checked and "exercise" not in cell.tags:
            yield f"{cell} calls check() but is not tagged exercise"
        elif "exercise" in cell.tags:
            yield from _stub_problems(cell, course)
            stubs.update({id: cell for id in checked if id})
    for id, at in titled.items():
        after = next((c.at for c in notebook.code if c.at > at), None)
        if id not in stubs or stubs[id].at != after:
            yield f"the code cell below the heading of exercise {id} is not its stub"
        if id not in course.exercises:
            yield f"exercise {id} is not in authlab.classroom.exercises"
        elif id not in course.solutions:
            yield f"exercise {id} has no solution in notebooks/solutions"
    for id in stubs.keys() - titled.keys():
        yield f"the stub of exercise {id} has no heading"
    for id in course.exercises:
        if id[:2] == notebook.number and id not in titled:
            yield f"exercise {id} of authlab.classroom.exercises is not in the notebook"


def _stub_problems(cell: Cell, course: Course) -> Problems:
    last = cell.tree.body[-1] if cell.tree and cell.tree.body else None
    match last:
        case ast.Expr(ast.Call(ast.Name("check"), [ast.Constant(str(id)), ast.Name(name)], [])):
            pass
        case _:
            yield f'{cell} is tagged exercise but does not end with check("01.2", name)'
            return
    if len(cell.calls("check")) > 1:
        yield f"{cell} calls check() more than once"
    bound = {getattr(n, "name", None) for n in cell.tree.body}
    walked = list(ast.walk(cell.tree))
    bound |= {n.id for n in walked if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if name not in bound:
        yield f"{cell} checks {name!r}, which it does not define"
    if course.exercises.get(id, name) != name:
        yield f"{cell} checks {name!r}; exercise {id} asks for {course.exercises[id]!r}"
    if not any(isinstance(n, ast.Constant) and n.value is ... for n in walked):
        yield f"{cell} is no stub: it has no ... for the learner to replace"


def targets_resolve(notebook: Notebook, course: Course) -> Problems:
    for cell in notebook.cells:
        for kind, url, text in cell.targets:
            if kind == "picture" and not text.strip():
                yield f"{cell} shows {url!r} without a text alternative"
            if problem := _target_problem(notebook, cell, course, kind, url):
                yield f"{cell} {problem}"
        for name in _first_texts(cell, "data_path"):
            from authlab import data_path

            if name is not None and not data_path(name).exists():
                yield f"{cell} reads data_path({name!r}), which is not there"


def _target_problem(
    notebook: Notebook, cell: Cell, course: Course, kind: str, url: str
) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"has a broken address, {url!r}"
    if kind == "picture" and parts.scheme == "attachment":
        there = unquote(parts.path) in cell.json.get("attachments", {})
        return None if there else f"shows {url!r}, which is not attached"
    if kind == "picture" and parts.scheme == "data":
        return None
    if kind == "link" and parts.scheme in ("http", "https") and parts.netloc:
        return None  # prose may cite outside sources; nothing is fetched
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return f"has a {kind} to {url!r}, which is not a relative path"
    target = (notebook.path.parent / unquote(parts.path)).resolve() if parts.path else notebook.path
    root = notebook.path.parent.parent.resolve()
    is_notebook = target.suffix == ".ipynb" and target.parent == notebook.path.parent.resolve()
    if is_notebook and target.stem not in course.written:
        return f"links to {url!r}, which is not written yet: name it in words"
    if not target.is_relative_to(root) or not target.exists():
        return f"has a {kind} to {url!r}, which is not there"
    if parts.fragment and unquote(parts.fragment) not in _anchors(notebook, target):
        return f"links to {url!r}, where no heading is called so"
    return None


def _anchors(notebook: Notebook, target: Path) -> set[str]:
    """The names of headings: in a notebook as JupyterLab gives them, in a .md as GitHub does."""
    if target == notebook.path or target.suffix == ".ipynb":
        there = notebook if target == notebook.path else read(target)
        return {heading.text.replace(" ", "-") for heading in there.headings}
    if target.suffix == ".md":
        page = Cell(0, {"cell_type": "markdown", "source": target.read_text(encoding="utf-8")})
        kept = (re.sub(r"[^\w\- ]", "", heading.text.lower()) for heading in page.headings)
        return {text.replace(" ", "-") for text in kept}
    return set()


def prose_is_plain(notebook: Notebook, course: Course) -> Problems:
    for cell in notebook.cells:
        for word in FORBIDDEN:
            if match := re.search(rf".{{0,30}}\b{word}\b.{{0,30}}", cell.prose, re.I):
                yield f"{cell} says {word!r}: ...{match[0]}..."


def code_is_short(notebook: Notebook, course: Course) -> Problems:
    for cell in notebook.code:
        if (lines := len(cell.source.splitlines())) > CELL_LINES:
            yield f"{cell} has {lines} lines; {CELL_LINES} at most"
        if cell.tree is None:
            yield f"{cell} is not Python"


def panels_are_framed(notebook: Notebook, course: Course) -> Problems:
    for cell in notebook.code:
        for name in sorted(course.panels):
            if cell.calls(name):
                around = notebook.cells[cell.at - 1 : cell.at], notebook.cells[cell.at + 1 :][:1]
                if not all(side and side[0].prose.strip() for side in around):
                    yield f"{cell}: the panel {name}() needs text right before and right after it"


def _first_texts(cell: Cell, name: str) -> list[str | None]:
    """The first argument of each call of `name` in a code cell; None where it is no literal."""
    first = [call.args[0] if call.args else None for call in cell.calls(name)]
    return [a.value if isinstance(a, ast.Constant) else None for a in first]


RULES = (
    ids_are_unique,
    nothing_is_saved,
    kernel_is_python3,
    headings_are_in_order,
    opening_is_whole,
    setup_is_second,
    closing_is_whole,
    sections_carry_metadata,
    exercises_are_whole,
    targets_resolve,
    prose_is_plain,
    code_is_short,
    panels_are_framed,
)
