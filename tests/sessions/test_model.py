"""Whatever is called in whatever order, every store does what a dict with a clock would do."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from authlab.clock import Clock
from authlab.sessions import Store
from tests.sessions.servers import START, open_kind

KEYS = st.sampled_from(["a", "a:b", "a\0", "ä", "../a", "*", "session:1"]) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4
)
VALUES = st.binary(max_size=20)
TTLS = st.sampled_from([0.001, 0.5, 1, 2, 60, 3600])


class StoresBesideADict(RuleBasedStateMachine):
    """Four stores on one clock get the same calls; each answer is the model's."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(start=START)
        self.folder = Path(tempfile.mkdtemp())
        kinds = ("memory", "file", "sqlite", "fakeredis")
        self.stores = [open_kind(kind, self.folder, self.clock) for kind in kinds]
        self.model: dict[str, tuple[float, bytes]] = {}

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        shutil.rmtree(self.folder)

    def all_say(self, expected: object, method: str, *arguments: Any) -> None:
        for store in self.stores:
            assert getattr(store, method)(*arguments) == expected, (store, method, arguments)

    def look(self, key: str) -> bytes | None:
        ends, value = self.model.get(key, (0.0, b""))
        return value if self.clock.now() < ends else None

    def write(self, key: str, value: bytes, ttl: float) -> None:
        self.model[key] = (self.clock.now() + ttl, value)

    @rule(seconds=st.sampled_from([0.0005, 0.001, 0.5, 1, 30, 3600]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule(key=KEYS, value=VALUES, ttl=TTLS)
    def set(self, key: str, value: bytes, ttl: float) -> None:
        self.write(key, value, ttl)
        self.all_say(None, "set", key, value, ttl)

    @rule(key=KEYS, value=VALUES, ttl=TTLS)
    def add(self, key: str, value: bytes, ttl: float) -> None:
        free = self.look(key) is None
        if free:
            self.write(key, value, ttl)
        self.all_say(free, "add", key, value, ttl)

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        self.all_say(self.look(key), "get", key)

    @rule(key=KEYS)
    def pop(self, key: str) -> None:
        expected = self.look(key)
        self.model.pop(key, None)
        self.all_say(expected, "pop", key)

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        expected = self.look(key) is not None
        self.model.pop(key, None)
        self.all_say(expected, "delete", key)

    @rule(key=KEYS, ttl=TTLS)
    def touch(self, key: str, ttl: float) -> None:
        value = self.look(key)
        if value is not None:
            self.write(key, value, ttl)
        self.all_say(value is not None, "touch", key, ttl)

    @rule(key=KEYS, extra=VALUES, ttl=TTLS)
    def update(self, key: str, extra: bytes, ttl: float) -> None:
        def change(old: bytes | None) -> bytes | None:
            return None if old == extra else (old or b"") + extra

        new = change(self.look(key))
        if new is None:
            self.model.pop(key, None)
        else:
            self.write(key, new, ttl)
        self.all_say(new, "update", key, change, ttl)

    @rule(prefix=st.just("") | KEYS)
    def keys(self, prefix: str) -> None:
        expected = sorted(key for key in self.model if key.startswith(prefix) and
                          self.look(key) is not None)  # fmt: skip
        for store in self.stores:
            assert sorted(store.keys(prefix)) == expected, store

    @invariant()
    def every_store_has_what_the_model_has(self) -> None:
        for key in self.model:
            expected = self.look(key)
            assert [store.get(key) for store in self.stores] == [expected] * 4


TestStoresBesideADict = StoresBesideADict.TestCase
TestStoresBesideADict.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_model_can_tell_a_store_that_is_wrong() -> None:
    """One that forgets to look at the time is found out."""
    machine = StoresBesideADict()
    try:
        forgetful = machine.stores[0]
        forgetful._get = lambda key: forgetful.records[key][1]  # type: ignore[attr-defined, method-assign]
        machine.set("a", b"x", 1)
        machine.time_passes(1)
        caught = False
        try:
            machine.get("a")
        except AssertionError:
            caught = True
        assert caught
    finally:
        machine.teardown()


def test_stores_are_stores() -> None:
    machine = StoresBesideADict()
    assert all(isinstance(store, Store) for store in machine.stores)
    machine.teardown()
