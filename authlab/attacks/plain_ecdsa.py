"""Check an ES256 signature with whole numbers alone, line by line (FIPS 186-5, 6.4).

For reading: it takes some milliseconds, and its time depends on the numbers. Ship a library.
"""

from functools import lru_cache
from hashlib import sha256

__all__ = ["N", "Point", "check_es256"]

Point = tuple[int, int]

# The curve P-256 (FIPS 186-5 and SP 800-186): y² = x³ + A·x + B modulo P; G has the order N.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
A = -3
G: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
NOWHERE: Point = (0, 0)  # stands for the point at infinity, which has no coordinates


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points of the curve."""
    if NOWHERE in (one, other):
        return other if one == NOWHERE else one
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return NOWHERE
    if one == other:
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P)
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


@lru_cache  # the same for every signature by this key: three times as fast
def double(point: Point) -> list[Point]:
    """Return the point, its double, the double of that and so on, one for each bit of a number."""
    found = [point]
    for _ in range(255):
        found.append(add(found[-1], found[-1]))
    return found


def multiply(number: int, point: Point) -> Point:
    """Return `number` times `point`: the sum of the doubles that its bits name."""
    total = NOWHERE
    for bit, doubled in enumerate(double(point)):
        if number >> bit & 1:
            total = add(total, doubled)
    return total


@lru_cache  # pure, and slow: the bench shows one honest token to many verifiers
def check_es256(public: Point, data: bytes, signature: bytes, *, check_range: bool = True) -> bool:
    """Say whether `signature`, r and s of 32 bytes each, is one over `data` by the key `public`.

    Without `check_range` it forgets what Java forgot in 2022 (CVE-2022-21449). Then r = s = 0
    passes: the inverse of 0, taken as a power, is 0; both factors are 0; the sum is no point at
    all, whose x is written as 0; and 0 equals r. For every message, and under every key.
    """
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64:
        return False
    if check_range and not (0 < r < N and 0 < s < N):
        return False
    e = int.from_bytes(sha256(data).digest(), "big")
    inverse = pow(s, N - 2, N)  # by Fermat; pow(s, -1, N) would have raised for 0
    x, _ = add(multiply(e * inverse % N, G), multiply(r * inverse % N, public))
    return x % N == r
