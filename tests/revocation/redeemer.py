"""A process that redeems against others: `python -m tests.revocation.redeemer URL TOKEN...`."""

import json
import sys
from contextlib import suppress

from authlab.revocation import InvalidOneTimeToken, OneTimeTokens
from authlab.sessions import open_store
from tests.sessions.child import PATIENT

if __name__ == "__main__":
    url, *issued = sys.argv[1:]
    for module in PATIENT:
        module._PATIENCE = 30  # type: ignore[attr-defined]
    won = []
    with open_store(url) as store:
        tokens = OneTimeTokens(store)
        print("ready", flush=True)
        sys.stdin.readline()
        for token in issued:
            with suppress(InvalidOneTimeToken):
                won.append(tokens.redeem(token, "reset"))
    print(json.dumps(won), flush=True)
