"""Throw mutated tokens at `authlab.jose`: `python -m tests.jose.fuzz --tokens 1000000 --seed 7`.

Every honest token is bent in one of some twenty ways, and must be refused with InvalidToken. A
token accepted, or another exception, is printed with an example, and ends the run non-zero. What
comes out equal to an honest token is not counted.
"""

import argparse
import json
import random
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from authlab import jose

from . import material
from .material import ALGORITHMS, HMAC, NOW, b64, forge

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FOREIGN = " \t\r\n\v\f\x00+/=.,:;\"'%&?~\u00a0\u2028\u200b\ufeff\u0410\uff11\ud800\U0001f511"
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, "", "none", "HS256", [], {}, ["b64"], [[]]),
    *("\u0000", "../../dev/null", "' or 1=1 --", "https://evil.test/jwks", 10**400, [None]),
)
CHECKS: dict[str, Any] = {
    "audience": "https://bank.test",
    "issuer": "https://issuer.test",
    "now": NOW,
}
CLAIMS = {
    "iss": CHECKS["issuer"],
    "aud": CHECKS["audience"],
    "sub": "alice",
    "iat": NOW - 60,
    "nbf": NOW - 60,
    "exp": NOW + 300,
    "role": "customer",
}


@dataclass(frozen=True)
class Attempt:
    """One call: a token, the key and the allow-list that the verifier uses."""

    alg: str
    token: Any
    key: Any
    algorithms: Any


@cache
def honest() -> tuple[Attempt, ...]:
    """Two tokens for every algorithm, one of them with a `kid` for a key in a set."""
    attempts = []
    for alg in ALGORITHMS:
        key = jose.load_key(material.public(alg))
        plain = forge({"alg": alg, "typ": "JWT"}, CLAIMS, alg=alg)
        attempts.append(Attempt(alg, plain, key, [alg]))
        header = {"alg": alg, "typ": "JWT", "kid": "k1"}
        named = forge(header, CLAIMS | {"jti": "42"}, alg=alg)
        both = {"keys": [material.jwk(alg, kid="k1"), other_jwk(alg)]}
        attempts.append(Attempt(alg, named, jose.load_key(both), [alg]))
    return tuple(attempts)


@cache
def other_key(alg: str) -> Any:
    """The thief's own key of the right kind."""
    if alg in HMAC:
        return bytes(range(64))
    if alg in material.RSA:
        return jose.generate_key(alg).material
    return jose.generate_key(alg, random=lambda n: bytes(range(7, 7 + n))).material


def other_jwk(alg: str) -> dict[str, Any]:
    own = {} if alg not in HMAC else {"private": True}
    return jose.load_key(other_key(alg)).to_jwk(**own) | {"kid": "k2"}


@cache
def honest_tokens() -> frozenset[str]:
    return frozenset(attempt.token for attempt in honest())


Mutation = Callable[[random.Random, Attempt], Attempt]


def on_token(edit: Callable[[random.Random, str], Any]) -> Mutation:
    """Turn an edit of the token's text into a mutation."""

    def mutate(rng: random.Random, attempt: Attempt) -> Attempt:
        return replace(attempt, token=edit(rng, attempt.token))

    mutate.__name__ = edit.__name__
    return mutate


def flip_bit_of_text(rng: random.Random, token: str) -> bytes:
    data = bytearray(token.encode())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def flip_bit_of_part(rng: random.Random, token: str) -> str:
    parts = [bytearray(jose.b64url_decode(part)) for part in token.split(".")]
    part = rng.choice(parts)
    part[rng.randrange(len(part))] ^= 1 << rng.randrange(8)
    return ".".join(b64(bytes(part)) for part in parts)


def change_letter(rng: random.Random, token: str) -> str:
    at = rng.randrange(len(token))
    return token[:at] + rng.choice(ALPHABET) + token[at + 1 :]


def change_last_letter(rng: random.Random, token: str) -> str:
    parts = token.split(".")
    at = rng.randrange(3)
    parts[at] = parts[at][:-1] + rng.choice(ALPHABET)
    return ".".join(parts)


def insert_foreign(rng: random.Random, token: str) -> str:
    at = rng.choice((0, len(token), rng.randrange(len(token))))
    return token[:at] + rng.choice(FOREIGN) * rng.choice((1, 1, 2, 3)) + token[at:]


