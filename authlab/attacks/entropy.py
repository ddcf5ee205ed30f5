"""How much a sample of session ids tells about the next one, and how long guessing takes.

Imports only the standard library. An estimate from a sample is an upper bound: it finds faults,
it never proves that there is none. Entropy is in bits: b bits are as hard to guess as one of 2**b
equally likely values.
"""

import math
import string
from collections import Counter
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import itemgetter
from os.path import commonprefix
from typing import NamedTuple

__all__ = ["Estimate", "GuessTime", "estimate", "guess_time", "readable"]

_NEAR = 0.8  # an estimate this near to its ceiling may be the sample's doing
_ALPHABETS = (  # the first that covers all ids is the one they are written in
    string.digits,
    string.digits + "abcdef",
    string.digits + "ABCDEF",
    string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_",  # Base64url
)


class Estimate(NamedTuple):
    """What a sample of ids shows.

    `bits`: the estimate, an upper bound when there are `enough` ids (twice as many as the alphabet
    has characters, or a figure far below the ceiling); else the sample sets it, not the ids.
    `ceiling`: the most that a sample of this size could have shown. `method`: which estimator gave
    the lowest figure ("positions", "differences" or "duplicates"). `sentence`: the result in
    words. `positions`: bits of each character position.
    """

    bits: float
    ceiling: float
    method: str
    sentence: str
    positions: tuple[float, ...]
    enough: bool


class GuessTime(NamedTuple):
    """Seconds until a thief hits a live session: on average, and at the longest."""

    mean: float
    whole: float


def estimate(ids: Sequence[str]) -> Estimate:
    """Return how many bits the ids hold at most, from a sample in the order they were issued.

    Three estimators look at the sample, and the lowest wins:

    - positions: the Shannon entropy of each character position, with the Miller-Madow correction
      for small samples, added up. Positions that depend on each other make this too high, never
      too low. A sample of n ids cannot show more than log2(n) bits a position.
    - differences: the ids read as numbers, and how widely the steps from one to the next spread.
      Whole numbers of variance v hold at most log2(2*pi*e*(v + 1/12)) / 2 bits. It finds counters
      and clocks.
    - duplicates: pairs of equal ids, as in the birthday problem: one pair in p holds log2(p) bits.

    What no estimator sees is a good generator with a guessable seed: ids that `ids.twister_ids`
    makes look like 128 bits and hold 16. Only knowing how ids are made settles that. Raises
    TypeError for one text in place of a list.
    """
    if isinstance(ids, str):  # its characters would pass for ids
        raise TypeError(f"found one text of {len(ids)} characters, expected a list of ids")
    base = max(len(_find_alphabet(ids)), 1)
    most = math.log2(min(max(len(ids), 1), base))  # bits that one position can show
    positions = _measure_positions(ids, most)
    ceiling = most * len(positions)
    found = {"positions": math.fsum(positions)}
    if len(ids) > 2:  # one difference has no spread
        found["differences"] = _measure_differences(ids)
    if len(set(ids)) < len(ids):
        equal = sum(math.comb(count, 2) for count in Counter(ids).values())
        found["duplicates"] = math.log2(math.comb(len(ids), 2) / equal)
    # Of equal figures the later one wins: it says more about why.
    method, bits = min(reversed(found.items()), key=itemgetter(1))
    enough = len(ids) >= 2 * base or (len(ids) > 1 and bits < _NEAR * ceiling)
    if len(ids) < 2:
        sentence = f"{len(ids)} ids show nothing: it takes two to compare. Collect more."
    elif not enough:
        sentence = (
            f"{len(ids)} ids show {bits:.1f} bits, but so few cannot show more than "
            f"{ceiling:.0f}, whatever made them. Collect more."
        )
    else:
        sentence = f"At most {bits:.1f} bits: {_explain(method, bits)}"
    return Estimate(bits, ceiling, method, sentence, positions, enough)


def _explain(method: str, bits: float) -> str:
    if method == "duplicates":
        return "some ids came twice, which happens only where few are possible."
    if method == "positions":
        return (
            "what the characters show, added up. This is an upper bound: "
            "ids from a good generator with a guessable seed look the same."
        )
    if bits == 0:
        return "the step from one id to the next is always the same."
    return "the step to the next id varies so little that one id gives most of the next away."


def _find_alphabet(texts: Sequence[str]) -> str:
    """Return the characters that ids like these are written with, in the order of their value."""
    seen = set().union(*texts)
    found = (alphabet for alphabet in _ALPHABETS if seen <= set(alphabet))
    return next(found, "".join(sorted(seen)))


