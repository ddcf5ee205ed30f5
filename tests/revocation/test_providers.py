"""The figures of what others chose: each stands beside its source."""

import json
from urllib.parse import urlsplit

from authlab import data_path


def test_every_provider_has_a_source() -> None:
    found = json.loads(data_path("revocation/providers.json").read_text("utf-8"))
    assert found["read"]
    assert len({one["who"] for one in found["providers"]}) == len(found["providers"]) == 8
    for one in found["providers"]:
        assert set(one) == {"who", "token", "way", "late", "source"}
        assert all(isinstance(text, str) and text for text in one.values())
        address = urlsplit(one["source"])
        assert address.scheme == "https"
        assert address.hostname
        assert "|" not in "".join(one.values())  # they become the cells of a table
