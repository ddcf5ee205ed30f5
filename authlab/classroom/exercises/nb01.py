"""What the exercises of 01_build_a_jwt accept."""

import json
import secrets
from typing import Any

import jwt

from authlab.classroom.exercises import Answer, exercise, short
from authlab.jose import InvalidToken, b64url_decode, b64url_encode, decode, sign

SAMPLES: tuple[dict[str, Any], ...] = (
    {"alg": "HS256", "typ": "JWT"},
    {"sub": "123", "name": "Alice"},
    {"note": "a>b?c~d", "n": 1},
    {},
)


@exercise(
    "01.1",
    name="segment",
    expects="a str: the compact JSON of the dictionary, in Base64url without padding",
    hints=(
        "Three steps, in this order: to JSON text, to bytes, to Base64url text.",
        "Compact JSON needs `separators=(',', ':')`. Padding goes with `.rstrip(b'=')`.",
        "`data = json.dumps(part, separators=(',', ':')).encode()`, then return "
        "`base64.urlsafe_b64encode(data).rstrip(b'=').decode()`.",
    ),
)
def grade_segment(segment: Answer) -> str | None:
    for sample in SAMPLES:
        got = segment(sample)
        if isinstance(got, bytes):
            return "`segment` returned bytes. Base64url is text: end with `.decode()`."
        if not isinstance(got, str):
            return f"`segment` returned {short(got)}, not text."
        if "=" in got:
            return f"For {sample} the text ends with padding: take the '=' away."
        if "+" in got or "/" in got:
            return f"For {sample} the text holds '+' or '/': that is Base64, not Base64url."
        want = b64url_encode(json.dumps(sample, separators=(",", ":")).encode())
        if got != want and got == b64url_encode(json.dumps(sample).encode()):
            return f"For {sample} the JSON has spaces in it: look at `separators`."
        if got != want:
            return f"For {sample} it returned {short(got)}, not {want!r}."
    return None


@exercise(
    "01.2",
    name="sign_text",
    expects="a str: the HMAC-SHA256 of the text under the secret, in Base64url",
    hints=(
        "The text to sign is what stands before the second dot. HMAC works on bytes.",
        "`hmac.digest(secret, data, 'sha256')` gives 32 bytes. Then Base64url.",
        "`return b64url_encode(hmac.digest(secret, text.encode(), 'sha256'))`.",
    ),
)
def grade_sign_text(sign_text: Answer) -> str | None:
    for _ in range(3):
        secret = secrets.token_bytes(32)
        token = sign(secrets.token_bytes(12), secret, "HS256")
        text, _, want = token.rpartition(".")
        got = sign_text(text, secret)
        if isinstance(got, bytes):
            return "`sign_text` returned bytes. The third part of a token is Base64url text."
        if isinstance(got, str) and got == f"{text}.{want}":
            return "That is the whole token. Return its third part alone."
        if isinstance(got, str) and ("+" in got or "/" in got):
            return "That is Base64, with '+' or '/' in it. A token wants Base64url."
        if got == b64url_decode(want).hex():
            return "That is the right signature in hexadecimal. A token wants it in Base64url."
        if isinstance(got, str) and got.rstrip("=") == want and got != want:
            return "Nearly: the padding ('=') at the end does not belong in a token."
        if got != want:
            return f"For the text {short(text)} it returned {short(got)}, not {want!r}."
    return None


@exercise(
    "01.3",
    name="build",
    expects="a str: a whole token, signed with HS256",
    hints=(
        "You have all the pieces: two segments, a dot between them, and the signature of both.",
        "The header is `{'alg': 'HS256', 'typ': 'JWT'}`. Sign `f'{first}.{second}'`, as bytes.",
        "`parts = ({'alg': 'HS256', 'typ': 'JWT'}, claims)`, then `text = '.'.join(b64url_encode("
        "json.dumps(p, separators=(',', ':')).encode()) for p in parts)`, and return "
        "`text + '.' + b64url_encode(hmac.digest(secret, text.encode(), 'sha256'))`.",
    ),
)
def grade_build(build: Answer) -> str | None:
    for name in ("Alice", "Zoë", "Bob"):
        secret = secrets.token_bytes(32)
        claims = {"sub": secrets.token_hex(3), "name": name, "exp": 4_000_000_000}
        got = build(claims, secret)
        if not isinstance(got, str):
            return f"`build` returned {short(got)}. A token is text."
        try:
            found = decode(got, secret, ["HS256"])
        except InvalidToken as error:
            return f"A verifier refuses the token {short(got)}: {error}."
        if found != claims:
            return f"The token carries {short(found)}, not {short(claims)}."
        if jwt.get_unverified_header(got) != {"alg": "HS256", "typ": "JWT"}:
            return "The header should be `{'alg': 'HS256', 'typ': 'JWT'}`."
    return None


@exercise(
    "01.4",
    name="read_claims",
    expects="a dict: the claims in the token, read without any key",
    hints=(
        "The claims are the second of the three parts.",
        "`token.split('.')[1]` is Base64url text; behind it is JSON.",
        "`return json.loads(b64url_decode(token.split('.')[1]))`.",
    ),
)
def grade_read_claims(read_claims: Answer) -> str | None:
    for extra in ("", "a", "ab", "abc"):  # four lengths, so that padding matters in three
        claims = {"sub": secrets.token_hex(4), "note": extra, "balance": 4200}
        got = read_claims(sign(json.dumps(claims).encode(), secrets.token_bytes(32), "HS256"))
        if isinstance(got, str | bytes):
            spelled = isinstance(got, str) and "{" not in got
            what = "undo the Base64url first" if spelled else "turn the JSON into a dictionary"
            return f"`read_claims` returned {short(got)}: {what}."
        if got != claims:
            return f"It returned {short(got)}, not {short(claims)}."
    return None
