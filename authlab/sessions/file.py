"""A store in a folder, one file an entry: shared by the processes of one machine."""

# A Path would take a third of the time of a `get`.
# ruff: noqa: PTH102, PTH105, PTH108, PTH110, PTH114, PTH116, PTH120, PTH208

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from random import randrange
from typing import NamedTuple
from zlib import crc32

from authlab.clock import Clock
from authlab.sessions.base import MOST_KEY, MOST_VALUE, Change, Store
from authlab.sessions.locks import hold_lock

__all__ = ["Entry", "FileStore", "read_entry"]

_PATIENCE = 0.8  # seconds to wait for another writer
_SWEEP_EVERY = 1000  # writes of this process; each sweep looks into one of the 256 folders
_LINE = 39  # bytes of the first line: 24 for the end, 4 for the key's length, 8 for the CRC-32
_MOST_BYTES = _LINE + MOST_KEY + MOST_VALUE  # of a file
# Follow no link, and do not wait for a pipe to have a writer; O_BINARY is for Windows.
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_READ |= getattr(os, "O_BINARY", 0)
_TOUCH = os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Entry(NamedTuple):
    """What one file says: when it ends (Unix seconds), its key, its value."""

    ends: float
    key: bytes
    value: bytes


class FileStore(Store):
    """Keep each entry in a file below `folder`, made if absent (0700; the files 0600).

    The file of a key is `ab/abcdef...`, its SHA-256 in hex below a folder of the first two digits,
    so no key can name a place outside. Its first line says when the entry ends (Unix seconds), how
    many bytes the key has, and a CRC-32 of all the rest; then come the key and the value as they
    are. A file that does not add up, and one that is a link, reads as absent.

    A writer holds the file `lock` of its folder, fills the file `draft` and renames it: a reader
    finds the old entry or the new one, whole, even when the writer is killed, and the next writer
    clears a draft left behind. What a call has stored survives the death of the process; a power
    cut may cost what was written last. Ended entries are swept, one of the 256 folders with every
    1,000 writes. Needs a local disk: locks over a network file system are not to be relied on.
    """

    _troubles = (OSError,)

    def __init__(self, folder: str | Path, clock: Clock | None = None) -> None:
        self.folder = Path(folder).absolute()
        super().__init__(f"file://{self.folder}", clock)
        self._root = str(self.folder)
        self._writes = 0
        self._next_swept = randrange(256)  # so that many short runs together sweep them all
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (*self._troubles, RecursionError) as error:  # a thousand folders, one in another
            raise self._unavailable(error) from error

    def _get(self, key: str) -> bytes | None:
        raw = key.encode()
        shard, path = self._place(raw)
        try:
            _check_folder(shard)
            value = self._read(path, raw)
            if value is None and os.path.exists(path):
                with self._alone(raw):  # perhaps it was being touched at this very moment
                    value = self._read(path, raw)
            return value
        except FileNotFoundError:
            os.stat(self._root)  # absent with all the others: then the store is gone
            return None

    def _set(self, key: str, value: bytes, ttl: float) -> None:
        raw = key.encode()
        with self._alone(raw) as path:
            self._replace(path, raw, value, ttl)

    def _add(self, key: str, value: bytes, ttl: float) -> bool:
        raw = key.encode()
        with self._alone(raw) as path:
            if self._read(path, raw) is not None:
                return False
            self._replace(path, raw, value, ttl)
            return True

    def _pop(self, key: str) -> bytes | None:
        raw = key.encode()
        with self._alone(raw) as path:
            value = self._read(path, raw)
            _remove(path)
            return value

    def _touch(self, key: str, ttl: float) -> bool:
        raw = key.encode()
        with self._alone(raw) as path:
            value = self._read(path, raw)
            if value is None:
                return False
            # In place: ten times quicker than a new file. A line this short is written in one
            # piece; a reader without the lock may see half of it, and notices by the CRC.
            handle = os.open(path, _TOUCH)
            try:
                os.write(handle, _first_line(self.clock.now() + ttl, raw, value))
            finally:
                os.close(handle)
            return True

    def _update(self, key: str, change: Change, ttl: float) -> bytes | None:
        raw = key.encode()
        with self._alone(raw) as path:
            new = change(self._read(path, raw))
            if new is None:
                _remove(path)
            else:
                self._replace(path, raw, new, ttl)
            return new

    def _keys(self, prefix: str) -> Iterator[str]:
        start, now = prefix.encode(), self.clock.now()
        os.stat(self._root)
        for number in range(256):
            for path in _entry_files(f"{self._root}/{number:02x}"):
                entry = read_entry(path)
                if entry and now < entry.ends and entry.key.startswith(start):
                    yield entry.key.decode()

    def _place(self, raw: bytes) -> tuple[str, str]:
        name = sha256(raw).hexdigest()
        return f"{self._root}/{name[:2]}", f"{self._root}/{name[:2]}/{name}"

    def _read(self, path: str, raw: bytes) -> bytes | None:
        entry = read_entry(path)
        alive = entry and entry.key == raw and self.clock.now() < entry.ends
        return entry.value if entry and alive else None

    def _replace(self, path: str, raw: bytes, value: bytes, ttl: float) -> None:
        """Write beside and rename. Only under the folder's lock: there is one draft in it."""
        draft = os.path.dirname(path) + "/draft"
        try:
            handle = os.open(draft, _WRITE, 0o600)
        except FileExistsError:  # its writer was killed
            os.unlink(draft)
            handle = os.open(draft, _WRITE, 0o600)
        try:
            try:
                line = _first_line(self.clock.now() + ttl, raw, value)
                rest = memoryview(b"%b%b%b" % (line, raw, value))
                # ext4 sends a file to the disk at once when it is renamed over another, unless its
                # blocks are allocated already: half the time of a set. Not every system can.
                with suppress(OSError, AttributeError):
                    os.posix_fallocate(handle, 0, len(rest))
                while rest:  # a disk that fills up takes a part before it refuses
                    rest = rest[os.write(handle, rest) :]
            finally:
                os.close(handle)
            os.replace(draft, path)
        except BaseException:
            _remove(draft)
            raise

    @contextmanager
    def _alone(self, raw: bytes) -> Iterator[str]:
        """Keep other writers out of the key's folder, and yield the path of its file."""
        shard, path = self._place(raw)
        try:
            _check_folder(shard)
        except FileNotFoundError:
            with suppress(FileExistsError):  # another was faster
                os.mkdir(shard, 0o700)
        with hold_lock(f"{shard}/lock", patience=_PATIENCE):
            yield path
        self._writes += 1
        if self._writes >= _SWEEP_EVERY:
            self._writes = 0
            self._sweep()

    def _sweep(self) -> None:
        self._next_swept = (self._next_swept + 1) % 256
        shard = f"{self._root}/{self._next_swept:02x}"
        with suppress(OSError):  # what the caller asked for is done: this may wait
            _check_folder(shard)
            with hold_lock(f"{shard}/lock", patience=0):
                _remove(f"{shard}/draft")
                for path in _entry_files(shard):
                    entry = read_entry(path)
                    if entry and entry.ends <= self.clock.now():
                        _remove(path)


