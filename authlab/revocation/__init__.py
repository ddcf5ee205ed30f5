"""Taking access back: nine strategies, refresh tokens, one-time tokens, a population."""

from authlab.revocation.errors import (
    InvalidArgument,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    InvalidStatusList,
    ListFull,
    RefreshReused,
    RevocationError,
)
from authlab.revocation.refresh import Exchange, RefreshTokens

__all__ = [
    "Exchange",
    "InvalidArgument",
    "InvalidOneTimeToken",
    "InvalidRefreshToken",
    "InvalidStatusList",
    "ListFull",
    "RefreshReused",
    "RefreshTokens",
    "RevocationError",
]
