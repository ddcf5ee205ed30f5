"""JWS: sign bytes, and check a signature before anything else (RFC 7515). Imports `keys` and below.

Checking is a list of small steps over one `Reading`. `verify` runs them; `jwt.decode` runs them
and goes on with the claims; `jwt.explain` runs the same ones and says what each found.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm

from authlab.jose.algorithms import ALGORITHMS, Algorithm
from authlab.jose.encoding import b64url_decode, b64url_encode, read_object, show, write_json
from authlab.jose.errors import (
    DisallowedAlgorithm,
    InvalidKey,
    InvalidSignature,
    MalformedToken,
)
from authlab.jose.keys import KeyMaterial, find_key

__all__ = [
    "MAX_BYTES",
    "SIGNATURE_CHECKS",
    "Check",
    "Reading",
    "Verified",
    "check_header",
    "check_limit",
    "pick_allowed",
    "read_ascii",
    "refuse_form",
    "sign",
    "verify",
]

T = TypeVar("T")
MAX_BYTES = 65_536  # far more than any header line carries, little enough to read at once


class Verified(NamedTuple):
    """What the signature covers: the header (dict) and the payload (bytes)."""

    header: dict[str, Any]
    payload: bytes


class Reading:
    """One token on its way through the checks: each check fills in what the next ones need."""

    __slots__ = (
        "algorithm",
        "algorithms",
        "claims",
        "header",
        "header_bytes",
        "key",
        "limits",
        "material",
        "max_bytes",
        "payload",
        "signature",
        "signing_input",
        "token",
    )

    algorithm: Algorithm
    claims: dict[str, Any]
    header: dict[str, Any]
    header_bytes: bytes
    material: Any  # the secret or key object that checks the signature
    limits: Any  # what the caller expects of the claims; `jwt` fills it in
    payload: bytes
    signature: bytes
    signing_input: bytes

    def __init__(self, token: Any, key: KeyMaterial, algorithms: Any, max_bytes: int) -> None:
        check_limit(max_bytes)
        self.token = token
        self.key = key
        self.algorithms = algorithms
        self.max_bytes = max_bytes


def check_limit(max_bytes: Any) -> None:
    if type(max_bytes) is not int or max_bytes < 0:
        expected = "a number of bytes"
        raise MalformedToken("argument max_bytes", show(max_bytes), expected, "RFC 8259, 9")


class Check(NamedTuple):
    """One step: its name, the code that passes or raises, what to say when it passed, its rule."""

    name: str
    run: Callable[[Reading], None]
    say: Callable[[Reading], str]
    rule: str


def split_parts(reading: Reading) -> None:
    raw = read_ascii(reading.token)
    # The limit comes first: nothing is decoded of a token that is too long.
    if raw is not None and len(raw) <= reading.max_bytes:
        reading.signing_input, _, signature = raw.rpartition(b".")
        header, dot, payload = reading.signing_input.partition(b".")
        if dot and b"." not in payload:
            reading.header_bytes = b64url_decode(header)
            reading.payload = b64url_decode(payload)
            reading.signature = b64url_decode(signature)
            return
    refuse_form(reading.token, reading.max_bytes, 3, "RFC 7515, 7.1")


def read_ascii(token: Any) -> bytes | None:
    """Return the bytes of a token that is text or bytes, or None for what is no such token."""
    if type(token) is bytes:
        return token
    try:
        return str.encode(token, "ascii")  # not token.encode: its class may do anything there
    except (TypeError, UnicodeEncodeError):
        return None


def refuse_form(token: Any, max_bytes: int, wanted: int, rule: str) -> NoReturn:
    """Say what is wrong with the form of a token that should have `wanted` parts."""
    if type(token) is bytes:
        text = token.decode("latin-1")
    elif issubclass(type(token), str):
        text = str.__str__(token)
    else:
        raise MalformedToken("not a token", f"a {type(token).__name__}", "text", rule)
    if len(text) > max_bytes:
        found, expected = f"{len(text)} bytes", f"at most {max_bytes} bytes"
        raise MalformedToken("token too long", found, expected, "RFC 8259, 9")
    for part in text.split("."):
        b64url_decode(part)  # names a foreign character, if there is one
    count = text.count(".") + 1
    found = f"{count} part{'s' if count > 1 else ''}"
    if count in _FORMS:
        found += f", which is the form of {_FORMS[count]}"
    expected = f"{wanted} parts joined by {wanted - 1} dots"
    raise MalformedToken("wrong number of parts", found, expected, rule)


_FORMS = {3: "a signed token (JWS)", 5: "an encrypted token (JWE)"}


def read_header(reading: Reading) -> None:
    reading.header = read_object(reading.header_bytes, "header")
    check_header(reading.header)


def check_header(header: dict[str, Any]) -> None:
    """Refuse a header that this library would not act on as its author meant."""
    if not isinstance(header.get("alg"), str):
        found = show(header["alg"]) if "alg" in header else "none given"
        raise MalformedToken("header without algorithm", found, "alg as text", "RFC 7515, 4.1.1")
    if len(header) == 1:
        return
    for name in ("kid", "typ", "cty"):
        if not isinstance(header.get(name, ""), str):
            found = show(header[name])
            raise MalformedToken(f"header member {name!r}", found, "text", "RFC 7515, 4.1")
    if "crit" in header:
        found = show(header["crit"])
        expected = "no crit: no extension is understood here"
        raise MalformedToken("critical extension", found, expected, "RFC 7515, 4.1.11")
    if header.get("b64", True) is not True:
        found, expected = show(header["b64"]), "a payload in Base64url"
        raise MalformedToken("unencoded payload (b64)", found, expected, "RFC 7797, 3")


def allow_algorithm(reading: Reading) -> None:
    reading.algorithm = pick_allowed(reading.header["alg"], reading.algorithms, ALGORITHMS)


def pick_allowed(name: Any, allowed: Any, table: Mapping[str, T]) -> T:
    """Return what `table` holds under `name`, if the caller's allow-list has it too."""
    # A bare string is refused: `"HS256" in "HS256 or none"` is true, and so is `"" in "HS256"`.
    if not isinstance(allowed, list | tuple | set | frozenset) or not allowed:
        found, expected = show(allowed), "a list of names, such as ['HS256']"
        raise DisallowedAlgorithm("no allow-list", found, expected, "RFC 8725, 3.1")
    algorithm = table.get(name) if isinstance(name, str) else None
    try:
        listed = name in allowed
    except Exception:  # of ==, which may answer anything: NumPy's arrays have no yes or no
        listed = False
    if algorithm is None or not listed:
        names = table if listed else allowed  # what is allowed but unknown stays unknown
        expected = "one of " + ", ".join(n if type(n) is str else show(n) for n in names)
        raise DisallowedAlgorithm("algorithm not allowed", show(name), expected, "RFC 8725, 3.1")
    return algorithm


