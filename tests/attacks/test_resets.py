"""Every theft by reset link works on the open bank and is stopped by each of its own switches."""

import pytest

from authlab.attacks import CATALOGUE, RESET_DEFENCES, WAYS, Attack, build_reset_bank, redteam
from authlab.attacks.honest import FORGETFUL, forget_honestly
from authlab.attacks.reset_scene import referrer
from authlab.bank import Accounts, Factor, Reset, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import BoundTokens, OneTimeTokens
from authlab.sessions import Sessions, open_store
from authlab.web import Page

THEFTS = [attack for attack in CATALOGUE if attack.target == "reset"]
BY_ID = {attack.id: attack for attack in THEFTS}
QUICK = "scrypt:1024:8:1"
START = 1_800_000_000


def ids(value: object) -> str:
    return str(getattr(value, "id", value))


def test_the_thefts_are_whole() -> None:
    assert len(THEFTS) == 10
    assert {name for attack in THEFTS for name in attack.stopped_by} == set(RESET_DEFENCES)
    for attack in THEFTS:
        assert any(ref.startswith("CWE-") for ref in attack.refs)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", THEFTS, ids=ids)
def test_it_works_on_the_open_bank(attack: Attack, way: str) -> None:
    outcome = attack.run(build_reset_bank(way=way))
    assert outcome.succeeded, outcome.why
    assert outcome.attack == attack.id
    assert {m.sender for m in outcome.messages} <= {"alice", "bank", "thief"}


@pytest.mark.parametrize(
    ("attack", "name"), [(a, name) for a in THEFTS for name in a.stopped_by], ids=ids
)
def test_each_of_its_switches_alone_stops_it(attack: Attack, name: str) -> None:
    outcome = attack.run(build_reset_bank([name]))
    assert not outcome.succeeded
    assert outcome.why.endswith(".")
    assert "Alice's own link did not work" not in outcome.why


@pytest.mark.parametrize("attack", THEFTS, ids=ids)
def test_every_other_switch_together_does_not(attack: Attack) -> None:
    others = set(RESET_DEFENCES) - set(attack.stopped_by)
    # On a clock that stands still: of a busy machine, 20 guesses would not reach back far enough.
    assert attack.run(build_reset_bank(others, clock=Clock(START))).succeeded


@pytest.mark.parametrize("attack", THEFTS, ids=ids)
def test_it_leaves_the_bank_as_it_was(attack: Attack) -> None:
    """The next theft begins with Alice's own password."""
    bank = build_reset_bank()
    for _ in range(2):
        assert attack.run(bank).succeeded
    assert BY_ID["reset-survive"].run(bank).succeeded, "Alice logs in by the password she knows"


def test_the_race_is_lost_by_two_steps_and_won_by_one() -> None:
    race = BY_ID["reset-race"]
    late = build_reset_bank(take="late")
    assert race.run(late).succeeded
    assert not BY_ID["reset-reuse"].run(late).succeeded, "one after the other is no race"
    for _ in range(5):
        assert not race.run(build_reset_bank(["once"])).succeeded


def test_short_codes_are_searched_through_and_a_limit_stops_one_address() -> None:
    assert BY_ID["reset-guess"].run(build_reset_bank(codes="short")).succeeded
    outcome = BY_ID["reset-guess"].run(build_reset_bank(["limit"], codes="short"))
    stopped = outcome.why == "After 20 guesses the bank took no more."
    assert stopped or outcome.succeeded, "unless one of the first twenty is right"


@pytest.mark.parametrize("way", WAYS[1:])
def test_a_token_outlives_the_reset_where_nothing_takes_tokens_back(way: str) -> None:
    bank = build_reset_bank(RESET_DEFENCES, way=way)
    stolen = {outcome.attack for outcome in redteam(bank, honest=False).stolen}
    assert "reset-survive" in stolen


def test_a_bank_without_links() -> None:
    bank = make_bank(SessionAuth(Sessions(open_store("memory://"))))
    for attack in THEFTS:
        outcome = attack.run(bank)
        assert (outcome.succeeded, outcome.why) == (False, "This bank has no reset links.")
    tried = {attack.target for attack in redteam(bank, honest=False).attacks}
    assert tried == {"bank"}, "a report does not praise a bank for what it does not have"


