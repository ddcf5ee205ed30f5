"""How refresh tokens travel between the bank and a browser. Imports `fields`."""

from typing import Any

import jwt
from flask import Request, Response

from authlab.bank.fields import read_text
from authlab.revocation.families import name_of

__all__ = ["Refreshing"]

_PATH = "/refresh"


class Refreshing:
    """Hand refresh tokens out and read them again: in JSON, or in a cookie of their own.

    The cookie goes to /refresh and nowhere else, is out of reach of scripts, and is sent on no
    request that another site makes (SameSite=Strict), so nobody's form can renew. Its name begins
    with `__Secure-`, which a neighbour below bank.test may set, too: Mallory could plant a refresh
    token of her own, and Alice's browser would go on as Mallory. So the cookie counts only beside
    the access cookie of its own family, whose name begins with `__Host-`: that one nobody plants.
    """

    def __init__(self, *, in_cookie: bool, secure: bool) -> None:
        self.in_cookie = in_cookie
        self.secure = secure
        self.cookie = "__Secure-refresh" if secure else "refresh"

    def hand_out(self, response: Response, token: str) -> dict[str, Any]:
        """Put the token on its way; return what goes into the JSON, where to renew at least."""
        if not self.in_cookie:
            return {"refresh": _PATH, "refresh_token": token}
        flags: Any = {"path": _PATH, "secure": self.secure, "httponly": True, "samesite": "Strict"}
        response.set_cookie(self.cookie, token, **flags)
        return {"refresh": _PATH}

    def take_back(self, response: Response) -> None:
        """Have the browser drop the cookie."""
        if self.in_cookie:
            response.delete_cookie(self.cookie, path=_PATH, secure=self.secure, samesite="Strict")

    def read(self, request: Request, access: list[str]) -> str | None:
        """Return the refresh token that a request brings; `access` are its access cookies."""
        if not self.in_cookie:
            return read_text("refresh_token")
        families = {_family_of(token) for token in access} - {None}
        sent = request.cookies.getlist(self.cookie)
        return next((token for token in sent if name_of(token) in families), None)


def _family_of(access: str) -> str | None:
    """Return the family that an access token names, expired or not, whoever signed it."""
    try:
        name = jwt.decode(access, options={"verify_signature": False}).get("fam")
    except jwt.InvalidTokenError:
        return None
    return name if isinstance(name, str) else None
