"""The simulation agrees with the strategies themselves, driven through the same events."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from authlab import revocation
from authlab.jose import b64url_encode
from authlab.revocation import ALL, InvalidArgument, Population, Table, simulate
from authlab.revocation.population import draw_events, spreads
from authlab.revocation.simulation import token_bytes
from authlab.revocation.ways import WAYS, Tally
from authlab.revocation.ways.lives import asked_by_all
from authlab.revocation.ways.pushes import filter_bytes, packed_bytes, status_size
from authlab.revocation.ways.scene import gather
from authlab.sessions.memory import MemoryStore
from tests.revocation.replay import Replay

ESTIMATED = {"StatusList": ("held", "pushed", "wire")}  # an index is drawn, and the list is packed
NO_ALARMS = 1e-6  # so few false alarms that none comes in a small population


@pytest.fixture(autouse=True)
def same_dice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids and indexes that the strategies draw come the same in every run; none comes twice."""
    chance = random.Random(2)
    dice = SimpleNamespace(
        token_urlsafe=lambda size: b64url_encode(chance.randbytes(size)),
        randbelow=chance.randrange,
    )
    monkeypatch.setattr("authlab.revocation.strategy.secrets", dice)
    monkeypatch.setattr("authlab.revocation.status_list.secrets", dice)


