"""The figures that others measured or chose: each stands beside its source."""

import json
from urllib.parse import urlsplit

from authlab import data_path

FIGURES = json.loads(data_path("figures.json").read_text("utf-8"))


def test_every_card_guesses() -> None:
    cards = FIGURES["cards"]
    assert "mode 16500" in cards["source"]
    assert "RTX 3090" in cards["guesses_a_second"]
    assert all(10**8 < rate < 10**10 for rate in cards["guesses_a_second"].values())


def test_every_provider_has_a_source() -> None:
    assert FIGURES["providers_read"]
    providers = FIGURES["providers"]
    assert len({one["who"] for one in providers}) == len(providers) == 8
    for one in providers:
        assert set(one) == {"who", "token", "way", "late", "source"}
        assert all(isinstance(text, str) and text for text in one.values())
        address = urlsplit(one["source"])
        assert address.scheme == "https"
        assert address.hostname
        assert "|" not in "".join(one.values())  # they become the cells of a table
