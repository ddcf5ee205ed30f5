"""RFC 7662 and RFC 7009 over HTTP: right answers, no hints, and callers who mean harm."""

import json
from typing import Any

import pytest
import requests

from authlab.clock import Clock
from authlab.jose import encode, generate_key
from authlab.web import Network, serve
from tests.revocation.ways import FailingStore, make
from tests.sessions.servers import START

ASK, END = "https://auth.test/introspect", "https://auth.test/revoke"


class Issuer:
    """An issuer on a network, and a client that may ask it."""

    def __init__(self) -> None:
        self.clock = Clock(START)
        self.store = FailingStore(self.clock)
        self.network = Network()
        self.strategy = make("Introspection", self.store, self.clock, network=self.network)
        self.client = self.network.session()
        self.client.auth = self.strategy._session.auth
        self.stranger = self.network.session()

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.client.post(url, **options)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def test_a_live_token_is_described(issuer: Issuer) -> None:
    token = issuer.strategy.issue("alice")
    reply = issuer.post(ASK, data={"token": token, "token_type_hint": "refresh_token"})
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    told = reply.json()
    assert told.pop("jti")
    assert told == {
        "active": True,
        "token_type": "Bearer",
        "iss": "https://bank.test",
        "sub": "alice",
        "aud": "https://bank.test",
        "iat": START,
        "exp": START + 300,
    }


def test_whatever_is_not_live_gets_one_and_the_same_answer(issuer: Issuer) -> None:
    strategy = issuer.strategy
    ended, expired, live = (strategy.issue("alice") for _ in range(3))
    strategy.log_out(ended)
    claims = strategy.new_claims("alice")
    dead = [
        ended, "nonsense", "a.b.c", "x" * 70_000, "\0", "é", live + "=", live[:-3],
        encode(claims, strategy.key),  # signed, and never issued
        encode({**claims, "iss": "https://evil.test"}, strategy.key),
        encode({**claims, "exp": START}, strategy.key),
        encode(claims, generate_key("HS256")),
        encode(claims, strategy.key, headers={"typ": "statuslist+jwt"}),
    ]  # fmt: skip
    bodies = {issuer.post(ASK, data={"token": token}).text for token in dead}
    assert bodies == {'{"active":false}\n'}
    issuer.clock.advance(seconds=300)
    assert issuer.post(ASK, data={"token": expired}).text in bodies


def test_ending_a_token_answers_200_whether_or_not_there_was_one(issuer: Issuer) -> None:
    token, other = issuer.strategy.issue("alice"), issuer.strategy.issue("alice")
    for text in (token, token, "nonsense", "x" * 50_000, "\0"):
        reply = issuer.post(END, data={"token": text, "token_type_hint": "what is this"})
        assert (reply.status_code, reply.json()) == (200, {})
    assert not issuer.strategy.accepts(token)
    assert issuer.strategy.accepts(other)


def test_what_is_no_access_token_cannot_be_ended_here(issuer: Issuer) -> None:
    claims = issuer.strategy.new_claims("alice")
    other = encode(claims, issuer.strategy.key, headers={"typ": "statuslist+jwt"})
    reply = issuer.post(END, data={"token": other})
    assert (reply.status_code, reply.json()) == (400, {"error": "unsupported_token_type"})


@pytest.mark.parametrize("url", [ASK, END])
def test_only_a_form_in_a_post_with_one_token(issuer: Issuer, url: str) -> None:
    token = issuer.strategy.issue("alice")
    for options in (
        {}, {"data": {}}, {"data": {"token": ""}}, {"data": {"tokens": token}},
        {"data": {"token": [token, token]}}, {"json": {"token": token}},
        {"files": {"token": token}}, {"params": {"token": token}},
        {"data": token, "headers": {"Content-Type": "text/plain"}},
        {"data": f"token={token}"},  # without saying that it is a form
    ):  # fmt: skip
        reply = issuer.post(url, **options)
        assert (reply.status_code, reply.json()) == (400, {"error": "invalid_request"}), options
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        reply = issuer.client.request(method, url, params={"token": token})
        assert reply.status_code == 405
        assert reply.headers["Allow"] == "POST"
    assert issuer.post(url, data={"token": "x" * 200_000}).status_code == 413
    assert issuer.post(url + "/", data={"token": token}).status_code == 404
    assert issuer.strategy.accepts(token)


