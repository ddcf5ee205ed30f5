"""One interface for every way to take access back, and the way that takes nothing back.

Imports `arguments` and `jose`. A strategy writes four hooks on verified claims: `grant`, `permits`,
`end`, `revoke_user`. The rest is here, the same for all: the token, its signature, the outage.
"""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import ceil
from typing import Any, ClassVar, Literal, NamedTuple

from authlab.clock import Clock
from authlab.jose import InvalidToken, Key, KeySet, decode, encode, generate_key, load_key
from authlab.jose.algorithms import ALGORITHMS
from authlab.revocation.arguments import (
    check_seconds,
    check_text,
    choose_clock,
    is_text,
    is_time,
    refuse,
)
from authlab.revocation.errors import InvalidArgument
from authlab.sessions import Metered, Store, StoreUnavailable

__all__ = ["CLAIMS", "Cost", "ExpiryOnly", "Outage", "Strategy"]

CLAIMS = ("iss", "sub", "iat", "exp", "jti")  # without these nobody could take a token back
_AHEAD = 1  # seconds that `iat` may lie ahead: two servers' clocks, and what `Cutoff` adds

Outage = Literal["closed", "open"]


class Cost(NamedTuple):
    """What a strategy has cost so far.

    `reads` and `writes` count calls of the store, as `Metered` does; `bytes_held` is keys and
    values that it holds in the store now; `bytes_pushed` is bytes sent to each verifying server.
    """

    reads: int
    writes: int
    bytes_held: int
    bytes_pushed: int


class Strategy(ABC):
    """Issue tokens, accept them, take them back; count what that costs.

    `store` holds what must be known later. `clock` is the store's by default. `key` signs (what
    `load_key` takes; a random one by default) by `algorithm`. A token lives `ttl` whole seconds
    and is for `issuer`, which is its issuer and audience. `on_outage` says what happens while the
    store is down: "closed" accepts nobody, "open" goes on by the signature alone.

    Raises InvalidArgument for a bad option or user, and StoreUnavailable; a token may be anything.
    """

    name: ClassVar[str]
    may_open: ClassVar[bool] = True  # False: without the store nobody can tell whose token it is
    ends_all: ClassVar[bool] = False  # True: who ends one token ends all of its user's
    instead: ClassVar[str] = ""  # what a bank takes in place of a strategy that is none for it

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        key: Any = None,
        algorithm: str = "HS256",
        ttl: int = 300,
        issuer: str = "https://bank.test",
        on_outage: Outage = "closed",
    ) -> None:
        self.clock = choose_clock(store, clock)
        if on_outage not in ("closed", "open"):
            refuse("on_outage", on_outage, "'closed' or 'open'")
        if on_outage == "open" and not self.may_open:
            expected = f"'closed': without its store {self.name} cannot tell whose token it is"
            refuse("on_outage", on_outage, expected)
        check_seconds("ttl", ttl)
        if type(ttl) is not int:
            refuse("ttl", ttl, "whole seconds")
        check_text("issuer", issuer)
        self.store = Metered(store)
        self.key = _read_key(key, algorithm)
        self.algorithm = algorithm
        self.ttl = ttl
        self.issuer = issuer
        self.on_outage: Outage = on_outage
        self.bytes_pushed = 0

    # -- the interface ----------------------------------------------------------------------

    def issue(self, user: str) -> str:
        """Return a new token for `user`: somebody has logged in."""
        check_text("user", user)
        if not self.key.is_private:
            refuse("key", "a public key, which can only check", "a private key")
        return self.sign(self.grant(self.new_claims(user)))

    def accepts(self, token: object) -> bool:
        """Say whether a server lets this token in. Never raises: a server that is asked answers."""
        try:
            return self.read(token) is not None
        except StoreUnavailable:
            return False

    def read(self, token: object) -> dict[str, Any] | None:
        """Return the claims of a token that is let in, None for any other.

        Raises StoreUnavailable where the store is down and `on_outage` is "closed".
        """
        claims = self.verify(token)
        return claims if claims is not None and self.lets_in(claims, token) else None

    def log_out(self, token: object) -> bool:
        """End this token; say whether there was one to end, and it has ended.

        Raises StoreUnavailable: a log-out that did not happen must not look like one.
        """
        claims = self.verify(token)
        return claims is not None and _are_sound(claims) and self.end(claims)

    def cost(self) -> Cost:
        """Return what was spent so far. This looks at every entry: for a report, not a request."""
        raw = self.store.store  # not through the meter: a report is no request
        keys = [key for prefix in self._prefixes() for key in raw.keys(prefix)]
        held = sum(len(key.encode()) + len(raw.get(key) or b"") for key in keys)
        return Cost(self.store.reads, self.store.writes, held, self.bytes_pushed)

    # -- what a strategy writes -------------------------------------------------------------

    def grant(self, claims: dict[str, Any]) -> dict[str, Any]:
        """A token with these claims is being made: record what must be, return what goes in."""
        return claims

    @abstractmethod
    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        """Say whether a token with these verified claims has not been ended."""

    @abstractmethod
    def end(self, claims: Mapping[str, Any]) -> bool:
        """End the token with these verified claims; say whether it had not ended before."""

    @abstractmethod
    def revoke_user(self, user: str) -> None:
        """End every token of `user`: the account is disabled, the password changed."""

    def lives_on(self, claims: Mapping[str, Any]) -> float:
        """Return for how many seconds an ended token with these claims is still accepted."""
        return 0.0

    def fit(self, key: Key, issuer: str, ttl: float) -> None:
        """Get ready for a bank's tokens, signed by `key`, which live `ttl` seconds.

        What is kept about a token must outlive it. Raises InvalidArgument where tokens of this
        kind could not be taken back.
        """
        if self.instead:
            refuse("revocation", self.name, self.instead)
        check_seconds("ttl", ttl)
        self.ttl = max(self.ttl, ceil(ttl))

    # -- what they share --------------------------------------------------------------------

    def new_claims(self, user: str) -> dict[str, Any]:
        """Return the claims of a token for `user` that begins now, in whole seconds."""
        now, who = int(self.clock.now()), {"iss": self.issuer, "sub": user, "aud": self.issuer}
        return {**who, "iat": now, "exp": now + self.ttl, "jti": secrets.token_urlsafe(16)}

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token with these claims. Raises InvalidArgument where the key does not sign."""
        try:
            return encode(claims, self.key, self.algorithm)
        except InvalidToken as error:
            raise _bad_key(error) from None

    def verify(self, token: object) -> dict[str, Any] | None:
        """Return the claims of a token that this issuer signed and that has not expired."""
        return self._verify_by(self.key, token)

    def lets_in(self, claims: Mapping[str, Any], token: object) -> bool:
        """Do as `permits`, and while the store is down as `on_outage` says.

        For claims of any library: `PyJWT` lets some pass that no strategy can work with.
        """
        if not _are_sound(claims):
            return False
        try:
            return self.permits(claims, token)
        except StoreUnavailable:
            if self.on_outage == "closed":
                raise
            return True

    def _verify_by(self, key: Any, token: Any) -> dict[str, Any] | None:
        algs, who, now = [self.algorithm], self.issuer, self.clock.now()
        if not isinstance(token, str):  # `decode` takes bytes, too, and a session id has none
            return None
        try:
            claims = decode(
                token, key, algs, audience=who, issuer=who, require=CLAIMS, leeway=_AHEAD, now=now
            )
        except InvalidToken:
            return None
        return claims if now < claims["exp"] else None  # without the leeway

    def _key(self, *parts: str) -> str:
        """Return a key of this strategy's in the store."""
        return ":".join((self.name, *parts))

    def _prefixes(self) -> tuple[str, ...]:
        """Return how the keys begin that this strategy has in the store."""
        return (self._key(""),)


