"""The guard round a learner's function."""

import contextvars
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from authlab.classroom import calling
from authlab.classroom.calling import Answer, NotAnswered, TooLong, Wrong, describe, short, within
from authlab.clock import Clock

WAYS = [pytest.param(within, id="alarm"), pytest.param(calling._within_thread, id="thread")]
if not hasattr(signal, "setitimer"):
    WAYS = WAYS[1:]


def guard(function: Callable[..., Any], seconds: float = 5) -> Answer:
    return Answer(function, name="f", expects="a number", seconds=seconds)


def sentence(function: Callable[..., Any], *args: Any, seconds: float = 5) -> str:
    with pytest.raises(Wrong) as caught:
        guard(function, seconds)(*args)
    assert caught.value.answered is not isinstance(caught.value, NotAnswered)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_value_comes_through() -> None:
    assert guard(lambda a, *, b: a + b)(1, b=2) == 3


@pytest.mark.parametrize(("value", "said"), [(None, "returned None"), (..., "still has `...`")])
def test_nothing_returned_is_not_answered(value: object, said: str) -> None:
    with pytest.raises(NotAnswered, match=rf"`f` {said}.*\. It should return a number\."):
        guard(lambda: value)()


def test_printing_is_not_returning(capfd: pytest.CaptureFixture[str]) -> None:
    assert "end it with `return`" in sentence(lambda: print("42"))
    assert capfd.readouterr() == ("", "")


def test_what_it_prints_is_kept_away(capfd: pytest.CaptureFixture[str]) -> None:
    def chatty() -> int:
        for _ in range(10_000):
            print("x" * 1000)
        return 5

    assert guard(chatty)() == 5
    assert capfd.readouterr() == ("", "")


def test_an_exception_becomes_a_sentence() -> None:
    def f(d: dict[str, int]) -> int:
        d.clear()
        return d["x"]

    said = sentence(f, {"a": 1})
    line = f.__code__.co_firstlineno + 2
    assert said == (
        f"`f` raised KeyError: 'x' (line {line}) when called with ({{'a': 1}}). "
        "It should return a number."
    )


def test_wrong_number_of_arguments_is_said() -> None:
    assert "takes 0 positional arguments but 1 was given" in sentence(lambda: 1, "a")


def test_not_implemented_is_not_answered() -> None:
    def f() -> None:
        raise NotImplementedError

    with pytest.raises(NotAnswered, match="not written yet"):
        guard(f)()


def test_recursion_without_end() -> None:
    def f(n: int) -> int:
        return f(n + 1)

    assert "calls itself without end" in sentence(f, 0)


class Nasty(Exception):
    def __str__(self) -> str:
        raise RuntimeError

    __repr__ = __str__


class Own(BaseException):
    pass


@pytest.mark.parametrize(
    "error", [SystemExit(3), Nasty(), Own("a\nb"), GeneratorExit(), MemoryError(), StopIteration()]
)
def test_odd_exceptions_stop_nothing(error: BaseException) -> None:
    def f() -> None:
        raise error

    assert f"raised {type(error).__name__}" in sentence(f)


def test_async_and_generators_are_named() -> None:
    async def coroutine() -> int:
        return 1

    def generator() -> Any:
        yield 1

    assert "`async`" in sentence(coroutine)
    assert "`yield`" in sentence(generator)


def test_containers_are_copied_and_things_are_not() -> None:
    claims, clock = {"a": [1]}, Clock(0)

    def f(claims: dict[str, list[int]], clock: Clock) -> int:
        claims["a"].append(2)
        clock.advance(5)
        return 1

    guard(f)(claims, clock)
    assert claims == {"a": [1]}
    assert clock.now() == 5


def test_plain_lets_values_and_exceptions_through() -> None:
    def f(error: Exception | None) -> None:
        if error:
            raise error

    assert guard(f).plain(None) is None
    with pytest.raises(KeyError):
        guard(f).plain(KeyError("x"))


def test_code_that_catches_everything_cannot_swallow_the_limit() -> None:
    def loop() -> None:
        while True:
            pass

    def redteam(verify: Callable[[], None]) -> None:
        try:
            verify()
        except Exception:
            pytest.fail("swallowed")

    with pytest.raises(Wrong, match=r"did not finish within 0\.1 seconds"):
        redteam(guard(loop, 0.1).plain)


