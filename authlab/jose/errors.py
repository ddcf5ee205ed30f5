"""What a token, a key or a claim can do wrong: one tree of errors. Imports nothing of authlab."""

__all__ = [
    "DecryptionFailed",
    "DisallowedAlgorithm",
    "ExpiredToken",
    "ImmatureToken",
    "InvalidAudience",
    "InvalidClaim",
    "InvalidIssuer",
    "InvalidKey",
    "InvalidSignature",
    "InvalidToken",
    "InvalidType",
    "MalformedToken",
    "MissingClaim",
]


class InvalidToken(ValueError):
    """The root: catch this one, and nothing else, around every call into `authlab.jose`.

    `what` is the verdict in a few words, `found` and `expected` say why, and `rule` names the
    section of the standard. `str(error)` joins the four into one sentence. The text is for logs
    and lessons; tell a client no more than "invalid token".
    """

    def __init__(self, what: str, found: str, expected: str, rule: str) -> None:
        super().__init__(what, found, expected, rule)  # all four, so that it can be pickled
        self.what = what
        self.found = found
        self.expected = expected
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.what}: found {self.found}, expected {self.expected} ({self.rule})"


class MalformedToken(InvalidToken):
    """Not a token at all: wrong parts, wrong Base64url, wrong JSON, a header nobody understands."""


class DisallowedAlgorithm(InvalidToken):
    """The header names an algorithm that the caller did not allow (RFC 8725, 3.1)."""


class InvalidKey(InvalidToken):
    """The key is broken, too weak, or of the wrong kind for the algorithm (RFC 7517, RFC 7518)."""


class InvalidSignature(InvalidToken):
    """The signature does not match the header and the payload (RFC 7515, 5.2)."""


class DecryptionFailed(InvalidToken):
    """The key does not open this token; the text never says why (RFC 7516, 11.5)."""


class InvalidClaim(InvalidToken):
    """The signature holds, but a claim says that this token is not for here and now (RFC 7519)."""


class MissingClaim(InvalidClaim):
    """A claim that the caller requires is not there."""


class ExpiredToken(InvalidClaim):
    """`exp` has passed (RFC 7519, 4.1.4)."""


class ImmatureToken(InvalidClaim):
    """`nbf` or `iat` lies in the future (RFC 7519, 4.1.5 and 4.1.6)."""


class InvalidAudience(InvalidClaim):
    """`aud` does not name this service (RFC 7519, 4.1.3)."""


class InvalidIssuer(InvalidClaim):
    """`iss` is not an issuer this service trusts (RFC 7519, 4.1.1)."""


class InvalidType(InvalidClaim):
    """The header's `typ` is not the kind of token this service takes (RFC 8725, 3.11)."""
