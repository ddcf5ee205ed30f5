"""The network in this process: hosts, errors, threads, the wiretap; and that nothing gets out."""

import logging
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import requests

from authlab.web import BadUrl, Capture, Network, WebError

from .sample import make_app


@pytest.fixture
def network() -> Network:
    network = Network()
    for origin in ("https://bank.test", "http://bank.test", "https://bank.test:8443"):
        network.host(origin, make_app())
    return network


def says(text: bytes) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [text]

    return app


def test_scheme_and_port_count_and_hosting_again_replaces() -> None:
    network = Network()
    network.host("https://a.test", says(b"tls"))
    network.host("http://A.test:80/", says(b"clear"))
    network.host("https://a.test:8443", says(b"port"))
    session = network.session()
    urls = ["https://a.test/x", "http://a.test", "https://a.test:443", "https://A.TEST:8443/"]
    assert [session.get(url).text for url in urls] == ["tls", "clear", "tls", "port"]
    network.host("https://a.test", says(b"restarted"))
    assert session.get("https://a.test").text == "restarted"
    assert network.hosts == ["http://a.test", "https://a.test", "https://a.test:8443"]


def test_what_cannot_be_hosted() -> None:
    network = Network()
    with pytest.raises(BadUrl):
        network.host("bank.test", make_app())
    with pytest.raises(WebError, match="found the path /x, expected a URL without a path"):
        network.host("https://bank.test/x", make_app())
    with pytest.raises(WebError, match="found str"):
        network.host("https://bank.test", "app")  # type: ignore[arg-type]
    assert network.hosts == []


def test_a_host_that_nobody_hosts(network: Network) -> None:
    session = network.session()
    for url in (
        "https://evil.test/",
        "http://bank.test:81/",
        "http://localhost/",
        "http://192.0.2.1",
    ):
        with pytest.raises(requests.ConnectionError) as caught:
            session.get(url)
        assert "The lab's network has no host" in str(caught.value)
        assert "it has http://bank.test, https://bank.test, https://bank.test:8443." in str(
            caught.value
        )
        assert caught.value.request is not None
    with pytest.raises(requests.ConnectionError, match="it has none yet"):
        Network().session().get("https://bank.test")


