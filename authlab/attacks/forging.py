"""The scene of a forgery: what Mallory has to work with, and whom she shows what she made.

A forger is a function that gets a `Scene` and yields tokens, the likeliest first.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from flask import Flask, Response

from authlab.attacks.attack import Message
from authlab.attacks.issuer import TYP, issue, make_claims, sign_with, write_token
from authlab.attacks.stage import EVIL, Credential, Stage, clock_of
from authlab.classroom.calling import TooLong, within
from authlab.clock import Clock
from authlab.jose import Key
from authlab.web import Network

__all__ = ["VICTIM", "Forger", "NothingToForge", "Patience", "Reply", "Scene"]

VICTIM = "alice"  # whom Mallory wants to pass for
_PATIENCE, _NO_PATIENCE = 2.0, 0.1  # seconds for one call, and once a call took too long
_OLD_SECRET = b"your-256-bit-secret"  # by which an app of old signed, where no shop is known


class NothingToForge(Exception):
    """The target has nothing that this attack is about; the sentence says what it lacks."""


class Reply(NamedTuple):
    """What the target made of a token: whether Mallory passes for Alice, and in what words."""

    accepted: bool
    text: str


class Scene:
    """One forgery's scene, with each step in `messages`.

    `target` is a `verify(token)` function, or a bank whose `auth` has a `verifier`. Of a function
    Mallory uses, where it has them, its `clock`, its `network` to host keys on, its `shop_token`
    and its `revoke`. `clock` overrides the first.
    """

    def __init__(self, target: Any, *, clock: Clock | None = None) -> None:
        self.messages: list[Message] = []
        self._target = target
        self._stage = Stage(target) if isinstance(target, Flask) else None
        self._verifier = target
        if self._stage:
            self._stage.refill()
            self._stage.messages = self.messages  # what goes over the wire is a step, too
            self._verifier = getattr(target.extensions["auth"], "verifier", None)
            if self._verifier is None:
                raise TypeError("Found a bank without tokens, expected one of build_token_bank.")
        own_clock = clock_of(target) if self._stage else getattr(target, "clock", None)
        self.clock = clock or (own_clock if isinstance(own_clock, Clock) else Clock())
        network = getattr(self._verifier, "network", None)
        self.network = network if isinstance(network, Network) else Network()

    @property
    def is_bank(self) -> bool:
        """True where the target is a bank, and not a function."""
        return self._stage is not None

    def say(self, text: str, detail: str = "", *, sender: str = "thief") -> None:
        """Note a step, done by Mallory unless `sender` says otherwise."""
        self.messages.append(Message(sender, "thief", text, detail, True))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims Mallory would like to have: Alice's."""
        return make_claims(VICTIM, clock=self.clock, **changes)

    def get_token(self, user: str = "mallory", **changes: Any) -> str:
        """Return a token that the issuer signed, for Mallory herself or got hold of from `user`."""
        token = issue(user, clock=self.clock, **changes)
        whose = "her own token" if user == "mallory" else f"a token of {user}'s"
        self.say(f"holds {whose}", token)
        return token

    def get_shop_token(self) -> str:
        """Return a token of Mallory's own that was signed by a shared secret (HS256)."""
        make = getattr(self._verifier, "shop_token", None)
        if callable(make):
            token = str(make("mallory"))
        else:
            header = {"alg": "HS256", "typ": TYP, "kid": "shop"}
            token = write_token(header, self.claims(sub="mallory"), sign_with(_OLD_SECRET, "HS256"))
        self.say("holds her own token, signed by a shared secret", token)
        return token

    def write(self, header: Mapping[str, Any], key: Key | bytes) -> str:
        """Return a token with Alice's claims, signed by `key` with the header's `alg`."""
        members = {"typ": TYP, **header}
        return write_token(members, self.claims(), sign_with(key, header["alg"]))

    def host(self, path: str, content: bytes) -> str:
        """Put `content` on Mallory's host in the lab's network; return its address."""
        self.network.host(EVIL, Response(content))
        self.say(f"puts {len(content)} bytes on her own host", EVIL + path)
        return EVIL + path

    def revoke(self, token: str) -> None:
        """Have Alice log out: the target lists her token as ended."""
        end = getattr(self._verifier, "revoke", None)
        if not callable(end):
            raise NothingToForge("It keeps no list of ended tokens (no `revoke`) to walk past.")
        end(token)
        self.say("logs out: her token is on the list of ended ones", sender=VICTIM)

    def show(self, token: str, patience: "Patience") -> Reply:
        """Show `token` to the target, and say what it made of it."""
        if self._stage:
            return self._ask_bank(token)
        self.messages.append(Message("thief", "bank", "shows the token", token, True))
        reply = self._ask(token, patience)
        self.messages.append(Message("bank", "thief", reply.text, "", True))
        return reply

    def _ask_bank(self, token: str) -> Reply:
        assert self._stage
        loot = self._stage.spend(Credential("Authorization", f"Bearer {token}"))
        return Reply(bool(loot), f"Mallory {loot}" if loot else "401: You are not logged in.")

    def _ask(self, token: str, patience: "Patience") -> Reply:
        try:
            result = patience.call(self._target, token)
            if result is None or result is False:
                return Reply(False, f"refused: it returned {result}")
            if isinstance(result, Mapping) and (sub := result.get("sub")) != VICTIM:
                return Reply(False, f"accepted, but as {sub!r}: not as {VICTIM}")
            return Reply(True, f"accepted: {result!s:.300}")
        except TooLong:
            return Reply(False, f"no answer within {patience.last:g} s")
        except Exception as error:
            return Reply(False, f"refused: {describe(error)}")


class Patience:
    """A limit of time for each call, which is short once a call has used it up."""

    def __init__(self) -> None:
        self.seconds = self.last = _PATIENCE

    def call(self, verify: Callable[[str], Any], token: str) -> Any:
        """Return what `verify(token)` returns or raises; TooLong when it takes too long."""
        self.last = self.seconds
        try:
            return within(self.seconds, lambda: verify(token))
        except TooLong:
            self.seconds = _NO_PATIENCE
            raise

    def try_out(self, verify: Callable[[str], Any], token: str, claims: dict[str, Any]) -> str:
        """Return why an honest token was not accepted as it should be, or "" if it was."""
        try:
            result = self.call(verify, token)
            if not isinstance(result, Mapping):
                return f"it returned {result!r:.60}, expected the claims"
            wrong = [name for name in claims if name not in result or result[name] != claims[name]]
            return f"the claims it returned differ in {', '.join(wrong)}" if wrong else ""
        except TooLong:
            return f"no answer within {self.last:g} s"
        except Exception as error:
            return describe(error)


Forger = Callable[[Scene], Iterator[str]]


def describe(error: Exception) -> str:
    """Return what an error says, in one line, or its type where it says nothing."""
    try:
        said = " ".join(str(error).split())[:200]
    except Exception:  # the text of a stranger's error may do anything
        said = ""
    return said or type(error).__name__
