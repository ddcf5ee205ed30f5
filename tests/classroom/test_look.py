"""The shared look: HTML that nothing written into it can break."""

import io
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authlab.classroom import look

TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.text("<>&\"'`=/ \0\ud800")


class Reader(HTMLParser):
    """Collect the tags and the text of a page, and see that each tag is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        assert {name for name, _ in attrs} <= {"style", "role", "scope", "aria-hidden"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@given(TEXT)
def test_text_stays_text(text: str) -> None:
    page = look.verdict(True, text) + look.note(text) + look.table((text,), [(text,)], text)
    page.encode("utf-8")
    read = Reader(page)
    assert read.tags == [
        *("div", "span", "div"),
        *("table", "caption", "thead", "tr", "th", "tbody", "tr", "th"),
    ]


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"),
        ("\ud800\0\x1b\x7f\x85", "\\ud800\\x00\\x1b\\x7f\\x85"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("Zoë ✓ 🙂\n\t", "Zoë ✓ 🙂\n\t"),
        (5, "5"),
    ],
)
def test_escape(text: object, page: str) -> None:
    assert look.escape(text) == page


def test_a_verdict_has_a_mark_and_is_read_out() -> None:
    pages = [look.verdict(ok, "text") for ok in (True, False, None)]
    assert [Reader(page).text for page in pages] == ["✓ text", "✗ text", "• text"]
    assert all('role="status"' in page for page in pages)
    assert "font-size" not in look.verdict(True, "text", large=False)


def test_a_table_names_its_columns_and_rows() -> None:
    page = look.table(["Notebook", "Done"], [["01", 3], ["02", None]], "Progress")
    assert page.count('scope="col"') == page.count('scope="row"') == 2
    assert Reader(page).text == "ProgressNotebookDone01302None"


def test_colours_of_text_and_paper_are_the_themes() -> None:
    for page in (look.verdict(True, "x"), look.note("x"), look.table(["x"], [], "x")):
        assert "color:var(--jp-ui-font-color1" in page
        assert "background:var(--jp-layout-color" in page


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_say_prints_whatever_it_is(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    look.say("✓ \ud800 ok")
    screen.flush()
    shown = screen.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert shown.endswith(" \\ud800 ok\n")


def test_a_message_is_broken_between_words(capsys: pytest.CaptureFixture[str]) -> None:
    text = "a well-known word " * 20 + "\n" + "x" * 200
    look.tell(text)
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(lines).split() == text.split()
    assert max(map(len, lines[:-1])) <= 90
    assert lines[-1] == "x" * 200
