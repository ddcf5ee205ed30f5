"""The real JupyterLab on a copy of the course, and what its processes call."""

import json
import os
import re
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WATCH = Path(__file__).parent / "watch"

# The plainest panel there can be stands below each notebook's copy: what it takes to answer is
# what JupyterLab itself takes on this machine at this moment.
PLAIN = """\
import ipywidgets
from authlab.widgets import kit
plain_slider = ipywidgets.IntSlider(description="Plain", max=100)
plain_text = ipywidgets.HTML()
plain_slider.observe(lambda change: setattr(plain_text, "value", f"{change.new}"), "value")
kit.panel("plain", plain_slider, plain_text)
"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: the learner's folder is `course`, a copy."""

    url: str
    token: str
    course: Path
    notes: Path

    def address(self, notebook: str) -> str:
        return f"{self.url}/lab/tree/notebooks/{notebook}.ipynb?reset&token={self.token}"

    def watched(self, kind: str) -> list[str]:
        """Return the notes of one kind: "start" (one a process) or "outside" (one a call)."""
        lines = self.notes.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(kind)]


def read_flags() -> list[str]:
    """Return the flags `make lab` gives JupyterLab, out of the Makefile itself."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    match = re.search(r"^LAB_FLAGS = ((?:.*\\\n)*.*)", makefile, re.MULTILINE)
    assert match, "the Makefile has no LAB_FLAGS"
    return shlex.split(match[1].replace("\\\n", " "))


def add_plain_panel(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "id": "plain", "metadata": {}, "source": PLAIN}
    notebook["cells"].append(cell | {"outputs": [], "execution_count": None})
    path.write_text(json.dumps(notebook), encoding="utf-8")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def run_lab(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab as `make lab` does, on a copy of the notebooks and with an empty home."""
    course, home = folder / "course", folder / "home"
    skip = shutil.ignore_patterns(".ipynb_checkpoints")
    shutil.copytree(ROOT / "notebooks", course / "notebooks", ignore=skip)
    for path in (course / "notebooks").glob("*.ipynb"):
        add_plain_panel(path)
    home.mkdir()
    lab = Lab(f"http://127.0.0.1:{free_port()}", secrets.token_hex(16), course, folder / "notes")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    kept.pop("AUTHLAB_PROGRESS", None)
    environment = kept | {
        "HOME": str(home),
        "JUPYTER_TOKEN": lab.token,
        "PYTHONPATH": str(WATCH),
        "AUTHLAB_CALLS": str(lab.notes),
    }
    command = [sys.executable, "-m", "jupyterlab", *read_flags(), "--allow-root", "--no-browser"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={lab.url.rpartition(':')[2]}"]
    command += ["--ServerApp.port_retries=0"]
    log = folder / "lab.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=course, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_for(lab, process, log)
            yield lab
        finally:
            process.terminate()  # the server ends its kernels
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(lab: Lab, process: "subprocess.Popen[bytes]", log: Path, seconds: float = 60) -> None:
    request = urllib.request.Request(
        f"{lab.url}/api/status", headers={"Authorization": f"token {lab.token}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with direct.open(request, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")
