"""The battery ends with a report on any bank: what breaks an attack, or keeps it waiting, too."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request, Response, redirect

from authlab.attacks import CATALOGUE, Report, build_bank, redteam
from authlab.attacks.attack import ON_BANKS
from authlab.attacks.honest import HONEST
from authlab.attacks.report import run_battery
from authlab.bank import Accounts, Auth, SessionAuth, TokenAuth, make_bank
from authlab.jose import generate_key
from authlab.sessions import Sessions, open_store

QUICK = "scrypt:1024:8:1"
THEFTS = [attack for attack in CATALOGUE if attack.target == "bank"]
ON_ANY_BANK = [attack for attack in CATALOGUE if attack.target in ON_BANKS]


class Own(SessionAuth):
    """A learner's own way to log in."""

    def __init__(self) -> None:
        super().__init__(Sessions(open_store("memory://")))


class IdentifyRaises(Own):
    def identify(self, request: Request) -> str | None:
        raise RuntimeError("a bug")


class NoCookie(Own):
    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        return {}


class LogInGivesNothing(Own):
    def log_in(self, request: Request, response: Response, user: str) -> Any:
        return None


class NotJson(Own):
    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        return {"what": object()}


class NoClock(Auth):
    """As bare as can be; without `secure`, which each call then asks for in vain."""

    def identify(self, request: Request) -> str | None:
        return request.cookies.get("user")

    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        response.set_cookie("user", user)
        return {}

    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        return {}

    def log_out_everywhere(self, *_: Any, **__: Any) -> dict[str, Any]:
        return {}

    def list_own(self, request: Request, user: str) -> list[dict[str, Any]]:
        return []

    def end_one(self, request: Request, user: str, handle: str) -> bool:
        return False


def bank_of(auth: Auth) -> Flask:
    return make_bank(auth, accounts=Accounts(method=QUICK))


def raise_always() -> None:
    raise RuntimeError("a bug")


def leave_always() -> None:
    raise SystemExit(3)


def go_round() -> Any:
    return redirect("https://bank.test/")


def go_out() -> Any:
    return redirect("https://example.com/")


def go_to_script() -> Any:
    return redirect("javascript:alert(1)")


def go_nowhere() -> Any:
    return Response(status=302, headers={"Location": "http://[::1"})


def say_text() -> Any:
    return Response("hello")


def say_list() -> Any:
    return Response("[1]")


def say_deep() -> Any:
    return Response("[" * 100_000)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def assert_a_report_of_nothing_that_works(report: Report) -> None:
    assert len(report.outcomes) == len(report.attacks) >= len(THEFTS)
    assert not report.clean
    assert {visit.who for visit in report.refused} == set(HONEST)
    assert all(outcome.why.strip() for outcome in report.outcomes)
    assert str(report)
    assert report._repr_html_()


@pytest.mark.parametrize("auth", [IdentifyRaises, NoCookie, LogInGivesNothing, NotJson, NoClock])
def test_a_way_to_log_in_with_a_bug(auth: type[Auth]) -> None:
    assert_a_report_of_nothing_that_works(redteam(bank_of(auth())))


@pytest.mark.parametrize("way", ["session", "token"])
@pytest.mark.parametrize(
    "answer",
    [
        raise_always,
        leave_always,
        go_round,
        go_out,
        go_to_script,
        go_nowhere,
        say_text,
        say_list,
        say_deep,
    ],
)
def test_a_bank_that_answers_nonsense(answer: Callable[[], Any], way: str) -> None:
    bank = bank_of(Own() if way == "session" else TokenAuth(generate_key("HS256")))
    bank.before_request(answer)
    assert_a_report_of_nothing_that_works(redteam(bank))


def test_a_bank_that_never_answers() -> None:
    bank, free = bank_of(Own()), threading.Event()

    @bank.before_request
    def wait() -> None:
        free.wait()

    before = set(threading.enumerate())
    try:
        report = run_battery(bank, THEFTS, patience=0.2)
        assert_a_report_of_nothing_that_works(report)
        assert {outcome.why for outcome in report.outcomes} == {"The bank did not answer in time."}
    finally:
        free.set()
        for thread in set(threading.enumerate()) - before:
            thread.join()


def test_an_own_way_that_works_is_judged_as_any_other() -> None:
    auth = NoClock()
    auth.secure = False
    report = redteam(bank_of(auth))
    assert {"sniff", "inject", "ride", "replay", "outlive"} <= {one.attack for one in report.stolen}
    assert report.refused == []


def test_thefts_are_found_however_often_they_are_run() -> None:
    bank = build_bank()
    accounts = bank.extensions["accounts"]
    accounts.transfer("alice", "mallory", 1_000)
    assert len(redteam(bank, honest=False).stolen) == len(THEFTS)


def test_honest_customers_never_run_dry() -> None:
    bank = build_bank()
    redteam(bank)
    accounts = bank.extensions["accounts"]
    assert [accounts.balance(who) for who in HONEST] == [1_000] * len(HONEST)


def test_two_batteries_at_once() -> None:
    bank = build_bank()
    reports: list[Report] = []
    threads = [threading.Thread(target=lambda: reports.append(redteam(bank))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.refused for report in reports] == [[], []]
    accounts = bank.extensions["accounts"]
    everybody = ("alice", "bob", "carol", "dave", "mallory")
    assert sum(accounts.balance(who) for who in everybody) == 5_000


@pytest.mark.parametrize("target", [None, 5, "https://bank.test", Flask("other")])
@pytest.mark.parametrize("attack", ON_ANY_BANK, ids=lambda attack: attack.id)
def test_an_attack_on_what_is_no_bank(attack: Any, target: Any) -> None:
    with pytest.raises(TypeError, match="expected a bank"):
        attack.run(target)
