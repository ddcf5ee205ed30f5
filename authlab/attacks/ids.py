"""Four ways to make session ids, three of them weak, and how a thief guesses the weak ones.

Imports only `authlab.clock`. A maker is called as `new_id(bits)`, which is what
`authlab.sessions.Sessions(new_id=...)` takes. A guesser gets the ids that a thief collected and
yields candidates for the ids of others, the likeliest first, and none of the thief's own. It asks
no server: whether a candidate is alive, only a server can tell.

Kinds of weakness, by their CWE number: 330 is random values that are not random enough, and 331
too little entropy; below these stand 334 (few possible values), 337 (a seed that can be guessed)
and 340 (numbers that can be predicted).
"""

import random
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

from authlab.clock import Clock

__all__ = [
    "NewId", "clock_ids", "counter_ids", "find_seed", "guess_clock", "guess_counter",
    "guess_ids", "guess_twister", "random_ids", "twister_ids",
]  # fmt: skip

NewId = Callable[[int], str]  # gets the bits that are asked for, returns an id

_DAY = 86_400  # seconds
_SKEW = 60  # seconds that the thief's clock may be behind the server's
_YEAR_2000, _YEAR_2100 = 946_684_800_000, 4_102_444_800_000  # Unix milliseconds


# -- the server's side ------------------------------------------------------------------------


def counter_ids(*, start: int = 1001) -> NewId:
    """Return a maker that counts from `start`: 1001, 1002, ... whatever bits are asked for.

    Whoever has one id has them all (CWE-340).
    """
    numbers = count(start)
    return lambda bits: str(next(numbers))


def clock_ids(clock: Clock) -> NewId:
    """Return a maker that writes the time of `clock` in milliseconds, as hex: 1a3185c5000.

    Where a millisecond is taken, the next free one is used, so no two ids are equal. PHP's
    `uniqid()` works the same way, in microseconds, and its manual says not to use it for secrets.
    One minute has 60,000 milliseconds (CWE-334, CWE-340).
    """
    lock, last = threading.Lock(), 0

    def new_id(bits: int) -> str:
        nonlocal last
        with lock:
            last = max(int(clock.now() * 1000), last + 1)
            return f"{last:x}"

    return new_id


