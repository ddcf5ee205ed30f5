"""JWE: the standards' examples, other libraries both ways, and what must be refused."""

import os
import pickle
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe as joserfc_jwe
from joserfc.jwk import import_key
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from authlab import jose
from authlab.jose import (
    DecryptionFailed,
    DisallowedAlgorithm,
    InvalidKey,
    InvalidToken,
    MalformedToken,
)
from authlab.jose.jwe_algorithms import Gcm

from .material import PRIVATE_MEMBERS, b64, jwk, make_token, pem, to_bytes, vectors

ALGS = ("dir", "A128KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256", "ECDH-ES")
ENCS = ("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512")
CEK_BYTES = dict(zip(ENCS, (16, 32, 32, 64), strict=True))
IV_BYTES = dict(zip(ENCS, (12, 12, 16, 16), strict=True))
SHARED = bytes(range(60, 92))  # 32 bytes: a key for A256KW, and for dir with A256GCM
RFC = [v for name in ("rfc7516", "rfc7520_section5") for v in vectors(name)["vectors"]]
ACCEPTED = [v for v in RFC if v["accepted"]]
each_pair = pytest.mark.parametrize(("alg", "enc"), [(alg, enc) for alg in ALGS for enc in ENCS])
# Each key with one enc, and dir, whose key depends on it, with all.
KINDS = [*(("dir", enc) for enc in ENCS), *((alg, "A128GCM") for alg in ALGS[1:])]
each_kind = pytest.mark.parametrize(("alg", "enc"), KINDS)
each_alg = pytest.mark.parametrize("alg", ALGS)


@cache
def private_jwk(alg: str, enc: str) -> dict[str, Any]:
    """The reader's key, of another library's making where it is a pair."""
    if alg == "dir" or alg.endswith("KW"):
        length = CEK_BYTES[enc] if alg == "dir" else int(alg[1:4]) // 8
        return {"kty": "oct", "k": b64(bytes(range(7, 7 + length)))}
    kind = "RS256" if alg.startswith("RSA") else "ES256"
    return jwk(kind, secret=True)


def public_jwk(alg: str, enc: str) -> dict[str, Any]:
    """What the writer has: the public half, or the shared secret."""
    members = private_jwk(alg, enc)
    if members["kty"] == "oct":
        return members
    return {name: members[name] for name in members if name not in PRIVATE_MEMBERS}


def encrypt(alg: str, enc: str, plaintext: bytes = b"secret", **header: Any) -> str:
    return jose.encrypt(plaintext, public_jwk(alg, enc), alg, enc, header)


def decrypt(token: Any, alg: str, enc: str) -> jose.Decrypted:
    return jose.decrypt(token, private_jwk(alg, enc), [alg], [enc])


def forge(header: object, plaintext: bytes = b"secret", key: bytes = SHARED) -> str:
    """A token for dir and A256GCM with any header at all, and a true tag over it."""
    first = b64(to_bytes(header))
    iv = os.urandom(12)
    sealed = AESGCM(key).encrypt(iv, plaintext, first.encode())
    return f"{first}..{b64(iv)}.{b64(sealed[:-16])}.{b64(sealed[-16:])}"


def refuse(kind: type[InvalidToken], word: str, call: Any, *args: Any, **options: Any) -> None:
    """Assert that `call` raises this very kind of error, with `word` in its sentence."""
    with pytest.raises(InvalidToken) as caught:
        call(*args, **options)
    error = caught.value
    assert type(error) is kind, error
    assert word in str(error), error
    assert error.rule.startswith("RFC "), error
    assert error.found
    assert error.expected
    assert "\n" not in str(error)


def refuse_header(header: object, word: str, kind: type[InvalidToken] = MalformedToken) -> None:
    refuse(kind, word, jose.decrypt, forge(header), SHARED, ["dir"], ["A256GCM"])


# --- the standards' examples --------------------------------------------------------------------


