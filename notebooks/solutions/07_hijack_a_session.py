"""Solutions of 07_hijack_a_session. In the notebook, `solution("07.1")` shows one of them."""


# %% 07.1
def find_cookie(captures):
    for capture in captures:
        if capture.host == "bank.test" and capture.request:
            for line in capture.request.splitlines():
                if line.startswith("Cookie: "):
                    return line.removeprefix("Cookie: ")
    return None


# %% 07.2
import random


def next_id(seen, seconds):
    for second in seconds:
        source = random.Random(second)
        if source.randbytes(16).hex() == seen:
            return source.randbytes(16).hex()


# %% 07.3
import math


def bits_needed(years, guesses, live):
    return math.ceil(math.log2(2 * guesses * live * years * 365.25 * 86_400))


# %% 07.4
from authlab.attacks import DEFENCES, build_bank


def stoppers(theft):
    alone = {name: build_bank("session", [name]) for name in DEFENCES}
    return {name for name, bank in alone.items() if not theft.run(bank).succeeded}


# %% 07.5
switches = {"https", "random", "rotate", "httponly", "samesite", "logout"}
