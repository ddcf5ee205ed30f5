"""Notebook 10 runs on a real Redis when AUTHLAB_STORE names one, as its prose says."""

from pathlib import Path

from tests.sessions.servers import start_redis

from .run import run
from .shape import NOTEBOOKS, read

NOTEBOOK = NOTEBOOKS / "10_log_out_and_revoke.ipynb"
ON_STORE = [heading.text for heading, cells in read(NOTEBOOK).sections
            if any("open_store()" in cell.source for cell in cells)]  # fmt: skip


def test_on_a_real_redis(tmp_path: Path) -> None:
    with start_redis(tmp_path) as server:
        assert run(NOTEBOOK, tmp_path / "scratch", moves=True, store=server.url).problems == []
        keys = {key.decode().partition(":")[0] for key in server.client().scan_iter()}
        # What every way wrote, and no way of its own had to be left out.
        assert keys >= {
            *("Denylist", "NotBefore", "KeyPerUser", "BloomDenylist", "StatusList"),
            *("Introspection", "refresh", "session"),
        }
        # A second learner on the same server finds what the first left, and it does no harm.
        assert run(NOTEBOOK, tmp_path / "again", store=server.url).problems == []


def test_most_sections_use_the_learner_s_store() -> None:
    assert len(ON_STORE) >= 6
