"""The scene of a forgery: what Mallory has to work with, and whom she shows what she made."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from flask import Flask, Response

from authlab.attacks.attack import Attack, Message, Outcome
from authlab.attacks.holes import HOLES
from authlab.attacks.issuer import TYP, issue, make_claims, sign_with, write_token
from authlab.attacks.stage import EVIL, Stage, bearer
from authlab.classroom.calling import TooLong, within
from authlab.clock import Clock
from authlab.jose import Key
from authlab.web import Network

__all__ = [
    "FORGERS", "VICTIM", "NothingToForge", "Patience", "Scene", "forge_for", "forgery",
]  # fmt: skip

VICTIM = "alice"  # whom Mallory wants to pass for
_PATIENCE, _NO_PATIENCE = 2.0, 0.1  # seconds for one call, and once a call took too long
_OLD_SECRET = b"your-256-bit-secret"  # by which an app of old signed, where no shop is known


class NothingToForge(Exception):
    """The target has nothing that this attack is about; the sentence says what it lacks."""


class Scene:
    """One forgery's scene, with each step in `messages`.

    `target` is a `verify(token)` function, or a bank whose `auth` has a `verifier`. Of a function
    Mallory uses, where it has them, its `clock`, its `network` to host keys on, its `shop_token`
    and its `revoke`. `clock` overrides the first.
    """

    def __init__(self, target: Any, *, clock: Clock | None = None) -> None:
        self.messages: list[Message] = []
        self._verifier, self._stage = target, None
        own_clock = getattr(target, "clock", None)
        if isinstance(target, Flask):
            self._stage = Stage(target)
            self._stage.begin()
            self.messages = self._stage.messages  # what goes over the wire is a step, too
            own_clock = self._stage.clock
            self._verifier = getattr(target.extensions["auth"], "verifier", None)
            if self._verifier is None:
                raise TypeError("Found a bank without tokens, expected one of build_token_bank.")
        self.clock = clock or (own_clock if isinstance(own_clock, Clock) else Clock())
        network = getattr(self._verifier, "network", None)
        self.network = network if isinstance(network, Network) else Network()

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

    def show(self, token: str, patience: "Patience") -> tuple[str, str]:
        """Show `token` to the target; return Mallory's loot, "" for none, and the answer."""
        if self._stage:
            loot = self._stage.spend(bearer(token))
            return loot, f"Mallory {loot}" if loot else "401: You are not logged in."
        self.messages.append(Message("thief", "bank", "shows the token", token, True))
        loot, answer = self._ask(token, patience)
        self.messages.append(Message("bank", "thief", answer, "", True))
        return loot, answer

    def _ask(self, token: str, patience: "Patience") -> tuple[str, str]:
        try:
            result = patience.call(self._verifier, token)
            if result is None or result is False:
                return "", f"refused: it returned {result}"
            if isinstance(result, Mapping) and (sub := result.get("sub")) != VICTIM:
                return "", f"accepted, but as {sub!r}: not as {VICTIM}"
            return f"passes for {VICTIM}", f"accepted: {result!s:.300}"
        except TooLong:
            return "", f"no answer within {patience.last:g} s"
        except Exception as error:
            return "", f"refused: {_describe(error)}"


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
        except (SystemExit, GeneratorExit) as error:  # a refusal like any other
            raise RuntimeError(_describe(error)) from None

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
            return _describe(error)


def _describe(error: BaseException) -> str:
    """Return what an error says, in one line, or its type where it says nothing."""
    try:
        said = " ".join(str(error).split())[:200]
    except Exception:  # the text of a stranger's error may do anything
        said = ""
    return said or type(error).__name__


FORGERS: dict[str, Callable[[Scene], Iterator[str]]] = {}  # by the attack's id


def forgery(
    title: str, needs: str, hole: str, *refs: str
) -> Callable[[Callable[[Scene], Iterator[str]]], Attack]:
    """Make an `Attack` of a generator that gets a `Scene` and yields tokens, the likeliest first.

    Its id is the generator's name; the rules that the mend of `hole` follows join its `refs`.
    """

    def make(forger: Callable[[Scene], Iterator[str]]) -> Attack:
        id = forger.__name__.rstrip("_")
        FORGERS[id] = forger
        every_ref = (*HOLES[hole].refs, *refs)
        return Attack(id, title, needs, (hole,), every_ref, partial(forge_for, id), "verify")

    return make


def forge_for(
    id: str, target: Any, *, clock: Clock | None = None, patience: Patience | None = None
) -> Outcome:
    """Forge the tokens of the attack `id` until `target` takes one of them for Alice's."""
    scene, patience = Scene(target, clock=clock), patience or Patience()
    why, token = "There was nothing to show.", ""
    try:
        for token in FORGERS[id](scene):
            loot, answer = scene.show(token, patience)
            if loot:
                return Outcome(id, True, f"Mallory {loot}.", loot, scene.messages, token)
            why = f"The last answer: {answer}."
    except NothingToForge as lack:
        why = str(lack)
        scene.say(why)
    except Exception as error:  # something the target lent her, such as its `revoke`, broke
        why = f"The attack could not go on: {_describe(error)}"
    return Outcome(id, False, why, "", scene.messages, token)