def twister_ids(seed: int) -> NewId:
    """Return a maker that draws from Python's `random`, the Mersenne Twister, with a known seed.

    `seed` is the Unix second at which the server started, as weak systems do it. The ids are hex,
    of the bits asked for (rounded up to a multiple of 32), and look perfect. A day has 86,400
    seconds, so they hold 16.4 bits (CWE-337). Netscape's SSL keys fell in a like way in 1995
    (Goldberg and Wagner, "Randomness and the Netscape Browser", 1996). Without its seed the
    Twister is no safer: 624 numbers of 32 bits in a row give its whole state away, so 156 ids of
    128 bits.
    """
    source = random.Random(seed)
    return lambda bits: source.randbytes(4 * -(-bits // 32)).hex()


def random_ids(*, draw: Callable[[int], bytes] = secrets.token_bytes) -> NewId:
    """Return a maker of ids from the system's source of secrets, in hex (ASVS 5.0, 7.2.3).

    `draw(size)` returns that many random bytes. Hex, so that a learner can lay these ids beside
    those of `twister_ids` and see no difference.
    """
    return lambda bits: draw(-(-bits // 8)).hex()


# -- the thief's side -------------------------------------------------------------------------


def guess_counter(collected: Sequence[str], *, reach: int = 10_000) -> Iterator[str]:
    """Yield the numbers within `reach` of the highest id collected, nearest first.

    Yields nothing unless all ids are decimal numbers. Leading zeros are kept.
    """
    if numbers := _read_numbers(collected, 10):
        width = len(collected[0]) if any(text.startswith("0") for text in collected) else 0
        yield from (f"{number:0{width}d}" for number in _outward(numbers, reach))


def guess_clock(collected: Sequence[str], window: float = 60) -> Iterator[str]:
    """Yield the milliseconds within `window` seconds of the newest id collected, nearest first.

    Yields nothing unless all ids, read as hex or else as decimal, are Unix milliseconds between
    the years 2000 and 2100.
    """
    for base, form in ((16, "x"), (10, "d")):
        numbers = _read_numbers(collected, base)
        if numbers and all(_YEAR_2000 < number < _YEAR_2100 for number in numbers):
            yield from (f"{number:{form}}" for number in _outward(numbers, int(window * 1000)))


def find_seed(wanted: str, seconds: Iterable[int], *, depth: int = 100) -> tuple[int, int] | None:
    """Return (second, place): which of `seconds` (Unix) seeded the Twister that made `wanted`.

    `place` says which id of that seed it is, 0 for the server's first. Of each second the first
    `depth` ids are made and compared; None where none fits. A day takes about a second or two, on
    the thief's own machine: the server sees nothing of it.
    """
    if not re.fullmatch(r"(?:[0-9a-f]{8})+", wanted):
        return None
    needle = bytes.fromhex(wanted)
    size = len(needle)
    for second in seconds:
        # The Twister is a stream of bytes that ids are cut from: one long cut is quicker.
        at = random.Random(second).randbytes(size * depth).find(needle)
        if at >= 0 and at % size == 0:
            return second, at // size
    return None


def guess_twister(
    collected: Sequence[str], around: float, *, back: float = _DAY, ahead: int = 1000
) -> Iterator[str]:
    """Find the seed of the ids collected, then yield the server's other ids, nearest first.

    `around` (Unix seconds) is the latest start to be expected, such as the present moment; the
    seconds from there to `back` seconds earlier are tried as seeds. Then come up to `ahead` ids on
    each side of the newest one collected. Yields nothing when no seed fits, or when the first id
    collected was not among the server's first hundred.
    """
    seconds = range(int(around) + _SKEW, int(around - back) - 1, -1)
    found = find_seed(collected[0], seconds) if _texts(collected) else None
    if found:
        second, place = found
        bits, new_id = 4 * len(collected[0]), twister_ids(second)
        issued = [new_id(bits) for _ in range(place + len(collected) + 2 * ahead)]
        mine = set(collected)
        places = [place for place, text in enumerate(issued) if text in mine]
        yield from (issued[place] for place in _outward(places, ahead) if place < len(issued))


def guess_ids(collected: Sequence[str], now: float, *, back: float = _DAY) -> Iterator[str]:
    """Yield candidates from every guesser that recognises the ids: counter, clock, Twister.

    `now` is the thief's time in Unix seconds, `back` as in `guess_twister`. There are never more
    than about 142,000 candidates; for ids from a good source there is none. The seed comes last
    because it takes longest.
    """
    yield from guess_counter(collected)
    yield from guess_clock(collected)
    yield from guess_twister(collected, now, back=back)


def _outward(known: Sequence[int], reach: int) -> Iterator[int]:
    """Yield the numbers on both sides of the highest known one, nearest first.

    The newest sessions are the likeliest to be alive. What is known, or below 0, is left out.
    """
    newest, seen = max(known), set(known)
    for step in range(1, reach + 1):
        for number in (newest + step, newest - step):
            if number >= 0 and number not in seen:
                yield number


def _read_numbers(collected: Sequence[str], base: int) -> list[int]:
    """Return the ids as numbers; none where one of them is no plain number of at most 20 digits."""
    digits = "[0-9]{1,20}" if base == 10 else "[0-9a-f]{1,20}"
    texts = _texts(collected)
    if not all(re.fullmatch(digits, text) for text in texts):
        return []
    return [int(text, base) for text in texts]


def _texts(collected: Sequence[str]) -> Sequence[str]:
    if isinstance(collected, str):  # its characters would pass for ids
        raise TypeError(f"found one text of {len(collected)} characters, expected a list of ids")
    return collected
