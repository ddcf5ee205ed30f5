"""The refresh family tree (11): who holds which token, who is signed out, and why."""

from collections.abc import Callable, Iterable, Iterator

import ipywidgets as w

from authlab.widgets import kit
from authlab.widgets.family_crowd import ASSUMED, Count, run_crowd
from authlab.widgets.family_drawing import draw_crowd, draw_family, draw_race
from authlab.widgets.family_state import GRACE, POLICIES, Lab, race, span

__all__ = ["refresh_family_tree"]

FIRST, FIRST_GAP = "strict", 0.02  # seconds
_GAPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 9, 10, 20, 30, 60)
_BAR = {"width": "20em", "border": "1px solid var(--jp-border-color2)"}
_ran: dict[str, Count] = {}  # the crowd is always the same one: kept once it ran
_LEGEND = (
    "<div>Round and thick: <b>live</b>. Square and dashed: <b>used</b>. Crossed out: <b>ended</b> "
    "with its family. A in a round box: Alice's browser holds it; M in a pointed one: Mallory "
    "does. The letter on an arrow says who asked for the token.</div>"
)


def open_lab(policy: str) -> Lab:
    """Return the scene as the panel begins: Mallory has copied what Alice will use next."""
    lab = Lab(policy)
    lab.wait(300)
    lab.renew()
    lab.wait(300)
    lab.copy()
    return lab


def refresh_family_tree() -> w.VBox:
    """Return the panel: renew, steal, lose a reply, race two tabs, run a thousand users."""
    verdict, tree, story, racing, crowd = (kit.view() for _ in range(5))
    titles = [(policy.title, name) for name, policy in POLICIES.items()]
    policy = w.Dropdown(
        options=titles,
        description="The bank",
        layout={"width": "29em", "max_width": "calc(100% - 4px)"},
    )
    gap = w.SelectionSlider(
        options=[(span(seconds), seconds) for seconds in _GAPS],
        value=FIRST_GAP,
        description="Tab 2 comes after",
        style={"description_width": "9em"},
        layout={"width": "auto"},
    )
    bar = w.IntProgress(max=ASSUMED.users * len(POLICIES), description="Users", layout=_BAR)
    lab = open_lab(FIRST)
    counts: dict[str, Count] = {}

    def redraw(_: object = None) -> None:
        seen = lab.look()
        kit.draw(verdict, kit.draw_verdict(seen.ok, seen.verdict))
        kit.draw(tree, draw_family(seen))
        lines = "".join(f"<li>{kit.escape(line)}</li>" for line in seen.story)
        kit.draw(story, f'<ol class="authlab-steps">{lines}</ol>')

    def redraw_race(_: object = None) -> None:
        kit.draw(racing, draw_race(policy.value, gap.value, race(policy.value, gap.value)))

    def begin(_: object = None) -> None:
        nonlocal lab
        lab = open_lab(policy.value)
        redraw()
        redraw_race()

    def start_over(_: object) -> None:
        policy.value, gap.value, bar.value = FIRST, FIRST_GAP, 0
        counts.clear()
        kit.draw(crowd, draw_crowd(counts))
        begin()

    def button(text: str, tip: str, act: Callable[[Lab], None]) -> w.Button:
        made = w.Button(description=text, tooltip=tip)

        def press(_: object) -> None:
            act(lab)
            redraw()

        made.on_click(press)
        return made

    def advance(users: Iterable[int]) -> Iterator[int]:
        for number in users:
            if number % 50 == 0:
                bar.value += 50
            yield number

    def run(pressed: w.Button) -> None:
        pressed.disabled = True
        try:
            bar.value = 0
            for name in POLICIES:
                if name not in _ran:
                    _ran[name] = run_crowd(name, progress=advance)
                counts[name] = _ran[name]
                kit.draw(crowd, draw_crowd(counts))
            bar.value = bar.max
        finally:
            pressed.disabled = False

    run_all = w.Button(description="Run a thousand users", tooltip="Under each of the four")
    run_all.on_click(run)
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    reset.on_click(start_over)
    policy.observe(begin, "value")
    gap.observe(redraw_race, "value")
    kit.draw(crowd, draw_crowd(counts))
    begin()
    return kit.panel(
        "refresh_family_tree",
        verdict,
        kit.row(
            policy,
            button("Wait 30 seconds", "Move the clock", lambda lab: lab.wait(30)),
            button("Wait 5 minutes", "Move the clock", lambda lab: lab.wait(300)),
            reset,
        ),
        kit.row(
            kit.pane(
                "Alice",
                kit.row(
                    button("Alice renews", "Her browser sends what it holds", Lab.renew),
                    button("Alice renews, reply lost", "The bank answers; it never arrives",
                           lambda lab: lab.renew(lost=True)),
                    button("Both tabs renew", "Tab 2 comes as late as the slider below says",
                           lambda lab: lab.two_tabs(gap.value)),
                    button("Alice logs in", "A new family begins", Lab.log_in),
                ),
                hint="one browser, two tabs",
            ),
            kit.pane(
                "Mallory",
                kit.row(
                    button("Mallory copies", "What Alice's browser holds now", Lab.copy),
                    button("Mallory renews", "She sends what she holds", Lab.steal),
                ),
                hint="has malware on Alice's computer",
            ),
        ),
        kit.pane("The family", tree, w.HTML(_LEGEND), story, hint="as the bank's store has it"),
        kit.pane("Two tabs at once", gap, racing, hint="tried on a family of its own"),
        kit.pane("A thousand users", w.HTML(_assumptions()), kit.row(run_all, bar), crowd,
                 hint="the same users and thieves at four banks"),
    )  # fmt: skip


def _assumptions() -> str:
    a = ASSUMED
    return (
        f"<div>Assumed: each renews {a.renewals} times. At {a.tabs:.0%} of the renewals a second "
        f"tab sends the same token, at {a.lost:.0%} the reply is lost and asked for again, up to "
        f"{a.apart:g} seconds later; the window is {GRACE} seconds. From one user in "
        f"{1 / a.stolen:.0f} a token is stolen, and half of these thieves come right behind Alice. "
        f"Every exchange is made by RefreshTokens; the run takes some seconds.</div>"
    )
