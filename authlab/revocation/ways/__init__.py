"""What each strategy costs a population: the arithmetic behind `simulate`, one class a strategy."""

from authlab.revocation.ways.base import ExpiryOnlyWay, Tally, Way
from authlab.revocation.ways.cuts import KeyPerUserWay, NotBeforeWay
from authlab.revocation.ways.lists import DenylistWay, IntrospectionWay, ServerSessionWay
from authlab.revocation.ways.pushes import BloomDenylistWay, StatusListWay
from authlab.revocation.ways.renewals import ShortLivedWay

__all__ = ["WAYS", "Tally", "Way"]

WAYS: dict[str, type[Way]] = {
    way.name: way
    for way in (
        ServerSessionWay,
        ExpiryOnlyWay,
        DenylistWay,
        NotBeforeWay,
        KeyPerUserWay,
        BloomDenylistWay,
        StatusListWay,
        IntrospectionWay,
        ShortLivedWay,
    )
}
