"""The same app on a real socket: HTTP/1.1 with keep-alive, on the loopback and nowhere else."""

import contextlib
import email.errors
import io
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, cast

from werkzeug.serving import DechunkedInput

from authlab.web.decision import WebError
from authlab.web.wsgi import make_environ, respond

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Server", "serve"]

_LARGEST_BODY = 16 * 2**20  # bytes, kept in memory
_BAD_LINES = (
    email.errors.MissingHeaderBodySeparatorDefect,  # no colon, or a space before it
    email.errors.FirstHeaderLineIsContinuationDefect,
    email.errors.MisplacedEnvelopeHeaderDefect,
)


class Server(ThreadingMixIn, TCPServer):
    """An app that answers on 127.0.0.1 until `close()`; also a context manager.

    `url` is its address without a slash at the end, `port` its port.
    """

    daemon_threads = True
    allow_reuse_address = True  # a port that was closed a moment ago is free
    request_queue_size = 128

    def __init__(self, app: "WSGIApplication", port: int) -> None:
        self.app = app
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__(("127.0.0.1", port), _Handler)
        self.port = int(self.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        # shutdown() waits for one round of this loop, so a round is short.
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at once, hang up on who is still connected, and free the port."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection, thread in list(self._open.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(1)  # one that is at work may take a second to end

    def __exit__(self, *_: object) -> None:
        self.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._open.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what an app raises is in the log already, the rest is a client that left."""


def serve(app: "WSGIApplication", port: int = 0) -> Server:
    """Start a server for `app` on 127.0.0.1, one thread a connection; port 0 takes a free one.

    Raises WebError where the port is taken or is none.
    """
    try:
        return Server(app, port)
    except (OSError, OverflowError) as error:
        found, expected = f"port {port}: {error}", "a free port from 1024 to 65535, or 0 for any"
        raise WebError("Cannot serve here", found, expected, "RFC 6335, 6") from None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without these two, many small packets wait for each other: 40 ms a call, where 1 would do.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 60  # seconds that a client may be silent

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method is, the app decides
            return self.run_app
        raise AttributeError(name)

    def run_app(self) -> None:
        """Answer one request; the body is read first, so the next request starts where it ends."""
        try:
            body = self._read_body()
        except ValueError as error:
            self.send_error(400, str(error))  # and hang up: nobody knows where the next one starts
            return
        environ = make_environ(
            self.command,
            self.path,
            self.headers.items(),
            body,
            scheme="http",
            server=cast(tuple[str, int], self.server.server_address),
            client=self.client_address[0],
        )
        modern = self.request_version == "HTTP/1.1"
        self.close_connection = self.close_connection or not modern
        for piece in respond(cast(Server, self.server).app, environ, chunked=modern):
            self.wfile.write(piece)
            self.wfile.flush()

    def _read_body(self) -> bytes:
        """Return the body; raises ValueError where its end is in doubt (RFC 9112, 6.3).

        A server that guesses takes a part of the body for the next request: request smuggling.
        """
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        if any(isinstance(defect, _BAD_LINES) for defect in self.headers.defects):
            raise ValueError("Bad header line")
        if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,15}", length) for length in lengths):
            raise ValueError("Bad Content-Length")
        if codings:
            if lengths or [coding.lower() for coding in codings] != ["chunked"]:
                raise ValueError("Bad Transfer-Encoding")
            chunks: Any = DechunkedInput(cast(Any, self.rfile))
            try:
                body = io.BufferedReader(chunks).read(_LARGEST_BODY + 1)
            except (OSError, ValueError):
                raise ValueError("Bad chunk") from None
        else:
            wanted = min(sum(map(int, lengths)), _LARGEST_BODY + 1)
            body = self.rfile.read(wanted)
            if len(body) < wanted:
                raise ValueError("Body ended early")
        if len(body) > _LARGEST_BODY:
            raise ValueError("Body too large")
        return body

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for each request: a lesson's output belongs to the lesson."""