@pytest.mark.parametrize("url", [ASK, END])
def test_only_for_clients_that_say_who_they_are(issuer: Issuer, url: str) -> None:
    token = issuer.strategy.issue("alice")
    name, password = issuer.client.auth
    for auth in (None, (name, ""), (name, "nobody"), ("nobody", "nobody"), ("", password),
                 (name, password + "x"), (name + "x", password),
                 (name.upper(), password)):  # fmt: skip
        reply = issuer.stranger.post(url, data={"token": token}, auth=auth)
        assert (reply.status_code, reply.json()) == (401, {"error": "invalid_client"}), auth
        assert reply.headers["WWW-Authenticate"].startswith("Basic")
    for header in ("Basic", "Basic !!!", "Basic " + "A" * 100_000, "Bearer x", "\xff\xfe",
                   "Basic \xff", "basic =", "Basic YmFuaw==", "Digest x=y", ""):  # fmt: skip
        reply = issuer.stranger.post(url, data={"token": token}, headers={"Authorization": header})
        assert reply.status_code == 401, header
    # Nor by a password in the form, where it would end in a log.
    form = {"token": token, "client_id": name, "client_secret": password}
    assert issuer.stranger.post(url, data=form).status_code == 401
    assert issuer.strategy.accepts(token)


@pytest.mark.parametrize("url", [ASK, END])
def test_with_its_store_down_the_issuer_says_try_again(issuer: Issuer, url: str) -> None:
    token = issuer.strategy.issue("alice")
    issuer.store.down = True
    reply = issuer.post(url, data={"token": token})
    assert reply.status_code == 503
    assert int(reply.headers["Retry-After"]) > 0
    assert token not in reply.text
    issuer.store.down = False
    assert issuer.strategy.accepts(token)


def test_it_answers_on_a_real_socket_too(issuer: Issuer) -> None:
    token = issuer.strategy.issue("alice")
    with serve(issuer.strategy.app) as server:
        reply = requests.post(server.url + "/introspect", data={"token": token},
                              auth=issuer.client.auth, timeout=10)  # fmt: skip
        assert reply.json()["active"] is True
        requests.post(server.url + "/revoke", data={"token": token}, auth=issuer.client.auth,
                      timeout=10)  # fmt: skip
    assert not issuer.strategy.accepts(token)


@pytest.mark.parametrize("answer", [
    (500, "{}"), (200, ""), (200, "[]"), (200, "null"), (200, "{" * 9), (302, "{}"), (401, "{}"),
])  # fmt: skip
def test_an_issuer_that_does_not_answer_lets_nobody_in(issuer: Issuer, answer: Any) -> None:
    token = issuer.strategy.issue("alice")
    status, body = answer

    def broken(environ: Any, start: Any) -> Any:
        start(f"{status} X", [("Content-Type", "application/json")])
        return [body.encode()]

    issuer.network.host("https://auth.test", broken)
    assert issuer.strategy.accepts(token) is False


@pytest.mark.parametrize("told", [
    {}, {"active": False}, {"active": "true"}, {"active": 1}, {"active": None, "sub": "alice"},
])  # fmt: skip
def test_only_active_true_is_active(issuer: Issuer, told: Any) -> None:
    token = issuer.strategy.issue("alice")

    def other(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]

    issuer.network.host("https://auth.test", other)
    assert issuer.strategy.accepts(token) is False


@pytest.mark.parametrize("told", [{}, {"iss": "https://bank.test"}, {"iss": [], "jti": {}}])
def test_an_issuer_that_names_no_token_has_not_spoken_of_this_one(
    issuer: Issuer, told: dict[str, Any]
) -> None:
    token = issuer.strategy.issue("alice")
    claims = issuer.strategy.verify(token)

    def terse(environ: Any, start: Any) -> Any:
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"active": True, **told}).encode()]

    assert issuer.strategy.lets_in(claims, token)
    issuer.network.host("https://auth.test", terse)
    assert not issuer.strategy.lets_in(claims, token)
