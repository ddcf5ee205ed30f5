"""Origins and sites (HTML standard, 7.1.1), and what is no URL at all."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlab.web import BadUrl, Decision, WebError, origin_of, same_site, site_of
from authlab.web.urls import is_trustworthy


@pytest.mark.parametrize(
    ("url", "origin", "site"),
    [
        ("https://bank.test", "https://bank.test", "https://bank.test"),
        ("HTTPS://Shop.BANK.test:443/a?b#c", "https://shop.bank.test", "https://bank.test"),
        ("http://bank.test:80/", "http://bank.test", "http://bank.test"),
        ("https://bank.test:8443/", "https://bank.test:8443", "https://bank.test"),
        ("https://bank.test:80/", "https://bank.test:80", "https://bank.test"),
        ("https://u:p@bank.test/", "https://bank.test", "https://bank.test"),
        ("https://a.b.example.co.uk", "https://a.b.example.co.uk", "https://example.co.uk"),
        ("https://alice.github.io", "https://alice.github.io", "https://alice.github.io"),
        ("https://x.alice.github.io", "https://x.alice.github.io", "https://alice.github.io"),
        ("https://github.io", "https://github.io", "https://github.io"),
        ("https://test", "https://test", "https://test"),
        ("http://localhost:5000/", "http://localhost:5000", "http://localhost"),
        ("http://app.bank.localhost", "http://app.bank.localhost", "http://bank.localhost"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000", "http://127.0.0.1"),
        ("http://[::1]:8000/", "http://[::1]:8000", "http://[::1]"),
        ("http://[0:0::1]/", "http://[::1]", "http://[::1]"),
        (
            "https://BÜCHER.example",
            "https://xn--bcher-kva.example",
            "https://xn--bcher-kva.example",
        ),
        ("https://bank.test./", "https://bank.test.", "https://bank.test."),
        ("https://my_host.test", "https://my_host.test", "https://my_host.test"),
    ],
)
def test_origin_and_site(url: str, origin: str, site: str) -> None:
    assert (origin_of(url), site_of(url)) == (origin, site)
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://bank.test", "https://shop.bank.test:8443/x", True),
        ("https://bank.test", "http://bank.test", False),  # schemeful
        ("https://bank.test", "https://evil.test", False),
        ("https://alice.github.io", "https://mallory.github.io", False),
        ("http://bank.localhost", "http://evil.localhost", False),
        ("http://app.bank.localhost", "http://evil.bank.localhost", True),
        ("http://127.0.0.1:1", "http://127.0.0.1:2", True),
        ("http://127.0.0.1", "http://127.0.0.2", False),
        ("http://192.0.2.1", "http://198.51.2.1", False),
    ],
)
def test_same_site(a: str, b: str, same: bool) -> None:
    assert same_site(a, b) is same
    assert same_site(b, a) is same


@pytest.mark.parametrize(
    "url",
    [
        "", "bank.test", "/login", "https:", "https://", "https:///x", "ftp://bank.test", "data:,x",
        "javascript:alert(1)", "https://:443", "https://bank.test:x", "https://bank.test:65536",
        "https://bank.test:-1", "https://a b.test", "https://bank.test\\@evil.test",
        "https://bank.test\t/", "https://bank.test/\n", "https://ba\x00nk.test", "https://-a.test",
        "https://a..test", "https://.test", "https://%62ank.test", "https://[::1", "https://[x]",
        "https://[::1%25lo]/", "https://1.2.3", "https://0x7f.1", "https://256.1.1.1",
        "https://" + "a" * 64 + ".test", "https://" + "a." * 127 + "test", "https://\u200b.test",
        "https://a\u2044b.test",
    ],
)  # fmt: skip
def test_rubbish_is_a_bad_url(url: str) -> None:
    for ask in (origin_of, site_of):
        with pytest.raises(BadUrl, match=r"Not a URL of the web: found .*, expected http"):
            ask(url)


@pytest.mark.parametrize("thing", [None, 1, b"https://bank.test", ["https://bank.test"]])
def test_what_is_no_text_is_a_bad_url(thing: object) -> None:
    with pytest.raises(BadUrl):
        origin_of(thing)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.text() | st.text().map(lambda text: f"https://{text}"))
def test_no_other_error_leaves(url: str) -> None:
    try:
        site = site_of(url)
    except WebError:
        return
    assert same_site(site, url)


@pytest.mark.parametrize(
    ("url", "yes"),
    [
        ("https://bank.test", True), ("http://bank.test", False), ("http://localhost:1", True),
        ("http://bank.localhost", True), ("http://127.8.8.8", True), ("http://[::1]", True),
        ("http://192.0.2.1", False), ("http://notlocalhost", False),
        ("http://localhost.test", False), ("http://localhost.", True),
    ],
)  # fmt: skip
def test_trustworthy(url: str, yes: bool) -> None:
    assert is_trustworthy(url) is yes


def test_a_decision_is_its_answer_and_an_error_survives_a_process() -> None:
    assert Decision(True, "so", "here")
    assert not Decision(False, "so", "here")
    assert str(Decision(False, "it is late", "RFC 1, 2")) == "no: it is late (RFC 1, 2)"
    error = pickle.loads(pickle.dumps(WebError("a", "b", "c", "d")))
    assert str(error) == "a: found b, expected c (d)"
