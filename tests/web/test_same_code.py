"""A learner's `requests` code does the same over the lab's network and over a real socket."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from authlab.web import Network, serve

from .sample import make_app

Story = Callable[[requests.Session, str], Any]


def facts(response: requests.Response) -> dict[str, Any]:
    """What a program can tell about a response, without what must differ (host and address)."""
    return {
        "status": response.status_code,
        "reason": response.reason,
        "headers": dict(response.headers),
        "text": response.text,
        "encoding": response.encoding,
        "cookies": response.cookies.get_dict(),
        "history": [(step.status_code, step.headers["Location"]) for step in response.history],
        "path": response.request.path_url,
        "method": response.request.method,
        "took_time": response.elapsed.total_seconds() > 0,
        "raw_version": response.raw.version,
    }


def echo(method: str, path: str = "/echo/x", **options: Any) -> Story:
    def story(session: requests.Session, url: str) -> Any:
        answer = session.request(method, url + path, **options).json()
        return {name: answer[name] for name in answer if name != "address"}

    return story


def log_in(session: requests.Session, url: str) -> Any:
    refused = session.get(f"{url}/account")
    page = session.post(f"{url}/login", data={"user": "alice"})
    return facts(refused), facts(page), session.cookies.get_dict(), page.json()


def stay_at_the_redirect(session: requests.Session, url: str) -> Any:
    answer = session.post(f"{url}/login", data={"user": "alice"}, allow_redirects=False)
    return facts(answer), answer.is_redirect, answer.raw.headers.getlist("Set-Cookie")


def cookies_by_hand(session: requests.Session, url: str) -> Any:
    return session.get(f"{url}/account", cookies={"sid": "s3cr3t"}).json(), len(session.cookies)


def not_found(session: requests.Session, url: str) -> Any:
    answer = session.get(f"{url}/nowhere")
    with pytest.raises(requests.HTTPError, match="404 Client Error: NOT FOUND"):
        answer.raise_for_status()
    return facts(answer), answer.ok


def stream_lines(session: requests.Session, url: str) -> Any:
    with session.get(f"{url}/stream", stream=True) as answer:
        return list(answer.iter_lines())


def stream_chunks(session: requests.Session, url: str) -> Any:
    with session.get(f"{url}/stream", stream=True) as answer:
        return list(answer.iter_content(None))


def stream_bytes(session: requests.Session, url: str) -> Any:
    with session.get(f"{url}/stream", stream=True) as answer:
        return list(answer.iter_content(4))


def stop_early(session: requests.Session, url: str) -> Any:
    with session.get(f"{url}/stream", stream=True) as answer:
        first = next(answer.iter_lines())
    return first, session.get(f"{url}/stream").text


def hooks(session: requests.Session, url: str) -> Any:
    seen: list[int] = []
    session.hooks["response"].append(lambda answer, **_: seen.append(answer.status_code))
    session.post(f"{url}/login", data={"user": "alice"})
    return seen


def own_headers(session: requests.Session, url: str) -> Any:
    session.headers["X-Test"] = "grüße"
    return session.get(f"{url}/echo/x", auth=("alice", "pw")).json()["headers"]


def error_of(path: str, **options: Any) -> Story:
    def story(session: requests.Session, url: str) -> Any:
        with pytest.raises(requests.RequestException) as caught:
            session.get(url + path, **options)
        return caught.type

    return story


def plain(path: str, method: str = "GET") -> Story:
    return lambda session, url: facts(session.request(method, url + path))


def bad_header(session: requests.Session, url: str) -> Any:
    with pytest.raises(requests.exceptions.InvalidHeader):
        session.get(url, headers={"X-Test": "a\r\nb"})


STORIES: dict[str, Story] = {
    "log in": log_in,
    "stay at the redirect": stay_at_the_redirect,
    "cookies by hand": cookies_by_hand,
    "404": not_found,
    "401": plain("/account"),
    "500": plain("/boom"),
    "HEAD": plain("/", "HEAD"),
    "HEAD of a stream": plain("/stream", "HEAD"),
    "204": plain("/none"),
    "gzip": plain("/gzip"),
    "the whole stream": plain("/stream"),
    "405": plain("/login", "PUT"),
    "lines": stream_lines,
    "chunks": stream_chunks,
    "bytes": stream_bytes,
    "stop early": stop_early,
    "hooks": hooks,
    "own headers": own_headers,
    "bad header": bad_header,
    "query": echo("GET", params={"a": ["1", "ü &"], "b": ""}),
    "path": echo("GET", "/echo/a%2Fb//c%20ü/../d;e"),
    "form": echo("POST", data={"a": "1", "b": "ü"}),
    "json": echo("PUT", json={"a": [1, "ü"]}),
    "text": echo("POST", data="grüße"),
    "bytes body": echo("PATCH", data=bytes(range(256))),
    "empty body": echo("POST", data=b""),
    "no body": echo("DELETE"),
    "OPTIONS": echo("OPTIONS"),
    "broken": error_of("/broken"),
    "short": error_of("/short"),
    "endless redirect": error_of("/again"),
    "read timeout": error_of("/slow", timeout=0.02),
    "timeout pair": error_of("/slow", timeout=(1, 0.02)),
    "timeout kept": plain("/"),
    "file": lambda s, u: echo("POST", files={"f": ("a.txt", io.BytesIO(b"abc"))})(s, u)["files"],
    "generator": lambda s, u: echo("POST", data=(part for part in (b"ab", b"", b"c")))(s, u),
    "open file": lambda s, u: echo("POST", data=io.BytesIO(b"abc"))(s, u),
}


@pytest.fixture(scope="module")
def socket_url() -> Iterator[str]:
    with serve(make_app()) as server:
        yield server.url


@pytest.mark.parametrize("name", STORIES)
def test_the_same_code_does_the_same(name: str, socket_url: str) -> None:
    network = Network()
    network.host("http://bank.test", make_app())
    with network.session() as inside, requests.Session() as outside:
        outside.trust_env = False
        assert STORIES[name](inside, "http://bank.test") == STORIES[name](outside, socket_url)


def test_a_timeout_that_is_long_enough_changes_nothing() -> None:
    network = Network()
    network.host("http://bank.test", make_app())
    with network.session() as session:
        assert session.get("http://bank.test/", timeout=30).json() == {"hello": None, "q": []}
        assert session.get("http://bank.test/", timeout=(3, None)).ok
