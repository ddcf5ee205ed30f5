"""Keep every test out of the real home folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the session a home folder of its own; what it starts inherits it."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("AUTHLAB_PROGRESS", str(home / "progress.jsonl"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        for name in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(home / "jupyter" / name.lower()))
        patch.setenv("MPLCONFIGDIR", str(home / "matplotlib"))
        yield home
