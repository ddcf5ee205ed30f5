"""The forgotten password: one link, one password, nobody logged in by it, nobody told too much."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from authlab.bank import PASSWORDS, Accounts, Factor, Reset, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import BoundTokens, OneTimeTokens
from authlab.sessions import Sessions, StoreUnavailable, open_store
from authlab.web import Network
from tests.bank.test_story import HOME, QUICK, WAYS, Client

NEW = "a-new-password"


class Town:
    """A bank with reset links and a second factor for bob."""

    def __init__(self, way: str = "session", kind: str = "stored", **options: Any) -> None:
        self.clock = Clock(1_800_000_000)
        self.store = open_store("memory://", self.clock)
        stored = OneTimeTokens(self.store)
        tokens = stored if kind == "stored" else BoundTokens(b"k" * 32, self.clock)
        self.reset = Reset(tokens, store=self.store, **options)
        self.factor = Factor(self.store, users={"bob"})
        self.accounts = Accounts(method=QUICK)
        self.network = Network()
        self.auth: Any = (
            SessionAuth(Sessions(self.store)) if way == "session" else WAYS[way](self.clock)
        )
        self.bank = make_bank(
            self.auth,
            network=self.network,
            accounts=self.accounts,
            reset=self.reset,
            factor=self.factor,
        )

    def client(self) -> Client:
        return Client(self.network.session())

    def ask(self, user: str = "alice") -> str:
        assert self.client().post("/reset", user=user).status_code == 200
        return token_of(self.reset.mailbox.last_link(user))


def token_of(link: str) -> str:
    return re.split("#|=", link)[-1]


@pytest.fixture(params=["stored", "bound"])
def town(request: pytest.FixtureRequest) -> Town:
    return Town(kind=request.param)


def test_a_link_sets_a_password_once(town: Town) -> None:
    link = town.ask()
    client = town.client()
    reply = client.post("/reset/confirm", token=link, new=NEW)
    assert reply.status_code == 200
    assert client.get("/balance").status_code == 401, "it logs nobody in"
    assert client.log_in().status_code == 403
    assert client.log_in(password=NEW).status_code == 200
    again = client.post("/reset/confirm", token=link, new="another-one")
    assert again.status_code == 403
    assert town.accounts.check_password("alice", NEW)
    told = town.reset.mailbox.of("alice")[-1]
    assert (told.subject, told.link) == ("Your password has changed", "")


def test_one_answer_for_every_link_that_does_not_work(town: Town) -> None:
    client, used, late = town.client(), town.ask(), town.ask()
    client.post("/reset/confirm", token=used, new=NEW)
    other = town.ask("carol")
    town.clock.advance(minutes=10)
    said = {
        client.post("/reset/confirm", token=token, new=NEW).text
        for token in (used, late, other, "garbage", "a.b.c", "é\0" * 50)
    }
    assert len(said) == 1


@pytest.mark.parametrize("new", ["short", "x" * 129])
def test_a_password_that_is_none_costs_nobody_the_link(town: Town, new: str) -> None:
    token = town.ask()
    assert town.client().post("/reset/confirm", token=token, new=new).status_code == 400
    assert town.client().post("/reset/confirm", token=token, new=NEW).status_code == 200


def test_a_changed_password_kills_every_link(town: Town) -> None:
    token, client = town.ask(), town.client()
    client.log_in()
    assert client.post("/password", old=PASSWORDS["alice"], new=NEW).status_code == 200
    assert client.post("/reset/confirm", token=token, new="another-one").status_code == 403


def test_of_two_links_at_once_one_wins(town: Town) -> None:
    """Two links, both bound to the same password: the password is swapped once."""
    tokens = [town.ask() for _ in range(3)] * 4
    start = threading.Barrier(len(tokens))

    def press(number: int) -> int:
        client = town.client()
        start.wait()
        reply = client.post("/reset/confirm", token=tokens[number], new=f"new-password-{number}")
        return int(reply.status_code)

    with ThreadPoolExecutor(len(tokens)) as pool:
        statuses = list(pool.map(press, range(len(tokens))))
    assert sorted(set(statuses)) == [200, 403]
    assert statuses.count(200) == 1
    assert town.accounts.check_password("alice", f"new-password-{statuses.index(200)}")


def test_opening_the_link_uses_nothing_and_tells_nobody(town: Town) -> None:
    link = town.ask() and town.reset.mailbox.last_link("alice")
    assert link.startswith("https://bank.test/reset/confirm#")
    for _ in range(3):
        page = town.network.session().get(link)
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        assert 'src="http' not in page.text
    assert town.client().post("/reset/confirm", token=token_of(link), new=NEW).status_code == 200


def test_the_link_leads_to_the_bank_whatever_host_is_asked(town: Town) -> None:
    for headers in ({"Host": "evil.test"}, {"X-Forwarded-Host": "evil.test"}):
        town.network.session().post(HOME + "/reset", json={"user": "alice"}, headers=headers)
        assert "evil" not in town.reset.mailbox.last_link("alice")


def test_a_stranger_learns_nothing_about_who_is_a_customer(town: Town) -> None:
    client = town.client()
    replies = [client.post("/reset", user=u) for u in ("alice", "zoe", "x" * 9_000, "\0", "alice")]
    assert len({(r.status_code, r.text, str(sorted(r.headers))) for r in replies}) == 1
    for _ in range(5):  # not by the limit either
        replies += [client.post("/reset", user=user) for user in ("alice", "zoe")]
    assert len({(r.status_code, r.text) for r in replies}) == 1
    assert len([mail for mail in town.reset.mailbox.of("alice") if mail.link]) == 3


def test_a_stranger_is_the_same_work() -> None:
    from authlab.sessions import Metered

    town = Town()
    metered = Metered(town.store)
    reset = Reset(OneTimeTokens(metered), store=metered)
    costs = []
    for user in ("alice", "zoe"):
        before = (metered.reads, metered.writes)
        reset.ask(user, town.accounts, "bank.test")
        costs.append((metered.reads - before[0], metered.writes - before[1]))
    assert costs[0] == costs[1]


def test_three_mails_an_hour(town: Town) -> None:
    for _ in range(10):
        town.ask()
    assert len(town.reset.mailbox.of("alice")) == 3
    town.ask("bob")
    assert len(town.reset.mailbox.of("bob")) == 1
    town.clock.advance(hours=1)
    town.ask()
    assert len(town.reset.mailbox.of("alice")) == 4


def test_twenty_guesses_in_ten_minutes(town: Town) -> None:
    token, client = town.ask(), town.client()
    for _ in range(20):
        assert client.post("/reset/confirm", token="guess", new=NEW).status_code == 403
    assert client.post("/reset/confirm", token=token, new=NEW).status_code == 429
    elsewhere = Client(town.network.session(address="198.51.100.7"))
    assert elsewhere.post("/reset/confirm", token=token, new=NEW).status_code == 200


def test_guesses_by_opening_count_too() -> None:
    town = Town(where="query", get_redeems=True)
    client = town.client()
    statuses = [client.get(f"/reset/confirm?token={n}").status_code for n in range(21)]
    assert statuses == [403] * 20 + [429]


def test_the_right_link_is_no_guess() -> None:
    town = Town(mails=None)
    for turn in range(25):
        reply = town.client().post("/reset/confirm", token=town.ask(), new=f"{NEW}-{turn}")
        assert reply.status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_it_ends_every_log_in_or_says_how_long_one_lives(way: str) -> None:
    town = Town(way)
    before = town.client()
    before.log_in()
    reply = town.client().post("/reset/confirm", token=town.ask(), new=NEW).json()
    if way == "session":
        assert (reply["ended"], reply["still_works_for"]) == (1, 0)
        assert before.get("/balance").status_code == 401
    else:
        assert reply["still_works_for"] == 300
        assert before.get("/balance").status_code == 200, "nothing takes this token back"


def test_it_ends_tokens_where_the_bank_takes_them_back() -> None:
    from authlab.revocation import NotBefore

    clock = Clock(1_800_000_000)
    store = open_store("memory://", clock)
    key = generate_key("HS256")
    network, reset = Network(), Reset(OneTimeTokens(store))
    auth = TokenAuth(key, clock=clock, revocation=NotBefore(store, clock))
    make_bank(auth, network=network, accounts=Accounts(method=QUICK), reset=reset)
    alice = Client(network.session())
    alice.log_in()
    Client(network.session()).post("/reset", user="alice")
    token = token_of(reset.mailbox.last_link("alice"))
    reply = Client(network.session()).post("/reset/confirm", token=token, new=NEW).json()
    assert reply["still_works_for"] == 0
    assert alice.get("/balance").status_code == 401
    assert alice.log_in(password=NEW).status_code == 200


def test_a_reset_while_the_log_ins_cannot_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town()
    token = town.ask()

    def fail(*_: object, **__: object) -> Any:
        raise StoreUnavailable("redis", "gone")

    monkeypatch.setattr(town.auth, "log_out_everywhere", fail)
    reply = town.client().post("/reset/confirm", token=token, new=NEW)
    assert reply.status_code == 503
    assert "could not be ended" in reply.json()["error"]
    assert town.accounts.check_password("alice", NEW)


def test_a_new_password_while_the_log_ins_cannot_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town()
    alice = town.client()
    alice.log_in()

    def fail(*_: object, **__: object) -> Any:
        raise StoreUnavailable("redis", "gone")

    monkeypatch.setattr(town.auth, "log_out_everywhere", fail)
    reply = alice.post("/password", old=PASSWORDS["alice"], new=NEW)
    assert reply.status_code == 503
    assert "could not be ended" in reply.json()["error"]
    assert town.accounts.check_password("alice", NEW)


def test_a_link_is_not_lost_with_the_count(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    token = town.ask()

    def fail(*_: object) -> Any:
        raise StoreUnavailable("redis", "gone")

    monkeypatch.setattr(town.reset.guesses, "give_back", fail)
    assert town.client().post("/reset/confirm", token=token, new=NEW).status_code == 200


def test_who_knows_the_old_password_does_not_change_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town = Town()
    mallory = town.client()
    mallory.log_in()
    token, check = town.ask(), town.accounts.check_new

    def reset_meanwhile(password: str) -> None:
        monkeypatch.setattr(town.accounts, "check_new", check)
        assert town.client().post("/reset/confirm", token=token, new=NEW).status_code == 200
        check(password)

    monkeypatch.setattr(town.accounts, "check_new", reset_meanwhile)
    reply = mallory.post("/password", old=PASSWORDS["alice"], new="mallory-has-it-now")
    assert reply.status_code == 403
    assert town.accounts.check_password("alice", NEW)
    assert mallory.get("/balance").status_code == 401


def test_a_store_that_is_down_is_told() -> None:
    town = Town()
    token = town.ask()
    town.store.close()
    assert town.client().post("/reset", user="alice").status_code == 503
    assert town.client().post("/reset/confirm", token=token, new=NEW).status_code == 503
    assert town.accounts.check_password("alice", PASSWORDS["alice"])


@pytest.mark.parametrize("data", [{}, {"token": 5, "new": NEW}, {"token": "x", "new": None}])
def test_requests_that_say_nothing(town: Town, data: dict[str, Any]) -> None:
    assert town.client().post("/reset/confirm", **data).status_code == 400
    assert town.client().post("/reset", **data).status_code == 400


def test_a_bank_without_links_has_no_such_page() -> None:
    network = Network()
    make_bank(SessionAuth(Sessions(open_store("memory://"))), network=network)
    client = Client(network.session())
    assert client.post("/reset", user="alice").status_code == 404
    assert client.get("/reset/confirm").status_code == 404
    page = network.session().get(HOME, headers={"Accept": "text/html"}).text
    assert "Forgot" not in page
    town = Town()
    page = town.network.session().get(HOME, headers={"Accept": "text/html"}).text
    assert "Forgot your password?" in page


@pytest.mark.parametrize(
    "options", [{"where": "header"}, {"get_redeems": True}], ids=["where", "get"]
)
def test_options_that_make_no_sense(options: Any) -> None:
    with pytest.raises(ValueError, match="query"):
        Reset(OneTimeTokens(open_store("memory://")), **options)
    with pytest.raises(ValueError, match="bound is False"):
        Reset(BoundTokens(b"k" * 32), bound=False)


# -- the second factor -------------------------------------------------------------------------


def begin(town: Town, password: str = PASSWORDS["bob"]) -> tuple[str, str]:
    reply = town.client().post("/login", user="bob", password=password)
    assert reply.status_code == 202
    assert "Set-Cookie" not in reply.headers
    code = re.findall(r"\d{6}", town.factor.phone.of("bob")[-1].text)[0]
    return reply.json()["factor"], code


def finish(town: Town, factor: str, code: str) -> int:
    client = town.client()
    reply = client.post("/login/code", factor=factor, code=code)
    if reply.status_code == 200:
        assert client.get("/balance").json()["user"] == "bob"
    return int(reply.status_code)


def test_a_code_is_asked_for_and_works_once() -> None:
    town = Town()
    factor, code = begin(town)
    assert finish(town, factor, code) == 200
    assert finish(town, factor, code) == 403
    assert town.client().log_in("alice").status_code == 200, "who needs none is asked for none"


def test_a_code_belongs_to_its_log_in() -> None:
    town = Town()
    first, second = begin(town), begin(town)
    if first[1] != second[1]:
        assert finish(town, first[0], second[1]) == 403
    assert finish(town, *second) == 200


def test_a_code_lives_ten_minutes() -> None:
    town = Town()
    factor, code = begin(town)
    town.clock.advance(minutes=10)
    assert finish(town, factor, code) == 403


def test_five_guesses_a_code_and_ten_codes_an_hour() -> None:
    town = Town()
    factor, code = begin(town)
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        assert finish(town, factor, wrong) == 403
    assert finish(town, factor, code) == 403
    for _ in range(9):
        begin(town)
    reply = town.client().post("/login", user="bob", password=PASSWORDS["bob"])
    assert reply.status_code == 429
    town.clock.advance(hours=1)
    assert finish(town, *begin(town)) == 200


def test_guesses_at_the_same_moment_are_counted() -> None:
    town = Town()
    factor, code = begin(town)
    start = threading.Barrier(40)

    def guess(number: int) -> int:
        start.wait()
        return finish(town, factor, code if number >= 20 else "wrong")

    with ThreadPoolExecutor(40) as pool:
        assert list(pool.map(guess, range(40))).count(200) <= 1


def test_a_reset_does_not_skip_it_and_ends_a_log_in_half_done() -> None:
    town = Town()
    half = begin(town)
    reply = town.client().post("/reset/confirm", token=town.ask("bob"), new=NEW)
    assert "access_token" not in reply.json()
    assert finish(town, *half) == 403, "it began with the old password"
    assert finish(town, *begin(town, NEW)) == 200


def test_no_code_lies_in_the_store() -> None:
    town = Town()
    factor, code = begin(town)
    held = b"".join(key.encode() + (town.store.get(key) or b"") for key in list(town.store.keys()))
    assert factor.encode() not in held
    assert f'"{code}"'.encode() not in held


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"user": "bob"}', b"[" * 9_999])
def test_what_somebody_else_wrote_logs_nobody_in(raw: bytes) -> None:
    town = Town()
    factor, code = begin(town)
    [key] = town.store.keys("code:")
    town.store.set(key, raw, 60)
    assert finish(town, factor, code) == 403
    [key] = list(town.store.keys("limit:codes"))
    town.store.set(key, raw, 60)
    assert finish(town, *begin(town)) == 200
