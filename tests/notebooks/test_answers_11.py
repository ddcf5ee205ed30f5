"""Answers to the exercises of 11 that are nearly right get the sentence that helps."""

from hashlib import sha256
from typing import Any

import pytest

from authlab.classroom import grade
from authlab.revocation import InvalidRefreshToken, RefreshTokens

DAY = 86_400


def judge_over_first(family: dict[str, Any], token: str) -> str:
    digest = sha256(token.encode()).hexdigest()
    if family["over"]:
        return "ended"
    return "reused" if digest in family["used"] else "exchange"


def judge_by_text(family: dict[str, Any], token: str) -> str:
    known = {family["live"], *family["used"]}
    return "unknown" if token not in known else "exchange"


def judge_either(family: dict[str, Any], token: str) -> str:
    digest = sha256(token.encode()).hexdigest()
    if digest in family["used"] or token in family["used"]:
        return "reused"
    if digest != family["live"]:
        return "unknown"
    return "ended" if family["over"] else "exchange"


def hides_if_retried(refresh: Any, clock: Any) -> bool:
    token = refresh.issue("alice")
    refresh.exchange(token)
    try:
        refresh.exchange(token)
    except InvalidRefreshToken:
        return False
    return True


def hides_if_answers_differ(refresh: Any, clock: Any) -> bool:
    token = refresh.issue("alice")
    first = refresh.exchange(token)
    try:
        return bool(refresh.exchange(token) != first)
    except InvalidRefreshToken:
        return False


def refresh_with(**options: Any) -> Any:
    good = {"ttl": 14 * DAY, "grace": 10, "absolute": 90 * DAY}
    return lambda store, clock: RefreshTokens(store, clock, **{**good, **options})


NEARLY: list[tuple[str, Any, str]] = [
    ("11.1", judge_over_first, "is 'unknown'"),
    ("11.1", judge_by_text, "a used token is 'reused'"),
    ("11.1", judge_either, "read in the store, is 'unknown'"),
    ("11.2", lambda used, child_used, now, grace: now - used <= grace, "exactly 10 seconds later"),
    ("11.2", lambda used, child_used, now, grace: now - used < grace, "the child used"),
    (
        "11.2",
        lambda used, child_used, now, grace: now - used < grace and not child_used,
        "may not have its child again",
    ),
    ("11.2", lambda used, child_used, now, grace: 0 <= now - used < grace, "the child used"),
    ("11.2", lambda *_: False, "may have its child"),
    ("11.2", lambda *_: True, "may not have its child"),
    ("11.3", hides_if_retried, "no two chains"),
    ("11.3", hides_if_answers_differ, "no two chains"),
    ("11.3", lambda refresh, clock: True, "no two chains"),
    ("11.3", lambda refresh, clock: False, "two chains can live"),
    ("11.3", lambda refresh, clock: refresh.way.grace_mints, "AttributeError"),
    ("11.4", refresh_with(grace=0), "Two tabs at once signed Alice out"),
    ("11.4", refresh_with(grace=2), "three seconds signed Alice out"),
    ("11.4", refresh_with(grace=120), "a minute late"),
    ("11.4", refresh_with(rotate=False), "a minute late"),
    ("11.4", refresh_with(grace_mints=True), "right behind Alice is still in"),
    ("11.4", refresh_with(detect_reuse=False), "who comes first is still in"),
    ("11.4", refresh_with(absolute=None), "still in after 90 days"),
    ("11.4", refresh_with(absolute=30 * DAY), "signed out on day 30"),
    ("11.4", refresh_with(ttl=30 * DAY), "two weeks"),
    ("11.4", refresh_with(ttl=3600), "one day"),
]


@pytest.mark.parametrize(("id", "answer", "sentence"), NEARLY)
def test_what_is_nearly_right_is_told_why_not(id: str, answer: Any, sentence: str) -> None:
    result = grade(id, answer)
    assert not result.ok
    assert sentence in str(result)
