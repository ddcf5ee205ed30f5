"""The signature playground (02): flip any bit of a token, swap the key, watch the checks."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import ipywidgets as w

from authlab import data_path
from authlab.costs import Timing, measure
from authlab.jose import (
    Anatomy,
    Step,
    b64url_decode,
    b64url_encode,
    decode,
    dissect,
    encode,
    explain,
    load_key,
)
from authlab.jose.algorithms import ALGORITHMS
from authlab.widgets import kit

__all__ = ["Play", "flip_bit", "play", "signature_playground"]

NAMES = ("HS256", "RS256", "ES256", "EdDSA")
PARTS = ("header", "payload", "signature")
CLAIMS = {
    "iss": "https://bank.test",
    "sub": "123",
    "role": "customer",
    "iat": 1_800_000_000,
    "exp": 1_800_003_600,
}
NOW = 1_800_000_060  # the panel's clock stands still, so that only your flips matter
WHO = {"HS256": "whoever has the secret", "": "the private key's owner"}
CHECKS = {"HS256": "whoever has the secret, who can sign too", "": "everybody"}


class Play(NamedTuple):
    """What the playground shows for one setting of its controls."""

    ok: bool
    verdict: str
    steps: list[Step]
    anatomy: Anatomy
    marked: tuple[str, int] | None
    change: str
    differing: list[bool] | None


@cache
def load_pair(algorithm: str) -> tuple[Any, Any]:
    """Return the bank's key and another of the same kind; both are published, for show only."""
    keys = json.loads(data_path("keys/published.json").read_text("utf-8"))["keys"][algorithm]
    first, second = (load_key(key) for key in keys)
    return first, second


@cache
def make_token(algorithm: str) -> str:
    """Return the token that every flip starts from."""
    return encode(CLAIMS, load_pair(algorithm)[0], algorithm)


def flip_bit(data: bytes, bit: int) -> bytes:
    """Return `data` with one bit changed; bit 0 is the highest bit of the first byte."""
    byte, place = divmod(bit, 8)
    return data[:byte] + bytes([data[byte] ^ (0x80 >> place)]) + data[byte + 1 :]


