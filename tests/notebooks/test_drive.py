"""`drive` finds what is wrong with small bad panels, and nothing wrong with good ones."""

import html
import logging
from collections.abc import Callable
from pathlib import Path

import ipywidgets as w
import pytest
from ipywidgets.widgets import widget as registry

from . import drive as driving
from .drive import drive, page_problems

GOOD_PICTURE = '<svg role="img" aria-label="A dot"><circle r="1"/></svg>'


@pytest.fixture(autouse=True)
def fresh_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the widgets of the other tests."""
    monkeypatch.setattr(registry, "_instances", {})


def every_control() -> list[w.Widget]:
    """One of each kind of control that a panel is likely to have."""
    return [
        w.Checkbox(description="a"),
        w.ToggleButton(description="b"),
        w.IntSlider(description="c", min=-3, max=12, step=5),
        w.FloatSlider(description="d", min=0.5, max=2.5),
        w.FloatLogSlider(description="e", min=-2, max=3),
        w.BoundedIntText(description="f", min=1, max=9),
        w.BoundedFloatText(description="g", min=1, max=9),
        w.IntText(description="h"),
        w.FloatText(description="i"),
        w.IntRangeSlider(description="j", min=2, max=8),
        w.FloatRangeSlider(description="k", min=2, max=8),
        w.Dropdown(description="l", options=["x", "y", "z"]),
        w.RadioButtons(description="m", options=["x", "y", "z"]),
        w.ToggleButtons(description="n", options=[("one", 1), ("two", 2)]),
        w.Select(description="o", options=["x", "y", "z"]),
        w.SelectMultiple(description="p", options=["x", "y", "z"]),
        w.SelectionSlider(description="q", options=["x", "y", "z"]),
        w.SelectionRangeSlider(description="r", options=["x", "y", "z"]),
        w.Text(description="s"),
        w.Textarea(description="t"),
        w.Password(description="u"),
        w.Combobox(description="v", options=["x", "y"]),
        w.Combobox(description="w", options=["x", "y"], ensure_option=True),
        w.Play(description="x", tooltip="play", min=0, max=3),
        w.Button(description="y"),
    ]


def test_every_kind_of_control_is_moved() -> None:
    inner = every_control()
    pages = w.Tab([w.VBox(inner), w.HTML("more")], titles=["A", "B"])
    fold = w.Accordion([w.Label("x")], titles=["C"])
    seen: dict[str, set[str]] = {}
    for control in (*inner, pages, fold):
        name = driving.name_of(control)
        if isinstance(control, w.Button):
            control.on_click(lambda _, name=name: seen.setdefault(name, set()).add("click"))
            continue
        trait = driving._state(control)
        assert trait
        seen[name] = {repr(trait[1])}
        control.observe(
            lambda change, name=name: seen[name].add(repr(change["new"])), names=trait[0]
        )
    assert drive(w.VBox([pages, fold])) == []
    assert {name for name, values in seen.items() if len(values) < 2} == {"Button 'y'"}
    assert seen["IntSlider 'c'"] == {"0", "-3", "2", "12"}
    assert seen["Dropdown 'l'"] == {"0", "1", "2"}
    assert {"()", "(0, 1, 2)", "(0,)", "(1,)", "(2,)"} <= seen["SelectMultiple 'p'"]
    assert seen["SelectionRangeSlider 'r'"] == {"(0, 0)", "(0, 2)", "(2, 2)"}
    assert seen["IntRangeSlider 'j'"] >= {"(2, 2)", "(2, 8)", "(8, 8)"}
    assert seen["Combobox 'w'"] == {"''", "'x'", "'y'"}
    assert seen["Tab ''"] == {"0", "1"}
    assert seen["Accordion ''"] == {"None", "0"}
    assert len(seen["Text 's'"]) >= len(driving.TEXTS)


def test_every_control_goes_back_to_where_it_was() -> None:
    fresh = every_control()
    before = [driving._state(control) for control in fresh]
    assert drive(*fresh, at_random=0) == []
    assert [driving._state(control) for control in fresh] == before


def test_a_good_panel_passes() -> None:
    field, page = w.Text(description="Name"), w.HTML()

    def show(_: object) -> None:
        text = html.escape(field.value.encode("utf-8", "replace").decode())
        page.value = f'<p title="{text}">{text}</p>{GOOD_PICTURE}'

    field.observe(show, names="value")
    show(None)
    assert drive(w.VBox([field, page, w.Image(layout=w.Layout(display="none"))])) == []


def handler_raises() -> w.Widget:
    button = w.Button(description="Go")
    button.on_click(lambda _: 1 / 0)
    return button


def observer_raises() -> w.Widget:
    slider = w.IntSlider(description="n", max=10)
    slider.observe(lambda change: 1 / (change["new"] - 10), names="value")
    return slider


def middle_raises() -> w.Widget:
    box = w.Dropdown(description="key", options=["a", "b", "c"])
    box.observe(lambda change: {"a": 1, "c": 3}[change["new"]], names="value")
    return box


def interact_raises() -> w.Widget:
    return w.interactive(lambda n: 1 / n, n=w.IntSlider(description="n", value=1, min=-1, max=1))


def interactive_output_raises() -> w.Widget:
    slider = w.IntSlider(description="n", value=1, max=2)
    return w.VBox([slider, w.interactive_output(lambda n: 1 / n, {"n": slider})])


def output_swallows() -> w.Widget:
    out, box = w.Output(), w.Checkbox(description="on")

    @out.capture(clear_output=True)
    def show(change: dict[str, bool]) -> None:
        assert not change["new"], "not on"

    box.observe(show, names="value")
    return w.VBox([box, out])


def output_holds_an_error() -> w.Widget:
    out = w.Output()
    out.outputs = ({"output_type": "error", "ename": "KeyError", "evalue": "1", "traceback": []},)
    return w.VBox([out])


def logs_an_error() -> w.Widget:
    button = w.Button(description="Go")
    button.on_click(lambda _: logging.getLogger("bank").error("broken"))
    return button


def both_together() -> w.Widget:
    one, two = (w.Dropdown(description=name, options=["x", "y", "z"]) for name in "ab")

    def show(_: object) -> None:
        assert (one.value, two.value) != ("z", "y")

    for box in (one, two):
        box.observe(show, names="value")
    return w.HBox([one, two])


def late_control_raises() -> w.Widget:
    kind, box = w.Dropdown(description="kind", options=["a", "b", "c"]), w.VBox()

    def show(change: dict[str, str]) -> None:
        box.children = [handler_raises()] if change["new"] == "b" else []

    kind.observe(show, names="value")
    return w.VBox([kind, box])


def revealed_control_raises() -> w.Widget:
    more, inner = w.Checkbox(description="more"), handler_raises()
    inner.layout.display = "none"

    def show(change: dict[str, bool]) -> None:
        inner.layout.display = "" if change["new"] else "none"

    more.observe(show, names="value")
    return w.VBox([more, inner])


def enabled_control_raises() -> w.Widget:
    on, inner = w.Checkbox(description="on"), handler_raises()
    inner.disabled = True
    w.dlink((on, "value"), (inner, "disabled"), lambda value: not value)
    return w.VBox([on, inner])


def control_made_anew_raises() -> w.Widget:
    """Each change puts a new dropdown in the old one's place; its last choice is wrong."""
    box = w.VBox()

    def make(value: str) -> None:
        made = w.Dropdown(description="kind", options=["a", "b", "c"], value=value)
        made.observe(change, names="value")
        box.children = [made]

    def change(change: dict[str, str]) -> None:
        make(change["new"])
        assert change["new"] != "c"

    make("a")
    return box


