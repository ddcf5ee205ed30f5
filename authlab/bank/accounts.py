"""The bank's customers: password hashes and balances. Imports nothing of authlab."""

import threading
from collections.abc import Mapping
from functools import lru_cache

from werkzeug.security import check_password_hash, generate_password_hash

__all__ = ["PASSWORDS", "Accounts", "BankError"]

# The customers of every lesson. Mallory is one of them: thieves have accounts, too.
PASSWORDS = {
    "alice": "tulips-in-may",
    "bob": "anchor-and-rope",
    "carol": "window-seat-12",
    "dave": "fresh-snow-outside",
    "mallory": "magpie-at-noon",
}
_OPENING_BALANCE = 1_000  # euros
_SHORTEST, _LONGEST = 8, 128  # characters of a password (ASVS 5.0, 6.2.1 and 6.2.9)
# What werkzeug takes by default: N=2**15, r=8, p=1, some 50 ms and 32 MB a guess.
_SCRYPT = "scrypt:32768:8:1"


class BankError(Exception):
    """What the bank answers when it will not do something: an HTTP `status` and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence

    def __str__(self) -> str:
        return self.sentence


@lru_cache(maxsize=64)
def _hash_published(password: str, method: str) -> str:
    """Hash a password of `PASSWORDS` once a process: it is no secret, and scrypt is slow."""
    return generate_password_hash(password, method)


class Accounts:
    """Customers with a password and a balance in whole euros; safe to share between servers.

    `passwords` maps a name to its password, each stored as its scrypt hash; `PASSWORDS` when not
    given. `method` is werkzeug's: a lesson that logs in hundreds of times may take a faster one,
    such as "scrypt:1024:8:1".
    """

    def __init__(
        self, passwords: Mapping[str, str] | None = None, *, method: str = _SCRYPT
    ) -> None:
        people = PASSWORDS if passwords is None else passwords
        self._method = method
        self._hashes = {name: _hash_published(word, method) for name, word in people.items()}
        self._balances = dict.fromkeys(people, _OPENING_BALANCE)
        self._nobody = _hash_published("nobody-has-this-password", method)
        self._lock = threading.Lock()

    def check_password(self, user: str, password: str) -> bool:
        """Say whether this is the user's password; an unknown user takes as long as a known one."""
        known = self._hashes.get(user)
        if len(password) > _LONGEST:
            return False
        return check_password_hash(known or self._nobody, password) and known is not None

    def change_password(self, user: str, old: str, new: str) -> None:
        """Replace the user's password (ASVS 5.0, 6.2.2 and 6.2.3: only with the old one).

        Raises BankError 403 for a wrong old one, 400 for a new one that is too short or too long.
        """
        was = self.password_hash(user)
        right = self.check_password(user, old)
        # Only over the one that was checked: a reset meanwhile was to end whoever knows that.
        if not right or not self.set_password(user, new, was=was):
            raise BankError(403, "The old password is wrong.")

    def check_new(self, password: str) -> None:
        """Raise BankError 400 for a new password that is too short or too long."""
        if not _SHORTEST <= len(password) <= _LONGEST:
            found, expected = len(password), f"{_SHORTEST} to {_LONGEST}"
            raise BankError(400, f"The new password has {found} characters, expected {expected}.")

    def set_password(self, user: str, new: str, *, was: str | None = None) -> bool:
        """Give a known user a new password, without the old one; say whether it was done.

        With `was` only if the hash is still that one: of two who read the same, one wins.
        Raises BankError as `check_new` does.
        """
        self.check_new(new)
        made = generate_password_hash(new, self._method)
        with self._lock:
            if user not in self._hashes or was not in (None, self._hashes[user]):
                return False
            self._hashes[user] = made
            return True

    def password_hash(self, user: str) -> str:
        """Return the hash of the user's password, "" for an unknown one: no two are the same."""
        return self._hashes.get(user, "")

    def balance(self, user: str) -> int:
        """Return what the user has, in euros. Raises BankError 404 for an unknown one."""
        try:
            return self._balances[user]
        except KeyError:
            raise BankError(404, "The bank has no such customer.") from None

    def transfer(self, payer: str, payee: str, amount: int) -> int:
        """Move `amount` euros and return the payer's new balance.

        Raises BankError 400 for an amount below 1, 404 for an unknown name, 409 for too little.
        """
        with self._lock:
            rest = self.balance(payer) - amount
            self.balance(payee)
            if amount < 1:
                raise BankError(400, f"The amount is {amount}, expected 1 or more.")
            if rest < 0:
                raise BankError(409, f"The account is {-rest} euros short.")
            self._balances[payer] -= amount
            self._balances[payee] += amount
            return self._balances[payer]
