"""A browser's cookie jar: what it takes, what it sends, and why not (RFC 6265bis)."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from authlab.web.decision import Decision
from authlab.web.setcookie import Cookie, allow, domain_match, parse_set_cookie, refuse
from authlab.web.urls import is_trustworthy, origin_of, parse_url, same_site

__all__ = ["Cookie", "CookieJar", "sends_credentials"]

LAX_POST_WINDOW = 120  # seconds in which a cookie without SameSite goes with a cross-site POST
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")  # RFC 9110, 9.2.1


class CookieJar:
    """The cookies of one browser. `now` returns the time in Unix seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._cookies: dict[tuple[str, str, bool, str], Cookie] = {}

    def __iter__(self) -> Iterator[Cookie]:
        """Iterate over the cookies that have not expired, oldest first."""
        now = self._now()
        return iter([c for c in self._cookies.values() if c.expires is None or c.expires > now])

    def set_cookie(
        self, header: str, url: str, *, http_api: bool = True, first_party: bool = True
    ) -> Decision:
        """Take the value of one Set-Cookie header that came from `url`, or refuse it.

        `http_api=False` is a script that writes `document.cookie`. `first_party=False` is the
        answer to a cross-site request that was no top-level navigation. No header raises an
        error, a `url` that is none raises BadUrl (RFC 6265bis, 5.6 and 5.7).
        """
        parsed = parse_set_cookie(header, url, self._now())
        if isinstance(parsed, Decision):
            return parsed
        cookie, path_given = parsed
        refusal = self._refuse(
            cookie, url, path_given=path_given, http_api=http_api, first_party=first_party
        )
        if refusal is not None:
            return refusal
        old = self._cookies.pop(cookie.key, None)
        # The draft always keeps the old time; Chromium does so where the value is the same, and
        # that counts: after each login a new session id is young enough for a cross-site POST.
        if old and old.value == cookie.value:
            cookie = replace(cookie, created=old.created)
        if cookie.expires is not None and cookie.expires <= self._now():
            return allow(f"{cookie.name} has an end in the past: it is deleted", "5.7")
        self._cookies[cookie.key] = cookie
        return allow(f"{cookie.name or 'a cookie without a name'} is stored", "5.7")

    def cookies_for(
        self,
        url: str,
        *,
        method: str = "GET",
        initiator: str | None = None,
        top_level: bool = True,
        credentials: str = "include",
        http_api: bool = True,
    ) -> list[Cookie]:
        """Return the cookies that go with a request, in the order of the Cookie header.

        `initiator` is a URL of the page that starts the request, None for the user's own hand;
        `top_level` says that the request loads a new page; `credentials` is the option of
        `fetch`: "omit", "same-origin" or "include"; `http_api=False` is a script that reads
        `document.cookie`. Raises BadUrl (RFC 6265bis, 5.8.3).
        """
        sent = [
            cookie
            for cookie in self
            if self.decide(
                cookie,
                url,
                method=method,
                initiator=initiator,
                top_level=top_level,
                credentials=credentials,
                http_api=http_api,
            )
        ]
        return sorted(sent, key=lambda cookie: (-len(cookie.path), cookie.created))

    def decide(
        self,
        cookie: Cookie,
        url: str,
        *,
        method: str = "GET",
        initiator: str | None = None,
        top_level: bool = True,
        credentials: str = "include",
        http_api: bool = True,
    ) -> Decision:
        """Say whether one cookie goes with a request, and why; arguments as in `cookies_for`."""
        target, name = parse_url(url), cookie.name or "a cookie without a name"
        if not cookie.belongs_to(target.host):
            return refuse(f"{name} belongs to {cookie.domain}, not to {target.host}", "5.8.3")
        if cookie.expires is not None and cookie.expires <= self._now():
            return refuse(f"{name} has expired", "5.7")
        if not _path_match(target.path, cookie.path):
            return refuse(f"{name} is for {cookie.path}, not for {target.path}", "5.1.4")
        if cookie.secure and not is_trustworthy(url):
            return refuse(f"{name} is Secure and this is http", "5.8.3")
        if cookie.httponly and not http_api:
            return refuse(f"{name} is HttpOnly, so no script reads it", "5.8.3")
        if not sends_credentials(credentials, initiator, url):
            why = f"{name} stays, as credentials is {credentials!r} and the origin another"
            why = f"{name} stays, as credentials is 'omit'" if credentials == "omit" else why
            return Decision(False, why, "Fetch, 4.6")
        if initiator is None or same_site(initiator, url):
            return allow(f"{name} matches, and the request comes from the same site", "5.8.3")
        age = self._now() - cookie.created
        return _decide_cross_site(cookie, name, method, top_level, age)

    def document_cookie(self, url: str) -> str:
        """Return what a script on the page at `url` reads: every cookie but the HttpOnly ones."""
        return "; ".join(map(str, self.cookies_for(url, http_api=False)))

    def _refuse(
        self, cookie: Cookie, url: str, *, path_given: bool, http_api: bool, first_party: bool
    ) -> Decision | None:
        """Return why a cookie is not stored, None where it is (RFC 6265bis, 5.4 and 5.7)."""
        name, trusted = cookie.name or "a cookie without a name", is_trustworthy(url)
        old = self._cookies.get(cookie.key)
        # What is sent of a nameless cookie is its value: it must not look like a prefixed name.
        prefixed = (cookie.name or cookie.value).lower()
        if cookie.secure and not trusted:
            return refuse(f"{name} is Secure and came over http", "5.7")
        if cookie.httponly and not http_api:
            return refuse(f"{name} is HttpOnly, so no script writes it", "5.7")
        if not cookie.secure and not trusted and any(_overlays(cookie, other) for other in self):
            return refuse(f"{name} came over http and would stand in for a Secure one", "5.7")
        if cookie.samesite != "None" and not first_party:
            return refuse(f"{name} is not SameSite=None and came for another site's page", "5.7")
        if cookie.samesite == "None" and not cookie.secure:
            return refuse(f"{name} is SameSite=None without Secure", "5.7")
        if prefixed.startswith("__secure-") and not (cookie.name and cookie.secure):
            return refuse(f"{name} begins with __Secure- and is not Secure", "5.4")
        rooted = cookie.host_only and path_given and cookie.path == "/"
        if prefixed.startswith("__host-") and not (cookie.name and cookie.secure and rooted):
            wanted = "Secure, Path=/ and no Domain"
            return refuse(f"{name} begins with __Host-, so it needs {wanted}", "5.4")
        if old and old.httponly and not http_api:
            return refuse(f"{name} is HttpOnly already, so no script replaces it", "5.7")
        return None


