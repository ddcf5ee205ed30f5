"""Solutions of 12_issue_one_time_tokens. In the notebook, `solution("12.1")` shows one of them."""

# %% 12.1
from authlab.jose import decode


def still_open(token, key, used_at):
    claims = decode(token, key, ["HS256"], audience="reset", now=used_at)
    return claims["exp"] - used_at


# %% 12.2
from hashlib import sha256


def redeem(records, token, purpose, now):
    digest = sha256(token.encode()).hexdigest()
    record = records.get(digest)
    if record is None or record["purpose"] != purpose or now >= record["ends"]:
        return None
    taken = records.pop(digest, None)
    return taken and taken["user"]


# %% 12.3
def take(store, key, good):
    record = store.get(key)
    if record is None or not good(record):
        return None
    return store.pop(key)


# %% 12.4
import hmac

from authlab.jose import InvalidToken, decode, dissect


def link_key(key, state):
    return hmac.new(key, state.encode(), "sha256").digest()


def redeem_bound(token, key, hashes, now):
    try:
        user = dissect(token).parts[1].members["sub"]
        own = link_key(key, hashes[user])
        claims = decode(token, own, ["HS256"], audience="reset", now=now)
    except (InvalidToken, KeyError):
        return None
    return claims["sub"]


# %% 12.5
def chance(digits, guesses, codes):
    return 1 - (1 - guesses / 10**digits) ** codes
