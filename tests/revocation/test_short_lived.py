"""Short access tokens: a log-out ends the next one, an outage ends no request."""

import pytest

from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation import InvalidArgument, InvalidRefreshToken, RefreshReused
from authlab.revocation.short_lived import ShortLivedWithRefresh
from authlab.sessions import Store, StoreUnavailable, open_store
from tests.sessions.servers import START


@pytest.fixture
def strategy(store: Store, clock: Clock) -> ShortLivedWithRefresh:
    return ShortLivedWithRefresh(store, clock, ttl=300)


def test_a_log_out_ends_the_next_token_only(strategy: ShortLivedWithRefresh, clock: Clock) -> None:
    token = strategy.issue("alice")
    assert strategy.accepts(token)
    assert strategy.log_out(token)
    assert not strategy.log_out(token)
    assert strategy.accepts(token), "it lives to its exp"
    with pytest.raises(InvalidRefreshToken):
        strategy.renew(token)
    clock.advance(300)
    assert not strategy.accepts(token)


def test_renewing_goes_on(strategy: ShortLivedWithRefresh, clock: Clock) -> None:
    first = token = strategy.issue("alice")
    for _ in range(4):
        clock.advance(301)
        assert not strategy.accepts(token)
        token = strategy.renew(token)
        claims = strategy.read(token)
        assert claims is not None
        assert claims["sub"] == "alice"
    with pytest.raises(InvalidRefreshToken):  # that client has moved on
        strategy.renew(first)
    assert strategy.log_out(token)


def test_one_of_two_log_ins_ends(strategy: ShortLivedWithRefresh) -> None:
    here, there = strategy.issue("alice"), strategy.issue("alice")
    strategy.log_out(here)
    strategy.renew(there)


def test_revoke_user(strategy: ShortLivedWithRefresh) -> None:
    tokens = [strategy.issue("alice"), strategy.issue("alice")]
    bobs = strategy.issue("bob")
    strategy.revoke_user("alice")
    for token in tokens:
        assert strategy.accepts(token)
        assert not strategy.log_out(token)
        with pytest.raises(InvalidRefreshToken):
            strategy.renew(token)
    strategy.renew(bobs)
    strategy.renew(strategy.issue("alice"))


def test_a_copy_that_was_used_ends_it(strategy: ShortLivedWithRefresh) -> None:
    token = strategy.issue("alice")
    copy = strategy._held[token]
    strategy.renew(strategy.renew(token))
    with pytest.raises(RefreshReused):
        strategy.refresh.exchange(copy)


def test_what_it_costs(strategy: ShortLivedWithRefresh) -> None:
    token = strategy.issue("alice")
    before = strategy.cost()
    for _ in range(10):
        assert strategy.accepts(token)
    assert strategy.cost() == before
    assert before.bytes_held > 100
    strategy.renew(token)
    after = strategy.cost()
    assert (after.reads - before.reads, after.writes - before.writes) == (3, 1)
    assert (before.reads, before.writes) == (1, 1)


@pytest.mark.parametrize("on_outage", ["closed", "open"])
def test_in_an_outage_requests_go_on(on_outage: str) -> None:
    store, clock = open_store("memory://"), Clock(START)
    strategy = ShortLivedWithRefresh(store, clock, on_outage=on_outage)  # type: ignore[arg-type]
    token = strategy.issue("alice")
    store.close()
    assert strategy.accepts(token)
    for call in (strategy.renew, strategy.log_out, strategy.issue, strategy.revoke_user):
        with pytest.raises(StoreUnavailable):
            call("alice" if call in (strategy.issue, strategy.revoke_user) else token)
    assert strategy._held[token], "the client keeps what it has"


@pytest.mark.parametrize("token", [None, b"x", "", "a.b.c", 7, [], "\ud800", "x" * 10**5])
def test_garbage(token: object) -> None:
    strategy = ShortLivedWithRefresh(open_store("memory://"))
    assert not strategy.accepts(token)
    assert not strategy.log_out(token)
    with pytest.raises(InvalidRefreshToken):
        strategy.renew(token)


def test_what_it_is_not_for() -> None:
    store = open_store("memory://")
    with pytest.raises(InvalidArgument, match="refresh=RefreshTokens"):
        ShortLivedWithRefresh(store).fit(generate_key("HS256"), "https://bank.test", 60)
    with pytest.raises(InvalidArgument):
        ShortLivedWithRefresh(store).issue("")
    public = generate_key("ES256").to_jwk(private=False)
    with pytest.raises(InvalidArgument):
        ShortLivedWithRefresh(store, key=public, algorithm="ES256").issue("alice")