def test_nothing_opens_a_socket_or_asks_for_a_name(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    session = network.session()
    assert session.post("https://bank.test/login", data={"user": "alice"}).ok
    for url in ("https://example.test", "http://127.0.0.1:80"):
        with pytest.raises(requests.ConnectionError):
            session.get(url)
    for url in ("ftp://bank.test", "file:///etc/passwd", "bank.test"):
        with pytest.raises((requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)):
            session.get(url)


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_proxies_are_ignored(network: Network, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    session = network.session()
    assert session.get("http://bank.test/").ok
    session.proxies["https"] = "http://127.0.0.1:9"
    assert session.get("https://bank.test/", proxies={"all": "http://127.0.0.1:9"}).ok


def test_address_and_agent(network: Network) -> None:
    plain = network.session().get("https://bank.test/echo/x").json()
    assert plain["address"] == "192.0.2.10"
    assert plain["secure"] is True
    assert plain["headers"]["User-Agent"].startswith("python-requests/")
    session = network.session(address="2001:db8::1", agent="curl/8")
    other = session.get("http://bank.test/echo/x").json()
    assert (other["address"], other["headers"]["User-Agent"]) == ("2001:db8::1", "curl/8")
    assert other["secure"] is False
    with pytest.raises(WebError, match="found 'home', expected an IP address"):
        network.session(address="home")


def test_secure_cookies_travel_over_https_only(network: Network) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Set-Cookie", "a=1; Secure"), ("Set-Cookie", "b=1")])
        return [environ.get("HTTP_COOKIE", "").encode()]

    for scheme in ("https", "http"):
        network.host(f"{scheme}://c.test", app)
    session = network.session()
    session.get("https://c.test")
    assert session.get("https://c.test").text == "a=1; b=1"
    assert session.get("http://c.test").text == "b=1"


def test_an_app_that_raises_is_a_500_with_its_trace_in_the_log(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    answer = network.session().get("https://bank.test/boom")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error\n")
    assert "GET /boom failed" in caplog.text
    assert "RuntimeError: boom" in caplog.text


def test_a_keyboard_interrupt_gets_through(network: Network) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        raise KeyboardInterrupt

    network.host("https://stop.test", app)
    for timeout in (None, 5):
        with pytest.raises(KeyboardInterrupt):
            network.session().get("https://stop.test", timeout=timeout)


@pytest.mark.parametrize(
    "answer",
    [
        lambda start: start("200 OK", [("X", "€")]) and [b"x"],
        lambda start: (start("200 OK", []), ["text"])[1],
        lambda start: (start("two hundred", []), [b"x"])[1],
        lambda start: (start("200 OK", [(f"X-{n}", "1") for n in range(200)]), [b"x"])[1],
        lambda start: (start("200 OK", [("Content-Length", "x")]), [b"x"])[1],
        lambda start: [b"no start_response"],
        lambda start: None,
    ],
)
def test_a_rotten_app_gives_an_error_of_requests_or_a_500(network: Network, answer: Any) -> None:
    network.host("https://rotten.test", lambda environ, start: answer(start))
    for timeout in (None, 5):
        try:
            answered = network.session().get("https://rotten.test", timeout=timeout)
        except requests.RequestException:
            continue
        assert answered.status_code in (200, 500)


def test_the_app_goes_on_when_the_client_has_given_up(network: Network) -> None:
    may_end, closed, done = threading.Event(), threading.Event(), []

    class Body:
        def __iter__(self) -> Any:
            return iter([b"late"])

        def close(self) -> None:
            closed.set()

    def app(environ: Any, start_response: Any) -> Any:
        may_end.wait(10)
        done.append("transferred")
        start_response("200 OK", [])
        return Body()

    network.host("https://slow.test", app)
    with pytest.raises(requests.exceptions.ReadTimeout, match=r"did not answer within 0.01 s"):
        network.session().get("https://slow.test", timeout=0.01)
    assert done == []
    may_end.set()
    assert closed.wait(10)
    assert done == ["transferred"]


def test_the_answer_is_closed_as_pep_3333_asks(network: Network) -> None:
    closed: list[str] = []

    class Body:
        def __iter__(self) -> Any:
            return iter([b"a", b"b"])

        def close(self) -> None:
            closed.append("closed")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return Body()

    network.host("https://c.test", app)
    session = network.session()
    session.get("https://c.test")
    session.head("https://c.test")
    session.get("https://c.test", stream=True).close()
    assert closed == ["closed"] * 3


def test_a_stream_is_taken_from_the_app_as_it_is_read(network: Network) -> None:
    made: list[int] = []

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])

        def endless() -> Any:
            while True:
                made.append(1)
                yield b"tick\n"

        return endless()

    network.host("https://stream.test", app)
    with network.session().get("https://stream.test", stream=True) as answer:
        lines = answer.iter_lines(chunk_size=None)
        assert [next(lines) for _ in range(3)] == [b"tick"] * 3
    assert len(made) < 10


def test_eight_threads_on_one_network(network: Network) -> None:
    tap = network.wiretap()
    failures: list[object] = []

    def customer(number: int) -> None:
        try:
            session = network.session(address=f"192.0.2.{number}")
            for turn in range(20):
                network.host(f"https://own{number}.test", says(f"{number} {turn}".encode()))
                assert session.get(f"https://own{number}.test").text == f"{number} {turn}"
                page = session.post("http://bank.test/login", data={"user": "alice"})
                assert page.json() == {"user": "alice", "balance": 100}
                echo = session.post("https://bank.test/echo/x", data=f"{number}").json()
                assert (echo["body"], echo["address"]) == (f"{number}", f"192.0.2.{number}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=customer, args=(n,)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(tap.seen) == 8 * 20 * 4


def test_the_wiretap_reads_http_and_counts_https(network: Network) -> None:
    tap = network.wiretap()
    session = network.session()
    session.post("http://bank.test/login?x=1", data={"user": "alice"}, allow_redirects=False)
    session.post("https://bank.test:8443/login", data={"user": "alice"}, allow_redirects=False)
    clear, hidden = tap.seen
    assert clear.request is not None
    assert clear.response is not None
    assert clear.request.startswith("POST /login?x=1 HTTP/1.1\r\nHost: bank.test\r\n")
    assert clear.request.endswith("\r\n\r\nuser=alice")
    assert clear.response.startswith("HTTP/1.1 302 FOUND\r\n")
    assert "Set-Cookie: sid=s3cr3t; HttpOnly; Path=/\r\n" in clear.response
    assert (clear.sent, clear.received) == (len(clear.request), len(clear.response))
    assert (hidden.scheme, hidden.host) == ("https", "bank.test:8443")
    assert (hidden.request, hidden.response) == (None, None)
    assert hidden.sent > 100
    assert hidden.received == clear.received
    assert tap.find("sid=s3cr3t") == [clear]
    assert tap.find("nothing of it") == []


def test_a_capture_can_be_printed() -> None:
    clear = Capture(
        "http", "bank.test", 10, 20, "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhi"
    )
    assert str(clear).splitlines() == [
        "http bank.test: 10 bytes sent, 20 received",
        "> GET / HTTP/1.1",
        "> ",
        "< HTTP/1.1 200 OK",
        "< ",
        "< hi",
    ]
    hidden = Capture("https", "bank.test", 10, 20, None, None)
    assert str(hidden) == "https bank.test: 10 bytes sent, 20 received, all of it encrypted"


def test_a_wiretap_hears_until_it_stops(network: Network) -> None:
    session = network.session()
    session.get("http://bank.test/")
    first, second = network.wiretap(), network.wiretap()
    session.get("http://bank.test/")
    first.stop()
    first.stop()
    session.get("http://bank.test/stream")
    assert (len(first.seen), len(second.seen)) == (1, 2)
    assert second.seen[1].response is not None
    assert second.seen[1].response.endswith("7\r\nline 4\n\r\n0\r\n\r\n")


def test_it_is_quiet_where_all_goes_well(
    network: Network, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        network.session().get("https://bank.test/")
    assert caplog.records == []


def test_passwords_from_the_environment_do_not_travel(
    network: Network, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine bank.test login alice password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert "Authorization" not in network.session().get("https://bank.test/headers").json()


def test_a_header_with_an_underscore_does_not_pass_for_one_with_a_hyphen(network: Network) -> None:
    sent = {"X_Test": "forged"}
    answer = network.session().get("https://bank.test/headers", headers=sent).json()
    assert "forged" not in answer.values()