@pytest.mark.parametrize("kind", ["stored", "bound"])
def test_the_battery_on_the_bank_as_it_is_shipped(kind: str) -> None:
    store = open_store("fakeredis://")
    tokens = OneTimeTokens(store) if kind == "stored" else BoundTokens(b"k" * 32)
    bank = make_bank(
        SessionAuth(Sessions(store)),
        accounts=Accounts(method=QUICK),
        reset=Reset(tokens),
        factor=Factor(store),
    )
    report = redteam(bank)
    assert {outcome.attack for outcome in report.stolen} == {"replay"}, str(report)
    assert report.clean
    assert {visit.story for visit in report.visits} >= set(FORGETFUL.values())
    why = {outcome.attack: outcome.why for outcome in report.outcomes}
    assert not any("own link did not work" in each for each in why.values())


def test_the_battery_on_the_open_bank() -> None:
    report = redteam(build_reset_bank())
    assert {outcome.attack for outcome in report.stolen} >= set(BY_ID)
    assert RESET_DEFENCES["fragment"].title in str(report)
    assert report.refused == []


# -- honest customers -------------------------------------------------------------------------


@pytest.mark.parametrize("who", FORGETFUL)
@pytest.mark.parametrize("way", WAYS)
def test_who_forgot_the_password_gets_in(way: str, who: str) -> None:
    for bank in (build_reset_bank(way=way), build_reset_bank(RESET_DEFENCES, way=way)):
        for _ in range(4):  # more often than there are mails in an hour
            assert forget_honestly(bank, who).refused == ""


def test_a_scanner_burns_a_link_that_is_redeemed_by_get() -> None:
    bank = build_reset_bank(["once"], get_redeems=True)
    assert "could not log in by the link" in forget_honestly(bank, "bob").refused
    assert forget_honestly(bank, "carol").refused == ""
    assert not redteam(bank).clean


def test_a_new_link_that_ended_the_old_would_refuse_dave() -> None:
    bank = build_reset_bank(RESET_DEFENCES)
    reset = bank.extensions["reset"]
    issue = reset.tokens.issue

    def only_the_last(purpose: str, user: str, *rest: object) -> str:
        reset.tokens.revoke(purpose, user)
        return str(issue(purpose, user, *rest))

    reset.tokens.issue = only_the_last
    assert forget_honestly(bank, "dave").refused


# -- what a browser tells another site ----------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        (None, "https://bank.test/"),
        ("", "https://bank.test/"),
        ("no-referrer", ""),
        ("same-origin", ""),
        ("strict-origin", "https://bank.test/"),
        ("unsafe-url", "https://bank.test/reset?token=x"),
        ("no-referrer-when-downgrade", "https://bank.test/reset?token=x"),
        ("no-referrer, UNSAFE-URL, new-word", "https://bank.test/reset?token=x"),
    ],
)
def test_the_referer(policy: str | None, sent: str) -> None:
    headers = {} if policy is None else {"Referrer-Policy": policy}
    page = Page("https://bank.test/reset?token=x#y", "https://bank.test", 200, headers, "")
    assert referrer(page, "https://evil.test/seal.png") == sent
    own = {"no-referrer": "", "strict-origin": "https://bank.test/"}
    within = own.get(policy or "", "https://bank.test/reset?token=x")
    assert referrer(page, "https://bank.test/seal.png") == within


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"way": "magic"}, "'magic' is no way to log in"),
        ({"defences": ["moat"]}, "'moat' is no defence"),
    ],
)
def test_a_bank_that_cannot_be_built(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_reset_bank(**arguments)  # type: ignore[arg-type]


def test_the_default_token_bank_has_no_such_links() -> None:
    bank = make_bank(TokenAuth(generate_key("HS256")), accounts=Accounts(method=QUICK))
    assert bank.test_client().post("/reset", json={"user": "alice"}).status_code in (403, 404)
