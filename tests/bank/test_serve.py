"""`python -m authlab serve`: the bank on a real socket, for curl or a browser."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from authlab.bank import PASSWORDS

SERVE = [sys.executable, "-m", "authlab", "serve"]


@contextmanager
def open_bank(*options: str, **environment: str) -> Iterator[tuple[str, str]]:
    """Start the command, yield (url, what it said), and end it as Ctrl-C does."""
    process = subprocess.Popen(
        [*SERVE, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    try:
        said = ""
        assert process.stdout
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            said += line
        url = re.search(r"http://127\.0\.0\.1:\d+", said)
        assert url
        yield url[0], said
    finally:
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "closed" in rest
    assert errors == ""


def test_sessions_in_a_file_outlive_the_server(tmp_path: object) -> None:
    store = f"sqlite:///{tmp_path}/sessions.db"
    login = {"user": "alice", "password": PASSWORDS["alice"]}
    with requests.Session() as client:
        client.trust_env = False
        with open_bank("--store", store) as (url, said):
            assert PASSWORDS["alice"] in said
            assert client.post(f"{url}/login", data=login, timeout=10).status_code == 200
        with open_bank("--store", store, "--port", url.rpartition(":")[2]) as (again, _):
            assert again == url
            assert client.get(f"{url}/balance", timeout=10).json()["user"] == "alice"


@pytest.mark.parametrize("way", ["token", "token-cookie"])
def test_tokens(way: str) -> None:
    with open_bank("--auth", way) as (url, said), requests.Session() as client:
        client.trust_env = False
        login = {"user": "bob", "password": PASSWORDS["bob"]}
        token = client.post(f"{url}/login", json=login, timeout=10).json().get("access_token")
        assert (token is not None) == (way == "token")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        assert client.get(f"{url}/balance", headers=headers, timeout=10).json()["user"] == "bob"
        assert ("Bearer" in said) == (way == "token")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [(["--store", "floppy://a"], "floppy"), (["--port", "99999"], "99999")],
)
def test_what_cannot_be_opened(options: list[str], sentence: str) -> None:
    done = subprocess.run([*SERVE, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("authlab: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run([*SERVE, "--port", port], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert port in done.stderr
