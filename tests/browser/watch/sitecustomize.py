"""Note every call to the outside of each Python process that has this folder on PYTHONPATH.

One line a process ("start"), so that a test can see the watch was on, and one line a call.
"""

import os
import sys
from pathlib import Path

_NOTES = Path(os.environ["AUTHLAB_CALLS"])
_EVENTS = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}


def _note(*words: object) -> None:
    line = " ".join(map(str, words)) + "\n"
    with _NOTES.open("a", encoding="utf-8") as notes:
        notes.write(line)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _EVENTS:
        return
    # connect and sendto have the socket first, then (host, port) or a path; the others a host
    target = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    host = target[0] if isinstance(target, tuple) else target
    if isinstance(host, bytes):
        host = host.decode("latin-1")
    inside = host in {None, "", "localhost", "::1"} or str(host).startswith(("127.", "/", "\0"))
    if not inside:
        _note("outside", event, host, sys.argv[:3])


sys.addaudithook(_watch)
_note("start", sys.orig_argv)
