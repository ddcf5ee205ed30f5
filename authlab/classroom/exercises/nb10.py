"""What the exercises of 10_log_out_and_revoke accept."""

import secrets
from math import isnan
from typing import Any

from authlab.classroom.exercises import Answer, Wrong, exercise, short
from authlab.jose import encode
from authlab.revocation.status_list import StatusList

_DAY = 1_800_000_000  # Unix seconds


@exercise(
    "10.1",
    name="deny_key",
    expects="a str: the same for every spelling of one token, another for every other token",
    hints=(
        "Which two claims together name one token, however it is spelled?",
        "`iss` and `jti`. Glued together they run into each other: 'a' + 'bc' is 'ab' + 'c'. "
        "JSON keeps a list's parts apart.",
        "`json.dumps([claims['iss'], claims['jti']])` is a key already; its SHA-256 is shorter.",
    ),
)
def grade_deny_key(deny_key: Answer) -> str | None:
    issuer, jti = f"bank {secrets.token_hex(3)}", secrets.token_urlsafe(9)

    def key_of(token: str = "", **changes: Any) -> str:
        claims = {"iss": issuer, "sub": "alice", "exp": _DAY + 300, "jti": jti, **changes}
        token = token or encode(claims, secrets.token_bytes(32))
        got = deny_key(token, claims)
        if not isinstance(got, str):
            raise Wrong(f"`deny_key` returned {short(got)}, not a str.")
        return got

    token = encode({"iss": issuer, "jti": jti}, secrets.token_bytes(32))
    first = key_of(token)
    for spelling in (token + "=", token + "==", token[:-1] + ("B" if token[-1] == "A" else "A")):
        if key_of(spelling) != first:
            return "Two spellings of one token have two keys: its text must not matter at all."
    if key_of() != first:
        return "A second signature over the same claims gives another key: leave the text out."
    if key_of(jti=secrets.token_urlsafe(9)) == first:
        return "Another `jti` gives the same key: Alice's other log-ins would end, too."
    if key_of(iss="https://other.test") == first:
        return "Another `iss` gives the same key: two issuers may give out the same `jti`."
    for iss, jti in (("a", "bc"), ("https://a.test", "b")):
        for end in range(1, len(iss + jti)):
            other = (iss + jti)[:end], (iss + jti)[end:]
            if other != (iss, jti) and key_of(iss=iss, jti=jti) == key_of(
                iss=other[0], jti=other[1]
            ):
                return f"The pairs {(iss, jti)} and {other} have the same key: keep the two apart."
    for glue in _glue(key_of(iss="left", jti="right")):
        two = {key_of(iss=f"a{glue}b", jti="c"), key_of(iss="a", jti=f"b{glue}c")}
        if len(two) == 1:
            found = f"('a{glue}b', 'c') and ('a', 'b{glue}c')"
            return f"{found} have the same key: a name may hold your separator. JSON escapes it."
    return None


def _glue(key: str) -> list[str]:
    """Return what may stand between the two names: what one sees in the key, and the usual."""
    between = key.partition("left")[2].partition("right")[0] if "left" in key else ""
    return list(filter(None, (between, ":", ".", "|", "/", "\n", "\0", " ", ",", "-", "_", "#")))


@exercise(
    "10.2",
    name="keep_for",
    expects="a number of seconds, 0 where the entry is not needed",
    hints=(
        "After which moment would the token be refused anyway?",
        "After `exp`, and where servers forgive some leeway, that much later.",
        "`claims['exp'] + leeway - now`, and never below 0.",
    ),
)
def grade_keep_for(keep_for: Answer) -> str | None:
    for life, age, leeway in ((300, 0, 0), (300, 120, 0), (3600, 3000, 60), (86400, 1, 5),
                              (300, 299, 0), (300, 300, 10), (300, 310, 10), (300, 4000, 0),
                              (7 + secrets.randbelow(1000), 3, 0)):  # fmt: skip
        start = _DAY + secrets.randbelow(10**6)
        claims = {"iat": start, "exp": start + life, "jti": "x"}
        want = max(0, life + leeway - age)
        got = keep_for(claims, start + age, leeway)
        if isinstance(got, bool) or not isinstance(got, int | float) or isnan(got):
            return f"`keep_for` returned {short(got)}, not a number."
        if abs(got - want) > 0.001:
            case = f"A token that lives {life} s, ended {age} s after its issue"
            case += f", with {leeway} s of leeway" if leeway else ""
            why = "Longer than needed." if got > want else "Too short: it would come back to life."
            why = "A time to live is never below 0." if got < 0 else why
            return f"{case}: {short(got)} s, expected {want} s. {why}"
    return None


