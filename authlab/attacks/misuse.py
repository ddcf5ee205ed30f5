"""Tokens that the issuer did sign, shown where, when or as what they do not belong."""

import json
from collections.abc import Iterator
from typing import Any

from authlab.attacks.attack import Attack, Message, Outcome
from authlab.attacks.forging import VICTIM, Scene, forgery
from authlab.attacks.issuer import AUDIENCE, ISSUER, OTHER_AUDIENCE, make_claims
from authlab.jose import dissect

__all__ = ["ATTACKS", "READABLE"]

_HOUR, _DAY = 3_600, 86_400
_COPY = "a copy of a token of Alice's"
_SECRETS = ("password", "pin", "card", "iban", "secret", "ssn", "birth", "mail", "phone")


@forgery("Use a copy past crit", f"{_COPY}, bound to a phone by crit", "crit", "CWE-358")
def crit(scene: Scene) -> Iterator[str]:
    """Use a copy of a token that must be checked against Alice's phone: the header says so."""
    headers = {"crit": ["device"], "device": "alice-phone"}
    yield scene.get_token(VICTIM, headers=headers)


@forgery("Get a second sub signed", "an issuer that pastes her name into JSON",
         "duplicates", "CWE-436")  # fmt: skip
def duplicate(scene: Scene) -> Iterator[str]:
    """Have an issuer that pastes names into JSON text sign a second `sub`."""
    name = f'M","sub":"{VICTIM}'
    scene.say("changes her display name, which the issuer pastes into the JSON text", name)
    claims = make_claims("mallory", clock=scene.clock, name="@")
    yield scene.get_token(payload=json.dumps(claims).replace("@", name).encode())


@forgery("Use an old token", f"{_COPY}, expired", "exp", "CWE-613")
def expired(scene: Scene) -> Iterator[str]:
    """Use a token from an old log file."""
    now = int(scene.clock.now())
    yield scene.get_token(VICTIM, iat=now - 2 * _HOUR, exp=now - _HOUR)


@forgery("Use a token too early", f"{_COPY}, good from tomorrow", "nbf", "CWE-358")
def early(scene: Scene) -> Iterator[str]:
    """Use a token that is good from tomorrow on."""
    now = int(scene.clock.now())
    yield scene.get_token(VICTIM, nbf=now + _DAY, exp=now + _DAY + _HOUR)


@forgery("Use another service's token", "a token that Alice showed to another service",
         "aud", "CWE-863")  # fmt: skip
def audience(scene: Scene) -> Iterator[str]:
    """Use what Alice showed to another service: a sister, and one with a name that begins alike."""
    for other in (OTHER_AUDIENCE, f"{AUDIENCE}.evil.test"):
        scene.say("runs, or reads along at, another service", other)
        yield scene.get_token(VICTIM, aud=other)


@forgery("Use another issuer's token", "a name of her choice at an issuer with the same key",
         "iss", "CWE-346")  # fmt: skip
def issuer(scene: Scene) -> Iterator[str]:
    """Use a token of a playground, which signs by the same key and takes any name.

    The bank has two of them; the second one's name begins with the issuer's own.
    """
    for other in ("https://playground.bank.test", f"{ISSUER}/playground"):
        scene.say(f"signs up as {VICTIM} at the bank's playground", other)
        yield scene.get_token(VICTIM, iss=other)


@forgery("Use another kind of token", "an identity or logout token of Alice's", "typ", "CWE-863")
def type_(scene: Scene) -> Iterator[str]:
    """Use a token of another kind: an identity token, a logout token, one of no stated type."""
    for typ, kind in (("JWT", "an identity"), ("logout+jwt", "a logout"), (None, "an untyped")):
        scene.say(f"has {kind} token of Alice's", f"typ: {typ}")
        yield scene.get_token(VICTIM, headers={"typ": typ})


@forgery("Use a token that lacks a claim", "a token that the issuer made carelessly",
         "missing", "CWE-358")  # fmt: skip
def missing(scene: Scene) -> Iterator[str]:
    """Use a token in which the issuer forgot a claim: one for ever, for everybody, of nobody.

    Without `iat` it has no age, and without `jti` no list of ended tokens can name it.
    """
    for name in ("exp", "aud", "iss", "iat", "jti"):
        scene.say(f"finds a token of Alice's without {name}")
        yield scene.get_token(VICTIM, **{name: None})


@forgery("Put SQL into sub", "an account under a name of her choice", "sql_sub", "CWE-89")
def sql_sub(scene: Scene) -> Iterator[str]:
    """Sign up under a name that is a piece of SQL, and let the verifier look it up."""
    name = f"' OR name = '{VICTIM}"
    scene.say("signs up under a name that changes the query", name)
    yield scene.get_token(name)


def read_payload(target: Any) -> Outcome:
    """Read what a token tells everybody who holds it. `target` is a token, and no key is needed."""
    messages = [Message("thief", "thief", "decodes the payload, without any key", str(target))]
    parts = dissect(target).parts
    members = (parts[1].members if len(parts) > 1 else None) or {}
    found = {k: v for k, v in members.items() if any(word in k.lower() for word in _SECRETS)}
    if not found:
        why = "Nothing in the payload is called like a secret."
        return Outcome("readable", False, why, messages=messages)
    loot = f"read {', '.join(f'{name} {value!r}' for name, value in found.items())}"
    messages.append(Message("thief", "thief", f"Mallory {loot}"))
    return Outcome("readable", True, f"Mallory {loot}.", loot, messages)


READABLE = Attack(
    "readable",
    "Read the payload",
    "any token, and no key",
    ("no secrets in a token, or an encrypted one (JWE)",),
    ("RFC 7519, 12", "CWE-311"),
    read_payload,
    target="token",
)
ATTACKS = [crit, duplicate, expired, early, audience, issuer, type_, missing, sql_sub]
