"""What the exercises of 12_issue_one_time_tokens accept."""

import hmac
import secrets
from hashlib import sha256
from math import isnan
from typing import Any

from authlab.classroom.calling import NotAnswered
from authlab.classroom.exercises import Answer, Wrong, exercise, short
from authlab.jose import encode

NOW = 1_800_000_000  # Unix seconds


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _accept(answer: Answer, *args: Any, ask: str) -> Any:
    """Return what `answer` makes of something good; None from more than a stub is told, not met
    with "not answered yet"."""
    written = getattr(getattr(answer.function, "__code__", None), "co_names", ())
    try:
        return answer(*args)
    except NotAnswered as error:
        if written and "returned None" in str(error):
            raise Wrong(ask) from None
        raise


def _refuse(answer: Answer, what: str, *args: Any) -> Any:
    """Return what `answer` makes of something bad: None, if all is well."""
    try:
        return answer.plain(*args)
    except Exception as error:
        raise Wrong(f"{what}, it raised {type(error).__name__}. Return None instead.") from error


@exercise(
    "12.1",
    name="still_open",
    expects="a number: for how many seconds whoever finds the used link can still use it",
    hints=(
        "That Alice has used the link changes nothing in it. Only its exp ends it.",
        "`decode(token, key, ['HS256'], audience='reset', now=used_at)` gives the claims.",
        "`return claims['exp'] - used_at`, with the claims of that call.",
    ),
)
def grade_still_open(still_open: Answer) -> str | None:
    for life, after in ((600, 60), (3_600, 1_234), (86_400, 5)):
        key = secrets.token_bytes(32)
        claims = {"sub": "alice", "aud": "reset", "iat": NOW, "exp": NOW + life}
        got = still_open(encode(claims, key), key, NOW + after)
        if isinstance(got, bool) or not isinstance(got, int | float):
            return f"`still_open` returned {short(got)}, not a number of seconds."
        case = f"A link that lives {life:,} s and is used after {after:,} s"
        if got == 0:
            return f"{case} does not end by being used: nothing in the token changes."
        if got == life:
            return f"{case} has already lived a part of its time: count from `used_at`."
        if got != life - after:
            return f"{case} is open for {life - after:,} s more, and not for {short(got)}."
    return None


@exercise(
    "12.2",
    name="redeem",
    expects="the user's name, once, or None for a token that does not work",
    hints=(
        "The key is the digest of the token. Look first: `record = records.get(digest)`.",
        "Nothing may be taken while something is wrong: check purpose and time of the record that "
        "you looked at, and take it after that.",
        "If all is well: `taken = records.pop(digest, None)`, and return its user, or None where "
        "`taken` is None, because somebody else was quicker.",
    ),
)
def grade_redeem(redeem: Answer) -> str | None:
    token, other = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

    def fresh() -> dict[str, Any]:
        return {
            _digest(token): {"user": "alice", "purpose": "reset", "ends": NOW + 600},
            _digest(other): {"user": "bob", "purpose": "login", "ends": NOW + 600},
        }

    call = redeem.function
    records = fresh()
    ask = "For a good token it returned None. Is the record's key the token's SHA-256, in hex?"
    if (got := _accept(redeem, dict(records), token, "reset", NOW, ask=ask)) != "alice":
        return f"For a good token it returned {short(got)}, not 'alice'. Is the key its digest?"
    if (got := redeem.plain(dict(records), other, "reset", NOW)) is not None:
        return f"A token to log in with reset a password: it returned {short(got)}."
    if (got := redeem.plain(dict(records), token, "reset", NOW + 600)) is not None:
        return f"At its end it still worked: it returned {short(got)}."
    unknown = dict(records), "no-such-token", "reset", NOW
    if (got := _refuse(redeem, "For an unknown token", *unknown)) is not None:
        return f"For an unknown token it returned {short(got)}, not None."
    if (got := redeem.plain(dict(records), _digest(token), "reset", NOW)) is not None:
        return "A thief who reads the store got in: it took the digest itself for a token."
    # The rest looks at the dict that was handed over, so no copy of it will do.
    records = fresh()
    if call(records, token, "reset", NOW) != "alice" or _digest(token) in records:
        return "The record is still there after it was redeemed."
    if call(records, token, "reset", NOW) is not None:
        return "The same token worked twice."
    records = fresh()
    call(records, token, "login", NOW)
    if call(records, token, "reset", NOW) != "alice":
        return "Somebody tried Alice's token with a wrong purpose, and it was burnt for her."
    return None


class _Busy:
    """A store in which somebody else comes by right after the first look at a record."""

    def __init__(self, key: str, record: str) -> None:
        self._entries = {key: record}
        self.meanwhile: Any = None

    def get(self, key: str) -> str | None:
        found = self._entries.get(key)
        between, self.meanwhile = self.meanwhile, None
        if between:
            between()
        return found

    def pop(self, key: str) -> str | None:
        return self._entries.pop(key, None)

    def delete(self, key: str) -> bool:
        return self._entries.pop(key, None) is not None


