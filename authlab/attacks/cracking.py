"""Guess the secret of an HS256 token: every guess is checked at home, and nobody counts them."""

import hmac
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache

from authlab import data_path
from authlab.attacks.forging import NothingToForge, Scene, forgery
from authlab.jose import b64url_decode

__all__ = ["ATTACKS", "find_secret", "read_words"]

_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


@lru_cache
def read_words() -> tuple[str, ...]:
    """Return the course's own list of secrets that people use, the likeliest first."""
    return tuple(data_path("weak_secrets.txt").read_text("utf-8").splitlines())


def find_secret(token: str, words: Sequence[str] | None = None) -> tuple[bytes | None, int]:
    """Try `words`, by default `read_words()`, as the secret of a token.

    Returns the secret, None if it is none of them, and how many guesses that took. Raises
    ValueError for a token that no HMAC signed.
    """
    words = read_words() if words is None else words
    signing_input, _, text = token.rpartition(".")
    alg = _read_header(token).get("alg")
    if alg not in _DIGESTS:
        raise ValueError(f"The token is signed by {alg!r}, expected one of {', '.join(_DIGESTS)}.")
    data, signature = signing_input.encode(), b64url_decode(text)
    for guesses, word in enumerate(words, 1):
        if hmac.digest(word.encode(), data, _DIGESTS[alg]) == signature:
            return word.encode(), guesses
    return None, len(words)


@forgery("Guess a weak secret", "a token of her own that HS256 signed, and a word list",
         "weak_secret", "CWE-1391")  # fmt: skip
def crack(scene: Scene) -> Iterator[str]:
    """Find a weak secret with a word list, and sign with it."""
    token = scene.get_shop_token()
    secret, guesses = find_secret(token)
    scene.say(f"tries {guesses:,} words as the secret", f"found: {secret!r}")
    if secret is None:
        raise NothingToForge(f"None of {guesses:,} words is the secret.")
    yield scene.write(_read_header(token), secret)


@forgery("Sign with no secret", "nothing", "blank_secret", "CWE-1188")
def blank(scene: Scene) -> Iterator[str]:
    """Sign with the empty secret, which a verifier has when a setting is missing."""
    scene.say("signs with an empty secret", "kid: batch")
    yield scene.write({"alg": "HS256", "kid": "batch"}, b"")


def _read_header(token: str) -> dict[str, str]:
    header: dict[str, str] = json.loads(b64url_decode(token.partition(".")[0]))
    return header


ATTACKS = [crack, blank]
