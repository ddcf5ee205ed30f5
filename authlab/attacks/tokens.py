"""The forgeries of notebook 04, as attacks on any `verify(token)` and on a token bank."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from authlab.attacks import confusion, cracking, headers, misuse, signature
from authlab.attacks.attack import Attack, Message, Outcome
from authlab.attacks.forging import VICTIM, Forger, NothingToForge, Patience, Scene, describe
from authlab.attacks.holes import HOLES
from authlab.attacks.honest import Visit
from authlab.attacks.issuer import honest_tokens
from authlab.attacks.naive import NaiveVerifier
from authlab.attacks.report import Report
from authlab.clock import Clock

__all__ = ["ATTACKS", "READABLE", "Forgery", "forge", "run_forgeries"]


class Forgery(NamedTuple):
    """What Mallory made: the tokens, the likeliest first, and how she came by them."""

    tokens: list[str]
    steps: list[Message]

    @property
    def token(self) -> str:
        """The first of the tokens."""
        return self.tokens[0]


def attack_with(
    id: str,
    target: Any,
    *,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> Outcome:
    """Forge the tokens of the attack `id` until `target` takes one of them for Alice's."""
    scene, patience = Scene(target, clock=clock), patience or Patience()
    why, token = "There was nothing to show.", ""
    try:
        for token in FORGERS[id](scene):
            reply = scene.show(token, patience)
            if reply.accepted:
                loot = reply.text.partition(" ")[2] if scene.is_bank else f"passes for {VICTIM}"
                return Outcome(id, True, f"Mallory {loot}.", loot, scene.messages, token)
            why = f"The last answer: {reply.text}."
    except NothingToForge as lack:
        why = str(lack)
        scene.say(why)
    except Exception as error:  # something the target lent her, such as its `revoke`, broke
        why = f"The attack could not go on: {describe(error)}"
    return Outcome(id, False, why, "", scene.messages, token)


def _attack(
    id: str,
    forger: Forger,
    title: str,
    needs: str,
    hole: str,
    *refs: str,
) -> Attack:
    FORGERS[id] = forger
    run = partial(attack_with, id)
    return Attack(id, title, needs, (hole,), (*HOLES[hole].refs, *refs), run, target="verify")


FORGERS: dict[str, Forger] = {}
_OWN, _KEYS = "a token of her own", "the published keys"
_COPY = "a copy of a token of Alice's"