def play(algorithm: str, part: str, bit: int, flip: bool, other_key: bool) -> Play:
    """Return what a verifier says of the token with one bit flipped, under one of two keys."""
    pieces, index = make_token(algorithm).split("."), PARTS.index(part)
    bit = min(bit, 8 * len(b64url_decode(pieces[index])) - 1)
    change, marked = "Nothing is flipped: this is the token as the bank signed it.", None
    if flip:
        before = b64url_decode(pieces[index])
        after = flip_bit(before, bit)
        pieces[index] = b64url_encode(after)
        at = bit // 8
        marked = (part[0].upper(), bit // 6)
        change = (
            f"Bit {bit} of the {part} is flipped: byte {at + 1} of {len(before)} "
            f"was {_show(before[at])}, now {_show(after[at])}."
        )
    token, key = ".".join(pieces), load_pair(algorithm)[other_key]
    steps = explain(token, key, [algorithm], issuer=str(CLAIMS["iss"]), now=NOW)
    differing = None
    if algorithm == "HS256":
        right = ALGORITHMS[algorithm].sign(key.material, ".".join(pieces[:2]).encode())
        differing = _compare(right, b64url_decode(pieces[2]))
    return Play(*kit.summarise(steps), steps, dissect(token), marked, change, differing)


def _show(byte: int) -> str:
    return f"0x{byte:02x}" + (f" ({chr(byte)})" if 32 < byte < 127 else "")


def _compare(right: bytes, found: bytes) -> list[bool]:
    wrong = int.from_bytes(right, "big") ^ int.from_bytes(found, "big")
    return [bit == "1" for bit in f"{wrong:0{8 * len(right)}b}"]


def draw_bits(differing: list[bool] | None) -> str:
    """Return a picture of the signature's bits, those that differ from the right one filled."""
    if differing is None:
        return (
            "<div>With a public key a verifier can check a signature but not compute it, so there "
            "is no right signature here to compare with, bit by bit.</div>"
        )
    count = f"{sum(differing)} of {len(differing)} bits differ"
    size, columns = 9, 64
    paths = ["", ""]  # two paths paint faster than a shape for each bit
    for i, wrong in enumerate(differing):
        paths[wrong] += f"M{i % columns * size} {i // columns * size}h7v7h-7z"
    cells = f'<path d="{paths[0]}" fill="none"/><path d="{paths[1]}" fill="currentColor"/>'
    height = -(-len(differing) // columns) * size
    return (
        f"<div>The signature in the token beside the right one: <b>{count}</b> (filled).</div>"
        f'<svg role="img" aria-label="{count}" viewBox="-1 -1 {columns * size} {height}" '
        f'width="{columns * size}" height="{height}" style="max-width:100%" stroke="currentColor" '
        f'stroke-width="0.6">{cells}</svg>'
    )


def measure_all(timer: Callable[..., Timing]) -> dict[str, tuple[float, float]]:
    """Return microseconds to sign and to verify, for each algorithm, measured here and now."""
    times = {}
    for name in NAMES:
        key, token = load_pair(name)[0], make_token(name)
        signing = timer(lambda key=key, name=name: encode(CLAIMS, key, name), seconds=0.02)
        checking = timer(
            lambda key=key, name=name, token=token: decode(token, key, [name], now=NOW),
            seconds=0.02,
        )
        times[name] = (signing.median * 1e6, checking.median * 1e6)
    return times


def draw_costs(times: dict[str, tuple[float, float]], chosen: str) -> str:
    """Return the table of sizes, times and who can do what; the chosen algorithm is marked."""
    longest = max(max(pair) for pair in times.values())
    rows = []
    for name, pair in times.items():
        token = make_token(name)
        bars = "".join(
            f'<td class="authlab-figure"><span class="authlab-bar" '
            f'style="width:{5 * value / longest:.2f}em"></span>{value:,.0f} µs</td>'
            for value in pair
        )
        label = f"<b>▸ {name}</b>" if name == chosen else name
        kind = name if name in WHO else ""
        rows.append(
            f'<tr><th scope="row">{label}</th>'
            f"<td>{len(b64url_decode(token.rpartition('.')[2]))}</td><td>{len(token)}</td>{bars}"
            f"<td>{WHO[kind]}</td><td>{CHECKS[kind]}</td></tr>"
        )
    heads = ("algorithm", "signature bytes", "token bytes", "to sign", "to verify")
    head = "".join(
        f'<th scope="col">{text}</th>' for text in (*heads, "who can sign", "who can check")
    )
    return (
        '<div class="authlab-scroll"><table><caption>Measured on this machine when the panel '
        "opened: compare the bars, "
        f"not the numbers</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
        "</table></div>"
    )


def signature_playground(*, timer: Callable[..., Timing] = measure) -> w.VBox:
    """Return the playground; `timer` is what measures the algorithms (`costs.measure`)."""
    wide: Any = {"width": "auto"}
    times = measure_all(timer)
    verdict, token, steps, costs = (kit.view() for _ in range(4))
    algorithm = w.Dropdown(options=NAMES, description="Algorithm", layout=wide)
    keys = [("the bank's key", False), ("another key of the same kind", True)]
    key = w.Dropdown(options=keys, description="Check with", layout=wide)
    part = w.Dropdown(options=PARTS, value="payload", description="Part", layout=wide)
    bit = w.IntSlider(description="Bit", value=13, max=100, layout=wide)
    flip = w.Checkbox(description="Flip this bit", value=True, indent=True)
    reset = w.Button(description="Reset", tooltip="Back to how the panel began")

    def redraw(_: object = None) -> None:
        seen = play(algorithm.value, part.value, bit.value, flip.value, key.value)
        kit.draw(verdict, kit.draw_verdict(seen.ok, seen.verdict))
        change = f"<div>{kit.escape(seen.change)}</div>"
        parts = kit.draw_parts(seen.anatomy, marked=seen.marked)
        kit.draw(token, parts + change + draw_bits(seen.differing))
        kit.draw(steps, kit.draw_steps(seen.steps))

    def resize(_: object = None) -> None:
        piece = make_token(algorithm.value).split(".")[PARTS.index(part.value)]
        bit.max = 8 * len(b64url_decode(piece)) - 1  # moves the bit, too, if it is now outside
        kit.draw(costs, draw_costs(times, algorithm.value))
        redraw()

    def begin(_: object = None) -> None:
        algorithm.value, key.value, part.value, flip.value = NAMES[0], False, "payload", True
        bit.value = 13
        resize()

    for control in (algorithm, part):
        control.observe(resize, "value")
    for control in (key, bit, flip):
        control.observe(redraw, "value")
    reset.on_click(begin)
    begin()
    return kit.panel(
        "signature_playground",
        verdict,
        kit.row(
            kit.pane("Change one thing", algorithm, key, part, bit, flip, reset),
            kit.pane("What the verifier does", steps, hint="explain(), step by step"),
        ),
        kit.pane("The token", token),
        kit.pane("What each algorithm costs", costs),
    )
