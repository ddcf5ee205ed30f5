"""How this package answers: a `Decision` where a browser decides, a `WebError` where it cannot."""

from dataclasses import dataclass

__all__ = ["Decision", "WebError"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, with the reason; it is true exactly when `ok` is.

    `why` is one sentence, `rule` the section of the standard that says so.
    """

    ok: bool
    why: str
    rule: str

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return f"{'yes' if self.ok else 'no'}: {self.why} ({self.rule})"


class WebError(ValueError):
    """The root of this package's errors: what went wrong, what was found, what was expected.

    `rule` names the section of the standard. `str(error)` joins the four into one sentence.
    """

    def __init__(self, what: str, found: str, expected: str, rule: str) -> None:
        super().__init__(what, found, expected, rule)  # all four, so that it can be pickled
        self.what = what
        self.found = found
        self.expected = expected
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.what}: found {self.found}, expected {self.expected} ({self.rule})"
