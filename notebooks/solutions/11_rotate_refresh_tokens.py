"""Solutions of 11_rotate_refresh_tokens. In the notebook, `solution("11.1")` shows one of them."""

# %% 11.1
from hashlib import sha256


def judge(family, token):
    digest = sha256(token.encode()).hexdigest()
    if digest in family["used"]:
        return "reused"
    if digest != family["live"]:
        return "unknown"
    return "ended" if family["over"] else "exchange"


# %% 11.2
def may_retry(used, child_used, now, grace):
    return grace > 0 and not child_used and now - used < grace


# %% 11.3
from authlab.revocation import InvalidRefreshToken


def hides_a_thief(refresh, clock):
    token = refresh.issue("alice")
    try:
        alices = refresh.exchange(token).refresh
        thiefs = refresh.exchange(token).refresh
        if alices == thiefs:
            return False
        refresh.exchange(alices)
        refresh.exchange(thiefs)
        return True
    except InvalidRefreshToken:
        return False


# %% 11.4
from authlab.revocation import RefreshTokens


def make_refresh(store, clock):
    return RefreshTokens(store, clock, ttl=14 * 86400, grace=10, absolute=90 * 86400)
