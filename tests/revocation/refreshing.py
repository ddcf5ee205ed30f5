"""What the races of refresh tokens run in processes of their own: `python -m ... URL TOKENS`."""

import json
import sys

from authlab.revocation import InvalidRefreshToken, RefreshReused, RefreshTokens
from authlab.sessions import open_store
from tests.sessions.child import PATIENT


def exchange_each(url: str, grace: float, tokens: list[str]) -> list[str]:
    """Exchange each token once; return the child, or the name of the error."""
    with open_store(url) as store:
        refresh = RefreshTokens(
            store, ttl=600, grace=grace, detect_reuse=grace > 0, access=lambda user: user
        )
        print("ready", flush=True)
        sys.stdin.readline()
        found = []
        for token in tokens:
            try:
                found.append(refresh.exchange(token).refresh)
            except RefreshReused:
                found.append("RefreshReused")
            except InvalidRefreshToken:
                found.append("InvalidRefreshToken")
        return found


if __name__ == "__main__":
    for module in PATIENT:
        module._PATIENCE = 30
    url, grace = sys.argv[1:3]
    print(json.dumps(exchange_each(url, float(grace), sys.argv[3:])), flush=True)
