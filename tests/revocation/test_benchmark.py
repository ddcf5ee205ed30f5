"""The benchmark's two ways to simulate count the same; its small parts run."""

from collections.abc import Iterator
from typing import Any

import pytest

from authlab.revocation import Population
from benchmarks import revocation as benchmark


@pytest.mark.parametrize("seed", range(6))
def test_simpy_counts_the_same(seed: int) -> None:
    population = Population(
        tokens=80,
        devices=1 + seed % 3,
        requests=(60, 12, 7)[seed % 3],
        token_life=150,
        access_life=40,
        push_every=7 + seed,
        log_outs=12,
        disabled=3,
        thefts=0.6,
        seed=seed,
    )
    assert benchmark.differences(population) == []


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(bank: benchmark.Bank) -> Iterator[Any]:
        yield bank.env.timeout(1e9)

    monkeypatch.setattr(benchmark.Bank, "push", never)
    population = Population(tokens=80, token_life=150, access_life=40, log_outs=20, thefts=1)
    assert any("StatusList" in line for line in benchmark.differences(population))


def test_one_size_runs_alone() -> None:
    seconds, megabytes = benchmark.simulate_alone(1000)
    assert 0 < seconds < 60
    assert 20 < megabytes < 2000


def test_what_is_pushed_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.print_pushed(2000)
    out = capsys.readouterr().out
    assert "encode, seconds" in out
    assert "rbloom" in out
