"""Move every control of a panel through its ends and all its choices, and say what goes wrong.

Works on live widgets, in a test's own process or inside a kernel.
"""

import base64
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets as w
from IPython import get_ipython
from ipywidgets.widgets import widget as registry
from ipywidgets.widgets import widget_selection, widget_string
from ipywidgets.widgets.widget_selectioncontainer import _SelectionContainer as Pages

MOST_STEPS = 3_000
MOST_NESTED = 20
MARK = "xqprobe"  # typed into every text field; it must never come back as markup
MARKUP = (
    f"<img src=x onerror={MARK}()>",
    f'"><svg onload={MARK}()>',
    f'" onmouseover="{MARK}()',
    f"' onmouseover='{MARK}()",
    f"</style></script></title></textarea><{MARK}>",
    f"javascript:{MARK}()",
    f"&lt;{MARK}&gt;",
)
DISPLAYS = (  # hold a value, but nobody can move them
    w.HTML,
    w.HTMLMath,
    w.Label,
    w.IntProgress,
    w.FloatProgress,
    w.Valid,
    w.Image,
    w.Audio,
    w.Video,
)


def _token(header: dict[str, str], claims: dict[str, Any]) -> str:
    parts = (json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in parts) + ".AAAA"


HOSTILE = dict.fromkeys(("sub", "name", "<img src=x>"), MARKUP[0]) | {"exp": 1e300, "iat": "now"}
TEXTS = (
    "",
    " \t\n ",
    *MARKUP,
    "naïve 漢字 🏦 e\u0301 \u202egnp.exe\u202c \x00 \x7f",
    "\ud800 \udfff",
    "x" * 100_000,
    "..",
    "a.b.c",
    "null",
    "[[[[",
    json.dumps(HOSTILE),
    _token({"alg": "HS256", "typ": "JWT"}, {"sub": "123", "iat": 1516239022, "exp": -1}),
    _token({"alg": MARKUP[0], "kid": MARKUP[1], MARKUP[2]: ""}, HOSTILE),
    _token({"alg": "HS256", "typ": "JWT"}, HOSTILE),
)


def drive(*roots: w.Widget, at_random: int = 200) -> list[str]:
    """Return a sentence for each thing that is wrong, an empty list where all is well.

    Every control that is shown and enabled is moved from the first state, also one that appears
    on the way. Then follow moves at random, always the same ones, so that the controls meet in
    states that no lesson shows.
    """
    return _Driver(roots).run(at_random=at_random)


def drive_all() -> list[str]:
    """Drive every widget that is alive in this process, each control for itself."""
    alive = [x for x in list(registry._instances.values()) if isinstance(x, w.DOMWidget)]
    inner = {child.model_id for x in alive for child in _children(x)}
    return _Driver(tuple(x for x in alive if x.model_id not in inner)).run(at_random=0)