def choose_key(reading: Reading) -> None:
    key = find_key(reading.key, reading.algorithm, "verify", reading.header.get("kid"))
    reading.material = key.material_for(reading.algorithm, "verify")


def check_signature(reading: Reading) -> None:
    algorithm, material, signature = reading.algorithm, reading.material, reading.signature
    wanted = algorithm.signature_bytes(material)
    if len(signature) != wanted:
        found, expected = f"{len(signature)} bytes", f"{wanted} bytes for {algorithm.name}"
        raise InvalidSignature("signature of the wrong length", found, expected, "RFC 7518, 3")
    if not algorithm.check(material, reading.signing_input, signature):
        found = f"{wanted} bytes that do not fit"
        expected = f"the {algorithm.name} signature of this header and payload by this key"
        raise InvalidSignature("signature does not match", found, expected, "RFC 7515, 5.2")


SIGNATURE_CHECKS = (
    Check(
        "form",
        split_parts,
        lambda r: f"3 parts of Base64url, {len(r.token)} bytes in all",
        "RFC 7515, 7.1",
    ),
    Check(
        "header",
        read_header,
        lambda r: f"a JSON object that names {show(r.header['alg'])}",
        "RFC 7515, 4",
    ),
    Check(
        "algorithm",
        allow_algorithm,
        lambda r: f"{r.algorithm.name} is on the allow-list",
        "RFC 8725, 3.1",
    ),
    Check(
        "key",
        choose_key,
        lambda r: f"a key of the kind {r.algorithm.kty}, strong enough, allowed to verify",
        "RFC 7517, 4",
    ),
    Check(
        "signature",
        check_signature,
        lambda r: f"{len(r.signature)} bytes that match {r.algorithm.name} over header and payload",
        "RFC 7515, 5.2",
    ),
)


def verify(
    token: str | bytes, key: KeyMaterial, algorithms: list[str], *, max_bytes: int = MAX_BYTES
) -> Verified:
    """Return the header and payload of a compact JWS whose signature matches (RFC 7515, 5.2).

    `key` is anything `load_key` takes; load it once if you verify often. `algorithms` is the list
    of names you allow: never the one the token asks for. `max_bytes` bounds the token's length.

    Raises InvalidToken (or one of its kinds) for every other token, key and argument.
    """
    reading = Reading(token, key, algorithms, max_bytes)
    for check in SIGNATURE_CHECKS:
        check.run(reading)
    return Verified(reading.header, reading.payload)


def _write_header(header: dict[str, Any]) -> str:
    return b64url_encode(write_json(header, "header", sort=True))


@lru_cache  # nearly every token of an application has this very header
def _common_header(algorithm: str) -> str:
    return _write_header({"alg": algorithm, "typ": "JWT"})


def sign(
    payload: bytes, key: KeyMaterial, algorithm: str, headers: dict[str, Any] | None = None
) -> str:
    """Return a compact JWS over `payload` (RFC 7515, 5.1).

    `key` is a secret or a private key, as anything `load_key` takes. The header holds `alg` and
    the members of `headers`, sorted by name. Raises InvalidToken for what `verify` would refuse.
    """
    chosen = ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
    if chosen is None:
        expected = ", ".join(ALGORITHMS)
        raise DisallowedAlgorithm("unknown algorithm", show(algorithm), expected, "RFC 7518, 3.1")
    if not isinstance(headers, dict | None):
        raise MalformedToken("header is not an object", show(headers), "a dict", "RFC 7515, 4")
    header = {"alg": algorithm, **(headers or {})}
    if header["alg"] != algorithm:
        found, expected = show(header["alg"]), show(algorithm)
        raise MalformedToken("two algorithms", found, expected, "RFC 7515, 4.1.1")
    check_header(header)
    material = find_key(key, chosen, "sign", header.get("kid")).material_for(chosen, "sign")
    common = headers == {"typ": "JWT"}
    first = _common_header(algorithm) if common else _write_header(header)
    signing_input = f"{first}.{b64url_encode(payload)}"
    try:
        signature = chosen.sign(material, signing_input.encode())
    except (ValueError, UnsupportedAlgorithm) as error:  # PS512 by a weak key of 1024 bits
        raise InvalidKey("key cannot sign", show(str(error)), algorithm, "RFC 7518, 3.5") from None
    return f"{signing_input}.{b64url_encode(signature)}"