def bare_except() -> None:
    while True:
        try:  # noqa: SIM105
            sum(range(50))
        except:  # noqa: E722
            pass


def bare_except_that_sleeps() -> None:
    while True:
        try:  # noqa: SIM105
            time.sleep(600)
        except:  # noqa: E722
            pass


def endless_loop() -> None:
    while True:
        pass


def growing_list() -> None:
    found = []
    while True:
        found.append(0)
        del found[:]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("loop", [endless_loop, growing_list])
def test_an_endless_loop_ends(way: Callable[..., Any], loop: Callable[[], None]) -> None:
    with pytest.raises(TooLong):
        way(0.1, loop)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm signal here")
@pytest.mark.parametrize(
    "wait",
    [lambda: time.sleep(600), lambda: deadlock(), bare_except, bare_except_that_sleeps],
    ids=["sleep", "deadlock", "bare except", "bare except that sleeps"],
)
def test_a_call_that_waits_or_swallows_is_stopped(wait: Callable[[], None]) -> None:
    tracer = sys.gettrace()
    with pytest.raises(TooLong):
        within(0.1, wait)
    assert sys.gettrace() is tracer


def deadlock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def test_a_thread_that_sleeps_is_left_behind() -> None:
    wake = threading.Event()
    with pytest.raises(TooLong):
        calling._within_thread(0.1, wake.wait)
    wake.set()


@pytest.mark.parametrize("way", WAYS)
def test_values_exceptions_and_context_come_through(way: Callable[..., Any]) -> None:
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(7)
    assert way(5, variable.get) == 7
    with pytest.raises(ZeroDivisionError):
        way(5, lambda: 1 / 0)


def test_off_the_main_thread_the_limit_holds_too() -> None:
    said: list[str] = []

    def elsewhere() -> None:
        try:
            guard(endless_loop, 0.1)()
        except Wrong as wrong:
            said.append(str(wrong))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert said
    assert "did not finish" in said[0]


def test_without_threads_it_is_simply_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert calling._within_thread(5, lambda: 3) == 3


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no alarm signal here")
def test_the_alarm_is_put_back() -> None:
    def nested() -> None:
        with pytest.raises(TooLong):
            within(0.05, endless_loop)
        endless_loop()

    def mine(*_: object) -> None:
        pytest.fail("the alarm of somebody else was rung")

    before = signal.signal(signal.SIGALRM, mine)
    signal.setitimer(signal.ITIMER_REAL, 1000, 3)
    try:
        assert within(5, lambda: 1) == 1
        for call in (endless_loop, nested):
            with pytest.raises(TooLong):
                within(0.2, call)
        assert signal.getsignal(signal.SIGALRM) is mine
    finally:
        left = signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert left[0] > 900
    assert left[1] == 3


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.skipif(os.name == "nt", reason="needs a real SIGINT")
def test_an_interrupt_interrupts(way: Callable[..., Any]) -> None:
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))

    def loop() -> None:
        timer.start()  # from in here, lest it comes before the call does
        endless_loop()

    with pytest.raises(KeyboardInterrupt):
        way(600, loop)
    timer.join()


def test_an_interrupt_is_no_wrong_answer() -> None:
    def f() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guard(f)()


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("value", "text"),
    [("a  b", "'a  b'"), (Mute(), "<Mute>"), ("\ud800", "'\\ud800'"), (b"\0", "b'\\x00'")],
)
def test_short_is_a_repr(value: object, text: str) -> None:
    assert short(value) == text


def test_short_is_short_and_one_line() -> None:
    assert len(short("x" * 10**6)) <= 80
    assert short("x" * 500).endswith("xxx'")

    class Lines:
        def __repr__(self) -> str:
            return "a\nb"

    assert short(Lines()) == "a b"


def test_describe_is_short() -> None:
    assert describe(ValueError()) == "ValueError"
    assert describe(ValueError("a\n\n b")) == "ValueError: a b"
    assert describe(Nasty()) == "Nasty"
    assert len(describe(ValueError("x" * 10**6))) < 250
