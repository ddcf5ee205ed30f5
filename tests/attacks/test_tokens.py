"""Each forgery passes its own hole and no other, honest tokens pass always, the battery is fair."""

import itertools
import json
import re
import sys
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import jwt
import pytest
from cryptography.x509 import load_der_x509_certificate

from authlab.attacks import (
    CATALOGUE,
    HOLES,
    Attack,
    NaiveVerifier,
    Outcome,
    build_bank,
    build_token_bank,
    forge,
    forging,
    redteam,
)
from authlab.attacks.issuer import (
    ALGORITHMS,
    AUDIENCE,
    ISSUER,
    JWKS,
    REQUIRED,
    TYP,
    honest_tokens,
    issue,
)
from authlab.attacks.misuse import READABLE
from authlab.attacks.stage import Stage, bearer
from authlab.bank import BANK, Customer
from authlab.clock import Clock
from authlab.jose import decode, load_key
from authlab.web import Browser, Network

FORGERIES = [attack for attack in CATALOGUE if attack.target == "verify"]
BY_ID = {attack.id: attack for attack in FORGERIES}
# A verifier with one of these overlooks a signature, or the lack of one: forgeries that
# were made for other holes come in by it, too.
SWALLOW = {"unchecked", "stripped"}
KEYS = load_key(JWKS)
START = 1_800_000_000


def by_id(attack: Attack) -> str:
    return attack.id


Bench = dict[tuple[str, str], Outcome]  # by (row, attack's id)
ROWS = {"no hole": set[str](), **{name: {name} for name in HOLES}, "every hole": set(HOLES)}


@pytest.fixture(scope="module")
def bench() -> Bench:
    verifiers = {row: NaiveVerifier(holes) for row, holes in ROWS.items()}
    return {(row, a.id): a.run(verifiers[row]) for row in ROWS for a in FORGERIES}


def accepted(bench: Bench, row: str) -> list[str]:
    return [attack.id for attack in FORGERIES if bench[row, attack.id].succeeded]


def decode_well(token: str, **changes: Any) -> dict[str, Any]:
    checks: dict[str, Any] = {"audience": AUDIENCE, "issuer": ISSUER, "typ": TYP}
    return decode(token, KEYS, ALGORITHMS, **{**checks, "require": REQUIRED, **changes})


def test_the_catalogue_fits_the_holes() -> None:
    assert {name for attack in FORGERIES for name in attack.stopped_by} == set(HOLES)
    assert set(forging.FORGERS) == set(BY_ID)
    for hole in HOLES.values():
        assert all([hole.title, hole.line, hole.mend, hole.refs])
    for attack in [*FORGERIES, READABLE]:
        assert attack.title
        assert attack.needs
        assert any(ref.startswith(("RFC ", "ASVS ")) for ref in attack.refs)
        assert any(ref.startswith("CWE-") for ref in attack.refs)


@pytest.mark.parametrize("attack", FORGERIES, ids=by_id)
def test_each_hole_is_exploited_and_closed_by_its_mend(attack: Attack, bench: Bench) -> None:
    (hole,) = attack.stopped_by
    assert bench[hole, attack.id].succeeded
    assert bench["every hole", attack.id].succeeded
    outcome = bench["no hole", attack.id]
    assert not outcome.succeeded
    assert outcome.why.endswith(".")
    assert outcome.loot == ""


@pytest.mark.parametrize("attack", FORGERIES, ids=by_id)
def test_closing_its_hole_stops_it_where_all_others_are_open(attack: Attack) -> None:
    others = set(HOLES) - set(attack.stopped_by) - SWALLOW
    assert not attack.run(NaiveVerifier(others)).succeeded


def test_a_hole_lets_in_its_own_forgeries_alone(bench: Bench) -> None:
    for hole in set(HOLES) - SWALLOW - {"none"}:
        assert accepted(bench, hole) == [a.id for a in FORGERIES if a.stopped_by == (hole,)]
    assert accepted(bench, "stripped") == ["strip", "none", "none_case"]
    assert "crack" not in accepted(bench, "unchecked")  # no word is found: nothing to show


@pytest.mark.parametrize("row", ROWS)
def test_honest_tokens_pass_whatever_is_open(row: str) -> None:
    verify, patience = NaiveVerifier(ROWS[row]), forging.Patience()
    assert not any(patience.try_out(verify, one.token, one.claims) for one in honest_tokens())


def test_an_outcome_tells_every_step() -> None:
    outcome = BY_ID["confuse"].run(NaiveVerifier(["header_alg"]))
    last = outcome.messages[-2:]
    assert [m.text[:9] for m in last] == ["shows the", "accepted:"]
    assert last[0].detail == outcome.token
    assert all(m.seen and m.sender in ("alice", "bank", "thief") for m in outcome.messages)


def test_the_battery_on_our_own_decode_is_clean() -> None:
    report = redteam(decode_well)
    assert report.clean, str(report)
    assert report.verdict == "Clean: 0 of 25 attacks succeeded; 8 of 8 honest tokens went well."


