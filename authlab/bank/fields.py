"""What a request to the bank says, from JSON or a form, and what it answers. Imports `accounts`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from authlab.bank.accounts import BankError

__all__ = ["answer", "read_amount", "read_text"]


def answer(fill: Callable[[Response], dict[str, Any]]) -> Response:
    """Return a response with what `fill` returns, as JSON; `fill` may set cookies on it."""
    response = Response(mimetype="application/json")
    response.set_data(json.dumps(fill(response)))
    return response


def _field(name: str) -> Any:
    try:
        given = request.get_json() if request.is_json else request.form
    except RecursionError:  # a thousand brackets, and no request of ours
        given = None
    if not isinstance(given, Mapping):
        raise BankError(400, f"Found JSON that is no object, expected one with {name!r}.")
    return given.get(name)


def read_text(name: str) -> str:
    """Return the text in a field; raises BankError 400 where there is none."""
    value = _field(name)
    if not isinstance(value, str) or not value:
        raise BankError(400, f"{name!r} is missing or no text.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BankError(400, f"{name!r} holds half a surrogate pair.") from None
    return value


def read_amount() -> int:
    """Return the whole euros in the field "amount"; raises BankError 400 where there are none."""
    value = _field("amount")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)  # from a form
    if type(value) is not int or abs(value) > 999_999_999:
        raise BankError(400, "'amount' is missing or no whole number of euros.")
    return value
