"""How fast `authlab.jose` encrypts beside joserfc and jwcrypto: `python -m benchmarks.jwe`.

One plaintext of 200 bytes under each algorithm, with a key loaded once in each library's own way.
Rounds, ratios and `--quick` are those of `benchmarks.jose`; PyJWT has no JWE. The bare work is
what `cryptography` alone takes for the same bytes, without header, Base64url and checks.
"""

import argparse
import os
import platform
from importlib.metadata import version

from cryptography.hazmat.primitives import hashes, keywrap
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import import_key
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from authlab import jose
from benchmarks.jose import Job, Times, measure, print_table, ratio

PAIRS = (
    ("dir", "A256GCM"),
    ("dir", "A128CBC-HS256"),
    ("A256KW", "A256GCM"),
    ("A128KW", "A256CBC-HS512"),
    ("RSA-OAEP", "A256GCM"),
    ("RSA-OAEP-256", "A128CBC-HS256"),
    ("ECDH-ES", "A256GCM"),
)
PEERS = ("joserfc", "jwcrypto")
PLAINTEXT = os.urandom(200)


def writers(alg: str, enc: str, key: jose.Key) -> dict[str, Job]:
    """What each library does to turn the plaintext into a token."""
    members = key.to_jwk(private=key.kty == "oct")
    ours, theirs, third = jose.load_key(members), import_key(members), JWK(**members)
    header = {"alg": alg, "enc": enc}

    def with_jwcrypto() -> str:
        token = JWE(PLAINTEXT, dict(header))  # jwcrypto adds epk to it
        token.add_recipient(third)
        return str(token.serialize(compact=True))

    return {
        "authlab": lambda: jose.encrypt(PLAINTEXT, ours, alg, enc),
        "joserfc": lambda: joserfc_jwe.encrypt_compact(dict(header), PLAINTEXT, theirs, [alg, enc]),
        "jwcrypto": with_jwcrypto,
    }


def readers(alg: str, enc: str, key: jose.Key) -> dict[str, Job]:
    """What each library does to open the same token."""
    token = writers(alg, enc, key)["authlab"]()
    assert isinstance(token, str)
    members = key.to_jwk(private=True)
    theirs, third = import_key(members), JWK(**members)

    def with_jwcrypto() -> bytes:
        read = JWE(algs=[alg, enc])
        read.deserialize(token, third)
        return bytes(read.payload)

    return {
        "authlab": lambda: jose.decrypt(token, key, [alg], [enc]).plaintext,
        "joserfc": lambda: joserfc_jwe.decrypt_compact(token, theirs, [alg, enc]).plaintext,
        "jwcrypto": with_jwcrypto,
    }


def bare(alg: str, key: jose.Key, enc: str) -> Job | None:
    """What opening a token cannot leave out: the key operation, and one AES-GCM."""
    if enc != "A256GCM":
        return None
    material, cek, iv = key.material, os.urandom(32), os.urandom(12)
    sealed = AESGCM(cek).encrypt(iv, PLAINTEXT, b"")
    oaep = OAEP(MGF1(hashes.SHA1()), hashes.SHA1(), None)
    if alg == "A256KW":
        wrapped = keywrap.aes_key_wrap(material, cek)
        take = lambda: keywrap.aes_key_unwrap(material, wrapped)  # noqa: E731
    elif alg == "RSA-OAEP":
        wrapped = material.public_key().encrypt(cek, oaep)
        take = lambda: bytes(material.decrypt(wrapped, oaep))  # noqa: E731
    elif alg == "ECDH-ES":
        peer = ec.generate_private_key(ec.SECP256R1()).public_key()
        take = lambda: bytes(material.exchange(ec.ECDH(), peer))  # noqa: E731
    else:
        take = lambda: cek  # noqa: E731
    return lambda: (take(), AESGCM(cek).decrypt(iv, sealed, b""))


def main() -> None:
    parser = argparse.ArgumentParser(description="authlab.jose's JWE beside its peers")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds, seconds = (11, 0.003) if parser.parse_args().quick else (101, 0.004)
    packages = ", ".join(f"{name} {version(name)}" for name in (*PEERS, "cryptography"))
    print(f"Python {platform.python_version()}, {packages}; {rounds} interleaved rounds")
    written: dict[str, Times] = {}
    read: dict[str, Times] = {}
    plain: dict[str, Times] = {}
    for alg, enc in PAIRS:
        key = jose.generate_key(enc if alg == "dir" else alg)
        opening = readers(alg, enc, key)
        if {job() for job in opening.values()} != {PLAINTEXT}:
            raise SystemExit(f"{alg} {enc}: a library read something else")
        name = f"{alg} {enc}"
        written[name] = measure(writers(alg, enc, key), rounds, seconds)
        least = bare(alg, key, enc)
        read[name] = measure({**opening, "bare work": least} if least else opening, rounds, seconds)
        if least:
            plain[name] = read[name]
    columns = ("authlab", *PEERS)
    print_table("encrypt, key loaded once", columns, written)
    print_table("decrypt, key loaded once", columns, read)
    print_table("decrypt, beside the bare work", ("authlab", "bare work"), plain)
    print("\nAim: no slower than the faster of the two")
    for what, rows in (("encrypt", written), ("decrypt", read)):
        for name, times in rows.items():
            worst, peer = max((ratio(times["authlab"], times[peer]), peer) for peer in PEERS)
            verdict = "met" if worst <= 1 else "NOT MET"
            print(f"  {what} {name + f', authlab / {peer}':50}{worst:6.2f}  aim 1.00  {verdict}")


if __name__ == "__main__":
    main()
