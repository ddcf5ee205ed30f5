"""The token inspector (01): decode, verify and sign a token, each in its own pane."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import ipywidgets as w

from authlab import data_path
from authlab.jose import (
    Anatomy,
    InvalidToken,
    Step,
    b64url_decode,
    b64url_encode,
    dissect,
    encode,
    explain,
    load_key,
    sign,
)
from authlab.jose.algorithms import ALGORITHMS
from authlab.widgets import kit

__all__ = ["Inspection", "inspect_token", "read_key", "sign_claims", "token_inspector"]

SECRET = "the-bank-keeps-this-secret-to-itself"
FORMS = ("text", "Base64url", "hex")


class Inspection(NamedTuple):
    """What the inspector shows: the verdict (None: nobody checked), the parts, the steps."""

    ok: bool | None
    verdict: str
    anatomy: Anatomy
    steps: list[Step]


def read_key(text: str, form: str = "text") -> Any:
    """Return the key that a learner typed: PEM, a JWK or JWKS, or a secret in one of `FORMS`.

    Raises InvalidToken with a sentence for what is none of them.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            return load_key(json.loads(text))
        except (ValueError, RecursionError) as error:
            if isinstance(error, InvalidToken):
                raise
            found = "text that begins with { and is not JSON"
            raise InvalidToken("not a key", found, "a JWK", "RFC 7517, 4") from None
    if "-----BEGIN" in text:
        return load_key(text)
    if form == "Base64url":
        return b64url_decode(text)
    if form == "hex":
        try:
            return bytes.fromhex(text)
        except ValueError:
            found, expected = "other characters", "pairs of 0-9 a-f"
            raise InvalidToken("not hex", found, expected, "RFC 4648, 8") from None
    return text.encode("utf-8", "replace")


def inspect_token(
    token: str, key: str, form: str, algorithm: str, audience: str, now: float
) -> Inspection:
    """Return what there is to say about `token`: without a key, only what it claims to be."""
    anatomy = dissect(token)
    if not anatomy.parts:
        return Inspection(None, anatomy.fault, anatomy, [])
    if not key.strip():
        fault = next((part.fault for part in anatomy.parts if part.fault), "")
        if fault or len(anatomy.parts) < 3:
            return Inspection(False, f"Not a signed token: {fault or anatomy.fault}", anatomy, [])
        verdict = f"Decoded, not verified: no key was given. {anatomy.fault}".strip()
        return Inspection(None, verdict, anatomy, [])
    try:
        material = read_key(key, form)
    except InvalidToken as error:
        return Inspection(False, f"The key cannot be read: {error}", anatomy, [])
    steps = explain(token, material, [algorithm], audience=audience.strip() or None, now=now)
    return Inspection(*kit.summarise(steps), anatomy, steps)


def sign_claims(claims: str, secret: str, algorithm: str) -> tuple[str, str]:
    """Return a token and an empty sentence, or no token and the sentence that says why."""
    try:
        members = json.loads(claims)
    except (ValueError, RecursionError) as error:
        at = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        return "", f"The claims are not JSON: look{at}."
    try:
        return encode(members, secret.encode("utf-8", "replace"), algorithm), ""
    except InvalidToken as error:
        return "", f"Not signed. {error}."


def examples(now: float) -> dict[str, tuple[str, str, str]]:
    """Return, for each name, a token, the key that fits it, and its algorithm."""
    secret = SECRET.encode()
    hour = int(now) - int(now) % 60
    claims = {"sub": "123", "name": "Alice", "iat": hour, "exp": hour + 3600}
    good = encode(claims, secret)
    old = encode({**claims, "iat": hour - 7200, "exp": hour - 3600}, secret)
    header, payload, signature = good.split(".")
    other = b64url_encode(b64url_decode(payload).replace(b'"123"', b'"124"'))  # one letter differs
    changed = f"{header}.{other}"
    pair = json.loads(data_path("keys/published.json").read_text("utf-8"))["keys"]["ES256"][0]
    private: Any = load_key(pair)
    public = json.dumps(private.to_jwk(), indent=1)
    unsigned = sign(b"{}", secret, "HS256").partition(".")[2]
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}
    return {
        "a token for an hour (HS256)": (good, SECRET, "HS256"),
        "the same, one character changed": (f"{changed}.{signature}", SECRET, "HS256"),
        "one that has expired": (old, SECRET, "HS256"),
        "one signed with a private key (ES256)": (encode(claims, pair, "ES256"), public, "ES256"),
        "one that nobody signed (none)": (f"{none}.{payload}.", SECRET, "HS256"),
        "not a token": (f"Bearer {unsigned[:5]} garbage!", "", "HS256"),
    }


