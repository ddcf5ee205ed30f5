"""What must be refused, one promise a test, each with its own kind of error, sentence and rule."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from authlab import jose
from authlab.jose import (
    DisallowedAlgorithm,
    ExpiredToken,
    ImmatureToken,
    InvalidAudience,
    InvalidClaim,
    InvalidIssuer,
    InvalidSignature,
    InvalidToken,
    InvalidType,
    MalformedToken,
    MissingClaim,
)

from .material import ALGORITHMS, NOW, SECRET, b64, forge, make_token, private, public, sign_text

each_algorithm = pytest.mark.parametrize("alg", ALGORITHMS)


def refuse(
    kind: type[InvalidToken],
    word: str,
    token: Any,
    key: Any = SECRET,
    algorithms: Any = ("HS256",),
    **checks: Any,
) -> InvalidToken:
    """Assert that decode refuses, with this very kind of error and `word` in its sentence."""
    with pytest.raises(InvalidToken) as caught:
        jose.decode(token, key, algorithms, **{"now": NOW, **checks})
    error = caught.value
    assert type(error) is kind, error
    assert word in str(error), error
    assert error.found
    assert error.expected
    assert error.rule.startswith("RFC "), error
    assert (
        str(error) == f"{error.what}: found {error.found}, expected {error.expected} ({error.rule})"
    )
    assert "\n" not in str(error)
    assert len(str(error)) < 500
    return error


def accept(token: Any, key: Any = SECRET, algorithms: Any = ("HS256",), **checks: Any) -> Any:
    return jose.decode(token, key, algorithms, **{"now": NOW, **checks})


def with_header(header: object) -> str:
    return forge(header, {"sub": "alice"})


def with_claims(claims: object) -> str:
    return forge({"alg": "HS256", "typ": "JWT"}, claims)


# --- the signature ------------------------------------------------------------------------------


@each_algorithm
@pytest.mark.parametrize("change", ["shorter", "longer", "empty", "half", "double", "zero first"])
def test_signature_of_the_wrong_length(alg: str, change: str) -> None:
    data, _, text = make_token(alg).rpartition(".")
    raw = jose.b64url_decode(text)
    changed = {
        "shorter": raw[:-1],
        "longer": raw + b"\0",
        "empty": b"",
        "half": raw[: len(raw) // 2],
        "double": raw * 2,
        "zero first": b"\0" + raw,
    }
    error = refuse(InvalidSignature, "length", f"{data}.{b64(changed[change])}", public(alg), [alg])
    assert f"{len(raw)} bytes" in error.expected


@each_algorithm
@pytest.mark.parametrize("fill", [b"\0", b"\1", b"\xff"])
def test_signature_of_nothing_but_one_byte(alg: str, fill: bytes) -> None:
    """Zeros for r and s are the "psychic" signature (CVE-2022-21449)."""
    data, _, text = make_token(alg).rpartition(".")
    raw = fill * len(jose.b64url_decode(text))
    refuse(InvalidSignature, "does not match", f"{data}.{b64(raw)}", public(alg), [alg])


@each_algorithm
def test_every_byte_of_the_signature_counts(alg: str) -> None:
    data, _, text = make_token(alg).rpartition(".")
    raw, key = jose.b64url_decode(text), jose.load_key(public(alg))
    for at in range(0, len(raw), 1 if len(raw) <= 64 else 5):
        changed = bytearray(raw)
        changed[at] ^= 1 << at % 8
        refuse(InvalidSignature, "does not match", f"{data}.{b64(bytes(changed))}", key, [alg])


@each_algorithm
def test_signature_by_another_key(alg: str) -> None:
    token = jose.encode({"sub": "alice"}, jose.generate_key(alg), alg)
    refuse(InvalidSignature, "does not match", token, public(alg), [alg])


@pytest.mark.parametrize("alg", ["ES256", "ES384", "ES512"])
def test_ecdsa_signature_in_der(alg: str) -> None:
    header = b64(json.dumps({"alg": alg}).encode())
    digest = {"ES256": hashes.SHA256(), "ES384": hashes.SHA384(), "ES512": hashes.SHA512()}[alg]
    der = private(alg).sign(f"{header}.e30".encode(), ec.ECDSA(digest))
    refuse(InvalidSignature, "length", f"{header}.e30.{b64(der)}", public(alg), [alg])


@pytest.mark.parametrize("salt", [0, 20, 31, 33, 64])
def test_pss_with_another_salt_length(salt: int) -> None:
    """RFC 7518, 3.5: the salt is as long as the hash."""
    header = b64(b'{"alg":"PS256"}')
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
    raw = private("PS256").sign(f"{header}.e30".encode(), pss, hashes.SHA256())
    token = f"{header}.e30.{b64(raw)}"
    refuse(InvalidSignature, "does not match", token, public("PS256"), ["PS256"])


# --- the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 4, 5, 6])
def test_number_of_parts(count: int) -> None:
    error = refuse(MalformedToken, "parts", ".".join(["e30"] * count))
    assert str(count) in error.found
    assert ("JWE" in error.found) == (count == 5)


@pytest.mark.parametrize("token", ["", ".", "..", "...", b"", b".."], ids=repr)
def test_nothing_but_dots(token: Any) -> None:
    with pytest.raises(MalformedToken):
        accept(token)


@pytest.mark.parametrize(
    "space", [" ", "\t", "\r", "\n", "\r\n", "\v", "\f", "\0", "\u00a0", "\u2028"]
)
@pytest.mark.parametrize(
    "where", ["before", "after", "in the header", "before a dot", "after a dot"]
)
@pytest.mark.parametrize("kind", [str, bytes])
def test_white_space_anywhere(space: str, where: str, kind: type) -> None:
    token = make_token()
    at = {
        "before": 0,
        "after": len(token),
        "in the header": 7,
        "before a dot": token.index("."),
        "after a dot": token.index(".") + 1,
    }[where]
    spaced = token[:at] + space + token[at:]
    error = refuse(MalformedToken, "character", spaced if kind is str else spaced.encode())
    if space.isspace() and space.isascii():
        assert "white space" in str(error)


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("end", ["=", "==", "===", "===="])
def test_padding(part: int, end: str) -> None:
    parts = make_token().split(".")
    parts[part] += end
    refuse(MalformedToken, "padding", ".".join(parts))


@pytest.mark.parametrize(
    "letter", [*"+/=.,~!@#%&*()[]{}\"'\\", *"\u00e9\u0410\u200b\ufeff\ud800\uff11\U0001f511"]
)
def test_foreign_character(letter: str) -> None:
    token = make_token()
    changed = token[:-5] + letter + token[-4:]
    error = refuse(MalformedToken, "found", changed)
    assert error.rule in ("RFC 7515, 2", "RFC 7515, 7.1")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_non_canonical_last_character(part: int) -> None:
    """The last letter holds two or four unused bits. Set, they would be a second spelling."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 16, 14 and 32 bytes: one or two more than a multiple of three.
    parts = forge(b'{"alg":"HS256" }', b'{"sub":"anna"}').split(".")
    assert accept(".".join(parts))
    last = letters.index(parts[part][-1])
    unused = {2: 16, 3: 4}[len(parts[part]) % 4]
    assert last % unused == 0
    for other in range(last + 1, last + unused):
        changed = [*parts]
        changed[part] = parts[part][:-1] + letters[other]
        refuse(MalformedToken, "second spelling", ".".join(changed))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_length_that_no_bytes_have(part: int) -> None:
    parts = make_token().split(".")
    parts[part] = "A" * 5
    refuse(MalformedToken, "5 characters", ".".join(parts))


