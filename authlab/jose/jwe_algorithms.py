"""The encryption algorithms of RFC 7518, 4 and 5 in two tables. Imports `jwk` and below.

A JWE names two: `enc` encrypts the content under a key made for this one token, the content
encryption key (CEK); `alg` is how the reader comes by the CEK: unwrapped, derived, or known.
What does not decrypt is None here, without a reason: that all failures look alike is up to `jwe`.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, keywrap, padding
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from authlab.jose.algorithms import KeyUse
from authlab.jose.encoding import b64url_decode, show
from authlab.jose.errors import InvalidKey, InvalidToken, MalformedToken
from authlab.jose.jwk import read_material

__all__ = ["CONTENT", "ENCRYPTION_KEYS", "MANAGEMENT", "Content", "Direct", "EcdhEs", "Management"]


@dataclass(frozen=True)
class Content:
    """An `enc`, and what "dir" asks of a key: there the shared key is the CEK (RFC 7518, 4.5)."""

    name: str
    secret_bytes: int  # of the CEK
    iv_bytes: int
    tag_bytes: int
    kty: str = "oct"
    crv: str | None = None

    @property
    def key_algs(self) -> tuple[str, ...]:
        return (self.name, "dir")

    def key_op(self, operation: str) -> str:
        return operation

    def seal(self, cek: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
        """Return ciphertext and tag; the tag covers `aad`, the encoded header, as well."""
        raise NotImplementedError

    def open(self, cek: bytes, iv: bytes, text: bytes, tag: bytes, aad: bytes) -> bytes | None:
        """Return the plaintext of the ciphertext `text`, or None."""
        raise NotImplementedError


class Gcm(Content):
    """A128GCM, A256GCM: AES in Galois/Counter Mode (RFC 7518, 5.3)."""

    def seal(self, cek: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
        data = AESGCM(cek).encrypt(iv, plaintext, aad)
        return data[: -self.tag_bytes], data[-self.tag_bytes :]

    def open(self, cek: bytes, iv: bytes, text: bytes, tag: bytes, aad: bytes) -> bytes | None:
        try:
            return AESGCM(cek).decrypt(iv, text + tag, aad)
        except InvalidTag:
            return None


class CbcHmac(Content):
    """A128CBC-HS256, A256CBC-HS512: encrypt, then authenticate what came out (RFC 7518, 5.2)."""

    def _tag(self, cek: bytes, iv: bytes, text: bytes, aad: bytes) -> bytes:
        # The length of `aad`, in bits, keeps a byte from moving between `aad` and `iv` unseen.
        data = aad + iv + text + (8 * len(aad)).to_bytes(8, "big")
        mac_key = cek[: self.secret_bytes // 2]
        return hmac.digest(mac_key, data, f"sha{8 * self.secret_bytes}")[: self.tag_bytes]

    def _cipher(self, cek: bytes, iv: bytes) -> Cipher[modes.CBC]:
        return Cipher(AES(cek[self.secret_bytes // 2 :]), modes.CBC(iv))

    def seal(self, cek: bytes, iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
        padder, encryptor = padding.PKCS7(128).padder(), self._cipher(cek, iv).encryptor()
        padded = padder.update(plaintext) + padder.finalize()
        text = encryptor.update(padded) + encryptor.finalize()
        return text, self._tag(cek, iv, text, aad)

    def open(self, cek: bytes, iv: bytes, text: bytes, tag: bytes, aad: bytes) -> bytes | None:
        # The tag comes first. A padding that is looked at before is a padding oracle.
        if not hmac.compare_digest(self._tag(cek, iv, text, aad), tag):
            return None
        decryptor, unpadder = self._cipher(cek, iv).decryptor(), padding.PKCS7(128).unpadder()
        try:
            padded = decryptor.update(text) + decryptor.finalize()
            return unpadder.update(padded) + unpadder.finalize()
        except ValueError:
            return None


@dataclass(frozen=True)
class Management:
    """An `alg`. `material` is the secret, or the public key to wrap, the private one to unwrap."""

    name: str
    kty: str
    crv: str | None = None
    secret_bytes: int = 0
    padding: Any = None

    @property
    def key_algs(self) -> tuple[str, ...]:
        return (self.name,)

    def key_op(self, operation: str) -> str:
        return {"encrypt": "wrapKey", "decrypt": "unwrapKey"}[operation]

    def use_for(self, enc: Content) -> KeyUse:
        """Return what is asked of the key when the content is encrypted with `enc`."""
        return self

    def wrap(self, material: Any, cek: bytes) -> bytes:
        """Return the token's second part; empty where the CEK does not travel."""
        return b""

    def unwrap(self, material: Any, part: bytes, enc: Content, header: Any) -> bytes | None:
        """Return the CEK, or None."""
        raise NotImplementedError


