"""One status in one, two, four or eight bits: a million of them in a hundred kilobytes.

Imports `errors`. draft-ietf-oauth-status-list, section 4: an issuer publishes the list, and a token
says in its claim `status` which index of which list is its own.
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from authlab.jose import InvalidToken, b64url_decode, b64url_encode
from authlab.jose.encoding import show
from authlab.revocation.errors import InvalidStatusList
from authlab.sessions import Store

__all__ = ["StatusList"]

_BITS = (1, 2, 4, 8)
_MOST_BYTES = 2**24  # 16 MiB unpacked: 16 million entries of 8 bits, 134 million of one
_DRAFT = "draft-ietf-oauth-status-list"


class StatusList:
    """`size` entries of `bits` bits each, all 0 (valid) at first; 1 means invalid, for good.

    `statuses[i]` reads, `statuses[i] = value` writes, `len(statuses)` counts. Raises
    InvalidStatusList, and nothing else, for an index, a value or a list that is none.

    `StatusList(store, ...)`, with a store in place of a size, makes the strategy that works by such
    lists: a `StatusListStrategy`.
    """

    def __new__(cls, *given: Any, **options: Any) -> Any:
        if given and isinstance(given[0], Store):
            from authlab.revocation.status_tokens import StatusListStrategy

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
        """Return {"bits", "lst"}: the bytes, packed by zlib at level 9, as Base64url (4.2)."""
        return {"bits": self.bits, "lst": b64url_encode(zlib.compress(self._bytes, 9))}

    @classmethod
    def decode(cls, found: Any, *, most_bytes: int = _MOST_BYTES) -> "StatusList":
        """Return the list that `encode` gave, or anybody else: {"bits", "lst"} from the network.

        A list says nothing of its size: it has the entries that its bytes hold. Unpacking stops
        at `most_bytes`, whatever the list would grow to.
        """
        if type(most_bytes) is not int or not 0 < most_bytes <= _MOST_BYTES:
            _refuse("most_bytes", show(most_bytes), f"from 1 to {_MOST_BYTES:,}", "4.2")
        if not isinstance(found, Mapping):
            _refuse("list", f"a {type(found).__name__}", "an object with bits and lst", "4.2")
        bits, lst = found.get("bits", 0), found.get("lst")
        _check_bits(bits)
        if not isinstance(lst, str):
            _refuse("lst", f"a {type(lst).__name__}", "text", "4.2")
        # Packing adds some bytes in 16 KiB to what does not pack, Base64url a third.
        if len(lst) > most_bytes * 1.4 + 100:
            _refuse("lst", f"{len(lst):,} characters", f"at most {most_bytes:,} bytes", "4.2")
        try:
            packed = b64url_decode(lst)
        except InvalidToken as error:
            _refuse("lst", error.found, error.expected, "4.2")
        statuses: StatusList = super().__new__(cls)
        statuses.bits = bits
        statuses._bytes = bytearray(_unpack(packed, most_bytes))
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


def _unpack(packed: bytes, most: int) -> bytes:
    """Return what zlib has packed, if it is all there, nothing comes after, and it is not huge."""
    reader = zlib.decompressobj()
    try:
        data = reader.decompress(packed, most + 1)
    except zlib.error as error:
        _refuse("lst", f"no zlib stream ({error})", "RFC 1950", "4.1")
    if len(data) > most:
        _refuse("lst", "a list that unpacks to more", f"at most {most:,} bytes", "4.1")
    if not reader.eof:
        _refuse("lst", "a zlib stream that is cut off", "all of it", "4.1")
    if reader.unused_data:
        found = f"{len(reader.unused_data)} bytes after the zlib stream"
        _refuse("lst", found, "none", "4.1")
    if not data:
        _refuse("lst", "no entries", "at least one", "4.1")
    return data


def _check_bits(bits: Any) -> None:
    if type(bits) is not int or bits not in _BITS:
        _refuse("bits", show(bits), "1, 2, 4 or 8", "4.1")


def _refuse(what: str, found: str, expected: str, section: str) -> NoReturn:
    rule = f"{_DRAFT}, {section}"
    raise InvalidStatusList(f"bad {what}", found, expected, rule) from None
