"""Several servers behind one address. Imports nothing of authlab."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["load_balancer"]


def load_balancer(apps: "Sequence[WSGIApplication]") -> "WSGIApplication":
    """Return a WSGI app that hands each request to the next of `apps`, in turn.

    The answer says in `X-Served-By` which one it was, counted from 1.
    """
    if not apps:
        raise ValueError("load_balancer got no apps, expected one or more.")
    turns = itertools.cycle(enumerate(list(apps), 1))  # next() of it is atomic in CPython

    def balance(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        number, app = next(turns)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[..., object]:
            return start_response(status, [*headers, ("X-Served-By", str(number))], *rest)

        return app(environ, start)

    return balance
