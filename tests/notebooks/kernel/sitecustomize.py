"""Watch a kernel from inside while the gate runs a notebook: what it logs, where it calls.

Python imports this file by its name when it starts, because the gate puts this folder on
PYTHONPATH; so the processes that a lesson starts are watched, too. Standard library only.
"""

import ipaddress
import json
import logging
import os
import runpy
import sys
import time
from pathlib import Path

STARTED = time.monotonic()
NOTES = os.environ.get("NOTEBOOK_GATE_NOTES", "")
# Where the host is among the event's arguments, or (for a socket) its address tuple.
CALLS = {
    "socket.bind": 1,
    "socket.connect": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyaddr": 0,
    "socket.gethostbyname": 0,
    "socket.sendmsg": 1,
    "socket.sendto": 1,
}
_quiet = False


def note(kind: str, what: object) -> None:
    """Add one line of JSON to the notes of this run."""
    with Path(NOTES).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps([kind, what]) + "\n")


def stays_inside(host: object) -> bool:
    """Say whether a host is this machine's loopback; a path or a number is no network host."""
    if isinstance(host, bytes):
        host = host.decode("latin-1")
    if not isinstance(host, str) or host.startswith(("/", "\0")):
        return True
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def watch_calls(event: str, arguments: tuple[object, ...]) -> None:
    """Note a call to the outside, and stop it."""
    if event not in CALLS:
        return
    target = arguments[CALLS[event]]
    host = target[0] if isinstance(target, tuple) and target else target
    if not stays_inside(host):
        note("call", f"{event} {host!r}")
        raise PermissionError(f"The gate lets nothing leave this machine: {event} {host!r}")


def watch_logs() -> None:
    """Note errors of any logger, and the warnings by which ipywidgets hides an exception."""
    make = logging.getLogRecordFactory()

    def made(*args: object, **kwargs: object) -> logging.LogRecord:
        record = make(*args, **kwargs)
        hidden = record.levelno >= logging.WARNING and "ipywidgets" in Path(record.pathname).parts
        if not _quiet and (hidden or record.levelno >= logging.ERROR):
            error = f" ({record.exc_info[1]!r})" if record.exc_info else ""
            note("log", f"{record.name}: {record.getMessage()}{error}")
        return record

    logging.setLogRecordFactory(made)


def seconds_taken() -> float:
    """Seconds since this process started, less those in which it waited for a processor."""
    taken = time.monotonic() - STARTED
    try:
        return taken - int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):  # not Linux
        return taken


def finish(drive: str | None) -> None:
    """Note what the notebook took, then move every control it made, by the file given."""
    global _quiet
    note("seconds", seconds_taken())
    _quiet = True  # drive listens for itself, and names the control
    if drive and "ipywidgets" in sys.modules:
        for problem in runpy.run_path(drive)["drive_all"]():
            note("control", problem)


if __name__ == "sitecustomize":  # and not when a test imports it
    sys.addaudithook(watch_calls)
    watch_logs()
