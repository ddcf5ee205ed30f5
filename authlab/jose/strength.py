"""How strong a key is (RFC 7518, 3.2, 3.3, 4 and 5). Imports `encoding` and below."""

from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authlab.jose.algorithms import KeyUse
from authlab.jose.encoding import show
from authlab.jose.errors import InvalidKey

__all__ = ["refuse_length", "refuse_weak"]

# Modulo these primes, the moduli of a faulty chip generator (ROCA, CVE-2017-15361) are always
# powers of 65537. A sound modulus passes as such a one less than once in 2**27 times.
_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)


# The heights of Ed25519's eight points of small order, in its field: under such a public key one
# signature, made without any private key, fits every message.
_P = 2**255 - 19
_Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER = {0, 1, _P - 1, _Y8, _P - _Y8}


def refuse_weak(public: Any) -> None:
    """Raise InvalidKey for a blank secret, a weak RSA key, an Ed25519 key that fits anything.

    How long a secret must be depends on the algorithm, so `keys` checks that when it is used.
    """
    if public == b"":
        raise InvalidKey("blank secret", "0 bytes", "at least 32 random bytes", "RFC 7518, 3.2")
    if isinstance(public, Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        if (int.from_bytes(raw, "little") & (2**255 - 1)) % _P in _SMALL_ORDER:
            found, expected = "a point of small order, which has no private key", "any other point"
            raise InvalidKey("key that verifies anything", found, expected, "RFC 8725, 3.4")
    if not isinstance(public, rsa.RSAPublicKey):
        return
    numbers = public.public_numbers()
    if numbers.n.bit_length() < 2048:
        found, rule = f"{numbers.n.bit_length()} bits", "RFC 7518, 3.3"
        raise InvalidKey("RSA key too short", found, "at least 2048 bits", rule)
    if numbers.e < 3 or numbers.e % 2 == 0:
        raise InvalidKey("RSA exponent", show(numbers.e), "odd, 3 or more", "RFC 8017, 3.1")
    if all(pow(numbers.n, _order(prime), prime) == 1 for prime in _ROCA_PRIMES):
        found, expected = "the ROCA pattern", "primes drawn at random"
        raise InvalidKey("RSA key of a faulty chip", found, expected, "CVE-2017-15361")


def refuse_length(secret: bytes, algorithm: KeyUse, *, exact: bool) -> None:
    """Raise InvalidKey for a secret shorter than `algorithm` needs, or if `exact` a longer one."""
    wanted, length = algorithm.secret_bytes, len(secret)
    if length == wanted or (length > wanted and not exact):
        return
    found = f"{length} bytes ({8 * length} bits)"
    if exact:
        expected = f"exactly {wanted} bytes for {algorithm.name}"
        raise InvalidKey("secret of the wrong length", found, expected, "RFC 7518, 4 and 5")
    expected = f"at least {wanted} bytes for {algorithm.name}"
    raise InvalidKey("secret too short", found, expected, "RFC 7518, 3.2")


@lru_cache
def _order(prime: int) -> int:
    """Return how many powers of 65537 there are modulo `prime`."""
    return next(k for k in range(1, prime) if pow(65537, k, prime) == 1)
