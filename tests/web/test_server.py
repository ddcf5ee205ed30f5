"""The real socket: keep-alive, loopback only, a clean end."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from authlab.web import Server, WebError, serve

from .sample import make_app


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(make_app()) as server:
        yield server


def test_two_requests_travel_over_one_connection(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    ports = []
    requests_ = [("GET", "/", None), ("POST", "/echo/x", b"abc"), ("GET", "/stream", None),
                 ("POST", "/nowhere", b"unread body"), ("HEAD", "/", None), ("GET", "/none", None),
                 ("GET", "/", None)]  # fmt: skip
    for method, path, body in requests_:
        connection.request(method, path, body)
        ports.append(connection.sock.getsockname()[1])
        answer = connection.getresponse()
        answer.read()
        assert answer.version == 11
        assert not answer.will_close
    assert len(set(ports)) == 1
    connection.close()


def test_an_answer_is_one_packet_and_none_waits_for_the_next(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two small packets would wait 40 ms for each other on a connection that is kept."""
    options: list[int] = []
    monkeypatch.setattr(
        socket.socket, "setsockopt", lambda self, _, option, value: options.append(option)
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /account HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).endswith(b"\r\n\r\nlog in first")
    assert socket.TCP_NODELAY in options


def test_it_listens_on_the_loopback_only(server: Server) -> None:
    assert server.url == f"http://127.0.0.1:{server.port}"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", server.port), timeout=5)


def test_a_taken_port_is_a_clear_error(server: Server) -> None:
    with pytest.raises(WebError, match=f"Cannot serve here: found port {server.port}: .*in use"):
        serve(make_app(), server.port)
    with pytest.raises(WebError, match="found port 65536"):
        serve(make_app(), 65536)


def test_close_is_quick_with_idle_connections_and_leaves_nothing() -> None:
    before = set(threading.enumerate())
    server = serve(make_app())
    idle = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(3)]
    with requests.Session() as session:
        session.get(server.url)
        start = time.perf_counter()
        server.close()
        assert time.perf_counter() - start < 5  # an idle connection would hold it for ever
        assert all(connection.recv(1) == b"" for connection in idle)
        with pytest.raises(requests.ConnectionError):
            session.get(server.url)
    for connection in idle:
        connection.close()
    assert set(threading.enumerate()) == before
    server.close()  # a second time does nothing
    with serve(make_app(), server.port) as again:
        assert again.port == server.port


def test_several_clients_at_once(server: Server) -> None:
    """One client that waits must not stop another; a server of one thread would."""
    gate = threading.Barrier(4)

    def app(environ: object, start_response: object) -> list[bytes]:
        gate.wait(10)
        start_response("200 OK", [])  # type: ignore[operator]
        return [b"together"]

    with serve(app) as other:  # type: ignore[arg-type]
        answers: list[str] = []
        threads = [
            threading.Thread(target=lambda: answers.append(requests.get(other.url).text))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["together"] * 4


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"rubbish\r\n\r\n", b"400"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"GET /stream HTTP/1.0\r\n\r\n", b"200"),
        (b"GET /account HTTP/1.1\r\nHost: x\r\nX_Y: 1\r\nConnection: close\r\n\r\n", b"401"),
        (b"POST /echo/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b""),
    ],
)
def test_bytes_by_hand(server: Server, sent: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer[9:12] == status or status in answer
    assert b"Transfer-Encoding" not in answer
    assert requests.get(server.url).ok


def test_an_app_that_raises_is_a_500_and_the_server_lives(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with requests.Session() as session:
        assert session.get(f"{server.url}/boom").status_code == 500
        assert session.get(server.url).ok
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            session.get(f"{server.url}/broken")
        assert session.get(server.url).ok
    assert "RuntimeError: boom" in caplog.text
    assert capfd.readouterr() == ("", "")