def named(chosen: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", chosen, ids=lambda v: v["section"])


def test_every_section_is_there() -> None:
    assert [v["section"] for v in ACCEPTED] == [
        *("RFC 7516, A.1", "RFC 7516, A.3"),
        *(f"RFC 7520, 5.{number}" for number in (2, 5, 6, 8)),
    ]
    refused = ["RFC 7516, A.2", *(f"RFC 7520, 5.{number}" for number in (1, 3, 4, 7, 9))]
    assert [v["section"] for v in RFC if not v["accepted"]] == refused


@named(ACCEPTED)
def test_another_library_proves_the_vector(vector: dict[str, Any]) -> None:
    read = JWE()
    read.deserialize(vector["token"], JWK(**vector["key"]))
    assert read.payload == vector["plaintext"].encode()


@named(ACCEPTED)
def test_decrypt_the_vector(vector: dict[str, Any]) -> None:
    read = jose.decrypt(vector["token"], vector["key"], [vector["alg"]], [vector["enc"]])
    assert read.plaintext == vector["plaintext"].encode()
    assert (read.header["alg"], read.header["enc"]) == (vector["alg"], vector["enc"])


@named(ACCEPTED)
def test_encrypt_the_same_bytes(vector: dict[str, Any]) -> None:
    cek, iv = (vector.get(name) and jose.b64url_decode(vector[name]) for name in ("cek", "iv"))
    headers = {"kid": vector["key"]["kid"]} if "kid" in vector["key"] else None
    token = jose.encrypt(
        *(vector["plaintext"].encode(), vector["key"], vector["alg"], vector["enc"], headers),
        cek=cek,
        iv=iv,
        epk=vector.get("epk"),
    )
    if vector["deterministic"]:
        assert token == vector["token"]
    else:  # OAEP draws a seed of its own: the second part differs, and no other
        parts = zip(token.split("."), vector["token"].split("."), strict=True)
        assert [ours == theirs for ours, theirs in parts] == [True, False, True, True, True]


@named([v for v in RFC if not v["accepted"]])
def test_refuse_the_vector(vector: dict[str, Any]) -> None:
    """RSA1_5, PBES2 and the rest are unknown here, also to a caller who lists them."""
    kind = MalformedToken if vector["section"] == "RFC 7520, 5.9" else DisallowedAlgorithm
    for algs in ([vector["alg"]], list(ALGS)):
        word = "zip" if kind is MalformedToken else "not allowed"
        args = (vector["token"], vector["key"], algs, [vector["enc"]])
        refuse(kind, word, jose.decrypt, *args)


def test_key_agreement_of_rfc_7518_c() -> None:
    vector = vectors("rfc7518")
    parties = {name: vector["header"][name] for name in ("apu", "apv")}
    token = jose.encrypt(
        *(b"", vector["key"], "ECDH-ES", "A128GCM", parties), epk=vector["ephemeral_key"]
    )
    first, wrapped, iv, _, tag = token.split(".")
    derived = AESGCM(jose.b64url_decode(vector["derived_key"]))
    assert derived.decrypt(jose.b64url_decode(iv), jose.b64url_decode(tag), first.encode()) == b""
    assert wrapped == ""
    header = jose.decrypt(token, vector["key"], ["ECDH-ES"], ["A128GCM"]).header
    assert header == vector["header"]


# --- other libraries ----------------------------------------------------------------------------

PLAINTEXTS = (b"", b"x", b"x" * 15, b"x" * 16, b"x" * 17, bytes(range(256)) * 20)


@each_pair
def test_joserfc_both_ways(alg: str, enc: str) -> None:
    key = import_key(private_jwk(alg, enc))
    for plaintext in PLAINTEXTS:
        ours = encrypt(alg, enc, plaintext, kid="k1")
        assert joserfc_jwe.decrypt_compact(ours, key, [alg, enc]).plaintext == plaintext
        theirs = joserfc_jwe.encrypt_compact({"alg": alg, "enc": enc}, plaintext, key, [alg, enc])
        assert decrypt(theirs, alg, enc).plaintext == plaintext


@each_pair
def test_jwcrypto_both_ways(alg: str, enc: str) -> None:
    key = JWK(**private_jwk(alg, enc))
    for plaintext in PLAINTEXTS[1:]:  # jwcrypto takes an empty plaintext for a failure
        read = JWE(algs=[alg, enc])
        read.deserialize(encrypt(alg, enc, plaintext), key)
        assert read.payload == plaintext
        token = JWE(plaintext, {"alg": alg, "enc": enc})
        token.add_recipient(key)
        assert decrypt(token.serialize(compact=True), alg, enc).plaintext == plaintext


@pytest.mark.parametrize("enc", ENCS)
def test_jwcrypto_reads_our_parties(enc: str) -> None:
    token = encrypt("ECDH-ES", enc, b"hello", apu=b64(b"Alice"), apv=b64(b"Bob"))
    read = JWE()
    read.deserialize(token, JWK(**private_jwk("ECDH-ES", enc)))
    assert read.payload == b"hello"
    assert decrypt(token.encode(), "ECDH-ES", enc).header["apu"] == "QWxpY2U"


@each_kind
def test_every_form_of_key(alg: str, enc: str) -> None:
    own, shared = private_jwk(alg, enc), public_jwk(alg, enc)
    loaded = jose.load_key(own)
    assert isinstance(loaded, jose.Key)
    writers: list[Any] = [shared, own, loaded, {"keys": [shared]}, jose.load_key(shared)]
    readers: list[Any] = [own, loaded, loaded.material, {"keys": [own]}]
    if own["kty"] != "oct":
        public = loaded.material.public_key()
        writers += [public, pem(public), pem(public).encode(), pem(loaded.material)]
        readers += [pem(loaded.material)]
    for number, writer in enumerate(writers):
        token = jose.encrypt(b"hello", writer, alg, enc)
        for reader in readers if number == 0 else readers[:1]:
            read = jose.decrypt(token, reader, [alg], [enc])
            assert read.plaintext == b"hello"
            assert [*read.header][:: len(read.header) - 1] == ["alg", "enc"]


@each_pair
def test_what_is_random_is_fresh(alg: str, enc: str) -> None:
    tokens = [encrypt(alg, enc, b"x" * 20).split(".") for _ in range(5)]
    drawn = {"dir": (2, 3, 4), "ECDH-ES": (0, 2, 3, 4)}.get(alg, (1, 2, 3, 4))
    for part in range(5):
        assert len({token[part] for token in tokens}) == (5 if part in drawn else 1)


# --- the header ---------------------------------------------------------------------------------

PLAIN = {"alg": "dir", "enc": "A256GCM"}


def test_the_forger_can_be_honest() -> None:
    """Otherwise all below would be refused for nothing."""
    for header in (PLAIN, {**PLAIN, "cty": "JWT", "x": [1]}, {**PLAIN, "apu": 7, "p2c": 10**9}):
        assert jose.decrypt(forge(header), SHARED, ["dir"], ["A256GCM"]) == (header, b"secret")


@pytest.mark.parametrize("value", ["DEF", "def", "", None, False, 1, ["DEF"]])
def test_zip(value: Any) -> None:
    refuse_header({**PLAIN, "zip": value}, "zip")
    refuse(
        *(MalformedToken, "zip", jose.encrypt, b"", SHARED, "dir", "A256GCM", {"zip": value}),
    )


@pytest.mark.parametrize("value", [[], ["exp"], ["zip"], ["b64"], None, "exp"])
def test_crit(value: Any) -> None:
    refuse_header({**PLAIN, "crit": value, "exp": 1}, "crit")
    refuse(
        *(MalformedToken, "crit", jose.encrypt, b"", SHARED, "dir", "A256GCM", {"crit": value}),
    )


@pytest.mark.parametrize("value", [True, False, None, "true"])
def test_b64(value: Any) -> None:
    refuse_header({**PLAIN, "b64": value}, "b64")


def test_header_without_its_two_names() -> None:
    refuse_header({"enc": "A256GCM"}, "header without algorithm")
    refuse_header({"alg": "dir"}, "header without enc")
    for value in (None, 1, ["A256GCM"], {}, True):
        refuse_header({"alg": "dir", "enc": value}, "header without enc")
        refuse_header({"alg": value, "enc": "A256GCM"}, "header without algorithm")


@pytest.mark.parametrize("name", ["kid", "typ", "cty"])
def test_header_member_that_should_be_text(name: str) -> None:
    refuse_header({**PLAIN, name: 7}, name)


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "JSON"),
        (b"[]", "object"),
        (b'"dir"', "object"),
        (b'{"alg":"dir","enc":"A256GCM","enc":"A128GCM"}', "twice"),
        (b'{"alg":"dir","enc":"A256GCM","x":NaN}', "NaN"),
        (b'\xef\xbb\xbf{"alg":"dir","enc":"A256GCM"}', "JSON"),
        (b'{"alg":"dir","enc":"A256GCM","x":"\xff"}', "UTF-8"),
        (b'{"alg":"dir","enc":"A256GCM","x":' + b"[" * 9000 + b"]" * 9000 + b"}", "JSON"),
    ],
)
def test_header_that_is_no_object(raw: bytes, word: str) -> None:
    refuse_header(raw, word)


