"""JWE under fire: mutated tokens, random headers, arguments of any kind."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from authlab import jose

from .test_arguments import ANYTHING, only_invalid_token
from .test_jwe import ALGS, ENCS, KINDS, SHARED, each_kind, encrypt, forge, private_jwk

hard = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def assert_refused(token: Any, key: Any) -> None:
    with pytest.raises(jose.InvalidToken):
        jose.decrypt(token, key, list(ALGS), list(ENCS))


@each_kind
def test_flip_each_bit(alg: str, enc: str) -> None:
    token, key = encrypt(alg, enc).encode(), jose.load_key(private_jwk(alg, enc))
    assert jose.decrypt(token, key, list(ALGS), list(ENCS)).plaintext == b"secret"
    # In 342 letters of RSA one bit a letter does: each costs a private key operation.
    for bit in range(0, 8 * len(token), 7 if alg.startswith("RSA") else 1):
        changed = bytearray(token)
        changed[bit // 8] ^= 1 << bit % 8
        assert_refused(bytes(changed), key)


@each_kind
def test_truncate_and_extend(alg: str, enc: str) -> None:
    token, key = encrypt(alg, enc), jose.load_key(private_jwk(alg, enc))
    for end in range(len(token)):
        assert_refused(token[:end], key)
        if end % 8 == 0:
            assert_refused(token[end + 1 :], key)
    for more in ("A", "AA", "AAAA", ".", "..", ".AAAA", "=", "\n", "\0", " ", token, "." + token):
        assert_refused(token + more, key)
        assert_refused(more + token, key)


@each_kind
def test_swap_parts(alg: str, enc: str) -> None:
    """Parts of one token in another, in every place: a token holds together or not at all."""
    key = jose.load_key(private_jwk(alg, enc))
    # Fresh keys and vectors, plaintexts that differ: no part but the header is the same twice.
    one, two = (encrypt(alg, enc, text * 20, kid="k").split(".") for text in (b"a", b"b"))
    for place in range(5):
        for part in {*one, *two}:
            mixed = [*one[:place], part, *one[place + 1 :]]
            if mixed != one:
                assert_refused(".".join(mixed), key)
    source = random.Random(5)
    for _ in range(100):
        order = source.sample(one, 5)
        if order != one:
            assert_refused(".".join(order), key)


@each_kind
def test_move_bytes_between_neighbours(alg: str, enc: str) -> None:
    """The same bytes, cut at another place: one token would have many spellings."""
    key = jose.load_key(private_jwk(alg, enc))
    raw = [jose.b64url_decode(part) for part in encrypt(alg, enc, b"x" * 40).split(".")]
    for left in (1, 2, 3):
        both = raw[left] + raw[left + 1]
        for cut in {*range(0, len(both) + 1, 1 if len(both) < 100 else 17)} - {len(raw[left])}:
            parts = [*raw[:left], both[:cut], both[cut:], *raw[left + 2 :]]
            token = ".".join(map(jose.b64url_encode, parts))
            with pytest.raises(jose.DecryptionFailed):
                jose.decrypt(token, key, [alg], [enc])


@pytest.mark.parametrize("alg", ALGS)
def test_swap_the_algorithms(alg: str) -> None:
    """A header that names another alg or enc, over the parts of an honest token."""
    for enc in ENCS:
        key = jose.load_key(private_jwk(alg, enc))
        parts = encrypt(alg, enc).split(".")
        for other_alg in ALGS:
            for other_enc in ENCS:
                if (other_alg, other_enc) != (alg, enc):
                    head = encrypt(other_alg, other_enc).split(".")[0]
                    assert_refused(".".join([head, *parts[1:]]), key)


NAMES = st.sampled_from(
    ["alg", "enc", "zip", "crit", "b64", "epk", "apu", "apv", "kid", "typ", "cty", "p2c", "jwk"]
)
VALUES = st.recursive(
    st.sampled_from([*ALGS, *ENCS, "DEF", "none", "P-256", "EC", "k1", ""])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "d"]), inner, max_size=4)
    ),
    max_leaves=6,
)


@hard
@given(st.dictionaries(NAMES | st.text(max_size=4), VALUES, max_size=6), st.sampled_from(ALGS))
@example({"zip": "DEF"}, "dir")
@example({}, "dir")
def test_random_headers(members: dict[str, Any], alg: str) -> None:
    """Accepted are the honest ones alone: dir, A256GCM, none of the members that are refused."""
    header = {"alg": alg, "enc": "A256GCM"} | members
    key = SHARED if alg == "dir" else private_jwk(alg, "A256GCM")
    read = only_invalid_token(jose.decrypt, forge(header), key, list(ALGS), list(ENCS))
    texts = all(isinstance(header.get(name, ""), str) for name in ("kid", "typ", "cty"))
    honest = texts and not {"zip", "crit", "b64"} & header.keys()
    wanted = honest and (header["alg"], header["enc"], alg) == ("dir", "A256GCM", "dir")
    assert (read is not None) == wanted
    if read is not None:
        assert read == (header, b"secret")


@hard
@given(st.dictionaries(NAMES | st.text(max_size=4), VALUES, max_size=4), st.sampled_from(KINDS))
def test_what_encrypt_writes_decrypt_reads(headers: Any, kind: tuple[str, str]) -> None:
    """Nobody is handed a token that this very library would refuse."""
    alg, enc = kind
    key = private_jwk(alg, enc)
    token = only_invalid_token(jose.encrypt, b"x", key, alg, enc, headers)
    if token is not None:
        read = jose.decrypt(token, key, [alg], [enc])
        assert read.plaintext == b"x"
        assert headers.items() <= read.header.items()


@hard
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_decrypt_with_any_arguments(token: Any, key: Any, algs: Any, encs: Any, size: Any) -> None:
    honest = forge({"alg": "dir", "enc": "A256GCM"})
    only_invalid_token(jose.decrypt, token, SHARED, ["dir"], ["A256GCM"])
    only_invalid_token(jose.decrypt, honest, key, ["dir"], ["A256GCM"])
    only_invalid_token(jose.decrypt, honest, SHARED, algs, encs)
    only_invalid_token(jose.decrypt, honest, SHARED, ["dir"], ["A256GCM"], max_bytes=size)
    only_invalid_token(jose.decrypt, token, key, algs, encs, max_bytes=size)


@hard
@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
def test_encrypt_with_any_arguments(text: Any, key: Any, alg: Any, enc: Any, more: Any) -> None:
    reader = private_jwk("ECDH-ES", "A256GCM")
    only_invalid_token(jose.encrypt, text, key, "dir", "A256GCM")
    only_invalid_token(jose.encrypt, b"", SHARED, alg, "A256GCM")
    only_invalid_token(jose.encrypt, b"", SHARED, "dir", enc)
    only_invalid_token(jose.encrypt, b"", SHARED, "dir", "A256GCM", more)
    only_invalid_token(jose.encrypt, b"", reader, "ECDH-ES", "A256GCM", epk=more)
    only_invalid_token(jose.encrypt, b"", reader, "ECDH-ES", "A256GCM", {"apu": more})
    only_invalid_token(jose.encrypt, b"", private_jwk("A256KW", "A256GCM"), "A256KW", "A256GCM",
                       cek=more, iv=text)  # fmt: skip


@hard
@given(st.text(max_size=200) | st.binary(max_size=200) | st.text("eyJ.-_AQ=", max_size=80))
def test_random_text_is_no_token(text: Any) -> None:
    assert_refused(text, SHARED)
