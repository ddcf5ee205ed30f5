"""What the exercises of 05_encrypt_with_jwe accept."""

import json
import secrets
import tracemalloc
import zlib
from typing import Any

from authlab.classroom.exercises import Answer, exercise, short
from authlab.jose import (
    InvalidToken,
    b64url_decode,
    b64url_encode,
    encode,
    encrypt,
    generate_key,
    sign,
)


@exercise(
    "05.1",
    name="unseal",
    expects="bytes: the message in the token",
    hints=(
        "The five parts are header, encrypted key (empty here), IV, ciphertext and tag.",
        "IV, ciphertext and tag are Base64url. What the tag covers is the header as it stands in "
        "the token, not decoded.",
        "`header, _, *rest = token.split('.')`, then `iv, text, tag = map(b64url_decode, rest)`, "
        "then return `AESGCM(key).decrypt(iv, text + tag, header.encode())`.",
    ),
)
def grade_unseal(unseal: Answer) -> str | None:
    for text in (b"yes", b"", secrets.token_bytes(40), "naïve €".encode()):
        key = secrets.token_bytes(32)
        got = unseal(encrypt(text, key, "dir", "A256GCM"), key)
        if isinstance(got, str):
            return "`unseal` returned text. A message is bytes: return them as they come out."
        if got != text:
            return f"The message was {short(text)}, but `unseal` returned {short(got)}."
    return None


@exercise(
    "05.2",
    name="weigh",
    expects="a pair of numbers: the fewest and the most bytes that the message can have",
    hints=(
        "`token.split('.')` gives five parts. Decode the first to read `enc`, the fourth to count.",
        "With GCM the ciphertext is as long as the message. With CBC it is 1 to 16 bytes longer.",
        "`size = len(b64url_decode(token.split('.')[3]))`. With 'CBC' in `enc` return "
        "`(size - 16, size - 1)`, else `(size, size)`.",
    ),
)
def grade_weigh(weigh: Answer) -> str | None:
    for enc, block in (
        ("A128GCM", 1),
        ("A256GCM", 1),
        ("A128CBC-HS256", 16),
        ("A256CBC-HS512", 16),
    ):
        for length in (0, 15, 16, 17, secrets.randbelow(200)):
            key = generate_key(enc)
            got = weigh(encrypt(bytes(length), key, "dir", enc))
            padded = (length // 16 + 1) * 16
            want = (length, length) if block == 1 else (padded - 16, padded - 1)
            if isinstance(got, list):
                got = tuple(got)
            if not isinstance(got, tuple) or len(got) != 2:
                return f"`weigh` returned {short(got)}, not a pair such as (28, 28)."
            if got != want:
                return (
                    f"With {enc} and {length} bytes of message it can be from {want[0]} to "
                    f"{want[1]} bytes, but `weigh` returned {short(got)}."
                )
    return None


def _seal(text: str | bytes, reader: Any) -> str:
    data = text.encode() if isinstance(text, str) else text
    return encrypt(data, reader.to_jwk(), "ECDH-ES", "A256GCM", {"cty": "JWT"})


@exercise(
    "05.3",
    name="receive",
    expects="a dict: the claims of the order, decrypted and verified",
    hints=(
        "Two steps: `decrypt` with the bank's private key, then look at the signature inside.",
        "`decode` from authlab.jose checks signature and audience, and takes bytes as well as "
        "text. Allow 'ES256' alone.",
        "`opened = decrypt(token, private, ['ECDH-ES'], ['A256GCM'])`, then return "
        "`decode(opened.plaintext, signer, ['ES256'], audience='bank')`.",
    ),
)
def grade_receive(receive: Answer) -> str | None:
    bank, alice, mallory = generate_key("ECDH-ES"), generate_key("ES256"), generate_key("ES256")
    public = alice.to_jwk()
    claims = {"sub": "alice", "aud": "bank", "amount": secrets.randbelow(1000)}
    signed = encode(claims, alice, "ES256")
    got = receive(_seal(signed, bank), bank, public)
    if got != claims:
        return f"Alice's order holds {short(claims)}, but `receive` returned {short(got)}."
    none = b64url_encode(b'{"alg":"none"}') + "." + signed.split(".")[1] + "."
    posing = encode(claims, b64url_decode(public["x"]), "HS256")
    bad = {
        "an order that nobody signed": _seal(json.dumps(claims), bank),
        "an order whose signature was taken off (none)": _seal(none, bank),
        "an order that Mallory signed": _seal(encode(claims, mallory, "ES256"), bank),
        "an order signed with Alice's public key as a secret": _seal(posing, bank),
        "an order for the shop": _seal(encode({**claims, "aud": "shop"}, alice, "ES256"), bank),
        "an order for nobody in particular": _seal(encode({"sub": "alice"}, alice, "ES256"), bank),
        "an order that is signed and not encrypted": signed,
        "an order sealed for somebody else": _seal(signed, generate_key("ECDH-ES")),
        "a signature around a sealed box": sign(_seal(signed, bank).encode(), alice, "ES256"),
    }
    for what, token in bad.items():
        try:
            got = receive.plain(token, bank, public)
        except InvalidToken:
            continue
        except Exception as error:
            return f"For {what} it raised {type(error).__name__}, not InvalidToken."
        return f"It took {what}, and returned {short(got)}."
    return None


def _squeeze(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@exercise(
    "05.4",
    name="inflate",
    expects="bytes: what the data holds, or a ValueError if that is more than the limit",
    hints=(
        "`zlib.decompressobj(-15)` gives an object whose `decompress(data, limit)` stops at the "
        "limit.",
        "Ask for one byte more than allowed. If you get it, there was too much.",
        "`found = zlib.decompressobj(-15).decompress(data, most + 1)`. If `len(found) > most`, "
        "raise ValueError('too much'), else return `found`.",
    ),
)
def grade_inflate(inflate: Answer) -> str | None:
    for text in (b"order 66", b"", bytes(1000), secrets.token_bytes(999)):
        got = inflate(_squeeze(text), 1000)
        if got != text:
            return f"It held {short(text)}, {len(text)} bytes, but you returned {short(got)}."
    for size in (1001, 20_000_000):
        bomb = _squeeze(bytes(size))
        tracemalloc.start()
        try:
            got = inflate.plain(bomb, 1000)
        except ValueError:
            got = None
        except Exception as error:
            return f"For {size:,} bytes it raised {type(error).__name__}, not ValueError."
        finally:
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        if got is not None:
            return f"It took {size:,} bytes where 1,000 are the most, and raised no ValueError."
        if most > 2_000_000:
            return f"It noticed, but first it filled {most / 1e6:.0f} MB: stop at the limit."
    return None