def in_a_tab() -> w.Widget:
    return w.Tab([w.Label("x"), w.Accordion([handler_raises()], titles=["y"])], titles=["a", "b"])


def in_an_output() -> w.Widget:
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": handler_raises().model_id}}
    out = w.Output()
    out.outputs = ({"output_type": "display_data", "data": view, "metadata": {}},)
    return out


def comes_back_later() -> w.Widget:
    """One button hides it, before its turn, until another one shows it again."""
    hide, show, inner = w.Button(description="hide"), w.Button(description="show"), handler_raises()
    hide.on_click(lambda _: setattr(inner.layout, "display", "none"))
    show.on_click(lambda _: setattr(inner.layout, "display", ""))
    return w.VBox([hide, inner, show])


def tab_raises() -> w.Widget:
    tab = w.Tab([w.Label("x"), w.Label("y")], titles=["a", "b"])
    tab.observe(lambda change: 1 / 0, names="selected_index")
    return tab


def no_label() -> w.Widget:
    return w.VBox([w.Dropdown(options=["a"])])


def no_label_on_a_button() -> w.Widget:
    return w.Button(icon="play", description=" ")


def no_title() -> w.Widget:
    return w.Tab([w.Label("x"), w.Label("y")], titles=["a"])


def echo(template: str) -> Callable[[], w.Widget]:
    """A panel that shows what is typed, in a template, unescaped."""

    def panel() -> w.Widget:
        field, page = w.Text(description="Name"), w.HTML()
        field.observe(
            lambda change: setattr(page, "value", template.format(_sendable(change["new"]))),
            names="value",
        )
        return w.VBox([field, page])

    return panel


def _sendable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def lone_surrogate() -> w.Widget:
    field, page = w.Text(description="Name"), w.HTML()
    field.observe(lambda c: setattr(page, "value", html.escape(c["new"])), names="value")
    return w.VBox([field, page])


def claims_unescaped() -> w.Widget:
    """Escapes what is typed, but not what it decodes out of it."""
    import base64

    field, page = w.Text(description="Token"), w.HTML()

    def show(change: dict[str, str]) -> None:
        part = [*change["new"].split("."), "", ""][1]
        try:
            page.value = base64.urlsafe_b64decode(part + "==").decode()
        except ValueError:
            page.value = html.escape(_sendable(change["new"]))

    field.observe(show, names="value")
    return w.VBox([field, page])


