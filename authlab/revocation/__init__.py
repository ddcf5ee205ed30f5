"""Taking access back: nine strategies, refresh tokens, one-time tokens, a population.

Read the modules in this order: `errors`, `arguments`, `strategy`, `cutoff`, `issued`, `tokens`;
`session`; `pushed`, `status_list`, `status_tokens`; `endpoints`, `introspection`; `families`,
`refresh`, `short_lived`; `one_time`, `bound`; `population`, `ways`, `simulation`, `table`. A module
is loaded when one of its names is asked for.
"""

from importlib import import_module
from typing import Any

from authlab.revocation.errors import (
    InvalidArgument,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    InvalidStatusList,
    ListFull,
    RefreshReused,
    RevocationError,
)

_FILES = {
    "ALL": "simulation",
    "BloomDenylist": "pushed",
    "BoundTokens": "bound",
    "Cost": "strategy",
    "Denylist": "tokens",
    "Exchange": "refresh",
    "ExpiryOnly": "strategy",
    "Introspection": "introspection",
    "KeyPerUser": "tokens",
    "NotBefore": "tokens",
    "OneTimeTokens": "one_time",
    "Population": "population",
    "RefreshTokens": "refresh",
    "Row": "table",
    "ServerSession": "session",
    "ShortLivedWithRefresh": "short_lived",
    "StatusList": "status_list",
    "Strategy": "strategy",
    "Table": "table",
    "simulate": "simulation",
}
__all__ = list(_FILES)
__all__ += [
    "InvalidArgument",
    "InvalidOneTimeToken",
    "InvalidRefreshToken",
    "InvalidStatusList",
    "ListFull",
    "RefreshReused",
    "RevocationError",
]


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"authlab.revocation has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"authlab.revocation.{_FILES[name]}"), name)