def token_inspector(*, now: Callable[[], float] = time.time) -> w.VBox:
    """Return the inspector: read any token, check it with a key, or make one.

    `now` gives the time, in Unix seconds, that the checks use.
    """
    samples = examples(now())
    wide = {"width": "auto"}
    verdict, parts, steps, made = (kit.view() for _ in range(4))
    example = w.Dropdown(options=list(samples), description="Example", layout=wide)
    token = w.Textarea(description="Token", rows=5, layout=wide, placeholder="Paste a token")
    key = w.Textarea(description="Key", rows=3, layout=wide, placeholder="Secret, JWK or PEM")
    form = w.Dropdown(options=FORMS, description="Secret is", layout=wide)
    algorithm = w.Dropdown(options=list(ALGORITHMS), description="Allow only", layout=wide)
    audience = w.Text(description="Audience", layout=wide, placeholder="who checks; often empty")
    fill = w.Button(description="Use the example's key", tooltip="Fill in the key that fits")
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    claims = w.Textarea(description="Claims", rows=7, layout=wide)
    secret = w.Text(description="Secret", layout=wide)
    signing = w.Dropdown(options=["HS256", "HS384", "HS512"], description="Sign with", layout=wide)
    output = w.Textarea(description="New token", rows=4, disabled=True, layout=wide)
    move = w.Button(description="Read the new token", tooltip="Copy it into the first pane")

    def redraw(_: object = None) -> None:
        seen = inspect_token(
            token.value, key.value, form.value, algorithm.value, audience.value, now()
        )
        kit.draw(verdict, kit.draw_verdict(seen.ok, seen.verdict))
        cards = "".join(kit.draw_card(part, now()) for part in seen.anatomy.parts)
        fault = f"<div>{kit.escape(seen.anatomy.fault)}</div>" if seen.anatomy.fault else ""
        kit.draw(parts, kit.draw_parts(seen.anatomy) + fault + cards)
        why = "The key cannot be read" if key.value.strip() else "No key yet"
        quiet = f"<div>{why}, so nothing is checked. Anybody can read a signed token.</div>"
        kit.draw(steps, kit.draw_steps(seen.steps) if seen.steps else quiet)

    def resign(_: object = None) -> None:
        output.value, fault = sign_claims(claims.value, secret.value, signing.value)
        kit.draw(made, f"<div>{kit.escape(fault)}</div>" if fault else "")

    def choose(_: object = None) -> None:
        key.value = ""  # a new token is unverified until somebody gives the key
        token.value, _, algorithm.value = samples[example.value]

    def begin(_: object = None) -> None:
        example.value, form.value, audience.value = next(iter(samples)), FORMS[0], ""
        hour = int(now())
        start = {"sub": "123", "name": "Alice", "iat": hour, "exp": hour + 3600}
        claims.value, secret.value, signing.value = json.dumps(start, indent=1), SECRET, "HS256"
        choose()

    def use_key(_: object) -> None:
        form.value, (_, key.value, algorithm.value) = FORMS[0], samples[example.value]

    def read_new(_: object) -> None:
        if output.value:
            key.value, token.value = "", output.value

    for control in (token, key, form, algorithm, audience):
        control.observe(redraw, "value")
    for control in (claims, secret, signing):
        control.observe(resign, "value")
    example.observe(choose, "value")
    for button, action in ((fill, use_key), (reset, begin), (move, read_new)):
        button.on_click(action)
    begin()
    return kit.panel(
        "token_inspector",
        verdict,
        kit.row(
            kit.pane("1. Decode", example, token, parts, hint="needs no key, proves nothing"),
            kit.column(
                kit.pane(
                    "2. Verify",
                    *(key, fill, form, algorithm, audience, steps),
                    hint="the token in pane 1",
                ),
                kit.pane(
                    "3. Sign",
                    *(claims, secret, signing, output, made, move),
                    hint="a token of your own",
                ),
            ),
        ),
        reset,
    )
