"""The claims of a token, checked one by one (RFC 7519, 4.1; RFC 8725, 3.8 to 3.12).

Imports `jws` and below. `CLAIM_CHECKS` go on where `jws.SIGNATURE_CHECKS` end.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from math import isfinite, nan
from typing import Any, NamedTuple

from authlab.jose.encoding import read_object, show
from authlab.jose.errors import (
    ExpiredToken,
    ImmatureToken,
    InvalidAudience,
    InvalidClaim,
    InvalidIssuer,
    InvalidType,
    MissingClaim,
)
from authlab.jose.jws import Check, Reading

__all__ = ["CLAIM_CHECKS", "Limits", "check_types", "read_limits"]

_TEXTS = ("iss", "sub", "jti")
_TIMES = ("exp", "nbf", "iat")


class Limits(NamedTuple):
    """What the caller expects of the claims, in one shape: texts as sets, times as numbers."""

    audience: frozenset[str] | None
    issuer: frozenset[str] | None
    typ: str | None
    leeway: float
    require: tuple[str, ...]
    now: float


def read_limits(
    audience: Any, issuer: Any, typ: Any, leeway: Any, require: Any, now: Any
) -> Limits:
    """Bring the caller's arguments into one shape; a mistake there must not loosen a check."""
    if isinstance(leeway, timedelta):
        leeway = leeway.total_seconds()
    if now is None:
        now = time.time()
    seconds, moment = _read_seconds("leeway", leeway), _read_seconds("now", now)
    if seconds < 0:
        raise InvalidClaim("argument leeway", show(leeway), "0 or more", "RFC 7519, 4.1.4")
    if typ is not None and not isinstance(typ, str):
        raise InvalidType("argument typ", show(typ), "text, such as 'at+jwt'", "RFC 7515, 4.1.9")
    required = _read_names("require", require) or frozenset()
    audiences, issuers = _read_names("audience", audience), _read_names("issuer", issuer)
    return Limits(audiences, issuers, typ, seconds, tuple(sorted(required)), moment)


def _read_seconds(name: str, value: Any) -> float:
    """Return the number; every comparison with NaN is false, so such a token would never expire."""
    try:
        seconds = float(value) if issubclass(type(value), int | float) else nan
    except Exception:  # an int larger than any float; a class of one's own may raise anything
        seconds = nan
    if isinstance(value, bool) or not isfinite(seconds):
        raise InvalidClaim(
            f"argument {name}", show(value), "a finite number of seconds", "RFC 7519, 2"
        )
    return seconds


def _read_names(name: str, value: Any) -> frozenset[str] | None:
    if value is None or isinstance(value, str):
        return None if value is None else frozenset((value,))
    if isinstance(value, list | tuple | set | frozenset) and all(isinstance(v, str) for v in value):
        return frozenset(value)
    raise InvalidClaim(f"argument {name}", show(value), "a name or a list of names", "RFC 7519, 2")


def check_types(claims: dict[str, Any]) -> None:
    """Refuse a registered claim of the wrong type: a text as a time would never expire."""
    for name in _TIMES:
        if type(claims.get(name, 0)) not in (int, float):
            raise InvalidClaim(f"claim {name!r}", show(claims[name]), "a number", "RFC 7519, 2")
    for name in _TEXTS:
        if not isinstance(claims.get(name, ""), str):
            raise InvalidClaim(f"claim {name!r}", show(claims[name]), "text", "RFC 7519, 4.1")
    audience = claims.get("aud", "")
    several = isinstance(audience, list) and all(isinstance(name, str) for name in audience)
    if not isinstance(audience, str) and not several:
        raise InvalidClaim(
            "claim 'aud'", show(audience), "text or a list of texts", "RFC 7519, 4.1.3"
        )


def read_claims(reading: Reading) -> None:
    reading.claims = read_object(reading.payload, "payload")
    check_types(reading.claims)
    for name in reading.limits.require:
        if name not in reading.claims:
            raise MissingClaim(f"claim {name!r}", "no such claim", "it to be there", "RFC 7519, 4")


def check_typ(reading: Reading) -> None:
    wanted, found = reading.limits.typ, reading.header.get("typ")
    if wanted is not None and (found is None or _media_type(found) != _media_type(wanted)):
        shown = "no typ" if found is None else show(found)
        raise InvalidType("another type of token", shown, show(wanted), "RFC 8725, 3.11")