def test_size_limit() -> None:
    """64 KiB by default, counted before anything is decoded."""
    room = 65_536 - len(forge({"alg": "HS256"}, b'{"x":""}'))
    fits = forge({"alg": "HS256"}, b'{"x":"' + b"a" * (room * 3 // 4 - 2) + b'"}')
    assert 65_500 < len(fits) <= 65_536
    assert accept(fits)["x"]
    refuse(MalformedToken, "65536", fits + "A" * 40)
    refuse(MalformedToken, "65536", "A" * 10_000_000)
    refuse(MalformedToken, "too long", make_token(), max_bytes=len(make_token()) - 1)
    assert accept(make_token(), max_bytes=len(make_token()))


# --- the header and the JSON --------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"[]", b'"alg"', b"1", b"null", b"true", b'[{"alg":"HS256"}]'])
def test_header_that_is_not_an_object(text: bytes) -> None:
    refuse(MalformedToken, "header is not an object", with_header(text))


@pytest.mark.parametrize("text", [b"[]", b'"sub"', b"1", b"null", b"true", b'[{"sub":"alice"}]'])
def test_claims_that_are_not_an_object(text: bytes) -> None:
    refuse(MalformedToken, "payload is not an object", with_claims(text))


DUPLICATES = [
    b'{"alg":"HS256","alg":"HS256"}',
    b'{"alg":"none","alg":"HS256"}',
    b'{"alg":"HS256","\\u0061lg":"HS256"}',
    b'{"alg":"HS256","typ":"JWT","typ":"at+jwt"}',
    b'{"alg":"HS256","x":{"a":1,"a":1}}',
    b'{"alg":"HS256","x":[{"a":1,"b":{},"a":2}]}',
]


@pytest.mark.parametrize("text", DUPLICATES)
def test_duplicate_member_in_the_header(text: bytes) -> None:
    refuse(MalformedToken, "duplicate", with_header(text))


@pytest.mark.parametrize("text", [*DUPLICATES, b'{"exp":9999999999,"exp":1}', b'{"":1,"":1}'])
def test_duplicate_member_in_the_claims(text: bytes) -> None:
    refuse(MalformedToken, "duplicate", with_claims(text))


def test_many_members_do_not_keep_the_verifier_busy() -> None:
    """Finding the duplicate takes time in proportion to the token, not to its square."""

    def cost(count: int) -> float:
        names = ",".join(f'"{number:x}":0' for number in range(count))
        token = with_header(f'{{"alg":"HS256",{names},"z":0,"z":0}}')
        times = []
        for _ in range(5):
            started = time.process_time()
            with pytest.raises(MalformedToken):
                accept(token)
            times.append(time.process_time() - started)
        return min(times)

    # Sixteen times the members take 16 times the work, by the square they would take 256.
    assert cost(4800) < 60 * cost(300)


@pytest.mark.parametrize(
    "crit", [["exp"], ["b64"], ["x"], [], None, "exp", {}, 1, [1], ["exp", "exp"]]
)
def test_any_critical_extension(crit: object) -> None:
    """Unknown, empty, not a list: RFC 7515, 4.1.11 allows none of them, and none is understood."""
    token = with_header({"alg": "HS256", "crit": crit, "x": 1, "exp": NOW + 300})
    error = refuse(MalformedToken, "critical", token)
    assert error.rule == "RFC 7515, 4.1.11"


@pytest.mark.parametrize("b64_member", [False, 0, None, "false", [], 1])
def test_unencoded_payload(b64_member: object) -> None:
    token = with_header({"alg": "HS256", "b64": b64_member})
    error = refuse(MalformedToken, "b64", token)
    assert error.rule == "RFC 7797, 3"
    payload = '{"sub":"alice"}'
    header = b64(b'{"alg":"HS256","b64":false,"crit":["b64"]}')
    raw = f"{header}.{payload}"
    with pytest.raises(MalformedToken):
        accept(f"{raw}.{b64(sign_text(raw, 'HS256'))}")
    with pytest.raises(MalformedToken):
        accept(f"{header}..{b64(sign_text(raw, 'HS256'))}")


@pytest.mark.parametrize("alg", [None, 1, True, ["HS256"], {"HS256": 1}, 256.0])
def test_alg_that_is_not_text(alg: object) -> None:
    refuse(MalformedToken, "alg", with_header({"alg": alg}))


def test_no_alg() -> None:
    refuse(MalformedToken, "algorithm", with_header({"typ": "JWT"}))
    refuse(MalformedToken, "algorithm", with_header({"ALG": "HS256"}))


@pytest.mark.parametrize("name", ["kid", "typ", "cty"])
@pytest.mark.parametrize("value", [None, 1, True, [], {}, ["k1"]])
def test_header_member_that_should_be_text(name: str, value: object) -> None:
    refuse(MalformedToken, name, with_header({"alg": "HS256", name: value}))


BAD_JSON = {
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":-Infinity}',
    "1e999": b'{"a":1e999}',
    "-1e999": b'{"a":[-1e999]}',
    "a number of 5000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "nesting": b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "nesting, unclosed": b'{"a":' * 9_000,
    "half a character": b'{"a":"\\ud800"}',
    "half a character, upper case": b'{"a":"\\uD83D"}',
    "half a character as a name": b'{"\\udfff":1}',
    "halves in the wrong order": b'{"a":"\\udd11\\ud83d"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16-LE": '{"a":1}'.encode("utf-16-le"),
    "UTF-32-BE": '{"a":1}'.encode("utf-32-be"),
    "byte order mark": b"\xef\xbb\xbf" + b'{"a":1}',
    "Latin-1": b'{"a":"\xe9"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "nothing": b"",
    "only space": b"  ",
    "two objects": b'{"a":1}{"a":1}',
    "a comma too many": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "a comment": b'{"a":1}//',
    "a control character": b'{"a":"\x01"}',
    "a zero byte after": b'{"a":1}\x00',
    "cut": b'{"a":1',
    "hexadecimal": b'{"a":0x10}',
    "a leading zero": b'{"a":01}',
    "a plus sign": b'{"a":+1}',
}


@pytest.mark.parametrize("name", BAD_JSON)
@pytest.mark.parametrize("part", ["header", "payload"])
def test_json_that_is_none(name: str, part: str) -> None:
    text = BAD_JSON[name]
    if part == "payload":
        refuse(MalformedToken, "", with_claims(text))
        return
    header = text.replace(b'{"a":', b'{"alg":"HS256","a":', 1)
    refuse(MalformedToken, "", with_header(header))


def test_json_that_is_fine() -> None:
    claims = {"é": "\U0001f511", "deep": [[[[[[{}]]]]]], "n": -(10**400), "f": 1.5e300}
    for ascii_only in (True, False):
        text = json.dumps(claims, ensure_ascii=ascii_only, indent=2).encode()
        assert accept(with_claims(text)) == claims
    assert accept(forge(b'{"typ":"JWT",\r\n "alg":"HS256"}', {"sub": "a"})) == {"sub": "a"}
    assert accept(with_claims(b'{"a":"\\ud83d\\udd11","b":"\\\\ud800"}')) == {
        "a": "\U0001f511",
        "b": "\\ud800",
    }


# --- the algorithm ------------------------------------------------------------------------------

NONE = ["none", "None", "NONE", "nOnE", "noNe", "none ", " none", "none\0", "n\u043ene", ""]


@pytest.mark.parametrize("name", NONE, ids=repr)
@pytest.mark.parametrize("signature", [b"", b"x", bytes(32)], ids=repr)
@pytest.mark.parametrize(
    "key", [SECRET, b"", None, "", public("RS256")], ids=lambda k: type(k).__name__
)
def test_none_is_no_algorithm(name: str, signature: bytes, key: Any) -> None:
    """Not even on the allow-list, and no key makes it one."""
    token = forge({"alg": name}, {"sub": "alice"}, signature=signature)
    for allowed in (["HS256"], [name], [name, "HS256"], NONE):
        error = refuse(DisallowedAlgorithm, "not allowed", token, key, allowed)
        assert error.rule == "RFC 8725, 3.1"


@pytest.mark.parametrize(
    "allowed",
    [[], (), set(), frozenset(), None, "HS256", "HS256 none", b"HS256", {}, {"HS256": 1}, 1, True],
    ids=repr,
)
def test_no_allow_list(allowed: Any) -> None:
    refuse(DisallowedAlgorithm, "allow-list", make_token(), SECRET, allowed)
    with pytest.raises(DisallowedAlgorithm):
        jose.verify(make_token(), SECRET, allowed)


@pytest.mark.parametrize("allowed", [[None], [1], [b"HS256"], [["HS256"]], [{}], ["hs256"], ["HS"]])
def test_allow_list_that_names_no_such_algorithm(allowed: Any) -> None:
    refuse(DisallowedAlgorithm, "not allowed", make_token(), SECRET, allowed)


def test_allow_list_in_every_shape() -> None:
    for allowed in (["HS256"], ("HS256",), {"HS256"}, frozenset({"HS256"}), ["RS256", "HS256"]):
        assert accept(make_token(), SECRET, allowed)["sub"] == "alice"


@each_algorithm
def test_algorithm_that_is_not_on_the_list(alg: str) -> None:
    others = [name for name in ALGORITHMS if name != alg]
    error = refuse(DisallowedAlgorithm, "not allowed", make_token(alg), public(alg), others)
    assert alg in error.found


@pytest.mark.parametrize(
    "name", ["hs256", "HS256 ", "HS 256", "HS1", "RS1", "ES256K", "Ed448", "dir"]
)
def test_algorithm_that_nobody_knows(name: str) -> None:
    token = forge({"alg": name}, {"sub": "alice"})
    refuse(DisallowedAlgorithm, "not allowed", token, SECRET, [name])
    for call in (lambda: jose.encode({}, SECRET, name), lambda: jose.generate_key(name)):
        with pytest.raises(DisallowedAlgorithm):
            call()


def test_two_algorithms_when_signing() -> None:
    with pytest.raises(InvalidToken):
        jose.encode({}, SECRET, "HS256", {"alg": "HS384"})
    with pytest.raises(InvalidToken):
        jose.encode({}, SECRET, "HS256", {"alg": "none"})


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [True, False, "123", "9999999999", None, [], {}, [NOW + 300], ""])
def test_time_that_is_not_a_number(name: str, value: object) -> None:
    error = refuse(InvalidClaim, name, with_claims({name: value}))
    assert error.rule == "RFC 7519, 2"
    with pytest.raises(InvalidClaim):
        jose.encode({name: value}, SECRET)


def test_exp_exactly_now_is_expired() -> None:
    """RFC 7519, 4.1.4: "on or after which" it is not accepted."""
    refuse(ExpiredToken, "exp", with_claims({"exp": NOW}))
    refuse(ExpiredToken, "exp", with_claims({"exp": NOW - 0.001}))
    assert accept(with_claims({"exp": NOW + 0.001}))
    assert accept(with_claims({"exp": NOW}), now=NOW - 0.5)


def test_leeway_at_the_edge_of_exp() -> None:
    token = with_claims({"exp": NOW - 60})
    refuse(ExpiredToken, "60", token, leeway=60)
    assert accept(token, leeway=60.5)
    assert accept(token, leeway=timedelta(seconds=61))
    refuse(ExpiredToken, "exp", token, leeway=timedelta(minutes=1))


def test_nbf_exactly_now_is_fine() -> None:
    assert accept(with_claims({"nbf": NOW}))
    refuse(ImmatureToken, "nbf", with_claims({"nbf": NOW + 1}))
    assert accept(with_claims({"nbf": NOW + 60}), leeway=60)
    refuse(ImmatureToken, "nbf", with_claims({"nbf": NOW + 61}), leeway=60)


def test_iat_in_the_future() -> None:
    assert accept(with_claims({"iat": NOW}))
    refuse(ImmatureToken, "iat", with_claims({"iat": NOW + 1}))
    assert accept(with_claims({"iat": NOW + 60}), leeway=60)


@pytest.mark.parametrize("exp", [0, -1, -(10**400), 1e-300, -1e308, NOW - 10**9])
def test_long_expired(exp: float) -> None:
    refuse(ExpiredToken, "exp", with_claims({"exp": exp}))


@pytest.mark.parametrize("exp", [10**400, 1e308, 2**63, 2**31])
def test_far_future(exp: float) -> None:
    assert accept(with_claims({"exp": exp}))["exp"] == exp


NO_NUMBER = [float("nan"), float("inf"), float("-inf"), True, "0", "60", [], {}, b"", 10**400, 1j]


@pytest.mark.parametrize("name", ["leeway", "now"])
@pytest.mark.parametrize("value", NO_NUMBER, ids=lambda v: repr(v)[:12])
@pytest.mark.parametrize("exp", [NOW - 1, 0, NOW + 300])
def test_leeway_or_now_that_is_no_number(name: str, value: Any, exp: int) -> None:
    """Every comparison with NaN is false: an expired token must not live by it."""
    refuse(InvalidClaim, name, with_claims({"exp": exp}), **{name: value})


def test_leeway_below_zero_or_missing() -> None:
    refuse(InvalidClaim, "leeway", make_token(), leeway=-1)
    refuse(InvalidClaim, "leeway", make_token(), leeway=timedelta(seconds=-1))
    refuse(InvalidClaim, "leeway", make_token(), leeway=None)


def test_the_real_clock_is_the_default() -> None:
    now = int(time.time())
    assert jose.decode(with_claims({"exp": now + 300}), SECRET, ["HS256"])
    with pytest.raises(ExpiredToken):
        jose.decode(with_claims({"exp": now - 1}), SECRET, ["HS256"])
    assert accept(with_claims({"exp": 5}), now=0)


# --- who, for whom, and what --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("aud", "audience"),
    [
        ("bank", "shop"),
        ("bank", "ban"),
        ("bank", "bank "),
        ("bank", "Bank"),
        ("bank", ""),
        ("", "bank"),
        ("bank", ["shop", "forum"]),
        ("bank", []),
        ("bank", ()),
        (["bank", "shop"], "forum"),
        (["bank"], ["b", "a", "n", "k"]),
        ([], "bank"),
        ([], []),
        (["b", "a", "n", "k"], "bank"),
    ],
)
def test_another_audience(aud: object, audience: Any) -> None:
    refuse(InvalidAudience, "audience", with_claims({"aud": aud}), audience=audience)