def sends_credentials(credentials: str, initiator: str | None, url: str) -> bool:
    """Say whether a request's `credentials` mode lets cookies go and come (Fetch, 4.6)."""
    if credentials == "same-origin":
        return initiator is None or origin_of(initiator) == origin_of(url)
    return credentials == "include"


def _decide_cross_site(
    cookie: Cookie, name: str, method: str, top_level: bool, age: float
) -> Decision:
    """Decide by SameSite alone, for a request that another site starts (5.6.7)."""
    if cookie.samesite == "None":
        return allow(f"{name} is SameSite=None, so another site may ask", "5.6.7")
    if cookie.samesite == "Strict":
        return refuse(f"{name} is SameSite=Strict and another site asks", "5.6.7")
    what = "is SameSite=Lax" if cookie.samesite == "Lax" else "names no SameSite, so it is Lax,"
    if not top_level:
        return refuse(f"{name} {what} and another site asks without loading a new page", "5.6.7")
    if method in SAFE_METHODS:
        return allow(f"{name} {what} and the user follows a link from another site", "5.6.7")
    if cookie.samesite == "Default" and 0 <= age < LAX_POST_WINDOW:
        return allow(f"{name} names no SameSite and is younger than two minutes", "5.6.7")
    return refuse(f"{name} {what} and another site sends a {method}", "5.6.7")


def _path_match(path: str, cookie_path: str) -> bool:
    """Say whether a path is the cookie's or below it: /a/b is below /a, /ab is not (5.1.4)."""
    below = cookie_path if cookie_path.endswith("/") else cookie_path + "/"
    return path == cookie_path or path.startswith(below)


def _overlays(new: Cookie, old: Cookie) -> bool:
    """Say whether a cookie from http would be sent in place of a Secure one (5.7)."""
    related = domain_match(old.domain, new.domain) or domain_match(new.domain, old.domain)
    return old.secure and new.name == old.name and related and _path_match(new.path, old.path)
