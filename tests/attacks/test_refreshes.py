"""Every theft of a refresh token works on the open bank, and is stopped by its own switch."""

import pytest

from authlab.attacks import (
    CATALOGUE,
    REFRESH_DEFENCES,
    Attack,
    build_bank,
    build_refresh_bank,
    redteam,
)
from authlab.attacks.honest import RENEWING, renew_honestly, visit_honestly
from authlab.bank import Accounts, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import NotBefore, RefreshTokens
from authlab.sessions import open_store

THEFTS = [attack for attack in CATALOGUE if attack.target == "refresh"]
BY_ID = {attack.id: attack for attack in THEFTS}


def ids(value: object) -> str:
    return getattr(value, "id", str(value))


def test_each_names_what_stops_it() -> None:
    assert len(THEFTS) == 5
    for attack in THEFTS:
        assert set(attack.stopped_by) <= set(REFRESH_DEFENCES)
        assert any(ref.startswith("CWE-") for ref in attack.refs)


@pytest.mark.parametrize("attack", THEFTS, ids=ids)
def test_it_works_on_the_open_bank(attack: Attack) -> None:
    outcome = attack.run(build_refresh_bank())
    assert outcome.succeeded, outcome.why
    assert outcome.attack == attack.id
    assert "10" in outcome.loot
    assert any(message.seen for message in outcome.messages)


@pytest.mark.parametrize(
    ("attack", "name"),
    [(attack, name) for attack in THEFTS for name in REFRESH_DEFENCES],
    ids=ids,
)
def test_its_own_switches_stop_it_and_no_other_does(attack: Attack, name: str) -> None:
    outcome = attack.run(build_refresh_bank([name]))
    assert outcome.succeeded == (name not in attack.stopped_by), outcome
    assert outcome.why.endswith(".")


@pytest.mark.parametrize("attack", THEFTS, ids=ids)
def test_every_other_switch_together_does_not(attack: Attack) -> None:
    others = set(REFRESH_DEFENCES) - set(attack.stopped_by)
    assert attack.run(build_refresh_bank(others)).succeeded


@pytest.mark.parametrize("attack", THEFTS, ids=ids)
def test_all_of_them_stop_all(attack: Attack) -> None:
    assert not attack.run(build_refresh_bank(REFRESH_DEFENCES)).succeeded


@pytest.mark.parametrize("carry", [(), ("cookie",)])
def test_the_window_done_wrong_hides_a_thief(carry: tuple[str, ...]) -> None:
    for id in ("refresh-hide", "refresh-first"):
        assert BY_ID[id].run(build_refresh_bank(["detect", *carry], mints=True)).succeeded
        assert not BY_ID[id].run(build_refresh_bank(["window", *carry])).succeeded


@pytest.mark.parametrize("attack", THEFTS, ids=ids)
@pytest.mark.parametrize("way", ["session", "token in a header", "token in a cookie"])
def test_a_bank_without_refresh_tokens(attack: Attack, way: str) -> None:
    outcome = attack.run(build_bank(way))
    assert not outcome.succeeded
    assert outcome.why == "This bank has no refresh tokens."


@pytest.mark.parametrize(
    ("defences", "mints", "signed_out"),
    [
        ((), False, set()),
        (("rotation",), False, {"bob"}),  # one of two tabs at once gets no token, and drops all
        (("detect",), False, {"bob", "carol"}),
        (("detect",), True, set()),
        (("window",), False, set()),
        (("window", "cookie"), False, set()),
    ],
)
def test_what_strictness_costs(
    defences: tuple[str, ...], mints: bool, signed_out: set[str]
) -> None:
    bank = build_refresh_bank(defences, mints=mints)
    visits = [renew_honestly(bank, who) for who in RENEWING]
    assert not any(visit.refused for visit in visits), visits
    found = {visit.who for visit in visits if visit.signed_out}
    if defences == ("rotation",):  # without detection, who of two tabs was first decides
        assert found in ({"carol"}, {"bob", "carol"})
    else:
        assert found == signed_out


def test_honest_customers_come_and_go() -> None:
    for defences in ((), REFRESH_DEFENCES):
        bank = build_refresh_bank(defences)
        visits = [visit_honestly(bank, who) for who in RENEWING]
        assert not any(visit.refused or visit.signed_out for visit in visits)


def test_the_battery_names_the_switches_and_the_price() -> None:
    report = redteam(build_refresh_bank(["detect", "cookie", "family"]))
    assert {outcome.attack for outcome in report.stolen} == {"replay", "outlive"}
    assert {visit.who for visit in report.signed_out} == {"bob", "carol"}
    assert report.refused == []
    assert "Log-out ends the family" in str(report)
    assert "carol renews in a tunnel" in str(report)


def test_a_bank_as_one_would_ship_it_is_clean() -> None:
    store, key = open_store("fakeredis://"), generate_key("HS256")
    auth = TokenAuth(
        key, carry="cookie", revocation=NotBefore(store),
        refresh=RefreshTokens(store, ttl=86_400, grace=10, absolute=30 * 86_400),
    )  # fmt: skip
    report = redteam(make_bank(auth, accounts=Accounts(method="scrypt:1024:8:1")))
    assert report.clean, str(report)
    assert {outcome.attack for outcome in report.stolen} == {"replay"}
    assert report.signed_out == []


def test_a_bank_that_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="'moat' is no defence"):
        build_refresh_bank(["moat"])
    for defences in ((), ("window",), ("cookie",)):
        with pytest.raises(ValueError, match="mints is True"):
            build_refresh_bank(defences, mints=True)


def test_it_goes_by_the_clock_it_gets() -> None:
    clock = Clock(1_800_000_000)
    bank = build_refresh_bank(["window"], clock=clock)
    assert bank.extensions["auth"].clock is clock
