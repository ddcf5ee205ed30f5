"""Nothing in the package or in a notebook's code names an outside address.

Prose may cite sources: Markdown cells and docstrings are not looked at. What code does at run time
is watched when the notebooks run (notebooks/kernel/sitecustomize.py).
"""

import ast
import ipaddress
import re
from pathlib import Path

import pytest

from tests.notebooks.kernel import sitecustomize
from tests.notebooks.shape import NOTEBOOKS, ROOT, WRITTEN, read

SOURCES = sorted([*(ROOT / "authlab").rglob("*.py"), *(NOTEBOOKS / "solutions").glob("*.py")])

# Names that never leave this machine, or that nobody can own (RFC 2606, RFC 6761).
RESERVED = ("localhost", "test", "example", "invalid")
NAMED = ("schemas.openid.net",)  # part of a name that OpenID gave to an event; nobody calls it
# Kept for documentation (RFC 5737): the addresses of people in the lab's network.
DOCUMENTATION = [
    ipaddress.ip_network(f"{start}.0/24") for start in ("192.0.2", "198.51.100", "203.0.113")
]
SCHEME = re.compile(r"\b(?!fakeredis:)[a-z][a-z0-9+.-]*:\\?/\\?/([^/\s\"'`<>\\)]*)", re.I)
NO_SCHEME = re.compile(r"[\"'(=]\s*//([a-z0-9-]+(?:\.[a-z0-9-]+)+)", re.I)
NUMBERS = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?![\w.])")
SECTION = re.compile(r"\bRFC \d+(bis)?, [\d.]+")  # "RFC 7518, 6.3.2.7" is no address


def without_docstrings(source: str) -> str:
    """Blank the docstrings of a Python source; of what is no Python, nothing."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with magics
        return source
    lines = source.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if ast.get_docstring(node) is not None and isinstance(first, ast.Expr):
                for at in range(first.lineno - 1, first.end_lineno or first.lineno):
                    lines[at] = ""
    return "\n".join(lines)


def stays_here(host: str) -> bool:
    """Say whether the host of an address is none that could be reached."""
    host = re.sub(r"\{[^}]*\}", "{}", host.rpartition("@")[2].lower())
    host = host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host
    name = host if host.startswith("[") else host.partition(":")[0].rstrip(".,;")
    if name in ("", "{}", "*", "host", *NAMED):
        return True  # no host (sqlite:///), one that the code puts in, or the word for any
    try:
        address = ipaddress.ip_address(name.strip("[]"))
        return address.is_loopback or any(address in network for network in DOCUMENTATION)
    except ValueError:
        return name.rpartition(".")[2] in RESERVED


def outside(source: str) -> list[str]:
    """Return every outside address that code names, docstrings left out."""
    text = without_docstrings(source)
    hosts = [match[1] for pattern in (SCHEME, NO_SCHEME) for match in pattern.finditer(text)]
    numbers = NUMBERS.findall(SECTION.sub("", text))
    hosts += [number for number in numbers if number not in "".join(hosts)]
    return [host for host in hosts if not stays_here(host)]


def test_there_is_something_to_look_at() -> None:
    assert len(SOURCES) > 10
    assert any(path.parent.name == "solutions" for path in SOURCES)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_code_names_no_outside_address(path: Path) -> None:
    assert outside(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", WRITTEN)
def test_the_notebook_names_no_outside_address(name: str) -> None:
    notebook = read(NOTEBOOKS / f"{name}.ipynb")
    assert notebook.code
    assert [
        (str(cell), outside(cell.source)) for cell in notebook.code if outside(cell.source)
    ] == []


@pytest.mark.parametrize(
    "source",
    [
        "url = 'https://bank.com'",
        "url = 'HTTP://BANK.COM/x'",
        "url = f'https://{name}.bank.com/x'",
        "url = f'https://{name}.com'",
        "url = 'https://test.bank.com'",
        "url = 'https://bank.test.com'",
        "url = 'https://localhost.bank.com'",
        "url = 'https://localhost@bank.com'",
        "url = 'https://mytest'",
        "url = 'https://example.com'",
        "url = 'ws://bank.com'",
        "url = 'redis://cache.bank.com:6379/0'",
        "html = '<script src=\"//cdn.bank.com/x.js\">'",
        "html = '<script src=//cdn.bank.com/x.js>'",
        "css = 'url(//cdn.bank.com/x.css)'",
        "json = 'https:\\/\\/bank.com'",
        "host = '192.0.3.1'",
        "host = '0.0.0.0'  # RFC 7518",
        "host = '10.0.0.1:80'",
        "url = 'http://[2001:db8::1]/'",
        "x = 1  # see https://bank.com",
        "!curl https://bank.com",
        "%%bash\ncurl https://bank.com",
        "def f():\n    x = 1\n    'https://bank.com'",
        "x = 1\n'''https://bank.com'''",
    ],
)
def test_an_outside_address_is_caught(source: str) -> None:
    assert outside(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""See https://rfc.bank.com."""',
        'def f():\n    """See https://rfc.bank.com\n    and https://b.com."""\n    return 1',
        'class A:\n    """https://rfc.bank.com"""',
        "url = 'https://bank.test/login'",
        "url = 'https://bank.test:8443'",
        "url = 'https://app.bank.localhost/x?y#z'",
        "url = 'https://user:pw@bank.example'",
        "url = f'https://{host}/x'",
        "url = f'http://{host}:{port}/x'",
        "url = f'https://{name}.test'",
        "url = 'http://127.0.0.1:8888'",
        "url = 'http://[::1]:80/'",
        "url = 'redis://localhost:6379/0'",
        "url = 'sqlite:///sessions.db'",
        "url = 'memory://'",
        "half = 7 // 2",
        "version = '1.2.3'",
        "rule = 'RFC 7518, 6.3.2.7'",
        "oid = '1.2.840.113549.1.1.1'",
    ],
)
def test_an_address_that_stays_here_is_fine(source: str) -> None:
    assert outside(source) == []


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::1%lo", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("bank.localhost", True),
        (b"localhost", True),
        (None, True),
        ("/run/redis.sock", True),
        ("\0abstract", True),
        (1234, True),
        ("", False),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("bank.test", False),
        ("localhost.bank.com", False),
        ("127.0.0.1.bank.com", False),
        (b"192.0.2.1", False),
    ],
)
def test_what_the_watch_in_a_kernel_lets_through(host: object, inside: bool) -> None:
    assert sitecustomize.stays_inside(host) is inside
