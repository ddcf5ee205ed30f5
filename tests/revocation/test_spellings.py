"""One token has many spellings: whichever is shown, an ended token stays ended."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from authlab.bank import TokenAuth
from authlab.clock import Clock
from authlab.jose import InvalidToken, b64url_decode, b64url_encode, decode, generate_key
from authlab.sessions import open_store
from tests.revocation.ways import PUSH, WHOLE_USER, make
from tests.sessions.servers import START

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WAYS = ("Denylist", "NotBefore", "KeyPerUser", "BloomDenylist", "StatusList", "Introspection")


def second_signature(token: str) -> str:
    """The other signature that ECDSA has for the same bytes: (r, n - s)."""
    signed, _, signature = token.rpartition(".")
    raw = b64url_decode(signature)
    s = int.from_bytes(raw[32:], "big")
    return f"{signed}.{b64url_encode(raw[:32] + (ORDER - s).to_bytes(32, 'big'))}"


def spellings(token: str, algorithm: str) -> Iterator[tuple[str, str]]:
    """Other texts for the same token, each by its name; some verifiers take some of them."""
    parts = token.split(".")
    for at, part in enumerate(parts):
        for mark in ("=", "==", "====", "\n", " ", "\t", "%3D"):
            yield (
                f"{mark!r} after part {at}",
                ".".join([*parts[:at], part + mark, *parts[at + 1 :]]),
            )
        if len(part) % 4:  # letters whose last bits mean nothing
            value = ALPHABET.index(part[-1])
            free = 4 if len(part) % 4 == 2 else 2
            for bits in range(1, 1 << free):
                other = part[:-1] + ALPHABET[value & ~((1 << free) - 1) | bits]
                yield (
                    f"last bits {bits} of part {at}",
                    ".".join([*parts[:at], other, *parts[at + 1 :]]),
                )
        yield (
            f"part {at}, other alphabet",
            ".".join([*parts[:at], part.replace("-", "+").replace("_", "/"), *parts[at + 1 :]]),
        )
    yield "in front", " " + token
    yield "with its scheme", "Bearer " + token
    yield "upper case", token.upper()
    if algorithm == "ES256":
        second = second_signature(token)
        yield "(r, n - s)", second
        yield "(r, n - s), padded", second + "=="


def ready(name: str, algorithm: str) -> tuple[Any, TokenAuth, Clock, Any]:
    clock = Clock(START)
    key = generate_key(algorithm)
    options: dict[str, Any] = {} if name == "KeyPerUser" else {"key": key, "algorithm": algorithm}
    strategy = make(name, open_store("memory://", clock), clock, **options)
    return strategy, TokenAuth(key, revocation=strategy), clock, key


CASES = [(name, "HS256") for name in WAYS] + [
    (name, "ES256") for name in WAYS if name != "KeyPerUser"
]


@pytest.mark.parametrize(("name", "algorithm"), CASES)
@pytest.mark.parametrize("issuer", ["jose", "PyJWT"])
def test_no_spelling_of_an_ended_token_is_accepted(name: str, algorithm: str, issuer: str) -> None:
    strategy, bank, clock, _ = ready(name, algorithm)
    token = strategy.issue("alice") if issuer == "jose" else bank.issue("alice")
    others = [(what, text) for what, text in spellings(token, algorithm) if text != token]
    # Some are accepted while the token lives: the test would be empty otherwise.
    by_jose = [what for what, text in others if strategy.accepts(text)]
    by_pyjwt = [what for what, text in others if bank.read(text) is not None]
    assert "(r, n - s)" in by_jose or algorithm != "ES256"
    # Introspection asks the issuer's jose, which takes no padding.
    assert {"'=' after part 2", "'==' after part 2"} & {*by_pyjwt} or name == "Introspection"
    assert "(r, n - s)" in by_pyjwt or algorithm != "ES256"
    assert strategy.log_out(token)
    clock.advance(PUSH)
    for what, text in [("as issued", token), *others]:
        assert not strategy.accepts(text), what
        assert bank.read(text) is None, what


@pytest.mark.parametrize("name", [way for way in WAYS if way != "KeyPerUser"])
def test_ending_one_spelling_ends_them_all(name: str) -> None:
    strategy, bank, clock, _ = ready(name, "ES256")
    token, bystander = strategy.issue("alice"), strategy.issue("alice")
    assert strategy.log_out(second_signature(token))
    clock.advance(PUSH)
    assert not strategy.accepts(token)
    assert bank.read(token) is None
    assert strategy.accepts(bystander) is (name not in WHOLE_USER)


def test_the_other_spellings_are_of_the_same_token() -> None:
    strategy, _, clock, key = ready("Denylist", "ES256")
    token = strategy.issue("alice")
    claims = decode(token, key, ["ES256"], audience=strategy.issuer, now=clock.now())
    public = jwt.PyJWK(key.to_jwk())
    for what, text in spellings(token, "ES256"):
        for read in (
            lambda t: decode(t, key, ["ES256"], audience=strategy.issuer, now=clock.now()),
            lambda t: jwt.decode(t, public, ["ES256"], audience=strategy.issuer,
                                 options={"verify_exp": False, "verify_iat": False}),
        ):  # fmt: skip
            try:
                found = read(text)
            except (InvalidToken, jwt.InvalidTokenError):
                continue
            assert found == claims, what


def test_names_of_tokens_do_not_run_into_each_other() -> None:
    strategy = make("Denylist", open_store("memory://"))
    exp = strategy.clock.now() + 100
    strategy.end({"iss": "a", "jti": "bc", "exp": exp})
    for iss, jti in (
        ("ab", "c"),
        ("a", "b"),
        ("", "abc"),
        ("abc", ""),
        ('a", "', "bc"),
        ("A", "bc"),
    ):
        assert strategy.permits({"iss": iss, "jti": jti}, None), (iss, jti)
    assert not strategy.permits({"iss": "a", "jti": "bc"}, None)