ATTACKS = [
    _attack("edit", signature.edit, "Edit the payload", _OWN, "unchecked", "CWE-347"),
    _attack("strip", signature.strip, "Strip the signature", _OWN, "stripped", "CWE-347"),
    _attack("none", signature.none, "Say none", "nothing", "none", "CWE-347"),
    _attack(
        "none_case", signature.none_case, "Say nOnE", "nothing", "none_case", "CWE-178", "CWE-347"
    ),
    _attack(
        "confuse",
        confusion.confuse,
        "Sign by the public key",
        _KEYS,
        "header_alg",
        "CWE-347",
    ),
    _attack(
        "recover",
        confusion.recover,
        "Sign by a recovered public key",
        "two tokens of her own, signed by one RSA key with the exponent 3",
        "header_alg",
        "CWE-347",
    ),
    _attack(
        "crack",
        cracking.crack,
        "Guess a weak secret",
        "a token of her own that HS256 signed, and a word list",
        "weak_secret",
        "CWE-1391",
    ),
    _attack(
        "blank", cracking.blank, "Sign with no secret", "nothing", "blank_secret", "CWE-1188"
    ),
    _attack("kid_path", headers.kid_path, "Point kid at a file", "nothing", "kid_path", "CWE-22"),
    _attack("kid_sql", headers.kid_sql, "Put SQL into kid", "nothing", "kid_sql", "CWE-89"),
    _attack("jku", headers.jku, "Point jku at her keys", "a web host", "jku", "CWE-918", "CWE-347"),
    _attack(
        "x5u", headers.x5u, "Point x5u at her certificate", "a web host", "x5u", "CWE-918",
        "CWE-347",
    ),
    _attack("jwk", headers.jwk, "Bring her own key in jwk", "nothing", "jwk", "CWE-347"),
    _attack(
        "psychic", signature.psychic, "Sign with zeros", "nothing", "psychic", "CWE-347",
        "CVE-2022-21449",
    ),
    _attack(
        "twin",
        signature.twin,
        "Use the second signature",
        f"{_COPY}, which she has ended",
        "text_denylist",
        "CWE-613",
    ),
    _attack(
        "respell",
        signature.respell,
        "Spell the token anew",
        f"{_COPY}, which she has ended",
        "text_denylist",
        "CWE-613",
    ),
    _attack(
        "crit",
        misuse.crit,
        "Use a copy past crit",
        f"{_COPY}, bound to a phone by crit",
        "crit",
        "CWE-358",
    ),
    _attack(
        "duplicate",
        misuse.duplicate,
        "Get a second sub signed",
        "an issuer that pastes her name into JSON",
        "duplicates",
        "CWE-436",
    ),
    _attack("expired", misuse.expired, "Use an old token", f"{_COPY}, expired", "exp", "CWE-613"),
    _attack(
        "early", misuse.early, "Use a token too early", f"{_COPY}, good from tomorrow", "nbf",
        "CWE-358",
    ),
    _attack(
        "audience",
        misuse.audience,
        "Use another service's token",
        "a token that Alice showed to another service",
        "aud",
        "CWE-863",
    ),
    _attack(
        "issuer",
        misuse.issuer,
        "Use another issuer's token",
        "a name of her choice at an issuer with the same key",
        "iss",
        "CWE-346",
    ),
    _attack(
        "type",
        misuse.type_,
        "Use another kind of token",
        "an identity or logout token of Alice's",
        "typ",
        "CWE-863",
    ),
    _attack(
        "missing",
        misuse.missing,
        "Use a token that lacks a claim",
        "a token that the issuer made carelessly",
        "missing",
        "CWE-358",
    ),
    _attack(
        "sql_sub",
        misuse.sql_sub,
        "Put SQL into sub",
        "an account under a name of her choice",
        "sql_sub",
        "CWE-89",
    ),
]  # fmt: skip

READABLE = Attack(
    "readable",
    "Read the payload",
    "any token, and no key",
    ("no secrets in a token, or an encrypted one (JWE)",),
    ("RFC 7519, 12", "CWE-311"),
    misuse.read_payload,
    target="token",
)


def forge(id: str, target: Any = None, *, clock: Clock | None = None) -> Forgery:
    """Make the tokens of one attack of `ATTACKS`, and show them to nobody.

    `target` is what they are for, by default a `NaiveVerifier` with every hole open. Raises
    ValueError for an attack that forges no token, or finds nothing to forge from.
    """
    if id not in FORGERS:
        raise ValueError(f"{id!r} is no forgery, expected one of {', '.join(FORGERS)}.")
    scene = Scene(NaiveVerifier() if target is None else target, clock=clock)
    try:
        return Forgery(list(FORGERS[id](scene)), scene.messages)
    except NothingToForge as lack:
        raise ValueError(str(lack)) from None


def run_forgeries(
    verify: Callable[[str], Any], *, honest: bool = True, clock: Clock | None = None
) -> Report:
    """Show `verify` every forgery and, with `honest`, every honest token; return the report.

    `verify` is configured with the names of `issuer`; it takes one token, and returns the claims,
    or refuses by raising anything or returning None or False. Whatever it does, this goes on: a
    call that takes longer than two seconds counts as a refusal. `clock` is the one it goes by, by
    default its attribute `clock`, else the real time.
    """
    patience = Patience()
    outcomes = [
        attack_with(attack.id, verify, clock=clock, patience=patience) for attack in ATTACKS
    ]
    own_clock = getattr(verify, "clock", None)
    time = clock or (own_clock if isinstance(own_clock, Clock) else None)
    tokens = honest_tokens(time) if honest else []
    visits = [_visit(verify, patience, token) for token in tokens]
    return Report(ATTACKS, outcomes, visits, noun="honest tokens")


def _visit(verify: Callable[[str], Any], patience: Patience, honest: Any) -> Visit:
    refused = patience.try_out(verify, honest.token, honest.claims)
    return Visit("An honest token", honest.story, refused=refused)
