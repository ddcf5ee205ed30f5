"""A bank with refresh tokens: how they travel, what ends them, what a browser does by itself."""

from typing import Any

import pytest
import requests
from flask import Flask

from authlab.bank import PASSWORDS, Accounts, Customer, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import RefreshTokens
from authlab.revocation.status_list import StatusListStrategy
from authlab.revocation.strategy import ExpiryOnly
from authlab.revocation.tokens import Denylist, KeyPerUser, NotBefore
from authlab.sessions import Sessions, open_store
from authlab.web import Browser, Network

HOME = "https://bank.test"
START = 1_800_000_000
DAY = 86_400
CARRIES = ("header", "cookie")
KEY = generate_key("HS256")


class Lab:
    """A bank with refresh tokens on a clock, and Alice at her browser."""

    def __init__(self, carry: Any = "header", revocation: Any = None, **options: Any) -> None:
        self.clock = Clock(START)
        self.network = Network()
        self.store = open_store("memory://", self.clock)
        self.tokens = RefreshTokens(self.store, ttl=DAY, **options)
        strategy = revocation(self.store) if revocation else None
        key = generate_key("HS256") if revocation else KEY
        self.auth = TokenAuth(key, carry=carry, refresh=self.tokens, revocation=strategy)
        accounts = Accounts(method="scrypt:1024:8:1")
        self.bank: Flask = make_bank(self.auth, network=self.network, accounts=accounts)
        self.alice = self.come("alice")

    def come(self, name: str = "alice") -> Customer:
        customer = Customer(name, Browser(self.network, self.clock))
        customer.open()
        assert customer.log_in().status == 200
        return customer

    def held(self, customer: Customer) -> str:
        """The refresh token in a browser."""
        if kept := customer.browser.storage(HOME).local.get("refresh_token"):
            return kept
        return next(each.value for each in customer.browser.jar if "refresh" in each.name)

    def show(self, customer: Customer) -> dict[str, str]:
        """All that a browser would send to /refresh by itself."""
        cookies = customer.browser.jar.cookies_for(HOME + "/refresh")
        return {"Cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies)}

    def refresh(self, token: str, cookies: dict[str, str]) -> requests.Response:
        return self.network.session().post(
            HOME + "/refresh", json={"refresh_token": token}, headers=cookies
        )


@pytest.fixture(params=CARRIES)
def lab(request: pytest.FixtureRequest) -> Lab:
    return Lab(request.param)


def test_a_browser_goes_on_by_itself(lab: Lab) -> None:
    for _ in range(3):
        lab.clock.advance(301)
        before = lab.held(lab.alice)
        assert lab.alice.transfer("bob", 1).status == 200
        assert lab.held(lab.alice) != before
    assert lab.alice.balance().json()["balance"] == 997


def test_a_used_one_ends_it(lab: Lab) -> None:
    copy, cookies = lab.held(lab.alice), lab.show(lab.alice)
    assert lab.alice.refresh().status == 200
    reply = lab.refresh(copy, cookies)
    assert reply.status_code == 401
    assert "Log in again" in reply.json()["error"]
    assert lab.alice.balance().status == 200, "the access token lives on"
    lab.clock.advance(301)
    assert lab.alice.balance().status == 401
    assert lab.alice.log_in().status == 200


def test_log_out_ends_the_family(lab: Lab) -> None:
    copy, cookies = lab.held(lab.alice), lab.show(lab.alice)
    assert lab.alice.log_out().json() == {"still_works_for": 300}
    assert lab.refresh(copy, cookies).status_code == 401
    assert lab.tokens.family(copy).over == "revoked"
    assert not lab.alice.browser.jar.cookies_for(HOME + "/refresh")
    assert lab.alice.balance().status == 401


def test_log_out_with_an_old_access_token_refreshes_first(lab: Lab) -> None:
    copy = lab.held(lab.alice)
    lab.clock.advance(301)
    assert lab.alice.log_out().status == 200
    assert lab.tokens.family(copy).over == "revoked"


def test_log_out_everywhere(lab: Lab) -> None:
    phone = lab.come()
    reply = lab.alice.call("/logout-everywhere", {"password": PASSWORDS["alice"]})
    assert reply.json() == {"still_works_for": 300}
    lab.clock.advance(301)
    assert [lab.alice.balance().status, phone.balance().status] == [401, 401]


def test_a_new_password_keeps_the_one_who_asked(lab: Lab) -> None:
    phone, bob = lab.come(), lab.come("bob")
    order = {"old": PASSWORDS["alice"], "new": "daffodils-in-march"}
    reply = lab.alice.call("/password", order)
    assert reply.status == 200
    lab.alice._keep(reply)
    lab.clock.advance(301)
    assert [each.balance().status for each in (lab.alice, phone, bob)] == [200, 401, 200]


@pytest.mark.parametrize("revocation", [Denylist, NotBefore, KeyPerUser, ExpiryOnly])
@pytest.mark.parametrize("carry", CARRIES)
def test_beside_a_strategy(carry: str, revocation: Any) -> None:
    lab = Lab(carry, revocation)
    for _ in range(2):
        lab.clock.advance(200)
        assert lab.alice.balance().status == 200
    copy, cookies = lab.held(lab.alice), lab.show(lab.alice)
    rest = lab.alice.log_out().json()["still_works_for"]
    assert (rest == 0) == (revocation is not ExpiryOnly)
    assert lab.refresh(copy, cookies).status_code == 401


@pytest.mark.parametrize("grace", [0, 10])
@pytest.mark.parametrize("revocation", [None, Denylist, StatusListStrategy, NotBefore, KeyPerUser])
@pytest.mark.parametrize("by_the_first", [False, True])
def test_log_out_says_how_long_the_log_in_s_other_access_tokens_live(
    revocation: Any, grace: float, by_the_first: bool
) -> None:
    lab = Lab("header", revocation, grace=grace)
    kept = lab.alice.browser.storage(HOME).local
    tokens = [kept["token"]]
    lab.clock.advance(100)
    assert lab.alice.refresh().status == 200
    tokens.append(kept["token"])
    lab.clock.advance(50)
    if by_the_first:
        kept["token"] = tokens[0]
    rest = lab.alice.log_out().json()["still_works_for"]
    lab.clock.advance(rest)
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
    session = lab.network.session()
    assert [session.get(HOME + "/balance", headers=each).status_code for each in headers] == [
        401
    ] * 2
    if revocation in (NotBefore, KeyPerUser):
        assert rest == 0
    elif grace == 0 and revocation is Denylist:
        assert rest == (250 if by_the_first else 150)


def test_a_cut_during_a_renewal_also_ends_its_access_token() -> None:
    lab = Lab("header", NotBefore)
    issue = lab.auth.issue

    def issue_and_cut(user: str, family: str | None = None) -> str:
        token = issue(user, family)
        lab.auth.log_out_everywhere(None, None, user, keep=True)  # type: ignore[arg-type]
        return token

    lab.auth.log_in = lambda *_: {}  # type: ignore[method-assign]
    lab.auth.issue = issue_and_cut  # type: ignore[method-assign]
    assert lab.alice.refresh().status == 401


@pytest.mark.parametrize("what", ["", "x", None, 7, [], {}, "A" * 24 + "." + "A" * 48, "\ud800"])
def test_no_good_one(what: Any) -> None:
    lab = Lab()
    reply = lab.network.session().post(HOME + "/refresh", json={"refresh_token": what})
    assert reply.status_code in (400, 401)
    assert lab.network.session().post(HOME + "/refresh").status_code == 400
    cookie = Lab("cookie")
    session = cookie.network.session()
    for headers in ({}, {"Cookie": "__Secure-refresh=x"}, {"Cookie": "__Host-token=a.b.c"}):
        assert session.post(HOME + "/refresh", headers=headers).status_code == 401


def test_one_kind_is_not_the_other() -> None:
    lab = Lab()
    refresh, access = lab.held(lab.alice), lab.alice.browser.storage(HOME).local["token"]
    session = lab.network.session()
    as_access = {"Authorization": f"Bearer {refresh}"}
    assert session.get(HOME + "/balance", headers=as_access).status_code == 401
    assert lab.refresh(access, {}).status_code == 401
    assert lab.alice.refresh().status == 200


@pytest.mark.parametrize("auth", [
    SessionAuth(Sessions(open_store("memory://"))), TokenAuth(KEY), TokenAuth(KEY, carry="cookie"),
])  # fmt: skip
def test_a_bank_without_them_says_so(auth: Any) -> None:
    network = Network()
    make_bank(auth, network=network)
    reply = network.session().post(HOME + "/refresh", json={"refresh_token": "x"})
    assert (reply.status_code, reply.json()) == (404, {"error": "This bank has no refresh tokens."})


def test_a_server_that_cannot_sign_does_not_renew() -> None:
    key = generate_key("ES256")
    network, tokens = Network(), RefreshTokens(open_store("memory://"), ttl=DAY)
    make_bank(TokenAuth(key.to_jwk(private=False), refresh=tokens), network=network)
    token = tokens.issue("alice")
    reply = network.session().post(HOME + "/refresh", json={"refresh_token": token})
    assert reply.status_code == 403
    assert tokens.exchange(token)


def test_when_the_store_is_down() -> None:
    lab = Lab()
    lab.store.close()
    assert lab.alice.balance().status == 200
    assert lab.alice.log_out().status == 503, "a log-out that did not happen is told"
    assert lab.refresh("A" * 24 + "." + "A" * 48, {}).status_code == 503


# -- the cookie -----------------------------------------------------------------------------------


def test_the_cookie_goes_to_one_place_and_no_script_sees_it() -> None:
    lab = Lab("cookie")
    jar = lab.alice.browser.jar
    [cookie] = [cookie for cookie in jar if "refresh" in cookie.name]
    assert (cookie.name, cookie.path, cookie.secure, cookie.httponly, cookie.samesite) == (
        "__Secure-refresh", "/refresh", True, True, "Strict",
    )  # fmt: skip
    for path in ("/", "/balance", "/login", "/logout"):
        assert "refresh" not in str([each.name for each in jar.cookies_for(HOME + path)])
    page = lab.alice.page
    assert page is not None
    window = lab.alice.browser.run_script(page, lambda window: window)
    assert window.document_cookie == ""
    assert "refresh_token" not in window.local_storage


def test_another_site_cannot_renew() -> None:
    lab = Lab("cookie")
    lab.network.host("https://evil.test", lab.bank)
    before = lab.held(lab.alice)
    page = lab.alice.browser.goto("https://evil.test/")
    assert lab.alice.browser.submit(HOME + "/refresh", {}, from_page=page).status == 401
    assert lab.held(lab.alice) == before
    lab.alice.page = None
    assert lab.alice.refresh().status == 200


def test_a_neighbour_plants_nothing() -> None:
    """Mallory's refresh cookie, set for bank.test by a neighbour, makes nobody go on as Mallory."""
    lab = Lab("cookie")
    mallory = lab.come("mallory")
    planted = lab.held(mallory)
    alice = Customer("alice", Browser(lab.network, lab.clock))
    cookie = f"__Secure-refresh={planted}; Domain=bank.test; Path=/refresh; Secure"
    alice.browser.keep_cookie(cookie, "https://shop.bank.test/")
    alice.open()
    alice.log_in()
    assert len(alice.browser.jar.cookies_for(HOME + "/refresh")) == 3
    lab.clock.advance(301)
    assert alice.balance().json()["user"] == "alice"
    assert lab.tokens.exchange(planted), "and Mallory's own was not touched"


def test_without_https_the_cookie_has_a_name_a_browser_keeps() -> None:
    tokens = RefreshTokens(open_store("memory://"), ttl=DAY)
    network, clock = Network(), Clock()
    auth = TokenAuth(KEY, carry="cookie", refresh=tokens, cookie="token", secure=False)
    make_bank(auth, network=network)
    alice = Customer("alice", Browser(network, clock), bank="http://bank.test")
    alice.log_in()
    assert alice.refresh().status == 200
