"""Where the naive verifier looks things up: a folder, two tables, an address. All inside the lab.

Each function takes `naive`: with it, it looks up as people write it, with it False, as one should.
"""

import atexit
import json
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any

from authlab.attacks.issuer import load_one
from authlab.bank import PASSWORDS
from authlab.jose import Key
from authlab.web import Network

__all__ = ["fetch_certificate", "fetch_key", "find_customer", "read_key_file", "read_key_row"]


@lru_cache
def _lab_folder() -> Path:
    """Return a folder made for this process: two keys in `keys`, and an empty file beside it."""
    root = Path(tempfile.mkdtemp(prefix="authlab-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    (root / "keys").mkdir()
    for name in ("till-1", "till-2"):
        (root / "keys" / name).write_bytes(secrets.token_bytes(32))
    (root / "null").write_bytes(b"")  # the lab's own /dev/null
    return root.resolve()


def read_key_file(kid: str, *, naive: bool) -> bytes | None:
    """Return the secret in the file `keys/<kid>`, or None."""
    folder = _lab_folder() / "keys"
    if not naive and kid not in {path.name for path in folder.iterdir()}:
        return None
    path = (folder / kid).resolve()
    # The lab's own fence, which stands whatever is switched: nothing outside its folder is read.
    if not path.is_relative_to(_lab_folder()) or not path.is_file():
        return None
    return path.read_bytes()


def read_key_row(kid: str, *, naive: bool) -> bytes | None:
    """Return the secret that a table holds for `kid`, or None."""
    if naive:
        found = _query(f"SELECT secret FROM keys WHERE kid = '{kid}'")
    else:
        found = _query("SELECT secret FROM keys WHERE kid = ?", kid)
    return None if found is None else found.encode()


def find_customer(name: str, *, naive: bool) -> str | None:
    """Return the name of the customer called `name`, as the table has it, or None."""
    if naive:
        return _query(f"SELECT name FROM customers WHERE name = '{name}'")
    return _query("SELECT name FROM customers WHERE name = ?", name)


def _query(sql: str, *arguments: str) -> str | None:
    """Return the first value that a query finds in a fresh database, or None."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE keys (kid TEXT, secret TEXT)")
        db.execute("INSERT INTO keys VALUES ('desk-1', ?)", [secrets.token_hex(32)])
        db.execute("CREATE TABLE customers (name TEXT)")
        customers = [*PASSWORDS, "zoë"]
        db.executemany("INSERT INTO customers VALUES (?)", [[name] for name in customers])
        row = db.execute(sql, arguments).fetchone()
    return None if row is None else str(row[0])


def fetch_key(network: Network, url: str, kid: Any) -> Key | None:
    """Return the key called `kid` of the JWKS at `url` in the lab's network, or None."""
    with network.session() as session:
        found = json.loads(session.get(url, timeout=1).content)["keys"]
    return next((load_one(key) for key in found if key.get("kid") == kid), None)


def fetch_certificate(network: Network, url: str) -> Key:
    """Return the public key of the certificate at `url` in the lab's network."""
    with network.session() as session:
        return load_one(session.get(url, timeout=1).text)
