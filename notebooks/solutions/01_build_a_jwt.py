"""Solutions of 01_build_a_jwt. In the notebook, `solution("01.1")` shows one of them."""

# %% 01.1
import base64
import json


def segment(part):
    data = json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# %% 01.2
import hmac

from authlab.jose import b64url_encode


def sign_text(text, secret):
    return b64url_encode(hmac.digest(secret, text.encode(), "sha256"))


# %% 01.3
import hmac
import json

from authlab.jose import b64url_encode


def build(claims, secret):
    parts = ({"alg": "HS256", "typ": "JWT"}, claims)
    segments = [b64url_encode(json.dumps(part, separators=(",", ":")).encode()) for part in parts]
    text = ".".join(segments)
    return text + "." + b64url_encode(hmac.digest(secret, text.encode(), "sha256"))


# %% 01.4
import json

from authlab.jose import b64url_decode


def read_claims(token):
    return json.loads(b64url_decode(token.split(".")[1]))
