"""A lock that threads and processes of one machine see: a lock on a file, gone with its holder."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

__all__ = ["hold_lock"]

_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_POLL = 0.001  # seconds

if sys.platform == "win32":
    import msvcrt

    def _try(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: int) -> None:
        # Closing alone would not do: a child forked meanwhile has the same file open.
        fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def hold_lock(path: str, *, patience: float) -> Iterator[None]:
    """Hold the lock of the file `path`, made if absent, waiting at most `patience` seconds.

    The operating system releases it when the process dies. Raises OSError: TimeoutError when
    another holds it for too long, FileNotFoundError when its folder is not there.
    """
    handle = os.open(path, _OPEN, 0o600)
    try:
        if not _try(handle):
            deadline = monotonic() + patience
            while not _try(handle):
                if monotonic() > deadline:
                    raise TimeoutError(f"another writer kept its lock for {patience} seconds")
                sleep(_POLL)
        try:
            yield
        finally:
            _release(handle)
    finally:
        os.close(handle)
