"""What a bank is told that is not so."""

import json
import threading
from typing import Any

import jwt
import pytest

from authlab.bank import PASSWORDS, Accounts, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.sessions import Sessions, open_store
from authlab.web import Network

HOME, NOW, SECRET = "https://bank.test", 1_800_000_000, b"k" * 32
QUICK = "scrypt:1024:8:1"


@pytest.fixture
def network() -> Network:
    network, clock = Network(), Clock(NOW)
    auth = SessionAuth(Sessions(open_store("memory://", clock), clock))
    make_bank(auth, network=network, accounts=Accounts(method=QUICK))
    return network


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "127.0.0.1", "127.0.0.1:80"])
def test_the_host_header_does_not_make_it_loopback(network: Network, host: str) -> None:
    with network.session() as session:
        reply = session.get("http://bank.test/balance", headers={"Host": host})
        assert reply.status_code == 403
        assert reply.json() == {"error": "This bank talks over https only."}
        first = session.get("http://bank.test/", headers={"Host": host}, allow_redirects=False)
        assert first.status_code == 308
        assert "Set-Cookie" not in first.headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/login", {"user": "alice", "password": "\ud800"}),
        ("/login", {"user": "\ud800", "password": "x"}),
        ("/transfer", {"to": "\ud800", "amount": 1}),
        ("/password", {"old": "\ud800", "new": "long enough"}),
        ("/password", {"old": PASSWORDS["alice"], "new": "\ud800" * 9}),
        ("/sessions/end", {"handle": "x", "password": "\ud800"}),
        ("/logout-everywhere", {"password": "\ud800"}),
    ],
)
def test_half_a_surrogate_pair_is_no_text(
    network: Network, path: str, body: dict[str, Any]
) -> None:
    with network.session() as session:
        session.post(f"{HOME}/login", json={"user": "alice", "password": PASSWORDS["alice"]})
        sent = json.dumps(body)
        reply = session.post(HOME + path, data=sent, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert "surrogate" in reply.json()["error"]


def test_json_that_calls_itself_text_orders_nothing(network: Network) -> None:
    """A form of another site can send text/plain without asking: CSRF past a check of the body."""
    with network.session() as session:
        session.post(f"{HOME}/login", json={"user": "alice", "password": PASSWORDS["alice"]})
        order = json.dumps({"to": "mallory", "amount": 10})
        reply = session.post(f"{HOME}/transfer", data=order, headers={"Content-Type": "text/plain"})
        assert reply.status_code == 400
        assert session.get(f"{HOME}/balance").json()["balance"] == 1_000


def test_money_is_neither_made_nor_lost() -> None:
    accounts, names = Accounts(method=QUICK), list(PASSWORDS)

    def pay(turn: int) -> None:
        for step in range(200):
            payer, payee = names[(turn + step) % 5], names[(turn * step + 1) % 5]
            try:
                accounts.transfer(payer, payee, 1 + (turn * step) % 700)
            except Exception as error:
                assert getattr(error, "status", None) == 409  # noqa: PT017  (the only one due)

    threads = [threading.Thread(target=pay, args=(turn,)) for turn in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(map(accounts.balance, names)) == 5_000
    assert min(map(accounts.balance, names)) >= 0


CLAIMS = {"iss": HOME, "sub": "alice", "aud": HOME, "iat": NOW, "exp": NOW + 300, "jti": "x"}


def ask(changes: dict[str, Any], method: str = "GET", path: str = "/balance") -> int:
    network = Network()
    auth = TokenAuth(SECRET, clock=Clock(NOW))
    make_bank(auth, network=network, accounts=Accounts(method=QUICK))
    claims = {name: each for name, each in (CLAIMS | changes).items() if each is not ...}
    # Not jwt.encode: it refuses some of these claims itself.
    token = jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, "HS256")
    with network.session() as session:
        headers = {"Authorization": f"Bearer {token}"}
        return session.request(method, HOME + path, headers=headers).status_code


def test_the_token_that_the_others_are_changed_from() -> None:
    assert ask({}) == 200
    assert ask({"nbf": NOW}) == 200


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/balance"), ("GET", "/sessions"), ("POST", "/logout")]
)
@pytest.mark.parametrize(
    "changes",
    [{name: ...} for name in CLAIMS]
    + [{"exp": each} for each in (True, NOW + 300.0, str(NOW + 300), 10**400, None, [], NOW, -1)]
    + [{"nbf": each} for each in (NOW + 1, "now", None, float("nan"))]
    + [{"sub": each} for each in (5, ["alice"], None)]
    + [{"aud": "https://shop.test"}, {"iss": "https://evil.test"}, {"jti": 5}],
    ids=lambda changes: f"{changes!a:.40}",
)
def test_a_token_with_a_right_signature_and_a_wrong_claim(
    changes: dict[str, Any], method: str, path: str
) -> None:
    assert ask(changes, method, path) == 401