@pytest.mark.parametrize(
    "alg", ["none", "DIR", "dir ", "RSA1_5", "PBES2-HS256+A128KW", "HS256", ""]
)
def test_unknown_alg(alg: str) -> None:
    refuse_header({**PLAIN, "alg": alg}, "not allowed", DisallowedAlgorithm)
    header = {**PLAIN, "alg": alg, "p2s": "AAAA", "p2c": 2**31}
    args = (forge(header), SHARED, [alg, "dir"], ["A256GCM"])
    refuse(DisallowedAlgorithm, "not allowed", jose.decrypt, *args)
    refuse(DisallowedAlgorithm, "not allowed", jose.encrypt, b"", SHARED, alg, "A256GCM")


@pytest.mark.parametrize("enc", ["none", "a256gcm", "A192GCM", "A256CBC", "dir", ""])
def test_unknown_enc(enc: str) -> None:
    args = (forge({**PLAIN, "enc": enc}), SHARED, ["dir"], [enc, "A256GCM"])
    refuse(DisallowedAlgorithm, "not allowed", jose.decrypt, *args)
    refuse(DisallowedAlgorithm, "not allowed", jose.encrypt, b"", SHARED, "dir", enc)


@each_kind
def test_known_but_not_on_the_list(alg: str, enc: str) -> None:
    token, key = encrypt(alg, enc), private_jwk(alg, enc)
    algs, encs = [a for a in ALGS if a != alg], [e for e in ENCS if e != enc]
    refuse(DisallowedAlgorithm, alg, jose.decrypt, token, key, algs, list(ENCS))
    refuse(DisallowedAlgorithm, enc, jose.decrypt, token, key, list(ALGS), encs)
    assert jose.decrypt(token, key, set(ALGS), tuple(ENCS)).plaintext == b"secret"  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [None, [], "dir A256GCM", b"dir", {}, {"dir": 1}, True, iter(())])
