"""What the exercises of 02_verify_signatures accept."""

import secrets
import time
from typing import Any

from authlab.classroom.exercises import Answer, exercise, short
from authlab.jose import InvalidToken, decode, encode, explain, generate_key, sign

# Made when first needed, and kept: an RSA key takes a good part of a second.
_KEYS: dict[str, Any] = {}


def _key(alg: str) -> Any:
    if alg not in _KEYS:
        _KEYS[alg] = generate_key(alg, kid=f"{alg.lower()}-{secrets.token_hex(2)}")
    return _KEYS[alg]


@exercise(
    "02.1",
    name="promote",
    expects="a str: the same token with the role 'admin', signed so that the bank accepts it",
    hints=(
        "The loan desk has the secret in order to check. What else can it do with it?",
        "Read the claims with `decode`, change one of them, and sign again with `encode`.",
        "`claims = decode(token, secret, ['HS256'])`, then return "
        "`encode({**claims, 'role': 'admin'}, secret)`.",
    ),
)
def grade_promote(promote: Answer) -> str | None:
    for name in ("Mallory", "Zoë"):
        secret = secrets.token_bytes(32)
        claims = {"sub": name, "role": "customer", "exp": int(time.time()) + 600}
        got = promote(encode(claims, secret), secret)
        try:
            found = decode(got, secret, ["HS256"])
        except InvalidToken as error:
            return f"The bank refuses what `promote` returned: {error}."
        if found.get("role") != "admin":
            return f"The bank accepts it, but the role is still {short(found.get('role'))}."
        if found != {**claims, "role": "admin"}:
            return f"Only the role should change, but the claims are now {short(found)}."
    return None


@exercise(
    "02.2",
    name="reason",
    expects="a step's name, such as 'signature', or 'valid' when every step passes",
    hints=(
        "`explain(token, key, ['HS256'])` gives a list of steps; each has `name` and `ok`.",
        "The list ends with the first step that fails. So look at the last one.",
        "`last = explain(token, key, ['HS256'])[-1]`, then return "
        "`'valid' if last.ok else last.name`.",
    ),
)
def grade_reason(reason: Answer) -> str | None:
    key, soon = secrets.token_bytes(32), int(time.time()) + 600
    good = encode({"sub": "123", "exp": soon}, key)
    header, payload, signature = good.split(".")
    tokens = (
        ("the bank's own token", good),
        ("a token with two parts", f"{header}.{payload}"),
        ("a token with another payload", f"{header}.{payload[:-4]}AAAA.{signature}"),
        ("a token signed with another key", encode({"sub": "123"}, secrets.token_bytes(32))),
        ("an expired token", encode({"sub": "123", "exp": soon - 3600}, key)),
        ("a token with a header that is no JSON", f"AAAA.{payload}.{signature}"),
        ("a token by another algorithm", encode({}, secrets.token_bytes(64), "HS512")),
    )
    for what, token in tokens:
        last = explain(token, key, ["HS256"])[-1]
        want, got = "valid" if last.ok else last.name, reason(token, key)
        if got != want:
            return f"For {what} `reason` returned {short(got)}, not {want!r}."
    return None


@exercise(
    "02.3",
    name="publish",
    expects="a dict: the JWK of the public half alone",
    hints=(
        "Which members may everybody see? Name those, rather than the ones to hide.",
        "An Ed25519 key has kty, crv and x; an EC key y too; an RSA key has kty, n and e. "
        "kid, alg and use may stay.",
        "`public = {'kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use'}`, then return "
        "`{name: value for name, value in jwk.items() if name in public}`.",
    ),
)
def grade_publish(publish: Answer) -> str | None:
    for alg in ("EdDSA", "ES256", "RS256"):
        key = _key(alg)
        got = publish(key.to_jwk(private=True))
        if not isinstance(got, dict):
            return f"`publish` returned {short(got)}, not a dictionary."
        leaked = [name for name in ("d", "p", "q", "dp", "dq", "qi") if name in got]
        if leaked:
            return f"With {alg} you published the private member {leaked[0]!r}. It is lost now."
        last = explain(sign(b"{}", key, alg), got, [alg])[-1]
        if not last.ok:
            return f"With {alg} nobody can verify by what is left: {last.detail}."
        if {"kid", "alg"} - set(got):
            return "The kid or the alg is missing: a service finds the key by its kid."
        if got != key.to_jwk():
            return f"With {alg} it returned {short(sorted(got))}, not {sorted(key.to_jwk())}."
    try:
        secret = publish.plain({"kty": "oct", "k": "c2VjcmV0", "kid": "1"})
    except Exception:  # to refuse is a right answer, too
        return None
    if isinstance(secret, dict) and "k" in secret:
        return "For a shared secret it published the secret: 'k' is private, too."
    return None


@exercise(
    "02.4",
    name="pick_key",
    expects="the JWK in the set whose kid the token's header names, or None when there is none",
    hints=(
        "The kid stands in the header, the first part of the token. Reading it needs no key.",
        "Go through `jwks['keys']` and compare each key's `kid`. A key may have none.",
        "`kid = json.loads(b64url_decode(token.split('.')[0])).get('kid')`, then return "
        "`next((k for k in jwks['keys'] if kid is not None and k.get('kid') == kid), None)`.",
    ),
)
def grade_pick_key(pick_key: Answer) -> str | None:
    keys = [generate_key("EdDSA", kid=f"key-{secrets.token_hex(2)}") for _ in range(3)]
    jwks = {"keys": [generate_key("EdDSA").to_jwk(), *(key.to_jwk() for key in keys)]}
    for key in keys:
        got = pick_key(jwks, sign(b"{}", key, "EdDSA", {"kid": key.kid}))
        if got != key.to_jwk():
            return f"For a token with kid {key.kid!r} it returned {short(got)}."
    stranger = generate_key("EdDSA")
    for what, headers in (("an unknown kid", {"kid": "key-of-mallory"}), ("no kid", None)):
        if pick_key.plain(jwks, sign(b"{}", stranger, "EdDSA", headers)) is not None:
            return f"For a token with {what} it returned a key. Guessing a key is not a check."
    return None
