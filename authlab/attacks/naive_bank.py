"""A bank whose door is the naive verifier: here a forged token moves money."""

from collections.abc import Collection
from typing import Any

from flask import Flask, Request, Response

from authlab.attacks.holes import HOLES
from authlab.attacks.issuer import issue, load_signing_key
from authlab.attacks.naive import NaiveVerifier
from authlab.attacks.stage import Credential, Stage
from authlab.bank import Accounts, TokenAuth, make_bank
from authlab.clock import Clock

__all__ = ["NaiveAuth", "build_token_bank", "spend_token"]

_FAST_SCRYPT = "scrypt:1024:8:1"  # a lesson logs in many times; a real bank takes longer


class NaiveAuth(TokenAuth):
    """Log in by a token of the lab's issuer; `verifier` says who a token belongs to.

    `verifier` is a `NaiveVerifier`, or any `verify(token)`: also a learner's own.
    """

    def __init__(self, verifier: Any, *, clock: Clock | None = None) -> None:
        clock = clock or getattr(verifier, "clock", None)
        super().__init__(load_signing_key("RS256"), clock=clock)
        self.verifier = verifier

    def issue(self, user: str, family: str | None = None) -> str:
        return issue(user, clock=self.clock)

    def read(self, token: str) -> dict[str, Any] | None:
        try:
            claims = self.verifier(token)
        except Exception:  # whatever it raises means no
            return None
        if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
            return None
        return {"jti": "", "iat": 0, "exp": 0, **claims}  # which a forged one may not have

    def log_out(self, request: Request, response: Response) -> dict[str, Any]:
        """End the token, where the verifier keeps a list of ended ones."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        answer = super().log_out(request, response)
        if hasattr(self.verifier, "revoke") and self.read(token) is not None:
            self.verifier.revoke(token)
            answer = {"still_works_for": 0}
        return answer


def build_token_bank(
    holes: Collection[str] = tuple(HOLES), *, verify: Any = None, clock: Clock | None = None
) -> Flask:
    """Return a bank that lets in whom `NaiveVerifier(holes)` lets in, or else `verify`."""
    verifier = NaiveVerifier(holes, clock=clock) if verify is None else verify
    return make_bank(NaiveAuth(verifier, clock=clock), accounts=Accounts(method=_FAST_SCRYPT))


def spend_token(bank: Flask, token: str) -> str:
    """Show `token` to `bank` as Mallory; return what she got as Alice, or "" if nothing."""
    return Stage(bank).spend(Credential("Authorization", f"Bearer {token}"))