def test_both_lists_are_needed(bad: Any) -> None:
    refuse(DisallowedAlgorithm, "allow-list", jose.decrypt, forge(PLAIN), SHARED, bad, ["A256GCM"])
    refuse(DisallowedAlgorithm, "allow-list", jose.decrypt, forge(PLAIN), SHARED, ["dir"], bad)
    with pytest.raises(TypeError):
        jose.decrypt(forge(PLAIN), SHARED, ["dir"])  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["alg", "enc"])
def test_headers_that_contradict_the_arguments(name: str) -> None:
    for value in ("A128GCM", "none", None, 7):
        with pytest.raises(MalformedToken):
            jose.encrypt(b"", SHARED, "dir", "A256GCM", {name: value})
    assert jose.encrypt(b"", SHARED, "dir", "A256GCM", {**PLAIN, "kid": "k1"})


# --- the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 7, 60])
def test_number_of_parts(count: int) -> None:
    token = ".".join(["e30"] * count)
    refuse(MalformedToken, str(count), jose.decrypt, token, SHARED, ["dir"], ["A256GCM"])


def test_signed_and_encrypted_are_told_apart() -> None:
    signed = make_token()
    refuse(MalformedToken, "JWS", jose.decrypt, signed, SHARED, ["dir"], ["A256GCM"])
    refuse(MalformedToken, "JWE", jose.verify, forge(PLAIN), SHARED, ["HS256"])


def test_length_is_bounded() -> None:
    token = encrypt("dir", "A256GCM", b"x" * 40_000)
    assert len(decrypt(token, "dir", "A256GCM").plaintext) == 40_000
    too_long = encrypt("dir", "A256GCM", b"x" * 50_000)
    refuse(MalformedToken, "too long", decrypt, too_long, "dir", "A256GCM")
    args = (too_long, private_jwk("dir", "A256GCM"), ["dir"], ["A256GCM"])
    assert len(jose.decrypt(*args, max_bytes=100_000).plaintext) == 50_000
    for bad in (None, True, 1e9, "9"):
        refuse(MalformedToken, "max_bytes", jose.decrypt, *args, max_bytes=bad)


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("change", ["{}=", "{} ", " {}", "{}\n", "{}+", "{}é", "{}A"])
def test_parts_that_are_not_base64url(part: int, change: str) -> None:
    """One more letter is a length no bytes have, or a letter with stray bits, or other bytes."""
    for token in (forge(PLAIN), encrypt("A256KW", "A128CBC-HS256")):
        parts = token.split(".")
        parts[part] = change.format(parts[part])
        key = SHARED if parts[1] == "" else private_jwk("A256KW", "A128CBC-HS256")
        with pytest.raises(InvalidToken):
            jose.decrypt(".".join(parts), key, list(ALGS), list(ENCS))


# --- the key ------------------------------------------------------------------------------------

WRITER_OP = {"dir": "encrypt", "ECDH-ES": "deriveKey"}
READER_OP = {"dir": "decrypt", "ECDH-ES": "deriveKey"}


@each_kind
def test_use_binds(alg: str, enc: str) -> None:
    token = encrypt(alg, enc)
    own, shared = private_jwk(alg, enc), public_jwk(alg, enc)
    assert jose.decrypt(token, own | {"use": "enc"}, [alg], [enc])
    assert jose.encrypt(b"", shared | {"use": "enc"}, alg, enc)
    for use in ("sig", "ENC", ""):
        args = (token, own | {"use": use}, [alg], [enc])
        refuse(InvalidKey, "another use", jose.decrypt, *args)
        refuse(InvalidKey, "another use", jose.encrypt, b"", shared | {"use": use}, alg, enc)


@each_kind
def test_key_ops_bind(alg: str, enc: str) -> None:
    token = encrypt(alg, enc)
    own, shared = private_jwk(alg, enc), public_jwk(alg, enc)
    writes, reads = WRITER_OP.get(alg, "wrapKey"), READER_OP.get(alg, "unwrapKey")
    assert jose.decrypt(token, own | {"key_ops": [reads]}, [alg], [enc])
    assert jose.encrypt(b"", shared | {"key_ops": [writes], "use": "enc"}, alg, enc)
    every = {"sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveBits"}
    for ops in ([], sorted(every - {reads})):
        args = (token, own | {"key_ops": ops}, [alg], [enc])
        refuse(InvalidKey, "operations", jose.decrypt, *args)
    for ops in ([], sorted(every - {writes})):
        refuse(InvalidKey, "operations", jose.encrypt, b"", shared | {"key_ops": ops}, alg, enc)
    for ops in (["sign"], ["verify", writes]):
        refuse(InvalidKey, "contradicts", jose.load_key, own | {"use": "enc", "key_ops": ops})