@pytest.mark.parametrize(
    ("aud", "audience"),
    [
        ("bank", "bank"),
        ("bank", ["shop", "bank"]),
        (["shop", "bank"], "bank"),
        (["shop", "bank"], ("bank", "forum")),
        (["shop", "bank"], {"bank"}),
        ("", ""),
    ],
)
def test_the_right_audience(aud: object, audience: Any) -> None:
    assert accept(with_claims({"aud": aud}), audience=audience) == {"aud": aud}


@pytest.mark.parametrize("aud", ["bank", ["bank"], [], ""])
def test_an_audience_that_the_service_did_not_ask_for(aud: object) -> None:
    """RFC 7519, 4.1.3: who does not find itself in `aud` must refuse the token."""
    error = refuse(InvalidAudience, "audience", with_claims({"aud": aud}))
    assert error.rule == "RFC 7519, 4.1.3"


@pytest.mark.parametrize("aud", [None, 1, True, {}, {"bank": 1}, ["bank", 1], [["bank"]], [None]])
@pytest.mark.parametrize("audience", [None, "bank"])
def test_audience_of_the_wrong_type(aud: object, audience: Any) -> None:
    refuse(InvalidClaim, "aud", with_claims({"aud": aud}), audience=audience)


def test_no_audience_and_no_issuer() -> None:
    refuse(MissingClaim, "aud", with_claims({}), audience="bank")
    refuse(MissingClaim, "iss", with_claims({}), issuer="https://issuer.test")


