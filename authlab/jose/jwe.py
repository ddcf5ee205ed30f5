"""JWE: encrypt bytes for one reader, in five parts (RFC 7516, 3 and 7.1). Imports `jws` and below.

Encrypted is not signed: with a public key anybody can write to its owner. A decrypted token says
nothing about who wrote it; sign first, then encrypt (RFC 8725, 2.3 and 3.3).
"""

import secrets
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec

from authlab.jose.encoding import b64url_decode, b64url_encode, read_object, show, write_json
from authlab.jose.errors import DecryptionFailed, InvalidKey, MalformedToken
from authlab.jose.jwe_algorithms import CONTENT, MANAGEMENT, Direct, EcdhEs
from authlab.jose.jwk import write_material
from authlab.jose.jws import (
    MAX_BYTES,
    check_header,
    check_limit,
    pick_allowed,
    read_ascii,
    refuse_form,
)
from authlab.jose.keys import KeyMaterial, find_key

__all__ = ["Decrypted", "decrypt", "encrypt"]


class Decrypted(NamedTuple):
    """What the tag covers: the header (dict) and the plaintext (bytes). Who wrote it is unknown."""

    header: dict[str, Any]
    plaintext: bytes


def encrypt(
    plaintext: bytes,
    key: KeyMaterial,
    alg: str,
    enc: str,
    headers: dict[str, Any] | None = None,
    *,
    cek: bytes | None = None,
    iv: bytes | None = None,
    epk: KeyMaterial = None,
) -> str:
    """Return a compact JWE of `plaintext` (RFC 7516, 5.1).

    `key` is the shared secret or the reader's public key, as anything `load_key` takes. `alg` is
    dir, A128KW, A256KW, RSA-OAEP, RSA-OAEP-256 or ECDH-ES; `enc` is A128GCM, A256GCM,
    A128CBC-HS256 or A256CBC-HS512. The header holds `alg`, the members of `headers` in their
    order, for ECDH-ES `epk`, and `enc`; ECDH-ES takes `apu` and `apv` from it (Base64url text).

    The content key `cek`, the initialisation vector `iv` and the ephemeral P-256 key `epk` are
    fresh unless given. Give them for test vectors only: the same `iv` twice under one key gives
    away both texts, and with GCM the power to forge (RFC 7518, 5.3).

    Raises InvalidToken (or one of its kinds) for what `decrypt` would refuse.
    """
    management = pick_allowed(alg, [alg], MANAGEMENT)
    content = pick_allowed(enc, [enc], CONTENT)
    if not issubclass(type(plaintext), bytes):
        found = f"a {type(plaintext).__name__}"
        raise MalformedToken("not bytes", found, "bytes to encrypt", "RFC 7516, 5.1")
    header = _make_header(headers, alg, enc)
    use = management.use_for(content)
    material = find_key(key, use, "encrypt", header.get("kid")).material_for(use, "encrypt")
    fixed = material if isinstance(management, Direct) else None  # the one CEK there can be
    if isinstance(management, EcdhEs):
        ephemeral = _load_ephemeral(epk, management)
        # `enc` goes to the end again: the order of RFC 7520, 5.5.
        header |= {"epk": write_material(ephemeral, private=False), "enc": header.pop("enc")}
        fixed = management.derive(ephemeral, material, content, header)
    elif epk is not None:
        raise InvalidKey("argument epk", "a key", f"none for {alg}", "RFC 7518, 4.6.1.1")
    cek = _choose(cek, fixed, content.secret_bytes, "cek")
    iv = _choose(iv, None, content.iv_bytes, "iv")
    first = b64url_encode(write_json(header, "header"))
    try:
        wrapped = management.wrap(material, cek)
    except (ValueError, UnsupportedAlgorithm) as error:  # a weak RSA key has no room for the CEK
        raise InvalidKey("key cannot wrap", show(str(error)), alg, "RFC 7518, 4.3") from None
    ciphertext, tag = content.seal(cek, iv, plaintext, first.encode())
    return ".".join([first, *map(b64url_encode, (wrapped, iv, ciphertext, tag))])


