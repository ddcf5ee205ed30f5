"""A learner at the page, in Chromium: opens a notebook, runs it, presses keys, waits for paint."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, WebSocket

from tests.browser.lab import ROOT, Lab

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A name that a page asks for is noted; so that a failing test sends nothing out, none resolves.
FLAGS.append("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")

# From the key's own time stamp to the frame that shows what the kernel answered. What the control
# changes on itself (a slider's handle and read-out) comes from no kernel and does not count.
PROBE = """
panel => {
  const probe = {}
  const own = node => {
    const box = document.activeElement.closest('.widget-inline-hbox, .jupyter-widgets')
    return box !== null && box.contains(node)
  }
  panel.addEventListener('keydown', event => { probe.start ??= event.timeStamp }, true)
  new MutationObserver(records => {
    if (probe.start === undefined || records.every(record => own(record.target))) return
    requestAnimationFrame(() => {
      const channel = new MessageChannel()      // its message comes once the frame is painted
      channel.port1.onmessage = () => {
        const now = performance.now()
        probe.first ??= now
        probe.last = now
      }
      channel.port2.postMessage(0)
    })
  }).observe(panel, {subtree: true, childList: true, characterData: true, attributes: true})
  window.arm = () => { probe.start = probe.first = probe.last = undefined }
  window.settle = (quiet, limit) => new Promise(resolve => {
    const began = performance.now()
    const look = () => {
      const now = performance.now()
      if (probe.last !== undefined && now - probe.last > quiet)
        resolve([probe.first - probe.start, probe.last - probe.start])
      else if (now - began > limit) resolve(null)
      else setTimeout(look, 10)
    }
    look()
  })
}
"""


@dataclass
class Notes:
    """What a page asked for and complained about."""

    addresses: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        def on_request(request: Request) -> None:
            self.addresses.append(request.url)

        def on_websocket(websocket: WebSocket) -> None:
            self.addresses.append(websocket.url)

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.errors.append(f"{message.text} ({message.location})")

        page.on("request", on_request)
        page.on("websocket", on_websocket)
        page.on("console", on_console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def outside(self) -> list[str]:
        """Return the addresses that are not this machine's."""
        inside = {None, "127.0.0.1", "localhost"}  # None: data: and blob:, which go nowhere
        return [address for address in self.addresses if urlsplit(address).hostname not in inside]


