"""What the tests run in processes of their own: `python -m tests.sessions.child race|kill URL`."""

import json
import os
import random
import signal
import sys
import time
import zlib
from typing import NoReturn

from authlab.sessions import Store, file, open_store, redis, sql

PATIENT = (file, sql, redis)  # what has a patience to be stretched on a busy machine
ROUNDS = 40


def race(store: Store, me: str) -> None:
    """Take part in three races with the others; print what was won."""
    print("ready", flush=True)
    sys.stdin.readline()
    won = {"add": [], "pop": []}  # type: dict[str, list[int]]
    for number in range(ROUNDS):
        if store.add(f"add:{number}", me.encode(), 60):
            won["add"].append(number)
        if store.pop(f"pop:{number}") is not None:
            won["pop"].append(number)
        store.update("count", lambda old: str(int(old or 0) + 1).encode(), 60)
    print(json.dumps(won), flush=True)


KEYS = 8


def make_value(number: int, size: int) -> bytes:
    """A value that shows whether it is whole."""
    body = b"%d:" % number + bytes(random.Random(number).randbytes(size))
    return zlib.crc32(body).to_bytes(4, "big") + body


def read_value(value: bytes | None) -> int | None:
    """The number in a value; None if there is none. Raises AssertionError if it is torn."""
    if value is None:
        return None
    assert zlib.crc32(value[4:]) == int.from_bytes(value[:4], "big"), "a torn value"
    return int(value[4:].partition(b":")[0])


def write_for_ever(store: Store, first: int, pipe: int) -> NoReturn:
    """Write numbered values, each reported to `pipe` once the store has it, until killed."""
    number = first
    while True:
        key, value = f"k{number % KEYS}", make_value(number, number * 7919 % 20_000)
        match number % 4:
            case 0 | 1:
                store.set(key, value, 600)
            case 2:
                store.update(key, lambda old, value=value: value, 600)  # type: ignore[misc]
            case _:
                store.pop(key)
                store.add(key, value, 600)
        store.touch(key, 900)
        os.write(pipe, b"%d\n" % number)
        number += 1


def kill(store: Store, url: str, times: int) -> None:
    """Kill a writer `times` times at random moments; print what was found each time."""
    chance = random.Random(1)
    committed: dict[int, int] = {}  # by key, the last number that was reported
    first, wrote = 0, 0
    for turn in range(times):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            # Half of the writers go on with the store of their parent, as forked servers do.
            write_for_ever(store if turn % 2 else open_store(url), first, writing)
        os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            data = pipe.read(1)  # waits until it is writing
            time.sleep(chance.uniform(0, 0.012))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            data += pipe.read()
        numbers = [int(line) for line in data.splitlines()]
        wrote += len(numbers)
        committed.update({number % KEYS: number for number in numbers})
        cut = numbers[-1] + 1  # whatever was being written when the kill came
        for key, number in committed.items():
            found = read_value(store.get(f"k{key}"))
            good: set[int | None] = {number}
            if key == cut % KEYS:
                good |= {cut, None} if cut % 4 == 3 else {cut}
            assert found in good, f"turn {turn}, k{key}: found {found}, not {good}"
            if found is None:
                store.set(f"k{key}", make_value(number, 9), 600)
            else:
                committed[key] = found
        first = cut + 1
    print(json.dumps({"turns": times, "wrote": wrote}), flush=True)


if __name__ == "__main__":
    what, url = sys.argv[1:3]
    for module in PATIENT:
        module._PATIENCE = 30
    with open_store(url) as store:
        if what == "race":
            race(store, sys.argv[3])
        else:
            kill(store, url, int(sys.argv[3]))
