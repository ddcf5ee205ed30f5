"""What the session explorer shows is what the four stores hold."""

from collections.abc import Iterator

import pytest

from authlab.widgets.explorer import draw_browser, draw_held, draw_server
from authlab.widgets.explorer_state import STORES, Exploration, Held, span

MEMORY, FILE, SQLITE, REDIS = STORES


@pytest.fixture
def lab() -> Iterator[Exploration]:
    lab = Exploration()
    yield lab
    lab.close()


def logged_in(lab: Exploration) -> list[str]:
    return [name for name in STORES if lab.look(name).ok]


def test_it_begins_with_alice_logged_in(lab: Exploration) -> None:
    assert logged_in(lab) == list(STORES)
    assert {lab.look(name).verdict for name in STORES} == {"Logged in: the server knows this id"}
    assert {lab.look(name).clock for name in STORES} == {"08:05"}


@pytest.mark.parametrize("name", STORES)
def test_it_shows_what_the_store_holds(lab: Exploration, name: str) -> None:
    seen = lab.look(name)
    assert sorted(held.key for held in seen.held) == sorted(lab.scenes[name].store.keys())
    record = seen.held[0]
    assert record.key == f"session:{seen.handle}"
    assert '"user": "alice"' in record.answer
    assert record.left == seen.idle_left == 1500
    assert seen.cookie
    assert not any(seen.cookie in held.question + held.answer for held in seen.held)
    assert seen.cookie in draw_browser(seen)
    assert seen.cookie not in draw_server(seen, name)


def test_a_restart_is_forgotten_by_memory_alone(lab: Exploration) -> None:
    lab.restart()
    assert logged_in(lab) == [FILE, SQLITE, REDIS]
    assert "restarted" in lab.look(MEMORY).verdict
    assert "records is {}" in draw_server(lab.look(MEMORY), MEMORY)
    lab.request()
    assert "answer: 401" in lab.look(MEMORY).exchange
    assert "answer: 200" in lab.look(FILE).exchange
    lab.log_in()
    assert logged_in(lab) == list(STORES)


def test_idle_time_ends_it_and_redis_alone_drops_the_record(lab: Exploration) -> None:
    lab.wait(24)
    assert logged_in(lab) == list(STORES)
    lab.wait(1)
    assert logged_in(lab) == []
    for name in STORES:
        seen = lab.look(name)
        assert "idle for 30 minutes" in seen.verdict
        there = [held for held in seen.held if held.key == f"session:{seen.handle}"]
        assert [held.left for held in there] == ([] if name == REDIS else [0])


def test_looking_is_no_request(lab: Exploration) -> None:
    for _ in range(5):
        lab.wait(5)
        for name in STORES:
            lab.look(name)
    assert logged_in(lab) == []


def test_the_absolute_end_comes_for_the_busy_too(lab: Exploration) -> None:
    for _ in range(71):
        lab.wait(10)
        lab.request()
    assert logged_in(lab) == list(STORES)
    lab.wait(5)
    assert logged_in(lab) == []
    lab.wait(60)  # idle as well by now, but that is not what ended it
    for name in STORES:
        assert lab.look(name).verdict == (
            "Logged out: 12 hours have passed since log-in, however busy Alice was"
        )


def test_logging_out_leaves_nothing(lab: Exploration) -> None:
    lab.log_out()
    lab.log_out()
    for name in STORES:
        seen = lab.look(name)
        assert (seen.ok, seen.cookie, seen.handle, seen.held) == (False, None, "", [])
        assert "deleted" in seen.verdict


def test_each_log_in_has_an_id_of_its_own(lab: Exploration) -> None:
    before = {name: lab.look(name) for name in STORES}
    lab.log_in()
    for name, old in before.items():
        seen = lab.look(name)
        assert seen.cookie != old.cookie
        assert f"session:{old.handle}" not in {held.key for held in seen.held}


def test_it_leaves_no_folder_behind() -> None:
    lab = Exploration()
    folder = lab.scenes[FILE].store.folder.parent  # type: ignore[attr-defined]
    assert folder.exists()
    lab.close()
    lab.close()
    assert not folder.exists()


def test_what_a_store_holds_is_text_and_no_markup() -> None:
    html = draw_held(Held("session:x", "GET <b>", "<img src=x onerror=y()>", 60), "")
    assert "<img" not in html
    assert "<b>" in html.partition("GET")[0]
    assert "<b>" not in html.partition("GET")[2]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 minutes"), (60, "1 minute"), (3600, "1 hour"), (42900, "11 hours 55 minutes")],
)
def test_span(seconds: float, said: str) -> None:
    assert span(seconds) == said
