"""One request of a browser's page: who asks, what goes along, and what the page may then read."""

import contextlib
import re
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from authlab.web.decision import Decision
from authlab.web.urls import is_trustworthy, origin_of, parse_url, same_site

__all__ = ["MOST_REDIRECTS", "Request", "may_read", "may_send"]

MOST_REDIRECTS = 20  # Fetch, 4.5
# Headers that only the browser writes (Fetch, 2.2.2).
_FORBIDDEN = re.compile(
    r"accept-(charset|encoding)|access-control-request-(headers|method)|connection|content-length|"
    r"cookie2?|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|"
    r"transfer-encoding|upgrade|via|(sec|proxy)-.*",
    re.I | re.S,
)
_FORBIDDEN_METHODS = ("CONNECT", "TRACE", "TRACK")
_SAFELISTED = ("accept", "accept-language", "content-language")
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
_RELATIONS = ("same-origin", "same-site", "cross-site")  # from near to far


class Request:
    """A request on its way; `redirect` turns it into the next one.

    `initiator` is the URL of the page that starts it, None for the user's own hand; `top_level`
    says that it loads a new page; `relation` is the value of Sec-Fetch-Site: how far the
    initiator is from the farthest URL so far, "none" without an initiator. Raises BadUrl.
    """

    def __init__(
        self,
        method: str,
        url: str,
        initiator: str | None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        top_level: bool = False,
        credentials: str = "include",
    ) -> None:
        self.method = method.upper()
        self.initiator = initiator
        self.headers = dict(headers or {})
        self.body = body
        self.top_level = top_level
        self.credentials = credentials
        self.relation = "none" if initiator is None else "same-origin"
        self._origin = None if initiator is None else origin_of(initiator)
        self.url = self._visit(initiator or "", url)

    def add_headers(self, headers: Mapping[str, str]) -> None:
        """Add what a script asks for; the headers that only a browser writes are passed over."""
        for name, value in headers.items():
            if not _FORBIDDEN.fullmatch(name):
                same = [other for other in self.headers if other.lower() == name.lower()]
                self.headers[same[0] if same else name] = str(value)

    def own_headers(self) -> dict[str, str]:
        """Return the headers the browser writes itself, which no script can forge.

        Origin says who asks (Fetch, 3.2); the Sec-Fetch headers go to trustworthy URLs only
        (Fetch Metadata, 2 and 3).
        """
        own = {}
        across = self.relation not in ("none", "same-origin")
        if self._origin and (self.method not in ("GET", "HEAD") or (across and not self.top_level)):
            own["Origin"] = self._origin
        if is_trustworthy(self.url):
            own["Sec-Fetch-Site"] = self.relation
            own["Sec-Fetch-Mode"] = "navigate" if self.top_level else "cors"
            own["Sec-Fetch-Dest"] = "document" if self.top_level else "empty"
        return own

    def redirect(self, status: int, where: str) -> None:
        """Become the request that a redirect asks for (Fetch, 4.5). Raises BadUrl."""
        old = origin_of(self.url)
        self.url = self._visit(self.url, where)
        if (status in (301, 302) and self.method == "POST") or (
            status == 303 and self.method not in ("GET", "HEAD")
        ):
            self.method, self.body = "GET", None
            self._drop("content-type")
        if origin_of(self.url) != old:
            self._drop("authorization")
            if self._origin != old:
                self._origin = self._origin and "null"  # the next host cannot tell who began

    def _visit(self, base: str, url: str) -> str:
        """Return the URL that `url` means on the page `base`, and note how far away it is."""
        with contextlib.suppress(ValueError, TypeError):  # then parse_url says what is wrong
            url = urljoin(base, url)
        parse_url(url)
        if self.initiator is not None:
            near = "same-site" if same_site(self.initiator, url) else "cross-site"
            here = "same-origin" if origin_of(self.initiator) == origin_of(url) else near
            self.relation = max(self.relation, here, key=_RELATIONS.index)
        return url

    def _drop(self, name: str) -> None:
        self.headers = {k: v for k, v in self.headers.items() if k.lower() != name}


# The first version of CORS: what may go out without asking, and nothing to read from elsewhere.
# `cors.py`, with notebook 09, takes the place of the two decisions at the end of these functions.


def may_send(request: Request) -> Decision:
    """Say whether a page's request may go out at all; loading a new page always may."""
    if request.top_level or request.initiator is None:
        return Decision(True, "a page may be loaded from anywhere", "HTML standard, 7.4.2")
    if request.method in _FORBIDDEN_METHODS or not re.fullmatch("[A-Z-]+", request.method):
        return Decision(False, f"a script may not send {request.method!r}", "Fetch, 2.2.1")
    if "@" in urlsplit(request.url).netloc:
        return Decision(False, "a script may not put a password into a URL", "Fetch, 5.4")
    if request.body is not None and request.method in ("GET", "HEAD"):
        return Decision(False, f"a {request.method} has no body", "Fetch, 5.4")
    if request.initiator.lower().startswith("https:") and not is_trustworthy(request.url):
        return Decision(False, "a page from https asks nothing over http", "Mixed Content, 4.4")
    if request.relation != "same-origin" and _needs_preflight(request):
        why = "to another origin this needs a preflight, which this browser does not send yet"
        return Decision(False, why, "Fetch, 4.8")
    return Decision(True, "it needs no permission to be sent", "Fetch, 4.1")


def may_read(request: Request) -> Decision:
    """Say whether the page may read the answer; the server has acted by then, either way."""
    if request.top_level or request.initiator is None:
        return Decision(True, "the answer becomes a page of its own", "HTML standard, 7.4.2")
    if request.relation == "same-origin":
        return Decision(True, "the answer comes from the page's own origin", "Fetch, 4.1")
    why = f"the request reached {origin_of(request.url)}, but another origin's answer stays closed"
    return Decision(False, why, "Fetch, 4.10")


def _needs_preflight(request: Request) -> bool:
    """Say whether a plain HTML form could not have sent this (Fetch, 2.2.1 and 2.2.2)."""
    if request.method not in ("GET", "HEAD", "POST"):
        return True
    for name, value in request.headers.items():
        form = value.partition(";")[0].strip().lower() in _FORM_TYPES
        if name.lower() not in _SAFELISTED and not (name.lower() == "content-type" and form):
            return True
    return False
