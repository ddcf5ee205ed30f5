"""What Chromium 156 was measured to do, one test a line.

Each cookie is set over https by the bank itself; then another page asks.
"""

import pytest

from authlab.clock import Clock
from authlab.web import Browser, CookieJar, Network, Page

from .sample import make_app

BANK, SHOP, EVIL = "https://bank.test/", "https://shop.bank.test/", "https://evil.test/"
KINDS = {
    "strict": "strict=1; SameSite=Strict; Secure",
    "lax": "lax=1; SameSite=Lax; Secure",
    "none": "none=1; SameSite=None; Secure",
    "unspecified": "unspecified=1; Secure",
}
ALL = set(KINDS)


def sent(age: float, **request: object) -> set[str]:
    """The kinds of cookies that go, when they are `age` seconds old."""
    clock = Clock(1_000_000)
    jar = CookieJar(clock.now)
    for header in KINDS.values():
        assert jar.set_cookie(header, BANK)
    clock.advance(age)
    return {cookie.name for cookie in jar.cookies_for(BANK, **request)}  # type: ignore[arg-type]


@pytest.mark.parametrize("age", [1, 200])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_cross_site_fetch_image_and_frame_send_only_none(age: float, method: str) -> None:
    assert sent(age, initiator=EVIL, top_level=False, method=method) == {"none"}


@pytest.mark.parametrize("age", [1, 200])
def test_cross_site_link_sends_lax_none_and_unspecified(age: float) -> None:
    assert sent(age, initiator=EVIL) == {"lax", "none", "unspecified"}


@pytest.mark.parametrize(
    ("age", "kinds"),
    [
        (1, {"none", "unspecified"}),
        (119, {"none", "unspecified"}),
        (120, {"none"}),
        (200, {"none"}),
    ],
)
def test_cross_site_post_sends_none_and_what_is_unspecified_and_young(
    age: float, kinds: set[str]
) -> None:
    assert sent(age, initiator=EVIL, method="POST") == kinds


@pytest.mark.parametrize("initiator", [None, BANK, SHOP])
@pytest.mark.parametrize("top_level", [True, False])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_same_site_sends_all(initiator: str | None, top_level: bool, method: str) -> None:
    assert sent(200, initiator=initiator, top_level=top_level, method=method) == ALL


def test_default_credentials_send_nothing_across_origins() -> None:
    options = {"initiator": SHOP, "top_level": False, "credentials": "same-origin"}
    assert sent(1, **options) == set()
    assert sent(1, **{**options, "initiator": BANK}) == ALL


@pytest.mark.parametrize(
    "header",
    [
        "a=1; SameSite=None",
        "__Host-a=1; Secure; Path=/; Domain=bank.test",
        "__Host-a=1; Secure; Path=/x",
        "__Secure-a=1",
    ],
)
def test_refused_at_setting(header: str) -> None:
    assert not CookieJar().set_cookie(header, BANK)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "bank.localhost"])
def test_a_loopback_takes_and_gets_secure_cookies_over_http(host: str) -> None:
    jar = CookieJar()
    for header in ("a=1; Secure", "__Host-b=1; Secure; Path=/", "__Secure-c=1; Secure",
                   "d=1; SameSite=None; Secure"):  # fmt: skip
        assert jar.set_cookie(header, f"http://{host}:8000/")
    assert len(jar.cookies_for(f"http://{host}:9000/")) == 4
    assert not CookieJar().set_cookie("a=1; Secure", "http://bank.test:8000/")


def test_a_new_value_makes_a_cookie_young_again_and_the_same_value_does_not() -> None:
    clock = Clock(1_000_000)
    jar = CookieJar(clock.now)
    for header in ("same=1", "other=1"):
        jar.set_cookie(header, BANK)
    clock.advance(minutes=3)
    for header in ("same=1", "other=2"):
        jar.set_cookie(header, BANK)
    posted = jar.cookies_for(BANK, method="POST", initiator=EVIL)
    assert [cookie.name for cookie in posted] == ["other"]


@pytest.mark.parametrize(
    ("a", "b", "readable"),
    [
        ("http://bank.localhost/", "http://evil.localhost/", False),
        ("http://app.bank.localhost/", "http://evil.bank.localhost/", False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:9000/", False),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/account", True),
    ],
)
def test_another_origin_is_not_readable_but_reached(a: str, b: str, readable: bool) -> None:
    network, reached = Network(), []
    app = make_app()
    app.before_request(lambda: reached.append(1))
    for url in {a, b.removesuffix("account")}:
        network.host(url, app)
    browser = Browser(network)
    page: Page = browser.goto(a)
    reached.clear()
    reply = browser.fetch(b, page=page, credentials="include")
    assert bool(reply.readable) is readable
    assert reached == [1]
    assert bool(reply.text) is readable