@exercise(
    "12.3",
    name="take",
    expects="the record, to exactly one caller, or None",
    hints=(
        "What does `store.get` tell you about the moment after it? Only one of its methods says "
        "who was first.",
        "`store.pop(key)` returns the record to one caller and None to all others. Let its answer "
        "decide, not that of `get`.",
        "`record = store.get(key)`; if it is None, or `good(record)` is not true, return None; "
        "else `return store.pop(key)`.",
    ),
)
def grade_take(take: Answer) -> str | None:
    call = take.function
    store = _Busy("k", "alice")
    if (got := take(store, "k", lambda record: record == "alice")) != "alice":
        return f"For a good record it returned {short(got)}, not the record."
    if (got := call(store, "k", lambda record: True)) is not None:
        return f"The second call got {short(got)}. Take the record out of the store."
    if (got := call(store, "nothing", lambda record: True)) is not None:
        return f"Where there is no record it returned {short(got)}, not None."
    store = _Busy("k", "alice")
    if (got := call(store, "k", lambda record: False)) is not None:
        return f"`good` said no, and it returned {short(got)} all the same."
    if call(store, "k", lambda record: True) != "alice":
        return "A caller whom `good` refuses took the record away from Alice."
    store, won = _Busy("k", "alice"), []
    store.meanwhile = lambda: won.append(call(store, "k", lambda record: True))
    won.append(call(store, "k", lambda record: True))
    if won.count("alice") == 2:
        return "Between the look and the taking somebody else came by, and both got the record."
    if won.count("alice") != 1:
        return f"Of two at the same moment nobody got the record: {short(won)}."
    return None


@exercise(
    "12.4",
    name="redeem_bound",
    expects="the user's name, or None for a token that does not work",
    hints=(
        "The token says whose it is: `dissect(token).parts[1].members['sub']`, not yet verified. "
        "That name picks the password hash, and the hash makes the key.",
        "`decode(token, link_key(key, hashes[user]), ['HS256'], audience='reset', now=now)` checks "
        "it all. A token that is refused raises InvalidToken; an unknown name is no key of "
        "`hashes`.",
        "Inside `try:` find the user, then decode as above, then `return claims['sub']`; after "
        "`except (InvalidToken, KeyError):` return None.",
    ),
)
def grade_redeem_bound(redeem_bound: Answer) -> str | None:
    key = secrets.token_bytes(32)
    hashes = {"alice": f"scrypt${secrets.token_hex(8)}", "bob": f"scrypt${secrets.token_hex(8)}"}

    def link(user: str, state: str, *, of: bytes = key, **more: Any) -> str:
        claims = {"sub": user, "aud": "reset", "exp": NOW + 600, **more}
        return encode(claims, hmac.digest(of, state.encode(), "sha256"))

    good = link("alice", hashes["alice"])
    ask = "For a good link it returned None. Its key is `link_key(key, hashes[user])`, and decode "
    ask += "wants the audience, 'reset'."
    if (got := _accept(redeem_bound, good, key, hashes, NOW, ask=ask)) != "alice":
        return f"For a good link it returned {short(got)}, not 'alice'."
    changed = hashes | {"alice": "scrypt$of-the-new-password"}
    if _refuse(redeem_bound, "For a link that is refused", good, key, changed, NOW) is not None:
        return "Alice has a new password, and the link of the old one still works."
    if redeem_bound.plain(good, key, hashes, NOW + 600) is not None:
        return "The link works after its exp. Hand `now` to decode."
    if redeem_bound.plain(link("alice", hashes["bob"]), key, hashes, NOW) is not None:
        return "A link made with bob's hash resets alice's password. Whose hash makes the key?"
    if redeem_bound.plain(link("alice", hashes["alice"], of=b"x" * 32), key, hashes, NOW):
        return "A link signed with another bank's key works. Is the signature checked?"
    if redeem_bound.plain(link("alice", hashes["alice"], aud="login"), key, hashes, NOW):
        return "A link to log in with resets a password: check its audience, 'reset'."
    for state in ("nothing", "", "None"):
        try:
            got = redeem_bound.plain(link("zoe", state), key, hashes, NOW)
        except KeyError:
            return "A link for zoe, who is no customer, raised KeyError. Return None."
        if got is not None:
            return (
                f"For zoe, who is no customer, it returned {short(got)}: a name that `hashes` does "
                "not know has no key."
            )
    return None


@exercise(
    "12.5",
    name="chance",
    expects="a float from 0 to 1: how likely the thief guesses at least one of the codes",
    hints=(
        "With one code of d digits, g guesses hit with a chance of g / 10**d.",
        "The chance to miss a code is 1 minus that. She must miss all the codes, one after the "
        "other: multiply.",
        "`return 1 - (1 - guesses / 10**digits) ** codes`.",
    ),
)
def grade_chance(chance: Answer) -> str | None:
    for digits, guesses, codes in ((6, 5, 1), (6, 5, 240), (4, 100, 10), (6, 5, 200_000)):
        got = chance(digits, guesses, codes)
        if isinstance(got, bool) or not isinstance(got, int | float) or isnan(got):
            return f"`chance` returned {short(got)}, not a number."
        want = 1 - (1 - guesses / 10**digits) ** codes
        many = "1 code" if codes == 1 else f"{codes:,} codes"
        case = f"With {many} of {digits} digits and {guesses} guesses at each"
        if got > 1:
            return f"{case} it returned {short(got)}: a chance is never above 1."
        if abs(got - want) > 1e-9:
            one = guesses / 10**digits
            apart = 1 - (1 - 10**-digits) ** (guesses * codes)
            near = {
                one: " That is the chance with one code.",
                one * codes: " Chances do not add up: think of many codes. Multiply the misses.",
                (1 - one) ** codes: " That is the chance to miss them all.",
                apart: " Her guesses at one code differ: those chances add up.",
            }
            why = next((text for value, text in near.items() if abs(got - value) < 1e-9), "")
            return f"{case} the chance is {want:.6g}, but `chance` returned {short(got)}.{why}"
    return None
