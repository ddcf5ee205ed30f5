"""What the exercises of 03_check_the_claims accept."""

import secrets
from typing import Any

from authlab.classroom.exercises import Answer, exercise, short
from authlab.jose import InvalidToken, Key, decode, encode, generate_key

EIGHT = 1_800_000_000  # the notebook's eight o'clock, in Unix seconds
LOGIN, PARTNER = "https://login.test", "https://partner.test"


@exercise(
    "03.1",
    name="in_time",
    expects="True when the token is good at `now`, else False",
    hints=(
        "Two questions, and both must be answered with yes: has it begun, has it not ended?",
        "The leeway helps the token at both ends: it begins that much earlier and ends that much "
        "later. What is missing from the claims refuses nothing.",
        "`begun = claims.get('nbf', now) - leeway <= now`, and "
        "`over = 'exp' in claims and now >= claims['exp'] + leeway`; return `begun and not over`.",
    ),
)
def grade_in_time(in_time: Answer) -> str | None:
    begin = EIGHT + secrets.randbelow(10_000)
    end = begin + 600
    both = {"nbf": begin, "exp": end}
    cases = (
        ("in the middle of its time", both, begin + 300, 0, True),
        ("one second before nbf", both, begin - 1, 0, False),
        ("at nbf, to the second", both, begin, 0, True),
        ("one second before exp", both, end - 1, 0, True),
        ("at exp, to the second (RFC 7519, 4.1.4: on or after)", both, end, 0, False),
        ("one second before nbf, leeway 30", both, begin - 1, 30, True),
        ("30 seconds before nbf, leeway 30", both, begin - 30, 30, True),
        ("31 seconds before nbf, leeway 30", both, begin - 31, 30, False),
        ("29 seconds after exp, leeway 30", both, end + 29, 30, True),
        ("30 seconds after exp, leeway 30", both, end + 30, 30, False),
        ("with exp alone, before it", {"exp": end}, begin - 900, 0, True),
        ("with exp alone, after it", {"exp": end}, end + 1, 0, False),
        ("with nbf alone, long after it", {"nbf": begin}, end + 900, 0, True),
        ("with nbf alone, before it", {"nbf": begin}, begin - 900, 0, False),
        ("with neither", {"sub": "alice"}, begin, 0, True),
    )
    for what, claims, now, leeway, want in cases:
        if (got := in_time(claims, now, leeway)) is not want:
            return f"For a token {what}, `in_time` returned {short(got)}, not {want}."
    return None


@exercise(
    "03.2",
    name="is_for",
    expects="True when the token is for the service called `me`, else False",
    hints=(
        "Three cases: aud is missing, aud is a text, aud is a list of texts.",
        "`in` looks for a part of a text, and for a member of a list. Which of the two do you "
        "want? Make a list of a text first.",
        "`aud = claims.get('aud', [])`, then "
        "`return me in ([aud] if isinstance(aud, str) else aud)`.",
    ),
)
def grade_is_for(is_for: Answer) -> str | None:
    me = f"accounts-{secrets.token_hex(2)}"
    cases: tuple[tuple[dict[str, Any], bool], ...] = (
        ({"aud": me}, True),
        ({"aud": "shop"}, False),
        ({"aud": ["shop", me]}, True),
        ({"aud": [me]}, True),
        ({"aud": ["shop", "kites"]}, False),
        ({"aud": f"kite-{me}"}, False),
        ({"aud": [f"kite-{me}", f"{me}.example"]}, False),
        ({"aud": me.upper()}, False),
        ({"aud": []}, False),
        ({"aud": ""}, False),
        ({"sub": "alice"}, False),
    )
    for claims, want in cases:
        if (got := is_for(claims, me)) is not want:
            return f"`is_for({short(claims)}, {me!r})` returned {short(got)}, not {want}."
    return None


