"""Tokens with an index on a status list, which is pushed. Imports `pushed` and `status_list`."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from authlab.clock import Clock
from authlab.revocation.arguments import check_user, seconds_left
from authlab.revocation.errors import InvalidStatusList, ListFull
from authlab.revocation.issued import Issued
from authlab.revocation.pushed import Pushed
from authlab.revocation.status_list import StatusList
from authlab.sessions import Store
from authlab.sessions.base import LONGEST_TTL

__all__ = ["StatusListStrategy"]

_TRIES = 16  # for a free index by chance, before all of them are looked at


class StatusListStrategy(Pushed):
    """Give each token an index on a list, and push the list (draft-ietf-oauth-status-list).

    The claim `status` names the list and the index: `{"status_list": {"idx", "uri"}}`, section 6.
    The list has `size` entries of one bit. An index is drawn by chance, so that it says nothing of
    when a token was issued, and is free again one push after its token's end. `ListFull` where
    none is. `StatusList(store, ...)` makes this.

    Costs no look-up for a request, one read for each push; a token issued costs a write for its
    index and a read and a write for the user's list, ending one a write.
    """

    name: ClassVar[str] = "StatusList"

    def __init__(
        self,
        store: Store,
        clock: Clock | None = None,
        *,
        size: int = 2**17,
        **options: Any,
    ) -> None:
        super().__init__(store, clock, **options)
        StatusList(size)  # raises for what is no size
        self.size = size
        self.uri = f"{self.issuer}/statuslists/1"
        self._issued = Issued(self.store, self.clock, self._key("user", ""))

    def grant(self, claims: dict[str, Any]) -> dict[str, Any]:
        self.push_if_due()
        index = self._reserve(claims["exp"])
        self._issued.add(claims["sub"], str(index), claims["exp"], self.ttl)
        return {**claims, "status": {"status_list": {"idx": index, "uri": self.uri}}}

    def permits(self, claims: Mapping[str, Any], token: object) -> bool:
        index = self._index_of(claims)
        return index is not None and self.current()[index] == 0

    def end(self, claims: Mapping[str, Any]) -> bool:
        self.push_if_due()
        index = self._index_of(claims)
        return index is not None and self._end(index, claims["exp"])

    def revoke_user(self, user: str) -> None:
        check_user(user)
        self.push_if_due()
        for index, exp in self._issued.of_user(user).items():
            if _is_index(index, self.size):
                self._end(int(index), exp)

    def publish(self) -> bytes:
        statuses = StatusList(self.size)
        for index in self.listed("ended"):
            if _is_index(index, self.size):
                statuses[int(index)] = 1
        return json.dumps(statuses.encode(), separators=(",", ":")).encode()

    def receive(self, data: bytes) -> None:
        """Take a list of `publish`, over a channel that both trust. Raises InvalidStatusList."""
        try:
            statuses = StatusList.decode(json.loads(data.decode()))
        except (ValueError, AttributeError, RecursionError) as error:
            if isinstance(error, InvalidStatusList):
                raise
            found, rule = type(error).__name__, "draft-ietf-oauth-status-list, 4.2"
            raise InvalidStatusList("bad list", found, "a JSON object", rule) from None
        if len(statuses) < self.size:
            found, rule = f"{len(statuses):,} entries", "draft-ietf-oauth-status-list, 8.3"
            raise InvalidStatusList("short list", found, f"{self.size:,}", rule)
        self.held = statuses

    def _end(self, index: int, exp: float) -> bool:
        key = self._key("ended", str(index))
        return self.store.add(key, b"1", seconds_left(exp, self.clock.now()))

    def _reserve(self, exp: float) -> int:
        # One push longer than the token: until then a copy may still say what its bit was.
        ttl = min(seconds_left(exp, self.clock.now()) + self.push_every, LONGEST_TTL)

        def take(index: int) -> bool:
            return self.store.add(self._key("used", str(index)), b"1", ttl)

        for _ in range(_TRIES):
            if take(index := secrets.randbelow(self.size)):
                return index
        used = set(self.listed("used"))
        for index in range(self.size):
            if str(index) not in used and take(index):
                return index
        found, rule = f"{self.size:,} live tokens", "draft-ietf-oauth-status-list, 4.1"
        raise ListFull("the status list is full", found, "fewer, or a longer list", rule)

    def _index_of(self, claims: Mapping[str, Any]) -> int | None:
        """Return the index of a token on this list, None where it has none."""
        status = claims.get("status")
        entry = status.get("status_list") if isinstance(status, dict) else None
        if not isinstance(entry, dict) or entry.get("uri") != self.uri:
            return None
        index = entry.get("idx")
        return index if type(index) is int and 0 <= index < self.size else None


def _is_index(text: str, size: int) -> bool:
    return text.isdecimal() and len(text) < 12 and int(text) < size