@pytest.mark.parametrize(
    ("iss", "issuer"),
    [
        ("https://issuer.test", "https://issuer.test/"),
        ("https://issuer.tes", "https://issuer.test"),
        ("issuer", "https://issuer.test"),
        ("", "https://issuer.test"),
        ("https://issuer.test", ""),
        ("https://issuer.test", []),
        ("https://issuer.test", ["https://other.test"]),
        ("a", ["abc"]),
    ],
)
def test_another_issuer(iss: str, issuer: Any) -> None:
    refuse(InvalidIssuer, "issuer", with_claims({"iss": iss}), issuer=issuer)


def test_the_right_issuer() -> None:
    token = with_claims({"iss": "one"})
    for issuer in ("one", ["one", "two"], ("two", "one"), {"one"}):
        assert accept(token, issuer=issuer)
    assert accept(token)


@pytest.mark.parametrize("name", ["iss", "sub", "jti"])
@pytest.mark.parametrize("value", [None, 1, True, [], ["one"], {}])
def test_text_claim_of_the_wrong_type(name: str, value: object) -> None:
    refuse(InvalidClaim, name, with_claims({name: value}))
    refuse(InvalidClaim, name, with_claims({name: value}), issuer=["one"])
    with pytest.raises(InvalidClaim):
        jose.encode({name: value}, SECRET)


