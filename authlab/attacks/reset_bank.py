"""A bank whose reset links have every hole of notebook 12, and the switches that close them."""

import secrets
import time
from collections.abc import Callable, Collection
from typing import Literal

from flask import Flask

from authlab.attacks.defences import WAYS, Defence, check_names, quick_accounts
from authlab.attacks.ids import clock_ids
from authlab.attacks.stage import EVIL
from authlab.bank import Auth, Factor, Reset, SessionAuth, TokenAuth, make_bank
from authlab.clock import Clock
from authlab.jose import generate_key
from authlab.revocation.bound import BoundTokens
from authlab.revocation.one_time import Bind, OneTimeTokens
from authlab.sessions import Sessions, open_store
from authlab.sessions.memory import MemoryStore

__all__ = ["RESET_DEFENCES", "ExpiringLinks", "LooseStore", "build_reset_bank"]

RESET_DEFENCES = {
    "once": Defence("Used once", "the record is taken out of the store in one step"),
    "bound": Defence("Bound to the password", "a link dies when the password changes"),
    "random": Defence("Random links", "256 bits from the system's random source"),
    "fragment": Defence("Token in the fragment", "what follows # is sent to no server"),
    "referrer": Defence("No referrer", "the page names itself to no other site"),
    "site": Defence("Own address", "the link's host is configured, not taken from the request"),
    "answer": Defence("Same answer", "known or not, the bank says the same and does the same"),
    "end": Defence("End the rest", "a new password ends every log-in"),
    "factor": Defence("No log-in by reset", "who has set a password must log in, with the code"),
    "limit": Defence("Limits", "three mails an hour, twenty guesses in ten minutes"),
}


class LooseStore(MemoryStore):
    """A store whose `pop` is two steps, or not even that: for the lesson alone.

    take="late": it reads, `pause()` goes by, as it does between a server and its store, and then
    it deletes. take="never": it reads.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        take: Literal["never", "late"] = "late",
        pause: Callable[[], object] = lambda: time.sleep(0.1),
    ) -> None:
        super().__init__(clock)
        self._take, self._pause = take, pause

    def _pop(self, key: str) -> bytes | None:
        value = self._get(key)
        if self._take == "late":
            self._pause()
            self.records.pop(key, None)
        return value


class ExpiringLinks(BoundTokens):
    """Links that are JWTs with an exp, bound to nothing: what many sites mail."""

    def issue(self, purpose: str, user: str, ttl: float, bind: Bind = "") -> str:
        return super().issue(purpose, user, ttl, "nothing that changes")

    def redeem(self, token: str, purpose: str, bind: Bind = "") -> str:
        return super().redeem(token, purpose, "nothing that changes")

    check = redeem


def build_reset_bank(
    defences: Collection[str] = (),
    *,
    way: str = "session",
    codes: Literal["clock", "short"] = "clock",
    take: Literal["never", "late"] = "never",
    get_redeems: bool = False,
    clock: Clock | None = None,
) -> Flask:
    """Return a bank with reset links that has the `defences` named, of `RESET_DEFENCES`, alone.

    Log-ins are sound, and Alice's ask for a code from her phone. Without "random" the links end in
    the time ("clock") or in three digits ("short"); without "once" a link is never taken, or too
    late (see `LooseStore`). `get_redeems` as in `Reset`, without "fragment". Raises ValueError for
    a name that is not known.
    """
    check_names(defences, RESET_DEFENCES)
    check_names([way], WAYS, "way to log in")
    clock = clock or Clock()
    store = open_store("memory://", clock)
    links = store if "once" in defences else LooseStore(clock, take=take)
    tick = clock_ids(clock)  # the last digits of the time look random; the next is one further on
    weak: dict[str, Callable[[], str]] = {
        "clock": lambda: f"{int(tick(0), 16) % 10**8:08}",
        "short": lambda: f"{secrets.randbelow(1000):03}",
    }
    limited = "limit" in defences
    reset = Reset(
        OneTimeTokens(links, clock, new_token=None if "random" in defences else weak[codes]),
        site="https://bank.test" if "site" in defences else None,
        where="fragment" if "fragment" in defences else "query",
        policy="no-referrer" if "referrer" in defences else "unsafe-url",
        pictures=EVIL,
        get_redeems=get_redeems,
        bound="bound" in defences,
        ends_others="end" in defences,
        logs_in="factor" not in defences,
        same_answer="answer" in defences,
        mails=3 if limited else None,
        guesses=20 if limited else None,
        store=store,
    )
    auth: Auth = SessionAuth(Sessions(store, clock))
    if way != "session":
        carry: Literal["header", "cookie"] = "header" if way == WAYS[1] else "cookie"
        auth = TokenAuth(generate_key("HS256"), carry=carry, clock=clock)
    factor = Factor(store, clock, users={"alice"})
    return make_bank(auth, accounts=quick_accounts(), reset=reset, factor=factor)
