"""The bank's own page in a real browser: the same page on both ways to log in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from authlab.bank import PASSWORDS, Accounts, Auth, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import RefreshTokens
from authlab.sessions import Sessions, open_store
from authlab.web import serve

# Chromium takes loopback for a secure context: even the strictest cookie works there.
WAYS: dict[str, Callable[[], Auth]] = {
    "session": lambda: SessionAuth(Sessions(open_store("memory://"))),
    "token in a header": lambda: TokenAuth(generate_key("EdDSA")),
    "token in a cookie": lambda: TokenAuth(generate_key("HS256"), carry="cookie"),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


def test_the_owner_ends_a_session_elsewhere(browser: Browser, page: Page) -> None:
    bank = make_bank(WAYS["session"](), accounts=Accounts(method="scrypt:1024:8:1"))
    with serve(bank) as server, browser.new_context() as context:
        phone = context.new_page()
        for one in (phone, page):
            one.goto(server.url)
            log_in(one, "alice")
            expect(one.locator(".balance")).to_be_visible()
        page.get_by_label("Your password").fill(PASSWORDS["alice"])
        page.get_by_role("button", name="End it").click()
        expect(page.locator("#sessions li")).to_have_count(1)
        phone.reload()
        expect(phone.get_by_label("Name")).to_be_visible()
        page.close()


def log_in(page: Page, name: str, password: str = "") -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(password or PASSWORDS[name])
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("way", list(WAYS))
def test_a_customer_in_a_real_browser(way: str, page: Page) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    bank = make_bank(WAYS[way](), accounts=Accounts(method="scrypt:1024:8:1"))
    with serve(bank) as server:
        page.goto(server.url)
        log_in(page, "alice", "a-wrong-password")
        expect(page.get_by_role("status")).to_contain_text("wrong")
        log_in(page, "alice")
        expect(page.locator(".balance")).to_have_text("alice has 1000 euros.")
        page.get_by_label("To", exact=True).fill("bob")
        page.get_by_label("Euros").fill("25")
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".balance")).to_have_text("alice has 975 euros.")
        page.reload()
        expect(page.locator(".balance")).to_have_text("alice has 975 euros.")
        expect(page.locator("#sessions li")).to_have_count(1)
        readable = page.evaluate("document.cookie + (localStorage.getItem('token') || '')")
        assert bool(readable) == (way == "token in a header")
        page.get_by_role("button", name="Log out here").click()
        expect(page.get_by_label("Name")).to_be_visible()
        said = page.get_by_role("status").text_content() or ""
        assert ("A copy of the token works for" in said) == (way != "session")
        page.close()
    assert problems == []


@contextmanager
def the_page_at_rest(page: Page) -> Iterator[None]:
    """Wait for the last answer the page asks for: a clock moved before it renews once more."""
    with page.expect_response("**/sessions"):
        yield


@pytest.mark.parametrize("carry", ["header", "cookie"])
def test_the_page_renews_by_itself(carry: Any, page: Page) -> None:
    clock = Clock()
    tokens = RefreshTokens(open_store("memory://", clock), clock, ttl=3600)
    auth = TokenAuth(generate_key("HS256"), carry=carry, refresh=tokens)
    bank = make_bank(auth, accounts=Accounts(method="scrypt:1024:8:1"))
    renewals: list[str] = []
    page.on("response", lambda answer: renewals.append(f"{answer.status} {answer.url}"))
    with serve(bank) as server:
        page.goto(server.url)
        with the_page_at_rest(page):
            log_in(page, "alice")
        for _ in range(2):
            clock.advance(minutes=6)
            with the_page_at_rest(page):
                page.reload()
            expect(page.locator(".balance")).to_have_text("alice has 1000 euros.")
        assert [line[:3] for line in renewals if line.endswith("/refresh")] == ["200", "200"]
        cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
        if carry == "cookie":
            kept = cookies["__Secure-refresh"]
            assert (kept["path"], kept["httpOnly"], kept["sameSite"]) == (
                "/refresh",
                True,
                "Strict",
            )
            assert (
                page.evaluate("document.cookie + localStorage.getItem('refresh_token')") == "null"
            )
        clock.advance(minutes=6)
        page.get_by_role("button", name="Log out here").click()  # renews, then logs out
        expect(page.get_by_label("Name")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Name")).to_be_visible()
        assert page.evaluate("localStorage.length") == 0
        page.close()
