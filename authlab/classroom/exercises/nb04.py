"""What the exercises of 04_break_a_jwt accept."""

import hmac
import secrets
from typing import Any

from authlab.attacks import NaiveVerifier, redteam
from authlab.attacks.issuer import (
    ISSUER,
    JWKS,
    TYP,
    honest_tokens,
    issue,
    make_claims,
    write_token,
)
from authlab.attacks.naive import write_pem
from authlab.attacks.plain_ecdsa import N
from authlab.classroom.exercises import Answer, Wrong, exercise, short
from authlab.jose import InvalidToken, Key, b64url_decode, b64url_encode, dissect, load_key

_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def _show(verify: NaiveVerifier, token: Any, name: str) -> dict[str, Any]:
    """Return what `verify` makes of a forged token, or say what is wrong with it."""
    if not isinstance(token, str):
        raise Wrong(f"`{name}` returned {short(token)}, not a token's text.")
    if token.count(".") != 2:
        dots = "one dot" if token.count(".") == 1 else f"{token.count('.')} dots"
        raise Wrong(f"{short(token)} has {dots}. A token has two, also with none.")
    try:
        claims = verify(token)
    except Exception as error:  # a naive verifier stumbles in many ways
        raise Wrong(f"The verifier refuses it: {short(str(error))}") from None
    if claims.get("sub") != "alice":
        raise Wrong(f"It is accepted, but still for {short(claims.get('sub'))}.")
    return claims


@exercise(
    "04.1",
    name="unsign",
    expects="a str: a token without a signature, with the same claims but for sub",
    hints=(
        "This verifier refuses the word none in one spelling only. The claims are in part two.",
        "Read them by `json.loads(b64url_decode(token.split('.')[1]))`, and change `sub`.",
        "Return `write_token({'alg': 'None', 'typ': TYP}, {**claims, 'sub': 'alice'})`.",
    ),
)
def grade_unsign(unsign: Answer) -> str | None:
    for role in ("customer", f"desk-{secrets.token_hex(2)}"):
        own = make_claims("mallory", role=role)
        got = unsign(issue(**{**own, "user": own.pop("sub")}))
        if isinstance(got, str) and _alg_of(got) == "none":
            return "The verifier refuses `none` when it is spelled so. Spell it in another way."
        claims = _show(NaiveVerifier(["none_case"]), got, "unsign")
        if claims != {**own, "sub": "alice"}:
            return f"Only `sub` should change, but the claims are now {short(claims)}."
    return None


def _alg_of(token: str) -> Any:
    try:
        return (dissect(token).parts[0].members or {}).get("alg")
    except (InvalidToken, IndexError):
        return None


@exercise(
    "04.2",
    name="confuse",
    expects="a str: a token for alice, signed by HS256 with the PEM file as its secret",
    hints=(
        "The signature is `hmac.digest(pem, data, 'sha256')`; write_token hands you the data.",
        "Read the token's header and its claims. Change `alg` in one, `sub` in the other.",
        "Return `write_token({**header, 'alg': 'HS256'}, {**claims, 'sub': 'alice'}, "
        "lambda data: hmac.digest(pem, data, 'sha256'))`.",
    ),
)
def grade_confuse(confuse: Answer) -> str | None:
    key = load_key(JWKS["keys"][0])
    assert isinstance(key, Key)
    got = confuse(issue("mallory"), write_pem(key))
    if isinstance(got, str) and _alg_of(got) == "RS256":
        return "Its header still says RS256, so the verifier checks it as RS256. Change `alg`."
    _show(NaiveVerifier(["header_alg"]), got, "confuse")
    return None


@exercise(
    "04.3",
    name="crack",
    expects="a str: the secret, or None when no word is it",
    hints=(
        "Two loops: over the words, and over what stands behind each: nothing, or a year.",
        "The hash follows from the header's alg: 'sha' + alg[2:]. Compare "
        "`hmac.digest(guess.encode(), data, digest)` with the decoded signature.",
        "Inside: `guess = word + tail`, for tail in `['', *map(str, range(2020, 2030))]`; "
        "return the guess that fits. After both loops, return None.",
    ),
)
def grade_crack(crack: Answer) -> str | None:
    words = [f"{word}-{secrets.token_hex(2)}" for word in ("secret", "bank", "summer", "dragon")]
    for alg, tail in (("HS256", ""), ("HS384", ""), ("HS512", "2020"), ("HS256", "2029")):
        want = secrets.choice(words) + tail
        try:
            got = crack(_sign(want, alg), words)
        except Wrong as wrong:
            if wrong.answered or (alg, tail) == ("HS256", ""):
                raise
            got = None  # it found the first secret, so it was answered
        if isinstance(got, bytes) and got == want.encode():
            return "The secret is right, but as bytes. Return it as text."
        if got != want:
            return f"An {alg} token was signed by {want!r}, but `crack` returned {short(got)}."
    if (got := crack.plain(_sign(secrets.token_hex(16), "HS256"), words)) is not None:
        return f"No word was the secret, but `crack` returned {short(got)}."
    return None