@each_kind
def test_alg_of_the_key_binds(alg: str, enc: str) -> None:
    token = encrypt(alg, enc)
    own, shared = private_jwk(alg, enc), public_jwk(alg, enc)
    for name in (enc, "dir") if alg == "dir" else (alg,):
        assert jose.decrypt(token, own | {"alg": name}, [alg], [enc])
        assert jose.encrypt(b"", shared | {"alg": name}, alg, enc)
    for name in ("HS256", "RS256", "ES256", "RSA1_5", "", "A192KW", *({*ALGS, *ENCS} - {alg, enc})):
        if not (alg == "dir" and name == "dir"):
            args = (token, own | {"alg": name}, [alg], [enc])
            refuse(InvalidKey, "another algorithm", jose.decrypt, *args)
            args = (b"", shared | {"alg": name}, alg, enc)
            refuse(InvalidKey, "another algorithm", jose.encrypt, *args)


def test_a_signing_key_never_encrypts_and_the_other_way_round() -> None:
    for name in ("HS256", "RS256", "ES256"):
        key = jose.generate_key(name)
        for alg in ALGS:
            for enc in ENCS:
                with pytest.raises(InvalidKey):
                    jose.encrypt(b"", key, alg, enc)
    for name in ("A256GCM", "A256KW", "RSA-OAEP", "ECDH-ES"):
        key = jose.generate_key(name)
        for alg in ("HS256", "RS256", "ES256"):
            with pytest.raises(InvalidKey):
                jose.encode({}, key, alg)


@each_alg
def test_kid_binds_and_picks(alg: str) -> None:
    enc = "A128CBC-HS256"
    name = enc if alg == "dir" else alg
    keys = [jose.generate_key(name, kid=kid).to_jwk(private=True) for kid in ("old", "new")]
    both = {"keys": keys}
    token = jose.encrypt(b"x", keys[1], alg, enc, {"kid": "new"})
    assert jose.decrypt(token, both, [alg], [enc]).plaintext == b"x"
    again = jose.encrypt(b"x", both, alg, enc, {"kid": "new"})
    assert jose.decrypt(again, keys[1], [alg], [enc]).plaintext == b"x"
    refuse(InvalidKey, "kid", jose.decrypt, token, keys[0], [alg], [enc])
    unnamed = jose.encrypt(b"x", keys[1], alg, enc)
    refuse(InvalidKey, "ambiguous", jose.decrypt, unnamed, both, [alg], [enc])
    unknown = jose.encrypt(b"x", private_jwk(alg, enc), alg, enc, {"kid": "newer"})
    refuse(InvalidKey, "unknown key", jose.decrypt, unknown, both, [alg], [enc])
    lying = jose.encrypt(b"x", private_jwk(alg, enc), alg, enc, {"kid": "new"})
    refuse(DecryptionFailed, "decryption failed", jose.decrypt, lying, both, [alg], [enc])


@pytest.mark.parametrize("alg", ["RSA-OAEP", "RSA-OAEP-256", "ECDH-ES"])
def test_a_public_key_cannot_decrypt(alg: str) -> None:
    token, shared = encrypt(alg, "A128GCM"), public_jwk(alg, "A128GCM")
    for key in (shared, {"keys": [shared]}):
        refuse(InvalidKey, "cannot decrypt", jose.decrypt, token, key, [alg], ["A128GCM"])


@each_kind
def test_another_kind_of_key(alg: str, enc: str) -> None:
    token, own = encrypt(alg, enc), private_jwk(alg, enc)
    others = [jwk(name, secret=True) for name in ("RS256", "ES256", "ES384", "ES512", "EdDSA")]
    for other in (*others, {"kty": "oct", "k": b64(b"x" * 64)}):
        if (other["kty"], other.get("crv")) != (own["kty"], own.get("crv")):
            refuse(InvalidKey, "wrong kind", jose.decrypt, token, other, [alg], [enc])
            refuse(InvalidKey, "wrong kind", jose.encrypt, b"", other, alg, enc)


