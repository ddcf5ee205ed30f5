"""Solutions of 06_build_sessions. In the notebook, `solution("06.1")` shows one of them."""

# %% 06.1
import secrets
from hashlib import sha256


def start(user):
    session_id = secrets.token_urlsafe(16)
    handle = sha256(session_id.encode()).hexdigest()
    return session_id, {handle: {"user": user}}


# %% 06.2
import json
import sqlite3
from contextlib import closing


def live_users(path, now):
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT key, value FROM entries WHERE ends > ?", (now,)).fetchall()
    users = {json.loads(value)["user"] for key, value in rows if key.startswith(b"session:")}
    return sorted(users - {""})


# %% 06.3
def is_live(record, now, idle, absolute):
    return now - record["seen"] < idle and now - record["created"] < absolute


# %% 06.4
from hashlib import sha256


def end_others(records, user, keep):
    kept = sha256(keep.encode()).hexdigest()
    stay = {}
    for handle, record in records.items():
        if record["user"] != user or handle == kept:
            stay[handle] = record
    return stay


# %% 06.5
import secrets

from authlab.bank import SessionAuth, TokenAuth, make_bank
from authlab.sessions import Sessions, open_store


def two_servers(accounts):
    store = open_store("fakeredis://")
    return [make_bank(SessionAuth(Sessions(store)), accounts=accounts) for _ in range(2)]


def two_servers_by_token(accounts):  # the other way: a key instead of a store
    key = secrets.token_bytes(32)
    return [make_bank(TokenAuth(key), accounts=accounts) for _ in range(2)]
