"""Keep the list of exercises, and load a notebook's exercises when they are asked for.

Imports nothing of authlab but its neighbour `calling`; the modules in `exercises/` are found by
name and loaded late, so that this file stays on the ground floor.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

PACKAGE = "authlab.classroom.exercises"

Grader = Callable[[Any], str | None]


@dataclass(frozen=True)
class Exercise:
    """One exercise: what the learner is asked for, and what judges it."""

    id: str  # "01.2"
    name: str  # what the stub cell calls the answer
    expects: str  # what to return (or, for a value, what it should be), in words
    hints: tuple[str, str, str]
    grader: Grader
    value: bool = False  # the answer is a value, not a function
    seconds: float = 5.0  # the longest one call of the learner's function may take

    @property
    def notebook(self) -> str:
        """The two digits of the notebook the exercise stands in."""
        return self.id[:2]


class Registry(Mapping[str, Exercise]):
    """Every exercise by its id; looking one up imports its notebook's module alone."""

    def __init__(self) -> None:
        self._known: dict[str, Exercise] = {}

    def add(self, new: Exercise) -> None:
        """Take in one exercise; an id used twice is an error."""
        old = self._known.get(new.id)
        if old and old.grader.__code__.co_firstlineno != new.grader.__code__.co_firstlineno:
            raise ValueError(f"Exercise {new.id} is there twice in nb{new.notebook}.")
        self._known[new.id] = new

    def notebooks(self) -> list[str]:
        """Name the notebooks that have exercises ("00", "01"...), importing none."""
        found = (re.fullmatch(r"nb(\d\d)", m.name) for m in iter_modules(_package_path()))
        return sorted({match[1] for match in found if match})

    def of(self, notebook: str) -> list[Exercise]:
        """Load one notebook's exercises, in order; none when it has no module."""
        if notebook not in self.notebooks():
            return []
        import_module(f"{PACKAGE}.nb{notebook}")
        mine = (item for item in self._known.values() if item.notebook == notebook)
        return sorted(mine, key=lambda item: int(item.id[3:]))

    def __getitem__(self, id: str) -> Exercise:
        if not isinstance(id, str) or not re.fullmatch(r"[0-9]{2}\.[0-9]+", id):
            raise KeyError(id)
        self.of(id[:2])
        return self._known[id]

    def __iter__(self) -> Iterator[str]:
        return (item.id for notebook in self.notebooks() for item in self.of(notebook))

    def __len__(self) -> int:
        return sum(len(self.of(notebook)) for notebook in self.notebooks())


EXERCISES = Registry()


def exercise(
    id: str,
    *,
    name: str,
    expects: str,
    hints: tuple[str, str, str],
    value: bool = False,
    seconds: float = 5.0,
) -> Callable[[Grader], Grader]:
    """Register the decorated function as the grader of exercise `id`.

    The arguments are explained in `authlab.classroom.exercises`. A slip of the author (a wrong
    id, a missing hint) is a ValueError when the module is imported.
    """

    def register(grader: Grader) -> Grader:
        module = grader.__module__.rpartition(".")[2]
        if not re.fullmatch(r"[0-9]{2}\.[1-9][0-9]*", id) or module != f"nb{id[:2]}":
            raise ValueError(f"Exercise {id!r} in {module}: write it as '01.2', in its own nb01.")
        if not isinstance(hints, tuple) or len(hints) != 3 or not all(hints):
            raise ValueError(f"Exercise {id} needs exactly three hints.")
        if not name or not expects or seconds <= 0:
            raise ValueError(f"Exercise {id} needs a name, what it expects, and some seconds.")
        EXERCISES.add(Exercise(id, name, expects, hints, grader, value, seconds))
        return grader

    return register


def _package_path() -> list[str]:
    return list(import_module(PACKAGE).__path__)