def _measure_positions(ids: Sequence[str], most: float) -> tuple[float, ...]:
    """Return the bits of each position, counted from the right end, where numbers line up."""
    width = max(map(len, ids), default=0)
    columns = zip(*(text.rjust(width, "\0") for text in ids), strict=True)
    return tuple(min(_measure_entropy(column), most) for column in columns)


def _measure_entropy(symbols: Sequence[str]) -> float:
    """Return the Shannon entropy in bits, with Miller and Madow's correction.

    A small sample misses rare symbols, so the plain formula comes out too low, by about
    (symbols seen - 1) / (2 n) nats (Miller 1955).
    """
    counts, n = Counter(symbols).values(), len(symbols)
    plain = -math.fsum(k / n * math.log2(k / n) for k in counts)
    return plain + (len(counts) - 1) / (2 * n * math.log(2))


def _measure_differences(ids: Sequence[str]) -> float:
    """Return the most bits that steps of the variance seen can hold; 0 where all are equal."""
    steps = [later - earlier for earlier, later in pairwise(_read_numbers(ids))]
    n, total = len(steps), sum(steps)
    # The variance times n (n - 1), in whole numbers: floats would lose the end of a long id.
    spread = n * sum(step * step for step in steps) - total * total
    if spread == 0:
        return 0.0
    # v + 1/12 = (12 spread + n (n - 1)) / (12 n (n - 1))
    log_v = math.log2(12 * spread + n * (n - 1)) - math.log2(12 * n * (n - 1))
    return (math.log2(2 * math.pi * math.e) + log_v) / 2


def _read_numbers(ids: Sequence[str]) -> list[int]:
    """Read what is left of the ids, without the ends they have in common, as numbers."""
    start = len(commonprefix(ids))  # noqa: RUF071 (these are texts, not paths)
    rest = [text[start:] for text in ids]
    end = len(commonprefix([text[::-1] for text in rest]))  # noqa: RUF071
    rest = [text[: len(text) - end] for text in rest]
    value = {character: i for i, character in enumerate(_find_alphabet(rest))}
    return [reduce(lambda number, c: number * len(value) + value[c], text, 0) for text in rest]


def guess_time(bits: float, *, guesses: float = 10_000, live: float = 100_000) -> GuessTime:
    """Return how long a thief needs to hit one of the `live` sessions, in seconds.

    `guesses` is how many ids the thief tries a second. With A guesses, S live sessions and B bits
    the mean is 2**B / (2 A S) and the whole range 2**B / (A S): say which one is meant. 64 bits
    with the defaults: 292 years on average, 585 for the whole range. At least 64 bits, says the
    OWASP Session Management Cheat Sheet; at least 128, says ASVS 5.0, 7.2.3. A time too long for
    a float is infinite. Raises ValueError for bits below 0, or guesses or live not above 0.
    """
    for name, value, low in (("bits", bits, 0), ("guesses", guesses, None), ("live", live, None)):
        if not (value > 0 or value == low) or math.isinf(value):  # NaN fails both
            least = "0 or more" if low == 0 else "more than 0"
            raise ValueError(f"{name}: found {value}, expected a finite number, {least}")
    try:
        whole = 2.0 ** (bits - math.log2(guesses) - math.log2(live))
    except OverflowError:
        whole = math.inf
    return GuessTime(whole / 2, whole)


_MINUTE, _HOUR, _DAY, _YEAR = 60, 3_600, 86_400, 365.25 * 86_400  # seconds
_UNITS = (  # from how many of them on, in seconds, and what they are called
    (1, 1e18 * _YEAR, "billion billion years"),
    (1, 1e15 * _YEAR, "million billion years"),
    (1, 1e12 * _YEAR, "thousand billion years"),
    (1, 1e9 * _YEAR, "billion years"),
    (1, 1e6 * _YEAR, "million years"),
    (2, _YEAR, "years"),
    (2, _DAY, "days"),
    (2, _HOUR, "hours"),
    (2, _MINUTE, "minutes"),
    (0.1, 1, "seconds"),
    (1, 0.001, "milliseconds"),
)


def readable(seconds: float) -> str:
    """Return a time as a person reads it: "0.4 seconds", "292 years", "5.4 billion years".

    Raises ValueError for less than 0.
    """
    if not seconds >= 0:  # NaN, too
        raise ValueError(f"seconds: found {seconds}, expected 0 or more")
    if math.isinf(seconds):
        return "more years than can be counted here"
    if seconds >= 1e24 * _YEAR:
        return f"about 10 to the power of {math.log10(seconds / _YEAR):.0f} years"
    for least, unit, name in _UNITS:
        if seconds >= least * unit:
            count = seconds / unit
            text = f"{count:.1f}" if count < 9.95 else f"{count:,.0f}"
            text = text.removesuffix(".0")
            return f"{text} {name}" if text != "1" or unit != 1 else "1 second"
    return "less than a millisecond"