class _Driver:
    def __init__(self, roots: tuple[w.Widget, ...]) -> None:
        self.roots = roots
        self.problems: dict[str, None] = {}  # in order, each once
        self.steps = self.depth = 0
        self.gave_up = False
        self.known: set[str] = set()  # ids of the controls that have or had their turn
        self.turns: Counter[tuple[str, ...]] = Counter()  # and how many of each kind
        self.looked: set[tuple[str, str]] = set()

    def run(self, *, at_random: int) -> list[str]:
        with self.listening("at first"):
            self.look("at first")
        self.drive_fresh()
        chance = random.Random(0)
        for _ in range(at_random):
            there = [
                (control, moves)
                for control in controls(self.roots)
                if (moves := list(moves_of(control)))
            ]
            if there:
                control, moves = chance.choice(there)
                self.step(control, *chance.choice(moves))
        return list(self.problems)

    def drive_fresh(self) -> None:
        """Move controls until none is left that is new."""
        if self.depth == MOST_NESTED:
            self.give_up(f"new controls appear {MOST_NESTED} moves deep")
        self.depth += 1
        while not self.gave_up and (fresh := self.fresh()):
            self.known.update(c.model_id for c in fresh)
            self.turns.update(map(kind_of, fresh))
            for control in fresh:
                self.drive_control(control)
        self.depth -= 1

    def fresh(self) -> list[w.Widget]:
        # A panel may make its controls anew at each change: one turn for each that is shown at a
        # time is enough.
        here = list(controls(self.roots))
        left = Counter(map(kind_of, here)) - self.turns
        fresh = []
        for control in here:
            if control.model_id not in self.known and left[kind_of(control)] > 0:
                left[kind_of(control)] -= 1
                fresh.append(control)
        return fresh

    def drive_control(self, control: w.Widget) -> None:
        """Move one control to each of its places, and back to where it was."""
        kind, known = kind_of(control), control.model_id
        moves, start = list(moves_of(control)), _state(control)
        if not moves:
            self.problem(kind[1], f"no way is known to move a {kind[0]}")
        for done, (trait, value) in enumerate(moves):
            # Made anew on the way? Then go on with the one that took its place.
            here = list(controls(self.roots))
            if all(control is not other for other in here):
                control = next((other for other in here if kind_of(other) == kind), None)
                if control is None:
                    if not done:  # gone before its turn: should it come back, it has one
                        self.turns[kind] -= 1
                        self.known.discard(known)
                    return
            if not self.step(control, trait, value):
                return
            self.drive_fresh()
        if start:
            self.step(control, *start)

    def step(self, control: w.Widget, trait: str, value: Any) -> bool:
        """Do one thing a learner could do; false once it has been too many."""
        self.steps += 1
        where = f"{name_of(control)} {'clicked' if trait == 'click' else f'= {_short(value)}'}"
        if self.steps == MOST_STEPS:
            self.give_up(f"does not come to rest in {MOST_STEPS} moves")
        if self.gave_up:
            return False
        with self.listening(where):
            try:
                control.click() if trait == "click" else setattr(control, trait, value)
            except Exception as error:
                self.problem(where, f"raised {_describe(error)}")
            self.look(where)
        return True

    def give_up(self, why: str) -> None:
        self.gave_up = True
        self.problem("the panel", why)

    def problem(self, where: str, what: str) -> None:
        self.problems[f"{where}: {what}"] = None

    @contextmanager
    def listening(self, where: str) -> Iterator[None]:
        """Hear of the exceptions that ipywidgets only logs, and that `with Output()` swallows."""
        make = logging.getLogRecordFactory()

        def made(*args: Any, **kwargs: Any) -> logging.LogRecord:
            record = make(*args, **kwargs)
            hidden = record.levelno >= logging.WARNING and (
                record.name == "traitlets" or "ipywidgets" in Path(record.pathname).parts
            )
            if hidden or record.levelno >= logging.ERROR:
                error = record.exc_info and record.exc_info[1]
                said = f"raised {_describe(error)}" if error else f"logged {record.getMessage()!r}"
                self.problem(where, said)
            return record

        shell = get_ipython()

        def heard(exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
            error = (exc_tuple or sys.exc_info())[1]
            self.problem(where, f"raised {_describe(error)}")

        logging.setLogRecordFactory(made)
        if shell is not None:
            shell.showtraceback = heard
        try:
            yield
        finally:
            logging.setLogRecordFactory(make)
            if shell is not None:
                del shell.showtraceback

    def look(self, where: str) -> None:
        """Look at what is shown now."""
        for widget in shown(self.roots):
            if is_control(widget) and not is_labelled(widget):
                self.problem(_kind(widget), "a control without a label")
            if isinstance(widget, w.Image):
                self.problem(_kind(widget), "a picture without a text alternative: use w.HTML")
            for output in getattr(widget, "outputs", ()):
                if output.get("output_type") == "error":
                    self.problem("an Output", f"holds {output['ename']}: {output['evalue']}")
            for html in pages(widget):
                if (widget.model_id, html) not in self.looked:
                    self.looked.add((widget.model_id, html))
                    for problem in page_problems(html):
                        self.problem(where, problem)


# -- the tree ---------------------------------------------------------------------------------


def shown(widgets: Any) -> Iterator[w.Widget]:
    """Every widget of the tree that is not hidden, parents first, each once."""
    seen: set[str] = set()
    waiting = list(reversed(list(widgets)))
    while waiting:
        widget = waiting.pop()
        layout = getattr(widget, "layout", None)
        hidden = layout is not None and (layout.display == "none" or layout.visibility == "hidden")
        if widget.model_id in seen or hidden:
            continue
        seen.add(widget.model_id)
        yield widget
        waiting.extend(reversed(list(_children(widget))))


def _children(widget: w.Widget) -> Iterator[w.Widget]:
    for name in widget.keys:
        if name in ("layout", "style"):
            continue
        value = getattr(widget, name)
        if isinstance(value, dict):
            value = list(value.values())
        for item in value if isinstance(value, list | tuple) else (value,):
            if isinstance(item, w.Widget):
                yield item
            elif name == "outputs" and isinstance(item, dict):
                view = item.get("data", {}).get("application/vnd.jupyter.widget-view+json", {})
                if found := registry._instances.get(view.get("model_id")):
                    yield found


def is_control(widget: w.Widget) -> bool:
    """Say whether a learner can move this widget, were it enabled."""
    movable = (w.Button, w.ValueWidget, Pages)
    return isinstance(widget, movable) and not isinstance(widget, DISPLAYS)


def controls(roots: Any) -> Iterator[w.Widget]:
    """Every control that is shown and enabled."""
    return (x for x in shown(roots) if is_control(x) and not getattr(x, "disabled", False))


def is_labelled(control: w.Widget) -> bool:
    """Say whether a screen reader has something to say about a control."""
    if isinstance(control, Pages):
        titles = (*control.titles, *("" for _ in control.children))[: len(control.children)]
        return all(title.strip() for title in titles) or isinstance(control, w.Stack)
    return bool(_label(control))


def _label(control: w.Widget) -> str:
    for name in ("description", "tooltip"):
        if text := (getattr(control, name, "") or "").strip():
            return text
    return ""


def _kind(control: w.Widget) -> str:
    return type(control).__name__


def name_of(control: w.Widget) -> str:
    """The kind and the label of a control, for a message."""
    return f"{_kind(control)} {_label(control)!r}"


def kind_of(control: w.Widget) -> tuple[str, ...]:
    """What makes two controls alike although one was made after the other."""
    about = (getattr(control, name, None) for name in ("options", "min", "max", "titles"))
    return (_kind(control), name_of(control), *(repr(value)[:200] for value in about))


# -- what a learner can do --------------------------------------------------------------------


def moves_of(control: w.Widget) -> Iterator[tuple[str, Any]]:
    """Every (trait, value) to set on a control, or ("click", None)."""
    match control:
        case w.Button():
            yield from [("click", None)] * 2
        case Pages():
            none = () if isinstance(control, w.Tab) else (None,)
            yield from (("selected_index", i) for i in (*range(len(control.children)), *none))
        case w.Checkbox() | w.ToggleButton():
            yield from (("value", value) for value in (False, True, False))
        case w.SelectionRangeSlider():
            last = len(control.options) - 1
            yield from (("index", pair) for pair in ((0, 0), (0, last), (last, last)))
        case widget_selection._MultipleSelection():
            each = range(len(control.options))
            yield from (("index", some) for some in ((), tuple(each), *((i,) for i in each)))
        case widget_selection._Selection():
            yield from (("index", i) for i in range(len(control.options)))
        case w.FloatLogSlider():
            exponents = (control.min, (control.min + control.max) / 2, control.max)
            yield from (("value", control.base**exponent) for exponent in exponents)
        case w.IntRangeSlider() | w.FloatRangeSlider():
            low, high = control.min, control.max
            yield from (("value", pair) for pair in ((low, low), (low, high), (high, high)))
        case w.IntText() | w.FloatText() if not hasattr(control, "min"):
            most = 10**15 if isinstance(control, w.IntText) else 1e308
            yield from (("value", type(most)(value)) for value in (0, 1, -1, most, -most))
        case _ if hasattr(control, "min") and hasattr(control, "max"):
            step = getattr(control, "step", None) or 1
            middle = control.min + (control.max - control.min) / 2 // step * step
            middle = type(control.value)(middle)
            yield from (("value", value) for value in (control.min, middle, control.max))
        case w.Text() | w.Textarea() | w.Password() | w.Combobox():
            options = getattr(control, "options", ())
            if getattr(control, "ensure_option", False):
                yield from (("value", text) for text in ("", *options))
                return
            # In a kernel ipywidgets itself cannot send a lone surrogate.
            texts = [text for text in TEXTS if not (_in_kernel() and _is_unsendable(text))]
            yield from (("value", text) for text in (*options, *texts))


def _state(control: w.Widget) -> tuple[str, Any] | None:
    for trait in ("selected_index", "index", "value"):
        if control.has_trait(trait):
            return trait, getattr(control, trait)
    return None


# -- what a page must and must not hold -------------------------------------------------------


def pages(widget: w.Widget) -> Iterator[str]:
    """Every piece of HTML that a browser would draw for a widget."""
    if isinstance(widget, w.HTML | w.HTMLMath):
        yield widget.value
    if isinstance(widget, widget_string._String) and widget.description_allow_html:
        yield widget.description
    for output in getattr(widget, "outputs", ()):
        for kind in ("text/html", "image/svg+xml"):
            page = output.get("data", {}).get(kind, "")
            yield page if isinstance(page, str) else "".join(page)


def page_problems(html: str) -> list[str]:
    """Return what is wrong with a piece of HTML: unescaped input, a picture without text."""
    if _is_unsendable(html):
        return ["HTML that cannot be sent to a browser: it holds a lone surrogate"]
    page = _Page()
    page.feed(html)
    page.close()
    return page.problems()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.pictures: list[bool] = []  # for each <svg>: has it a text alternative?
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        risky = [tag, *values]
        risky += [v for n, v in values.items() if n.startswith("on") or _is_script(n, v)]
        if any(MARK in text for text in risky) or (tag == "img" and values.get("src") == "x"):
            self.found.append(f"typed text comes back as markup: <{tag} ...>")
        hidden = values.get("aria-hidden") == "true"
        named = values.get("aria-label", "").strip() or values.get("aria-labelledby")
        if tag == "svg" and "svg" not in self.open:
            self.pictures.append(hidden or (values.get("role") == "img" and bool(named)))
            self.titled = values.get("role") == "img"
        if tag == "img" and "alt" not in values:
            self.found.append("an <img> without alt")
        if tag not in ("img", "br", "hr", "input", "meta", "link", "wbr", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside in ("script", "style") and MARK in data:
            self.found.append(f"typed text comes back inside <{inside}>")
        if inside == "title" and "svg" in self.open and self.titled and data.strip():
            self.pictures[-1] = True

    def problems(self) -> list[str]:
        missing = [] if all(self.pictures) else ['an <svg> without role="img" and a text']
        return list(dict.fromkeys(self.found + missing))


def _in_kernel() -> bool:
    return getattr(get_ipython(), "kernel", None) is not None


def _is_script(name: str, value: str) -> bool:
    leads = name in ("href", "xlink:href", "src", "action", "formaction")
    return leads and value.strip().lower().startswith("javascript:")


def _is_unsendable(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _short(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} characters)"


def _describe(error: Any) -> str:
    step = getattr(error, "__traceback__", None)
    while step and step.tb_next:
        step = step.tb_next
    where = f" ({Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno})" if step else ""
    return f"{type(error).__name__}: {error}"[:300] + where
