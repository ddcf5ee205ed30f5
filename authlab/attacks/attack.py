"""What an attack is, and what comes of it. Imports nothing of authlab."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

__all__ = ["ON_BANKS", "Attack", "Message", "Outcome", "Target"]

Target = Literal["bank", "refresh", "reset", "verify", "token"]
ON_BANKS = ("bank", "refresh", "reset")  # the targets that are banks


class Message(NamedTuple):
    """One line of what happened: who told whom what, with its one interesting header.

    `sender` and `receiver` are "alice", "bank" or "thief". `seen` says that the thief can read it.
    """

    sender: str
    receiver: str
    text: str
    detail: str = ""
    seen: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of an attack: whether it succeeded, the loot, why in a sentence, and each step.

    `applies` is False where the target lacks what the attack is about, reset links, say.
    """

    attack: str
    succeeded: bool
    why: str
    loot: str = ""
    messages: list[Message] = field(default_factory=list, repr=False)
    token: str = field(default="", repr=False)  # the last one shown, where tokens are forged
    applies: bool = True


@dataclass(frozen=True)
class Attack:
    """One theft of the catalogue, which acts on a target inside the lab and nowhere else.

    `needs` is what the thief must have or be able to do; `stopped_by` names the defences, each of
    which is enough; `refs` the weakness (CWE) and the requirement (ASVS 5.0, RFC). `run`
    attacks what `target` says: "bank", made by `make_bank`; "refresh" or "reset", such a bank with
    refresh tokens or reset links; "verify", a `verify(token)` function or a bank of
    `build_token_bank`; "token", its text. `residual` says that what stops it also bothers honest
    customers, so that many a sound bank lives with it.
    """

    id: str
    title: str
    needs: str
    stopped_by: tuple[str, ...]
    refs: tuple[str, ...]
    run: Callable[[Any], Outcome] = field(repr=False)
    target: Target = "bank"
    residual: bool = False
