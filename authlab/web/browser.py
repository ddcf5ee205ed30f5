"""A browser without a window: it carries cookies, keeps storage apart and guards what scripts read.

It follows Fetch and RFC 6265bis as far as the lessons go, and writes down what it decides.
"""

import json as json_text
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

import requests

from authlab.clock import Clock
from authlab.web.cookies import CookieJar, sends_credentials
from authlab.web.decision import Decision, WebError
from authlab.web.network import Network
from authlab.web.request import MOST_REDIRECTS, Request, may_read, may_send
from authlab.web.urls import origin_of, parse_url

__all__ = ["Browser", "Entry", "Page", "Reply", "Storage", "Window"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the browser's log: what happened (`step`), to what, and the decision if any."""

    step: str
    what: str
    decision: Decision | None = None

    def __str__(self) -> str:
        if self.decision is None:
            return f"{self.step}: {self.what}"
        return f"{self.step}: {self.what}: {self.decision.why} ({self.decision.rule})"


class _Answer:
    """What a page and a reply can both do."""

    __slots__ = ()
    text: str

    def json(self) -> Any:
        """Return the text read as JSON; raises WebError where it is none or not readable."""
        try:
            return json_text.loads(self.text)
        except ValueError as error:
            found = f"{self.text[:60]!r} ({error})"
            raise WebError("Not JSON", found, "JSON", "RFC 8259, 2") from None


@dataclass(frozen=True, slots=True)
class Page(_Answer):
    """A loaded page: its URL after redirects, its origin, and what the server answered."""

    url: str
    origin: str
    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Reply(_Answer):
    """What `fetch` gives to a script; where `readable` is no, the rest is empty and status 0."""

    status: int
    headers: Mapping[str, str]
    text: str
    readable: Decision


@dataclass(frozen=True, slots=True)
class Storage:
    """What one origin keeps in the browser: `localStorage` and `sessionStorage`, both of text."""

    local: dict[str, str] = field(default_factory=dict)
    session: dict[str, str] = field(default_factory=dict)


class Browser:
    """One user's browser with one tab: `jar`, storage by origin, and a `log` of Entry lines."""

    def __init__(
        self,
        network: Network,
        clock: Clock | None = None,
        *,
        address: str = "192.0.2.10",
        agent: str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156",
    ) -> None:
        self.jar = CookieJar(clock.now if clock else time.time)
        self.log: list[Entry] = []
        self._storage: dict[str, Storage] = {}
        self._network = network
        self.address = address  # the IP address that servers see; on a train it changes
        self.agent = agent

    def goto(self, url: str, *, from_page: Page | None = None) -> Page:
        """Load a page: typed into the address bar, or by a link (or a script) on `from_page`.

        Follows redirects. Raises BadUrl, and WebError where nothing answers.
        """
        return self._load(Request("GET", url, from_page.url if from_page else None, top_level=True))

    def submit(self, url: str, data: Mapping[str, str], *, from_page: Page) -> Page:
        """Send a form that is on `from_page`, as a POST that loads a new page; else as `goto`."""
        headers, body = _encode(data, None)
        return self._load(Request("POST", url, from_page.url, headers, body, top_level=True))

    def fetch(
        self,
        url: str,
        *,
        page: Page,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, str] | str | bytes | None = None,
        json: Any = None,
        credentials: str = "same-origin",
    ) -> Reply:
        """Send a request as a script on `page` does, and return what that script may read.

        `data` is a form's fields or a body as it is, `json` any value; `credentials` is "omit",
        "same-origin" or "include". A request that fails or is not sent gives status 0 and the
        reason in `readable`. Raises BadUrl, and WebError for other `credentials`.
        """
        if credentials not in ("omit", "same-origin", "include"):
            expected = "'omit', 'same-origin' or 'include'"
            raise WebError("No such credentials", repr(credentials), expected, "Fetch, 5.4")
        own, body = _encode(data, json)
        request = Request(method, url, page.url, own, body, credentials=credentials)
        request.add_headers(headers or {})
        answer = self._send(request)
        if isinstance(answer, Decision):
            self.log.append(Entry("reading refused", request.url, answer))
            return Reply(0, {}, "", answer)
        verdict = may_read(request)
        self.log.append(Entry("reading allowed", request.url, verdict))
        answer.headers.pop("Set-Cookie", None)  # kept from scripts (Fetch, 2.2.2)
        return Reply(answer.status_code, answer.headers, answer.text, verdict)

    def storage(self, origin: str) -> Storage:
        """Return what an origin has stored; any URL of that origin names it. Raises BadUrl."""
        return self._storage.setdefault(origin_of(origin), Storage())

    def run_script(self, page: Page, script: "Callable[[Window], T]") -> T:
        """Run `script(window)` with the rights of `page`, and return what it returns."""
        return script(Window(self, page))

    def keep_cookie(
        self, header: str, url: str, *, http_api: bool = True, first_party: bool = True
    ) -> Decision:
        """Hand one Set-Cookie line to the jar and log its decision; arguments as in the jar."""
        decision = self.jar.set_cookie(header, url, http_api=http_api, first_party=first_party)
        name = header.partition(";")[0].partition("=")[0].strip()
        self.log.append(Entry("cookie stored" if decision else "cookie refused", name, decision))
        return decision

    def _load(self, request: Request) -> Page:
        answer = self._send(request)
        if isinstance(answer, Decision):
            raise WebError("The page did not load", answer.why, "a host that answers", answer.rule)
        origin = origin_of(request.url)
        return Page(request.url, origin, answer.status_code, answer.headers, answer.text)

    def _send(self, request: Request) -> requests.Response | Decision:
        """Send a request and those its redirects ask for; a Decision says why there is no answer.

        `request` is then the last one sent.
        """
        for _ in range(MOST_REDIRECTS + 1):
            allowed = may_send(request)
            if not allowed:
                return allowed
            try:
                answer = self._exchange(request)
            # requests reads Location even where it does not follow; some leave it as ValueError.
            except (requests.RequestException, ValueError) as error:
                return Decision(False, str(error), "Fetch, 4.7")
            readable = may_read(request)  # asked of a redirect too, before it is followed
            if not readable:
                return readable
            where = answer.headers.get("Location")
            if where is None or answer.status_code not in (301, 302, 303, 307, 308):
                return answer
            try:
                request.redirect(answer.status_code, where)
            except WebError as error:
                return Decision(False, str(error), "Fetch, 4.5")
        return Decision(False, f"there are more than {MOST_REDIRECTS} redirects", "Fetch, 4.5")

    def _exchange(self, request: Request) -> requests.Response:
        """Send one request with its cookies, and keep those that the answer sets."""
        self.log.append(Entry("request", f"{request.method} {request.url}"))
        facts: dict[str, Any] = {
            "method": request.method,
            "initiator": request.initiator,
            "top_level": request.top_level,
            "credentials": request.credentials,
        }
        for cookie in self.jar:
            if cookie.belongs_to(parse_url(request.url).host):
                decision = self.jar.decide(cookie, request.url, **facts)
                step = "cookie sent" if decision else "cookie withheld"
                self.log.append(Entry(step, cookie.name, decision))
        headers: dict[str, str | bytes] = {
            "User-Agent": self.agent,
            **request.headers,
            **request.own_headers(),
        }
        if cookies := "; ".join(map(str, self.jar.cookies_for(request.url, **facts))):
            headers["Cookie"] = cookies.encode(errors="surrogateescape")
        # A new session each time: one that is kept would add cookies by its own rules.
        with self._network.session(address=self.address) as session:
            answer = session.request(
                request.method,
                request.url,
                headers=headers,
                data=request.body,
                allow_redirects=False,
            )
        if sends_credentials(request.credentials, request.initiator, request.url):
            near = request.top_level or request.relation != "cross-site"
            for line in answer.raw.headers.getlist("Set-Cookie"):
                text = line.encode("latin-1").decode(errors="surrogateescape")
                self.keep_cookie(text, request.url, first_party=near)
        return answer