def _media_type(typ: str) -> str:
    """Return `typ` as RFC 7515, 4.1.9 compares it: any case, with "application/" left out."""
    lower = typ.lower() if typ.isascii() else typ
    rest = lower.removeprefix("application/")
    return lower if "/" in rest else rest


def check_exp(reading: Reading) -> None:
    exp, limits = reading.claims.get("exp"), reading.limits
    if exp is not None and limits.now - limits.leeway >= exp:
        found, expected = f"exp {show(exp)}", f"later than now, {_at(limits)}"
        raise ExpiredToken("expired", found, expected, "RFC 7519, 4.1.4")


def check_nbf(reading: Reading) -> None:
    _refuse_future(reading, "nbf", "not valid yet", "RFC 7519, 4.1.5")


def check_iat(reading: Reading) -> None:
    _refuse_future(reading, "iat", "issued in the future", "RFC 7519, 4.1.6")


def _refuse_future(reading: Reading, name: str, what: str, rule: str) -> None:
    moment, limits = reading.claims.get(name), reading.limits
    if moment is not None and moment > limits.now + limits.leeway:
        expected = f"not later than now, {_at(limits)}"
        raise ImmatureToken(what, f"{name} {show(moment)}", expected, rule)


def _at(limits: Limits) -> str:
    return f"{limits.now:.0f}" + (f", with {limits.leeway:g} s leeway" if limits.leeway else "")


def check_iss(reading: Reading) -> None:
    wanted = reading.limits.issuer
    if wanted is None:
        return
    found = reading.claims.get("iss")
    if found is None:
        raise MissingClaim("claim 'iss'", "no such claim", _names(wanted), "RFC 7519, 4.1.1")
    if found not in wanted:
        raise InvalidIssuer("another issuer", show(found), _names(wanted), "RFC 7519, 4.1.1")


def check_aud(reading: Reading) -> None:
    wanted, found, rule = reading.limits.audience, reading.claims.get("aud"), "RFC 7519, 4.1.3"
    if found is None and wanted is not None:
        raise MissingClaim("claim 'aud'", "no such claim", _names(wanted), rule)
    if found is None:
        return
    if wanted is None:
        expected = "no aud, since this service did not say who it is (audience=)"
        raise InvalidAudience("for an audience", show(found), expected, rule)
    if wanted.isdisjoint([found] if isinstance(found, str) else found):
        raise InvalidAudience("for another audience", show(found), _names(wanted), rule)


def _names(names: frozenset[str]) -> str:
    return " or ".join(show(name) for name in sorted(names)) or "nothing at all"


def _say_time(name: str, absent: str) -> Callable[[Reading], str]:
    def say(reading: Reading) -> str:
        if name not in reading.claims:
            return absent
        if abs(reading.claims[name]) > 1e15:  # an int too large to subtract a float from
            return show(reading.claims[name])
        seconds = reading.claims[name] - reading.limits.now
        return f"{abs(seconds):,.0f} s {'from now' if seconds > 0 else 'ago'}"

    return say


CLAIM_CHECKS = (
    Check(
        "claims",
        read_claims,
        lambda r: f"a JSON object with {len(r.claims)} claims of the right types",
        "RFC 7519, 4",
    ),
    Check(
        "typ",
        check_typ,
        lambda r: "not asked for" if r.limits.typ is None else show(r.header["typ"]),
        "RFC 8725, 3.11",
    ),
    Check("exp", check_exp, _say_time("exp", "absent: it never expires"), "RFC 7519, 4.1.4"),
    Check("nbf", check_nbf, _say_time("nbf", "absent: valid at once"), "RFC 7519, 4.1.5"),
    Check("iat", check_iat, _say_time("iat", "absent: of unknown age"), "RFC 7519, 4.1.6"),
    Check(
        "iss",
        check_iss,
        lambda r: "not asked for" if r.limits.issuer is None else show(r.claims["iss"]),
        "RFC 7519, 4.1.1",
    ),
    Check(
        "aud",
        check_aud,
        lambda r: "absent: for any service" if "aud" not in r.claims else show(r.claims["aud"]),
        "RFC 7519, 4.1.3",
    ),
)
