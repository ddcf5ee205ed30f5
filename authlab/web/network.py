"""A network inside this process: `requests` on one end, WSGI apps on the other, no socket between.

Any host name will do. What nobody hosts here cannot be reached, so no lesson leaves the machine.
"""

import http.client
import io
import ipaddress
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse, Timeout
from urllib3.util.request import body_to_chunks

from authlab.web.decision import WebError
from authlab.web.urls import BadUrl, Url, parse_url
from authlab.web.wiretap import Wiretap
from authlab.web.wsgi import BrokenAnswer, make_environ, respond

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Network"]

Pieces = Generator[bytes, None, None]


class Network:
    """Hosts by name, each with its app. Safe to use from several threads."""

    def __init__(self) -> None:
        self._apps: dict[str, WSGIApplication] = {}
        self._taps: list[Wiretap] = []

    @property
    def hosts(self) -> list[str]:
        """The origins that have an app, such as `https://bank.test`."""
        return sorted(self._apps)

    def host(self, url: str, app: "WSGIApplication") -> None:
        """Let `app` answer at this origin; hosting again replaces it, as a restart would.

        Scheme and port count: http and https are hosted apart. Raises BadUrl, or WebError where
        the URL has a path or the app cannot be called.
        """
        parts = parse_url(url)
        if parts.path != "/" or not callable(app):
            found = f"the path {parts.path}" if parts.path != "/" else type(app).__name__
            expected = "a URL without a path, and a WSGI app"
            raise WebError("This cannot be hosted", found, expected, "PEP 3333")
        self._apps[parts.origin] = app

    def session(self, *, address: str = "192.0.2.10", agent: str | None = None) -> requests.Session:
        """Return a `requests.Session` whose calls all go to this network.

        `address` is the IP address the apps see (REMOTE_ADDR); 192.0.2.0/24, 198.51.100.0/24 and
        203.0.113.0/24 belong to nobody (RFC 5737). `agent` is the User-Agent. Proxies and
        passwords from the environment do not count. Raises WebError for no address.
        """
        try:
            adapter = _InProcess(self, str(ipaddress.ip_address(address)))
        except ValueError:
            expected = "an IP address such as 192.0.2.10"
            raise WebError("Not an address", repr(address), expected, "RFC 5737") from None
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", adapter)  # these two take the place of the real ones
        session.mount("https://", adapter)
        if agent is not None:
            session.headers["User-Agent"] = agent
        return session

    def wiretap(self) -> Wiretap:
        """Return a listener that sees every exchange from now on."""
        tap = Wiretap(self._taps)
        self._taps.append(tap)
        return tap


class _InProcess(HTTPAdapter):
    """Carries a prepared request to the app; `requests` does the rest as over a socket."""

    def __init__(self, network: Network, address: str) -> None:
        super().__init__()
        self._network, self._address = network, address

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Call the app; `timeout` counts (seconds until it starts to answer), the rest does not."""
        try:
            target = parse_url(request.url or "")
        except BadUrl as error:
            raise requests.exceptions.InvalidURL(str(error), request=request) from None
        app = self._network._apps.get(target.origin)
        if app is None:
            known = ", ".join(self._network.hosts) or "none yet"
            text = f"The lab's network has no host {target.origin}; it has {known}."
            raise requests.exceptions.ConnectionError(text, request=request)
        headers, body = _read(request, target)
        environ = make_environ(
            request.method or "GET",
            request.path_url,
            headers,
            body,
            scheme=target.scheme,
            server=(target.host, target.port),
            client=self._address,
        )
        taps = list(self._network._taps)

        def heard(received: bytes) -> None:
            lines = [f"{request.method} {request.path_url} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in headers]
            sent = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
            for tap in taps:
                tap.hear(target, sent, received)

        pieces = respond(app, environ)
        try:
            wire = _Wire(_first(pieces, timeout, request), pieces, heard if taps else None)
            answer = http.client.HTTPResponse(cast(Any, wire), method=request.method)
            answer.begin()
        except (BrokenAnswer, http.client.HTTPException) as error:
            raise requests.exceptions.ConnectionError(error, request=request) from None
        raw = HTTPResponse(
            body=cast(Any, answer),
            headers=HTTPHeaderDict(answer.headers.items()),
            status=answer.status,
            reason=answer.reason,
            version=answer.version,
            preload_content=False,
            decode_content=False,
            original_response=cast(Any, answer),
            request_method=request.method,
        )
        return self.build_response(request, raw)


class _Wire(io.RawIOBase):
    """The bytes of an answer as a file, taken from the app only as they are read."""

    def __init__(self, first: bytes, pieces: Pieces, heard: Callable[[bytes], None] | None) -> None:
        self._waiting, self._pieces, self._heard = first, pieces, heard
        self._received = [first]

    def makefile(self, mode: str) -> io.BufferedReader:
        """Pass for a socket: this is all that http.client asks of one."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._waiting:
            try:
                self._waiting = next(self._pieces)
            except (StopIteration, BrokenAnswer):
                return 0
            if self._heard:
                self._received.append(self._waiting)
        size = min(len(buffer), len(self._waiting))
        buffer[:size], self._waiting = self._waiting[:size], self._waiting[size:]
        return size

    def close(self) -> None:
        if not self.closed:
            self._pieces.close()
            if self._heard:
                self._heard(b"".join(self._received))
        super().close()


def _first(pieces: Pieces, timeout: Any, request: requests.PreparedRequest) -> bytes:
    """Return the first piece, or raise ReadTimeout; the app goes on, as a real one would."""
    if not isinstance(timeout, Timeout):
        connect, read = timeout if isinstance(timeout, tuple) else (None, timeout)
        timeout = Timeout(connect=connect, read=read)
    if timeout.read_timeout is None:
        return next(pieces)
    future: Future[bytes] = Future()

    def work() -> None:
        try:
            future.set_result(next(pieces))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return future.result(timeout.read_timeout)
    except TimeoutError:
        future.add_done_callback(lambda _: pieces.close())
        text = f"{request.url} did not answer within {timeout.read_timeout} s."
        raise requests.exceptions.ReadTimeout(text, request=request) from None


def _read(request: requests.PreparedRequest, target: Url) -> tuple[list[tuple[str, str]], bytes]:
    """Return a request's headers, in Latin-1 as a server reads them, and its body."""
    headers: dict[str, Any] = dict(request.headers)
    if "host" not in request.headers:
        headers = {"Host": target.origin.partition("://")[2], **headers}
    pairs = []
    for name, value in headers.items():
        try:
            octets = value if isinstance(value, bytes) else value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise requests.exceptions.InvalidHeader(str(error), request=request) from None
        pairs.append((name if isinstance(name, str) else name.decode(), octets.decode("latin-1")))
    chunks = body_to_chunks(cast(Any, request.body), request.method or "GET", 65536).chunks
    return pairs, b"".join(c.encode() if isinstance(c, str) else bytes(c) for c in chunks or ())