@pytest.mark.parametrize("name", ["audience", "issuer", "require"])
@pytest.mark.parametrize(
    "value", [1, True, b"bank", [1], [b"bank"], [None], [["bank"]], {"bank": 1}]
)
def test_names_of_the_wrong_type(name: str, value: Any) -> None:
    refuse(InvalidClaim, name, with_claims({"aud": "bank", "iss": "x"}), **{name: value})


@pytest.mark.parametrize(
    ("typ", "wanted", "fits"),
    [
        ("at+jwt", "at+jwt", True),
        ("AT+JWT", "at+jwt", True),
        ("application/at+jwt", "at+jwt", True),
        ("at+jwt", "application/at+jwt", True),
        ("Application/At+Jwt", "at+jwt", True),
        ("JWT", "at+jwt", False),
        ("at+jwt ", "at+jwt", False),
        ("text/at+jwt", "at+jwt", False),
        ("application/text/at+jwt", "text/at+jwt", False),
        ("application/application/at+jwt", "at+jwt", False),
        ("at", "at+jwt", False),
        ("", "at+jwt", False),
        ("\u212aWT", "kwt", False),  # the Kelvin sign, which lower() turns into a k
    ],
)
def test_typ(typ: str, wanted: str, fits: bool) -> None:
    token = with_header({"alg": "HS256", "typ": typ})
    if fits:
        assert accept(token, typ=wanted) == {"sub": "alice"}
    else:
        refuse(InvalidType, "type", token, typ=wanted)