class ExpiryOnly(Strategy):
    """Take nothing back: a token works until its `exp`, whatever happened (RFC 7519, 4.1.4).

    Costs the store nothing, and asks it nothing: an outage goes unnoticed.
    """

    name = "ExpiryOnly"

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        return True

    def end(self, claims: Mapping[str, Any]) -> bool:
        return False

    def revoke_user(self, user: str) -> None:
        check_text("user", user)

    def lives_on(self, claims: Mapping[str, Any]) -> float:
        return max(0.0, float(claims["exp"]) - self.clock.now())


def _are_sound(claims: Mapping[str, Any]) -> bool:
    texts = all(is_text(claims.get(name)) for name in ("iss", "sub", "jti"))
    return texts and all(is_time(claims.get(name)) for name in ("iat", "exp"))


def _read_key(key: Any, algorithm: Any) -> Key:
    if algorithm not in tuple(ALGORITHMS):
        refuse("algorithm", algorithm, f"one of {', '.join(ALGORITHMS)}")
    try:
        loaded = generate_key(algorithm) if key is None else load_key(key)
        if not isinstance(loaded, KeySet):
            loaded.material_for(ALGORITHMS[algorithm], "verify")  # the right kind, and strong
            return loaded
    except InvalidToken as error:
        raise _bad_key(error) from None
    refuse("key", "a set of keys", "the one key that signs")


def _bad_key(error: InvalidToken) -> InvalidArgument:
    return InvalidArgument(f"bad key: {error.what}", error.found, error.expected, error.rule)
