"""One status in one, two, four or eight bits: a million of them in a hundred kilobytes.

Imports `pushed`. draft-ietf-oauth-status-list, section 4: an issuer publishes the list, and a token
says in its claim `status` which index of which list is its own.
"""

import json
import secrets
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from authlab.clock import Clock
from authlab.jose import InvalidToken, b64url_decode, b64url_encode
from authlab.jose.encoding import show
from authlab.revocation.arguments import read_json, seconds_left
from authlab.revocation.errors import InvalidStatusList, ListFull
from authlab.revocation.pushed import Pushed
from authlab.sessions import Store
from authlab.sessions.base import LONGEST_TTL

__all__ = ["StatusList", "StatusListStrategy"]

_BITS = (1, 2, 4, 8)
_MOST_BYTES = 2**24  # 16 MiB unpacked: 16 million entries of 8 bits, 134 million of one
_LARGE, _FULL = 2**17, 2**15  # bytes, and bytes that are not 0: level 9 takes too long beyond
_DRAFT = "draft-ietf-oauth-status-list"
_TRIES = 16  # for a free index by chance, before all of them are looked at


class StatusList:
    """`size` entries of `bits` bits each, all 0 (valid) at first; 1 means invalid, for good.

    `statuses[i]` reads, `statuses[i] = value` writes, `len(statuses)` counts. Raises
    InvalidStatusList, and nothing else, for an index, a value or a list that is none.

    `StatusList(store, ...)`, with a store in place of a size, makes a `StatusListStrategy`.
    """

    def __new__(cls, *given: Any, **options: Any) -> Any:
        if isinstance(given[0] if given else options.get("store"), Store):
            return StatusListStrategy(*given, **options)
        return super().__new__(cls)

    def __init__(self, size: int, bits: int = 1) -> None:
        _check_bits(bits)
        most = _MOST_BYTES * 8 // bits
        if type(size) is not int or not 0 < size <= most:
            _refuse("size", show(size), f"a whole number from 1 to {most:,}", "4.1")
        self.bits = bits
        self._size = size
        self._bytes = bytearray((size * bits + 7) // 8)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> int:
        at, shift = self._place(index)
        return self._bytes[at] >> shift & self._mask

    def __setitem__(self, index: int, status: int) -> None:
        at, shift = self._place(index)
        if type(status) is not int or not 0 <= status <= self._mask:
            expected = f"a whole number from 0 to {self._mask}, in {self.bits} bits"
            _refuse("status", show(status), expected, "4.1")
        self._bytes[at] = self._bytes[at] & ~(self._mask << shift) | status << shift

    def __iter__(self) -> Iterator[int]:
        return (self[index] for index in range(self._size))

    def __repr__(self) -> str:
        return f"StatusList({self._size}, bits={self.bits})"

    def encode(self) -> dict[str, Any]:
        """Return {"bits", "lst"}: the bytes, packed by zlib, as Base64url (4.2).

        At level 9, as the draft recommends, but for a list that is large and full of ended
        tokens: level 7 packs it up to 13 % longer, and up to twenty times as fast.
        """
        size = len(self._bytes)
        slow = size > _LARGE and size - self._bytes.count(0) > _FULL
        packed = zlib.compress(self._bytes, 7 if slow else 9)
        return {"bits": self.bits, "lst": b64url_encode(packed)}

    @classmethod
    def decode(cls, found: Any) -> "StatusList":
        """Return the list that `encode` gave, or anybody else: {"bits", "lst"} from the network.

        A list says nothing of its size: it has the entries that its bytes hold. Unpacking stops
        at 16 MiB, whatever the list would grow to.
        """
        if not isinstance(found, Mapping):
            _refuse("list", f"a {type(found).__name__}", "an object with bits and lst", "4.2")
        bits, lst = found.get("bits", 0), found.get("lst")
        _check_bits(bits)
        if not isinstance(lst, str):
            _refuse("lst", f"a {type(lst).__name__}", "text", "4.2")
        # Packing adds some bytes in 16 KiB to what does not pack, Base64url a third.
        if len(lst) > _MOST_BYTES * 1.4 + 100:
            _refuse("lst", f"{len(lst):,} characters", f"at most {_MOST_BYTES:,} bytes", "4.2")
        try:
            packed = b64url_decode(lst)
        except InvalidToken as error:
            _refuse("lst", error.found, error.expected, "4.2")
        statuses: StatusList = super().__new__(cls)
        statuses.bits = bits
        statuses._bytes = bytearray(_unpack(packed))
        statuses._size = len(statuses._bytes) * 8 // statuses.bits
        return statuses

    @property
    def _mask(self) -> int:
        return (1 << self.bits) - 1

    def _place(self, index: Any) -> tuple[int, int]:
        """Return where an entry lies: its byte, and how many bits from that byte's low end."""
        if type(index) is not int or not 0 <= index < self._size:
            _refuse("index", show(index), f"a whole number from 0 to {self._size - 1:,}", "4.1")
        return divmod(index * self.bits, 8)


class StatusListStrategy(Pushed):
    """Give each token an index on a list, and push the list (draft-ietf-oauth-status-list).

    The claim `status` names the list and the index: `{"status_list": {"idx", "uri"}}`, section 6.
    The list has `size` entries of one bit. An index is drawn by chance, so that it says nothing of
    when a token was issued, and is free again one push after its token's end. `ListFull` where
    none is. `StatusList(store, ...)` makes this.

    Costs no look-up for a request, one read for each push; a token issued costs a write for its
    index and a read and a write for the user's list, ending one a write.
    """

    name = "StatusList"

    def __init__(
        self, store: Store, clock: Clock | None = None, *, size: int = 2**17, **options: Any
    ) -> None:
        super().__init__(store, clock, **options)
        StatusList(size)  # raises for what is no size
        self.size = size
        self.uri = f"{self.issuer}/statuslists/1"

    def grant(self, claims: dict[str, Any]) -> dict[str, Any]:
        self.push_if_due()
        entry = {"idx": self._reserve(claims["exp"]), "uri": self.uri}
        return super().grant({**claims, "status": {"status_list": entry}})

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        index = self._index_of(claims)
        return index is not None and self.current()[index] == 0

    def end(self, claims: Mapping[str, Any]) -> bool:
        return self._index_of(claims) is not None and super().end(claims)

    def handle(self, claims: Mapping[str, Any]) -> str:
        return str(self._index_of(claims))

    def publish(self) -> bytes:
        statuses = StatusList(self.size)
        for index in filter(self._is_index, self.listed("ended")):
            statuses[int(index)] = 1
        return json.dumps(statuses.encode(), separators=(",", ":")).encode()

    def receive(self, data: bytes) -> None:
        """Take a list of `publish`. Raises InvalidStatusList for what is none, or too short."""
        statuses = StatusList.decode(read_json(data if isinstance(data, bytes) else None))
        if len(statuses) < self.size:
            _refuse("list", f"{len(statuses):,} entries", f"{self.size:,}", "8.3")
        self.held = statuses

    def _reserve(self, exp: float) -> int:
        # One push longer than the token: until then a copy may still say what its bit was.
        ttl = min(seconds_left(exp, self.clock.now()) + self.push_every, LONGEST_TTL)

        def take(index: int) -> bool:
            return self.store.add(self._key("used", str(index)), b"1", ttl)

        for _ in range(_TRIES):
            if take(index := secrets.randbelow(self.size)):
                return index
        used = set(self.listed("used"))
        for index in range(self.size):
            if str(index) not in used and take(index):
                return index
        found, expected = f"{self.size:,} live tokens", "fewer, or a longer list"
        raise ListFull("the status list is full", found, expected, f"{_DRAFT}, 4.1")

    def _index_of(self, claims: Mapping[str, Any]) -> int | None:
        """Return the index of a token on this list, None where it has none."""
        status = claims.get("status")
        entry = status.get("status_list") if isinstance(status, dict) else None
        if not isinstance(entry, dict) or entry.get("uri") != self.uri:
            return None
        index = entry.get("idx")
        return index if type(index) is int and 0 <= index < self.size else None

    def _is_index(self, text: str) -> bool:
        """Say whether this is the number of an entry; others may have written to the store."""
        return text.isdecimal() and len(text) < 12 and int(text) < self.size


def _unpack(packed: bytes) -> bytes:
    """Return what zlib has packed, if it is all there, nothing comes after, and it is not huge."""
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(packed, _MOST_BYTES + 1)
    except zlib.error as error:
        _refuse("lst", f"no zlib stream ({error})", "RFC 1950", "4.1")
    if len(data) > _MOST_BYTES:
        _refuse("lst", "a list that unpacks to more", f"at most {_MOST_BYTES:,} bytes", "4.1")
    if not reader.eof:
        _refuse("lst", "a zlib stream that is cut off", "all of it", "4.1")
    if reader.unused_data:
        _refuse("lst", f"{len(reader.unused_data)} bytes after the zlib stream", "none", "4.1")
    if not data:
        _refuse("lst", "no entries", "at least one", "4.1")
    return data


def _check_bits(bits: Any) -> None:
    if type(bits) is not int or bits not in _BITS:
        _refuse("bits", show(bits), "1, 2, 4 or 8", "4.1")


def _refuse(what: str, found: str, expected: str, section: str) -> NoReturn:
    rule = f"{_DRAFT}, {section}"
    raise InvalidStatusList(f"bad {what}", found, expected, rule) from None