class AesKw(Management):
    """A128KW, A256KW: AES Key Wrap under a shared secret (RFC 7518, 4.4; RFC 3394)."""

    def wrap(self, material: bytes, cek: bytes) -> bytes:
        return keywrap.aes_key_wrap(material, cek)

    def unwrap(self, material: bytes, part: bytes, enc: Content, header: Any) -> bytes | None:
        try:
            return keywrap.aes_key_unwrap(material, part)
        except keywrap.InvalidUnwrap:
            return None


class RsaOaep(Management):
    """RSA-OAEP, whose SHA-1 is no weakness here, and RSA-OAEP-256 (RFC 7518, 4.3)."""

    def wrap(self, material: Any, cek: bytes) -> bytes:
        return bytes(material.encrypt(cek, self.padding))

    def unwrap(self, material: Any, part: bytes, enc: Content, header: Any) -> bytes | None:
        try:
            return bytes(material.decrypt(part, self.padding))
        except ValueError:
            return None


class Direct(Management):
    """dir: the shared secret is the CEK, so `enc` says what key it takes (RFC 7518, 4.5)."""

    def use_for(self, enc: Content) -> KeyUse:
        return enc

    def unwrap(self, material: bytes, part: bytes, enc: Content, header: Any) -> bytes | None:
        return None if part else material


class EcdhEs(Management):
    """ECDH-ES on P-256: the CEK comes from a key pair made for this one token (RFC 7518, 4.6)."""

    def key_op(self, operation: str) -> str:
        return "deriveKey"  # on both sides

    def unwrap(self, material: Any, part: bytes, enc: Content, header: Any) -> bytes | None:
        cek = self.derive(material, _read_epk(header.get("epk")), enc, header)
        return None if part else cek

    def derive(self, private: Any, public: Any, enc: Content, header: Mapping[str, Any]) -> bytes:
        """Return the CEK: the shared secret, through the Concat KDF (RFC 7518, 4.6.2)."""
        fields = (enc.name.encode(), _read_party(header, "apu"), _read_party(header, "apv"))
        info = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
        info += (8 * enc.secret_bytes).to_bytes(4, "big")
        kdf = ConcatKDFHash(hashes.SHA256(), enc.secret_bytes, info)
        return kdf.derive(private.exchange(ec.ECDH(), public))


def _read_party(header: Mapping[str, Any], name: str) -> bytes:
    text, rule = header.get(name, ""), "RFC 7518, 4.6.1"
    if not isinstance(text, str):
        raise MalformedToken(f"header member {name!r}", show(text), "Base64url text", rule)
    return b64url_decode(text)


def _read_epk(epk: Any) -> Any:
    what, rule = "ephemeral key (epk)", "RFC 7518, 4.6.1.1"
    members = epk if isinstance(epk, dict) else {}
    if (kind := (members.get("kty"), members.get("crv"))) != ("EC", "P-256") or "d" in members:
        found = f"kty {show(kind[0])}, crv {show(kind[1])}{', with d' * ('d' in members)}"
        raise InvalidKey(what, found, "a public key, kty 'EC', crv 'P-256'", rule)
    try:
        # A point off the curve is refused: used, it would give away the private key by and by.
        return read_material(members)
    except InvalidToken as error:
        raise InvalidKey(f"{what}: {error.what}", error.found, error.expected, error.rule) from None


def _oaep(name: str, digest: hashes.HashAlgorithm) -> RsaOaep:
    return RsaOaep(name, "RSA", padding=OAEP(MGF1(digest), digest, None))


_CONTENT = (
    Gcm("A128GCM", 16, iv_bytes=12, tag_bytes=16),
    Gcm("A256GCM", 32, iv_bytes=12, tag_bytes=16),
    CbcHmac("A128CBC-HS256", 32, iv_bytes=16, tag_bytes=16),
    CbcHmac("A256CBC-HS512", 64, iv_bytes=16, tag_bytes=32),
)
_MANAGEMENT = (
    AesKw("A128KW", "oct", secret_bytes=16),
    AesKw("A256KW", "oct", secret_bytes=32),
    _oaep("RSA-OAEP", hashes.SHA1()),
    _oaep("RSA-OAEP-256", hashes.SHA256()),
    EcdhEs("ECDH-ES", "EC", "P-256"),
)
CONTENT: dict[str, Content] = {enc.name: enc for enc in _CONTENT}
MANAGEMENT: dict[str, Management] = {alg.name: alg for alg in (Direct("dir", "oct"), *_MANAGEMENT)}
# What a key is made for: for "dir" that is the `enc`, which says how long the key is.
ENCRYPTION_KEYS: dict[str, KeyUse] = {**CONTENT, **{alg.name: alg for alg in _MANAGEMENT}}
