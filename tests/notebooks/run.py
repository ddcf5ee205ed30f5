"""Run a notebook, or one section of it, in a fresh kernel and say what went wrong."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbclient.output_widget import OutputWidget
from nbformat import NotebookNode

from .shape import read

HERE = Path(__file__).parent
BUDGET = 20.0  # seconds for a whole notebook, without the time it waited for a processor
OWN_BUDGETS = {"04_break_a_jwt": 15.0}  # it runs two dozen attacks, and is to stay quick
HANG = 120  # seconds after which one cell is given up


@dataclass
class Run:
    """What one run showed."""

    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(
    path: Path, scratch: Path, *, section: str = "", moves: bool = False, store: str = ""
) -> Run:
    """Run a notebook from the folder it lies in; what it may write to is `scratch`, made anew.

    With `section`, the heading of an H2, only that section runs, after the setup cell.
    With `moves`, every control that is alive at the end is moved to its ends and through all its
    choices. `store` is the URL that `open_store()` opens there.
    """
    source = nbformat.read(path, as_version=4)
    mark = len(source.cells)
    wanted = range(mark) if not section else _section(path, section)
    cells = [deepcopy(source.cells[at]) for at in wanted]
    names = [f"cell {at} ({source.cells[at].get('id', 'no id')})" for at in wanted]
    for cell in cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    code = f"__import__('sitecustomize').finish({str(HERE / 'drive.py') if moves else None!r})"
    cells.append(nbformat.v4.new_code_cell(code))
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=source.metadata)

    client = _Client(
        notebook,
        kernel_name=source.metadata.get("kernelspec", {}).get("name", "python3"),
        timeout=HANG,
        allow_errors=True,
        store_widget_state=True,
        skip_cells_with_tag="no cell is skipped",
    )
    done = Run()
    try:
        # Files, not ports, between kernel and client: kernels that start at once take each other's
        # ports. The folder's name is short, because a socket's may have some 100 letters only.
        with TemporaryDirectory() as sockets:
            client.config.AsyncKernelManager.update(transport="ipc", ip=f"{sockets}/k")
            where = {"cwd": str(path.parent), "env": _environment(scratch, store)}
            asyncio.run(client.async_execute(**where))  # a loop of its own, as well
    except (CellControlSignal, DeadKernelError, RuntimeError, TimeoutError) as error:
        done.problems.append(f"the run broke off: {type(error).__name__}: {str(error)[:300]}")
    for problem in (*_errors(client, cells[:-1], names), *_state_problems(client.widget_state)):
        done.problems.append(problem)
    noted = list(_notes(scratch / "notes"))
    for kind, what in noted:
        if kind == "seconds":
            done.seconds = what
        else:
            done.problems.append(f"{kind}: {what}")
    if not done.problems and not done.seconds:
        done.problems.append("the run did not reach its end")
    budget = min(BUDGET, OWN_BUDGETS.get(path.stem, BUDGET))
    if done.seconds > budget:
        done.problems.append(f"took {done.seconds:.1f} s; {budget:.0f} s at most")
    return done


class _Output(OutputWidget):
    """Keep what an Output widget shows, and do not tell the kernel.

    A message sent while the reply to a cell is awaited can hide that reply until the timeout: the
    send takes the wake-up (zmq's edge-triggered descriptor) that the waiting side needed.
    """

    def send(self, *args: Any, **kwargs: Any) -> None:
        pass


class _Client(NotebookClient):
    """Keep every error a kernel reports, also one that an Output widget clears away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.raised: list[tuple[int, str]] = []
        self.widget_registry = {"@jupyter-widgets/output": {"OutputModel": _Output}}

    def process_message(self, msg: Any, cell: NotebookNode, cell_index: int) -> Any:
        if msg["msg_type"] == "error":
            content = msg["content"]
            self.raised.append((cell_index, f"{content['ename']}: {content['evalue']}"[:300]))
        return super().process_message(msg, cell, cell_index)


def _section(path: Path, title: str) -> list[int]:
    notebook = read(path)
    setup = [cell.at for cell in notebook.cells if "setup" in cell.tags]
    if not (section := notebook.section(title)):
        raise ValueError(f"no section {title!r} in {path.name}")
    return setup + [cell.at for cell in section]


def _environment(scratch: Path, store: str) -> dict[str, str]:
    home = scratch / "home"
    home.mkdir(parents=True)
    kept = {n: v for n, v in os.environ.items() if n not in ("AUTHLAB_STORE", "PYTHONPATH")}
    kept |= {"AUTHLAB_STORE": store} if store else {}
    return kept | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "AUTHLAB_PROGRESS": str(home / "progress.jsonl"),
        "PYTHONPATH": str(HERE / "kernel"),
        "NOTEBOOK_GATE_NOTES": str(scratch / "notes"),
    }


def _errors(client: _Client, cells: list[NotebookNode], names: list[str]) -> Iterator[str]:
    raised = {at for at, _ in client.raised}
    for at, error in client.raised:
        if at >= len(cells):
            yield f"after the last cell: {error}"
        elif "raises-exception" not in cells[at].metadata.get("tags", []):
            yield f"{names[at]} raised {error}"
    for at, (cell, name) in enumerate(zip(cells, names, strict=True)):
        if "raises-exception" in cell.metadata.get("tags", []) and at not in raised:
            yield f"{name} is tagged raises-exception, but raised nothing"
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and (bad := _trouble(output)):
                yield f"{name} printed {bad!r}"


def _trouble(output: NotebookNode) -> str:
    """The line of a stream that a learner should not see: a traceback, a warning."""
    pattern = r"^Traceback \(most recent call last\).*"
    if output.name == "stderr":
        pattern += r"|^.*\b[A-Za-z]*Warning: .*"
    match = re.search(pattern, output.text, re.M)
    return match[0] if match else ""


def _state_problems(state: dict[str, Any]) -> Iterator[str]:
    for model in state.values():
        for output in model.get("outputs", ()) if model.get("_model_name") == "OutputModel" else ():
            if output["output_type"] == "error":
                yield f"an Output widget holds {output['ename']}: {output['evalue']}"


def _notes(path: Path) -> Iterator[tuple[str, Any]]:
    if path.exists():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())
