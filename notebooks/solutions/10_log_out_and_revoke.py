"""Solutions of 10_log_out_and_revoke. In the notebook, `solution("10.1")` shows one of them."""

# %% 10.1
import json
from hashlib import sha256


def deny_key(token, claims):
    return sha256(json.dumps([claims["iss"], claims["jti"]]).encode()).hexdigest()


# %% 10.2
def keep_for(claims, now, leeway):
    rest = claims["exp"] + leeway - now
    return max(0, rest)


# %% 10.3
def price(token_life, outage, on_outage):
    if on_outage == "closed":
        return 0, outage
    return min(token_life, outage), 0


# %% 10.4
def stamp(now, cut):
    return max(now, cut + 1)


# %% 10.5
import zlib

from authlab.jose import b64url_decode


def status_of(lst, bits, index):
    statuses = zlib.decompress(b64url_decode(lst))
    at, shift = divmod(index * bits, 8)
    return statuses[at] >> shift & (2**bits - 1)
