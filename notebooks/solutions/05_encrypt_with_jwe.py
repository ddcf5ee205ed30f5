"""Solutions of 05_encrypt_with_jwe. In the notebook, `solution("05.1")` shows one of them."""

# %% 05.1
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from authlab.jose import b64url_decode


def unseal(token, key):
    header, _, *rest = token.split(".")
    iv, ciphertext, tag = map(b64url_decode, rest)
    return AESGCM(key).decrypt(iv, ciphertext + tag, header.encode())


# %% 05.2
import json

from authlab.jose import b64url_decode


def weigh(token):
    header, _, _, ciphertext, _ = token.split(".")
    size = len(b64url_decode(ciphertext))
    if "CBC" in json.loads(b64url_decode(header))["enc"]:
        return size - 16, size - 1
    return size, size


# %% 05.3
from authlab.jose import decode, decrypt


def receive(token, private, signer):
    opened = decrypt(token, private, ["ECDH-ES"], ["A256GCM"])
    return decode(opened.plaintext, signer, ["ES256"], audience="bank")


# %% 05.4
import zlib


def inflate(data, most):
    found = zlib.decompressobj(-15).decompress(data, most + 1)
    if len(found) > most:
        raise ValueError(f"more than {most} bytes")
    return found
