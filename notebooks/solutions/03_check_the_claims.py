"""Solutions of 03_check_the_claims. In the notebook, `solution("03.1")` shows one of them."""


# %% 03.1
def in_time(claims, now, leeway):
    begun = claims.get("nbf", now) - leeway <= now
    over = "exp" in claims and now >= claims["exp"] + leeway
    return begun and not over


# %% 03.2
def is_for(claims, me):
    aud = claims.get("aud", [])
    return me in ([aud] if isinstance(aud, str) else aud)


# %% 03.3
import json

from authlab.jose import b64url_decode, decode


def who(token, keys, now):
    iss = json.loads(b64url_decode(token.split(".")[1]))["iss"]  # not believed yet
    key = keys[iss]  # an issuer nobody knows ends here
    claims = decode(token, key, ["EdDSA"], audience="accounts", issuer=iss, now=now)
    return claims["iss"], claims["sub"]


# %% 03.4
checks = {
    "audience": "accounts",
    "issuer": "https://login.test",
    "typ": "at+jwt",
    "require": ["exp", "sub"],
    "leeway": 60,
}
