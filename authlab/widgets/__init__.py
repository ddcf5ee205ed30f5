"""The panels: one function each, returning an ipywidgets box, loaded when it is named."""

from importlib import import_module
from typing import Any

_FILES = {
    "attack_bench": "bench",
    "claims_timeline": "timeline",
    "entropy_meter": "meter",
    "envelope_view": "envelope",
    "hijack_theatre": "theatre",
    "one_time_desk": "desk",
    "progress_board": "board",
    "refresh_family_tree": "family",
    "revocation_lab": "lab",
    "session_explorer": "explorer",
    "signature_playground": "playground",
    "token_inspector": "inspector",
}
__all__ = list(_FILES)


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"no panel is called {name!r}; there are {', '.join(__all__)}")
    return getattr(import_module(f"authlab.widgets.{_FILES[name]}"), name)
