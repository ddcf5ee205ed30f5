"""Wrong answers to the exercises of 04 that learners give, and what each is told."""

import hmac
from collections.abc import Callable
from typing import Any

import pytest

from authlab.attacks.issuer import ALGORITHMS, AUDIENCE, ISSUER, JWKS, TYP
from authlab.classroom import grade
from authlab.jose import b64url_decode, decode


def crack_sha256(token: str, words: list[str]) -> str | None:
    """Find the secret of an HS256 token alone, and no year."""
    text, _, signature = token.rpartition(".")
    for word in words:
        if hmac.digest(word.encode(), text.encode(), "sha256") == b64url_decode(signature):
            return word
    return None


def find_nothing(token: str, words: list[str]) -> None:
    """What a learner has who has written nothing yet."""


def cut_off(token: str) -> str:
    return token.rpartition(".")[0]


def forget_the_claims(token: str) -> dict[str, Any]:
    return decode(token, JWKS, ALGORITHMS, audience=AUDIENCE, issuer=ISSUER, typ=TYP)


@pytest.mark.parametrize(
    ("id", "answer", "said"),
    [
        ("04.1", cut_off, "has one dot. A token has two"),
        ("04.3", crack_sha256, "An HS384 token was signed by "),
        ("04.3", find_nothing, "`crack` returned None."),
        ("04.6", forget_the_claims, "It lets in 1 of 25 forgeries. One is “Use a token that"),
    ],
)
def test_what_it_says(id: str, answer: Callable[..., Any], said: str) -> None:
    verdict = grade(id, answer)
    assert not verdict.ok
    assert said in verdict.message
