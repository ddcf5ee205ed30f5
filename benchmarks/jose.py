"""How fast `authlab.jose` is beside PyJWT, joserfc and jwcrypto: `python -m benchmarks.jose`.

One token with seven claims, in four algorithms. Every library checks the signature, `exp`, `nbf`,
`iat`, `iss` and `aud`, with a key loaded once in its own native way. The rounds are interleaved,
so that a busy moment of the machine falls on all alike; each ratio is the median over the rounds.
Times are processor time on the machine it ran on. `--quick` takes fewer rounds.
"""

import argparse
import gc
import hmac
import json
import os
import platform
import statistics
import time
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from joserfc import jwt as joserfc_jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jwt as jwcrypto_jwt

from authlab import jose

ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
ISSUER, AUDIENCE = "https://issuer.test", "https://bank.test"
PEERS = ("PyJWT", "joserfc", "jwcrypto")

Job = Callable[[], object]
Times = dict[str, list[float]]  # microseconds a call in every round, by library


def make_claims() -> dict[str, Any]:
    """Seven claims, as an access token has them."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "sub": "alice",
        "aud": AUDIENCE,
        "iat": now - 10,
        "nbf": now - 10,
        "exp": now + 3600,
        "jti": "0f8fad5b-d9cb-469f-a165-70867728950e",
    }


@dataclass(frozen=True)
class Material:
    """One fresh key: as bytes or an object of `cryptography`, and its public half as text."""

    alg: str
    kty: str
    private: Any
    public: Any
    private_text: bytes  # PEM, or the secret itself
    public_text: bytes

    @classmethod
    def fresh(cls, alg: str) -> "Material":
        if alg == "HS256":
            secret = os.urandom(32)
            return cls(alg, "oct", secret, secret, secret, secret)
        private: Any
        if alg == "RS256":
            kty, private = "RSA", rsa.generate_private_key(65537, 2048)
        elif alg == "ES256":
            kty, private = "EC", ec.generate_private_key(ec.SECP256R1())
        else:
            kty, private = "OKP", ed25519.Ed25519PrivateKey.generate()
        private_text = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public_text = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return cls(alg, kty, private, private.public_key(), private_text, public_text)

    def for_joserfc(self, text: bytes) -> Any:
        return import_key(text, self.kty)  # type: ignore[call-overload]

    def for_jwcrypto(self, text: bytes) -> jwcrypto_jwk.JWK:
        if self.kty == "oct":
            return jwcrypto_jwk.JWK(kty="oct", k=urlsafe_b64encode(text).rstrip(b"=").decode())
        return jwcrypto_jwk.JWK.from_pem(text)


def encoders(key: Material, claims: dict[str, Any]) -> dict[str, Job]:
    """What each library does to turn `claims` into a token."""
    alg = key.alg
    ours = jose.load_key(key.private)
    joserfc_key = key.for_joserfc(key.private_text)
    jwcrypto_key = key.for_jwcrypto(key.private_text)
    registry = JWSRegistry(algorithms=[alg])

    def with_jwcrypto() -> str:
        token = jwcrypto_jwt.JWT(header={"alg": alg, "typ": "JWT"}, claims=claims, algs=[alg])
        token.make_signed_token(jwcrypto_key)
        return str(token.serialize())

    return {
        "authlab": lambda: jose.encode(claims, ours, alg),
        "PyJWT": lambda: pyjwt.encode(claims, key.private, alg),
        "joserfc": lambda: joserfc_jwt.encode({"alg": alg}, claims, joserfc_key, registry=registry),
        "jwcrypto": with_jwcrypto,
        "bare work": bare_encoder(key, claims),
    }


def decoders(key: Material, token: str, *, reload: bool = False) -> dict[str, Job]:
    """What each library does to check `token`; `reload` hands it the key's text on every call."""
    alg, text = key.alg, key.public_text
    pyjwt_key: Any = text if reload else key.public
    ours: Any = jose.load_key(key.public)
    if reload:  # to authlab bytes are a secret, and a PEM is a str
        ours = text if key.kty == "oct" else text.decode()
    joserfc_key, jwcrypto_key = key.for_joserfc(text), key.for_jwcrypto(text)
    registry = JWSRegistry(algorithms=[alg])
    rules = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )
    wanted = {"iss": ISSUER, "aud": AUDIENCE, "exp": None, "nbf": None, "iat": None}

    def with_joserfc() -> dict[str, Any]:
        loaded = key.for_joserfc(text) if reload else joserfc_key
        claims = joserfc_jwt.decode(token, loaded, registry=registry).claims
        rules.validate(claims)
        return claims

    def with_jwcrypto() -> dict[str, Any]:
        loaded = key.for_jwcrypto(text) if reload else jwcrypto_key
        read = jwcrypto_jwt.JWT(
            jwt=token, key=loaded, algs=[alg], check_claims=wanted, expected_type="JWS"
        )
        claims: dict[str, Any] = json.loads(read.claims)
        if claims["iat"] > time.time():  # jwcrypto only asks that it is there
            raise ValueError("iat lies in the future")
        return claims

    jobs: dict[str, Job] = {
        "authlab": lambda: jose.decode(token, ours, [alg], audience=AUDIENCE, issuer=ISSUER),
        "PyJWT": lambda: pyjwt.decode(token, pyjwt_key, [alg], audience=AUDIENCE, issuer=ISSUER),
        "joserfc": with_joserfc,
        "jwcrypto": with_jwcrypto,
    }
    return jobs if reload else {**jobs, "bare work": bare_decoder(key, token)}


