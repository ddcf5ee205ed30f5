"""The cookie jar against RFC 6265bis, section by section."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlab.clock import Clock
from authlab.web import Cookie, CookieJar, Decision
from authlab.web.setcookie import _cookie_date, parse_set_cookie

NOW = 1_800_000_000  # Fri, 15 Jan 2027 08:00:00 GMT
DAY = 86400
BANK = "https://bank.test/"


def jar_with(*headers: str, url: str = BANK, clock: Clock | None = None) -> CookieJar:
    jar = CookieJar((clock or Clock(NOW)).now)
    for header in headers:
        decision = jar.set_cookie(header, url)
        assert decision, decision
    return jar


def sent(jar: CookieJar, url: str = BANK, **options: object) -> str:
    return "; ".join(map(str, jar.cookies_for(url, **options)))  # type: ignore[arg-type]


def read(header: str, url: str = BANK) -> Cookie:
    parsed = parse_set_cookie(header, url, NOW)
    assert not isinstance(parsed, Decision), parsed
    return parsed[0]


@pytest.mark.parametrize(
    ("header", "pair"),
    [
        ("a=1", ("a", "1")),
        (" a = 1 ; Path=/", ("a", "1")),
        ("\ta\t=\t1\t", ("a", "1")),
        ("a", ("", "a")),
        ("=a", ("", "a")),
        ("a=", ("a", "")),
        ("a=b=c", ("a", "b=c")),
        ('a="b, c"', ("a", '"b, c"')),
        ("a=1;b=2", ("a", "1")),
        ("a=ü", ("a", "ü")),
    ],
)
def test_name_and_value(header: str, pair: tuple[str, str]) -> None:
    cookie = read(header)
    assert (cookie.name, cookie.value) == pair


@pytest.mark.parametrize(
    "header",
    ["", "=", " = ;", ";", "; Secure", "a=\x00", "a=1\n", "a=1\r\nb=2", "a=\x7f", "a=1; Path=/\x01",
     "a=" + "x" * 4096, "a=" + "ü" * 2048],
)  # fmt: skip
def test_what_is_no_cookie(header: str) -> None:
    jar = CookieJar(Clock(NOW).now)
    decision = jar.set_cookie(header, BANK)
    assert not decision
    assert decision.rule.startswith("RFC 6265bis, 5.")
    assert list(jar) == []


def test_the_largest_cookie_and_attribute() -> None:
    assert read("a=" + "x" * 4095).value == "x" * 4095
    assert read(f"a=1; Path=/{'p' * 1023}").path == "/" + "p" * 1023
    assert read(f"a=1; Path=/{'p' * 1024}").path == "/"


@pytest.mark.parametrize(
    ("host", "domain", "kept"),
    [
        ("app.bank.test", "bank.test", "bank.test"),
        ("app.bank.test", ".Bank.Test", "bank.test"),
        ("app.bank.test", "app.bank.test", "app.bank.test"),
        ("bank.test", "app.bank.test", None),
        ("bank.test", "evil.test", None),
        ("notbank.test", "bank.test", None),
        ("bank.test", "test", None),
        ("alice.github.io", "github.io", None),
        ("bank.test", "bänk.test", None),
        ("127.0.0.1", "0.0.1", None),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_domain(host: str, domain: str, kept: str | None) -> None:
    parsed = parse_set_cookie(f"a=1; Domain={domain}", f"https://{host}/", NOW)
    if kept is None:
        assert isinstance(parsed, Decision)
        assert not parsed
    else:
        assert not isinstance(parsed, Decision)
        assert (parsed[0].domain, parsed[0].host_only) == (kept, False)


def test_a_public_suffix_may_set_for_itself_alone() -> None:
    cookie = read("a=1; Domain=github.io", "https://github.io/")
    assert (cookie.domain, cookie.host_only) == ("github.io", True)
    assert read("a=1; Domain=").host_only


def test_domain_at_sending() -> None:
    jar = jar_with("own=1", "wide=1; Domain=bank.test")
    assert sent(jar) == "own=1; wide=1"
    assert sent(jar, "https://app.bank.test/") == "wide=1"
    assert sent(jar, "https://notbank.test/") == ""
    assert sent(jar, "https://bank.test:8443/") == "own=1; wide=1"  # 8.5


@pytest.mark.parametrize(
    ("url", "attribute", "path"),
    [
        ("https://bank.test", "", "/"),
        ("https://bank.test/a", "", "/"),
        ("https://bank.test/a/", "", "/a"),
        ("https://bank.test/a/b?c/d", "", "/a"),
        ("https://bank.test/a/b", "; Path=/x", "/x"),
        ("https://bank.test/a/b", "; Path=", "/a"),
        ("https://bank.test/a/b", "; Path=x", "/a"),
        ("https://bank.test/a/b", "; Path=/x; path=/y", "/y"),
    ],
)
def test_path(url: str, attribute: str, path: str) -> None:
    assert read(f"a=1{attribute}", url).path == path


@pytest.mark.parametrize(
    ("path", "cookie_path", "goes"),
    [("/a", "/a", True), ("/a/b", "/a", True), ("/ab", "/a", False), ("/a/b", "/a/", True),
     ("/a", "/a/", False), ("/", "/a", False), ("/A", "/a", False), ("", "/", True)],
)  # fmt: skip
def test_path_at_sending(path: str, cookie_path: str, goes: bool) -> None:
    jar = jar_with(f"a=1; Path={cookie_path}")
    assert bool(sent(jar, f"https://bank.test{path}")) is goes


@pytest.mark.parametrize(
    ("attributes", "expires"),
    [
        ("", None),
        ("Max-Age=10", NOW + 10),
        ("Max-Age=0", NOW),
        ("Max-Age=-1", NOW),
        ("Max-Age=1.5", None),
        ("Max-Age=+5", None),
        ("Max-Age=x; Expires=Fri, 15 Jan 2027 08:00:10 GMT", NOW + 10),
        ("Max-Age=\uff15", None),
        ("Max-Age=-", None),
        (f"Max-Age={'9' * 1000}", NOW + 400 * DAY),
        ("Expires=Fri, 15 Jan 2027 08:00:10 GMT", NOW + 10),
        ("Expires=Tue, 19 Jan 2038 03:14:07 GMT", NOW + 400 * DAY),
        ("Expires=Fri, 15 Jan 2027 08:00:10 GMT; Max-Age=99", NOW + 99),
        ("Expires=soon", None),
    ],
)
def test_lifetime(attributes: str, expires: float | None) -> None:
    assert read(f"a=1; {attributes}").expires == expires


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("nov 6 1994 8:49:37", 784111777),
        ("6 november 94 08:49:37x", 784111777),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("01 Jan 69 00:00:00", 3124224000),
        ("01 Jan 70 00:00:00", 0),
        ("1 Jan 1601 00:00:00", -11644473600),
    ],
)
def test_dates(text: str, seconds: int) -> None:
    assert _cookie_date(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "06 Nov 1994", "08:49:37", "Nov 1994 08:49:37", "06 Nov 08:49:37", "31 Feb 2027 00:00:00",
     "32 Jan 2027 00:00:00", "0 Jan 2027 00:00:00", "1 Jan 1600 00:00:00", "1 Jan 2027 24:00:00",
     "1 Jan 2027 00:60:00", "1 Jan 2027 00:00:60", "1 Foo 2027 00:00:00", "1 Jan 20270 00:00:00"],
)  # fmt: skip
def test_no_dates(text: str) -> None:
    assert _cookie_date(text) is None


def test_a_cookie_ends_on_the_clock() -> None:
    clock = Clock(NOW)
    jar = jar_with("short=1; Max-Age=10", "long=1", clock=clock)
    clock.advance(9)
    assert sent(jar) == "short=1; long=1"
    clock.advance(1)
    assert sent(jar) == "long=1"
    assert [cookie.name for cookie in jar] == ["long"]


def test_an_end_in_the_past_deletes() -> None:
    jar = jar_with("a=1", "b=1")
    decision = jar.set_cookie("a=; Max-Age=0", BANK)
    assert decision
    assert "deleted" in decision.why
    assert sent(jar) == "b=1"


def test_a_cookie_is_named_by_name_domain_and_path() -> None:
    jar = jar_with("a=1", "a=2; Path=/x", "a=3; Domain=bank.test", "a=4")
    assert sent(jar, "https://bank.test/x") == "a=2; a=3; a=4"


def test_header_order() -> None:
    clock = Clock(NOW)
    jar = CookieJar(clock.now)
    for header in (
        "old=1; Path=/",
        "new=1; Path=/",
        "deep=1; Path=/a/b",
        "mid=1; Path=/a",
        "old=1",
    ):
        jar.set_cookie(header, "https://bank.test/")
        clock.advance(1)
    assert sent(jar, "https://bank.test/a/b") == "deep=1; mid=1; old=1; new=1"


def test_secure() -> None:
    jar = CookieJar(Clock(NOW).now)
    assert not jar.set_cookie("a=1; Secure", "http://bank.test/")
    assert jar.set_cookie("a=1; Secure", BANK)
    assert sent(jar) == "a=1"
    assert sent(jar, "http://bank.test/") == ""


def test_http_does_not_write_over_a_secure_cookie() -> None:
    jar = jar_with("a=1; Secure; Path=/login", "b=1")
    for header in ("a=2; Path=/login", "a=2; Path=/login/en", "a=2; Path=/login; Domain=bank.test"):
        for url in ("http://bank.test/", "http://app.bank.test/"):
            assert "stand in for a Secure one" in jar.set_cookie(header, url).why
    assert jar.set_cookie("a=2; Path=/login", "http://evil.test/")
    assert jar.set_cookie("a=2; Path=/", "http://bank.test/")  # the Secure one still comes first
    assert jar.set_cookie("b=2", "http://bank.test/")
    assert sent(jar, "https://bank.test/login") == "a=1; a=2; b=2"


def test_httponly() -> None:
    jar = jar_with("sid=1; HttpOnly", "theme=dark")
    assert jar.document_cookie(BANK) == "theme=dark"
    assert sent(jar) == "sid=1; theme=dark"
    assert not jar.set_cookie("x=1; HttpOnly", BANK, http_api=False)
    assert not jar.set_cookie("sid=2", BANK, http_api=False)
    assert not jar.set_cookie("sid=; Max-Age=0", BANK, http_api=False)
    assert jar.set_cookie("theme=light", BANK, http_api=False)
    assert sent(jar) == "sid=1; theme=light"


@pytest.mark.parametrize(
    ("header", "url", "ok"),
    [
        ("__Host-a=1; Secure; Path=/", BANK, True),
        ("__Host-a=1; Path=/; Secure; HttpOnly; SameSite=Lax", "https://bank.test/x/y", True),
        ("__Host-a=1; Secure", BANK, False),  # the attribute itself must be there
        ("__Host-a=1; Path=/", BANK, False),
        ("__Host-a=1; Secure; Path=/x", BANK, False),
        ("__Host-a=1; Secure; Path=/; Domain=bank.test", BANK, False),
        ("__host-a=1; Secure", BANK, False),
        ("__Host-a=1; Secure; Path=/", "http://bank.test/", False),
        ("__Secure-a=1; Secure", BANK, True),
        ("__Secure-a=1; Secure; Domain=bank.test", "https://app.bank.test/", True),
        ("__Secure-a=1", BANK, False),
        ("__SECURE-a=1", BANK, False),
        ("=__Host-a", BANK, False),
        ("__Secure-a; Secure", BANK, False),
    ],
)
def test_prefixes(header: str, url: str, ok: bool) -> None:
    assert bool(CookieJar(Clock(NOW).now).set_cookie(header, url)) is ok


@pytest.mark.parametrize(
    ("value", "samesite"),
    [("Strict", "Strict"), ("LAX", "Lax"), ("", "Default"), ("x", "Default"),
     ("Strict; SameSite=Lax", "Lax"), ("Strict; SameSite=x", "Default")],
)  # fmt: skip
def test_samesite_values(value: str, samesite: str) -> None:
    assert read(f"a=1; SameSite={value}").samesite == samesite


def test_a_cross_site_answer_sets_only_samesite_none() -> None:
    jar = CookieJar(Clock(NOW).now)
    for header in ("a=1", "a=1; SameSite=Lax", "a=1; SameSite=Strict"):
        assert not jar.set_cookie(header, BANK, first_party=False)
    assert jar.set_cookie("a=1; SameSite=None; Secure", BANK, first_party=False)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, ""),
        ({"url": "https://app.bank.test/a"}, "belongs to bank.test"),
        ({"url": "https://bank.test/"}, "is for /a"),
        ({"url": "http://bank.test/a"}, "is Secure"),
        ({"http_api": False}, "is HttpOnly"),
        ({"credentials": "omit"}, "credentials is 'omit'"),
        (
            {"credentials": "same-origin", "initiator": "https://app.bank.test"},
            "the origin another",
        ),
        ({"initiator": "https://evil.test"}, "is SameSite=Strict"),
        ({"initiator": "https://app.bank.test", "top_level": False, "method": "POST"}, ""),
        ({"initiator": "http://bank.test"}, "is SameSite=Strict"),
    ],
)
def test_the_reason_for_each_decision(options: dict[str, object], why: str) -> None:
    jar = jar_with("a=1; Path=/a; Secure; HttpOnly; SameSite=Strict")
    (cookie,) = jar
    decision = jar.decide(cookie, **{"url": "https://bank.test/a", **options})  # type: ignore[arg-type]
    assert bool(decision) is not why or not why
    assert why in decision.why
    assert decision.rule


def test_an_expired_cookie_is_decided_too() -> None:
    clock = Clock(NOW)
    jar = jar_with("a=1; Max-Age=1", clock=clock)
    (cookie,) = jar
    clock.advance(1)
    assert "expired" in jar.decide(cookie, BANK).why


ODD = st.text(st.sampled_from('a=;,"\\ \t\x00\r\nü\ud800-:/.%_') | st.characters(), max_size=60)
ATTRIBUTE = st.sampled_from(["Domain", "Path", "Max-Age", "Expires", "SameSite", "Secure", "x"])


@settings(deadline=None)
@given(ODD, st.lists(st.tuples(ATTRIBUTE, ODD), max_size=4), st.sampled_from([
    BANK, "http://127.0.0.1/a/b", "https://a.github.io", "http://[::1]:1/"]))  # fmt: skip
def test_hostile_headers_never_raise(
    pair: str, attributes: list[tuple[str, str]], url: str
) -> None:
    jar = jar_with("a=1; Secure", url="https://bank.test/")
    header = "; ".join([pair, *(f"{name}={value}" for name, value in attributes)])
    decision = jar.set_cookie(header, url)
    assert decision.why
    assert decision.rule
    for cookie in jar.cookies_for(url):
        assert not set("\r\n\0;") & set(str(cookie))
        assert cookie.belongs_to("bank.test") or not url.startswith(BANK)
