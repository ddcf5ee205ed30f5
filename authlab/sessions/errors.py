"""What a store or a session can do wrong: one tree of errors. Imports nothing of authlab."""

__all__ = ["InvalidEntry", "StoreError", "StoreUnavailable", "UnknownSession"]


class StoreError(Exception):
    """The root: catch this one, and nothing else, around every call into `authlab.sessions`."""


class InvalidEntry(StoreError, ValueError):
    """A key, value, time to live, option or URL that no store takes; nothing was stored.

    `what` is the verdict in a few words, `found` and `expected` say why, and `rule` names the
    rule. `str(error)` joins the four into one sentence.
    """

    def __init__(self, what: str, found: str, expected: str, rule: str) -> None:
        super().__init__(what, found, expected, rule)  # all four, so that it can be pickled
        self.what = what
        self.found = found
        self.expected = expected
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.what}: found {self.found}, expected {self.expected} ({self.rule})"


class StoreUnavailable(StoreError):
    """The store does not do its work: gone, full, locked, hanging, not permitted, closed.

    `store` names it, without any password; `reason` says what happened.
    """

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(store, reason)
        self.store = store
        self.reason = reason

    def __str__(self) -> str:
        return f"The store {self.store} is not available: {self.reason}"


class UnknownSession(StoreError, LookupError):
    """No live session has this id: never started, ended, timed out, or moved to another id."""