def draw_population(seed: int) -> Population:
    chance = random.Random(seed)
    while True:
        life = chance.choice([20, 40, 60, 120])
        try:
            return Population(
                tokens=chance.randint(1, 24),
                devices=chance.randint(1, 4),
                requests=chance.choice([60, 30, 20, 12, 7, 6, 3]),
                token_life=life,
                access_life=chance.randint(1, life // 2),
                log_outs=chance.choice([0, 20, 60, 150]),
                thefts=chance.choice([0, 0.5, 1]),
                disabled=chance.choice([0, 5, 30]),
                push_every=chance.randint(1, life // 2),
                outage_start=chance.randint(1, life // 2),
                outage=chance.choice([0, chance.randint(0, life // 2)]),
                on_outage=chance.choice(["open", "closed"]),
                window=chance.choice([None, chance.randint(life // 2, life)]),
                seed=chance.randint(0, 9999),
            )
        except InvalidArgument:  # an outage too close to the end: draw again
            continue


def make_strategy(name: str, population: Population) -> tuple[Any, dict[str, Any]]:
    """The class, and what it needs to be told."""
    if name == "StatusList":
        return type(revocation.StatusList(MemoryStore())), {"size": status_size(population)}
    options = {"error": NO_ALARMS} if name == "BloomDenylist" else {}
    return getattr(revocation, name), options


def compute(name: str, population: Population) -> dict[str, Any]:
    way = WAYS[name](population)
    way.token = token_bytes(name, population)
    way.error = NO_ALARMS  # type: ignore[attr-defined]
    tally, stale = way.plain(), {}
    for events in draw_events(population):
        change = way.change(gather(population, events))
        tally = tally.plus(change)
        stale |= dict(zip(events.device.tolist(), change.stale[0].tolist(), strict=True))
    return {**tally.plus(way.finish())._asdict(), "stale": stale}


def differences(name: str, population: Population) -> dict[str, tuple[Any, Any]]:
    """What comes out in one and not in the other: (computed, replayed) for each such figure."""
    strategy, options = make_strategy(name, population)
    computed = compute(name, population)
    replayed = vars(Replay(strategy, population, **options).run())
    assert computed.keys() == replayed.keys() == set(Tally._fields)
    found = {}
    for figure, value in replayed.items():
        if figure in ESTIMATED.get(name, ()):
            agree = math.isclose(computed[figure], value, rel_tol=0.04, abs_tol=60)
        else:
            agree = computed[figure] == value
        if not agree:
            found[figure] = computed[figure], value
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", ALL)
def test_it_agrees_with_the_strategies(name: str, seed: int) -> None:
    population = draw_population(seed)
    assert differences(name, population) == {}, population


@pytest.mark.parametrize("name", [name for name in ALL if name != "Introspection"])  # HTTP is slow
def test_it_agrees_on_many_more(name: str) -> None:
    for seed in range(100, 130):
        population = draw_population(seed)
        assert differences(name, population) == {}, population


def test_the_populations_that_are_drawn_differ() -> None:
    drawn = [draw_population(seed) for seed in range(130)]
    assert {p.devices for p in drawn} == {1, 2, 3, 4}
    assert {p.on_outage for p in drawn if p.outage} == {"open", "closed"}
    ended = [sum(len(events.device) for events in draw_events(p)) for p in drawn]
    assert min(ended) == 0
    assert max(ended) > 15


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WAYS["Denylist"], "entry", 39)
    found = [differences("Denylist", draw_population(seed)) for seed in range(12)]
    assert any("held" in each for each in found)


def test_false_alarms_come_at_the_rate_of_the_filter() -> None:
    """With more entries than `expected`, a filter is as full as it may be."""
    population = Population(
        tokens=300, devices=1, token_life=600, requests=2, log_outs=6, push_every=60, window=300
    )
    seen, computed = [], []
    for seed in range(4):
        drawn = replace(population, seed=seed)
        replay = Replay(revocation.BloomDenylist, drawn, expected=5, error=0.2)
        seen.append(replay.run().refused)
        way = WAYS["BloomDenylist"](drawn)
        way.expected, way.error = 5, 0.2  # type: ignore[attr-defined]
        tally = way.plain()
        for events in draw_events(drawn):
            tally = tally.plus(way.change(gather(drawn, events)))
        computed.append(tally.plus(way.finish()).refused)
    assert sum(seen) > 400
    assert 0.8 < sum(computed) / sum(seen) < 1.25, (computed, seen)


# -- the parts --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_spread_gives_each_its_own_place(seed: int) -> None:
    population = draw_population(seed)
    device = np.arange(population.tokens)
    for spread in spreads(population):
        second = spread.of(device)
        assert 0 <= second.min() <= second.max() < spread.length
        for limit in range(spread.length + 1):
            assert spread.before(limit) == (second < limit).sum()
        low, high = spread.length // 3, spread.length // 2
        inside = device[(low <= second) & (second < high)]
        assert sorted(spread.between(low, high).tolist()) == inside.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_requests_of_all_have_a_closed_form(seed: int) -> None:
    population = draw_population(seed)
    first = spreads(population)[0].of(np.arange(population.tokens)) % population.gap
    for second in range(population.seconds):
        asked = sum(len(range(start, second, population.gap)) for start in first.tolist())
        assert asked_by_all(population, second) == asked


def test_the_rates_are_met() -> None:
    population = Population(tokens=200_000, log_outs=0.5, disabled=0.1, thefts=0.25)
    ends = list(draw_events(population))
    disabled = sum(int(events.disabled.sum()) for events in ends)
    left = sum(len(events.device) for events in ends) - disabled
    copied = sum(int((events.copy >= 0).sum()) for events in ends)
    assert disabled / 200_000 == pytest.approx(1 - math.exp(-0.1), rel=0.03)
    assert left / (200_000 - disabled) == pytest.approx(1 - math.exp(-0.5), rel=0.02)
    assert copied / left == pytest.approx(0.25, rel=0.03)
    device = np.concatenate([events.device for events in ends])
    assert (np.diff(device) > 0).all()
    assert device[-1] < 200_000


def test_the_same_seed_gives_the_same() -> None:
    one, same, other = (str(simulate(Population(seed=seed))) for seed in (1, 1, 2))
    assert one == same != other


def test_a_filter_has_the_size_that_rbloom_gives_it() -> None:
    from rbloom import Bloom

    for capacity, error in ((1, 0.5), (1000, 0.01), (1001, 0.01), (54_321, 1e-6)):
        assert 8 + filter_bytes(capacity, error) == len(Bloom(capacity, error, int).save_bytes())


@pytest.mark.parametrize(("size", "count"), [(2**17, 300), (2**20, 30_000), (2**21, 3000)])
def test_a_status_list_packs_as_well_as_the_sample_says(size: int, count: int) -> None:
    import json

    statuses = revocation.StatusList(size)
    for index in random.Random(1).sample(range(size), count):
        statuses[index] = 1
    real = len(json.dumps(statuses.encode(), separators=(",", ":")))
    assert float(packed_bytes(size, count)) == pytest.approx(real, rel=0.25)


# -- the table --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table() -> Table:
    return simulate(Population(tokens=5000, log_outs=0.2))


def test_the_table(table: Table) -> None:
    assert tuple(table.names) == ALL
    assert [row.name for row in table] == list(ALL)
    assert len(table) == 9
    row = table["ExpiryOnly"]
    assert 0 < row.stale_p50 < row.stale_p99 <= row.stale_worst < 3600
    assert row.let_in > 0
    assert row.reads == row.bytes_held == row.refused == 0
    assert table.column("stale_worst")[1] == row.stale_worst
    assert table.column("reads_per_second")[2] == table["Denylist"].reads_per_second > 400
    assert table["Denylist"].wait == pytest.approx(0.0005, rel=0.02)
    assert table["BloomDenylist"].stale_worst < 60
    assert table["BloomDenylist"].pushed_to_all == 4 * table["BloomDenylist"].bytes_pushed
    assert 200 < table["ShortLivedWithRefresh"].stale_p99 <= 300
    assert table["NotBefore"].refused_share > 0


def test_the_quantiles_are_of_the_ended_log_ins() -> None:
    population = Population(tokens=3000, log_outs=0.3, outage_start=600, outage=900,
                            on_outage="open")  # fmt: skip
    for name in ("ExpiryOnly", "Denylist", "ShortLivedWithRefresh"):
        halves = sorted(compute(name, population)["stale"].values())
        row = simulate(population, [name])[name]
        assert row.ended == len(halves)
        assert row.stale_mean == pytest.approx(sum(halves) / 2 / len(halves))
        assert row.stale_worst == halves[-1] / 2
        assert row.stale_p50 == halves[math.ceil(0.5 * len(halves)) - 1] / 2
        assert row.stale_p99 == halves[math.ceil(0.99 * len(halves)) - 1] / 2


class Cells(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs).get("scope") or ""))


def test_the_table_can_be_read_out(table: Table) -> None:
    html = table._repr_html_()
    seen = Cells(html).seen
    assert seen.count(("caption", "")) == 1
    assert seen.count(("th", "row")) == 9
    assert seen.count(("th", "col")) == 13
    assert "5,000 live log-ins, 60 min" in html
    lines = str(table).splitlines()
    assert len(lines) == 11
    assert len({len(line) for line in lines[2:]}) == 1


def test_what_is_not_in_the_table(table: Table) -> None:
    with pytest.raises(InvalidArgument, match="one of ServerSession"):
        table["Prayer"]
    with pytest.raises(InvalidArgument, match="one of name, seconds"):
        table.column("__class__")


def test_classes_and_names() -> None:
    population = Population(tokens=1000)
    names = ["StatusList", "Denylist"]
    classes = [revocation.StatusList, revocation.Denylist]
    assert str(simulate(population, names)) == str(simulate(population, classes))
    assert simulate(population, []).names == []
    for wrong in (["Prayer"], [None], "Denylist", 5):
        with pytest.raises(InvalidArgument):
            simulate(population, wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"Population\(...\)"):
        simulate(1000)  # type: ignore[arg-type]


def test_progress_goes_from_nothing_to_all() -> None:
    shares: list[float] = []
    population = Population(tokens=600_000, log_outs=0.001, outage_start=60, outage=3000)
    simulate(population, progress=shares.append)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)
    assert len(shares) > 9 * 3 + 2


def test_it_can_be_stopped() -> None:
    def stop(share: float) -> None:
        if share > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(Population(), progress=stop)


def wrong_populations() -> Iterator[dict[str, Any]]:
    wrong = {
        "tokens": (0, -1, 10**9, 1.0, True, "10", None),
        "devices": (0, 51, 2.0),
        "requests": (0, 61, float("nan"), "6", True),
        "token_life": (0, 31 * 86_400, 60.0),
        "access_life": (0, 3601, None),
        "log_outs": (-1, float("inf"), None),
        "thefts": (-0.1, 1.1, True),
        "disabled": (-1, "a"),
        "nodes": (0, 1.5),
        "round_trip": (-1, 11),
        "push_every": (0, 0.5),
        "outage": (-1, 3600, 1.5),
        "outage_start": (0, None),
        "on_outage": ("ajar", None, 5, []),
        "window": (0, 3601, 1.0),
        "seed": (-1, 2**63, None),
    }
    for name, values in wrong.items():
        yield from ({name: value} for value in values)


@pytest.mark.parametrize("wrong", list(wrong_populations()), ids=str)
def test_a_wrong_population_is_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match=next(iter(wrong))):
        Population(**wrong)


def test_the_smallest_and_the_oddest() -> None:
    for odd in (
        Population(tokens=1, devices=50, token_life=1, access_life=1),
        Population(tokens=1, window=1),
        Population(tokens=53, devices=50, log_outs=1000, disabled=1000, thefts=1),
        Population(tokens=1000, requests=60 / (30 * 86_400), token_life=30 * 86_400),
        Population(tokens=1000, push_every=30 * 86_400, log_outs=1),
        Population(tokens=1000, outage_start=1, outage=3589, on_outage="open", log_outs=1),
    ):
        table = simulate(odd)
        assert min(min(table.column(name)) for name in ("reads", "let_in", "bytes_held")) >= 0
        assert str(table)


def test_large_counts_are_short_so_that_the_table_fits(table: Table) -> None:
    row = replace(table.rows[0], let_in=2_396_585, refused=474_546, reads=99_900 * 3600)
    text = str(Table([row], "large"))
    assert "2.4 M" in text
    assert "475 k" in text
    assert "99,900" in text
