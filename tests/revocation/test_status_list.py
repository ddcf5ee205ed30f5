"""The status list against the draft's own vectors, and against lists that mean harm."""

import json
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authlab import data_path
from authlab.jose import b64url_decode, b64url_encode
from authlab.revocation.errors import InvalidStatusList, RevocationError
from authlab.revocation.status_list import StatusList

VECTORS = json.loads(data_path("revocation/status_list.json").read_text("utf-8"))["vectors"]
ODD = (-1, 16, 10**30, True, False, None, "0", b"0", 0.0, 1.5, float("nan"), [0], slice(0, 2), ())


def build(size: int, bits: int, entries: list[list[int]]) -> StatusList:
    statuses = StatusList(size, bits)
    for index, status in entries:
        statuses[index] = status
    return statuses


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_draft_s_vectors_byte_for_byte(vector: dict[str, Any]) -> None:
    statuses = build(vector["size"], vector["bits"], vector["set"])
    assert statuses.encode() == {"bits": vector["bits"], "lst": vector["lst"]}
    read = StatusList.decode({"bits": vector["bits"], "lst": vector["lst"]})
    assert len(read) == vector["size"]
    assert {(i, s) for i, s in enumerate(read) if s} == {(i, s) for i, s in vector["set"]}


def test_there_is_a_vector_of_each_width() -> None:
    assert {vector["bits"] for vector in VECTORS if vector["size"] == 2**20} == {1, 2, 4, 8}


@given(st.sampled_from([1, 2, 4, 8]), st.integers(1, 200), st.randoms(use_true_random=False))
def test_it_keeps_what_it_is_given(bits: int, size: int, random: Random) -> None:
    statuses, model = StatusList(size, bits), [0] * size
    for _ in range(size):
        index, status = random.randrange(size), random.randrange(2**bits)
        statuses[index] = model[index] = status
    assert list(statuses) == model
    read = StatusList.decode(json.loads(json.dumps(statuses.encode())))
    assert list(read)[:size] == model
    assert not any(list(read)[size:])  # what fills the last byte


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("share", [0.001, 0.03, 0.1, 0.5])
def test_a_million_entries_encode_in_less_than_three_tenths_of_a_second(
    bits: int, share: float
) -> None:
    random = Random(1)
    statuses = StatusList(1_000_000, bits)
    for index in range(1_000_000):
        if random.random() < share:
            statuses[index] = 1
    took = []
    for _ in range(3):
        start = time.thread_time()  # not counting what the machine does beside
        statuses.encode()
        took.append(time.thread_time() - start)
    assert min(took) < 0.3
    assert zlib.decompress(b64url_decode(statuses.encode()["lst"])) == bytes(statuses._bytes)


@pytest.mark.parametrize("index", ODD)
def test_an_index_that_is_none(index: Any) -> None:
    statuses = StatusList(16)
    with pytest.raises(InvalidStatusList, match="from 0 to 15"):
        statuses[index]
    with pytest.raises(InvalidStatusList, match="from 0 to 15"):
        statuses[index] = 1
    assert not any(statuses)


@pytest.mark.parametrize("status", [-1, 4, True, None, "1", 1.0, 10**30])
def test_a_status_that_does_not_fit(status: Any) -> None:
    statuses = StatusList(16, 2)
    with pytest.raises(InvalidStatusList, match="from 0 to 3, in 2 bits"):
        statuses[3] = status
    assert not any(statuses)


@pytest.mark.parametrize("size", [0, -1, True, None, "5", 1.0, 10**12, b"", []])
def test_a_size_that_is_none(size: Any) -> None:
    with pytest.raises(InvalidStatusList):
        StatusList(size)


@pytest.mark.parametrize("bits", [0, 3, 16, -1, True, 1.0, "1", None, [], 10**30])
def test_a_width_that_the_draft_does_not_have(bits: Any) -> None:
    with pytest.raises(InvalidStatusList, match="1, 2, 4 or 8"):
        StatusList(16, bits)
    with pytest.raises(InvalidStatusList, match="1, 2, 4 or 8"):
        StatusList.decode({"bits": bits, "lst": "eNrbuRgAAhcBXQ"})


def packed(data: bytes, **options: Any) -> str:
    return b64url_encode(zlib.compress(data, **options))


