"""One store of each kind, on a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from authlab.clock import Clock
from authlab.sessions import Store
from tests.sessions.servers import KINDS, START, RedisServer, open_kind, start_redis


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with start_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock(start=START)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(
    kind: str, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Store]:
    url = request.getfixturevalue("redis_server").url if kind == "redis" else ""
    with open_kind(kind, tmp_path, clock, url) as store:
        yield store
