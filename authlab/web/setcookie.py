"""A cookie, and how a browser reads it from a Set-Cookie header (RFC 6265bis, 5.1 and 5.6)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from authlab.web.decision import Decision
from authlab.web.urls import is_address, is_public_suffix, parse_url

__all__ = ["Cookie", "allow", "domain_match", "parse_set_cookie", "refuse"]

LIFETIME_CAP = 400 * 86400  # seconds; nothing is kept longer (5.5)
MOST_OCTETS = 4096  # of name and value together (5.6)
MOST_ATTRIBUTE_OCTETS = 1024  # a longer attribute is passed over (5.6)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # every control character but the tab
_BLANKS = " \t"
_SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One cookie as the browser keeps it; times are Unix seconds (RFC 6265bis, 5.7).

    `expires` is None for a cookie that ends with the browser. `samesite` is "Strict", "Lax", "None"
    or "Default" where the server named none. A `host_only` cookie goes to `domain` alone, any
    other to the names below it too.
    """

    name: str
    value: str
    domain: str
    path: str
    host_only: bool
    expires: float | None
    secure: bool
    httponly: bool
    samesite: str
    created: float

    @property
    def key(self) -> tuple[str, str, bool, str]:
        """What makes two cookies one: a later cookie with the same key replaces this one."""
        return self.name, self.domain, self.host_only, self.path

    def belongs_to(self, host: str) -> bool:
        """Say whether the cookie is for this host, whatever else may hold it back."""
        return host == self.domain or (not self.host_only and domain_match(host, self.domain))

    def __str__(self) -> str:
        return f"{self.name}={self.value}" if self.name else self.value


def parse_set_cookie(header: str, url: str, now: float) -> tuple[Cookie, bool] | Decision:
    """Read a Set-Cookie header; also say whether it named a path (5.6, and the start of 5.7)."""
    if _CONTROL.search(header):
        return refuse("a control character makes the whole header void", "5.6")
    pair, *rest = header.split(";")
    name, equals, value = (part.strip(_BLANKS) for part in pair.partition("="))
    if not equals:
        name, value = "", name
    if not name and not value:
        return refuse("there is neither a name nor a value", "5.7")
    if _octets(name + value) > MOST_OCTETS:
        return refuse(f"name and value are longer than {MOST_OCTETS} bytes", "5.6")
    attributes = {}
    for key, _, text in (attribute.partition("=") for attribute in rest):
        if _octets(text.strip(_BLANKS)) <= MOST_ATTRIBUTE_OCTETS:
            attributes[key.strip(_BLANKS).lower()] = text.strip(_BLANKS)  # the last one counts

    target = parse_url(url)
    domain = attributes.get("domain", "").removeprefix(".").lower()
    if not domain.isascii():
        return refuse(f"Domain={domain} is not in ASCII", "5.7")
    if domain and is_public_suffix(domain):
        if domain != target.host:
            return refuse(f"Domain={domain} is a public suffix: it belongs to nobody alone", "5.7")
        domain = ""
    if domain and not domain_match(target.host, domain):
        return refuse(f"Domain={domain} does not cover {target.host}", "5.7")
    path = attributes.get("path", "")
    cookie = Cookie(
        name=name,
        value=value,
        domain=domain or target.host,
        host_only=not domain,
        path=path if path.startswith("/") else target.path[: target.path.rindex("/")] or "/",
        expires=_expiry(attributes, now),
        secure="secure" in attributes,
        httponly="httponly" in attributes,
        samesite=_SAMESITE.get(attributes.get("samesite", "").lower(), "Default"),
        created=now,
    )
    return cookie, "path" in attributes


def _expiry(attributes: dict[str, str], now: float) -> float | None:
    """Return when a cookie ends, in Unix seconds; Max-Age goes before Expires (5.6.1, 5.6.2)."""
    if re.fullmatch(r"-?[0-9]+", attributes.get("max-age", "")):
        return now + max(0, min(int(attributes["max-age"]), LIFETIME_CAP))
    moment = _cookie_date(attributes.get("expires", ""))
    return None if moment is None else min(moment, now + LIFETIME_CAP)


def _cookie_date(text: str) -> float | None:
    """Return the Unix time that a date of any of the many spellings means (5.1.1), or None."""
    clock = day = month = year = None
    for token in re.split(r"[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+", text):
        if not clock and (found := re.match(r"(\d\d?):(\d\d?):(\d\d?)(?!\d)", token, re.A)):
            clock = [int(part) for part in found.groups()]
        elif day is None and (found := re.match(r"\d\d?(?!\d)", token, re.A)):
            day = int(found[0])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := re.match(r"\d{2,4}(?!\d)", token, re.A)):
            year = int(found[0])
    if clock is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    try:
        moment = datetime(year, month, day, clock[0], clock[1], clock[2], tzinfo=UTC)
    except ValueError:  # the 30th of February, 25 o'clock
        return None
    return moment.timestamp() if year >= 1601 else None


def domain_match(host: str, domain: str) -> bool:
    """Say whether a host is the domain or a name below it (5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not is_address(host))


def _octets(text: str) -> int:
    return len(text.encode(errors="replace"))


def allow(why: str, section: str) -> Decision:
    """Return a yes by a section of RFC 6265bis."""
    return Decision(True, why, f"RFC 6265bis, {section}")


def refuse(why: str, section: str) -> Decision:
    """Return a no by a section of RFC 6265bis."""
    return Decision(False, why, f"RFC 6265bis, {section}")