def decrypt(
    token: str | bytes,
    key: KeyMaterial,
    algs: list[str],
    encs: list[str],
    *,
    max_bytes: int = MAX_BYTES,
) -> Decrypted:
    """Return the header and the plaintext of a compact JWE that `key` opens (RFC 7516, 5.2).

    `key` is the shared secret or your private key, as anything `load_key` takes. `algs` and
    `encs` are the lists of names you allow: never those the token asks for. `max_bytes` bounds
    the token's length. Compressed tokens (`zip`) are refused: a short one can fill the memory.

    Raises InvalidToken (or one of its kinds) for every other token, key and argument. Whatever
    goes wrong once the key is in use is the same DecryptionFailed (RFC 7516, 11.5).
    """
    check_limit(max_bytes)
    header, first, (wrapped, iv, ciphertext, tag) = _read(token, max_bytes)
    management = pick_allowed(header["alg"], algs, MANAGEMENT)
    content = pick_allowed(header["enc"], encs, CONTENT)
    use = management.use_for(content)
    material = find_key(key, use, "decrypt", header.get("kid")).material_for(use, "decrypt")
    cek = management.unwrap(material, wrapped, content, header)
    # A CEK that does not unwrap is replaced by a random one, and the work goes on: the failure
    # shows only at the tag, where every other failure shows too (RFC 7516, 11.5).
    spare = secrets.token_bytes(content.secret_bytes)
    if cek is None or len(cek) != content.secret_bytes:
        cek = spare
    plaintext = None
    if len(iv) == content.iv_bytes and len(tag) == content.tag_bytes:
        plaintext = content.open(cek, iv, ciphertext, tag, first)
    if plaintext is None:
        found, expected = "a token that this key does not open", "one made for it, and unchanged"
        raise DecryptionFailed("decryption failed", found, expected, "RFC 7516, 11.5")
    return Decrypted(header, plaintext)


def _read(token: Any, max_bytes: int) -> tuple[dict[str, Any], bytes, list[bytes]]:
    """Return the header, the bytes that spell it, and the other four parts."""
    raw = read_ascii(token)
    # The limit comes first: nothing is decoded of a token that is too long.
    if raw is not None and len(raw) <= max_bytes and raw.count(b".") == 4:
        first, *rest = raw.split(b".")
        header = read_object(b64url_decode(first), "header")
        _check_header(header)
        return header, first, [b64url_decode(part) for part in rest]
    refuse_form(token, max_bytes, 5, "RFC 7516, 7.1")


def _check_header(header: dict[str, Any]) -> None:
    check_header(header)
    if not isinstance(header.get("enc"), str):
        found = show(header["enc"]) if "enc" in header else "none given"
        raise MalformedToken("header without enc", found, "enc as text", "RFC 7516, 4.1.2")
    for name, rule in (("zip", "RFC 8725, 3.6"), ("b64", "RFC 7797, 3")):
        if name in header:
            found = show(header[name])
            raise MalformedToken(f"header member {name!r}", found, f"no {name}", rule)


def _make_header(headers: Any, alg: str, enc: str) -> dict[str, Any]:
    if not isinstance(headers, dict | None):
        raise MalformedToken("header is not an object", show(headers), "a dict", "RFC 7516, 4")
    header = {"alg": alg, **(headers or {})}
    header.setdefault("enc", enc)
    _check_header(header)
    for name, wanted in (("alg", alg), ("enc", enc)):
        if header[name] != wanted:
            found, expected = show(header[name]), show(wanted)
            raise MalformedToken(f"two values of {name}", found, expected, "RFC 7516, 4.1")
    if "epk" in header:
        found, expected = "one in headers", "none: it is written here"
        raise MalformedToken("ephemeral key (epk)", found, expected, "RFC 7518, 4.6.1.1")
    return header


def _load_ephemeral(epk: KeyMaterial, management: EcdhEs) -> Any:
    if epk is None:
        return ec.generate_private_key(ec.SECP256R1())
    return find_key(epk, management, "decrypt").material_for(management, "decrypt")


def _choose(given: Any, fixed: bytes | None, length: int, name: str) -> bytes:
    """Return `given` if it fits, else the one value there can be, else a random one."""
    if given is None:
        return fixed or secrets.token_bytes(length)
    if not isinstance(given, bytes) or len(given) != length or given != (fixed or given):
        found = f"{len(given)} bytes" if isinstance(given, bytes) else f"a {type(given).__name__}"
        expected = f"exactly {length} bytes" + (", those of the key" if fixed else "")
        raise InvalidKey(f"argument {name}", found, expected, "RFC 7518, 4 and 5")
    return given
