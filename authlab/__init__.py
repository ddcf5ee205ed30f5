"""Token or session? The package behind the course. Importing it loads nothing heavy."""

from pathlib import Path

__version__ = "0.1.0"
__all__ = ["data_path"]


def data_path(name: str = "") -> Path:
    """Return the path of a file in `data/`, in a checkout or in an installed package.

    `name` is relative, with forward slashes: `data_path("jose/rfc7515.json")`.
    """
    here = Path(__file__).resolve().parent
    inside = here / "data"  # where a wheel puts it
    return (inside if inside.is_dir() else here.parent / "data") / name