def test_the_battery_on_the_open_verifier() -> None:
    report = redteam(NaiveVerifier())
    assert {outcome.attack for outcome in report.stolen} == set(BY_ID)
    assert report.refused == []
    assert not report.clean
    assert "ACCEPTED: Mallory passes for alice" in str(report)
    assert HOLES["jku"].mend in report._repr_html_()
    assert redteam(NaiveVerifier(())).clean


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"issuer": None}, {"issuer"}),
        ({"typ": None}, {"type"}),
        ({"require": ()}, {"missing"}),
        ({"audience": [AUDIENCE, "https://loans.bank.test"]}, {"audience"}),
        ({"now": 0, "leeway": 1e10}, {"expired", "early"}),
    ],
)
def test_a_check_left_out_is_found(changes: dict[str, Any], found: set[str]) -> None:
    report = redteam(lambda token: decode_well(token, **changes))
    assert {outcome.attack for outcome in report.stolen} == found
    assert report.refused == []


def test_a_key_out_of_the_header_is_found() -> None:
    """By jwk, and by the certificate in x5c, which a verifier may trust where it ignores jwk."""

    def by_certificate(header: Any) -> Any:
        return load_der_x509_certificate(b64decode(header["x5c"][0])).public_key()

    def trust(token: str, name: str, read: Callable[[Any], Any]) -> Any:
        header = jwt.get_unverified_header(token)
        key = read(header) if name in header else KEYS
        checks: Any = {"audience": AUDIENCE, "issuer": ISSUER, "typ": TYP, "require": REQUIRED}
        return decode(token, key, ALGORITHMS, **checks)

    for name, read in (("jwk", lambda header: header["jwk"]), ("x5c", by_certificate)):
        report = redteam(partial(trust, name=name, read=read))
        assert {outcome.attack for outcome in report.stolen} == {"jwk"}
        assert report.refused == []


@pytest.mark.parametrize("left", ["exp", "iat", "jti"])
def test_a_claim_that_is_not_required_is_found(left: str) -> None:
    require = [name for name in REQUIRED if name != left]
    report = redteam(lambda token: decode_well(token, require=require))
    assert [outcome.attack for outcome in report.stolen] == ["missing"]
    assert report.refused == []


def test_an_issuer_whose_name_begins_alike_is_found() -> None:
    def verify(token: str) -> Any:
        claims = decode_well(token, issuer=None)
        if not claims["iss"].startswith(ISSUER):
            raise ValueError("another issuer")
        return claims

    assert [outcome.attack for outcome in redteam(verify).stolen] == ["issuer"]


def test_the_notebook_reads_the_report_as_it_is() -> None:
    report = redteam(lambda token: decode(token, KEYS, ALGORITHMS, audience=AUDIENCE))
    assert {outcome.attack for outcome in report.stolen} == {"issuer", "type", "missing"}
    path = Path(__file__).parents[2] / "notebooks" / "04_break_a_jwt.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    said = next("".join(cell["source"]) for cell in cells if cell["id"] == "s9-tutorial-after")
    [mark] = re.findall(r"`([A-Z]+)`", said)
    assert [row[1].startswith(mark) for row in report.rows()].count(True) == len(report.stolen)


def test_pyjwt_used_well_leaves_one() -> None:
    """RFC 7519, 4 lets a parser take the last of two members, and PyJWT's does."""
    keys = {key["kid"]: jwt.PyJWK(key) for key in JWKS["keys"]}

    def verify(token: str) -> Any:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TYP:
            raise jwt.InvalidTokenError("another type")
        key = keys[header["kid"]]
        options: Any = {"require": REQUIRED}
        names: Any = {"audience": AUDIENCE, "issuer": ISSUER}
        return jwt.decode(token, key, algorithms=[key.algorithm_name], options=options, **names)

    report = redteam(verify)
    assert [outcome.attack for outcome in report.stolen] == ["duplicate"]
    assert report.refused == []


@pytest.mark.parametrize("answer", [None, False])
def test_one_that_refuses_everything_is_not_clean(answer: object) -> None:
    report = redteam(lambda token: answer)
    assert report.stolen == []
    assert len(report.refused) == 8
    assert not report.clean
    assert "REFUSED: it returned" in str(report)


def raise_oddly(token: str) -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    raise Odd


class OddClaims(dict):  # type: ignore[type-arg]
    def get(self, *_: object) -> Any:
        raise KeyError

    __getitem__ = get


@pytest.mark.parametrize(
    "verify",
    [
        raise_oddly,
        lambda token: OddClaims(sub=1),
        lambda: None,
        MagicMock(),
        dict,
        lambda t: [t],
        sys.exit,
    ],
    ids=itertools.count(),
)
def test_the_battery_never_raises_and_praises_nothing_odd(verify: Callable[..., Any]) -> None:
    report = redteam(verify)
    assert not report.clean
    assert len(report.outcomes) == len(FORGERIES)
    assert len(report.refused) == 8


def test_claims_that_differ_are_not_right() -> None:
    report = redteam(lambda token: {**decode_well(token), "sub": "bob"})
    assert {visit.story for visit in report.refused} >= {"signed by RS256"}
    assert "differ in sub" in report.refused[0].refused


