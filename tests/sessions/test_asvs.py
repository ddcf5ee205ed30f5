"""OWASP ASVS 5.0, chapter V7, requirement by requirement: what the sessions do for each.

A requirement that is about pages and passwords is the application's (here: the bank's) to meet.
It stands in `LEFT_TO_THE_APPLICATION` with what the sessions bring to it, if anything.
"""

import inspect
import math
import secrets
from collections import Counter
from typing import Any

import pytest

from authlab.clock import Clock
from authlab.sessions import Sessions, Store, UnknownSession, manager, open_store

LEFT_TO_THE_APPLICATION = {
    "7.1.3": "documents federated sessions; there are none here",
    "7.4.4": "shows a log-out on each page; it calls Sessions.end",
    "7.5.1": "asks for the password again before an account is changed",
    "7.5.3": "asks again before a highly sensitive transaction",
}


@pytest.fixture
def sessions(store: Store) -> Sessions:
    return Sessions(store)


@pytest.fixture
def timed(clock: Clock) -> Sessions:
    return Sessions(open_store("memory://", clock))


def defaults() -> dict[str, Any]:
    parameters = inspect.signature(Sessions).parameters
    return {name: each.default for name, each in parameters.items()}


def test_7_1_1_both_timeouts_are_documented_and_have_a_default() -> None:
    assert defaults()["idle"] == 30 * 60
    assert defaults()["absolute"] == 12 * 3600
    text = inspect.getdoc(Sessions) or ""
    assert "30 minutes by default" in text
    assert "12 hours by default" in text


def test_7_1_2_how_many_at_once_is_documented_and_so(sessions: Sessions) -> None:
    assert "some 10,000 sessions at once" in " ".join((inspect.getdoc(Sessions) or "").split())
    started = [sessions.start("alice") for _ in range(10)]
    assert all(sessions.load(each.id) for each in started)


def test_7_2_1_only_the_servers_record_says_who_it_is(sessions: Sessions) -> None:
    session = sessions.start("alice")
    session.user = "admin"  # what a client claims
    loaded = sessions.load(session.id)
    assert loaded
    assert loaded.user == "alice"
    sessions.store.delete(f"session:{session.handle}")
    assert sessions.load(session.id) is None


def test_7_2_2_each_id_is_made_for_its_session(sessions: Sessions) -> None:
    ids = {sessions.start("alice").id for _ in range(50)}
    assert len(ids) == 50


def test_7_2_3_128_bits_from_a_secure_source(
    timed: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert defaults()["id_bits"] == 128
    asked = []

    def token(size: int) -> str:
        asked.append(size)
        return real(size)

    real = secrets.token_urlsafe
    monkeypatch.setattr(manager.secrets, "token_urlsafe", token)
    ids = [timed.start("").id for _ in range(2000)]
    assert asked == [16] * 2000
    # Bits that never change would be no entropy: each character takes (nearly) all its values.
    for position in range(21):
        seen = Counter(each[position] for each in ids)
        bits = -sum(n / 2000 * math.log2(n / 2000) for n in seen.values())
        assert bits > 5.8, position  # of 6; 2,000 random characters are below once in 10**100


def test_7_2_4_a_new_id_at_log_in_and_the_old_one_ends(sessions: Sessions) -> None:
    planted = sessions.start("")
    alice = sessions.rotate(planted.id, user="alice")
    assert alice.id != planted.id
    assert sessions.load(planted.id) is None
    again = sessions.rotate(alice.id)  # when the password is asked for again
    assert sessions.load(alice.id) is None
    assert sessions.load(again.id) == again
    with pytest.raises(UnknownSession):
        sessions.rotate(planted.id)


def test_7_3_1_without_use_it_ends(timed: Sessions, clock: Clock) -> None:
    session = timed.start("alice")
    clock.advance(timed.idle - 1)
    assert timed.load(session.id)
    clock.advance(timed.idle)
    assert timed.load(session.id) is None


def test_7_3_2_however_much_it_is_used_it_ends(timed: Sessions, clock: Clock) -> None:
    session = timed.start("alice")
    for _ in range(int(timed.absolute / 600)):
        assert timed.load(session.id)
        clock.advance(600)
    assert timed.load(session.id) is None


def test_7_4_1_what_has_ended_is_of_no_more_use(sessions: Sessions) -> None:
    session = sessions.start("alice")
    loaded = sessions.load(session.id)
    assert loaded
    assert sessions.end(session.id) is True
    assert sessions.load(session.id) is None
    assert sessions.save(loaded) is False  # a request that was under way brings nothing back
    assert sessions.load(session.id) is None
    with pytest.raises(UnknownSession):
        sessions.rotate(session.id)


def test_7_4_2_an_account_that_is_closed_loses_all_sessions(sessions: Sessions) -> None:
    gone = [sessions.start("alice") for _ in range(3)]
    stays = sessions.start("bob")
    assert sessions.end_all("alice") == 3
    assert [sessions.load(each.id) for each in gone] == [None] * 3
    assert sessions.load(stays.id)


def test_7_4_3_a_changed_password_can_end_all_others(sessions: Sessions) -> None:
    others = [sessions.start("alice") for _ in range(3)]
    mine = sessions.start("alice")
    assert sessions.end_all("alice", keep=mine.id) == 3
    assert [sessions.load(each.id) for each in others] == [None] * 3
    assert sessions.load(mine.id) == mine


def test_7_4_5_an_administrator_can_end_one_users_sessions_or_all(sessions: Sessions) -> None:
    everyone = [sessions.start(name) for name in ("alice", "alice", "bob", "")]
    assert sessions.end_all("alice") == 2
    for key in list(sessions.store.keys("session:")):
        sessions.store.delete(key)
    assert [sessions.load(each.id) for each in everyone] == [None] * 4


def test_7_5_2_a_user_sees_and_ends_any_of_her_own(sessions: Sessions) -> None:
    """That she proves herself again before ending one is the application's to ask."""
    phone, laptop = sessions.start("alice", device="phone"), sessions.start("alice")
    theirs = sessions.start("bob")
    listed = sessions.of_user("alice")
    assert {each.handle for each in listed} == {phone.handle, laptop.handle}
    assert sessions.end_one("alice", phone.handle) is True
    assert sessions.load(phone.id) is None
    assert sessions.end_one("alice", theirs.handle) is False
    assert sessions.load(theirs.id)
    assert sessions.end_all("alice") == 1


def test_each_requirement_has_a_test_or_is_left_to_the_application() -> None:
    chapters = {"7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3}
    every = {f"{chapter}.{n}" for chapter, most in chapters.items() for n in range(1, most + 1)}
    tested = {".".join(name.split("_")[1:4]) for name in globals() if name.startswith("test_7_")}
    assert tested | set(LEFT_TO_THE_APPLICATION) == every
    assert not tested & set(LEFT_TO_THE_APPLICATION)
