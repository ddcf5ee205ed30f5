"""Keys: read them in any form, know what each may do, refuse the rest. Imports `jwk` and below.

A `Key` is parsed and checked once, when it is loaded (RFC 7517; strength: RFC 7518, 3).
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from authlab.jose.algorithms import ALGORITHMS, KeyUse
from authlab.jose.encoding import b64url_encode, show
from authlab.jose.errors import DisallowedAlgorithm, InvalidKey
from authlab.jose.jwe_algorithms import ENCRYPTION_KEYS
from authlab.jose.jwk import CURVES, REQUIRED, public_half, read_material, write_material
from authlab.jose.pem import load_pem, looks_like_pem, refuse_public_key
from authlab.jose.strength import refuse_length, refuse_weak

__all__ = ["Key", "KeyMaterial", "KeySet", "find_key", "generate_key", "load_key"]

_PUBLIC_OPS = {"sign": "verify", "decrypt": "encrypt", "unwrapKey": "wrapKey"}
_OPS_OF_USE = {
    "sig": {"sign", "verify"},
    "enc": {"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"},
}
KeyMaterial = Any  # bytes, PEM text, a JWK, a JWKS, a `cryptography` key, a Key or a KeySet


@dataclass(frozen=True, eq=False)
class Key:
    """One sound key and what binds it: made by `load_key` or `generate_key`.

    `material` is the secret (bytes) or the key object of `cryptography`; `kid`, `alg`, `use` and
    `key_ops` are those of its JWK, or None. `kty` and `crv`, its kind, follow from the material.
    Raises InvalidKey for a material that is weak, or not what it seems to be.
    """

    material: Any = field(repr=False)
    kid: str | None = None
    alg: str | None = None
    use: str | None = None
    key_ops: tuple[str, ...] | None = None
    allow_weak: bool = field(default=False, repr=False, kw_only=True)
    kty: str = field(init=False)
    crv: str | None = field(init=False)
    _public: Any = field(init=False, repr=False)
    _fits: set[tuple[str, str]] = field(init=False, repr=False, default_factory=set)

    def __post_init__(self) -> None:
        for name in ("kid", "alg", "use"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InvalidKey(f"key member {name!r}", show(value), "text", "RFC 7517, 4")
        object.__setattr__(self, "allow_weak", self.allow_weak is True)
        object.__setattr__(self, "key_ops", _read_ops(self.key_ops, self.use))
        members = write_material(self.material, private=False)
        public = public_half(self.material)
        if not self.allow_weak:
            refuse_weak(public)
        if isinstance(public, bytes):
            refuse_public_key(public)
        # A frozen dataclass still lets its own constructor fill in what follows from the rest.
        for name, value in (("kty", members["kty"]), ("crv", members.get("crv"))):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_public", public)

    @property
    def is_private(self) -> bool:
        """True when the key can sign and decrypt: a private half, or a shared secret."""
        return self.kty == "oct" or self._public is not self.material

    def to_jwk(self, private: bool = False) -> dict[str, Any]:
        """Return the key as a JWK: the public half, unless `private` (RFC 7517, 4).

        Raises InvalidKey for a shared secret without `private`: it has no public half.
        """
        if self.kty == "oct" and not private:
            found = "a shared secret, which has no public half"
            raise InvalidKey("nothing to publish", found, "to_jwk(private=True)", "RFC 7517, 9.2")
        if private and not self.is_private:
            found = "the public half alone"
            raise InvalidKey("no private half", found, "a private key", "RFC 7517, 9.2")
        ops = self.key_ops
        if ops and not private:
            ops = tuple(_PUBLIC_OPS.get(op, op) for op in ops)
        names = {"kid": self.kid, "use": self.use, "alg": self.alg}
        members = write_material(self.material, private=private)
        members |= {name: value for name, value in names.items() if value is not None}
        return members | ({"key_ops": list(dict.fromkeys(ops))} if ops else {})

    def thumbprint(self) -> str:
        """Return the SHA-256 thumbprint, 43 characters of Base64url (RFC 7638, 3).

        A shared secret's thumbprint is a hash of the secret: do not publish it (RFC 7638, 7).
        """
        members = write_material(self.material, private=False)
        canonical = {name: members[name] for name in REQUIRED[self.kty]}
        return b64url_encode(sha256(json.dumps(canonical, separators=(",", ":")).encode()).digest())

    def material_for(self, algorithm: KeyUse, operation: str) -> Any:
        """Return what `algorithm` needs to "sign", "verify", "encrypt" or "decrypt".

        Raises InvalidKey if this key may not.
        """
        if (algorithm.name, operation) not in self._fits:
            _check_fit(self, algorithm, operation)
            self._fits.add((algorithm.name, operation))
        return self.material if operation in ("sign", "decrypt") else self._public


def _check_fit(key: Key, algorithm: KeyUse, operation: str) -> None:
    """Refuse a key for the wrong algorithm or operation, before anything is computed."""
    name, kind = algorithm.name, f"{key.kty} {key.crv or ''}".strip()
    wanted = f"{algorithm.kty} {algorithm.crv or ''}".strip()
    if kind != wanted and (key.kty != algorithm.kty or algorithm.crv):
        rule = "RFC 8725, 3.1"
        raise InvalidKey(f"wrong kind of key for {name}", kind, wanted, rule)
    if key.alg is not None and key.alg not in algorithm.key_algs:
        raise InvalidKey("key bound to another algorithm", show(key.alg), name, "RFC 7517, 4.4")
    use, op = "enc" if "crypt" in operation else "sig", algorithm.key_op(operation)
    if key.use is not None and key.use != use:
        raise InvalidKey("key for another use", show(key.use), show(use), "RFC 7517, 4.2")
    if key.key_ops is not None and op not in key.key_ops:
        found = show(list(key.key_ops))
        raise InvalidKey("key for other operations", found, show(op), "RFC 7517, 4.3")
    if operation in ("sign", "decrypt") and not key.is_private:
        rule = "RFC 7515, 5.1" if use == "sig" else "RFC 7516, 5.2"
        raise InvalidKey(f"a public key cannot {operation}", kind, "its private half", rule)
    if key.kty == "oct" and (use == "enc" or not key.allow_weak):  # AES takes no other length
        refuse_length(key.material, algorithm, exact=use == "enc")


@dataclass(frozen=True, eq=False)
class KeySet:
    """A JWKS: several keys, picked by `kid` (RFC 7517, 5). Each is parsed once, when first used."""

    members: tuple[Mapping[str, Any], ...] = field(repr=False)
    allow_weak: bool = field(default=False, repr=False)
    _loaded: dict[int, Key] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        keys = self.members
        if not isinstance(keys, list | tuple) or not all(isinstance(key, Mapping) for key in keys):
            found = "something else"  # never shown: it may hold private keys
            raise InvalidKey("broken key set", found, "a list of JWKs", "RFC 7517, 5.1")
        known = tuple(dict(key) for key in keys if key.get("kty") in tuple(REQUIRED))
        if len({key["kty"] == "oct" for key in known}) > 1:
            # A set of public keys is published. A secret among them is a leak, or a trap.
            found = "shared secrets beside public keys"
            raise InvalidKey("mixed key set", found, "one or the other", "RFC 7517, 9.2")
        object.__setattr__(self, "members", known)

    def pick(self, kid: str | None, algorithm: KeyUse, operation: str) -> Key:
        """Return the one key that fits; InvalidKey when none does, or more than one."""
        fitting, refusal = [], None
        for index, members in enumerate(self.members):
            if kid is None or members.get("kid") == kid:
                try:
                    if index not in self._loaded:
                        self._loaded[index] = _load_jwk(members, self.allow_weak)
                    key = self._loaded[index]
                    key.material_for(algorithm, operation)
                    fitting.append(key)
                except InvalidKey as error:
                    refusal = error
        if len(fitting) == 1:
            return fitting[0]
        named = "no kid" if kid is None else f"kid {show(kid)}"
        if fitting:
            found = f"{len(fitting)} keys for {named}"
            raise InvalidKey("ambiguous key", found, "exactly one", "RFC 7517, 4.5")
        if refusal:
            raise refusal
        known = ", ".join(show(members.get("kid")) for members in self.members[:5]) or "none"
        raise InvalidKey("unknown key", named, f"one of the set's: {known}", "RFC 7515, 4.1.4")


def load_key(material: KeyMaterial, *, allow_weak: bool = False) -> Key | KeySet:
    """Return a `Key`, or for a JWKS a `KeySet`, ready for any number of calls.

    `material` is a secret as `bytes`, a JWK or JWKS as a dict, PEM as text or bytes, a key object
    of `cryptography`, or what this function returned before. A key too weak for RFC 7518, 3 is
    refused unless `allow_weak`, which is for lessons on cracking only.

    Raises InvalidKey, also for a public key posing as a secret in any disguise (RFC 8725, 3.1).
    """
    allow_weak = allow_weak is True
    if isinstance(material, Key | KeySet):
        if not allow_weak or material.allow_weak:
            return material
        if isinstance(material, KeySet):
            return KeySet(material.members, True)
        return replace(material, allow_weak=True)
    if isinstance(material, bytes | str):
        return _load_text(material, allow_weak)
    if isinstance(material, Mapping):
        if "keys" in material:
            return KeySet(material["keys"], allow_weak)
        return _load_jwk(material, allow_weak)
    return Key(material, allow_weak=allow_weak)


@lru_cache(maxsize=64)  # a PEM given with every call would cost more than the signature
def _load_text(material: bytes | str, allow_weak: bool) -> Key:
    data = material.encode("utf-8", "replace") if isinstance(material, str) else material
    if looks_like_pem(data):
        return Key(load_pem(data), allow_weak=allow_weak)
    if isinstance(material, str):
        expected = "PEM text; a shared secret is bytes (text.encode())"
        raise InvalidKey(
            "not a key", f"{len(material)} characters of text", expected, "RFC 7468, 2"
        )
    return Key(data, allow_weak=allow_weak)


def _load_jwk(members: Mapping[str, Any], allow_weak: bool) -> Key:
    return Key(
        read_material(members),
        kid=members.get("kid"),
        alg=members.get("alg"),
        use=members.get("use"),
        key_ops=members.get("key_ops"),
        allow_weak=allow_weak,
    )


def _read_ops(ops: Any, use: str | None) -> tuple[str, ...] | None:
    if ops is None:
        return None
    texts = isinstance(ops, list | tuple) and all(isinstance(op, str) for op in ops)
    if not texts or len(set(ops)) != len(ops):
        expected = "a list of names, each once"
        raise InvalidKey("key member 'key_ops'", show(ops), expected, "RFC 7517, 4.3")
    if use in _OPS_OF_USE and not _OPS_OF_USE[use].issuperset(ops):
        found = f"use {use!r} with {show(list(ops))}"
        raise InvalidKey("key contradicts itself", found, "use or key_ops", "RFC 7517, 4.3")
    return tuple(ops)


def find_key(
    material: KeyMaterial, algorithm: KeyUse, operation: str, kid: str | None = None
) -> Key:
    """Return the key to use: loaded, picked by `kid` from a set, and fit for the algorithm."""
    key = material if isinstance(material, Key) else load_key(material)
    if isinstance(key, KeySet):
        return key.pick(kid, algorithm, operation)
    if key.kid is not None and kid is not None and key.kid != kid:
        raise InvalidKey(
            "another key", f"kid {show(kid)}", f"kid {show(key.kid)}", "RFC 7515, 4.1.4"
        )
    return key


def generate_key(
    alg: str, *, kid: str | None = None, random: Callable[[int], bytes] = secrets.token_bytes
) -> Key:
    """Return a fresh key bound to `alg`, such as "HS256", "ES256" or "RSA-OAEP" (RSA: 2048 bits).

    For a key that encrypts content directly ("dir"), `alg` is its `enc`, such as "A256GCM".

    `random(n)` gives n random bytes; RSA takes its randomness from OpenSSL whatever you pass.
    Raises DisallowedAlgorithm for a name that is not in the table.
    """
    known: dict[str, KeyUse] = {**ALGORITHMS, **ENCRYPTION_KEYS}
    algorithm = known.get(alg) if isinstance(alg, str) else None
    if algorithm is None:
        expected = ", ".join(known)
        raise DisallowedAlgorithm("unknown algorithm", show(alg), expected, "RFC 7518, 3.1")
    material: Any
    if algorithm.kty == "oct":
        material = _draw(random, algorithm.secret_bytes)
    elif algorithm.kty == "RSA":
        material = rsa.generate_private_key(65537, 2048)
    elif algorithm.kty == "EC":
        curve, length = CURVES[str(algorithm.crv)]
        # Eight bytes more than needed, so that the remainder is as good as evenly spread.
        number = int.from_bytes(_draw(random, length + 8), "big") % (curve.group_order - 1) + 1
        material = ec.derive_private_key(number, curve)
    else:
        material = Ed25519PrivateKey.from_private_bytes(_draw(random, 32))
    return Key(material, kid, alg)


def _draw(random: Callable[[int], bytes], count: int) -> bytes:
    data = random(count) if callable(random) else None
    if not isinstance(data, bytes) or len(data) != count:
        expected = f"a function that gives {count} bytes"
        raise InvalidKey(
            "source of randomness", show(data and type(data)), expected, "RFC 8725, 3.5"
        )
    return data