HASH = hashes.SHA256()


def bare_encoder(key: Material, claims: dict[str, Any]) -> Job:
    """What cannot be left out: write both parts, encode them, sign them, encode the signature."""
    private, header = key.private, {"alg": key.alg, "typ": "JWT"}
    ecdsa, pkcs1 = ec.ECDSA(HASH), padding.PKCS1v15()

    def sign_ecdsa(data: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(data, ecdsa))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    sign: dict[str, Callable[[bytes], bytes]] = {
        "HS256": lambda data: hmac.digest(private, data, "sha256"),
        "RS256": lambda data: bytes(private.sign(data, pkcs1, HASH)),
        "ES256": sign_ecdsa,
        "EdDSA": lambda data: bytes(private.sign(data)),
    }
    make = sign[key.alg]

    def run() -> str:
        parts = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
        data = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in parts)
        return (data + b"." + urlsafe_b64encode(make(data)).rstrip(b"=")).decode()

    return run


def bare_decoder(key: Material, token: str) -> Job:
    """What cannot be left out: decode three parts, check the signature, read two as JSON."""
    public = key.public
    ecdsa, pkcs1 = ec.ECDSA(HASH), padding.PKCS1v15()

    def check_hmac(signature: bytes, data: bytes) -> None:
        if not hmac.compare_digest(hmac.digest(public, data, "sha256"), signature):
            raise ValueError("signature")

    def check_ecdsa(signature: bytes, data: bytes) -> None:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        public.verify(encode_dss_signature(r, s), data, ecdsa)

    check: dict[str, Callable[[bytes, bytes], object]] = {
        "HS256": check_hmac,
        "RS256": lambda signature, data: public.verify(signature, data, pkcs1, HASH),
        "ES256": check_ecdsa,
        "EdDSA": lambda signature, data: public.verify(signature, data),
    }
    test = check[key.alg]

    def run() -> tuple[object, object]:
        data, _, signature = token.encode().rpartition(b".")
        header, _, payload = data.partition(b".")
        test(urlsafe_b64decode(signature + b"=="), data)
        read_header = json.loads(urlsafe_b64decode(header + b"=="))
        return read_header, json.loads(urlsafe_b64decode(payload + b"=="))

    return run


def measure(jobs: dict[str, Job], rounds: int, seconds: float) -> Times:
    """Return the microseconds of each job in each round; a job's turn takes about `seconds`."""
    calls = {}
    for name, job in jobs.items():
        job()
        started = time.process_time()
        job()
        calls[name] = max(3, int(seconds / max(time.process_time() - started, 1e-6)))
    times: Times = {name: [] for name in jobs}
    names = list(jobs)
    gc.collect()
    gc.disable()
    try:
        for turn in range(rounds):
            shift = turn % len(names)
            for name in names[shift:] + names[:shift]:  # nobody always follows the same neighbour
                job = jobs[name]
                started = time.process_time()
                for _ in range(calls[name]):
                    job()
                times[name].append((time.process_time() - started) / calls[name] * 1e6)
    finally:
        gc.enable()
    return times


