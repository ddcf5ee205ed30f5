"""Keys and forged tokens for the tests. Nothing here is made by the code under test."""

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwcrypto.jwk import JWK

from authlab import data_path

HMAC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
EC = ("ES256", "ES384", "ES512")
ALGORITHMS = (*HMAC, *RSA, *EC, "EdDSA")
DETERMINISTIC = (*HMAC, "RS256", "RS384", "RS512", "EdDSA")
SIGNERS = pyjwt.algorithms.get_default_algorithms()
PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "k")
SECRET = bytes(range(100, 164))  # 64 bytes: long enough for HS512
NOW = 1_800_000_000


def vectors(name: str) -> Any:
    """Return the parsed `data/jose/<name>.json`."""
    return json.loads(data_path(f"jose/{name}.json").read_text(encoding="utf-8"))


@cache
def private(alg: str) -> Any:
    """The signing key of `alg`, as an object of `cryptography`, or the secret."""
    if alg in HMAC:
        return SECRET
    if alg == "ES384":  # the RFCs sign nothing with P-384
        return ec.derive_private_key(2**380 + 12345, ec.SECP384R1())
    section = {"ES256": "RFC 7515, A.3", "ES512": "RFC 7515, A.4"}.get(alg, "RFC 7515, A.2")
    if alg == "EdDSA":
        jwk = vectors("rfc8037")["private_key"]["jwk"]
    else:
        jwk = next(v["key"] for v in vectors("rfc7515")["vectors"] if v["section"] == section)
    return pyjwt.PyJWK(jwk, alg).key


@cache
def public(alg: str) -> Any:
    """The verifying key of `alg`."""
    return private(alg) if alg in HMAC else private(alg).public_key()


def pem(key: Any) -> str:
    """The PEM text of a key object."""
    if hasattr(key, "private_bytes"):
        data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    else:
        data = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return str(data.decode())


def jwk(alg: str, /, *, secret: bool = False, **members: object) -> dict[str, Any]:
    """The JWK of `alg`, with the private members if `secret`, and with more `members`."""
    if alg in HMAC:
        return {"kty": "oct", "k": b64(SECRET), **members}
    exported = JWK.from_pyca(private(alg)).export(private_key=secret, as_dict=True)
    return {name: exported[name] for name in exported if name != "kid"} | members


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def to_bytes(part: object) -> bytes:
    if isinstance(part, bytes):
        return part
    return part.encode() if isinstance(part, str) else json.dumps(part).encode()


def forge(
    header: object, payload: object, *, alg: str = "HS256", key: Any = None, signature: Any = None
) -> str:
    """Return a token of any header and payload (dict, text or bytes), truly signed with `alg`."""
    data = f"{b64(to_bytes(header))}.{b64(to_bytes(payload))}"
    if signature is None:
        signature = sign_text(data, alg, key)
    return f"{data}.{b64(signature)}"


def sign_text(text: str, alg: str, key: Any = None) -> bytes:
    """Return the raw signature of `alg` over `text`."""
    return bytes(SIGNERS[alg].sign(text.encode(), private(alg) if key is None else key))


def make_token(alg: str = "HS256", /, claims: object = None, **header: object) -> str:
    """Return an honest token, valid at NOW."""
    claims = {"sub": "alice", "exp": NOW + 300} if claims is None else claims
    return forge({"alg": alg, "typ": "JWT", **header}, claims, alg=alg)
