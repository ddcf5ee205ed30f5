"""Taking access back: nine strategies, refresh tokens, one-time tokens, a population."""

from authlab.revocation.bound import BoundTokens
from authlab.revocation.errors import (
    InvalidArgument,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    InvalidStatusList,
    ListFull,
    RefreshReused,
    RevocationError,
)
from authlab.revocation.one_time import OneTimeTokens
from authlab.revocation.refresh import Exchange, RefreshTokens
from authlab.revocation.short_lived import ShortLivedWithRefresh

__all__ = [
    "BoundTokens",
    "Exchange",
    "InvalidArgument",
    "InvalidOneTimeToken",
    "InvalidRefreshToken",
    "InvalidStatusList",
    "ListFull",
    "OneTimeTokens",
    "RefreshReused",
    "RefreshTokens",
    "RevocationError",
    "ShortLivedWithRefresh",
]
