"""A bank that takes tokens back: each strategy behind TokenAuth, through PyJWT and HTTP."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from authlab.bank import PASSWORDS, Accounts, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation.errors import InvalidArgument
from authlab.revocation.introspection import Introspection
from authlab.revocation.pushed import BloomDenylist
from authlab.revocation.session import ServerSession
from authlab.revocation.status_list import StatusListStrategy
from authlab.revocation.strategy import ExpiryOnly, Strategy
from authlab.revocation.tokens import Denylist, KeyPerUser, NotBefore
from authlab.sessions import Store, StoreUnavailable, open_store
from authlab.web import Network
from tests.bank.test_story import QUICK, Client

KEY = generate_key("HS256", random=lambda count: bytes(range(count)))
START = 1_800_000_000
TYP = {"typ": "JWT"}
MAKE: dict[str, Callable[..., Strategy]] = {
    "Denylist": Denylist,
    "NotBefore": NotBefore,
    "KeyPerUser": KeyPerUser,
    "BloomDenylist": BloomDenylist,
    "StatusList": StatusListStrategy,
    "Introspection": Introspection,
}
PUSHED = ("BloomDenylist", "StatusList")
WHOLE_USER = ("NotBefore", "KeyPerUser")  # they cannot end one token alone


class Bank:
    """A bank with one strategy, and its customers."""

    def __init__(self, name: str, carry: Any = "header", **options: Any) -> None:
        self.clock = Clock(START)
        self.store = open_store("memory://", self.clock)
        own = {"key": KEY} if name == "Introspection" else {}  # the issuer checks, too
        self.revocation = MAKE[name](self.store, **own, **options)
        self.late = 60 if name in PUSHED else 0  # seconds to the next push
        self.auth = TokenAuth(KEY, carry=carry, revocation=self.revocation)
        self.network = Network()
        make_bank(self.auth, network=self.network, accounts=Accounts(method=QUICK))

    def wait(self) -> None:
        self.clock.advance(seconds=self.late)

    def customer(self, user: str = "alice", **options: Any) -> Client:
        client = Client(self.network.session(**options))
        assert client.log_in(user).status_code == 200
        return client

    def copy_of(self, client: Client) -> Client:
        thief = Client(self.network.session())
        thief.session.headers.update(client.session.headers)
        thief.session.cookies.update(client.session.cookies)
        return thief


@pytest.fixture(params=list(MAKE))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("carry", ["header", "cookie"])
def test_a_copy_dies_at_log_out(name: str, carry: str) -> None:
    bank = Bank(name, carry)
    alice, phone, bob = bank.customer(), bank.customer(), bank.customer("bob")
    thief = bank.copy_of(alice)
    assert thief.get("/balance").status_code == 200
    assert alice.post("/logout").json() == {"still_works_for": bank.late}
    assert thief.get("/balance").status_code == (200 if bank.late else 401)
    bank.wait()
    assert thief.get("/balance").status_code == 401
    assert phone.get("/balance").status_code == (401 if name in WHOLE_USER else 200)
    assert bob.get("/balance").status_code == 200
    assert bank.customer().get("/balance").status_code == 200  # at the same moment


@pytest.mark.parametrize("carry", ["header", "cookie"])
def test_all_of_a_user_die_together(name: str, carry: str) -> None:
    bank = Bank(name, carry)
    alice, phone, bob = bank.customer(), bank.customer(), bank.customer("bob")
    reply = alice.post("/logout-everywhere", password=PASSWORDS["alice"])
    assert reply.json() == {"still_works_for": bank.late}
    bank.wait()
    assert [one.get("/balance").status_code for one in (alice, phone, bob)] == [401, 401, 200]
    assert bank.customer().get("/balance").status_code == 200


@pytest.mark.parametrize("carry", ["header", "cookie"])
def test_a_new_password_ends_the_others_and_keeps_the_one_who_asks(name: str, carry: str) -> None:
    bank = Bank(name, carry)
    alice, phone = bank.customer(), bank.customer()
    thief = bank.copy_of(alice)
    reply = alice.post("/password", old=PASSWORDS["alice"], new="roses-in-june").json()
    assert reply["still_works_for"] == bank.late
    bank.wait()
    if carry == "header":
        alice.session.headers["Authorization"] = f"Bearer {reply['access_token']}"
    assert alice.get("/balance").status_code == 200
    assert thief.get("/balance").status_code == 401
    assert phone.get("/balance").status_code == 401


def test_what_takes_nothing_back_says_for_how_long() -> None:
    clock = Clock(START)
    auth = TokenAuth(KEY, revocation=ExpiryOnly(open_store("memory://", clock)))
    network = Network()
    make_bank(auth, network=network, accounts=Accounts(method=QUICK))
    alice = Client(network.session())
    alice.log_in()
    clock.advance(seconds=100.5)
    assert alice.post("/logout").json() == {"still_works_for": 200}  # 199.5, rounded up
    assert alice.get("/balance").status_code == 200
    reply = alice.post("/logout-everywhere", password=PASSWORDS["alice"])
    assert reply.json() == {"ended": 0, "still_works_for": 300}  # the youngest that there may be


class Broken:
    """Makes every call of a store fail."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def __enter__(self) -> None:
        self.store.close()

    def __exit__(self, *_: object) -> None:
        self.store._closed = False


def test_with_the_store_down_a_closed_bank_answers_503(name: str) -> None:
    bank = Bank(name)
    alice = bank.customer()
    assert alice.get("/balance").status_code == 200
    bank.wait()  # the next push does not come
    with Broken(bank.store):
        assert alice.get("/balance").status_code == 503
        assert alice.post("/logout").status_code == 503
    assert alice.get("/balance").status_code == 200  # the log-out that failed ended nothing