@dataclass(frozen=True)
class Reader:
    """One open notebook, every cell of it run."""

    page: Page
    notes: Notes

    def panel(self, name: str) -> Locator:
        return self.page.locator(f".authlab-{name.replace('_', '-')}")

    def verdict(self, name: str) -> str:
        return self.panel(name).get_by_role("status").inner_text()

    def focused(self) -> str:
        """Return the label of the control that has the keyboard, or its own text."""
        return str(
            self.page.evaluate(
                """() => {
                  const node = document.activeElement
                  const panel = node.closest('.authlab-panel')
                  const box = panel && node.closest('.widget-inline-hbox')
                  const label = box?.querySelector('.widget-label-basic span, .widget-label')
                  return (label ?? node).textContent.trim().slice(0, 40)
                }"""
            )
        )

    def enter(self, name: str) -> None:
        """Go to the cell that holds a panel, with the arrow keys, and into its first control."""
        active = self.page.locator(".jp-Notebook .jp-mod-active")
        self.page.keyboard.press("Escape")
        for _ in range(self.page.locator(".jp-Cell").count()):
            if active.locator(f".authlab-{name.replace('_', '-')}").count():
                break
            self.page.keyboard.press("ArrowUp")
        else:
            raise AssertionError(f"the arrow keys did not reach {name}")
        self.page.keyboard.press("Tab")

    def tab_to(self, label: str, *, key: str = "Tab", most: int = 30) -> None:
        """Press Tab (or Shift+Tab) until the control called `label` has the keyboard."""
        passed = []
        for _ in range(most):
            passed.append(self.focused())
            if passed[-1] == label:
                return
            self.page.keyboard.press(key)
        raise AssertionError(f"{key} did not reach {label!r}, only {passed}")

    def focus(self, name: str, label: str) -> None:
        """Give the keyboard to the control called `label`, wherever it was before."""
        rows = self.panel(name).locator(".widget-inline-hbox")
        row = rows.filter(has=self.page.get_by_text(label, exact=True)).first
        row.locator("select, textarea, input, [role=slider]").first.focus()

    def press_button(self, name: str, label: str) -> None:
        self.panel(name).get_by_role("button", name=label, exact=True).press("Enter")

    def wait_for_verdict(self, name: str, pattern: str) -> str:
        status = self.panel(name).get_by_role("status").filter(has_text=re.compile(pattern))
        status.wait_for()
        return status.inner_text()

    def choose_theme(self, theme: str) -> None:
        """Pick a theme in the Settings menu, as a learner does."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        label = self.page.locator(".lm-Menu-itemLabel")
        label.get_by_text("Theme", exact=True).hover()
        label.get_by_text(theme, exact=True).click()
        light = str("Light" in theme).lower()
        self.page.locator(f'body[data-jp-theme-light="{light}"]').wait_for(state="attached")

    def photograph(self, name: str, path: Path) -> None:
        """Keep a picture of a whole panel; the window grows to hold it."""
        panel = self.panel(name)
        box = panel.bounding_box()
        assert box, f"{name} is not on the page"
        self.page.set_viewport_size({"width": 1400, "height": max(1000, int(box["height"]) + 300)})
        panel.scroll_into_view_if_needed()
        path.parent.mkdir(parents=True, exist_ok=True)
        panel.screenshot(path=path)

    def cut_off(self, name: str) -> list[str]:
        """Return the labels and views of a panel whose text does not fit."""
        found = self.panel(name).evaluate(
            """panel => [panel, ...panel.querySelectorAll(
                 '.widget-label, .widget-html-content, .jupyter-button, .widget-box')]
               .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth)
               .map(node => node.className + ': ' + node.textContent.slice(0, 60))"""
        )
        return list(found)

    def watch_paint(self, name: str) -> None:
        self.panel(name).evaluate(PROBE)

    def time_moves(self, keys: Sequence[str], moves: int) -> "Times":
        """Press keys in turn on the control that has the keyboard, and time each to its paint."""
        times = Times()
        for move in range(moves):
            self.page.evaluate("arm()")
            self.page.keyboard.press(keys[move % len(keys)])
            found = self.page.evaluate("settle(60, 3000)")
            assert found, f"nothing was painted after key {move + 1}"
            times.first.append(found[0])
            times.last.append(found[1])
        return times


@dataclass(frozen=True)
class Times:
    """Milliseconds from each key to the first painted change, and to the last one."""

    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        return {
            "moves": len(self.last),
            "median_ms": round(median(self.last), 1),
            "median_of_first_change_ms": round(median(self.first), 1),
            "worst_ms": round(max(self.last), 1),
        }


def open_notebook(browser: Browser, lab: Lab, notebook: str) -> Reader:
    """Open a notebook with ?reset, wait for its kernel, run all of it and wait for the end."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(90_000)  # milliseconds: a notebook on a busy machine takes its time
    notes = Notes()
    notes.watch(page)
    page.goto(lab.address(notebook))
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator('[data-command="runmenu:run-all"]').click()
    page.wait_for_function(
        r"""() => [...document.querySelectorAll('.jp-CodeCell')].every(
              cell => /\[\d+\]/.test(cell.querySelector('.jp-InputPrompt').textContent)
                || !cell.querySelector('.cm-content').textContent.trim())"""
    )
    return Reader(page, notes)


def find_panels(folder: Path = ROOT / "notebooks") -> dict[str, str]:
    """Return {panel: the first notebook that shows it}, from the cells themselves."""
    from authlab import widgets

    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for name in re.findall(r"^(\w+)\(", "".join(cell["source"]), re.MULTILINE):
                if cell["cell_type"] == "code" and name in widgets.__all__:
                    found.setdefault(name, path.stem)
    return found