def ratio(top: list[float], bottom: list[float]) -> float:
    """The median over the rounds: both numbers of a round were taken at the same moment."""
    return statistics.median(one / other for one, other in zip(top, bottom, strict=True))


def print_table(title: str, columns: tuple[str, ...], rows: dict[str, Times]) -> None:
    """Print medians and their ratio to authlab's, one row an algorithm."""
    print(f"\n{title}\nmicroseconds a call, and in brackets how many times authlab's")
    width = max(8, *map(len, rows))
    print(" " * width + "".join(f"{column:>20}" for column in columns))
    for alg, times in rows.items():
        line = f"{alg:{width}}"
        for name in columns:
            times_ours = ratio(times[name], times["authlab"])
            line += f"{statistics.median(times[name]):12.1f} ({times_ours:.2f})".rjust(20)
        print(line)


def print_aims(encoded: dict[str, Times], decoded: dict[str, Times]) -> None:
    """Print every aim beside what was measured."""
    hs256 = decoded["HS256"]
    print("\nAims")

    def line(aim: str, value: float, limit: float) -> None:
        verdict = "met" if value <= limit else "NOT MET"
        print(f"  {aim:66}{value:6.2f}  aim {limit:.2f}  {verdict}")

    line("HS256 decode: authlab / PyJWT", ratio(hs256["authlab"], hs256["PyJWT"]), 0.5)
    line("HS256 decode: authlab / joserfc", ratio(hs256["authlab"], hs256["joserfc"]), 0.75)
    for what, rows in (("decode", decoded), ("encode", encoded)):
        for alg, times in rows.items():
            if (what, alg) != ("decode", "HS256"):
                worst, peer = max((ratio(times["authlab"], times[name]), name) for name in PEERS)
                line(f"{alg} {what}: authlab / fastest of the three ({peer})", worst, 1.0)
    for alg, times in decoded.items():
        pairs = zip(times["authlab"], times["bare work"], strict=True)
        added = statistics.median(ours - bare for ours, bare in pairs)
        share = added / statistics.median(hs256["PyJWT"])
        line(f"{alg} decode: what authlab adds to the bare work / PyJWT's HS256", share, 0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description="authlab.jose beside its peers")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    rounds, seconds = (21, 0.003) if quick else (151, 0.004)
    # joserfc warns that the name EdDSA gives way to Ed25519 (RFC 9864); the others know no other.
    warnings.simplefilter("ignore", SecurityWarning)

    packages = ", ".join(f"{name} {version(name)}" for name in (*PEERS, "cryptography"))
    print(f"Python {platform.python_version()}, {packages}; {rounds} interleaved rounds")
    claims = make_claims()
    encoded: dict[str, Times] = {}
    decoded: dict[str, Times] = {}
    reloaded: dict[str, Times] = {}
    for alg in ALGORITHMS:
        key = Material.fresh(alg)
        token = jose.encode(claims, key.private, alg)
        for job in (*decoders(key, token).values(), *decoders(key, token, reload=True).values()):
            if (read := job()) != claims and read != ({"alg": alg, "typ": "JWT"}, claims):
                raise SystemExit(f"{alg}: a library read {read}")
        encoded[alg] = measure(encoders(key, claims), rounds, seconds)
        decoded[alg] = measure(decoders(key, token), rounds, seconds)
        reloaded[alg] = measure(decoders(key, token, reload=True), rounds, seconds)
    print_table("decode, key loaded once", ("authlab", *PEERS, "bare work"), decoded)
    print_table("encode, key loaded once", ("authlab", *PEERS, "bare work"), encoded)
    print_table("decode, key given as bytes or PEM on every call", ("authlab", *PEERS), reloaded)
    print_aims(encoded, decoded)


if __name__ == "__main__":
    main()
