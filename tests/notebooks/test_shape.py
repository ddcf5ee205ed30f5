"""Every notebook has the shape of the series, and every rule about it can fail."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from . import shape
from .sample import COURSE, cell, code, exercise, good, head, markdown, save
from .shape import NOTEBOOKS, SERIES, WRITTEN, problems

Spoil = Callable[[dict[str, Any]], Any]


def test_the_notebooks_are_the_series_so_far() -> None:
    assert len(SERIES) == 17
    assert [name[:2] for name in SERIES] == [f"{n:02}" for n in range(17)]
    assert WRITTEN
    assert tuple(sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))) == WRITTEN


@pytest.mark.parametrize("name", WRITTEN)
def test_the_shape_of(name: str) -> None:
    assert problems(NOTEBOOKS / f"{name}.ipynb") == []


def test_a_good_notebook_has_no_problems(tmp_path: Path) -> None:
    assert problems(save(good(), tmp_path), COURSE) == []


def put(id: str, /, **changes: Any) -> Spoil:
    """Change parts of one cell."""
    return lambda notebook: cell(notebook, id).update(changes)


def say(id: str, text: str) -> Spoil:
    """Add a paragraph to one cell."""

    def spoil(notebook: dict[str, Any]) -> None:
        cell(notebook, id)["source"] += f"\n\n{text}"

    return spoil


def swap(id: str, old: str, new: str) -> Spoil:
    """Replace a text in one cell."""

    def spoil(notebook: dict[str, Any]) -> None:
        source = cell(notebook, id)["source"]
        assert old in source
        cell(notebook, id)["source"] = source.replace(old, new)

    return spoil


def insert(at: int, *cells: dict[str, Any]) -> Spoil:
    return lambda notebook: notebook["cells"].__setitem__(slice(at, at), cells)


def drop(*ids: str) -> Spoil:
    def spoil(notebook: dict[str, Any]) -> None:
        notebook["cells"] = [c for c in notebook["cells"] if c["id"] not in ids]

    return spoil


def about(**changes: Any) -> Spoil:
    return put("first", metadata={"authlab": {"minutes": 5, "routes": [45]} | changes})


SPOILT: dict[str, tuple[Spoil, str]] = {
    # the file
    "no id": (lambda n: cell(n, "look").pop("id"), "not a valid notebook: 'id' is a required"),
    "empty id": (put("look", id=""), "not a valid notebook"),
    "one id twice": (put("look", id="panel"), "two cells have the id 'panel'"),
    "old format": (lambda n: n.update(nbformat_minor=4), "not a valid notebook"),
    "no cells": (lambda n: n.update(cells=[]), "has no cells"),
    "outputs": (
        put("look", outputs=[{"output_type": "stream", "name": "stdout", "text": "1"}]),
        "cell 3 (look) holds outputs",
    ),
    "a count": (put("look", execution_count=1), "cell 3 (look) holds an execution count"),
    "times": (put("look", metadata={"execution": {}}), "cell 3 (look) holds execution times"),
    "widget state": (lambda n: n["metadata"].update(widgets={}), "holds saved widget state"),
    "another kernel": (
        lambda n: n["metadata"]["kernelspec"].update(name="my-env"),
        "names the kernel 'my-env'",
    ),
    "no kernel": (lambda n: n["metadata"].pop("kernelspec"), "names the kernel None"),
    # headings
    "two H1": (say("first", "# More"), "exactly one H1"),
    "H1 underlined": (say("first", "More\n===="), "exactly one H1"),
    "no H1": (swap("opening", "# Build", "Build"), "exactly one H1"),
    "H1 later": (insert(0, markdown("zero", "Hello")), "exactly one H1"),
    "a level skipped": (say("first", "#### Deep"), "skips from H2 to H4 at 'Deep'"),
    "H3 after H1": (swap("first", "## 1.", "### 1."), "skips from H1 to H3"),
    "one heading twice": (swap("second", "2. Think", "1. Look"), "two headings read '1. Look'"),
    "an empty heading": (say("first", "###"), "cell 2 has an empty heading"),
    # opening
    "code first": (insert(0, code("zero", "1")), "does not open with a Markdown cell"),
    "no do": (swap("opening", "**You will do**", "You do"), "opens without **You will do**"),
    "no learn": (swap("opening", "You will learn", "Learn"), "without **You will learn**"),
    "no need": (swap("opening", "You need", "Bring"), "without **You need**"),
    "no minutes": (swap("opening", "30 minutes", "a while"), "how many minutes"),
    "no way back": (
        swap("opening", "00_start_here", "02_verify_signatures"),
        "without a link to the previous notebook, 00_start_here.ipynb",
    ),
    "no contents": (
        swap("opening", "00_start_here", "02_verify_signatures"),
        "without a link to the contents",
    ),
    "no way on": (
        swap("opening", "02_verify_signatures", "00_start_here"),
        "without a link to the next notebook, 02_verify_signatures.ipynb",
    ),
    # setup
    "no setup": (put("setup", metadata={}), "the second cell; tagged are []"),
    "setup late": (insert(1, markdown("x", "Wait.")), "tagged are [2]"),
    "two setups": (put("look", metadata={"tags": ["setup"]}), "tagged are [1, 3]"),
    "setup in text": (
        lambda n: n["cells"].__setitem__(1, markdown("setup", "Text", tags=["setup"])),
        "needs one code cell tagged setup",
    ),
    "long setup": (put("setup", source="import os\n" * 7), "a setup cell of 7 lines"),
    # closing
    "no closing": (drop("own"), "must end with the H2 headings"),
    "closing misordered": (swap("next", "Next", "Then"), "must end with the H2 headings"),
    "a section after": (lambda n: n["cells"].append(head("x", "9. More")), "must end with the H2"),
    "no table": (swap("settled", "|---|---|", ""), "no table under 'What this settled'"),
    "no quiz": (drop("ask"), "must call quiz('01') once under 'Quiz'; it calls []"),
    "another quiz": (swap("ask", "01", "02"), "it calls ['02']"),
    # sections
    "no metadata": (put("first", metadata={}), "'1. Look' needs metadata authlab"),
    "no routes": (put("first", metadata={"authlab": {"minutes": 5}}), "needs metadata authlab"),
    "more metadata": (about(minute=4), "needs metadata authlab: minutes and routes"),
    "zero minutes": (about(minutes=0), "needs minutes, a whole number from 1"),
    "half minutes": (about(minutes=2.5), "needs minutes"),
    "true minutes": (about(minutes=True), "needs minutes"),
    "one route as a number": (about(routes=45), "needs routes, some of [45, 90, 180] in order"),
    "unknown route": (about(routes=[45, 60]), "needs routes"),
    "routes misordered": (about(routes=[90, 45]), "needs routes"),
    "bad in closing": (put("next", metadata={"authlab": {}}), "'Next' needs metadata authlab"),
    "section inside a cell": (say("around", "## 1b. More"), "does not start at the start"),
    "two sections, one cell": (say("first", "## 1b. More"), "does not start at the start"),
    "metadata elsewhere": (
        put("around", metadata={"authlab": {"minutes": 1, "routes": [45]}}),
        "cell 4 (around) carries metadata authlab but no H2",
    ),
    # exercises
    "a title gone": (swap("title-two", "Exercise 01.2", "Task"), "exercise 01.2 has no heading"),
    "a gap": (swap("title-two", "01.2", "01.4"), "numbered ['01.1', '01.4', '01.3']"),
    "another's number": (swap("title-one", "01.1", "02.1"), "numbered ['02.1', '01.2'"),
    "a title badly put": (swap("title-one", "1: find", "1 find"), "should read '### Exercise 01"),
    "a title at H4": (swap("title-one", "###", "####"), "should read '### Exercise 01"),
    "two exercises": (drop("title-three", "stub-three"), "has 2 exercises; 3 at least"),
    "not in the notebook": (drop("title-three", "stub-three"), "01.3 of authlab.classroom"),
    "not in the package": (
        lambda n: n["cells"].__setitem__(slice(11, 11), exercise(4, "four")),
        "exercise 01.4 is not in authlab.classroom.exercises",
    ),
    "a stub gone": (drop("stub-one"), "below the heading of exercise 01.1 is not its stub"),
    "a stub too far": (insert(8, code("x", "1")), "heading of exercise 01.1 is not its stub"),
    "no tag": (put("stub-one", metadata={}), "calls check() but is not tagged exercise"),
    "a tag too many": (put("look", metadata={"tags": ["exercise"]}), "does not end with check("),
    "check not last": (say("stub-one", "print()"), 'does not end with check("01.2", name)'),
    "check with a call": (swap("stub-one", ", one)", ", one())"), "does not end with check("),
    "two checks": (
        swap("stub-one", "\n\n\ncheck", '\n\n\ncheck("01.1", 1)\ncheck'),
        "calls check() more than once",
    ),
    "not defined": (swap("stub-one", ", one)", ", eins)"), "checks 'eins', which it does not def"),
    "another name": (
        swap("stub-one", "one", "eins"),
        "checks 'eins'; exercise 01.1 asks for 'one'",
    ),
    "solved in sight": (swap("stub-one", "...", "return 1"), "is no stub: it has no ..."),
    # links, pictures, data
    "dead link": (say("first", "[x](missing.md)"), "a link to 'missing.md', which is not there"),
    "dead link in HTML": (say("first", 'a <a href="gone.md">b</a>'), "link to 'gone.md'"),
    "dead link by reference": (say("first", "[x][1]\n\n[1]: gone.md"), "link to 'gone.md'"),
    "dead link in a table": (say("settled", "|a|\n|-|\n|[x](gone.md)|"), "link to 'gone.md'"),
    "not yet written": (
        say("next", "[x](03_check_the_claims.ipynb)"),
        "links to '03_check_the_claims.ipynb', which is not written yet: name it in words",
    ),
    "dead anchor": (say("first", "[x](#1.-look)"), "'#1.-look', where no heading is called so"),
    "dead anchor elsewhere": (
        say("first", "[x](02_verify_signatures.ipynb#Top)"),
        "where no heading is called so",
    ),
    "dead anchor in a page": (say("first", "[x](../GUIDE.md#how)"), "where no heading is called"),
    "out of the course": (say("first", "[x](../../../)"), "which is not there"),
    "from the root": (say("first", "[x](/etc/hosts)"), "which is not a relative path"),
    "a file address": (say("first", "[x](file:///etc/hosts)"), "which is not a relative path"),
    "no protocol": (say("first", "[x](//host.example/y)"), "which is not a relative path"),
    "a broken address": (say("first", 'a <a href="http://[::1/">b</a>'), "has a broken address"),
    "dead picture": (say("first", "![x](two.png)"), "a picture to 'two.png', which is not there"),
    "picture from outside": (
        say("first", "![x](https://host.example/x.png)"),
        "picture to 'https://host.example/x.png', which is not a relative path",
    ),
    "picture not attached": (say("first", "![x](attachment:y.png)"), "which is not attached"),
    "picture without text": (
        say("first", "![](pictures/one.png)"),
        "cell 2 (first) shows 'pictures/one.png' without a text alternative",
    ),
    "picture in HTML": (
        say("first", '<img src="pictures/one.png">'),
        "shows 'pictures/one.png' without a text alternative",
    ),
    "no such data": (
        put("look", source='data_path("jose/gone.json")'),
        "reads data_path('jose/gone.json'), which is not there",
    ),
    # words and code
    "just": (say("first", "Just do it."), "cell 2 (first) says 'just': ..."),
    "simply": (say("first", "> You **simply** do."), "says 'simply'"),
    "a long cell": (put("look", source="1\n" * 31), "cell 3 (look) has 31 lines; 30 at most"),
    "no Python": (put("look", source="def"), "cell 3 (look) is not Python"),
    "a panel bare before": (drop("around"), "needs text right before and right after it"),
    "a panel bare after": (insert(6, code("x", "1")), "token_inspector() needs text"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_notebook_is_caught(name: str, tmp_path: Path) -> None:
    spoil, message = SPOILT[name]
    notebook = good()
    spoil(notebook)
    found = problems(save(notebook, tmp_path), COURSE)
    assert any(message in problem for problem in found), found


FINE: dict[str, Spoil] = {
    "words in code": say("first", "`just` and\n\n```\nsimply\n# no heading\n```"),
    "words within words": say("first", "Adjust justice."),
    "a link with an anchor": say("first", "[x](#2.-Think) [y](../GUIDE.md#how-to-read-on)"),
    "a link to a folder": say("first", "[x](../notebooks)"),
    "an anchor encoded": say("first", "[x](#1%2E-Look)"),
    "no link in code": say("first", "`[x](gone.md)`"),
    "magics": put("look", source="%timeit -n1 -r1 1\n!echo hello"),
    "source as a list": lambda n: n["cells"].__setitem__(
        3, code("look", "1\n2") | {"source": ["1\n", "2"]}
    ),
    "an attachment": put(
        "after",
        source="![x](attachment:y.png)",
        attachments={"y.png": {"image/png": ""}},
    ),
    "data that is there": put("look", source='data_path("jose/rfc7515.json")'),
}


@pytest.mark.parametrize("name", FINE)
def test_a_notebook_may_hold(name: str, tmp_path: Path) -> None:
    notebook = good()
    FINE[name](notebook)
    assert problems(save(notebook, tmp_path), COURSE) == []


@pytest.mark.parametrize(
    ("course", "message"),
    [
        (replace(COURSE, solutions=frozenset()), "exercise 01.1 has no solution"),
        (replace(COURSE, quizzes=frozenset()), "has no questions in data/quizzes/01.json"),
        (replace(COURSE, exercises={}), "exercise 01.1 is not in authlab.classroom.exercises"),
        (replace(COURSE, written=COURSE.written[:2]), "'02_verify_signatures.ipynb', which is not"),
        (replace(COURSE, written=COURSE.written[:2]), "without naming the next notebook, 02"),
    ],
)
def test_what_the_course_lacks_is_caught(
    course: shape.Course, message: str, tmp_path: Path
) -> None:
    found = problems(save(good(), tmp_path), course)
    assert any(message in problem for problem in found), found


def test_a_next_notebook_not_yet_written_is_named_in_words(tmp_path: Path) -> None:
    notebook = good()
    swap("opening", "[on](02_verify_signatures.ipynb)", "then 02, verify signatures")(notebook)
    course = replace(COURSE, written=COURSE.written[:2])
    assert problems(save(notebook, tmp_path), course) == []


def test_a_name_outside_the_series_is_caught(tmp_path: Path) -> None:
    path = save(good(), tmp_path, "01_build_something")
    assert any("not in the series" in problem for problem in problems(path, COURSE))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"cells": 1}', "\ufeff{}"])
def test_no_notebook_at_all_is_caught(text: str, tmp_path: Path) -> None:
    path = save({}, tmp_path)
    path.write_text(text, encoding="utf-8")
    assert len(problems(path, COURSE)) == 1


def test_every_rule_was_seen_to_fail(tmp_path: Path) -> None:
    """A rule added without a spoilt notebook shows up here."""
    failed = set()
    for name, (spoil, _) in SPOILT.items():
        notebook = good()
        spoil(notebook)
        path = save(json.loads(json.dumps(notebook)), tmp_path / name.replace("/", " "))
        try:
            read = shape.read(path)
            failed |= {rule for rule in shape.RULES if read.cells and list(rule(read, COURSE))}
        except KeyError:
            continue
    assert failed == set(shape.RULES)
