"""Keys that must be refused: of the wrong kind, in disguise, weak, broken, bound elsewhere."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from math import prod
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from authlab import jose
from authlab.jose import DisallowedAlgorithm, InvalidKey, InvalidSignature, InvalidToken

from .material import (
    ALGORITHMS,
    EC,
    HMAC,
    NOW,
    RSA,
    SECRET,
    b64,
    forge,
    jwk,
    make_token,
    pem,
    private,
    public,
)

KINDS = ("RS256", "ES256", "ES384", "ES512", "EdDSA")


def refuse(call: Any, word: str = "", kind: type[InvalidToken] = InvalidKey) -> InvalidToken:
    with pytest.raises(InvalidToken) as caught:
        call()
    error = caught.value
    assert type(error) is kind, error
    assert word in str(error), error
    assert error.found
    assert error.expected
    assert error.rule.startswith(("RFC ", "CVE-")), error
    return error


def decode(token: str, key: Any, *algorithms: str) -> Any:
    return jose.decode(token, key, list(algorithms), now=NOW)


# --- the wrong kind, and public keys that pose as secrets ---------------------------------------


@pytest.mark.parametrize("alg", ALGORITHMS)
@pytest.mark.parametrize("other", ["HS256", "RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_key_of_another_kind(alg: str, other: str) -> None:
    """Refused before anything is computed: the error is about the key, not the signature."""
    if other == alg or (alg in RSA and other == "RS256") or (alg in HMAC and other == "HS256"):
        return
    for key in (public(other), jose.load_key(public(other)), jwk(other)):
        refuse(lambda key=key: decode(make_token(alg), key, alg), alg)
    for key in (private(other), jwk(other, secret=True)):
        refuse(lambda key=key: jose.encode({}, key, alg), alg)


@cache
def certificate(alg: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bank.test")])
    start = datetime(2025, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, public(alg), 1, start, start + timedelta(9999))
    return builder.sign(private(alg), None if alg == "EdDSA" else hashes.SHA256())


@cache
def disguises(alg: str) -> dict[str, bytes]:
    """A public key in every form in which it might be handed over as a secret."""
    key = public(alg)
    text = pem(key).encode()
    lines = text.strip().split(b"\n")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ssh = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    member = json.dumps(jwk(alg)).encode()
    proof = certificate(alg)
    forms = {
        "PEM": text,
        "no line end at the end": text.rstrip(),
        "CRLF": text.replace(b"\n", b"\r\n"),
        "CR": text.replace(b"\n", b"\r"),
        "no line ends": text.replace(b"\n", b""),
        "spaces for line ends": text.replace(b"\n", b" "),
        "indented by spaces": b"".join(b"    " + line + b"\n" for line in lines),
        "indented by tabs": b"".join(b"\t" + line + b"\n" for line in lines),
        "space at the line ends": b" \n".join(lines),
        "leading blank lines": b"\n\r\n\n" + text,
        "trailing blank lines": text + b"\n \n\t\n",
        "blank lines inside": text.replace(b"\n", b"\n\n"),
        "form feed and vertical tab": b"\f\v" + text,
        "no-break space": "\u00a0".encode() + text,
        "byte order mark": b"\xef\xbb\xbf" + text,
        "zero bytes": b"\0" + text + b"\0",
        "UTF-16": text.decode().encode("utf-16"),
        "lower-case armour": text.replace(b"BEGIN PUBLIC KEY", b"begin public key"),
        "wider armour": text.replace(
            b"-----BEGIN PUBLIC KEY-----", b"----- BEGIN PUBLIC KEY -----"
        ),
        "text before": b"# the key of the bank\n" + text,
        "no first line": b"\n".join(lines[1:]) + b"\n",
        "no last line": b"\n".join(lines[:-1]) + b"\n",
        "the Base64 body alone": b"\n".join(lines[1:-1]),
        "the Base64 body in one line": b"".join(lines[1:-1]),
        "the body in Base64url": b64(der).encode(),
        "the body without padding": b64encode(der).rstrip(b"="),
        "DER": der,
        "JWK text": member,
        "JWK text, indented": json.dumps(jwk(alg), indent=4).encode(),
        "JWK text, byte order mark": b"\xef\xbb\xbf" + member,
        "JWK text, UTF-16": member.decode().encode("utf-16"),
        "JWK text in a list": b"[" + member + b"]",
        "JWK text, deeply nested": b"[" * 3000 + member + b"]" * 3000,
        "JWKS text": b'{"keys":[' + member + b"]}",
        "certificate, PEM": proof.public_bytes(Encoding.PEM),
        "certificate, DER": proof.public_bytes(Encoding.DER),
        "certificate, Base64 (x5c)": b64encode(proof.public_bytes(Encoding.DER)),
        "SSH": ssh,
        "SSH with a comment": b"  " + ssh + b" alice@bank.test\n",
        "SSH, the blob alone": ssh.split()[1],
    }
    if alg == "RS256":
        forms["PKCS#1, PEM"] = key.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        forms["PKCS#1, DER"] = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
        forms["PKCS#1, body"] = b64encode(forms["PKCS#1, DER"])
    own = private(alg)
    pkcs8 = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    locked = own.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    return forms | {"private, DER": pkcs8, "private, encrypted, DER": locked}


@pytest.mark.parametrize("alg", KINDS)
@pytest.mark.parametrize("name", list(disguises("RS256")))
def test_public_key_posing_as_a_secret(alg: str, name: str) -> None:
    """CVE-2016-10555, CVE-2022-29217, CVE-2026-102268: HS256 with what everybody knows."""
    if name not in disguises(alg):
        return
    secret = disguises(alg)[name]
    forged = forge({"alg": "HS256"}, {"sub": "mallory"}, key=secret)
    posing = {"kty": "oct", "k": b64(secret)}
    for key in (secret, posing, {"keys": [posing]}):
        for allowed in (["HS256"], ["HS256", alg]):
            refuse(lambda key=key, allowed=allowed: decode(forged, key, *allowed))
        refuse(lambda key=key: jose.encode({}, key, "HS256"))
    for loads in (secret, posing):
        refuse(
            lambda loads=loads: jose.load_key(loads, allow_weak=True).material_for(
                jose.algorithms.ALGORITHMS["HS256"], "sign"
            )
        )
    try:
        as_text = secret.decode()
    except UnicodeDecodeError:
        return
    refuse(lambda: decode(forged, as_text, "HS256", alg))


def test_honest_secrets_pass() -> None:
    """The search for disguises must not refuse what is a secret."""
    secrets = [
        SECRET,
        bytes(64),
        b"\xff" * 48,
        b"A" * 64,
        b"=" * 64,
        b"-" * 64,
        b"{" * 64,
        b"ssh" * 20,
    ]
    secrets += [bytes(range(n, n + 64)) for n in range(128)]
    secrets += [b64encode(secret) for secret in secrets] + [
        b64(secret).encode() for secret in secrets
    ]
    secrets += [secret.hex().encode() for secret in secrets[:20]]
    secrets += [b'{"secret":"a JSON text that holds no key at all, only a long secret"}']
    for secret in secrets:
        assert decode(jose.encode({"a": 1}, secret), secret, "HS256") == {"a": 1}


def test_text_is_never_a_secret() -> None:
    for text in ("secret", "a" * 64, "", "\ud800", "-----BEGIN", SECRET.decode("latin-1")):
        refuse(lambda text=text: jose.encode({}, text))
        refuse(lambda text=text: decode(make_token(), text, "HS256"))


@pytest.mark.parametrize(
    "key",
    [
        None,
        0,
        1,
        True,
        1.5,
        [],
        (),
        set(),
        {},
        object(),
        type,
        print,
        bytearray(64),
        memoryview(SECRET),
    ],
    ids=lambda key: type(key).__name__,
)
def test_what_is_no_key_at_all(key: Any) -> None:
    refuse(lambda: jose.load_key(key))
    refuse(lambda: jose.encode({}, key))
    refuse(lambda: decode(make_token(), key, "HS256"))


def test_classes_are_no_keys() -> None:
    for key in (rsa.RSAPublicKey, ec.EllipticCurvePrivateKey, x509.Certificate, dict, bytes):
        refuse(lambda key=key: jose.load_key(key))


@pytest.mark.parametrize(
    "key",
    [
        ed448.Ed448PrivateKey.generate(),
        x25519.X25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256K1()),
        dsa.generate_private_key(2048),
    ],
    ids=lambda key: type(key).__name__,
)
def test_kinds_that_no_algorithm_here_takes(key: Any) -> None:
    for material in (key, key.public_key(), pem(key), pem(key.public_key())):
        refuse(lambda material=material: jose.load_key(material))


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----BEGIN " + "-----BEGIN " * 5000,
        "-----BEGIN CERTIFICATE-----" * 5000,
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----",
    ],
    ids=lambda text: text[:20],
)
def test_broken_pem(text: str) -> None:
    refuse(lambda: jose.load_key(text))
    refuse(lambda: jose.load_key(text.encode()))


def test_encrypted_pem() -> None:
    text = private("RS256").private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )
    refuse(lambda: jose.load_key(text.decode()), "password")


# --- strength (RFC 7518) ------------------------------------------------------------------------


@pytest.mark.parametrize(("alg", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_short_secret(alg: str, least: int) -> None:
    short, enough = SECRET[: least - 1], SECRET[:least]
    assert jose.encode({}, enough, alg)
    for key in (short, {"kty": "oct", "k": b64(short)}, jose.load_key(short)):
        error = refuse(lambda key=key: jose.encode({}, key, alg), f"{least - 1} bytes")
        assert error.rule == "RFC 7518, 3.2"
        token = forge({"alg": alg}, {}, alg=alg, key=short)
        refuse(lambda key=key, token=token: decode(token, key, alg), f"{least} bytes")
    weak = jose.load_key(short, allow_weak=True)
    assert decode(jose.encode({"a": 1}, weak, alg), weak, alg) == {"a": 1}
    assert short not in str(error).encode()


def test_allow_weak_stays_with_the_key_it_was_given_for() -> None:
    weak = jose.load_key(b"secret", allow_weak=True)
    assert decode(jose.encode({"a": 1}, weak), weak, "HS256") == {"a": 1}
    refuse(lambda: jose.encode({}, b"secret"))
    refuse(lambda: jose.encode({}, jose.load_key(b"secret")))
    assert jose.encode({}, jose.load_key(jose.load_key(b"secret"), allow_weak=True))
    refuse(lambda: jose.encode({}, jose.load_key(b"secret")))
    keys = {"keys": [{"kty": "oct", "k": b64(b"secret")}]}
    refuse(lambda: jose.encode({}, jose.load_key(keys)))
    assert jose.encode({}, jose.load_key(keys, allow_weak=True))
    assert jose.encode({}, jose.load_key(jose.load_key(keys), allow_weak=True))
    refuse(lambda: jose.encode({}, jose.load_key(keys)))


@pytest.mark.parametrize("weak", [0, "", None, [], {}, "no"], ids=repr)
def test_allow_weak_that_is_not_true(weak: Any) -> None:
    """Whatever the caller passes for it, nothing but an InvalidToken comes out."""
    try:
        jose.encode({}, jose.load_key(b"secret", allow_weak=weak))
    except InvalidToken:
        return
    assert weak, "only a true value may let a weak key in"


@pytest.mark.parametrize(
    "key", [b"", {"kty": "oct", "k": ""}, {"keys": [{"kty": "oct", "k": ""}]}], ids=str
)
def test_blank_secret(key: Any) -> None:
    """CVE-2026-102266: an empty secret is everybody's secret."""
    for alg in HMAC:
        token = forge({"alg": alg}, {"sub": "mallory"}, alg=alg, key=b"")
        refuse(lambda token=token, alg=alg: decode(token, key, alg))
        refuse(lambda alg=alg: jose.encode({}, key, alg))
    if key == b"" or "k" in key:  # a set reads its keys when they are asked for
        refuse(lambda: jose.load_key(key), "blank")