class Window:
    """What a script on a page can see and do, the page's own as well as an injected one."""

    def __init__(self, browser: Browser, page: Page) -> None:
        self._browser, self._page = browser, page
        self.location = page.url
        storage = browser.storage(page.url)
        self.local_storage, self.session_storage = storage.local, storage.session

    @property
    def document_cookie(self) -> str:
        """The cookies a script may read; assigning one Set-Cookie line adds a cookie."""
        return self._browser.jar.document_cookie(self._page.url)

    @document_cookie.setter
    def document_cookie(self, line: str) -> None:
        self._browser.keep_cookie(line, self._page.url, http_api=False)

    def fetch(self, url: str, **options: Any) -> Reply:
        """Send a request from this page; the options are those of `Browser.fetch`."""
        return self._browser.fetch(url, page=self._page, **options)


def _encode(
    data: Mapping[str, str] | str | bytes | None, json: Any
) -> tuple[dict[str, str], bytes | None]:
    """Return a body and the Content-Type it gets when the script names none (Fetch, 5.2)."""
    if json is not None:
        return {"Content-Type": "application/json"}, json_text.dumps(json).encode()
    if isinstance(data, Mapping):
        form = urlencode(data).encode()
        return {"Content-Type": "application/x-www-form-urlencoded"}, form
    if isinstance(data, str):
        return {"Content-Type": "text/plain;charset=UTF-8"}, data.encode(errors="replace")
    return {}, data
