"""What the bank asks of a way to log in. Imports `accounts` and `sessions`."""

from abc import ABC, abstractmethod
from typing import Any, Literal

from flask import Request, Response

from authlab.bank.accounts import BankError
from authlab.sessions import StoreUnavailable

__all__ = ["Auth", "SameSite"]

SameSite = Literal["Strict", "Lax", "None"]


class Auth(ABC):
    """A way to log in: who is asking, and what begins and ends that.

    Each method gets Flask's request; those that change something also get the response, to set or
    delete a cookie on it. What they return goes into the JSON that the bank answers.

    `secure` says that credentials travel over https alone: the bank then refuses to talk over
    http, except on loopback.
    """

    cookie: str
    secure: bool
    httponly: bool
    samesite: SameSite | None

    def set_cookie(self, response: Response, value: str) -> None:
        """Have the browser keep the cookie."""
        response.set_cookie(self.cookie, value, **self._flags())

    def delete_cookie(self, response: Response) -> None:
        """Have the browser drop the cookie."""
        response.delete_cookie(self.cookie, **self._flags())

    def _flags(self) -> dict[str, Any]:
        return {"secure": self.secure, "httponly": self.httponly, "samesite": self.samesite}

    def greet(self, request: Request, response: Response) -> None:  # noqa: B027  most do nothing
        """Somebody opened the first page, not yet logged in."""

    @abstractmethod
    def identify(self, request: Request) -> str | None:
        """Return the user who is asking, or None for nobody the bank knows."""

    @abstractmethod
    def log_in(self, request: Request, response: Response, user: str) -> dict[str, Any]:
        """Begin: the password was right. Return what the client must know, such as a token."""

    def renew(self, request: Request, response: Response) -> dict[str, Any]:
        """Go on by a refresh token. Return as `log_in` does; raises BankError 401 for no good one.

        A way to log in that has none raises BankError 404.
        """
        raise BankError(404, "This bank has no refresh tokens.")

    @abstractmethod
    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        """End this one. Return {"still_works_for": seconds}, of a copy that somebody kept."""

    @abstractmethod
    def log_out_everywhere(
        self, request: Request, response: Response, user: str, *, keep: bool = False
    ) -> dict[str, Any]:
        """End all of the user's, or with `keep` all others; return as `log_out` does."""

    def log_out_others(
        self, request: Request, response: Response, user: str, *, keep: bool
    ) -> dict[str, Any]:
        """Do as `log_out_everywhere`, after a new password: BankError 503 says that it counts."""
        try:
            return self.log_out_everywhere(request, response, user, keep=keep)
        except StoreUnavailable:
            sentence = (
                "The new password counts from now on, but other log-ins could not be ended: the "
                "bank's store does not answer. Log in and change it once more."
            )
            raise BankError(503, sentence) from None

    @abstractmethod
    def list_own(self, request: Request, user: str) -> list[dict[str, Any]]:
        """Return what the bank knows of the user's log-ins, each with a `handle` to end it by."""

    @abstractmethod
    def end_one(self, request: Request, user: str, handle: str) -> bool:
        """End one of the user's own log-ins; say whether there was such a one to end."""