def bare_picture() -> w.Widget:
    return w.HTML("<svg><circle r='1'/></svg>")


def picture_widget() -> w.Widget:
    return w.Image(value=b"")


def unknown_control() -> w.Widget:
    return w.ColorPicker(description="colour")


def endless() -> w.Widget:
    box = w.VBox()

    def add(_: object = None) -> None:
        made = w.Button(description=f"number {len(box.children)}")
        made.on_click(add)
        box.children = [*box.children, made]

    add()
    return box


BAD: dict[Callable[[], w.Widget], str] = {
    handler_raises: "Button 'Go' clicked: raised ZeroDivisionError",
    observer_raises: "IntSlider 'n' = 10: raised ZeroDivisionError",
    middle_raises: "Dropdown 'key' = 1: raised KeyError: 'b'",
    interact_raises: "IntSlider 'n' = 0: raised ZeroDivisionError",
    interactive_output_raises: "IntSlider 'n' = 0: raised ZeroDivisionError",
    output_swallows: "Checkbox 'on' = True: raised AssertionError: not on",
    output_holds_an_error: "an Output: holds KeyError: 1",
    logs_an_error: "Button 'Go' clicked: logged 'broken'",
    both_together: "raised AssertionError",
    late_control_raises: "Button 'Go' clicked: raised ZeroDivisionError",
    revealed_control_raises: "Button 'Go' clicked: raised ZeroDivisionError",
    enabled_control_raises: "Button 'Go' clicked: raised ZeroDivisionError",
    control_made_anew_raises: "Dropdown 'kind' = 2: raised AssertionError",
    in_a_tab: "Button 'Go' clicked: raised ZeroDivisionError",
    in_an_output: "Button 'Go' clicked: raised ZeroDivisionError",
    comes_back_later: "Button 'Go' clicked: raised ZeroDivisionError",
    tab_raises: "Tab '' = 1: raised ZeroDivisionError",
    no_label: "Dropdown: a control without a label",
    no_label_on_a_button: "Button: a control without a label",
    no_title: "Tab: a control without a label",
    echo("{0}"): "typed text comes back as markup: <img ...>",
    echo('<p title="{0}">'): "typed text comes back as markup: <p ...>",
    echo("<p title='{0}'>"): "typed text comes back as markup: <p ...>",
    echo("<style>{0}"): "typed text comes back",
    echo('<a href="{0}">x</a>'): "typed text comes back as markup: <a ...>",
    claims_unescaped: "typed text comes back as markup: <img ...>",
    lone_surrogate: "it holds a lone surrogate",
    bare_picture: 'an <svg> without role="img" and a text',
    picture_widget: "Image: a picture without a text alternative",
    unknown_control: "no way is known to move a ColorPicker",
    endless: "the panel: new controls appear 20 moves deep",
}


@pytest.mark.parametrize("panel", BAD, ids=lambda panel: panel.__name__)
def test_a_bad_panel_is_caught(panel: Callable[[], w.Widget]) -> None:
    found = drive(panel())
    assert any(BAD[panel] in problem for problem in found), found


def test_one_problem_is_told_once() -> None:
    assert len(drive(handler_raises())) == 1
    assert len(drive(bare_picture())) == 1


def test_what_listens_goes_away_again() -> None:
    before = logging.getLogRecordFactory()
    drive(handler_raises())
    assert logging.getLogRecordFactory() is before


@pytest.mark.parametrize(
    "page",
    [
        GOOD_PICTURE,
        '<svg role="img"><title>A dot</title></svg>',
        '<svg aria-hidden="true"></svg>',
        '<svg role="img" aria-label="x"><svg></svg></svg>',
        '<img alt="" src="data:,">',
        "&lt;xqprobe&gt; &amp;lt;",
        '<p title="&quot; onload=&quot;xqprobe()">xqprobe</p>',
    ],
)
def test_a_good_page(page: str) -> None:
    assert page_problems(page) == []


@pytest.mark.parametrize(
    "page",
    [
        "<svg></svg>",
        '<svg role="img"></svg>',
        '<svg role="img" aria-label=" "></svg>',
        '<svg role="img"><title> </title></svg>',
        "<svg><title>A dot</title></svg>",
        '<svg aria-label="A dot"></svg>',
        f"{GOOD_PICTURE}<svg></svg>",
        f"<svg/>{GOOD_PICTURE}",
        '<img src="data:,">',
        "<script>xqprobe</script>",
        "<XQPROBE>",
        "<p onclick=xqprobe>",
        "<a href=' JavaScript:xqprobe()'>",
    ],
)
def test_a_bad_page(page: str) -> None:
    assert len(page_problems(page)) == 1


def test_the_driver_runs_by_its_path() -> None:
    """A kernel runs this file without the package around it."""
    text = Path(driving.__file__).read_text(encoding="utf-8")
    assert "from ." not in text
    assert "import tests" not in text
