"""The refresh family tree says what RefreshTokens did."""

import time

import pytest

from authlab.widgets.family import open_lab, refresh_family_tree
from authlab.widgets.family_crowd import Crowd, run_crowd
from authlab.widgets.family_drawing import draw_crowd, draw_family, draw_race, place_members
from authlab.widgets.family_state import GRACE, POLICIES, Lab, race

SMALL = Crowd(users=300)


def play(policy: str, *steps: str) -> Lab:
    lab = open_lab(policy)
    for step in steps:
        getattr(lab, step)(*([300] if step == "wait" else []))
    return lab


def verdict(policy: str, *steps: str) -> tuple[bool | None, str]:
    seen = play(policy, *steps).look()
    return seen.ok, seen.verdict.partition(":")[0].partition(",")[0]


@pytest.mark.parametrize("policy", POLICIES)
def test_it_begins_with_a_copy_that_nobody_has_used(policy: str) -> None:
    lab = open_lab(policy)
    seen = lab.look()
    assert (seen.ok, seen.holds) == (None, {1: "AM"})
    assert "Not decided yet" in seen.verdict


@pytest.mark.parametrize(
    ("policy", "first", "second"),
    [
        ("strict", (True, "The theft came to light"), (True, "The theft came to light")),
        ("right", (None, "Not noticed yet"), (None, "Not noticed yet")),
        ("wrong", (False, "Nobody has noticed"), (False, "Nobody has noticed")),
        ("blind", (False, "Alice is signed out"), (True, "Alice goes on")),
    ],
)
def test_the_thief_first_and_second(policy: str, first: tuple, second: tuple) -> None:  # type: ignore[type-arg]
    assert verdict(policy, "steal", "renew") == first
    assert verdict(policy, "renew", "steal") == second


@pytest.mark.parametrize(
    ("policy", "said"), [("right", "The theft came to light"), ("wrong", "Nobody has noticed")]
)
def test_what_comes_of_a_thief_in_the_window(policy: str, said: str) -> None:
    lab = play(policy, "renew", "steal", "wait", "renew", "wait", "steal", "renew")
    assert said in lab.look().verdict


@pytest.mark.parametrize(
    ("policy", "stays"), [("strict", False), ("right", True), ("wrong", True), ("blind", False)]
)
def test_a_lost_reply(policy: str, stays: bool) -> None:
    lab = Lab(policy)
    lab.renew(lost=True)
    lab.renew()
    assert lab.look().ok is stays
    lab.log_in()
    assert lab.look().ok


@pytest.mark.parametrize("policy", POLICIES)
def test_a_thief_goes_on_in_the_family_that_alice_left(policy: str) -> None:
    lab = play(policy, "steal", "log_in")
    for number in (2, 3):
        seen = lab.look()
        assert not seen.ok
        assert "the family that Alice left" in seen.verdict
        assert (seen.holds, seen.elsewhere) == ({0: "A"}, number)
        assert f"Mallory holds its token {number}" in draw_family(seen)
        lab.steal()
    lab.renew()
    assert lab.look().asked == {0: "A", 1: "A"}
    lab.copy()
    assert lab.look().holds == {1: "AM"}


def test_a_thief_who_is_out_does_not_follow_into_the_new_family() -> None:
    seen = play("strict", "renew", "steal", "log_in").look()
    assert (seen.ok, seen.verdict, seen.elsewhere) == (True, "Alice goes on", None)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("gap", [0.005, GRACE - 0.1, GRACE, 60])
def test_two_tabs(policy: str, gap: float) -> None:
    found = race(policy, gap)
    in_window = policy in ("right", "wrong") and gap < GRACE
    assert found.ok == (in_window or policy == "blind")
    assert found.chains == (2 if policy == "wrong" and in_window else int(found.ok))
    html = draw_race(policy, gap, found)
    assert found.says in html
    assert html.count("<svg") == 1


def test_the_picture_names_each_token_and_its_holders() -> None:
    lab = play("wrong", "renew", "steal", "steal", "renew")
    seen = lab.look()
    html = draw_family(seen)
    for member in seen.members:
        assert f"Token {member.number}," in html
    assert "held by Alice." in html
    assert "held by Mallory." in html
    assert {row for _, row in place_members(seen.members).values()} == {0, 1}


def test_a_long_family_is_drawn_from_its_end() -> None:
    lab = Lab("right")
    for _ in range(50):
        lab.renew()
    html = draw_family(lab.look())
    assert "24 older generations not shown" in html  # of the 32 that the bank remembers
    assert ">50<" in html


@pytest.mark.parametrize("policy", POLICIES)
def test_any_buttons_in_any_order(policy: str) -> None:
    import random

    chance = random.Random(5)
    lab = open_lab(policy)
    for _ in range(150):
        step = chance.choice(["renew", "copy", "steal", "log_in", "wait", "two_tabs"])
        needs = {"wait": [300], "two_tabs": [chance.choice([0.02, 20])]}
        getattr(lab, step)(*needs.get(step, []))
        seen = lab.look()
        assert seen.verdict
        draw_family(seen)


def test_the_crowd_tells_the_policies_apart() -> None:
    strict, right, wrong, blind = (run_crowd(policy, SMALL) for policy in POLICIES)
    assert strict.thefts == right.thefts == wrong.thefts == blind.thefts > 10
    assert strict.signed_out > 20
    assert strict.noticed == strict.thefts
    assert right.signed_out == 0
    assert (right.noticed, right.inside) == (right.thefts, 0)
    assert wrong.signed_out == 0
    assert wrong.inside > wrong.thefts / 4
    assert blind.noticed == 0
    assert blind.inside > 0
    html = draw_crowd({"strict": strict, "right": right})
    assert f"{strict.signed_out:,}" in html


def test_a_redraw_is_quick() -> None:
    lab = play("wrong", *["renew", "steal"] * 8)
    start = time.process_time()
    for _ in range(20):
        draw_family(lab.look())
    assert (time.process_time() - start) / 20 < 0.05


def test_the_panel_can_be_made() -> None:
    assert "authlab-refresh-family-tree" in refresh_family_tree()._dom_classes
