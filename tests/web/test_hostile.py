"""Bytes and answers that try to be read as something else."""

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from authlab.web import Browser, Network, Server, serve

EVIL = b"GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"
LENGTH = b"%d" % len(EVIL)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def server(asked: list[str]) -> Iterator[Server]:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    with serve(app) as server:
        yield server


def exchange(server: Server, sent: bytes, *, over: bool = True) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        if over:
            connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Content-Length: 0\r\nContent-Length: " + LENGTH, b""),
        (b"Content-Length : " + LENGTH, b""),
        (b"no colon here\r\nContent-Length: " + LENGTH, b""),
        (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: gzip, chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"-1\r\n\r\n"),
        (b"Content-Length: " + b"9" * 5000, b""),
        (b"Content-Length: 99999999999", b""),
        (b"Content-Length: 1000", b"too short"),
    ],
    ids=lambda part: part[:40].decode(),
)
def test_no_request_is_smuggled_in_a_body(
    server: Server, asked: list[str], headers: bytes, body: bytes
) -> None:
    answer = exchange(server, b"POST / HTTP/1.1\r\n" + headers + b"\r\n\r\n" + body + EVIL)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1
    assert asked == []


def test_a_body_that_is_too_large_is_refused(
    server: Server, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("authlab.web.server._LARGEST_BODY", 10)
    chunked = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    plain = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    assert exchange(server, plain % 10 + b"x" * 10).startswith(b"HTTP/1.1 200")
    assert b"Body too large" in exchange(server, plain % 11 + b"x" * 11)
    assert b"Body too large" in exchange(server, chunked + b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n")
    assert asked == ["/"]


def test_a_silent_client_is_hung_up_on(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authlab.web.server._Handler.timeout", 0.05)
    assert b"HTTP/1.1 200" not in exchange(server, b"POST / HTTP/1.1\r\nContent-", over=False)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [("X", "a\r\nSet-Cookie: evil=1")]),
        ("200 OK", [("X\r\nSet-Cookie: evil=1; X", "a")]),
        ("200 OK\r\nSet-Cookie: evil=1", []),
        ("200 OK", [("X\n", "a")]),
        ("200 OK", [("X", "a\0")]),
    ],
)
def test_no_header_is_injected_into_an_answer(status: str, headers: Any) -> None:
    def app(_environ: Any, start_response: Any) -> list[bytes]:
        start_response(status, headers)
        return [b"x"]

    logging.disable(logging.CRITICAL)
    try:
        network = Network()
        network.host("https://a.test", app)
        with network.session() as session:
            answer = session.get("https://a.test/")
        with serve(app) as server:
            over_socket = requests.get(server.url, timeout=10)
    finally:
        logging.disable(logging.NOTSET)
    for each in (answer, over_socket):
        assert each.status_code == 500
        assert "Set-Cookie" not in each.headers


def test_an_app_that_leaves_is_a_500() -> None:
    def app(_environ: Any, _start_response: Any) -> list[bytes]:
        raise SystemExit(3)

    logging.disable(logging.CRITICAL)
    try:
        network = Network()
        network.host("https://a.test", app)
        with network.session() as session:
            assert session.get("https://a.test/").status_code == 500
    finally:
        logging.disable(logging.NOTSET)


def test_a_script_puts_no_password_into_a_url() -> None:
    seen = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ.get("HTTP_AUTHORIZATION"))
        start_response("200 OK", [("Content-Length", "0")])
        return []

    network = Network()
    network.host("https://a.test", app)
    browser = Browser(network)
    page = browser.goto("https://a.test/")
    reply = browser.fetch("https://alice:secret@a.test/", page=page)
    assert not reply.readable
    assert reply.readable.rule == "Fetch, 5.4"
    assert seen == [None]