@exercise(
    "03.3",
    name="who",
    expects="the pair (iss, sub) of a token that its own issuer's key verifies",
    hints=(
        "Which key may check this token? Its `iss` says who claims to have written it: read that "
        "first, believe it only after the check.",
        "`json.loads(b64url_decode(token.split('.')[1]))['iss']` reads the claim, `keys[...]` is "
        "the one key, and `decode` checks the rest. An issuer that is not in `keys` is refused.",
        "`claims = decode(token, keys[iss], ['EdDSA'], audience='accounts', issuer=iss, now=now)`, "
        "then return `(claims['iss'], claims['sub'])`.",
    ),
)
def grade_who(who: Answer) -> str | None:
    names = {LOGIN: "login-1", PARTNER: "partner-1"}
    pairs: dict[str, Key] = {iss: generate_key("EdDSA", kid=kid) for iss, kid in names.items()}
    keys = {iss: key.to_jwk() for iss, key in pairs.items()}
    stranger = generate_key("EdDSA", kid=names[LOGIN])
    user = f"user-{secrets.token_hex(2)}"

    def make(key: Key, **claims: Any) -> str:
        about = {"sub": user, "aud": "accounts", "exp": EIGHT + 600}
        return encode(about | claims, key, "EdDSA", {"kid": key.kid})

    for iss, key in pairs.items():
        if (got := who(make(key, iss=iss), keys, EIGHT)) != (iss, user):
            return f"For a token of {iss} it returned {short(got)}, not {(iss, user)}."
    bad = (
        ("says it is login's, and partner signed it", make(pairs[PARTNER], iss=LOGIN)),
        ("says it is partner's, and login signed it", make(pairs[LOGIN], iss=PARTNER)),
        ("comes from an issuer nobody knows", make(stranger, iss="https://evil.test")),
        ("says it is login's, and a stranger signed it", make(stranger, iss=LOGIN)),
        ("is for another service", make(pairs[LOGIN], iss=LOGIN, aud="shop")),
        ("has expired", make(pairs[LOGIN], iss=LOGIN, exp=EIGHT - 1)),
        ("names no issuer", make(pairs[LOGIN])),
    )
    for what, token in bad:
        try:
            got = who.plain(token, keys, EIGHT)
        except Exception:  # to refuse is what is wanted, in whatever way
            continue
        if got is not None:
            return f"It took a token that {what}: it returned {short(got)}."
    return None


@exercise(
    "03.4",
    name="checks",
    value=True,
    expects="a dict of arguments for `decode`, such as {'audience': 'accounts'}",
    hints=(
        "Each demand on the token is one argument: audience, issuer, typ, require, leeway.",
        "`require` is a list of the claims that must be there. `leeway` is in seconds: at least "
        "what the clocks may differ, and less than what must be refused.",
        "`{'audience': 'accounts', 'issuer': LOGIN, 'typ': 'at+jwt', 'require': ['exp', 'sub'], "
        "'leeway': 60}`.",
    ),
)
def grade_checks(checks: Any) -> str | None:
    if not isinstance(checks, dict) or not all(isinstance(name, str) for name in checks):
        return f"`checks` is {short(checks)}, not a dict of arguments by name."
    known = {"audience", "issuer", "typ", "leeway", "require"}
    if unknown := sorted(set(checks) - known):
        return f"`decode` is given {unknown[0]!r}; here choose among {', '.join(sorted(known))}."
    key = generate_key("EdDSA")

    def make(typ: str = "at+jwt", drop: str = "", **changed: Any) -> str:
        claims: dict[str, Any] = {"iss": LOGIN, "sub": "alice", "aud": "accounts"}
        claims |= {"iat": EIGHT, "exp": EIGHT + 600, **changed}
        claims.pop(drop, None)
        return encode(claims, key, "EdDSA", {"typ": typ})

    ahead: dict[str, Any] = {"iat": EIGHT + 60, "nbf": EIGHT + 60, "exp": EIGHT + 660}
    honest = (
        ("an access token", make()),
        ("an access token for two services", make(aud=["cards", "accounts"])),
        ("a token from a login server whose clock is a minute ahead", make(**ahead)),
        ("a token that expired half a minute ago", make(exp=EIGHT - 30)),
    )
    bad = (
        ("a token for the shop", make(aud="shop")),
        ("a token for nobody in particular", make(drop="aud")),
        ("a token of the partner", make(iss=PARTNER)),
        ("a token of no issuer", make(drop="iss")),
        ("an identity token", make("JWT")),
        ("a logout token", make("logout+jwt")),
        ("a token that never expires", make(drop="exp")),
        ("a token about nobody", make(drop="sub")),
        ("a token that expired two minutes ago", make(exp=EIGHT - 120)),
        ("a token that begins in an hour", make(nbf=EIGHT + 3600)),
    )
    for what, token in honest:
        try:
            decode(token, key, ["EdDSA"], now=EIGHT, **checks)
        except InvalidToken as error:
            return f"The service refuses {what}: {error}."
    for what, token in bad:
        try:
            decode(token, key, ["EdDSA"], now=EIGHT, **checks)
        except InvalidToken:
            continue
        return f"The service still accepts {what}."
    return None