@pytest.mark.parametrize(("alg", "enc"), [(a, e) for a in ALGS[:3] for e in ENCS])
def test_secrets_have_one_length(alg: str, enc: str) -> None:
    wanted = len(jose.b64url_decode(private_jwk(alg, enc)["k"]))
    token = encrypt(alg, enc)
    for length in {1, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 128} - {wanted}:
        for weak in (False, True):
            key = jose.load_key(os.urandom(length), allow_weak=weak)
            refuse(InvalidKey, f"exactly {wanted}", jose.encrypt, b"", key, alg, enc)
            refuse(InvalidKey, f"exactly {wanted}", jose.decrypt, token, key, [alg], [enc])


def test_rsa_key_too_short() -> None:
    short = rsa.generate_private_key(65537, 1024)
    for alg in ("RSA-OAEP", "RSA-OAEP-256"):
        refuse(InvalidKey, "2048", jose.encrypt, b"", short, alg, "A256GCM")
        refuse(InvalidKey, "2048", jose.decrypt, encrypt(alg, "A256GCM"), short, [alg], ["A256GCM"])
        weak = jose.load_key(short, allow_weak=True)
        refuse(InvalidKey, "cannot wrap", jose.encrypt, b"", weak, "RSA-OAEP-256", "A256CBC-HS512")


@pytest.mark.parametrize("name", [*ALGS[1:], *ENCS])
def test_generate_key(name: str) -> None:
    key = jose.generate_key(name, kid="k1")
    alg, enc = ("dir", name) if name in ENCS else (name, "A128GCM")
    assert (key.alg, key.kid) == (name, "k1")
    writer = key if key.kty == "oct" else key.to_jwk()
    token = jose.encrypt(b"x", writer, alg, enc, {"kid": "k1"})
    assert jose.decrypt(token, key.to_jwk(private=True), [alg], [enc]).plaintext == b"x"
    assert jose.generate_key(name).thumbprint() != key.thumbprint()


def test_generate_key_wants_an_enc_for_dir() -> None:
    refuse(DisallowedAlgorithm, "A256GCM", jose.generate_key, "dir")


def test_the_public_half_of_a_reading_key_can_write() -> None:
    own = private_jwk("RSA-OAEP", "A256GCM")
    key = jose.load_key(own | {"key_ops": ["unwrapKey"], "use": "enc"})
    assert isinstance(key, jose.Key)
    assert key.to_jwk()["key_ops"] == ["wrapKey"]
    token = jose.encrypt(b"x", key.to_jwk(), "RSA-OAEP", "A256GCM")
    assert jose.decrypt(token, key, ["RSA-OAEP"], ["A256GCM"]).plaintext == b"x"


# --- the ephemeral key --------------------------------------------------------------------------

READER = private_jwk("ECDH-ES", "A256GCM")


def with_epk(epk: Any) -> str:
    """A token whose header carries any epk: it must be refused before the tag is looked at."""
    return forge({"alg": "ECDH-ES", "epk": epk, "enc": "A256GCM"})


def point(x: int, y: int, **more: Any) -> dict[str, Any]:
    members = {"kty": "EC", "crv": "P-256", "x": x.to_bytes(32, "big"), "y": y.to_bytes(32, "big")}
    return {k: b64(v) if isinstance(v, bytes) else v for k, v in members.items()} | more


GENERATOR = ec.derive_private_key(1, ec.SECP256R1()).public_key().public_numbers()
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
# Of order 2 on another curve, y**2 = x**3 - 3x + b': this is what an invalid curve attack sends.
OFF_CURVE = {
    "zero": point(0, 0),
    "order two elsewhere": point(5, 0),
    "one beside": point(GENERATOR.x, GENERATOR.y + 1),
    "swapped": point(GENERATOR.y, GENERATOR.x),
    "the field's end": point(P, P),
    "largest": point(2**256 - 1, 2**256 - 1),
}


@pytest.mark.parametrize("name", OFF_CURVE)
def test_epk_that_is_no_point_of_the_curve(name: str) -> None:
    refuse(InvalidKey, "epk", jose.decrypt, with_epk(OFF_CURVE[name]), READER, ["ECDH-ES"], ENCS)
    refuse(InvalidKey, "", jose.encrypt, b"", OFF_CURVE[name], "ECDH-ES", "A256GCM")


@pytest.mark.parametrize(
    "epk",
    [
        *(None, "", 1, [], {}, {"kty": "EC"}, {"kty": "EC", "crv": "P-256"}),
        *(jwk("ES384"), jwk("ES512"), jwk("RS256"), jwk("EdDSA"), {"kty": "oct", "k": "AAAA"}),
        jwk("ES256") | {"crv": "P-384"},
        jwk("ES256") | {"crv": "secp256k1"},
        jwk("ES256") | {"kty": "OKP"},
        jwk("ES256") | {"kty": ["EC"]},
        jwk("ES256") | {"x": "AAAA"},
        jwk("ES256") | {"x": jwk("ES256")["x"] + "="},
        jwk("ES256") | {"y": 7},
        jwk("ES256", secret=True),
    ],
    ids=str,
)
def test_epk_of_another_kind(epk: Any) -> None:
    refuse(InvalidKey, "epk", jose.decrypt, with_epk(epk), READER, ["ECDH-ES"], ["A256GCM"])


