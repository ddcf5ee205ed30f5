"""Every control of every panel is moved through its ends and all its choices."""

import ipywidgets
import pytest

from authlab import widgets
from tests.notebooks.drive import controls, drive, shown

PANELS = (
    "attack_bench",
    "claims_timeline",
    "entropy_meter",
    "envelope_view",
    "hijack_theatre",
    "one_time_desk",
    "progress_board",
    "refresh_family_tree",
    "revocation_lab",
    "session_explorer",
    "signature_playground",
    "token_inspector",
)


def test_the_panels_so_far() -> None:
    assert tuple(sorted(widgets.__all__)) == PANELS


@pytest.mark.parametrize("name", PANELS)
def test_every_control_of(name: str) -> None:
    panel = getattr(widgets, name)()
    assert isinstance(panel, ipywidgets.Box)
    assert list(controls([panel]))
    assert drive(panel) == []


@pytest.mark.parametrize("name", PANELS)
def test_two_panels_share_nothing(name: str) -> None:
    """A notebook may show a panel twice."""
    make = getattr(widgets, name)
    assert drive(ipywidgets.VBox([make(), make()])) == []


@pytest.mark.parametrize(
    ("name", "label", "value"),
    [
        ("one_time_desk", "The link is", "stored"),
        ("revocation_lab", "Log-ins of each user", 3),
        ("revocation_lab", "Access must end", 10),
    ],
)
def test_a_change_is_drawn_by_one_message(name: str, label: str, value: object) -> None:
    """Each message more is painted by itself, and later."""
    panel, drawn = getattr(widgets, name)(), []
    for view in shown([panel]):
        if isinstance(view, ipywidgets.HTML):
            view.observe(drawn.append, "value")
    control = next(control for control in controls([panel]) if control.description == label)
    control.value = value
    assert len(drawn) == 1
