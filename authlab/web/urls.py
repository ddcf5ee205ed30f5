"""Origin and site: the two borders a browser knows (HTML standard, 7.1; RFC 6454)."""

import ipaddress
import re
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

import idna
from publicsuffixlist import PublicSuffixList

from authlab.web.decision import WebError

__all__ = [
    "BadUrl",
    "Url",
    "is_address",
    "is_public_suffix",
    "is_trustworthy",
    "origin_of",
    "parse_url",
    "same_site",
    "site_of",
]

_PORTS = {"http": 80, "https": 443}
# Browsers take an underscore in a host name too, so letters, digits, hyphens and underscores.
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")


class BadUrl(WebError):
    """The text is no http or https URL with a host (URL standard, 4.4)."""


class Url(NamedTuple):
    """A URL's parts as a browser compares them: lower case, IDNA applied, the port always there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host, and the port where it is not the scheme's own."""
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def parse_url(url: str) -> Url:
    """Take an http or https URL apart; `path` is "/" where the URL names none.

    Raises BadUrl for everything else, and for what browsers and servers are known to read
    differently: control characters, and a space or a backslash before the path.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, TypeError, AttributeError) as error:
        raise _bad(url, str(error)) from None
    scheme = parts.scheme  # urlsplit has folded its case
    if scheme not in _PORTS:
        raise _bad(url, "another scheme, or none")
    if re.search(r"[\x00-\x1f\x7f]", url) or re.search(r"[\s\\]", parts.netloc):
        raise _bad(url, "a control character, or a space or a backslash before the path")
    host = _canonical(url, parts.hostname or "", bracketed="[" in parts.netloc)
    return Url(scheme, host, _PORTS[scheme] if port is None else port, parts.path or "/")


def origin_of(url: str) -> str:
    """Return the URL's origin, such as `https://bank.test` or `https://bank.test:8443`.

    Two URLs are same-origin when this text is equal (RFC 6454, 5). Raises BadUrl.
    """
    return parse_url(url).origin


def site_of(url: str) -> str:
    """Return the URL's site: its scheme and registrable domain, such as `https://bank.test`.

    The registrable domain is one label more than the public suffix; a suffix nobody has listed,
    such as `test`, is one label. An IP address, `localhost` and a bare suffix are their own site.
    The port does not count, the scheme does (HTML standard, 7.1.1.1). Raises BadUrl.
    """
    parts = parse_url(url)
    registrable = None if is_address(parts.host) else _suffixes().privatesuffix(parts.host)
    if registrable is None:
        return f"{parts.scheme}://{parts.host}"
    # The list drops the dot that may end a name; with it, the name is another host.
    return f"{parts.scheme}://{registrable}{'.' if parts.host.endswith('.') else ''}"


def same_site(a: str, b: str) -> bool:
    """Say whether two URLs lie in one site (HTML standard, 7.1.1.1). Raises BadUrl."""
    return site_of(a) == site_of(b)


def is_trustworthy(url: str) -> bool:
    """Say whether what travels to this URL is out of an eavesdropper's reach.

    So it is over https, and on a loopback: 127.0.0.0/8, ::1, `localhost` and the names below it
    (Secure Contexts, 3.1). Raises BadUrl.
    """
    parts = parse_url(url)
    if parts.scheme == "https":
        return True
    if is_address(parts.host):
        return ipaddress.ip_address(parts.host.strip("[]")).is_loopback
    name = parts.host.removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def is_address(host: str) -> bool:
    """Say whether a host, as `parse_url` returns it, is an IP address and no name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_public_suffix(domain: str) -> bool:
    """Say whether unrelated people register names below this one: `test`, `co.uk`, `github.io`."""
    return _suffixes().is_public(domain)


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # reads a file of 10,000 rules, so once and only when asked


def _canonical(url: str, host: str, *, bracketed: bool) -> str:
    """Return a host as the URL standard writes it: an address, or a name in ASCII lower case."""
    try:
        if bracketed and "%" not in host:  # a zone, as in fe80::1%eth0, has no place in a URL
            return f"[{ipaddress.IPv6Address(host)}]"
        name = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except ValueError as error:
        raise _bad(url, str(error)) from None
    # A name whose last label is a number would be read as an address by some, as a name by others.
    numeric = name.rstrip(".").rpartition(".")[2].isdigit()
    if len(name) > 254 or not _NAME.fullmatch(name) or (numeric and not is_address(name)):
        raise _bad(url, f"the host {host!r:.80}")
    return name


def _bad(url: object, reason: str) -> BadUrl:
    return BadUrl(
        "Not a URL of the web",
        f"{reason} in {url!r:.120}",
        "http:// or https://, a host, and a port from 0 to 65535 if any",
        "URL standard, 4.4",
    )
