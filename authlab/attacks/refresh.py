"""The thefts of a refresh token (notebook 11): a copy of it, used before Alice and after her.

Every function returns the loot, "" for none, and why the theft failed if it did. It has succeeded
where Mallory goes on: with a new access token, fetched when Alice has done what she could.
"""

from typing import NamedTuple

from authlab.attacks.stage import HOME, Credential, Stage
from authlab.web import Window

__all__ = ["ATTACKS"]


class _Copy(NamedTuple):
    """What renews a log-in: a refresh token for the JSON, "" where it is among the cookies."""

    token: str
    cookies: str = ""


class _Scene(Stage):
    """The stage of a theft, on a bank with refresh tokens; Alice is logged in."""

    target, about = "refresh", "refresh tokens"

    def begin(self) -> bool:
        """Log Alice in; say whether the bank told her browser how to renew."""
        super().begin()
        self.alice.open()
        reply = self.alice.log_in()
        return reply.status == 200 and "refresh" in reply.json()

    def copy(self, how: str = "malware copies the refresh token") -> _Copy:
        """Copy from Alice's computer what her browser sends to /refresh."""
        browser = self.alice.browser
        cookies = "; ".join(map(str, browser.jar.cookies_for(HOME + "/refresh")))
        token = browser.storage(HOME).local.get("refresh_token", "")
        shown = f"refresh_token: {token}" if token else f"Cookie: {cookies}"
        self.say("alice", "thief", how, shown)
        return _Copy(token, cookies)

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
        cookies = "; ".join(each.value for each in found if each.header == "Cookie")
        return _Copy(reply.json().get("refresh_token", ""), cookies), found

    def go_on(self, copy: _Copy | None) -> str:
        """Renew as Mallory, and spend what came; return the loot."""
        return self.spend_any(self.renew(copy)[1])


@_Scene.theft("Use a refresh token after Alice",
              "an old copy of her refresh token, from a backup or a log",
              ("rotation", "detect", "window"),
              ("CWE-294", "ASVS 10.4.5", "RFC 9700, 4.14.2"))  # fmt: skip
def second(scene: _Scene) -> tuple[str, str]:
    """Have a copy from this morning's backup; Alice's browser has renewed twice since."""
    copy = scene.copy("a backup holds the refresh token")
    for _ in range(2):
        scene.alice.refresh()
    return scene.go_on(copy), "The bank did not take a refresh token that Alice had used."


@_Scene.theft("Use a refresh token before Alice",
              "a fresh copy of her refresh token, and Alice comes back later",
              ("detect", "window"), ("CWE-294", "ASVS 10.4.5", "RFC 9700, 4.14.2"))  # fmt: skip
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


@_Scene.theft("Hide in the window for retries",
              "a fresh copy of her refresh token, used within seconds of Alice",
              ("rotation", "detect", "window"), ("CWE-294", "CWE-362", "ASVS 10.4.5"))  # fmt: skip
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


@_Scene.theft("Steal the refresh token by script",
              "a hole through which her script runs in the bank's page",
              ("cookie",), ("CWE-79", "CWE-1004", "ASVS 3.3.4"))  # fmt: skip
def script(scene: _Scene) -> tuple[str, str]:
    """Have a script of Mallory's run in the bank's own page, and send home what it can read."""

    def read(window: Window) -> list[str]:
        stored = [value for value in window.local_storage.values() if "." in value]
        pairs = window.document_cookie.split("; ")
        return list(filter(None, stored + [pair.partition("=")[2] for pair in pairs]))

    found = scene.run_in_page(read)
    scene.say("alice", "thief", "the script sends home what it read", ", ".join(found) or "nothing")
    loot = next(filter(None, (scene.go_on(_Copy(text)) for text in found)), "")
    return loot, "document.cookie and both storages held nothing that renews."


@_Scene.theft("Renew after the log-out", "a copy of the refresh token from before Alice logged out",
              ("family",), ("CWE-613", "ASVS 7.4.1", "RFC 9700, 4.14.2"))  # fmt: skip
def outlive(scene: _Scene) -> tuple[str, str]:
    """Keep a copy from a shared computer, wait until Alice has logged out, then renew."""
    copy = scene.copy("a shared computer keeps the refresh token")
    scene.alice.log_out()
    return scene.go_on(copy), "The family ended when Alice logged out."


ATTACKS = [second, first, hide, script, outlive]
