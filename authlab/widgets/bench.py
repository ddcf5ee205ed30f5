"""The attack bench (04): verifiers with holes by forgeries, each cell of the matrix really run."""

from collections.abc import Iterable
from typing import Any

import ipywidgets as w

from authlab.attacks import HOLES, Outcome
from authlab.widgets import kit
from authlab.widgets.bench_state import (
    ATTACKS,
    FIRST_ATTACK,
    HOLE,
    YOURS,
    Row,
    describe_attack,
    draw_forgery,
    draw_matrix,
    list_rows,
    run_cell,
    say_row,
    say_verdict,
)

__all__ = ["attack_bench"]


def attack_bench() -> w.VBox:
    """Return the bench: choose a verifier and a forgery, mend holes, run the whole matrix."""
    wide: Any = {"width": "auto"}
    style = {"description_width": "6em"}
    verdict, about, forgery, picture, line = (kit.view() for _ in range(5))
    named = [(row.title, row.name) for row in list_rows(())[1:]]
    titles = [(attack.title, id) for id, attack in ATTACKS.items()]
    verifier = w.Dropdown(
        options=[("Your verifier", YOURS), *named], description="Verifier", layout=wide, style=style
    )
    attack = w.Dropdown(options=titles, description="Attack", layout=wide, style=style)
    switches = {
        name: w.Checkbox(
            description=hole.title, tooltip=hole.line, value=True, indent=False, layout=wide
        )
        for name, hole in HOLES.items()
    }
    run_row = w.Button(description="Run this row", tooltip="Run every attack on this verifier")
    run_all = w.Button(description="Run every cell", tooltip="Fill the matrix: some seconds")
    all_open = w.Button(description="Open all", tooltip="Open every hole of your verifier")
    all_mended = w.Button(description="Mend all", tooltip="Mend every hole of your verifier")
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")
    bar = w.IntProgress(description="Run", layout=wide, style=style)
    results: dict[tuple[tuple[str, ...], str], bool] = {}
    busy = {"moving": False}  # while several controls are set, the panel is drawn once

    def rows() -> list[Row]:
        return list_rows(tuple(name for name, switch in switches.items() if switch.value))

    def run(row: Row, id: str) -> Outcome:
        outcome = run_cell(row.holes, id)
        results[row.holes, id] = outcome.succeeded
        return outcome

    def redraw(_: object = None) -> None:
        if busy["moving"]:
            return
        shown = rows()
        row = next(row for row in shown if row.name == verifier.value)
        outcome = run(row, attack.value)
        said = say_verdict(row, attack.value, outcome)
        kit.draw(verdict, kit.draw_verdict(not outcome.succeeded, said))
        kit.draw(about, describe_attack(row, attack.value))
        kit.draw(forgery, draw_forgery(outcome.messages, outcome.token))
        draw_results(shown, row)

    def draw_results(shown: list[Row], row: Row) -> None:
        cells = [(each.holes, id) for each in shown for id in ATTACKS]
        bar.max, bar.value = len(cells), sum(cell in results for cell in cells)
        bar.description = f"{bar.value} run"
        kit.draw(picture, draw_matrix(shown, results, (verifier.value, attack.value)))
        kit.draw(line, f"<div>{kit.escape(say_row(row, results))}</div>")

    def fill(names: Iterable[str]) -> None:
        """Run the rows of these names, and draw each when it is done."""
        shown = rows()
        chosen = next(row for row in shown if row.name == verifier.value)
        try:
            for row in shown:
                if row.name in names:
                    for id in ATTACKS:
                        run(row, id)
                    draw_results(shown, chosen)
        except KeyboardInterrupt:  # Interrupt the kernel, in JupyterLab: what was run stays
            draw_results(shown, chosen)

    def move(change: Any) -> None:
        """Set several controls, and draw once."""
        busy["moving"] = True
        try:
            change()
        finally:
            busy["moving"] = False
        redraw()

    def set_switches(value: bool) -> None:
        for switch in switches.values():
            switch.value = value

    def begin(_: object = None) -> None:
        def change() -> None:
            verifier.value, attack.value = YOURS, FIRST_ATTACK
            set_switches(True)
            results.clear()
            for row in rows()[:2]:  # yours and the one without a hole: something to look at
                for id in ATTACKS:
                    run(row, id)

        move(change)

    begin()
    for control in (verifier, attack, *switches.values()):
        control.observe(redraw, "value")
    run_row.on_click(lambda _: fill([verifier.value]))
    run_all.on_click(lambda _: fill([row.name for row in rows()]))
    all_open.on_click(lambda _: move(lambda: set_switches(True)))
    all_mended.on_click(lambda _: move(lambda: set_switches(False)))
    reset.on_click(begin)
    return kit.panel(
        "attack_bench",
        verdict,
        kit.row(
            kit.pane("The open cell", verifier, attack, about, hint="a verifier, a forgery"),
            kit.pane("The forgery", forgery, hint="each step, and the last token shown"),
        ),
        kit.pane(
            "Your verifier's holes",
            kit.row(all_open, all_mended, reset),
            w.GridBox(
                [*switches.values()],
                layout={
                    "grid_template_columns": f"repeat(auto-fill, minmax(min(100%, {HOLE}px), 1fr))"
                },
            ),
            hint="ticked is open; take the tick away to mend it",
        ),
        kit.pane(
            "Every verifier, every forgery",
            kit.row(run_row, run_all),
            bar,
            line,
            picture,
            hint="M: Mallory gets in; a dot: refused; empty: not run yet",
        ),
    )