@cache
def small_rsa() -> Any:
    return rsa.generate_private_key(65537, 1024)


def test_rsa_key_of_1024_bits() -> None:
    key = small_rsa()
    for material in (key, key.public_key(), pem(key), pem(key.public_key())):
        error = refuse(lambda material=material: jose.load_key(material), "1024 bits")
        assert error.rule == "RFC 7518, 3.3"
    refuse(lambda: jose.encode({}, pem(key), "RS256"), "1024 bits")
    weak = jose.load_key(key, allow_weak=True)
    assert decode(jose.encode({"a": 1}, weak, "RS256"), weak, "RS256") == {"a": 1}


@pytest.mark.parametrize("e", [1, 0, 2, 4, 65536, 65538, -1])
def test_rsa_exponent(e: int) -> None:
    number = e.to_bytes(3, "big").lstrip(b"\0") if e > 0 else b"\0"
    members = jwk("RS256") | {"e": b64(number)}
    refuse(lambda: jose.load_key(members))
    if e == 1:  # with e = 1 the padded hash is its own signature
        refuse(lambda: jose.load_key(members, allow_weak=True))


def test_rsa_key_of_the_faulty_chip() -> None:
    """CVE-2017-15361 (ROCA): modulo small primes, such a modulus is a power of 65537."""
    primes = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157]
    product = 2 * prod(primes)
    power = pow(65537, 123_456_789, product)
    n = (2**2047 // product + 1) * product + power
    assert n % 2
    assert n.bit_length() == 2048
    members = {"kty": "RSA", "n": b64(n.to_bytes(256, "big")), "e": "AQAB"}
    assert refuse(lambda: jose.load_key(members)).rule == "CVE-2017-15361"
    members["n"] = b64((n + 2).to_bytes(256, "big"))
    assert jose.load_key(members)


def test_rsa_numbers_that_are_none() -> None:
    good = jwk("RS256")
    for n in (
        "",
        "AA",
        "AQ",
        b64(b"\0" + jose.b64url_decode(good["n"])),
        good["n"] + "=",
        "!!",
        5,
        None,
    ):
        refuse(lambda n=n: jose.load_key(good | {"n": n}))
    refuse(lambda: jose.load_key(good | {"n": b64(b"\xff" * 9000)}))
    for name in ("n", "e"):
        refuse(lambda name=name: jose.load_key({m: v for m, v in good.items() if m != name}), name)


# --- the members of a JWK -----------------------------------------------------------------------


@pytest.mark.parametrize("alg", EC)
def test_point_that_is_not_on_the_curve(alg: str) -> None:
    """RFC 8725, 3.4: a point off the curve is how a private key was once read out."""
    good = jwk(alg)
    for name in ("x", "y"):
        raw = bytearray(jose.b64url_decode(good[name]))
        raw[-1] ^= 1
        refuse(lambda name=name, raw=raw: jose.load_key(good | {name: b64(bytes(raw))}))
    size = len(jose.b64url_decode(good["x"]))
    for x, y in ((bytes(size), bytes(size)), (b"\xff" * size, b"\xff" * size)):
        refuse(lambda x=x, y=y: jose.load_key(good | {"x": b64(x), "y": b64(y)}))


@pytest.mark.parametrize("alg", [*EC, "EdDSA"])
def test_coordinate_of_the_wrong_length(alg: str) -> None:
    good = jwk(alg, secret=True)
    for name in ("x", "y", "d"):
        if name in good:
            raw = jose.b64url_decode(good[name])
            for other in (b"\0" + raw, raw + b"\0", raw[1:], raw[:-1], b""):
                refuse(
                    lambda name=name, other=other: jose.load_key(good | {name: b64(other)}), name
                )
            for other in (None, 5, [], good[name] + "=", f" {good[name]}", good[name] + "\n", "é"):
                refuse(lambda name=name, other=other: jose.load_key(good | {name: other}))


@pytest.mark.parametrize("alg", [*EC, "EdDSA"])
@pytest.mark.parametrize(
    "crv", ["P-256K", "secp256k1", "p-256", "", None, 1, "X25519", "Ed448", [], "P-192"]
)
def test_curve_that_nobody_takes(alg: str, crv: Any) -> None:
    refuse(lambda: jose.load_key(jwk(alg) | {"crv": crv}))


@pytest.mark.parametrize("alg", EC)
def test_key_on_another_curve(alg: str) -> None:
    """RFC 7518, 3.4: ES256 goes with P-256 and with no other curve."""
    for other in EC:
        if other != alg:
            refuse(lambda other=other: decode(make_token(alg), public(other), alg), "wrong kind")
            refuse(lambda other=other: jose.encode({}, private(other), alg), "wrong kind")
            with pytest.raises(InvalidKey):
                jose.load_key(jwk(alg) | {"crv": jwk(other)["crv"]})


@pytest.mark.parametrize("kty", ["RSA", "EC", "OKP", "oct", "rsa", "", None, 1, [], "AKP"])
def test_kty_binds(kty: Any) -> None:
    for alg in ("HS256", "RS256", "ES256", "EdDSA"):
        members = jwk(alg)
        if members["kty"] != kty:
            refuse(lambda members=members: jose.load_key(members | {"kty": kty}))
            refuse(
                lambda members=members, alg=alg: decode(
                    make_token(alg), members | {"kty": kty}, alg
                )
            )


@pytest.mark.parametrize("alg", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_private_half_of_another_key(alg: str) -> None:
    """CVE-2026-102275: a `d` that does not belong to the public members is refused."""
    good = jwk(alg, secret=True)
    other = jose.generate_key(alg).to_jwk(private=True)
    mixed = [good | {"d": other["d"]}]
    if alg == "RS256":
        without = {name: good[name] for name in ("kty", "n", "e")}
        mixed += [without | {"d": other["d"]}, good | {"n": other["n"]}]
        mixed += [good | {name: other[name]} for name in ("p", "q", "dp", "dq", "qi")]
        mixed += [{n: v for n, v in good.items() if n != name} for name in ("p", "dq")]
        mixed.append(good | {"oth": [{"r": "AQ", "d": "AQ", "t": "AQ"}]})
    else:
        mixed.append(good | {"d": b64(bytes(len(jose.b64url_decode(good["d"]))))})
        if alg in EC:
            order = private(alg).curve.group_order
            size = len(jose.b64url_decode(good["d"]))
            mixed += [
                good | {"d": b64(number.to_bytes(size, "big"))} for number in (order, order + 1)
            ]
    for members in mixed:
        refuse(lambda members=members: jose.load_key(members))


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256", "EdDSA"])
class TestBinding:
    """What a JWK says of itself holds: `alg`, `use`, `key_ops`, `kid` (RFC 7517, 4)."""

    def test_alg(self, alg: str) -> None:
        bound = jwk(alg, secret=True, alg=alg)
        assert decode(jose.encode({"a": 1}, bound, alg), bound, alg) == {"a": 1}
        for other in ("HS512", "RS512", "PS256", "ES384", "RSA-OAEP", "", "none"):
            elsewhere = jwk(alg, secret=True, alg=other)
            refuse(lambda key=elsewhere: decode(make_token(alg), key, alg), "another algorithm")
            refuse(lambda key=elsewhere: jose.encode({}, key, alg), "another algorithm")

    def test_use(self, alg: str) -> None:
        assert decode(make_token(alg), jwk(alg, use="sig"), alg)
        for use in ("enc", "SIG", "", "sign"):
            key = jwk(alg, secret=True, use=use)
            refuse(lambda key=key: decode(make_token(alg), key, alg), "another use")
            refuse(lambda key=key: jose.encode({}, key, alg), "another use")

    def test_key_ops(self, alg: str) -> None:
        both = jwk(alg, secret=True, key_ops=["sign", "verify"])
        assert decode(jose.encode({"a": 1}, both, alg), both, alg) == {"a": 1}
        signs = jwk(alg, secret=True, key_ops=["sign"])
        refuse(lambda: decode(jose.encode({}, signs, alg), signs, alg), "other operations")
        checks = jwk(alg, secret=True, key_ops=["verify"])
        assert decode(make_token(alg), checks, alg)
        refuse(lambda: jose.encode({}, checks, alg), "other operations")
        for ops in ([], ["encrypt"], ["wrapKey", "unwrapKey"], ["VERIFY"]):
            key = jwk(alg, secret=True, key_ops=ops)
            refuse(lambda key=key: decode(make_token(alg), key, alg), "operations")
            refuse(lambda key=key: jose.encode({}, key, alg), "operations")

    def test_use_and_key_ops_that_contradict(self, alg: str) -> None:
        for ops in (["encrypt"], ["sign", "encrypt"], ["verify", "deriveKey"]):
            refuse(lambda ops=ops: jose.load_key(jwk(alg, use="sig", key_ops=ops)), "contradicts")
        key = jwk(alg, use="enc", key_ops=["verify"])
        refuse(lambda: decode(make_token(alg), key, alg))

    @pytest.mark.parametrize(
        "ops", ["verify", 1, {}, [1], [None], [["verify"]], ["verify", "verify"]]
    )
    def test_key_ops_that_are_no_list_of_names(self, alg: str, ops: Any) -> None:
        refuse(lambda: jose.load_key(jwk(alg, key_ops=ops)), "key_ops")

    @pytest.mark.parametrize("name", ["kid", "alg", "use"])
    @pytest.mark.parametrize("value", [1, True, [], {}, ["sig"], b"sig"])
    def test_member_that_should_be_text(self, alg: str, name: str, value: Any) -> None:
        refuse(lambda: jose.load_key(jwk(alg) | {name: value}), name)

    def test_kid(self, alg: str) -> None:
        key = jwk(alg, kid="k1")
        assert decode(make_token(alg, kid="k1"), key, alg)
        assert decode(make_token(alg), key, alg)  # a token without kid says nothing against it
        assert decode(make_token(alg, kid="k2"), jwk(alg), alg)  # nor a key without
        for kid in ("k2", "K1", "k1 ", "", "k1\0"):
            refuse(lambda kid=kid: decode(make_token(alg, kid=kid), key, alg), "kid")

    def test_a_public_key_cannot_sign(self, alg: str) -> None:
        if alg in HMAC:
            return
        for key in (public(alg), jwk(alg), pem(public(alg)), {"keys": [jwk(alg)]}):
            refuse(lambda key=key: jose.encode({}, key, alg), "sign")


# --- sets of keys -------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256", "EdDSA"])
class TestKeySet:
    def other(self, alg: str, **members: str) -> dict[str, Any]:
        return jose.generate_key(alg).to_jwk(private=alg in HMAC) | {"alg": alg} | members

    def test_unknown_kid(self, alg: str) -> None:
        keys = {"keys": [jwk(alg, kid="k1"), self.other(alg, kid="k2")]}
        assert decode(make_token(alg, kid="k1"), keys, alg)
        for kid in ("k3", "", "K1", "k1 ", "../k1", "k1' or '1'='1"):
            refuse(lambda kid=kid: decode(make_token(alg, kid=kid), keys, alg), "unknown key")

    def test_no_kid(self, alg: str) -> None:
        """Without a kid one key must fit, and one only: there is no trying of one after another."""
        assert decode(make_token(alg), {"keys": [jwk(alg, kid="k1")]}, alg)
        keys = {"keys": [jwk(alg, kid="k1"), self.other(alg, kid="k2")]}
        refuse(lambda: decode(make_token(alg), keys, alg), "2 keys")

    def test_duplicate_kid(self, alg: str) -> None:
        keys = {"keys": [self.other(alg, kid="k1"), jwk(alg, kid="k1")]}
        refuse(lambda: decode(make_token(alg, kid="k1"), keys, alg), "2 keys")

    def test_the_thiefs_key_under_another_kid(self, alg: str) -> None:
        thief = self.other(alg, kid="k2")
        signed = jose.generate_key(alg, kid="k2")
        keys = {"keys": [jwk(alg, kid="k1"), thief]}
        token = jose.encode({}, signed, alg, {"kid": "k1"} if signed.kid is None else {"kid": "k2"})
        refuse(lambda: decode(token, keys, alg), "does not match", InvalidSignature)

    def test_unknown_members_of_a_set_are_passed_over(self, alg: str) -> None:
        """RFC 7517, 5: keys of a kty that is not understood are ignored; so are other members."""
        strangers = [{"kty": "AKP", "alg": "ML-DSA-44", "kid": "k1"}, {"kty": 7}, {"kid": "k1"}, {}]
        keys = {"keys": [*strangers, jwk(alg, kid="k1", color="blue")], "extra": [1]}
        assert decode(make_token(alg, kid="k1"), keys, alg)
        assert decode(make_token(alg), keys, alg)
        refuse(lambda: decode(make_token(alg), {"keys": strangers}, alg), "unknown key")

    def test_a_broken_key_is_refused_when_it_is_asked_for(self, alg: str) -> None:
        broken = jwk(alg, kid="bad") | {name: "!" for name in ("k", "n", "x") if name in jwk(alg)}
        keys = {"keys": [broken, jwk(alg, kid="k1")]}
        assert decode(make_token(alg, kid="k1"), keys, alg)
        refuse(lambda: decode(make_token(alg, kid="bad"), keys, alg))

    def test_empty(self, alg: str) -> None:
        refuse(lambda: decode(make_token(alg), {"keys": []}, alg), "unknown key")

    @pytest.mark.parametrize(
        "keys", [None, 1, "k", {}, {"k1": {}}, [None], [[]], ["k"], [b"k"]], ids=repr
    )
    def test_not_a_list_of_keys(self, alg: str, keys: Any) -> None:
        refuse(lambda: decode(make_token(alg), {"keys": keys}, alg), "key set")


@pytest.mark.parametrize("alg", KINDS)
def test_set_of_secrets_and_public_keys(alg: str) -> None:
    """A set of public keys is published: a secret in it is a leak, or a trap."""
    mixed = {"keys": [jwk(alg, kid="k1"), jwk("HS256", kid="k2")]}
    for call in (
        lambda: jose.load_key(mixed),
        lambda: decode(make_token(alg, kid="k1"), mixed, alg),
        lambda: decode(make_token("HS256", kid="k2"), mixed, "HS256"),
        lambda: decode(make_token("HS256", kid="k2"), mixed, "HS256", alg),
    ):
        refuse(call, "mixed")


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("name", ["jwk", "jku", "x5c", "x5u", "x5t", "x5t#S256"])
def test_a_key_in_the_header_is_never_used(alg: str, name: str) -> None:
    """RFC 8725, 3.10; ASVS 9.1.3: keys come from where the verifier was told, and nowhere else."""
    thief = jose.generate_key(alg)
    offered: dict[str, Any] = {
        "jwk": thief.to_jwk(),
        "jku": "https://evil.test/jwks.json",
        "x5c": [b64encode(certificate(alg).public_bytes(Encoding.DER)).decode()],
        "x5u": "file:///dev/null",
        "x5t": "AAAA",
        "x5t#S256": "AAAA",
    }
    header = {"alg": alg, name: offered[name]}
    forged = forge(header, {"sub": "mallory"}, alg=alg, key=thief.material)
    for key in (public(alg), {"keys": [jwk(alg)]}, jwk(alg)):
        refuse(lambda key=key: decode(forged, key, alg), "does not match", InvalidSignature)
    honest = forge(header, {"sub": "alice"}, alg=alg)
    assert decode(honest, public(alg), alg) == {"sub": "alice"}  # ignored, not forbidden
    refuse(lambda: decode(forged, None, alg))
    refuse(lambda: decode(forged, {"keys": []}, alg))


def test_the_key_of_one_algorithm_for_another_is_no_false_accept() -> None:
    """Every algorithm against every key: only its own kind is ever asked for a signature."""
    for alg in ALGORITHMS:
        for name in ALGORITHMS:
            token = make_token(alg)
            if alg == name or (alg in RSA and name in RSA) or (alg in HMAC and name in HMAC):
                assert decode(token, public(name), alg)
            else:
                refuse(lambda token=token, name=name, alg=alg: decode(token, public(name), alg))
            if alg != name:
                refuse(
                    lambda token=token, name=name: decode(token, public(name), name),
                    "",
                    DisallowedAlgorithm,
                )


@pytest.mark.parametrize("tail", [0, 128])
@pytest.mark.parametrize("y", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_ed25519_key_of_small_order(y: int, tail: int) -> None:
    """Such a point has no private key, and one signature by nobody fits every message."""
    raw = bytearray(y.to_bytes(32, "little"))
    raw[-1] |= tail
    members = {"kty": "OKP", "crv": "Ed25519", "x": b64(bytes(raw))}
    refuse(lambda: jose.load_key(members), "small order")
