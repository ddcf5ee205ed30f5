"""What taking access back can do wrong: one tree of errors. Imports nothing of authlab."""

__all__ = [
    "InvalidArgument",
    "InvalidOneTimeToken",
    "InvalidRefreshToken",
    "InvalidStatusList",
    "ListFull",
    "RefreshReused",
    "RevocationError",
]


class RevocationError(Exception):
    """The root: catch this one, and nothing else, around every call into `authlab.revocation`.

    (A store that is down is the one exception: `StoreUnavailable` of `authlab.sessions` says so.)
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


class InvalidArgument(RevocationError, ValueError):
    """An option, a user or a purpose that is not taken; nothing was stored."""


class InvalidStatusList(RevocationError, ValueError):
    """A status list that is broken, short, oversized or hostile, or an entry it does not have."""


class ListFull(RevocationError):
    """No room: every index of a status list, or of a user's list, belongs to a live token."""


class InvalidRefreshToken(RevocationError):
    """No live refresh token: garbage, unknown, expired, used or ended."""


class RefreshReused(InvalidRefreshToken):
    """A refresh token came a second time; with reuse detection its family has ended."""


class InvalidOneTimeToken(RevocationError):
    """No token to redeem: unknown, used, expired, for something else, or its state has changed."""
