"""What a server does around an app: bytes to a WSGI environ, and its answer to bytes (PEP 3333).

`Network` and `serve` both go through here, so an app behaves the same in process and on a socket.
"""

import io
import logging
import re
import sys
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["BrokenAnswer", "make_environ", "respond"]

_log = logging.getLogger("authlab.web")
_FAILURE = b"Internal Server Error\n"
_BREAK = re.compile(r"[\r\n\0]")  # what follows would pass for another header


class BrokenAnswer(ConnectionError):
    """The app failed in the middle of its answer: all a server can do is hang up."""


def make_environ(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    scheme: str,
    server: tuple[str, int],
    client: str,
) -> "WSGIEnvironment":
    """Return what a WSGI app is called with.

    `target` is the path with its query as it travels, percent signs and all; text is in Latin-1,
    one character a byte. `server` is (host, port), `client` an address.
    """
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        if "_" in name:  # X_A would pass for X-A
            continue
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def respond(
    app: "WSGIApplication", environ: "WSGIEnvironment", *, chunked: bool = True
) -> Generator[bytes, None, None]:
    """Run the app and yield its answer as it travels, piece by piece (RFC 9112).

    The first piece holds the status line and the headers. An app that raises gives status 500;
    one that raises later on gives BrokenAnswer. `chunked=False` is for a client that speaks
    HTTP/1.0: without a Content-Length the end of the connection is then the end of the answer.
    """
    chunks: Iterable[bytes]
    try:
        chunks, status, given = run_wsgi_app(app, environ)
        headers = list(given)
        if _BREAK.search("".join([status, *map("".join, headers)])):
            raise ValueError("a line break in the status or in a header (RFC 9112, 11.1)")
    except (Exception, SystemExit):
        _log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["REQUEST_URI"])
        chunks, status = [_FAILURE], "500 INTERNAL SERVER ERROR"
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(_FAILURE)))]
    try:
        length = {name.lower(): value for name, value in headers}.get("content-length")
        bodiless = environ["REQUEST_METHOD"] == "HEAD" or status[:3] in ("204", "304")
        chunked = chunked and not bodiless and length is None
        if chunked:
            headers.append(("Transfer-Encoding", "chunked"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        waiting = "\r\n".join([*lines, "", ""]).encode("latin-1")  # goes with the first chunk
        sent = 0
        for chunk in () if bodiless else filter(None, chunks):
            yield waiting + (b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
            waiting, sent = b"", sent + len(chunk)
        if length is not None and not bodiless and sent != int(length):
            raise ValueError(f"Content-Length is {length}, but the app gave {sent} bytes.")
        yield waiting + (b"0\r\n\r\n" if chunked else b"")
    except Exception:
        _log.exception("%s failed in the middle of its answer", environ["REQUEST_URI"])
        raise BrokenAnswer("The app failed in the middle of its answer.") from None
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
