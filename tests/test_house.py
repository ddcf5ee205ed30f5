"""The house has floors: a module of authlab imports only from below, and stays small."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "authlab"
MODULES = sorted(ROOT.rglob("*.py"))
MOST_LINES = 300

FLOORS = {
    "clock": 0,
    "classroom": 0,
    "jose": 1,
    "sessions": 1,
    "web": 1,
    "revocation": 2,
    "bank": 3,
    "attacks": 4,
    "costs": 4,
    "advisor": 4,
    "widgets": 5,
    "classroom.exercises": 5,
    "__main__": 6,
}
BESIDE = {("classroom", "clock")}  # the one step that goes to the same floor
MAY_SHOW = ("widgets", "classroom")  # may import what only a notebook has
SHOWING = ("ipywidgets", "IPython")
HEAVY = (*SHOWING, "flask", "cryptography", "numpy", "matplotlib", "fakeredis", "jwt", "requests")


def module_name(path: Path) -> str:
    """The dotted name below authlab; "" for authlab itself."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """The part of the house that a module lies in: the longest name that has a floor."""
    names = module.split(".")
    prefixes = (".".join(names[:end]) for end in range(len(names), 0, -1))
    return next((name for name in prefixes if name in FLOORS), names[0])


def imports(source: str, module: str, *, is_package: bool) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of each import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = ["authlab", *filter(None, module.split("."))]
                here = here[: len(here) - node.level + is_package]
                base = ".".join([*here, *filter(None, [base])])
            yield from ((node.lineno, f"{base}.{name.name}") for name in node.names)
        elif isinstance(node, ast.Call):  # import_module("authlab.bank")
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            first = node.args[0] if node.args else None
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield node.lineno, str(first.value)


def problems(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Return a sentence for each thing the house does not allow."""
    found = []
    part = part_of(module)
    if module and part not in FLOORS:
        found.append(f"{part} has no floor")
    if not ast.get_docstring(ast.parse(source)):
        found.append("has no docstring")
    if (lines := len(source.splitlines())) > MOST_LINES:
        found.append(f"has {lines} lines; {MOST_LINES} at most")
    for line, name in imports(source, module, is_package=is_package):
        package, _, inner = name.partition(".")
        if package in SHOWING and part not in MAY_SHOW:
            found.append(f"line {line}: only {' and '.join(MAY_SHOW)} may import {package}")
        if package != "authlab":
            continue
        target = part_of(inner)
        if target not in FLOORS:  # a name of authlab itself, such as data_path
            continue
        if not module:
            found.append(f"line {line}: authlab itself imports none of its parts, not {target}")
        elif target != part and (part, target) not in BESIDE and part in FLOORS:
            if FLOORS[target] >= FLOORS[part]:
                found.append(
                    f"line {line}: {part} (floor {FLOORS[part]}) imports {target} "
                    f"(floor {FLOORS[target]})"
                )
            elif part == "classroom":
                found.append(f"line {line}: classroom imports {target}")
    return found


def test_there_are_modules() -> None:
    names = {module_name(path) for path in MODULES}
    assert {"", "clock", "jose", "classroom", "widgets", "classroom.exercises"} <= names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: module_name(path) or "authlab")
def test_the_house_is_in_order(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    is_package = path.name == "__init__.py"
    assert problems(source, module_name(path), is_package=is_package) == []


@pytest.mark.parametrize(
    ("module", "source", "message"),
    [
        ("jose.jws", "from authlab.web import urls", "jose (floor 1) imports web (floor 1)"),
        ("jose.jws", "import authlab.bank", "jose (floor 1) imports bank (floor 3)"),
        ("jose.jws", "from authlab import bank", "jose (floor 1) imports bank"),
        ("jose.jws", "from .. import bank", "jose (floor 1) imports bank"),
        ("jose.jws", "from ..bank import app", "jose (floor 1) imports bank"),
        (
            "jose.jws",
            "def f():\n    from authlab import bank",
            "line 2: jose (floor 1) imports bank",
        ),
        ("jose.jws", "if TYPE_CHECKING:\n    import authlab.bank", "imports bank"),
        ("jose.jws", "import_module('authlab.bank')", "imports bank"),
        ("clock", "import authlab.jose", "clock (floor 0) imports jose"),
        ("clock", "from .classroom import check", "clock (floor 0) imports classroom (floor 0)"),
        ("classroom.quiz", "from authlab.jose import sign", "classroom (floor 0) imports jose"),
        ("classroom.quiz", "from .exercises import nb01", "imports classroom.exercises (floor 5)"),
        ("classroom.exercises.nb01", "import authlab.widgets", "imports widgets (floor 5)"),
        ("costs", "from authlab.advisor import advise", "costs (floor 4) imports advisor"),
        ("widgets.kit", "import authlab.__main__", "widgets (floor 5) imports __main__"),
        ("bank", "import ipywidgets", "only widgets and classroom may import ipywidgets"),
        ("bank", "from IPython.display import HTML", "may import IPython"),
        ("classroom.exercises.nb01", "import ipywidgets", "may import ipywidgets"),
        ("", "from authlab import jose", "authlab itself imports none of its parts, not jose"),
        ("", "from .jose import sign", "authlab itself imports none of its parts, not jose"),
        ("cellar", "", "cellar has no floor"),
        ("cellar.wine", "", "cellar has no floor"),
    ],
)
def test_a_step_upstairs_is_caught(module: str, source: str, message: str) -> None:
    found = problems(f'"""Doc."""; {source}' if "\n" not in source else source, module,
                     is_package=not module)  # fmt: skip
    assert any(message in problem for problem in found), found


def test_a_relative_import_in_a_package_is_understood() -> None:
    assert problems('"""Doc."""\nfrom . import bank', "jose", is_package=True) == []
    found = problems('"""Doc."""\nfrom .. import bank', "jose", is_package=True)
    assert found == ["line 2: jose (floor 1) imports bank (floor 3)"]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("jose.jws", "from authlab.jose import errors\nfrom . import keys\nfrom .keys import Key"),
        ("jose.jws", "from authlab import data_path, clock\nfrom ..clock import Clock"),
        ("jose.jws", "import json, cryptography"),
        ("bank", "from authlab import jose, sessions, web, revocation"),
        ("classroom.progress", "from authlab.clock import Clock\nimport IPython"),
        ("classroom.exercises.nb01", "from authlab.classroom.exercises import exercise\n"
         "from authlab import jose, bank, attacks, classroom"),
        ("widgets.kit", "import ipywidgets\nfrom authlab import costs, classroom"),
        ("__main__", "from authlab import widgets, bank, classroom"),
    ],
)  # fmt: skip
def test_a_step_downstairs_is_fine(module: str, source: str) -> None:
    assert problems(f'"""Doc."""\n{source}', module) == []


def test_size_and_docstring_are_looked_at() -> None:
    assert problems("x = 1\n", "clock") == ["has no docstring"]
    assert problems('"""Doc."""\n' + "x = 1\n" * MOST_LINES, "clock") == [
        "has 301 lines; 300 at most"
    ]


@pytest.mark.parametrize("name", ["authlab", "authlab.clock"])
def test_importing_it_loads_nothing_heavy(name: str, tmp_path: Path) -> None:
    code = f"import sys, {name}; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_look_at_what_is_loaded_can_fail(tmp_path: Path) -> None:
    code = f"import sys, numpy; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["numpy"]