def _sign(secret: str, alg: str) -> str:
    header = {"alg": alg, "typ": TYP}
    digest = _DIGESTS[alg]
    return write_token(
        header, make_claims("mallory"), lambda data: hmac.digest(secret.encode(), data, digest)
    )


@exercise(
    "04.4",
    name="pick_key",
    expects="the JWK of `keys` that the header names, or None",
    hints=(
        "Two questions: is `kid` one of your own names, and is `alg` that key's own?",
        "Begin with `kid = header.get('kid')`, and return None unless it is a str in `keys`.",
        "`key = keys.get(kid) if isinstance(kid, str) else None`, then return "
        "`key if key and header.get('alg') == key['alg'] else None`.",
    ),
)
def grade_pick_key(pick_key: Answer) -> str | None:
    keys = {key["kid"]: key for key in JWKS["keys"]}
    for kid, key in keys.items():
        got = pick_key({"alg": key["alg"], "kid": kid, "typ": TYP}, keys)
        if got != key:
            return f"For the bank's own kid {kid!r} and its alg it returned {short(got)}."
    kid, alg = next((kid, key["alg"]) for kid, key in keys.items())
    hers = {"kty": "oct", "k": "bWFsbG9yeQ", "kid": "mallory", "alg": alg}
    strange: list[tuple[str, dict[str, Any]]] = [
        ("whose alg is not the key's", {"alg": "HS256", "kid": kid}),
        ("without an alg", {"kid": kid}),
        ("without a kid", {"alg": alg}),
        ("with an unknown kid", {"alg": alg, "kid": "../null"}),
        ("whose kid is a list", {"alg": alg, "kid": [kid]}),
        ("whose kid is a number", {"alg": alg, "kid": 0}),
        ("with a jwk of Mallory's", {"alg": alg, "kid": "mallory", "jwk": hers}),
        ("with no member at all", {}),
    ]
    for what, header in strange:
        try:
            got = pick_key.plain(header, keys)
        except Exception as error:
            return f"A header {what} made it raise {type(error).__name__}. It should return None."
        if got is not None:
            return f"For a header {what} it returned {short(got)}, not None."
    return None


@exercise(
    "04.5",
    name="name_of",
    expects="a tuple of the two claims by which the issuer names a token",
    hints=(
        "The signature has several spellings. Look for a name in the claims.",
        "`jti` is unique at one issuer only. Which claim says which issuer it is?",
        "`claims = json.loads(b64url_decode(token.split('.')[1]))`, then return "
        "`(claims['iss'], claims['jti'])`.",
    ),
)
def grade_name_of(name_of: Answer) -> str | None:
    token = issue("alice", alg="ES256")
    name, twin = name_of(token), name_of(_respell(token))
    if isinstance(name, list | dict | set):
        return f"It returned a {type(name).__name__}, which no set can hold. Return a tuple."
    if name != twin:
        return "Alice's token and its second signature (r, n - s) got two different names."
    if name == name_of(issue("alice", alg="ES256")):
        return "Two tokens of Alice's got the same name: to end one would end both."
    here, there = (name_of(issue("bob", iss=iss, jti="1")) for iss in (ISSUER, "https://kite.test"))
    if here == there:
        return "Two issuers both called a token '1', and `name_of` cannot tell them apart."
    if not isinstance(here, tuple) or set(here) != {ISSUER, "1"}:
        return f"`name_of` returned {short(here)}, not the two claims that name the token."
    return None


def _respell(token: str) -> str:
    """Return an ES256 token with its other signature."""
    head, _, text = token.rpartition(".")
    signature = b64url_decode(text)
    s = N - int.from_bytes(signature[32:], "big")
    return f"{head}.{b64url_encode(signature[:32] + s.to_bytes(32, 'big'))}"


@exercise(
    "04.6",
    name="verify",
    expects="the claims, a dict, of an honest token; for any other it should raise",
    hints=(
        "What does the verifier above the exercise not ask for? The report's third column says it.",
        "`decode` also takes `issuer`, `typ` and `require`: give it all of them.",
        "Return `decode(token, JWKS, ALGORITHMS, audience=AUDIENCE, issuer=ISSUER, typ=TYP, "
        "require=REQUIRED)`, with the names imported from authlab.attacks.issuer.",
    ),
)
def grade_verify(verify: Answer) -> str | None:
    for honest in honest_tokens():
        got = verify(honest.token)
        if got != honest.claims:
            return f"An honest token, {honest.story}, should give its claims, not {short(got)}."
    report = redteam(verify.plain)
    if report.stolen:
        first = report.stolen[0].attack
        about = next(attack for attack in report.attacks if attack.id == first)
        count = f"{len(report.stolen)} of {len(report.attacks)} forgeries"
        return f"It lets in {count}. One is “{about.title}”; `redteam(verify)` lists them all."
    if report.refused:
        visit = report.refused[0]
        return f"An honest token, {visit.story}, was refused: {short(visit.refused)}."
    return None
