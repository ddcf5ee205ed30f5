"""Taking access back: nine strategies, refresh tokens, one-time tokens, a population.

Read the modules in this order: `errors`, `arguments`, `strategy`, `per_user`, `tokens`; `session`;
`pushed`, `status_list`; `introspection`; `families`, `refresh`, `short_lived`; `one_time`, `bound`;
`population`, `ways`, `simulation`, `table`. A module is loaded when one of its names is asked for.
"""

from importlib import import_module
from typing import Any

_FILES = {
    "ALL": "simulation",
    "BloomDenylist": "pushed",
    "BoundTokens": "bound",
    "Cost": "strategy",
    "Denylist": "tokens",
    "Exchange": "refresh",
    "ExpiryOnly": "strategy",
    "Introspection": "introspection",
    "InvalidArgument": "errors",
    "InvalidOneTimeToken": "errors",
    "InvalidRefreshToken": "errors",
    "InvalidStatusList": "errors",
    "KeyPerUser": "tokens",
    "ListFull": "errors",
    "NotBefore": "tokens",
    "OneTimeTokens": "one_time",
    "Population": "population",
    "RefreshReused": "errors",
    "RefreshTokens": "refresh",
    "RevocationError": "errors",
    "Row": "table",
    "ServerSession": "session",
    "ShortLivedWithRefresh": "short_lived",
    "StatusList": "status_list",
    "Strategy": "strategy",
    "Table": "table",
    "simulate": "simulation",
}
__all__ = list(_FILES)


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"authlab.revocation has no {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"authlab.revocation.{_FILES[name]}"), name)