def hostile() -> Iterator[tuple[str, Any]]:
    good = zlib.compress(b"\xb9\xa3", 9)
    yield "nothing", None
    yield "text", "eNrbuRgAAhcBXQ"
    yield "a list", [1, "eNrbuRgAAhcBXQ"]
    yield "empty", {}
    yield "no lst", {"bits": 1}
    yield "no bits", {"lst": "eNrbuRgAAhcBXQ"}
    for name, lst in {
        "none": None, "a number": 5, "bytes": b"eNrbuRgAAhcBXQ", "a list": ["eNrb"],
        "no text": "", "padded": "eNrbuRgAAhcBXQ==", "white space": "eNrbuRgAAhcBXQ\n",
        "the other alphabet": "eNrbuRgAAhcB+/", "last bits": "eNrbuRgAAhcBXR",
        "one letter": "e", "a surrogate": "\ud800", "not ASCII": "é" * 8,
        "not zlib": b64url_encode(b"hello, world"), "gzip": b64url_encode(b"\x1f\x8b" + good),
        "raw DEFLATE": b64url_encode(good[2:-4]), "cut": b64url_encode(good[:-1]),
        "cut at once": b64url_encode(good[:2]), "half": b64url_encode(good[: len(good) // 2]),
        "a flipped checksum": b64url_encode(good[:-1] + bytes([good[-1] ^ 1])),
        "bytes after it": b64url_encode(good + b"x"), "a second stream": b64url_encode(good + good),
        "no entries": packed(b""), "a preset dictionary": b64url_encode(b"\x78\xbb" + good),
        "a bomb": packed(bytes(2**26)), "a bomb, barely": packed(bytes(2**24 + 1)),
        "long": "A" * 50_000_000,
    }.items():  # fmt: skip
        yield name, {"bits": 1, "lst": lst}


@pytest.mark.parametrize("found", [pytest.param(one, id=name) for name, one in hostile()])
def test_a_list_that_is_none_is_a_clear_error(found: Any) -> None:
    with pytest.raises(InvalidStatusList) as caught:
        StatusList.decode(found)
    error = caught.value
    assert error.found
    assert error.expected
    assert "draft-ietf-oauth-status-list" in str(error)
    assert len(str(error)) < 400


def test_a_bomb_is_stopped_early(monkeypatch: pytest.MonkeyPatch) -> None:
    once = zlib.compress(bytes(2**28), 9)  # 256 MiB of zeros in 260 kB
    bomb = {"bits": 1, "lst": b64url_encode(once)}
    tracemalloc.start()
    try:
        with pytest.raises(InvalidStatusList, match="unpacks to more"):
            StatusList.decode(bomb)
        for budget in (1000, 2**20):
            monkeypatch.setattr("authlab.revocation.status_list._MOST_BYTES", budget)
            with pytest.raises(InvalidStatusList):
                StatusList.decode(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 60 * 2**20


def test_the_budget_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    lst = packed(bytes(1000))
    monkeypatch.setattr("authlab.revocation.status_list._MOST_BYTES", 1000)
    assert len(StatusList.decode({"bits": 8, "lst": lst})) == 1000
    monkeypatch.setattr("authlab.revocation.status_list._MOST_BYTES", 999)
    with pytest.raises(InvalidStatusList, match="at most 999 bytes"):
        StatusList.decode({"bits": 8, "lst": lst})


def test_what_does_not_pack_is_not_taken_for_oversized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authlab.revocation.status_list._MOST_BYTES", 2**20)
    statuses = StatusList(2**20, 8)
    random = Random(5)
    statuses._bytes[:] = random.randbytes(2**20)
    read = StatusList.decode(statuses.encode())
    assert read._bytes == statuses._bytes


@given(st.dictionaries(st.sampled_from(["bits", "lst", "x"]), st.one_of(
    st.integers(), st.text(), st.binary(), st.none(), st.booleans(), st.floats(),
    st.binary().map(b64url_encode), st.binary().map(lambda data: packed(data)))))  # fmt: skip
def test_nothing_else_is_ever_raised(found: dict[str, Any]) -> None:
    try:
        read = StatusList.decode(found)
    except RevocationError:
        return
    assert len(read) > 0
    assert read.bits == found["bits"]


def test_it_is_a_list_of_its_own_when_decoded() -> None:
    read = StatusList.decode({"bits": 1, "lst": "eNrbuRgAAhcBXQ", "aggregation_uri": "x"})
    read[1] = 1
    assert read[1] == 1
    assert repr(read) == "StatusList(16, bits=1)"
