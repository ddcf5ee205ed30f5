"""Open the store that a URL names. A store's library is loaded when its store is opened."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from authlab.clock import Clock
from authlab.sessions.base import Store
from authlab.sessions.errors import InvalidEntry

__all__ = ["open_store"]

_SCHEMES = "memory://, file:///dir, sqlite:///file, redis://host:port/db, rediss://, fakeredis://"
_RULE = "open_store"


def open_store(url: str | None = None, clock: Clock | None = None) -> Store:
    """Return the store that `url` names; without one that of AUTHLAB_STORE, else `fakeredis://`.

    - `memory://`: in this process, a new one each time.
    - `file:///dir` and `sqlite:///file`: four slashes begin an absolute path. With three the path
      is absolute if its first folder stands at the root (`file:///tmp/x`), else relative to the
      working folder (`sqlite:///sessions.db`). `%20` is a space. Missing folders are made.
    - `redis://[[user]:password@]host[:port][/db]`, `rediss://` over TLS. Keeps its own time.
    - `fakeredis://name`: embedded, the same name is the same store within this process, on the
      clock of the first to open it. `fakeredis://`: a new one each time.

    `clock` is what the store tells the time by, the real time by default. Raises InvalidEntry for
    a URL that names no store, StoreUnavailable for a folder or file that cannot be opened; a Redis
    server is first asked by the first call.
    """
    if url is None:
        url = os.environ.get("AUTHLAB_STORE") or "fakeredis://"
    if not isinstance(url, str):
        raise InvalidEntry("bad store URL", f"a {type(url).__name__}", "text", _RULE)
    scheme, colon, rest = url.partition("://")
    match scheme.lower() if colon else "":
        case "memory":
            if rest:
                raise InvalidEntry("bad store URL", "a name", "memory:// alone", _RULE)
            from authlab.sessions.memory import MemoryStore

            return MemoryStore(clock)
        case "file":
            from authlab.sessions.file import FileStore

            return FileStore(_read_path(rest), clock)
        case "sqlite":
            from authlab.sessions.sql import SqlStore

            return SqlStore(_read_path(rest), clock)
        case "redis" | "rediss":
            from authlab.sessions.redis import open_redis

            return open_redis(f"{scheme.lower()}://{rest}", clock)
        case "fakeredis":
            from authlab.sessions.redis import open_fake

            return open_fake(rest, clock)
        case _:
            # Not the URL itself: whatever it is, it may hold a password.
            found = f"the scheme {scheme[:20]!a}" if colon else "no scheme"
            raise InvalidEntry("bad store URL", found, f"one of {_SCHEMES}", _RULE)


def _read_path(rest: str) -> str:
    """Return the path that stands after `file://` or `sqlite://`."""

    def refuse(found: str, expected: str) -> Any:
        raise InvalidEntry("bad store URL", found, expected, _RULE)

    if "?" in rest or "#" in rest:
        refuse("? or #", "a path alone, with %3F for ? and %23 for #")
    path = os.fsdecode(unquote_to_bytes(rest))
    if not path.startswith("/"):
        refuse("no path after two slashes", "three slashes and a path, or four if it is absolute")
    if "\0" in path or not path.strip("/"):
        refuse("NUL" if "\0" in path else "an empty path", "the path of a folder or a file")
    if path.strip("/") == ":memory:":
        refuse(":memory:", "a file, or memory://: an SQLite in memory has no second connection")
    if os.name == "nt" and re.match(r"/+[A-Za-z]:", path):
        return path.lstrip("/")
    first, _, below = path.strip("/").partition("/")
    if path.startswith("//") or (below and Path(f"/{first}").is_dir()):
        return "/" + path.lstrip("/")
    return path.lstrip("/")