def _first_line(ends: float, key: bytes, value: bytes) -> bytes:
    start = b"%24r %4d" % (ends, len(key))
    return b"%b %08x\n" % (start, crc32(value, crc32(key, crc32(start))))


def read_entry(path: str | Path) -> Entry | None:
    """Return what a store's file says, or None for any file that is not whole and a store's own.

    Raises OSError for a file that may not be read.
    """
    try:
        handle = os.open(path, _READ)
    except OSError:
        if os.path.islink(path) or not os.path.exists(path):
            return None
        raise
    try:
        data = os.read(handle, 4096)
        if len(data) == 4096:
            data += os.read(handle, _MOST_BYTES)
    except IsADirectoryError:
        return None
    finally:
        os.close(handle)
    try:
        ends, size, check = data[:_LINE].split()
        key_ends = _LINE + int(size)
        if crc32(data[_LINE:], crc32(data[: _LINE - 10])) == int(check, 16):
            return Entry(float(ends), data[_LINE:key_ends], data[key_ends:])
    except ValueError:
        pass
    return None


def _entry_files(shard: str) -> Iterator[str]:
    try:
        _check_folder(shard)
        names = os.listdir(shard)
    except FileNotFoundError:
        return
    yield from (f"{shard}/{name}" for name in names if len(name) == 64)


def _check_folder(path: str) -> None:
    """Raise OSError unless `path` is a folder itself: a link would lead out of the store."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise NotADirectoryError(f"{path} is not a folder of the store")


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
