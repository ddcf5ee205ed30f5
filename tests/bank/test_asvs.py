"""OWASP ASVS 5.0, 7.4 and 7.5: what is the bank's to meet, and not the sessions' alone."""

from authlab.bank import PASSWORDS

from .test_story import HOME, Town

LEFT = {
    "7.4.2": "this bank disables no account; Sessions.end_all is what it would call",
    "7.4.5": "has no administrators; Sessions.end_all again",
    "7.5.3": "a second factor before a large transfer: level 3, and no lesson of this course",
}


def test_7_4_1_after_log_out_the_session_opens_nothing() -> None:
    town = Town("session")
    alice, copy = town.client(), town.client()
    alice.log_in()
    copy.session.cookies.update(alice.session.cookies)
    alice.post("/logout")
    assert copy.get("/balance").status_code == 401


def test_7_4_3_a_new_password_ends_all_other_sessions() -> None:
    town = Town("session")
    alice, phone = town.client(), town.client()
    alice.log_in()
    phone.log_in()
    alice.post("/password", old=PASSWORDS["alice"], new="roses-in-june")
    assert (alice.get("/balance").status_code, phone.get("/balance").status_code) == (200, 401)


def test_7_4_4_log_out_is_on_the_page() -> None:
    page = Town("session").client().session.get(HOME, headers={"Accept": "text/html"}).text
    assert 'data-call="logout"' in page


def test_7_5_1_the_old_password_before_a_new_one() -> None:
    alice = Town("session").client()
    alice.log_in()
    for old in ("", "wrong-password"):
        assert alice.post("/password", old=old, new="roses-in-june").status_code in (400, 403)
    assert alice.log_in().status_code == 200


def test_7_5_2_see_ones_own_sessions_and_end_them_by_password() -> None:
    town = Town("session")
    alice, phone = town.client(), town.client()
    alice.log_in()
    phone.log_in()
    listed = alice.get("/sessions").json()["sessions"]
    (other,) = [one["handle"] for one in listed if not one["this_one"]]
    assert alice.post("/sessions/end", handle=other, password="wrong-one").status_code == 403
    assert phone.get("/balance").status_code == 200
    assert alice.end(other).status_code == 200
    assert phone.get("/balance").status_code == 401
