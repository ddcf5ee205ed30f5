"""One contract for every store: bytes under a key, for a time. Imports `errors` and the clock.

The public methods check what they are given and translate what goes wrong; a store writes the
methods with a leading underscore, and checks nothing twice.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Self, TypeVar

from authlab.clock import Clock
from authlab.sessions.errors import InvalidEntry, StoreUnavailable

__all__ = ["LONGEST_TTL", "MOST_KEY", "MOST_VALUE", "Change", "Store", "check_ttl"]

MOST_KEY = 1024  # bytes of UTF-8
MOST_VALUE = 2**20  # bytes: 1 MiB
LONGEST_TTL = 100 * 366 * 86400  # seconds: a century, which every store can count

Change = Callable[[bytes | None], bytes | None]
T = TypeVar("T")


class Store(ABC):
    """Keep values, each for its time to live, safe under many threads and processes.

    A key is text of 1 to 1,024 bytes in UTF-8; any character will do. A value is `bytes` of up to
    1 MiB. A `ttl` is a number of seconds above 0: the entry lives while `clock.now()` is less than
    the time of writing plus `ttl`. Each method is atomic.

    Raises InvalidEntry for a key, value or ttl outside these limits, StoreUnavailable within a
    second when the store does not do its work; nothing else. `name` is what errors call the store.
    """

    # What the store's own machinery raises. Each becomes StoreUnavailable.
    _troubles: tuple[type[Exception], ...] = ()

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        self.name = name
        self.clock = clock or Clock()
        self._closed = False

    def get(self, key: str) -> bytes | None:
        """Return the value, or None where no live entry is."""
        return self._call(self._get, key)

    def set(self, key: str, value: bytes, ttl: float) -> None:
        """Store `value` for `ttl` seconds, over whatever was there."""
        _check_value(value)
        check_ttl(ttl)
        self._call(self._set, key, value, ttl)

    def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Store `value` if no live entry is there; say whether it did. One caller wins a race."""
        _check_value(value)
        check_ttl(ttl)
        return self._call(self._add, key, value, ttl)

    def pop(self, key: str) -> bytes | None:
        """Take the entry out and return its value, or None. One caller wins a race."""
        return self._call(self._pop, key)

    def delete(self, key: str) -> bool:
        """Remove the entry; say whether a live one was there."""
        return self._call(self._delete, key)

    def touch(self, key: str, ttl: float) -> bool:
        """Give a live entry `ttl` seconds from now; say whether there was one."""
        check_ttl(ttl)
        return self._call(self._touch, key, ttl)

    def update(self, key: str, change: Change, ttl: float) -> bytes | None:
        """Put `change(old)` in place of `old`, with nothing in between; return what is stored now.

        `change` gets the value, or None where no live entry is, and returns the new value, or None
        to remove it. It may be called again when another writer was faster, so it should do
        nothing but compute; it must not write to this store. What it raises passes through.
        """
        check_ttl(ttl)

        def checked(old: bytes | None) -> bytes | None:
            try:
                new = change(old)
                if new is not None:
                    _check_value(new)
            except Exception as error:
                raise _Raised(error) from None  # or an OSError would pass for the store's
            return new

        try:
            return self._call(self._update, key, checked, ttl)
        except _Raised as raised:
            raise raised.error from None

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Yield the key of each live entry that starts with `prefix`, in no given order.

        This looks at every entry: for a lesson or a repair, not for a request. What is written
        meanwhile may be seen or not.
        """
        if not isinstance(prefix, str) or prefix:
            _check_key(prefix)
        self._check_open()
        return self._each_key(prefix)

    def close(self) -> None:
        """Let go of files and connections; afterwards every call raises StoreUnavailable."""
        if not self._closed:
            self._closed = True
            try:
                self._close()
            except self._troubles as error:
                raise self._unavailable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _each_key(self, prefix: str) -> Iterator[str]:
        try:
            yield from self._keys(prefix)
        except self._troubles as error:
            raise self._unavailable(error) from error

    def _call(self, method: Callable[..., T], key: str, *rest: Any) -> T:
        # An ASCII key, the usual one, is checked without encoding it.
        if not (type(key) is str and key.isascii() and 0 < len(key) <= MOST_KEY):
            _check_key(key)
        if self._closed:
            self._check_open()
        try:
            return method(key, *rest)
        except self._troubles as error:
            raise self._unavailable(error) from error

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(self.name, "it is closed")

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(self.name, f"{type(error).__name__}: {error}")

    @abstractmethod
    def _get(self, key: str) -> bytes | None: ...
    @abstractmethod
    def _set(self, key: str, value: bytes, ttl: float) -> None: ...
    @abstractmethod
    def _add(self, key: str, value: bytes, ttl: float) -> bool: ...
    @abstractmethod
    def _pop(self, key: str) -> bytes | None: ...

    def _delete(self, key: str) -> bool:
        return self._pop(key) is not None

    @abstractmethod
    def _touch(self, key: str, ttl: float) -> bool: ...
    @abstractmethod
    def _update(self, key: str, change: Change, ttl: float) -> bytes | None: ...
    @abstractmethod
    def _keys(self, prefix: str) -> Iterator[str]: ...

    def _close(self) -> None:  # noqa: B027  (most stores have nothing to let go of)
        pass


class _Raised(Exception):
    """What the caller's `change` raised, on its way through the store."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _check_key(key: Any) -> None:
    expected, rule = f"text of 1 to {MOST_KEY:,} bytes in UTF-8", "Store: keys"
    if not isinstance(key, str):
        raise InvalidEntry("bad key", f"a {type(key).__name__}", expected, rule)
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise InvalidEntry("bad key", "half a surrogate pair", expected, rule) from None
    if not 0 < size <= MOST_KEY:
        raise InvalidEntry("bad key", f"{size:,} bytes", expected, rule)


def _check_value(value: Any) -> None:
    if not isinstance(value, bytes) or len(value) > MOST_VALUE:
        found = f"{len(value):,}" if isinstance(value, bytes) else f"a {type(value).__name__}"
        expected = f"bytes, at most {MOST_VALUE:,} of them"
        raise InvalidEntry("bad value", found, expected, "Store: values")


def check_ttl(ttl: Any, what: str = "bad time to live", rule: str = "Store: ttl") -> None:
    """Raise InvalidEntry for what is no number of seconds above 0."""
    is_number = isinstance(ttl, int | float) and not isinstance(ttl, bool)
    if not is_number or not 0 < ttl <= LONGEST_TTL:  # NaN fails the comparison
        # Decimal, as no other type writes down every number, however long.
        found = f"{Decimal(ttl):.3g}" if is_number else f"a {type(ttl).__name__}"
        expected = f"seconds above 0, at most {LONGEST_TTL:,}"
        raise InvalidEntry(what, found, expected, rule)