@exercise(
    "10.3",
    name="price",
    expects="a pair of seconds, such as (0, 60): how long an ended token may work, at worst, and "
    "how long honest customers are refused",
    hints=(
        "Closed: who gets in? Open: who is kept out?",
        "Open, an ended token works while the outage lasts. But each token has its own end, too.",
        "Closed is `(0, outage)`; open is `(min(token_life, outage), 0)`.",
    ),
)
def grade_price(price: Answer) -> str | None:
    for life, outage in ((300, 60), (300, 7200), (86400, 7200), (300, 300), (10, 3600),
                         (secrets.randbelow(9000) + 1, secrets.randbelow(9000) + 1)):  # fmt: skip
        for on_outage, want in (("closed", (0, outage)), ("open", (min(life, outage), 0))):
            got = price(life, outage, on_outage)
            if not isinstance(got, list | tuple) or len(got) != 2:
                return f"`price` returned {short(got)}, not a pair of seconds."
            if tuple(got) == want:
                continue
            case = f"Tokens of {life} s, an outage of {outage} s, {on_outage!r}"
            if on_outage == "open" and tuple(got) == (outage, 0):
                return f"{case}: no token works longer than it lives, so not for {outage} s."
            return f"{case}: {short(tuple(got))}, expected {want}."
    return None


@exercise(
    "10.4",
    name="stamp",
    expects="an int: the moment that goes into the token, in whole microseconds",
    hints=(
        "A token is dead when its stamp is not above the cut. A new one must be above it.",
        "Usually the clock is. When it shows the cut itself, or less, what is the next moment?",
        "The larger of `now` and `cut + 1`.",
    ),
)
def grade_stamp(stamp: Answer) -> str | None:
    base = _DAY * 10**6 + secrets.randbelow(10**9)
    cases = (
        ("Nothing was cut yet", base, 0, base),
        ("The cut is a minute old", base, base - 60_000_000, base),
        ("The cut is one microsecond old", base, base - 1, base),
        ("Log-out and log-in at the same reading of the clock", base, base, base + 1),
        ("Three cuts at one reading of the clock", base, base + 2, base + 3),
        ("The clock was set back by a second", base, base + 1_000_000, base + 1_000_001),
    )
    for what, now, cut, want in cases:
        got = stamp(now, cut)
        if type(got) is not int:
            return f"`stamp` returned {short(got)}, not an int."
        if got <= cut:
            return f"{what}: the new token is dead on arrival, as its stamp is not above the cut."
        if got != want:
            should = (
                "the time on the clock, `now`" if want == now else "the next moment after the cut"
            )
            return (
                f"{what}: the stamp should be {should}, and not {got - want:+,} microseconds off."
            )
    return None


@exercise(
    "10.5",
    name="status_of",
    expects="an int: the status of the entry",
    hints=(
        "Undo the steps, the last one first: Base64url, zlib, then find the byte and the bits.",
        "`zlib.decompress(b64url_decode(lst))` gives the bytes. Entry `index` begins at bit "
        "`index * bits`: `divmod(..., 8)` says in which byte, and how far from its low end.",
        "`at, shift = divmod(index * bits, 8)`, then `statuses[at] >> shift & (2**bits - 1)`.",
    ),
)
def grade_status_of(status_of: Answer) -> str | None:
    for bits in (1, 2, 4, 8):
        statuses = StatusList(64, bits)
        for index in range(64):
            statuses[index] = secrets.randbelow(2**bits)
        statuses[7], statuses[8], statuses[61] = 1, 0, 2**bits - 1
        lst = statuses.encode()["lst"]
        got = [status_of(lst, bits, index) for index in range(64)]
        if got == list(statuses):
            continue
        if any(type(one) is not int for one in got):
            return f"`status_of` returned {short(got[0])}, not an int."
        mirrored = [statuses[index ^ (8 // bits - 1)] for index in range(64)]
        if got == mirrored:
            return (
                "You count the bits from the high end of each byte; the draft counts from the low."
            )
        index = next(i for i in range(64) if got[i] != statuses[i])
        each = "1 bit" if bits == 1 else f"{bits} bits"
        right = f"With {each} for each, entry {index} is {statuses[index]}"
        return f"{right}; `status_of` says {got[index]}."
    return None
