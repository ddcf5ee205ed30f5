"""The same app on a real socket: HTTP/1.1 with keep-alive, on the loopback and nowhere else."""

import contextlib
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


class Server:
    """An app that answers on 127.0.0.1 until `close()`; also a context manager.

    `url` is its address without a slash at the end, `port` its port.
    """

    def __init__(self, server: "_Server") -> None:
        self._server = server
        self.port: int = server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        # shutdown() waits for one round of this loop, so a round is short.
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop at once, hang up on who is still connected, and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.hang_up()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(app: "WSGIApplication", port: int = 0) -> Server:
    """Start a server for `app` on 127.0.0.1, one thread a connection; port 0 takes a free one.

    Raises WebError where the port is taken or is none.
    """
    try:
        return Server(_Server(app, port))
    except (OSError, OverflowError) as error:
        found, expected = f"port {port}: {error}", "a free port from 1024 to 65535, or 0 for any"
        raise WebError("Cannot serve here", found, expected, "RFC 6335, 6") from None


class _Server(ThreadingMixIn, TCPServer):
    daemon_threads = True
    allow_reuse_address = True  # a port that was closed a moment ago is free
    request_queue_size = 128

    def __init__(self, app: "WSGIApplication", port: int) -> None:
        self.app = app
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._open.pop(request, None)

    def hang_up(self) -> None:
        """End the connections that are idle; one that is at work may take a second to end."""
        for connection, thread in list(self._open.items()):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what an app raises is in the log already, the rest is a client that left."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without these two, many small packets wait for each other: 40 ms a call, where 1 would do.
    wbufsize = -1
    disable_nagle_algorithm = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):  # whatever the method is, the app decides
            return self.run_app
        raise AttributeError(name)

    def run_app(self) -> None:
        """Answer one request; the body is read first, so the next request starts where it ends."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = DechunkedInput(cast(Any, self.rfile)).read()
        else:
            length = self.headers.get("Content-Length", "0")
            if not (length.isascii() and length.isdigit()):
                self.send_error(400, "Bad Content-Length")
                return
            body = self.rfile.read(int(length))
        environ = make_environ(
            self.command,
            self.path,
            self.headers.items(),
            body,
            scheme="http",
            server=cast(tuple[str, int], self.server.server_address),
            client=self.client_address,
        )
        modern = self.request_version == "HTTP/1.1"
        self.close_connection = self.close_connection or not modern
        for piece in respond(cast(_Server, self.server).app, environ, chunked=modern):
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for each request: a lesson's output belongs to the lesson."""