def test_an_open_bank_goes_on_and_does_not_pretend_to_log_out() -> None:
    bank = Bank("Denylist", on_outage="open")
    alice = bank.customer()
    with Broken(bank.store):
        assert alice.get("/balance").status_code == 200
        assert alice.post("/logout").status_code == 503
        assert bank.copy_of(alice).get("/balance").status_code == 200


def test_a_token_without_a_strategy_s_claims_is_refused() -> None:
    bank = Bank("NotBefore")
    claims: dict[str, Any] = {
        "iss": bank.auth.issuer,
        "sub": "alice",
        "aud": bank.auth.issuer,
        "iat": START,
        "exp": START + 300,
        "jti": "1",
    }
    secret = KEY.material
    assert bank.auth.read(jwt.encode(claims, secret)) == claims
    for odd in ({"iat": "x"}, {"iat": float("inf")}, {"iat": 10**400}, {"iat": True}, {"iat": []},
                {"sub": "\ud800"}, {"jti": "\ud800"}, {"iss": None}, {"exp": None}, {"sub": 7},
                {"exp": 10**400}, {"jti": 5}):  # fmt: skip
        signed = jwt.PyJWS().encode(json.dumps(claims | odd).encode(), secret, headers=TYP)
        assert bank.auth.read(signed) is None, odd


def test_a_key_per_user_is_found_by_its_name_alone() -> None:
    bank = Bank("KeyPerUser")
    token, other = bank.auth.issue("alice"), bank.auth.issue("bob")
    mine, his = (jwt.get_unverified_header(one)["kid"] for one in (token, other))
    key = bank.revocation.key_of(his)
    assert mine != his
    assert key is not None
    bank.revocation.store.reset()
    assert bank.auth.read(token) is not None
    assert bank.revocation.store.reads == 1  # one look-up, of the key; no other
    claims = jwt.decode(token, options={"verify_signature": False})
    # Bob's key signs for Bob: not for Alice, under whichever name.
    for kid in (mine, his, None, 5, "", "x" * 22, "../" + his, [his], "\ud800"):
        headers = {} if kid is None else {"kid": kid}
        try:
            forged = jwt.encode(claims, key, headers=headers)
        except (TypeError, UnicodeEncodeError, jwt.InvalidTokenError):
            continue
        assert bank.auth.read(forged) is None, kid
    assert bank.auth.read(jwt.encode(claims, KEY.material)) is None  # the bank's key signs nobody
    assert bank.auth.read(jwt.encode(claims, None, algorithm="none", headers={"kid": mine})) is None


@pytest.mark.parametrize("kind", [Denylist, NotBefore, KeyPerUser, BloomDenylist, Introspection])
def test_what_is_kept_outlives_the_bank_s_tokens(kind: Any) -> None:
    clock = Clock(1_800_000_000)
    strategy = kind(open_store("memory://", clock))  # whose own tokens live five minutes
    key = strategy.key if kind is Introspection else KEY
    bank = TokenAuth(key, ttl=3600, revocation=strategy, clock=clock)
    left, closed, alive = bank.issue("alice"), bank.issue("bob"), bank.issue("carol")
    clock.advance(minutes=50)
    strategy.end(bank.read(left))
    strategy.revoke_user("bob")
    clock.advance(minutes=9)
    assert [bank.read(token) is not None for token in (left, closed, alive)] == [False, False, True]


def test_a_store_that_is_down_at_log_in_makes_no_token(name: str) -> None:
    bank = Bank(name)
    with Broken(bank.store), pytest.raises(StoreUnavailable):
        bank.auth.issue("alice")


@pytest.mark.parametrize("strategy", [
    lambda store: ServerSession(store),
    lambda store: Introspection(store),  # with a key of its own
    lambda store: Introspection(store, key=KEY, issuer="https://other.test"),
])  # fmt: skip
def test_what_cannot_check_this_bank_s_tokens_is_refused(strategy: Any) -> None:
    with pytest.raises(InvalidArgument):
        TokenAuth(KEY, revocation=strategy(open_store("memory://")))


def test_a_new_password_at_a_server_that_cannot_sign_ends_them_all() -> None:
    key, store, accounts = generate_key("ES256"), open_store("memory://"), Accounts(method=QUICK)
    public = key.to_jwk(private=False)
    signing, checking = (TokenAuth(one, revocation=NotBefore(store)) for one in (key, public))
    network = Network()
    make_bank(checking, network=network, accounts=accounts)
    alice = Client(network.session())
    alice.session.headers["Authorization"] = f"Bearer {signing.issue('alice')}"
    reply = alice.post("/password", old=PASSWORDS["alice"], new="a-new-password")
    assert (reply.status_code, reply.json()) == (200, {"still_works_for": 0})
    assert accounts.check_password("alice", "a-new-password")
    assert alice.get("/balance").status_code == 401


def test_a_server_whose_clock_is_behind_ends_a_log_in_all_the_same() -> None:
    bank = Bank("NotBefore")
    alice = bank.customer()
    copy = bank.copy_of(alice)
    bank.clock.advance(seconds=-5)
    assert alice.post("/logout").json()["still_works_for"] == 0
    assert copy.get("/balance").status_code == 401
    assert bank.customer().get("/balance").status_code == 200


def test_who_is_logged_in_too_often_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authlab.revocation.per_user._MOST", 3)
    bank = Bank("Denylist")
    for _ in range(3):
        bank.customer()
    client = Client(bank.network.session())
    assert client.log_in().status_code == 429
    assert bank.customer("bob").get("/balance").status_code == 200
