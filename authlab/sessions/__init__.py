"""Server-side sessions on real stores: memory, files, SQLite, Redis (OWASP ASVS 5.0, V7).

Read the modules in this order, each stands on the ones before: `errors`, `base`, `memory`,
`locks`, `file`, `sql`, `redis`, `opening`, `metered`, `records`, `manager`.
"""

from authlab.sessions.base import Store
from authlab.sessions.errors import InvalidEntry, StoreError, StoreUnavailable, UnknownSession
from authlab.sessions.manager import Sessions
from authlab.sessions.metered import Metered
from authlab.sessions.opening import open_store
from authlab.sessions.records import Session

__all__ = [
    "InvalidEntry",
    "Metered",
    "Session",
    "Sessions",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "UnknownSession",
    "open_store",
]
