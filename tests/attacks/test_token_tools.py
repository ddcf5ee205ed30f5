"""The tools of a forger, each for itself: guessing, recovering a key, plain ECDSA, look-ups."""

import math

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from authlab.attacks import NaiveVerifier, keeping
from authlab.attacks.confusion import recover_modulus, spell_key
from authlab.attacks.cracking import find_secret, read_words
from authlab.attacks.issuer import issue, partner_key, sign_with, write_token
from authlab.attacks.naive import write_pem
from authlab.attacks.plain_ecdsa import N, check_es256
from authlab.jose import Key, b64url_decode, generate_key, sign
from authlab.web import Network


def test_the_words() -> None:
    words = read_words()
    assert 2_000 < len(words) < 5_000
    assert len(set(words)) == len(words)
    assert all(word == word.strip() and word for word in words)
    assert {"secret", "changeme", "your-256-bit-secret", "summer2026"} <= set(words)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_secret_is_found(alg: str) -> None:
    token = write_token({"alg": alg}, {"sub": "mallory"}, sign_with(b"changeme", alg))
    assert find_secret(token) == (b"changeme", read_words().index("changeme") + 1)


def test_guessing_from_a_list_of_ones_own() -> None:
    token = write_token({"alg": "HS256"}, {}, sign_with(b"b", "HS256"))
    assert find_secret(token, ["a", "b", "c"]) == (b"b", 2)
    assert find_secret(token, ["x", "y"]) == (None, 2)
    with pytest.raises(ValueError, match="signed by 'RS256'"):
        find_secret(issue("mallory"))


def test_the_modulus_comes_out_of_two_signatures() -> None:
    modulus = partner_key().material.public_key().public_numbers().n
    tokens = [issue("mallory", key=partner_key()) for _ in range(3)]
    assert recover_modulus(tokens[:2]) == modulus
    assert recover_modulus(tokens) == modulus


def key_with_exponent(exponent: int) -> Key:
    while True:
        one = rsa.generate_private_key(65537, 2048).private_numbers()
        p, q = one.p, one.q
        if math.gcd(exponent, (p - 1) * (q - 1)) == 1:
            break
    d = pow(exponent, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(exponent, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return Key(numbers.private_key(), "x", "RS256")


def test_the_modulus_at_a_larger_exponent() -> None:
    key = key_with_exponent(17)
    tokens = [issue("mallory", key=key) for _ in range(2)]
    assert recover_modulus(tokens, 17) == key.material.public_key().public_numbers().n
    with pytest.raises(ValueError, match="common divisor"):
        recover_modulus(tokens, 3)


def test_the_modulus_needs_two_tokens_of_one_key() -> None:
    with pytest.raises(ValueError, match="Found 1 tokens"):
        recover_modulus([issue("mallory", key=partner_key())])
    with pytest.raises(ValueError, match="not one key"):
        recover_modulus([issue("mallory", key=partner_key()), issue("mallory")])


def test_every_byte_of_a_key_counts() -> None:
    spellings = spell_key(partner_key().to_jwk())
    assert len(set(spellings.values())) == len(spellings) == 7
    assert spellings["PEM"] == write_pem(partner_key())
    verifier = NaiveVerifier(["header_alg"])
    header = {"alg": "HS256", "typ": "at+jwt", "kid": "partner-rs256"}
    claims = b64url_decode(issue("alice").split(".")[1])
    for name, secret in spellings.items():
        token = write_token(header, claims, sign_with(secret, "HS256"))
        if name == "PEM":
            assert verifier(token)["sub"] == "alice"
        else:
            with pytest.raises(ValueError, match="signature does not match"):
                verifier(token)


def test_plain_ecdsa_agrees_with_the_library() -> None:
    for number in range(5):
        key = generate_key("ES256")
        head, _, tail = sign(b"%d" % number, key, "ES256").rpartition(".")
        numbers = key.material.public_key().public_numbers()
        public, data, signature = (numbers.x, numbers.y), head.encode(), b64url_decode(tail)
        r, s = signature[:32], int.from_bytes(signature[32:], "big")
        assert check_es256(public, data, signature)
        assert check_es256(public, data, r + (N - s).to_bytes(32, "big"))  # the second signature
        assert not check_es256(public, data + b"x", signature)
        assert not check_es256(public, data, r + (s ^ 1).to_bytes(32, "big"))
        assert not check_es256(public, data, signature[:-1])
        assert not check_es256(public, data, signature + b"\0")
        assert not check_es256(public, data, bytes(64))
        assert check_es256(public, data, bytes(64), check_range=False)


@pytest.mark.parametrize(
    "kid", ["../../../../../../etc/passwd", "/etc/passwd", "../../", "", ".", "\0", "nobody"]
)
def test_no_file_outside_the_labs_folder_is_read(kid: str) -> None:
    try:
        found = keeping.read_key_file(kid, naive=True)
    except ValueError:  # a zero byte is in no file's name
        found = None
    assert found is None


def test_the_lookups() -> None:
    assert keeping.read_key_file("../null", naive=True) == b""
    assert keeping.read_key_file("../null", naive=False) is None
    assert len(keeping.read_key_file("till-1", naive=False) or b"") == 32
    assert keeping.read_key_row("desk-1", naive=False) != keeping.read_key_row("x", naive=False)
    assert keeping.read_key_row("x' UNION SELECT 'mine", naive=True) == b"mine"
    assert keeping.read_key_row("x' UNION SELECT 'mine", naive=False) is None
    assert keeping.find_customer("' OR name = 'alice", naive=True) == "alice"
    assert keeping.find_customer("' OR name = 'alice", naive=False) is None
    assert keeping.find_customer("zoë", naive=False) == "zoë"


def test_the_lab_fetches_from_the_lab_alone() -> None:
    with pytest.raises(OSError, match="no host"):
        keeping.fetch_key(Network(), "https://example.com/keys.json", "x")
    verifier = NaiveVerifier(["jku"])
    header = {"alg": "ES256", "kid": "x", "jku": "https://example.com/keys.json"}
    with pytest.raises(OSError, match="no host"):
        verifier(write_token(header, {"sub": "alice"}))