def test_typ_missing_or_wrongly_asked_for() -> None:
    refuse(InvalidType, "no typ", with_header({"alg": "HS256"}), typ="JWT")
    assert accept(with_header({"alg": "HS256"})) == {"sub": "alice"}
    for wrong in (1, True, [], ["JWT"], b"JWT"):
        refuse(InvalidType, "typ", with_header({"alg": "HS256", "typ": "JWT"}), typ=wrong)


def test_require() -> None:
    token = with_claims({"sub": "alice"})
    for required in (["sub"], ("sub",), {"sub"}, "sub", [], ()):
        assert accept(token, require=required)
    refuse(MissingClaim, "exp", token, require=["exp"])
    refuse(MissingClaim, "exp", token, require="exp")
    refuse(MissingClaim, "jti", token, require=["sub", "jti"])
    refuse(MissingClaim, "role", token, require={"role"})


def test_signature_before_claims() -> None:
    """A claim of a token whose signature does not match is never looked at."""
    data, _, _ = with_claims({"exp": "never", "aud": 7}).rpartition(".")
    refuse(InvalidSignature, "does not match", f"{data}.{b64(bytes(32))}", audience="x")
    data, _, _ = with_claims(b"not even JSON").rpartition(".")
    refuse(InvalidSignature, "does not match", f"{data}.{b64(bytes(32))}")