@pytest.mark.parametrize("name", ["x", "y"])
def test_epk_has_coordinates_of_full_length(name: str) -> None:
    """RFC 7518, 6.2.1.2: 32 bytes each, neither padded nor trimmed; and both of them."""
    honest = jwk("ES256")
    raw = jose.b64url_decode(honest[name])
    other = {"x": "y", "y": "x"}[name]
    bent = [b"\0" + raw, raw + b"\0", raw[1:], raw[:-1], b"", b"\4" + raw, raw * 2]
    for epk in ({name: b64(each)} for each in bent):
        args = (with_epk(honest | epk), READER, ["ECDH-ES"], ["A256GCM"])
        refuse(InvalidKey, "exactly 32 bytes", jose.decrypt, *args)
    alone = {key: value for key, value in honest.items() if key != other}
    refuse(InvalidKey, "epk", jose.decrypt, with_epk(alone), READER, ["ECDH-ES"], ["A256GCM"])


def test_epk_missing() -> None:
    token = forge({"alg": "ECDH-ES", "enc": "A256GCM"})
    refuse(InvalidKey, "epk", jose.decrypt, token, READER, ["ECDH-ES"], ["A256GCM"])


def test_an_error_never_shows_a_private_key() -> None:
    epk = jwk("ES256", secret=True)
    with pytest.raises(InvalidKey) as caught:
        jose.decrypt(with_epk(epk), READER, ["ECDH-ES"], ["A256GCM"])
    assert epk["d"] not in str(caught.value)


@pytest.mark.parametrize("name", ["apu", "apv"])
@pytest.mark.parametrize("value", [None, 1, ["QQ"], "QQ==", "Q", "é"])
def test_parties_that_are_not_base64url(name: str, value: Any) -> None:
    header = {"alg": "ECDH-ES", "epk": jwk("ES256"), "enc": "A256GCM", name: value}
    args = (forge(header), READER, ["ECDH-ES"], ["A256GCM"])
    refuse(MalformedToken, "", jose.decrypt, *args)
    refuse(MalformedToken, "", jose.encrypt, b"", READER, "ECDH-ES", "A256GCM", {name: value})


def test_the_writer_makes_the_epk() -> None:
    headers = {"epk": jwk("ES256")}
    refuse(MalformedToken, "epk", jose.encrypt, b"", READER, "ECDH-ES", "A256GCM", headers)
    refuse(MalformedToken, "epk", jose.encrypt, b"", SHARED, "dir", "A256GCM", headers)
    for epk in (jwk("ES384", secret=True), jwk("ES256"), SHARED, jwk("ES256", use="sig")):
        with pytest.raises(InvalidKey):
            jose.encrypt(b"", READER, "ECDH-ES", "A256GCM", epk=epk)
    epk = jwk("ES256", secret=True)
    refuse(InvalidKey, "epk", jose.encrypt, b"", SHARED, "dir", "A256GCM", epk=epk)
    token = jose.encrypt(b"", READER, "ECDH-ES", "A256GCM", epk=epk)
    assert decrypt(token, "ECDH-ES", "A256GCM").header["epk"] == jwk("ES256")


# --- given key and initialisation vector --------------------------------------------------------


@each_pair
def test_given_cek_and_iv(alg: str, enc: str) -> None:
    key, size, iv = public_jwk(alg, enc), CEK_BYTES[enc], os.urandom(IV_BYTES[enc])
    token = jose.encrypt(b"x", key, alg, enc, iv=iv)
    assert jose.b64url_decode(token.split(".")[2]) == iv
    for bad in (b"", iv[:-1], iv + b"x", "x" * len(iv), bytearray(iv), 12):
        refuse(InvalidKey, "iv", jose.encrypt, b"", key, alg, enc, iv=bad)
    for bad in (b"", bytes(size - 1), bytes(size + 1), "x" * size, bytearray(size), 16):
        refuse(InvalidKey, "cek", jose.encrypt, b"", key, alg, enc, cek=bad)
    cek = os.urandom(size)
    if alg in ("dir", "ECDH-ES"):
        refuse(InvalidKey, "cek", jose.encrypt, b"", key, alg, enc, cek=cek)
    else:
        one, two = (jose.encrypt(b"x", key, alg, enc, cek=cek, iv=iv).split(".") for _ in range(2))
        assert one[2:] == two[2:]
        assert decrypt(".".join(one), alg, enc).plaintext == b"x"


def test_the_cek_of_dir_is_the_key() -> None:
    iv = bytes(12)
    token = jose.encrypt(b"x", SHARED, "dir", "A256GCM", cek=SHARED, iv=iv)
    assert token == jose.encrypt(b"x", SHARED, "dir", "A256GCM", iv=iv)


