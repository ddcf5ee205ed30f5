"""JWT: claims in, claims out, checked (RFC 7519; RFC 8725). Imports `claims` and below.

`decode` and `explain` run one list, `CHECKS`: what the second says is what the first does.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from authlab.jose.claims import CLAIM_CHECKS, check_types, read_limits
from authlab.jose.encoding import write_json
from authlab.jose.errors import InvalidToken
from authlab.jose.jws import MAX_BYTES, SIGNATURE_CHECKS, Reading, sign
from authlab.jose.keys import KeyMaterial

__all__ = ["CHECKS", "Step", "decode", "encode", "explain"]

CHECKS = (*SIGNATURE_CHECKS, *CLAIM_CHECKS)


class Step(NamedTuple):
    """One check as `explain` saw it: its name, whether it passed, a sentence, its rule."""

    name: str
    ok: bool
    detail: str
    rule: str


def encode(
    claims: dict[str, Any],
    key: KeyMaterial,
    algorithm: str = "HS256",
    headers: dict[str, Any] | None = None,
) -> str:
    """Return the signed token that carries `claims`, a dict (RFC 7519, 7.1).

    Times (`exp`, `nbf`, `iat`) are numbers of seconds since 1970, UTC. The header holds `alg`,
    `typ: "JWT"` and `headers`, which may replace `typ`. The bytes are those PyJWT makes.
    Raises InvalidToken: a key of the wrong kind or too weak, a claim of the wrong type.
    """
    payload = write_json(claims, "payload")
    check_types(claims)
    if headers is None or isinstance(headers, dict):
        headers = {"typ": "JWT", **(headers or {})}
    return sign(payload, key, algorithm, headers)


def decode(
    token: str | bytes,
    key: KeyMaterial,
    algorithms: list[str],
    *,
    audience: str | list[str] | None = None,
    issuer: str | list[str] | None = None,
    typ: str | None = None,
    leeway: float | timedelta = 0,
    require: list[str] | tuple[str, ...] = (),
    now: float | None = None,
    max_bytes: int = MAX_BYTES,
) -> dict[str, Any]:
    """Return the claims of a token that passes every check (RFC 7519, 7.2).

    `key` and `algorithms` as in `verify`. `audience` and `issuer` are one name or a list, of
    which one must match; a token that has `aud` is refused unless you say who you are
    (RFC 7519, 4.1.3). `typ` is the type the header must have. `leeway` is seconds of clock
    difference to forgive. `require` lists claims that must be there. `now` is Unix seconds,
    the real time by default.

    Raises InvalidToken (or one of its kinds) for every other token, key and argument.
    """
    reading = Reading(token, key, algorithms, max_bytes)
    reading.limits = read_limits(audience, issuer, typ, leeway, require, now)
    for check in CHECKS:
        check.run(reading)
    return reading.claims


def explain(
    token: str | bytes,
    key: KeyMaterial,
    algorithms: list[str],
    *,
    max_bytes: int = MAX_BYTES,
    audience: str | list[str] | None = None,
    issuer: str | list[str] | None = None,
    typ: str | None = None,
    leeway: float | timedelta = 0,
    require: list[str] | tuple[str, ...] = (),
    now: float | None = None,
) -> list[Step]:
    """Return what `decode` would do with these arguments, one `Step` a check.

    The list ends with the first step that fails, as decoding does; when the last step is `ok`,
    the token is accepted. Never raises.
    """
    steps: list[Step] = []
    name = "arguments"
    try:
        reading = Reading(token, key, algorithms, max_bytes)
        reading.limits = read_limits(audience, issuer, typ, leeway, require, now)
        for name, run, say, rule in CHECKS:
            run(reading)
            steps.append(Step(name, True, say(reading), rule))
    except InvalidToken as error:
        detail = f"{error.what}: found {error.found}, expected {error.expected}"
        steps.append(Step(name, False, detail, error.rule))
    return steps
