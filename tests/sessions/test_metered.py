"""What `Metered` counts, over every store."""

import threading

import pytest

from authlab.sessions import InvalidEntry, Metered, Store, StoreUnavailable


def counts(store: Metered) -> tuple[int, int, int, int]:
    return store.reads, store.writes, store.bytes_read, store.bytes_written


def test_each_call_counts_for_what_it_does(store: Store) -> None:
    metered = Metered(store)
    steps = (
        (lambda: metered.get("a"), (1, 0, 0, 0)),
        (lambda: metered.set("a", b"12345", 60), (0, 1, 0, 5)),
        (lambda: metered.get("a"), (1, 0, 5, 0)),
        (lambda: metered.add("a", b"123", 60), (0, 1, 0, 0)),
        (lambda: metered.add("b", b"123", 60), (0, 1, 0, 3)),
        (lambda: metered.touch("a", 60), (0, 1, 0, 0)),
        (lambda: metered.update("a", lambda old: b"1234567", 60), (1, 1, 5, 7)),
        (lambda: metered.update("b", lambda old: None, 60), (1, 1, 3, 0)),
        (lambda: list(metered.keys()), (1, 0, 1, 0)),
        (lambda: metered.pop("a"), (1, 1, 7, 0)),
        (lambda: metered.delete("a"), (0, 1, 0, 0)),
    )
    total = (0, 0, 0, 0)
    for call, expected in steps:
        before, seconds = counts(metered), metered.seconds
        call()
        now = counts(metered)
        assert tuple(b - a for a, b in zip(before, now, strict=True)) == expected
        assert metered.seconds > seconds
        total = now
    assert total == (6, 8, 21, 15)
    metered.reset()
    assert (*counts(metered), metered.seconds) == (0, 0, 0, 0, 0.0)


def test_it_is_a_store_like_the_one_inside(store: Store) -> None:
    metered = Metered(store)
    assert (metered.name, metered.clock, metered.store) == (store.name, store.clock, store)
    with pytest.raises(InvalidEntry):
        metered.get("")
    assert counts(metered) == (0, 0, 0, 0)
    metered.close()
    for closed in (metered, store):
        with pytest.raises(StoreUnavailable):
            closed.get("a")


def test_a_call_that_fails_counts(store: Store) -> None:
    metered = Metered(store)
    store.close()
    with pytest.raises(StoreUnavailable):
        metered.get("a")
    assert counts(metered) == (1, 0, 0, 0)


def test_threads_lose_no_count(store: Store) -> None:
    metered = Metered(store)

    def work() -> None:
        for _ in range(20):
            metered.set("a", b"12", 60)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(metered) == (0, 160, 0, 320)
