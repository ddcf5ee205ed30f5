"""JWK: a key as JSON, read and written member by member (RFC 7518, 6; RFC 8037, 2).

Imports `encoding` and below. What a key may be used for is decided in `keys`.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat as Public

from authlab.jose.encoding import b64url_decode, b64url_encode, show
from authlab.jose.errors import InvalidKey, InvalidToken

__all__ = ["CURVES", "REQUIRED", "public_half", "read_material", "write_material"]

CURVES: dict[str, tuple[ec.EllipticCurve, int]] = {  # the curve, and the bytes of a coordinate
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
    "P-521": (ec.SECP521R1(), 66),
}
_CURVE_NAMES = {curve.name: name for name, (curve, _) in CURVES.items()}
REQUIRED = {  # the members that make the key what it is, in the order of RFC 7638, 3.2
    "oct": ("k", "kty"),
    "RSA": ("e", "kty", "n"),
    "EC": ("crv", "kty", "x", "y"),
    "OKP": ("crv", "kty", "x"),
}
_RSA_FACTORS = ("p", "q", "dp", "dq", "qi")
_PRIVATE = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, Ed25519PrivateKey)
_LENGTH_RULES = {"x": "RFC 7518, 6.2.1.2", "y": "RFC 7518, 6.2.1.3", "d": "RFC 7518, 6.2.2.1"}
_MOST_RSA_BITS = 16384  # more is a way to keep a server busy, not a stronger key


def read_material(members: Mapping[str, Any]) -> Any:
    """Return the secret (bytes) or the key object that a JWK describes; InvalidKey if it cannot."""
    kty = members.get("kty")
    if not isinstance(kty, str) or kty not in REQUIRED:
        raise InvalidKey("unknown key type", show(kty), "oct, RSA, EC or OKP", "RFC 7517, 4.1")
    try:
        return _READERS[kty](members)
    except InvalidToken:
        raise
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm) as error:
        found = show(str(error))
        raise InvalidKey("broken key", found, f"a sound {kty} key", "RFC 7518, 6") from None


def _read_bytes(members: Mapping[str, Any], name: str, length: int | None = None) -> bytes:
    text = members.get(name)
    if not isinstance(text, str):
        found = "no such member" if text is None else f"a {type(text).__name__}"
        raise InvalidKey(f"key member {name!r}", found, "Base64url text", "RFC 7518, 6")
    try:
        data = b64url_decode(text)
    except InvalidToken as error:
        raise InvalidKey(f"key member {name!r}", error.found, error.expected, error.rule) from None
    if length is not None and len(data) != length:
        expected = f"exactly {length} bytes"
        raise InvalidKey(
            f"key member {name!r}", f"{len(data)} bytes", expected, _LENGTH_RULES[name]
        )
    return data


def _read_number(members: Mapping[str, Any], name: str, length: int | None = None) -> int:
    data = _read_bytes(members, name, length)
    if length is None and (not data or data[0] == 0 or len(data) * 8 > _MOST_RSA_BITS):
        found = f"{len(data)} bytes{' that begin with zero' if data[:1] == bytes(1) else ''}"
        expected = f"as few bytes as the number needs, {_MOST_RSA_BITS // 8} at most"
        raise InvalidKey(f"key member {name!r}", found, expected, "RFC 7518, 2")
    return int.from_bytes(data, "big")


def _read_oct(members: Mapping[str, Any]) -> bytes:
    return _read_bytes(members, "k")


def _read_rsa(members: Mapping[str, Any]) -> Any:
    public = rsa.RSAPublicNumbers(_read_number(members, "e"), _read_number(members, "n"))
    if "d" not in members:
        return public.public_key()
    d = _read_number(members, "d")
    if "oth" in members:
        raise InvalidKey("key member 'oth'", "more than two primes", "p and q", "RFC 7518, 6.3.2.7")
    if any(name in members for name in _RSA_FACTORS):
        p, q, dp, dq, qi = (_read_number(members, name) for name in _RSA_FACTORS)
    else:
        p, q = rsa.rsa_recover_prime_factors(public.n, public.e, d)
        dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key()


def _read_ec(members: Mapping[str, Any]) -> Any:
    crv = members.get("crv")
    if not isinstance(crv, str) or crv not in CURVES:
        raise InvalidKey("unknown curve", show(crv), " or ".join(CURVES), "RFC 7518, 6.2.1.1")
    curve, length = CURVES[crv]
    x, y = _read_number(members, "x", length), _read_number(members, "y", length)
    # A point off the curve is refused here: used, it would leak a private key (RFC 8725, 3.4).
    public = ec.EllipticCurvePublicNumbers(x, y, curve)
    if "d" not in members:
        return public.public_key()
    key = ec.derive_private_key(_read_number(members, "d", length), curve)
    _refuse_mismatch(key.public_key().public_numbers() == public)
    return key


def _read_okp(members: Mapping[str, Any]) -> Any:
    crv = members.get("crv")
    if crv != "Ed25519":
        raise InvalidKey("unknown curve", show(crv), "Ed25519", "RFC 8037, 2")
    x = _read_bytes(members, "x", 32)
    if "d" not in members:
        return Ed25519PublicKey.from_public_bytes(x)
    key = Ed25519PrivateKey.from_private_bytes(_read_bytes(members, "d", 32))
    _refuse_mismatch(key.public_key().public_bytes(Encoding.Raw, Public.Raw) == x)
    return key


def _refuse_mismatch(same: bool) -> None:
    if not same:
        found = "a private half that belongs to another public half"
        raise InvalidKey("key halves differ", found, "two halves of one key", "RFC 7517, 4")


_READERS = {"oct": _read_oct, "RSA": _read_rsa, "EC": _read_ec, "OKP": _read_okp}


def public_half(material: Any) -> Any:
    """Return the public key object of a pair, and anything else as it is."""
    return material.public_key() if isinstance(material, _PRIVATE) else material


def write_material(material: Any, *, private: bool) -> dict[str, str]:
    """Return the members that describe `material`; the private ones only when asked for.

    Raises InvalidKey for a kind of key that no algorithm here takes.
    """
    if isinstance(material, bytes):
        return {"kty": "oct", "k": b64url_encode(material)}
    public = public_half(material)
    private = private and public is not material
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        members = {"kty": "RSA", "n": _write_number(numbers.n), "e": _write_number(numbers.e)}
        if private:
            secret = material.private_numbers()
            values = (secret.d, secret.p, secret.q, secret.dmp1, secret.dmq1, secret.iqmp)
            members |= zip(("d", *_RSA_FACTORS), map(_write_number, values), strict=True)
    elif isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name in _CURVE_NAMES:
        crv = _CURVE_NAMES[public.curve.name]
        length, point = CURVES[crv][1], public.public_numbers()
        x, y = _write_number(point.x, length), _write_number(point.y, length)
        members = {"kty": "EC", "crv": crv, "x": x, "y": y}
        if private:
            members["d"] = _write_number(material.private_numbers().private_value, length)
    elif isinstance(public, Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, Public.Raw)
        members = {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(raw)}
        if private:
            raw = material.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
            members["d"] = b64url_encode(raw)
    else:
        found = type(material).__name__
        if isinstance(public, ec.EllipticCurvePublicKey):
            found = f"the curve {public.curve.name}"
        expected = "RSA, EC on P-256, P-384 or P-521, or Ed25519"
        raise InvalidKey("unknown key type", found, expected, "RFC 7518, 6.1")
    return members


def _write_number(number: int, length: int | None = None) -> str:
    return b64url_encode(number.to_bytes(length or (number.bit_length() + 7) // 8, "big"))
