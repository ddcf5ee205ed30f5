"""One story on both banks: what a customer does, whichever way the bank logs people in."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from authlab.bank import PASSWORDS, Accounts, SessionAuth, TokenAuth, load_balancer, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.sessions import Sessions, open_store
from authlab.web import Network, serve

HOME = "https://bank.test"
QUICK = "scrypt:1024:8:1"
MakeAuth = Callable[..., Any]


def session_auth(clock: Clock, **options: Any) -> SessionAuth:
    return SessionAuth(Sessions(open_store("memory://", clock), clock), **options)


def header_auth(clock: Clock, **options: Any) -> TokenAuth:
    return TokenAuth(generate_key("HS256"), clock=clock, **options)


def cookie_auth(clock: Clock, **options: Any) -> TokenAuth:
    return TokenAuth(generate_key("ES256"), carry="cookie", clock=clock, **options)


WAYS = {"session": session_auth, "header": header_auth, "cookie": cookie_auth}


class Client:
    """What a learner writes: `requests`, and the token in a header if the bank gave one."""

    def __init__(self, session: requests.Session, home: str = HOME) -> None:
        self.session = session
        self.home = home

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.home + path, timeout=10)

    def post(self, path: str, **data: Any) -> requests.Response:
        return self.session.post(self.home + path, json=data, timeout=10)

    def log_in(self, user: str = "alice", password: str = "") -> requests.Response:
        reply = self.post("/login", user=user, password=password or PASSWORDS[user])
        if token := reply.json().get("access_token"):
            self.session.headers["Authorization"] = f"Bearer {token}"
        return reply

    def end(self, handle: str, user: str = "alice") -> requests.Response:
        return self.post("/sessions/end", handle=handle, password=PASSWORDS[user])


class Town:
    """A bank on a network, and clients for it."""

    def __init__(self, way: str, **options: Any) -> None:
        self.clock = Clock(1_800_000_000)
        self.network = Network()
        self.auth: Any = WAYS[way](self.clock, **options)
        self.accounts = Accounts(method=QUICK)
        self.bank = make_bank(self.auth, network=self.network, accounts=self.accounts)

    def client(self, **options: Any) -> Client:
        return Client(self.network.session(**options))


@pytest.fixture(params=list(WAYS))
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    return Town(request.param)


def test_a_day_at_the_bank(town: Town) -> None:
    alice = town.client()
    assert alice.get("/balance").status_code == 401
    assert alice.get("/").json() == {"user": None}
    reply = alice.log_in()
    assert reply.status_code == 200
    assert (reply.json()["user"], reply.json()["balance"]) == ("alice", 1000)
    assert alice.get("/").json() == {"user": "alice"}
    assert alice.get("/balance").json() == {"user": "alice", "balance": 1000}
    assert alice.post("/transfer", to="bob", amount=250).json()["balance"] == 750
    bob = town.client()
    bob.log_in("bob")
    assert bob.get("/balance").json() == {"user": "bob", "balance": 1250}
    (here,) = alice.get("/sessions").json()["sessions"]
    assert here["this_one"]
    assert alice.post("/logout").status_code == 200
    alice.session.headers.pop("Authorization", None)  # what the page's script does
    assert alice.get("/balance").status_code == 401
    assert bob.get("/balance").status_code == 200


def test_a_form_does_what_json_does(town: Town) -> None:
    alice = town.client()
    alice.log_in()
    form = {"to": "bob", "amount": "5"}
    assert alice.session.post(HOME + "/transfer", data=form).json()["balance"] == 995


@pytest.mark.parametrize(
    ("user", "password"),
    [("alice", "wrong-password"), ("nobody", "tulips-in-may"), ("alice", "x" * 100_0), ("", "x")],
)
def test_a_wrong_password_opens_nothing(town: Town, user: str, password: str) -> None:
    client = town.client()
    reply = client.post("/login", user=user, password=password)
    assert reply.status_code in (400, 403)
    assert "access_token" not in reply.json()
    assert client.get("/balance").status_code == 401


def test_an_unknown_name_reads_like_a_wrong_password(town: Town) -> None:
    wrong = town.client().post("/login", user="alice", password="wrong-password")
    unknown = town.client().post("/login", user="nobody", password="wrong-password")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())


def test_change_the_password(town: Town) -> None:
    alice = town.client()
    alice.log_in()
    new = "roses-in-june"
    assert alice.post("/password", old="wrong-one", new=new).status_code == 403
    assert alice.post("/password", old=PASSWORDS["alice"], new="short").status_code == 400
    assert alice.post("/password", old=PASSWORDS["alice"], new=new).status_code == 200
    assert alice.get("/balance").status_code == 200, "who changes it stays logged in"
    assert town.client().log_in().status_code == 403
    assert town.client().log_in(password=new).status_code == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"to": "bob", "amount": 0}, 400),
        ({"to": "bob", "amount": -5}, 400),
        ({"to": "bob", "amount": 5.5}, 400),
        ({"to": "bob", "amount": True}, 400),
        ({"to": "bob", "amount": "\uff15"}, 400),
        ({"to": "bob", "amount": 10**30}, 400),
        ({"to": "bob"}, 400),
        ({"to": "bob", "amount": 1001}, 409),
        ({"to": "nobody", "amount": 1}, 404),
        ({"to": ["bob"], "amount": 1}, 400),
        ({"amount": 1}, 400),
    ],
)
def test_a_bad_order_moves_no_money(town: Town, data: dict[str, Any], status: int) -> None:
    alice = town.client()
    alice.log_in()
    reply = alice.session.post(HOME + "/transfer", json=data)
    assert reply.status_code == status
    assert reply.json()["error"].endswith(".")
    assert alice.get("/balance").json()["balance"] == 1000


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"[" * 10_000, b"x" * 20_000],
    ids=lambda body: repr(body[:8]),
)
@pytest.mark.parametrize("path", ["/login", "/transfer", "/password", "/sessions/end"])
def test_a_broken_body_gets_a_sentence(town: Town, path: str, body: bytes) -> None:
    alice = town.client()
    alice.log_in()
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        reply = alice.session.post(HOME + path, data=body, headers={"Content-Type": kind})
        assert 400 <= reply.status_code < 500
        assert reply.json()["error"]


def test_an_address_that_is_not_there_gets_a_sentence(town: Town) -> None:
    reply = town.client().get("/vault")
    assert (reply.status_code, reply.json()) == (404, {"error": "Not Found."})
    assert town.client().get("/login").status_code == 405


def test_a_self_transfer_makes_no_money(town: Town) -> None:
    alice = town.client()
    alice.log_in()
    assert alice.post("/transfer", to="alice", amount=10).json()["balance"] == 1000


def test_a_log_in_ends(town: Town) -> None:
    alice = town.client()
    alice.log_in()
    town.clock.advance(minutes=4)
    assert alice.get("/balance").status_code == 200
    town.clock.advance(hours=13)
    assert alice.get("/balance").status_code == 401


def test_nothing_is_said_in_clear(town: Town) -> None:
    tap = town.network.wiretap()
    alice = Client(town.network.session(), "http://bank.test")
    assert alice.get("/balance").status_code == 403
    assert alice.get("/").url == "https://bank.test/"
    alice.home = HOME
    alice.log_in()
    alice.get("/balance")
    assert not tap.find("tulips")
    assert not tap.find("sid=")
    assert not tap.find("ey")


def test_headers_of_every_answer(town: Town) -> None:
    for path in ("/", "/balance", "/nowhere"):
        headers = town.client().get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "max-age=" in headers["Strict-Transport-Security"]
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_a_browser_gets_a_page(town: Town) -> None:
    reply = town.client().session.get(HOME + "/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "<h1>The bank</h1>" in reply.text
    for name in ("bank.js", "bank.css"):
        assert town.client().get(f"/static/{name}").status_code == 200


# -- where the two differ ---------------------------------------------------------------------


def test_a_session_dies_at_log_out_and_a_token_lives_on() -> None:
    left = {}
    for way in WAYS:
        town = Town(way)
        alice, thief = town.client(), town.client()
        alice.log_in()
        thief.session.headers.update(alice.session.headers)
        thief.session.cookies.update(alice.session.cookies)
        said = alice.post("/logout").json()["still_works_for"]
        left[way] = said, thief.get("/balance").status_code
    assert left == {"session": (0, 401), "header": (300, 200), "cookie": (300, 200)}


def test_only_sessions_are_known_and_ended_from_afar() -> None:
    found = {}
    for way in WAYS:
        town = Town(way)
        alice, phone = town.client(address="192.0.2.1"), town.client(agent="Phone/1.0")
        alice.log_in()
        phone.log_in()
        known = alice.get("/sessions").json()["sessions"]
        others = [one["handle"] for one in known if not one["this_one"]]
        ended = [alice.end(handle).status_code for handle in others]
        found[way] = len(known), ended, phone.get("/balance").status_code
    assert found == {"session": (2, [200], 401), "header": (1, [], 200), "cookie": (1, [], 200)}


def test_log_out_everywhere() -> None:
    for way, after in {"session": 401, "header": 200, "cookie": 200}.items():
        town = Town(way)
        alice, phone = town.client(), town.client()
        alice.log_in()
        phone.log_in()
        assert alice.post("/logout-everywhere", password=PASSWORDS["alice"]).json()["ended"] == (
            2 if way == "session" else 0
        )
        assert phone.get("/balance").status_code == after, way


def test_nobody_ends_the_session_of_another() -> None:
    town = Town("session")
    alice, mallory = town.client(), town.client()
    alice.log_in()
    mallory.log_in("mallory")
    (hers,) = alice.get("/sessions").json()["sessions"]
    assert mallory.end(hers["handle"], "mallory").status_code == 404
    assert alice.get("/balance").status_code == 200


def test_who_ends_sessions_gives_the_password_once_more() -> None:
    """ASVS 5.0, 7.5.2."""
    town = Town("session")
    alice, phone = town.client(), town.client()
    alice.log_in()
    phone.log_in()
    handles = [one["handle"] for one in alice.get("/sessions").json()["sessions"]]
    for word in ("", "wrong-password", PASSWORDS["bob"]):
        for handle in handles:
            reply = phone.post("/sessions/end", handle=handle, password=word)
            assert reply.status_code in (400, 403)
        assert phone.post("/logout-everywhere", password=word).status_code in (400, 403)
    assert (alice.get("/balance").status_code, phone.get("/balance").status_code) == (200, 200)


def test_a_store_that_is_gone_answers_503_and_names_nothing() -> None:
    town = Town("session")
    alice = town.client()
    alice.log_in()
    town.auth.sessions.store.close()
    for reply in (alice.get("/balance"), alice.log_in(), alice.post("/logout")):
        assert reply.status_code == 503
        assert "memory" not in reply.text


def test_a_handle_opens_nothing() -> None:
    town = Town("session")
    alice, thief = town.client(), town.client()
    alice.log_in()
    (hers,) = alice.get("/sessions").json()["sessions"]
    thief.session.cookies.set("__Host-sid", hers["handle"], domain="bank.test", secure=True)
    assert thief.get("/balance").status_code == 401


def test_the_id_changes_at_login_and_what_was_kept_stays() -> None:
    town = Town("session")
    alice = town.client()
    alice.get("/")
    before = alice.session.cookies["__Host-sid"]
    visit = town.auth.sessions.load(before)
    visit.data["basket"] = "a chequebook"
    town.auth.sessions.save(visit)
    alice.log_in()
    after = alice.session.cookies["__Host-sid"]
    assert before != after
    assert town.auth.sessions.load(before) is None
    assert town.auth.sessions.load(after).data["basket"] == "a chequebook"


def test_another_user_at_the_same_browser_inherits_nothing() -> None:
    town = Town("session")
    client = town.client()
    client.log_in()
    session = town.auth.sessions.load(client.session.cookies["__Host-sid"])
    session.data["note"] = "Alice's own"
    town.auth.sessions.save(session)
    client.log_in("bob")
    (his,) = town.auth.sessions.of_user("bob")
    assert "note" not in his.data
    assert town.auth.sessions.of_user("alice") == []


@pytest.mark.parametrize("way", ["session", "cookie"])
def test_what_the_cookie_says(way: str) -> None:
    town = Town(way)
    header = town.client().log_in().headers["Set-Cookie"]
    name = {"session": "__Host-sid", "cookie": "__Host-token"}[way]
    assert header.startswith(name + "=")
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert f"; {part}" in header
    assert "Domain" not in header
    plain = Town(way, cookie="c", secure=False, httponly=False, samesite=None)
    header = plain.client().log_in().headers["Set-Cookie"]
    assert [part.strip() for part in header.split(";")][1:] == ["Path=/"]


def test_the_session_stays_with_the_browser_it_was_bound_to() -> None:
    for bind, agent, address, status in (
        ((), "Other/1.0", "203.0.113.9", 200),
        (("agent",), "Other/1.0", "192.0.2.10", 401),
        (("agent",), "Mine/1.0", "203.0.113.9", 200),
        (("address",), "Mine/1.0", "203.0.113.9", 401),
    ):
        town = Town("session", bind=bind)
        alice = town.client(agent="Mine/1.0", address="192.0.2.10")
        alice.log_in()
        copy = town.client(agent=agent, address=address)
        copy.session.cookies.update(alice.session.cookies)
        assert copy.get("/balance").status_code == status, bind


# -- several servers --------------------------------------------------------------------------


def two_servers(make: Callable[[], Any]) -> list[int]:
    """Log in once behind a load balancer of two servers; return what four requests answered."""
    accounts = Accounts(method=QUICK)
    network = Network()
    network.host(HOME, load_balancer([make_bank(make(), accounts=accounts) for _ in range(2)]))
    alice = Client(network.session())
    assert alice.log_in().headers["X-Served-By"] == "1"
    replies = [alice.get("/balance") for _ in range(4)]
    assert [reply.headers["X-Served-By"] for reply in replies] == ["2", "1", "2", "1"]
    return [reply.status_code for reply in replies]


def test_memory_of_its_own_fails_on_two_servers() -> None:
    assert two_servers(lambda: SessionAuth(Sessions(open_store("memory://")))) == [401, 200] * 2


def test_a_shared_store_works_on_two_servers() -> None:
    store = open_store("fakeredis://")
    assert two_servers(lambda: SessionAuth(Sessions(store))) == [200] * 4


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256", "EdDSA"])
def test_a_token_needs_the_key_and_nothing_else(alg: str) -> None:
    key = generate_key(alg)
    assert two_servers(lambda: TokenAuth(key)) == [200] * 4


def test_a_public_key_checks_and_does_not_sign() -> None:
    key = generate_key("ES256")
    network = Network()
    network.host(HOME, make_bank(TokenAuth(key)))
    network.host("https://desk.test", make_bank(TokenAuth(key.to_jwk())))
    client = Client(network.session())
    client.log_in()
    client.home = "https://desk.test"
    assert client.get("/balance").status_code == 200
    assert client.log_in().status_code == 403


@pytest.mark.parametrize("key", [b"short", {"keys": []}, "text", None])
def test_a_key_that_does_not_fit_is_refused(key: object) -> None:
    with pytest.raises(ValueError, match=r"key|secret"):
        TokenAuth(key)


def test_a_balancer_needs_a_server() -> None:
    with pytest.raises(ValueError, match="no apps"):
        load_balancer([])


# -- the same code over the network of the lab and over a socket --------------------------------


def errand(session: requests.Session, home: str) -> list[Any]:
    """A learner's own code: it does not know what carries it."""
    client = Client(session, home)
    found: list[Any] = [client.get("/balance").json(), client.log_in("bob").status_code]
    found += [client.get("/balance").json(), client.post("/transfer", to="carol", amount=7).json()]
    found += [client.post("/transfer", to="carol", amount=-1).json()]
    found += [len(client.get("/sessions").json()["sessions"]), client.post("/logout").json()]
    return json.loads(json.dumps(found))


@pytest.mark.parametrize("way", list(WAYS))
def test_the_same_code_in_process_and_over_a_socket(way: str) -> None:
    # Over http, requests sends no Secure cookie, not even to loopback.
    options = {"secure": False} if way == "header" else {"secure": False, "cookie": "sid"}
    inside = Town(way, **options)
    over_network = errand(inside.network.session(), HOME)
    with serve(Town(way, **options).bank) as server, requests.Session() as session:
        session.trust_env = False
        assert errand(session, server.url) == over_network
    assert over_network[2] == {"user": "bob", "balance": 1000}