def replace_with_foreign(rng: random.Random, token: str) -> str:
    at = rng.randrange(len(token))
    return token[:at] + rng.choice(FOREIGN) + token[at + 1 :]


def pad(rng: random.Random, token: str) -> str:
    parts = token.split(".")
    at = rng.randrange(3)
    parts[at] += "=" * rng.choice((-len(parts[at]) % 4, 1, 2, 3, 4)) or "="
    return ".".join(parts)


def use_the_other_base64(rng: random.Random, token: str) -> str:
    parts = token.split(".")
    at = rng.randrange(3)
    parts[at] = b64encode(jose.b64url_decode(parts[at])).decode()
    if rng.random() < 0.5:
        parts[at] = parts[at].rstrip("=")
    return ".".join(parts)


def cut(rng: random.Random, token: str) -> str:
    start, end = sorted((rng.randrange(len(token) + 1), rng.randrange(len(token) + 1)))
    return rng.choice((token[:end], token[start:], token[:start] + token[end:]))


def repeat(rng: random.Random, token: str) -> str:
    parts = token.split(".")
    at = rng.randrange(3)
    return rng.choice(
        (
            token + token,
            f"{token}.{token}",
            ".".join([*parts[: at + 1], *parts[at:]]),
            ".".join([*parts[:at], parts[at] * 2, *parts[at + 1 :]]),
            token + "." * rng.randrange(1, 4),
        )
    )


def swap_parts(rng: random.Random, token: str) -> str:
    pool = [*token.split("."), *rng.choice(honest()).token.split("."), ""]
    return ".".join(rng.choice(pool) for _ in range(rng.choice((1, 2, 3, 3, 3, 3, 4, 5))))


def borrow_part(rng: random.Random, token: str) -> str:
    parts, others = token.split("."), rng.choice(honest()).token.split(".")
    at = rng.randrange(3)
    parts[at] = others[at]
    return ".".join(parts)