def test_a_verifier_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forging, "_PATIENCE", 0.05)
    monkeypatch.setattr(forging, "_NO_PATIENCE", 0.01)

    def loop(token: str) -> None:
        while True:
            pass

    report = redteam(loop)
    assert len(report.refused) == 8
    assert "no answer within 0.01 s" in report.refused[0].refused


def test_a_signal_from_below_gets_through() -> None:
    """What is no Exception is not the verifier's no: a learner's interrupt, a grader's limit."""

    def verify(token: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redteam(verify)


def test_a_lesson_may_set_the_clock() -> None:
    clock = Clock(START)
    assert redteam(NaiveVerifier((), clock=clock)).clean
    verify = lambda token: decode_well(token, now=clock.now())  # noqa: E731
    assert redteam(verify, clock=clock).clean
    assert len(redteam(verify).refused) == 8  # issued by another clock


def test_a_verifier_with_a_list_of_ended_tokens() -> None:
    """The second spellings are tried where there is a list to walk past, and only there."""

    class WithList:
        def __init__(self, name: Callable[[str, dict[str, Any]], object]) -> None:
            self.name, self.ended = name, set[object]()

        def __call__(self, token: str) -> dict[str, Any]:
            claims = decode_well(token)
            if self.name(token, claims) in self.ended:
                raise ValueError("ended")
            return claims

        def revoke(self, token: str) -> None:
            self.ended.add(self.name(token, decode_well(token)))

    by_text = redteam(WithList(lambda token, claims: token))
    assert [outcome.attack for outcome in by_text.stolen] == ["twin"]  # decode is strict
    assert redteam(WithList(lambda token, claims: claims["jti"])).clean
    without = BY_ID["twin"].run(decode_well)
    assert "no list of ended tokens" in without.why


@pytest.mark.parametrize("attack", FORGERIES, ids=by_id)
def test_the_bank_pays_out(attack: Attack) -> None:
    outcome = attack.run(build_token_bank())
    assert outcome.succeeded
    assert "sent 10 of them to herself" in outcome.loot
    assert outcome.messages[-2].text == "POST https://bank.test/transfer"
    assert not attack.run(build_token_bank(())).succeeded


@pytest.mark.parametrize("bank", [build_token_bank(), build_token_bank(())])
def test_honest_customers_use_that_bank(bank: Any) -> None:
    network = Network()
    network.host(f"https://{BANK}", bank)
    bob = Customer("bob", Browser(network))
    assert bob.log_in().status == 200
    assert bob.transfer("carol", 5).json()["balance"] == 995
    assert bob.log_out().json() == {"still_works_for": 0}
    assert bob.balance().status == 401


def test_a_bank_by_a_verifier_of_ones_own() -> None:
    bank = build_token_bank(verify=decode_well)
    stage = Stage(bank)
    assert stage.spend(bearer(issue("alice"))).startswith("read Alice's balance")
    assert stage.spend(bearer(forge("none").token)) == ""
    assert {o.attack for o in redteam(bank).stolen} == {"inject", "replay", "outlive"}


def test_a_bank_without_tokens_is_no_target() -> None:
    with pytest.raises(TypeError, match="expected one of build_token_bank"):
        BY_ID["none"].run(build_bank())


def test_forge_shows_how() -> None:
    forgery = forge("none_case")
    assert forgery.token == forgery.tokens[0]
    assert len(forgery.tokens) == 3
    assert [m.text for m in forgery.steps] == ["spells none in another way"] * 3
    verifier = NaiveVerifier(["jku"])
    assert verifier(forge("jku", verifier).token)["sub"] == "alice"
    with pytest.raises(ValueError, match="'moat' is no forgery"):
        forge("moat")
    with pytest.raises(ValueError, match="is the secret"):
        forge("crack", NaiveVerifier(()))


def test_secrets_are_readable() -> None:
    outcome = READABLE.run(issue("alice", pin="4711", card="4000 0012"))
    assert outcome.succeeded
    assert outcome.loot == "read pin '4711', card '4000 0012'"
    for token in (issue("alice"), "", "rubbish"):
        assert not READABLE.run(token).succeeded


@pytest.mark.parametrize("token", [honest.token for honest in honest_tokens(Clock(START))])
def test_one_wrong_letter_is_refused_by_the_mended(token: str) -> None:
    verifier = NaiveVerifier((), clock=Clock(START))
    verifier(token)
    head, _, tail = token.rpartition(".")
    with pytest.raises(ValueError, match="signature does not match"):
        verifier(f"{head}.{'A' if tail[0] != 'A' else 'B'}{tail[1:]}")


def test_an_unknown_hole() -> None:
    with pytest.raises(ValueError, match="'moat' is no hole"):
        NaiveVerifier(["moat"])
    holes: Any
    for holes in ("unchecked", None, 5):
        with pytest.raises(ValueError, match=r"expected a list with some of unchecked"):
            NaiveVerifier(holes)