@pytest.mark.parametrize("plaintext", [None, "text", 5, bytearray(b"x"), memoryview(b"x"), {}])
def test_plaintext_is_bytes(plaintext: Any) -> None:
    refuse(MalformedToken, "bytes", jose.encrypt, plaintext, SHARED, "dir", "A256GCM")


# --- one failure --------------------------------------------------------------------------------


def failure(token: str, key: Any, alg: str, enc: str) -> tuple[str, str, Any]:
    with pytest.raises(InvalidToken) as caught:
        jose.decrypt(token, key, [alg], [enc])
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    return type(error).__name__, str(error), error.args


def test_every_failure_is_the_same() -> None:
    """Wrapped key, tag, padding, lengths, key: one class and one text, for every algorithm."""
    seen = set()
    stranger = {alg: jose.generate_key(alg) for alg in ALGS[1:]}
    for alg in ALGS:
        for enc in ENCS:
            own = jose.load_key(private_jwk(alg, enc))
            parts = encrypt(alg, enc, b"x" * 40).split(".")
            for at in (1, 2, 3, 4):
                raw = jose.b64url_decode(parts[at])
                changes = [b"", raw[:-1], raw[1:], raw + b"\0", raw[:-16], raw * 2, bytes(len(raw))]
                changes += [raw[:n] + bytes([raw[n] ^ 1]) + raw[n + 1 :] for n in (0, -2) if raw]
                changes += [os.urandom(len(raw)), os.urandom(16), os.urandom(24), os.urandom(256)]
                for changed in changes:
                    if changed != raw:
                        token = ".".join([*parts[:at], b64(changed), *parts[at + 1 :]])
                        seen.add(failure(token, own, alg, enc))
            other = stranger.get(alg) or jose.generate_key(enc)
            seen.add(failure(".".join(parts), other, alg, enc))
    assert len(seen) == 1
    name, text, _ = seen.pop()
    assert name == "DecryptionFailed"
    assert "RFC 7516, 11.5" in text


@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A256CBC-HS512"])
@pytest.mark.parametrize("end", [b"\0", b"\x11", b"\x02", b"\xff", b"\x01\x03\x02"])
def test_bad_padding_under_a_good_tag(enc: str, end: bytes) -> None:
    """Only who has the key can make one; the answer is that of a bad tag all the same."""
    size = CEK_BYTES[enc]
    key, iv = os.urandom(size), os.urandom(16)
    first = b64(to_bytes({"alg": "dir", "enc": enc}))
    for text in (b"x" * (16 - len(end)) + end, b"", b"x" * 15):
        sealed = text
        if len(text) == 16:
            encryptor = Cipher(algorithms.AES(key[size // 2 :]), modes.CBC(iv)).encryptor()
            sealed = encryptor.update(text) + encryptor.finalize()
        mac = hmac.HMAC(key[: size // 2], hashes.SHA256() if size == 32 else hashes.SHA512())
        mac.update(first.encode() + iv + sealed + (8 * len(first)).to_bytes(8, "big"))
        token = f"{first}..{b64(iv)}.{b64(sealed)}.{b64(mac.finalize()[: size // 2])}"
        kinds = failure(token, key, "dir", enc), failure(token, os.urandom(size), "dir", enc)
        assert kinds[0] == kinds[1]
        assert kinds[0][0] == "DecryptionFailed"


@pytest.mark.parametrize("alg", ["A128KW", "A256KW", "RSA-OAEP", "RSA-OAEP-256", "ECDH-ES"])
def test_a_key_that_does_not_unwrap_goes_on_with_another(alg: str, monkeypatch: Any) -> None:
    """RFC 7516, 11.5: the failure shows at the tag, after the same work as for a bad tag."""
    used: list[bytes] = []
    honest = Gcm.open

    def spy(self: Gcm, cek: bytes, *rest: Any) -> Any:
        used.append(cek)
        return honest(self, cek, *rest)

    monkeypatch.setattr(Gcm, "open", spy)
    first, wrapped, *rest = encrypt(alg, "A128GCM").split(".")
    short = {"A128KW": encrypt(alg, "A256GCM").split(".")[1]}.get(alg, b64(b"x" * 24))
    for changed in (b64(b"x" * len(jose.b64url_decode(wrapped)) or b"x"), short, b64(b"x")):
        with pytest.raises(DecryptionFailed):
            decrypt(".".join([first, changed, *rest]), alg, "A128GCM")
    assert [len(cek) for cek in used] == [16] * 3
    assert len(set(used)) == 3


def test_the_error_can_be_pickled() -> None:
    with pytest.raises(DecryptionFailed) as caught:
        jose.decrypt(forge(PLAIN), bytes(range(32)), ["dir"], ["A256GCM"])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again)) == (DecryptionFailed, str(caught.value))
