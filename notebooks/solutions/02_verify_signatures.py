"""Solutions of 02_verify_signatures. In the notebook, `solution("02.1")` shows one of them."""

# %% 02.1
from authlab.jose import decode, encode


def promote(token, secret):
    claims = decode(token, secret, ["HS256"])
    return encode({**claims, "role": "admin"}, secret)


# %% 02.2
from authlab.jose import explain


def reason(token, key):
    last = explain(token, key, ["HS256"])[-1]
    return "valid" if last.ok else last.name


# %% 02.3
def publish(jwk):
    public = {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"}
    return {name: value for name, value in jwk.items() if name in public}


# %% 02.4
import json

from authlab.jose import b64url_decode


def pick_key(jwks, token):
    kid = json.loads(b64url_decode(token.split(".")[0])).get("kid")
    keys = [key for key in jwks["keys"] if kid is not None and key.get("kid") == kid]
    return keys[0] if keys else None