def edit_json(rng: random.Random, token: str) -> str:
    """Change, drop, add or double one member of header or claims; keep the signature."""
    parts = token.split(".")
    at = rng.randrange(2)
    members = json.loads(jose.b64url_decode(parts[at]))
    name = rng.choice([*members, "crit", "b64", "kid", "jku", "x5c", "zip", "admin", "exp"])
    way = rng.randrange(4)
    if way == 0:
        members.pop(name, None)
    else:
        members[name] = rng.choice(ODD_VALUES)
    text = json.dumps(members, separators=rng.choice(((",", ":"), (", ", ": "))))
    if way == 3:
        text = text[:-1] + f",{json.dumps(name)}:{json.dumps(rng.choice(ODD_VALUES))}}}"
    parts[at] = b64(text.encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig"))))
    return ".".join(parts)


def make_huge(rng: random.Random, token: str) -> Any:
    parts = token.split(".")
    size = rng.choice((16_000, 40_000, 65_000, 70_000))
    if rng.random() < 0.2:
        return rng.choice(("." * size, b"\xff" * size))
    fill = (
        "A" * size,
        "." * size,
        b64(b"[" * size),
        b64(b'{"a":' * (size // 5)),
        b64(b'{"alg":' + b"9" * size + b"}"),
    )
    parts[rng.randrange(3)] = rng.choice(fill)
    return ".".join(parts)


def garbage(rng: random.Random, token: str) -> Any:
    size = rng.randrange(200)
    letters = "".join(rng.choice(ALPHABET + "..") for _ in range(size))
    return rng.choice((rng.randbytes(size), letters, "", ".", "..", b"..", token.encode("utf-16")))


def unsign(rng: random.Random, attempt: Attempt) -> Attempt:
    """The classic: no signature, and an algorithm that says so, even if it is on the list."""
    name = "".join(rng.choice((c.lower(), c.upper())) for c in "none") + rng.choice(("", "", " "))
    header, payload, signature = attempt.token.split(".")
    header = b64(json.dumps({"alg": name, "typ": "JWT"}).encode())
    end = rng.choice(("", "", signature, b64(b"\0" * 64)))
    return replace(
        attempt,
        token=f"{header}.{payload}.{end}",
        algorithms=rng.choice((attempt.algorithms, ["none", attempt.alg], [name], [])),
    )


def strip_signature(rng: random.Random, attempt: Attempt) -> Attempt:
    header, payload, signature = attempt.token.split(".")
    end = rng.choice(("", signature[:4], b64(b"\0" * len(jose.b64url_decode(signature)))))
    return replace(attempt, token=f"{header}.{payload}.{end}")


def swap_algorithm(rng: random.Random, attempt: Attempt) -> Attempt:
    """Another `alg` in the header, and on the list, over the old signature."""
    alg = rng.choice([name for name in (*ALGORITHMS, "Ed25519", "ES256K") if name != attempt.alg])
    _, payload, signature = attempt.token.split(".")
    header = b64(json.dumps({"alg": alg, "typ": "JWT"}).encode())
    return replace(
        attempt,
        token=f"{header}.{payload}.{signature}",
        algorithms=rng.choice(([alg], [attempt.alg, alg], list(ALGORITHMS))),
    )


@cache
def disguises(alg: str) -> tuple[bytes, ...]:
    """The public key in the forms in which it might be taken for a secret."""
    key = material.public(alg)
    pem = material.pem(key).encode()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(material.jwk(alg)).encode()
    forms = [pem, pem.rstrip(), pem.replace(b"\n", b"\r\n"), b"\n" + pem, b" \t" + pem]
    forms += [pem.replace(b"\n", b" "), pem.replace(b"\n", b""), pem.replace(b"\n", b"\n\t")]
    forms += [b"".join(pem.split(b"\n")[1:-2]), der, jwk, b'{"keys":[' + jwk + b"]}"]
    forms += [pem.decode().encode("utf-16"), b"\xef\xbb\xbf" + pem, b"\xef\xbb\xbf" + jwk]
    return tuple(forms)


def confuse_keys(rng: random.Random, attempt: Attempt) -> Attempt:
    """Sign with the public key as an HMAC secret; the verifier may even hold it in that form."""
    alg = rng.choice([name for name in ALGORITHMS if name not in HMAC])
    name = rng.choice(HMAC)
    secret = rng.choice(disguises(alg))
    pem = material.pem(material.public(alg))
    posing = {"kty": "oct", "k": b64(secret)}
    key = rng.choice((secret, material.public(alg), material.jwk(alg), pem, posing))
    allowed = rng.choice(([name], [alg, name], list(ALGORITHMS)))
    token = forge({"alg": name, "typ": "JWT"}, CLAIMS, alg=name, key=secret)
    return Attempt(alg, token, key, allowed)


def bring_own_key(rng: random.Random, attempt: Attempt) -> Attempt:
    """Sign with the thief's key, and offer that key in the header."""
    alg = attempt.alg
    own = other_jwk(alg)
    header = {"alg": alg, "typ": "JWT"} | rng.choice(
        (
            {"jwk": own},
            {"jku": "https://evil.test/jwks.json"},
            {"x5u": "https://evil.test/cert.pem"},
            {"x5c": ["MIIB"]},
            {"kid": "k1"},
            {"kid": "k1", "jwk": own},
            {"kid": rng.choice(("k3", "", "../../dev/null", "k1\x00", "K1", "k1' or '1'='1"))},
            {},
        )
    )
    return replace(attempt, token=forge(header, CLAIMS, alg=alg, key=other_key(alg)))


def bend_numbers(rng: random.Random, attempt: Attempt) -> Attempt:
    """The same or extreme numbers, spelled so that a careless verifier takes them."""
    data, _, text = attempt.token.rpartition(".")
    raw = jose.b64url_decode(text)
    size = len(raw)
    forms = [bytes(size), b"\xff" * size, bytes(size - 1) + b"\1", b"\0" + raw, raw + b"\0"]
    forms += [raw[:-1], raw[1:], raw[::-1], raw[size // 2 :] + raw[: size // 2]]
    if attempt.alg == "EdDSA":  # S and S + L are the same number to a lax verifier
        order = 2**252 + 27742317777372353535851937790883648493
        number = int.from_bytes(raw[32:], "little") + order
        forms.append(raw[:32] + number.to_bytes(32, "little"))
    elif attempt.alg in material.RSA:
        modulus = material.public(attempt.alg).public_numbers().n
        number = int.from_bytes(raw, "big") + modulus
        forms += [number.to_bytes(size + 1, "big"), modulus.to_bytes(size, "big")]
    elif attempt.alg in material.EC:
        curve = material.public(attempt.alg).curve
        half = size // 2
        n = curve.group_order.to_bytes(half, "big")
        r, s = int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        forms += [n + n, n + raw[half:], raw[:half] + n, raw[:half] + bytes(half)]
        forms += [encode_dss_signature(r, s), bytes(half) + raw[half:]]
        if r + curve.group_order < 256**half:
            forms.append((r + curve.group_order).to_bytes(half, "big") + raw[half:])
    return replace(attempt, token=f"{data}.{b64(rng.choice(forms))}")


HOSTILE: tuple[tuple[bytes | dict[str, Any], bytes | dict[str, Any]], ...] = (
    ({"typ": "JWT"}, CLAIMS | {"exp": NOW}),
    ({"typ": "JWT"}, CLAIMS | {"exp": 0}),
    ({"typ": "JWT"}, CLAIMS | {"exp": "9999999999"}),
    ({"typ": "JWT"}, CLAIMS | {"exp": True}),
    ({"typ": "JWT"}, CLAIMS | {"exp": None}),
    ({"typ": "JWT"}, CLAIMS | {"exp": [NOW + 300]}),
    ({"typ": "JWT"}, CLAIMS | {"exp": -(10**400)}),
    ({"typ": "JWT"}, CLAIMS | {"nbf": NOW + 1}),
    ({"typ": "JWT"}, CLAIMS | {"iat": NOW + 100}),
    ({"typ": "JWT"}, CLAIMS | {"aud": "https://bank.test.evil.test"}),
    ({"typ": "JWT"}, CLAIMS | {"aud": []}),
    ({"typ": "JWT"}, CLAIMS | {"aud": None}),
    ({"typ": "JWT"}, CLAIMS | {"aud": {"https://bank.test": 1}}),
    ({"typ": "JWT"}, CLAIMS | {"iss": "https://issuer.tes"}),
    ({"typ": "JWT"}, CLAIMS | {"iss": ["https://issuer.test"]}),
    ({"crit": []}, CLAIMS),
    ({"crit": ["exp"], "exp": NOW + 300}, CLAIMS),
    ({"b64": False}, CLAIMS),
    ({"b64": False, "crit": ["b64"]}, CLAIMS),
    ({"kid": 7}, CLAIMS),
    ({"typ": ["JWT"]}, CLAIMS),
    ({}, b'{"exp":1,"exp":9999999999}'),
    ({}, b'{"exp":NaN}'),
    ({}, b'{"exp":Infinity}'),
    ({}, b'{"exp":1e999}'),
    ({}, b'{"exp":' + b"9" * 5000 + b"}"),
    ({}, b'{"exp":9999999999' + b" " * 50 + b"}{"),
    ({}, b'{"sub":"\\ud800","exp":9999999999}'),
    ({}, b"[" * 20_000),
    ({}, b'{"a":' * 9_000 + b"1" + b"}" * 9_000),
    ({}, b"[1]"),
    ({}, b"null"),
    ({}, b""),
    ({}, b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode()),
    ({}, json.dumps(CLAIMS).encode("utf-16")),
    ({}, json.dumps(CLAIMS).encode("utf-32-le")),
    ({}, b'{"sub":"\xff"}'),
    (b"[]", CLAIMS),
    (b"", CLAIMS),
    (b'{"alg":"%s","alg":"%s"}', CLAIMS),
    (b'{"alg":"%s","x":{"a":1,"a":2}}', CLAIMS),
    (b'\xef\xbb\xbf{"alg":"%s"}', CLAIMS),
    (b'{"alg":["%s"]}', CLAIMS),
    (b'{"alg":"%s "}', CLAIMS),
    (b'{"Alg":"%s"}', CLAIMS),
)


@cache
def signed_hostile(alg: str, number: int, named: bool) -> str:
    """A hostile header or payload under a true signature (made once: signing is slow)."""
    header, payload = HOSTILE[number]
    if isinstance(header, bytes):
        header = header.replace(b"%s", alg.encode())
    else:
        header = {"alg": alg, **({"kid": "k1"} if named else {}), **header}
    return forge(header, payload, alg=alg)


def sign_hostile(rng: random.Random, attempt: Attempt) -> Attempt:
    named = isinstance(attempt.key, jose.Key) is False
    number = rng.randrange(len(HOSTILE))
    return replace(attempt, token=signed_hostile(attempt.alg, number, named))


def bend_arguments(rng: random.Random, attempt: Attempt) -> Attempt:
    """An honest token, and a verifier set up wrongly: it must fail closed."""
    if rng.random() < 0.5:
        odd: tuple[Any, ...] = (None, "", attempt.alg, (), [], {}, 7, [None], [[]], ["none"], b"")
        return replace(attempt, algorithms=rng.choice(odd))
    keys: tuple[Any, ...] = (None, "", b"", b"x", "secret", 7, [], {}, {"keys": []}, {"kty": "oct"})
    more = (object(), {"keys": {}}, other_key(attempt.alg), {"kty": "RSA", "n": "AQ", "e": "AQAB"})
    return replace(attempt, key=rng.choice(keys + more))


ON_TEXT = (
    *(flip_bit_of_text, flip_bit_of_part, change_letter, change_last_letter, insert_foreign),
    *(replace_with_foreign, pad, use_the_other_base64, cut, repeat, swap_parts, borrow_part),
    *(edit_json, make_huge, garbage),
)
MUTATIONS: tuple[Mutation, ...] = (
    *map(on_token, ON_TEXT),
    *(unsign, strip_signature, swap_algorithm, confuse_keys, bring_own_key, bend_numbers),
    *(sign_hostile, bend_arguments),
)
# Few of the ways that build large texts or sign anew, many of the cheap ones.
DEAR = ("make_huge", "confuse_keys", "bring_own_key")
WEIGHTS = [1 if mutation.__name__ in DEAR else 4 for mutation in MUTATIONS]


@dataclass
class Outcome:
    """What a run found: tokens by mutation, refusals by kind of error, and what went wrong."""

    tried: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, Attempt] = field(default_factory=dict)

    def fail(self, what: str, attempt: Attempt) -> None:
        self.failures[what] += 1
        self.examples.setdefault(what, attempt)


def run(tokens: int, seed: int) -> Outcome:
    """Throw `tokens` mutated tokens; the same `seed` gives the same ones."""
    rng = random.Random(seed)
    outcome = Outcome()
    while outcome.tried.total() < tokens:
        mutation = rng.choices(MUTATIONS, WEIGHTS)[0]
        original = rng.choice(honest())
        attempt = mutation(rng, original)
        token = attempt.token
        as_text = token.decode("latin-1") if isinstance(token, bytes) else token
        if as_text in honest_tokens() and mutation is not bend_arguments:
            continue
        outcome.tried[mutation.__name__] += 1
        try:
            # Half of them without the checks of the claims: the signature alone must do.
            if outcome.tried.total() % 2 or mutation is sign_hostile:
                jose.decode(token, attempt.key, attempt.algorithms, **CHECKS)
            else:
                jose.verify(token, attempt.key, attempt.algorithms)
        except jose.InvalidToken as error:
            outcome.refusals[type(error).__name__] += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome.fail(f"{mutation.__name__} raised {error!r:.200}", attempt)
        else:
            outcome.fail(f"{mutation.__name__} was ACCEPTED", attempt)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description="Throw mutated tokens at authlab.jose")
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    started = time.perf_counter()
    outcome = run(options.tokens, options.seed)
    seconds = time.perf_counter() - started
    for title, counts in (("mutation", outcome.tried), ("refused as", outcome.refusals)):
        print(f"{title:24}{'tokens':>10}")
        for name, count in counts.most_common():
            print(f"  {name:22}{count:10,}")
    failures = outcome.failures.total()
    print(f"{outcome.tried.total():,} tokens, {seconds:.0f} s, {failures} failures")
    for what, count in outcome.failures.items():
        print(f"{count} times: {what}, for example {outcome.examples[what]!r:.2000}")
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
