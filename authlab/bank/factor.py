"""A second factor: a code of six digits, sent to the customer's phone after the password.

A code is guessed in a million tries, so these are counted: by code and by customer (ASVS 5.0,
6.6.3). Imports `limit`, `mailbox` and `sessions`.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Any

from flask import Flask, Response

from authlab.bank.accounts import Accounts, BankError
from authlab.bank.fields import answer, read_text
from authlab.bank.limit import Limit
from authlab.bank.mailbox import Mail, Mailbox
from authlab.clock import Clock
from authlab.revocation.arguments import is_text, read_json
from authlab.sessions import Store

__all__ = ["Factor"]

_TTL, _GUESSES = 600, 5  # seconds, and tries, of a code
_WRONG = "The code is wrong, used or too old. Log in again to get a new one."


class Factor:
    """Ask `users` (everybody by default) for a code at log-in.

    A code lives ten minutes (ASVS 5.0, 6.5.5), works once (6.5.1), for the log-in that it was made
    for (6.6.2), and bears five guesses. A customer gets `codes` an hour, sent to `phone`. The store
    holds a digest of each code, keyed with what only the customer's browser holds.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        users: Collection[str] | None = None,
        codes: int = 10,
    ) -> None:
        self.users = users
        self.phone = Mailbox()
        self._store = store
        self._clock = clock or store.clock
        self.limit = Limit(store, self._clock, "codes", most=codes, per=3600)

    def wants(self, user: str) -> bool:
        """Say whether this customer needs a code to log in."""
        return self.users is None or user in self.users

    def begin(self, user: str, state: str) -> str:
        """Send a code; return what must come back with it. Raises BankError 429 for too many.

        `state` is the password's hash: a log-in that began with the old one ends with it.
        """
        if not self.limit.spend(user):
            raise BankError(429, "Too many codes were sent to your phone. Try again in an hour.")
        code, challenge = f"{secrets.randbelow(10**6):06}", secrets.token_urlsafe(16)
        ends, sealed = self._clock.now() + _TTL, _seal(challenge, code, state)
        record = {"user": user, "code": sealed, "ends": ends, "left": _GUESSES}
        self._store.set(_key(challenge), json.dumps(record).encode(), _TTL)
        self.phone.send(Mail(user, "The bank", f"{code} is your code. Tell it to nobody."))
        return challenge

    def finish(self, challenge: str, code: str, state_of: Callable[[str], str]) -> str:
        """Return the user who logs in. Raises BankError 403 for a code that does not work."""
        key = _key(challenge)
        user = _read(self._store.get(key)).get("user", "")
        want = _seal(challenge, code, state_of(user))
        right = False

        def guess(old: bytes | None) -> bytes | None:
            # In one step: of many guesses at once none is free, and of many right ones one wins.
            nonlocal right
            record = _read(old)
            left = record.get("left", 0) - 1
            alive = left >= 0 and self._clock.now() < record["ends"]
            right = alive and hmac.compare_digest(record["code"], want)
            if right or not alive or left == 0:
                return None
            return json.dumps({**record, "left": left}).encode()

        self._store.update(key, guess, _TTL)
        if not right:
            raise BankError(403, _WRONG)
        self.limit.clear(user)
        return str(user)

    def attach(
        self, bank: Flask, accounts: Accounts, welcome: Callable[[str, Response], dict[str, Any]]
    ) -> None:
        """Add POST /login/code {factor, code} to the bank; `welcome` logs a user in."""

        @bank.post("/login/code")
        def log_in_with_code() -> Response:
            user = self.finish(read_text("factor"), read_text("code"), accounts.password_hash)
            return answer(lambda response: welcome(user, response))


def _key(challenge: str) -> str:
    return f"code:{sha256(challenge.encode()).hexdigest()}"


def _seal(challenge: str, code: str, state: str) -> str:
    return hmac.digest(challenge.encode(), f"{len(code)}:{code}{state}".encode(), "sha256").hex()


def _read(raw: bytes | None) -> dict[str, Any]:
    """Return a record; {} for nothing, and for what somebody else wrote there."""
    found = read_json(raw)
    if not isinstance(found, dict) or not is_text(found.get("user")):
        return {}
    types = {"code": str, "ends": float, "left": int}
    good = all(type(found.get(name)) is kind for name, kind in types.items())
    return found if good and found["code"].isascii() else {}
