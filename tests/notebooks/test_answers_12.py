"""Answers to the exercises of 12 that are nearly right get the sentence that helps."""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from authlab.classroom import grade
from authlab.jose import InvalidToken, decode, dissect


def look_up(records: dict[str, Any], token: str, purpose: str, now: float, *, take: bool) -> Any:
    digest = sha256(token.encode()).hexdigest()
    record = records.pop(digest, None) if take else records.get(digest)
    good = record and record["purpose"] == purpose and now < record["ends"]
    return record["user"] if record and good else None


def look_then_delete(store: Any, key: str, good: Callable[[Any], bool]) -> Any:
    record = store.get(key)
    if record is None or not good(record):
        return None
    store.delete(key)
    return record


def take_then_look(store: Any, key: str, good: Callable[[Any], bool]) -> Any:
    record = store.pop(key)
    return record if record is not None and good(record) else None


def let_delete_decide(store: Any, key: str, good: Callable[[Any], bool]) -> Any:
    record = store.get(key)
    return record if record is not None and good(record) and store.delete(key) else None


def read_unverified(token: str, *_: object) -> Any:
    return (dissect(token).parts[1].members or {})["sub"]


def look_under_the_token(records: dict[str, Any], token: str, *_: object) -> Any:
    record = records.get(token)
    return record and record["user"]


def expect_every_token(records: dict[str, Any], token: str, purpose: str, now: float) -> Any:
    record = records[sha256(token.encode()).hexdigest()]
    return record["user"] if record["purpose"] == purpose and now < record["ends"] else None


def redeem_strangers(token: str, key: bytes, hashes: dict[str, str], now: float) -> Any:
    user = read_unverified(token)
    own = hmac.digest(key, hashes.get(user, "").encode(), "sha256")
    try:
        return decode(token, own, ["HS256"], audience="reset", now=now)["sub"]
    except InvalidToken:
        return None


def forget_the_audience(token: str, key: bytes, hashes: dict[str, str], now: float) -> Any:
    try:
        return decode(token, hmac.digest(key, hashes["alice"].encode(), "sha256"), ["HS256"])
    except InvalidToken:
        return None


def let_it_raise(token: str, key: bytes, hashes: dict[str, str], now: float) -> Any:
    own = hmac.digest(key, hashes[read_unverified(token)].encode(), "sha256")
    return decode(token, own, ["HS256"], audience="reset", now=now)["sub"]


NEARLY: list[tuple[str, Any, str]] = [
    ("12.1", lambda token, key, used_at: 0, "nothing in the token changes"),
    ("12.1", lambda token, key, used_at: 600, "count from `used_at`"),
    ("12.2", lambda *args: look_up(*args, take=True), "burnt for her"),
    ("12.2", lambda *args: look_up(*args, take=False), "still there after"),
    ("12.2", lambda *args: "alice", "A token to log in with reset a password"),
    ("12.2", look_under_the_token, "the token's SHA-256, in hex?"),
    ("12.2", expect_every_token, "raised KeyError. Return None"),
    ("12.3", look_then_delete, "both got the record"),
    ("12.3", take_then_look, "took the record away from Alice"),
    ("12.3", lambda store, key, good: store.get(key), "Take the record out"),
    ("12.4", read_unverified, "still works"),
    ("12.4", redeem_strangers, "has no key"),
    ("12.4", forget_the_audience, "wants the audience"),
    ("12.4", let_it_raise, "raised InvalidSignature. Return None"),
    ("12.5", lambda d, g, c: g * c / 10**d, "the chance is 0.00119928"),
    ("12.5", lambda d, g, c: g * c / 10**d, "Chances do not add up"),
    ("12.5", lambda d, g, c: (1 - g / 10**d) ** c, "the chance to miss them all"),
    ("12.5", lambda d, g, c: g / 10**d, "the chance with one code"),
    ("12.5", lambda d, g, c: 1 - (1 - 1 / 10**d) ** (g * c), "Her guesses at one code differ"),
]


@pytest.mark.parametrize(("id", "answer", "sentence"), NEARLY)
def test_what_is_nearly_right_is_told_why_not(id: str, answer: Any, sentence: str) -> None:
    result = grade(id, answer)
    assert not result.ok
    assert sentence in str(result)


def test_another_right_way_to_take_is_right() -> None:
    assert grade("12.3", let_delete_decide).ok
