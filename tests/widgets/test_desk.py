"""What the one-time desk says is what the bank does."""

import pytest

from authlab.attacks.reset_scene import token_of
from authlab.widgets.desk import draw_kept, draw_mail, draw_rows
from authlab.widgets.desk_bank import LOG_INS, WAYS, DeskBank
from authlab.widgets.desk_state import Desk

MAKE = list(WAYS.values())


def verdict(desk: Desk) -> str:
    return desk.look().verdict.partition(":")[0]


@pytest.mark.parametrize(
    ("way", "after"),
    [
        ("jwt", ["Not one-time", "Stolen"]),
        ("stored", ["One-time", "One-time"]),
        ("bound", ["One-time", "One-time"]),
        ("both", ["One-time", "One-time"]),
    ],
)
@pytest.mark.parametrize("log_in", LOG_INS)
def test_alice_clicks_and_then_mallory(way: str, log_in: str, after: list[str]) -> None:
    desk = Desk(way, log_in)
    assert verdict(desk) == "Waiting"
    desk.click()
    assert verdict(desk) == after[0]
    desk.steal()
    assert verdict(desk) == after[1]
    assert desk.accounts.check_password("alice", desk.password)
    laptop = dict(desk.look().state)["Alice's laptop"]
    assert laptop == ("logged out" if log_in == "session" else "logged in")


@pytest.mark.parametrize("way", MAKE)
def test_alice_presses_twice(way: str) -> None:
    desk = Desk(way)
    desk.click(2)
    assert desk.used.count("Alice") == (2 if way == "jwt" else 1)


@pytest.mark.parametrize("way", MAKE)
@pytest.mark.parametrize("opens", [False, True])
def test_the_scanner_burns_what_is_taken_by_opening(way: str, opens: bool) -> None:
    desk = Desk(way, opens=opens)
    desk.scan()
    desk.click()
    burnt = opens and way in ("stored", "both")
    assert (verdict(desk) == "Burnt") == burnt
    assert ("Alice" in desk.used) != burnt


@pytest.mark.parametrize("way", MAKE)
def test_a_leak_is_quicker_than_alice_whatever_the_link_is(way: str) -> None:
    desk = Desk(way, leaks=True)
    desk.click()
    assert verdict(desk) == "Stolen"
    seen = desk.look()
    assert any(message.seen and token_of(seen.link) in message.detail for message in seen.messages)
    # A link that works again lets Alice set it once more; else Mallory's is what counts.
    assert ("no code" in dict(seen.state)["Mallory"]) == (way != "jwt")


@pytest.mark.parametrize("way", MAKE)
def test_a_password_changed_otherwise(way: str) -> None:
    desk = Desk(way)
    desk.change()
    assert verdict(desk) == ("Dead" if way in ("bound", "both") else "Left over")
    assert dict(desk.look().state)["Alice's laptop"] == "logged in"


@pytest.mark.parametrize("way", MAKE)
def test_time_goes_by(way: str) -> None:
    desk = Desk(way)
    desk.wait()
    assert "for 5 minutes more" in desk.look().verdict
    desk.wait()
    assert verdict(desk) == "Dead"
    desk.click()
    assert desk.used == []


@pytest.mark.parametrize("way", MAKE)
def test_what_time_ended_is_not_said_to_be_one_time(way: str) -> None:
    used, changed = Desk(way), Desk(way)
    used.click()
    used.wait(10)
    assert verdict(used) == ("Over" if way == "jwt" else "One-time")
    changed.change()
    changed.wait(10)
    died_with_it = way in ("bound", "both")
    assert ("died with the password" in changed.look().verdict) == died_with_it


def test_what_the_bank_keeps() -> None:
    stored, jwt = Desk("stored"), Desk("jwt")
    token = token_of(stored.link)
    kept = draw_kept(stored.look())
    assert "one-time:" in kept
    assert token not in kept
    assert token in draw_mail(stored.look())
    assert "no record; the link itself says" in draw_kept(jwt.look())
    stored.click()
    assert "The record was taken" in draw_kept(stored.look())
    late = Desk("stored")
    late.wait(10)
    assert "nobody took it" in draw_kept(late.look())


def test_looking_changes_nothing() -> None:
    desk = Desk("both", leaks=True)
    first = desk.look()
    assert desk.look() == first
    assert "Alice" in draw_rows(first.rows)


def test_the_fourth_mail_of_an_hour_does_not_come() -> None:
    desk = Desk("stored")
    link = desk.link
    for _ in range(2):
        desk.mail()
        assert desk.link != link
    link = desk.link
    desk.mail()
    assert desk.link == link
    assert "no mail" in desk.rows[-1].got


def test_what_mallory_set_alice_cannot_change() -> None:
    desk = Desk("jwt")
    desk.steal()
    desk.change()
    assert "cannot get in" in desk.rows[-1].got


def test_a_bank_that_is_cleared_is_as_good_as_new() -> None:
    banks: dict[str, DeskBank] = {}
    used = Desk("jwt", leaks=True, banks=banks)
    for act in (used.click, used.wait, used.change, used.mail, used.mail):
        act()
    again, new = Desk("both", banks=banks), Desk("both")
    assert again.store is used.store
    again.click()
    new.click()
    a, b = again.look(), new.look()
    assert (a.ok, a.verdict, a.state, a.rows) == (b.ok, b.verdict, b.state, b.rows)
    assert [m.text for m in a.messages] == [m.text for m in b.messages]
