"""Call a learner's function so that nothing it does stops the lesson. Standard library only."""

import contextlib
import contextvars
import ctypes
import inspect
import io
import random
import signal
import sys
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from types import FrameType
from typing import Any


class Wrong(BaseException):
    """The answer is wrong, and this sentence says why.

    No Exception, so that code under test that catches everything cannot swallow it.
    """

    answered = True


class NotAnswered(Wrong):
    """There is nothing to judge yet: the stub is as it was."""

    answered = False


class TooLong(BaseException):
    """Raised inside a call that has used up its time."""


class Answer:
    """A learner's function under guard: `answer(*args)` calls it, within a time limit.

    `function` is what the learner wrote, `name` what the exercise calls it, `expects` what it
    should return, in words; `seconds` limits each call.
    """

    def __init__(
        self, function: Callable[..., Any], *, name: str, expects: str, seconds: float = 5.0
    ) -> None:
        self.function = function
        self.name = name
        self.expects = expects
        self.seconds = seconds

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function returns; anything else it does raises `Wrong`."""
        when = f"when called with ({_show_arguments(args, kwargs)})"  # before it can change them
        heard = _Heard()
        try:
            value = self._call(args, kwargs, heard)
        except (Wrong, KeyboardInterrupt):
            raise
        except RecursionError:
            raise Wrong(f"`{self.name}` calls itself without end {when}.") from None
        except BaseException as error:
            if type(error) is NotImplementedError:  # some write a stub so; IPython has a subclass
                raise NotAnswered(f"`{self.name}` is not written yet. {self.should}") from None
            where = _line_in(self.function, error)
            said = describe(error).rstrip(".")
            raise Wrong(f"`{self.name}` raised {said}{where} {when}. {self.should}") from error
        if value is None or value is ...:
            if heard.text.strip():
                raise Wrong(f"`{self.name}` printed something but returned {value}: end it with "
                            f"`return`. {self.should}")  # fmt: skip
            holds = "still has `...` where your code goes" if value is ... else "returned None"
            raise NotAnswered(f"`{self.name}` {holds}. {self.should}")
        if inspect.iscoroutine(value):
            value.close()
            raise Wrong(f"`{self.name}` is `async`: write it with a plain `def`.")
        if inspect.isgenerator(value):
            raise Wrong(f"`{self.name}` uses `yield`, so it returns a generator. {self.should}")
        return value

    def plain(self, *args: Any, **kwargs: Any) -> Any:
        """Return or raise what the function does; only the time limit still applies."""
        return self._call(args, kwargs, _Heard())

    @property
    def should(self) -> str:
        """The sentence that says what is wanted."""
        return f"It should return {self.expects.rstrip('.')}."

    def _call(self, args: Any, kwargs: Any, heard: "_Heard") -> Any:
        args = [_copied(value) for value in args]
        kwargs = {name: _copied(value) for name, value in kwargs.items()}
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            try:
                return within(self.seconds, lambda: self.function(*args, **kwargs))
            except TooLong:
                raise Wrong(f"`{self.name}` did not finish within {self.seconds:g} seconds: "
                            "is there a loop that never ends?") from None  # fmt: skip


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """Return `call()`; raise `TooLong` inside it once `seconds` are over.

    An alarm signal where there is one, because it also wakes a call that sleeps or waits; else
    (on Windows, or off the main thread) a second thread. The process itself is never stopped.
    """
    main = threading.current_thread() is threading.main_thread()
    if main and hasattr(signal, "setitimer"):
        return _within_alarm(seconds, call)
    return _within_thread(seconds, call)


def _within_alarm(seconds: float, call: Callable[[], Any]) -> Any:
    here, tracer = sys._getframe(), sys.gettrace()
    running, rung = True, 0

    def stop(_signal: int, frame: FrameType | None) -> None:
        nonlocal rung
        if not running:
            return
        # Ring again, at odd moments, in case a bare `except:` in the call swallows this one.
        signal.setitimer(signal.ITIMER_REAL, random.uniform(0.01, 0.05))
        while frame and frame.f_code is stop.__code__:  # rung while it was still ringing
            frame = frame.f_back
        if frame is here:  # never in the few lines below that put things back
            return
        rung += 1
        if rung > 1:
            sys.settrace(insist)
            while frame and frame is not here:
                frame.f_trace = insist
                frame = frame.f_back
        raise TooLong

    def insist(frame: FrameType, event: str, _value: Any) -> Any:
        if running and event == "line" and frame.f_code is not stop.__code__:
            raise TooLong  # on the very line of the `except:`, so that it leaves the `try`
        return insist

    handler = signal.signal(signal.SIGALRM, stop)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        running = False
        if rung:
            sys.settrace(tracer)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, *timer)


def _within_thread(seconds: float, call: Callable[[], Any]) -> Any:
    returned: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        with contextlib.suppress(TooLong):
            try:
                returned.append(call())
            except BaseException as error:
                raised.append(error)

    worker = threading.Thread(target=contextvars.copy_context().run, args=(work,), daemon=True)
    try:
        worker.start()
    except RuntimeError:  # a Python without threads, as in the browser
        return call()
    end = time.monotonic() + seconds
    try:
        while worker.is_alive() and time.monotonic() < end:
            worker.join(0.05)  # short, so that an interrupt gets through on Windows too
    finally:
        late = worker.is_alive()
        end = time.monotonic() + 2
        while worker.is_alive() and time.monotonic() < end:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(worker.ident or 0), ctypes.py_object(TooLong)
            )
            worker.join(random.uniform(0.00001, 0.001))  # at odd moments: it may swallow some
    if late:
        raise TooLong
    if raised:
        raise raised[0]
    return returned[0]


def short(value: object, limit: int = 80) -> str:
    """Return a repr of `limit` characters at most, whatever the value is."""
    try:
        text = repr(value).replace("\n", " ")
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[: limit - 12]}...{text[-9:]}"


def describe(error: BaseException) -> str:
    """Return an exception as one short line: its type and what it says."""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = ""
    said = said if len(said) <= 200 else f"{said[:200]}..."
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _show_arguments(args: Any, kwargs: Any) -> str:
    return ", ".join([*map(short, args), *(f"{k}={short(v)}" for k, v in kwargs.items())])


def _copied(value: Any) -> Any:
    # Plain containers only: a clock or a store is handed over so that it is changed.
    return deepcopy(value) if type(value) in (list, dict, set, bytearray) else value


def _line_in(function: Callable[..., Any], error: BaseException) -> str:
    """Say at which line of the learner's cell the error arose, if it did there."""
    code = getattr(function, "__code__", None)
    step, line = error.__traceback__, 0
    while step and code:
        if step.tb_frame.f_code.co_filename == code.co_filename:
            line = step.tb_lineno
        step = step.tb_next
    return f" (line {line})" if line else ""


class _Heard(io.TextIOBase):
    """Keep the first thousand characters of what is printed, and let the rest go."""

    text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: 1000 - len(self.text)]
        return len(text)
