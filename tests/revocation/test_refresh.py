"""Refresh tokens: rotation, reuse at every depth, the window for retries, what is at rest."""

import json
import math
import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from authlab.clock import Clock
from authlab.jose import decode
from authlab.jose.encoding import show
from authlab.revocation import (
    InvalidArgument,
    InvalidRefreshToken,
    RefreshReused,
    RefreshTokens,
)
from authlab.revocation.families import KEPT, Link, name_of
from authlab.sessions import Store, StoreUnavailable, open_store

TTL = 3600


@pytest.fixture
def make(store: Store, clock: Clock) -> Callable[..., RefreshTokens]:
    def build(**options: Any) -> RefreshTokens:
        return RefreshTokens(store, clock, **{"ttl": TTL, **options})

    return build


def chain(refresh: RefreshTokens, length: int, user: str = "alice") -> list[str]:
    """Issue a token, exchange it and each that follows; return all, the live one last."""
    tokens = [refresh.issue(user)]
    for _ in range(length):
        tokens.append(refresh.exchange(tokens[-1]).refresh)
    return tokens


def is_live(refresh: RefreshTokens, token: str) -> bool:
    return refresh.family(token).members[-1].live


# -- rotation ---------------------------------------------------------------------------------


def test_an_exchange_gives_two_new_tokens(make: Callable[..., RefreshTokens]) -> None:
    refresh = make(access=lambda user: f"access of {user}")
    first = refresh.issue("alice")
    access, second = refresh.exchange(first)
    assert access == "access of alice"
    assert second not in ("", first)
    assert refresh.exchange(second, access=str.upper).access == "ALICE"


def test_the_access_token_is_a_short_jwt_by_default(
    make: Callable[..., RefreshTokens], clock: Clock
) -> None:
    refresh = make()
    access = refresh.exchange(refresh.issue("alice")).access
    tokens = refresh._access.__self__  # type: ignore[attr-defined]
    claims = decode(access, tokens.key, ["HS256"], audience=tokens.issuer, now=clock.now())
    assert claims["sub"] == "alice"
    assert claims["exp"] - clock.now() <= 300


@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize("grace", [0, 10])
def test_reuse_at_each_depth_ends_the_family(
    make: Callable[..., RefreshTokens], depth: int, grace: float
) -> None:
    refresh = make(grace=grace)
    tokens = chain(refresh, 5)
    with pytest.raises(RefreshReused):
        refresh.exchange(tokens[depth])
    for token in tokens:
        with pytest.raises(InvalidRefreshToken):
            refresh.exchange(token)
    family = refresh.family(tokens[-1])
    assert family.over == "reused"
    assert family.why == "a token of it was used twice"
    assert not any(member.live for member in family.members)


