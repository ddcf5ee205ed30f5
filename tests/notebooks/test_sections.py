"""Each H2 section runs after the setup cell alone, so that a workshop can lift it out."""

from pathlib import Path

import pytest

from .run import run
from .shape import CLOSING, NOTEBOOKS, WRITTEN, read

BAD = Path(__file__).parent / "bad" / "needs_another_section.ipynb"


def sections(path: Path) -> list[str]:
    """The headings of the sections that have code to run."""
    found = read(path).sections if path.exists() else []
    return [heading.text for heading, cells in found if any(cell.is_code for cell in cells)]


SECTIONS = [(name, text) for name in WRITTEN for text in sections(NOTEBOOKS / f"{name}.ipynb")]


def test_every_notebook_has_sections() -> None:
    taught = {name for name, text in SECTIONS if text not in CLOSING}
    assert taught == set(WRITTEN)


@pytest.mark.parametrize(("name", "section"), SECTIONS)
def test_it_runs_alone(name: str, section: str, tmp_path: Path) -> None:
    assert run(NOTEBOOKS / f"{name}.ipynb", tmp_path, section=section).problems == []


def test_a_section_that_leans_on_another_is_caught(tmp_path: Path) -> None:
    assert run(BAD, tmp_path / "1", section="1. Begin").problems == []
    found = run(BAD, tmp_path / "2", section="2. Go on").problems
    assert found == ["cell 4 (y) raised NameError: name 'base' is not defined"]


def test_a_section_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no section"):
        run(BAD, tmp_path, section="3. Rest")
