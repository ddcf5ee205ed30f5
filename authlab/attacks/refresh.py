"""The thefts of a refresh token (notebook 11): a copy of it, used before Alice and after her.

Every function gets a scene on a bank, and tells what came of it. A theft has succeeded where
Mallory goes on: with a new access token, fetched when Alice has done what she could.
"""

from collections.abc import Callable
from typing import NamedTuple

from flask import Flask

from authlab.attacks.attack import Attack, Outcome
from authlab.attacks.stage import HOME, Credential, Stage
from authlab.web import Window

__all__ = ["ATTACKS"]


class _Copy(NamedTuple):
    """What renews a log-in: a refresh token for the JSON, "" where it is among the cookies."""

    token: str
    cookies: str

    @property
    def shown(self) -> str:
        return f"refresh_token: {self.token}" if self.token else f"Cookie: {self.cookies}"


class _Scene(Stage):
    """The stage of a theft, on a bank with refresh tokens; Alice is logged in."""

    def begin(self) -> bool:
        """Log Alice in; say whether the bank told her browser how to renew."""
        self.alice.open()
        reply = self.alice.log_in()
        return reply.status == 200 and "refresh" in reply.json()

    def copy(self, how: str = "malware copies the refresh token") -> _Copy:
        """Copy from Alice's computer what her browser sends to /refresh."""
        cookies = self.alice.browser.jar.cookies_for(HOME + "/refresh")
        token = self.alice.browser.storage(HOME).local.get("refresh_token", "")
        copy = _Copy(token, "; ".join(f"{cookie.name}={cookie.value}" for cookie in cookies))
        self.say("alice", "thief", how, copy.shown)
        return copy

    def renew(self, copy: _Copy | None) -> tuple[_Copy | None, list[Credential]]:
        """Renew as Mallory; return the next copy and what came. Refused, it is (None, [])."""
        if copy is None:
            return None, []
        shown = Credential("Cookie", copy.cookies) if copy.cookies else None
        data = {"refresh_token": copy.token} if copy.token else {}
        reply = self.ask("/refresh", shown, data=data)
        if reply.status_code != 200:
            return None, []
        found = self.credentials_of(reply)
        cookies = [each.value for each in found if each.header == "Cookie"]
        token = reply.json().get("refresh_token", "")
        return _Copy(token, "; ".join(cookies)), found

    def go_on(self, copy: _Copy | None) -> str:
        """Renew as Mallory, and spend what came; return the loot."""
        return next(filter(None, map(self.spend, self.renew(copy)[1])), "")


def second(scene: _Scene) -> tuple[str, str]:
    """Have a copy from this morning's backup; Alice's browser has renewed twice since."""
    copy = scene.copy("a backup holds the refresh token")
    for _ in range(2):
        scene.alice.refresh()
    loot = scene.go_on(copy)
    return loot, "The bank did not take a refresh token that Alice had used."


def first(scene: _Scene) -> tuple[str, str]:
    """Use the copy before Alice does, twice over; then Alice comes; then go on."""
    copy: _Copy | None = scene.copy()
    for _ in range(2):
        copy = scene.renew(copy)[0]
    if copy is None:
        return "", "The bank did not take Mallory's copy, though Alice had not used it."
    scene.alice.refresh()
    loot = scene.go_on(copy)
    return loot, "When Alice came with the used token, the bank ended the family, Mallory included."


def hide(scene: _Scene) -> tuple[str, str]:
    """Use the copy right behind Alice, within the window for retries; let Alice go on; go on."""
    copy: _Copy | None = scene.copy()
    scene.alice.refresh()
    for _ in range(3):  # in step with Alice nobody could tell the two apart
        copy = scene.renew(copy)[0]
    if copy is None:
        return "", "The bank did not take a refresh token that Alice had used."
    scene.alice.refresh()
    loot = scene.go_on(copy)
    return loot, "Mallory had got the child that Alice had, and Alice's next renewal ended both."


def script(scene: _Scene) -> tuple[str, str]:
    """Have a script of Mallory's run in the bank's own page, and send home what it can read."""
    found: list[str] = []

    def read(window: Window) -> None:
        found.extend(value for value in window.local_storage.values() if "." in value)
        found.extend(pair.partition("=")[2] for pair in window.document_cookie.split("; "))

    scene.alice.browser.run_script(scene.alice.page or scene.alice.open(), read)
    found = [text for text in found if text]
    scene.say("alice", "thief", "the script sends home what it read", ", ".join(found) or "nothing")
    loot = next(filter(None, (scene.go_on(_Copy(text, "")) for text in found)), "")
    return loot, "document.cookie and both storages held nothing that renews."


def outlive(scene: _Scene) -> tuple[str, str]:
    """Keep a copy from a shared computer, wait until Alice has logged out, then renew."""
    copy = scene.copy("a shared computer keeps the refresh token")
    scene.alice.log_out()
    return scene.go_on(copy), "The family ended when Alice logged out."


def _theft(act: Callable[[_Scene], tuple[str, str]], id: str) -> Callable[[Flask], Outcome]:
    """Turn a theft, which returns (loot, why it failed), into what an `Attack` runs."""

    def run(bank: Flask) -> Outcome:
        scene = _Scene(bank)
        scene.refill()
        if not scene.begin():
            return Outcome(id, False, "This bank has no refresh tokens.", applies=False)
        loot, why = act(scene)
        if loot:
            scene.say("thief", "thief", f"Mallory {loot}")
        return Outcome(id, bool(loot), f"Mallory {loot}." if loot else why, loot, scene.messages)

    return run


def _attack(
    act: Callable[[_Scene], tuple[str, str]],
    title: str,
    needs: str,
    stopped_by: tuple[str, ...],
    refs: tuple[str, ...],
) -> Attack:
    id = f"refresh-{act.__name__}"
    return Attack(id, title, needs, stopped_by, refs, _theft(act, id), target="refresh")


ATTACKS = [
    _attack(
        second,
        "Use a refresh token after Alice",
        "an old copy of her refresh token, from a backup or a log",
        ("rotation", "detect", "window"),
        ("CWE-294", "ASVS 10.4.5", "RFC 9700, 4.14.2"),
    ),
    _attack(
        first,
        "Use a refresh token before Alice",
        "a fresh copy of her refresh token, and Alice comes back later",
        ("detect", "window"),
        ("CWE-294", "ASVS 10.4.5", "RFC 9700, 4.14.2"),
    ),
    _attack(
        hide,
        "Hide in the window for retries",
        "a fresh copy of her refresh token, used within seconds of Alice",
        ("rotation", "detect", "window"),
        ("CWE-294", "CWE-362", "ASVS 10.4.5"),
    ),
    _attack(
        script,
        "Steal the refresh token by script",
        "a hole through which her script runs in the bank's page",
        ("cookie",),
        ("CWE-79", "CWE-1004", "ASVS 3.3.4"),
    ),
    _attack(
        outlive,
        "Renew after the log-out",
        "a copy of the refresh token from before Alice logged out",
        ("family",),
        ("CWE-613", "ASVS 7.4.1", "RFC 9700, 4.14.2"),
    ),
]