def test_one_family_ends_and_no_other(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    here, there, bobs = chain(refresh, 1), chain(refresh, 1), chain(refresh, 1, "bob")
    with pytest.raises(RefreshReused):
        refresh.exchange(here[0])
    refresh.exchange(there[-1])
    refresh.exchange(bobs[-1])


def test_without_detection_a_used_token_is_refused_only(make: Callable[..., RefreshTokens]) -> None:
    refresh = make(detect_reuse=False)
    tokens = chain(refresh, 3)
    for token in tokens[:-1]:
        with pytest.raises(RefreshReused):
            refresh.exchange(token)
    refresh.exchange(tokens[-1])


def test_without_rotation_the_token_stays(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make(rotate=False)
    token = refresh.issue("alice")
    assert [refresh.exchange(token).refresh for _ in range(3)] == [token] * 3
    assert [member.used for member in refresh.family(token).members] == [None]
    assert refresh.revoke(token)
    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(token)


def test_the_picture_of_a_family(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make()
    began = clock.now()
    tokens = [refresh.issue("alice")]
    for _ in range(2):
        clock.advance(60)
        tokens.append(refresh.exchange(tokens[-1]).refresh)
    family = refresh.family(tokens[1])
    assert (family.user, family.began, family.why, family.asked) == ("alice", began, "", 1)
    assert [tuple(member) for member in family.members] == [
        (0, None, began, began + 60, False),
        (1, 0, began + 60, began + 120, False),
        (2, 1, began + 120, None, True),
    ]
    assert family.ends == began + 120 + TTL
    shown = repr(family)
    assert not any(token in shown for token in tokens)


# -- a long family ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize("grace", [0, 10])
def test_the_oldest_token_of_a_long_family_is_not_forgotten(
    make: Callable[..., RefreshTokens], store: Store, grace: float
) -> None:
    """Or a thief who exchanges quickly makes the family forget the owner's token."""
    refresh = make(grace=grace, access=str)
    tokens = chain(refresh, 1000)
    key = next(store.keys("refresh:"))
    assert len(store.get(key) or b"") < 8_000
    assert len(refresh.family(tokens[0]).members) == KEPT
    assert refresh.family(tokens[0]).asked is None
    with pytest.raises(RefreshReused):
        refresh.exchange(tokens[0])
    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(tokens[-1])


@pytest.mark.parametrize("kind", ["memory"])
def test_a_window_that_mints_is_bounded_too(
    make: Callable[..., RefreshTokens], store: Store
) -> None:
    refresh = make(grace=10, grace_mints=True, access=str)
    token = refresh.issue("alice")
    with suppress(RefreshReused):  # in the end it forgets the parent, and gives no more
        for _ in range(300):
            refresh.exchange(token)
    assert len(store.get(next(store.keys("refresh:"))) or b"") < 8_000


# -- the window for retries ---------------------------------------------------------------------


def test_a_lost_reply_heals(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make(grace=10)
    token = refresh.issue("alice")
    lost = refresh.exchange(token)
    clock.advance(9)
    again = refresh.exchange(token)
    assert again.refresh == lost.refresh
    assert len(refresh.family(token).members) == 2
    assert is_live(refresh, token)


def test_without_a_window_a_lost_reply_signs_out(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    token = refresh.issue("alice")
    refresh.exchange(token)
    with pytest.raises(RefreshReused):
        refresh.exchange(token)


@pytest.mark.parametrize(("after", "heals"), [(9.999, True), (10, False), (10.001, False)])
def test_the_end_of_the_window(
    make: Callable[..., RefreshTokens], clock: Clock, after: float, heals: bool
) -> None:
    refresh = make(grace=10)
    token = refresh.issue("alice")
    child = refresh.exchange(token).refresh
    clock.advance(after)
    if heals:
        assert refresh.exchange(token).refresh == child
    else:
        with pytest.raises(RefreshReused):
            refresh.exchange(token)


def test_a_retry_moves_no_end(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make(grace=10)
    token = refresh.issue("alice")
    refresh.exchange(token)
    ends = refresh.family(token).ends
    for _ in range(2):
        clock.advance(4)
        refresh.exchange(token)
    clock.advance(4)
    assert refresh.family(token).ends == ends
    with pytest.raises(RefreshReused):
        refresh.exchange(token)


def test_the_one_before_the_last_heals_nothing(make: Callable[..., RefreshTokens]) -> None:
    refresh = make(grace=10)
    tokens = chain(refresh, 2)
    with pytest.raises(RefreshReused):
        refresh.exchange(tokens[0])


def test_once_the_child_is_used_its_parent_is_reuse(make: Callable[..., RefreshTokens]) -> None:
    refresh = make(grace=10)
    token = refresh.issue("alice")
    child = refresh.exchange(token).refresh
    assert refresh.exchange(token).refresh == child
    refresh.exchange(child)
    with pytest.raises(RefreshReused):
        refresh.exchange(token)


def test_a_window_done_wrong_hides_a_thief(make: Callable[..., RefreshTokens]) -> None:
    refresh = make(grace=10, grace_mints=True)
    stolen = refresh.issue("alice")
    mine, hers = refresh.exchange(stolen).refresh, refresh.exchange(stolen).refresh
    assert mine != hers
    for _ in range(3):
        mine, hers = refresh.exchange(mine).refresh, refresh.exchange(hers).refresh
    assert sum(member.live for member in refresh.family(mine).members) == 2


def test_a_window_done_wrong_still_closes(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make(grace=10, grace_mints=True)
    token = refresh.issue("alice")
    refresh.exchange(token)
    for _ in range(2):
        clock.advance(5)
        if clock.now() < refresh.family(token).began + 10:
            refresh.exchange(token)
    with pytest.raises(RefreshReused):
        refresh.exchange(token)


def test_a_server_whose_window_is_shut_gives_no_child_again(
    make: Callable[..., RefreshTokens],
) -> None:
    token = (wide := make(grace=10)).issue("alice")
    wide.exchange(token)
    with pytest.raises(RefreshReused):
        make().exchange(token)


# -- its end ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["memory", "file", "sqlite", "fakeredis"]
)  # Redis has its own time
def test_the_end_slides(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make()
    token = refresh.issue("alice")
    for _ in range(5):
        clock.advance(TTL - 1)
        token = refresh.exchange(token).refresh
    clock.advance(TTL)
    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(token)


def test_the_absolute_end_does_not(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make(absolute=2 * TTL)
    token = refresh.issue("alice")
    for _ in range(2):
        clock.advance(TTL - 1)
        token = refresh.exchange(token).refresh
    clock.advance(2)
    with pytest.raises(InvalidRefreshToken) as caught:
        refresh.exchange(token)
    assert type(caught.value) is InvalidRefreshToken


def test_an_absolute_end_before_the_first_one_counts(
    make: Callable[..., RefreshTokens], clock: Clock
) -> None:
    refresh = make(absolute=60)
    token = refresh.issue("alice")
    clock.advance(60)
    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(token)


def test_revoke_ends_the_family(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    tokens = chain(refresh, 2)
    assert refresh.revoke(tokens[0]), "used, but of this log-in"
    assert not refresh.revoke(tokens[2])
    with pytest.raises(InvalidRefreshToken) as caught:
        refresh.exchange(tokens[2])
    assert "somebody logged out" in str(caught.value)
    assert refresh.family(tokens[2]).over == "revoked"


def test_a_name_ends_a_family(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    token = refresh.issue("alice")
    name = name_of(token)
    assert name is not None
    assert refresh.end_family(name)
    assert not refresh.end_family(name)
    assert refresh.family(token).over == "revoked"


def test_revoke_user_ends_all_of_one_user(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    alices = [refresh.issue("alice") for _ in range(3)]
    bobs = refresh.issue("bob")
    refresh.revoke_user("alice")
    later = refresh.issue("alice")  # in the same moment
    for token in alices:
        with pytest.raises(InvalidRefreshToken):
            refresh.exchange(token)
        assert refresh.family(token).over == "cut"
        assert not refresh.revoke(token)
    refresh.exchange(bobs)
    refresh.exchange(later)


@pytest.mark.parametrize("kind", ["memory"])
def test_a_cut_lasts_as_long_as_what_it_ended(
    make: Callable[..., RefreshTokens], clock: Clock
) -> None:
    refresh = make()
    token = refresh.issue("alice")
    clock.advance(1)

    def cut_meanwhile(user: str) -> str:
        refresh.revoke_user(user)
        return "access"

    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(token, access=cut_meanwhile)
    clock.advance(TTL - 2)
    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(token)


# -- at rest ------------------------------------------------------------------------------------


@pytest.mark.parametrize("grace", [0, 10])
def test_the_store_holds_no_token(
    make: Callable[..., RefreshTokens], store: Store, grace: float
) -> None:
    refresh = make(grace=grace, access=str)
    tokens = chain(refresh, 5)
    refresh.exchange(tokens[-1])
    held = b"".join(key.encode() + (store.get(key) or b"") for key in list(store.keys()))
    assert b"alice" in held
    for token in tokens:
        secret = token.partition(".")[2]
        assert token.encode() not in held
        assert not any(secret[at : at + 8].encode() in held for at in range(40))


def test_the_files_of_a_store_hold_no_token(tmp_path: Path) -> None:
    for url in (f"file://{tmp_path}/files", f"sqlite:///{tmp_path}/db"):
        with open_store(url) as store:
            tokens = chain(RefreshTokens(store, ttl=60, grace=10, access=str), 3)
    held = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"alice" in held
    for token in tokens:
        assert token.partition(".")[2][:8].encode() not in held


# -- anything at all ----------------------------------------------------------------------------


class Poser(str):
    """A text of the right form that says something else when it is asked."""

    def __str__(self) -> str:
        return "x.a"


GARBAGE = [
    MagicMock(spec=str), Poser("A" * 24 + "." + "A" * 48),
    None, b"", b"a.b", "", ".", "a.b", 42, 1e9, math.nan, [], {}, object(), "x" * 10**6,
    "\ud800" * 73, "ü" * 73, "A" * 24 + "." + "\ud800" * 48, "A" * 24 + "." + "A" * 48,
    "A" * 24 + "." + "A" * 48 + "\n", " " + "A" * 24 + "." + "A" * 48, "A" * 24 + "." + "=" * 48,
    "\0" * 73, "../" * 8 + "." + "A" * 48,
]  # fmt: skip


@pytest.mark.parametrize("kind", ["memory", "sqlite", "redis"])
@pytest.mark.parametrize("token", GARBAGE, ids=lambda token: f"{token!a:.20}")
def test_garbage_is_refused(make: Callable[..., RefreshTokens], token: Any) -> None:
    refresh = make()
    for call in (refresh.exchange, refresh.family):
        with pytest.raises(InvalidRefreshToken) as caught:
            call(token)
        assert type(caught.value) is InvalidRefreshToken
        assert len(str(caught.value)) < 300
    assert refresh.revoke(token) is False
    assert refresh.end_family(token) is False


def test_other_secrets_of_a_known_family_end_nothing(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    tokens, others = chain(refresh, 3), chain(refresh, 3)
    name = tokens[0].partition(".")[0]
    made_up = [f"{name}.{'A' * 48}", *(f"{name}.{other.partition('.')[2]}" for other in others)]
    for token in tokens:
        made_up += [token[:-1] + chr(ord(token[-1]) ^ 1), token[:30] + "AB" + token[32:]]
    for token in made_up:
        if name_of(token):
            with pytest.raises(InvalidRefreshToken) as caught:
                refresh.exchange(token)
            assert type(caught.value) is InvalidRefreshToken
            assert not refresh.revoke(token)
    refresh.exchange(tokens[-1])
    refresh.exchange(others[-1])


@pytest.mark.parametrize("kind", ["memory", "fakeredis"])
@pytest.mark.parametrize(
    "record",
    [b"", b"\xff", b"[]", b"{}", b"null", b"1", b"[" * 9999, b'["alice",0,0,0,0,"","",""]',
     b'["alice",1,9e99,null,0,"00",[[0,null,"",1,null,""]],""]',
     b'["alice",1,NaN,null,0,"00",[[0,null,"",1,null,""]],""]',
     b'["alice",1,2,null,0,"zz",[[0,null,"",1,null,""]],""]',
     b'["alice",1,2,null,0,"00",[[0,null,"",1,null]],"",1]',
     b'[["alice"],1,2,null,0,"00",[[0,null,"",1,null,""]],""]',
     b'["alice",1,2,null,0,"00",[],""]'],
)  # fmt: skip
def test_a_record_that_somebody_broke_is_no_family(
    make: Callable[..., RefreshTokens], store: Store, record: bytes
) -> None:
    refresh = make()
    token = refresh.issue("alice")
    store.set(f"refresh:{name_of(token)}", record, 60)
    with pytest.raises(InvalidRefreshToken):
        refresh.exchange(token)
    assert not refresh.revoke(token)


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize(
    ("place", "value"),
    [(0, "\ud800"), (6, {"a": 1}), ("nonce", "zz"), ("nonce", 7), ("parent", []), ("parent", {}),
     ("number", 10**4299), ("number", True), (7, None), (5, 7)],
    ids=lambda value: show(value, 20),
)  # fmt: skip
def test_a_record_with_one_part_broken_is_no_family(
    make: Callable[..., RefreshTokens], store: Store, place: int | str, value: Any
) -> None:
    refresh = make(grace=10)
    tokens = chain(refresh, 1)
    key = f"refresh:{name_of(tokens[0])}"
    record = json.loads(store.get(key) or b"")
    if isinstance(place, int):
        record[place] = value
    else:
        for link in record[6]:
            link[Link._fields.index(place)] = value
    store.set(key, json.dumps(record).encode(), 60)
    for token in tokens:
        with pytest.raises(InvalidRefreshToken):
            refresh.exchange(token)
        with pytest.raises(InvalidRefreshToken):
            refresh.family(token)
        assert not refresh.revoke(token)


@pytest.mark.parametrize("kind", ["memory"])
def test_a_clock_set_back_opens_no_window(make: Callable[..., RefreshTokens], clock: Clock) -> None:
    refresh = make(grace=10)
    token = refresh.issue("alice")
    child = refresh.exchange(token).refresh
    clock.advance(seconds=-9)  # another server's clock, perhaps
    assert refresh.exchange(token).refresh == child
    clock.advance(seconds=-100)
    with pytest.raises(RefreshReused):
        refresh.exchange(token)


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize("name", [10**5000, None, b"x", [], "", "A" * 24, "\ud800"], ids=show)
def test_a_name_that_is_none_ends_nothing(make: Callable[..., RefreshTokens], name: Any) -> None:
    assert not make().end_family(name)


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize(
    "options",
    [{"ttl": 0}, {"ttl": -1}, {"ttl": "1"}, {"ttl": math.nan}, {"ttl": True}, {"grace": -1},
     {"grace": TTL + 1}, {"grace": math.nan}, {"grace": "1"}, {"grace": True}, {"grace": None},
     {"absolute": 0}, {"absolute": "x"}, {"grace_mints": True}, {"ttl": math.inf},
     {"rotate": "yes"}, {"detect_reuse": None}, {"grace_mints": []}, {"access": 5}],
)  # fmt: skip
def test_bad_options(make: Callable[..., RefreshTokens], options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="expected"):
        make(**options)


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize("user", [None, "", b"alice", "\ud800", 7, "x" * 2000])
def test_bad_users(make: Callable[..., RefreshTokens], store: Store, user: Any) -> None:
    refresh = make()
    for call in (refresh.issue, refresh.revoke_user):
        with pytest.raises(InvalidArgument):
            call(user)
    assert list(store.keys()) == []


def test_no_store_and_no_clock(clock: Clock) -> None:
    address: Any = "memory://"
    number: Any = 5
    with pytest.raises(InvalidArgument, match="open_store"):
        RefreshTokens(address, clock, ttl=60)
    with pytest.raises(InvalidArgument, match="bad clock"):
        RefreshTokens(open_store(address), number, ttl=60)


def test_errors_can_be_pickled(make: Callable[..., RefreshTokens]) -> None:
    refresh = make()
    token = refresh.issue("alice")
    refresh.exchange(token)
    with pytest.raises(RefreshReused) as caught:
        refresh.exchange(token)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert token not in str(copy)


# -- a store that fails in the middle -------------------------------------------------------------


class Failing(Store):
    """Pass calls on to `store`; raise StoreUnavailable at call number `at`, before or after it."""

    def __init__(self, store: Store) -> None:
        super().__init__("failing", store.clock)
        self.store, self.calls, self.at, self.after = store, 0, -1, False

    def _pass(self, method: str, *arguments: Any) -> Any:
        number, self.calls = self.calls, self.calls + 1
        if number == self.at and not self.after:
            raise StoreUnavailable(self.name, "before")
        answer = getattr(self.store, method)(*arguments)
        if number == self.at:
            raise StoreUnavailable(self.name, "after")
        return answer

    def _get(self, key: str) -> Any:
        return self._pass("get", key)

    def _set(self, *arguments: Any) -> None:
        self._pass("set", *arguments)

    def _add(self, *arguments: Any) -> bool:
        return bool(self._pass("add", *arguments))

    def _pop(self, key: str) -> Any:
        return self._pass("pop", key)

    def _touch(self, *arguments: Any) -> bool:
        return bool(self._pass("touch", *arguments))

    def _update(self, *arguments: Any) -> Any:
        return self._pass("update", *arguments)

    def _keys(self, prefix: str) -> Any:
        return self._pass("keys", prefix)


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(3))
def test_a_store_that_fails_in_the_middle_of_an_exchange(
    store: Store, clock: Clock, at: int, after: bool
) -> None:
    failing = Failing(store)
    refresh = RefreshTokens(failing, clock, ttl=TTL, access=str)
    token = refresh.issue("alice")
    failing.calls, failing.at, failing.after = 0, at, after
    with pytest.raises(StoreUnavailable):
        refresh.exchange(token)
    failing.at = -1
    if at == 2 and after:  # the family has changed, and the answer was lost
        with pytest.raises(RefreshReused):
            refresh.exchange(token)
    else:
        refresh.exchange(token)


@pytest.mark.parametrize("kind", ["memory"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(3))
def test_with_a_window_every_failure_heals(
    store: Store, clock: Clock, at: int, after: bool
) -> None:
    failing = Failing(store)
    refresh = RefreshTokens(failing, clock, ttl=TTL, access=str, grace=10)
    token = refresh.issue("alice")
    failing.calls, failing.at, failing.after = 0, at, after
    with pytest.raises(StoreUnavailable):
        refresh.exchange(token)
    failing.at = -1
    refresh.exchange(refresh.exchange(token).refresh)


def test_an_access_token_that_cannot_be_made_changes_nothing(
    make: Callable[..., RefreshTokens],
) -> None:
    refresh = make()
    token = refresh.issue("alice")

    def fail(user: str) -> str:
        raise StoreUnavailable("another", "gone")

    with pytest.raises(StoreUnavailable):
        refresh.exchange(token, access=fail)
    refresh.exchange(token)


@pytest.mark.parametrize("kind", ["memory"])
def test_a_log_out_that_did_not_happen_is_told(store: Store, clock: Clock) -> None:
    failing = Failing(store)
    refresh = RefreshTokens(failing, clock, ttl=TTL)
    token = refresh.issue("alice")
    failing.at = failing.calls
    with pytest.raises(StoreUnavailable):
        refresh.revoke(token)
    refresh.exchange(token)
