"""Each hole pays for its forgery, its mend refuses it, and honest tokens still pass."""

import pytest

from authlab.attacks import CATALOGUE, HOLES, NaiveVerifier, forge
from authlab.attacks.issuer import issue
from authlab.attacks.trial import try_hole

# Of two forgeries for one hole the first.
FORGERY = {
    attack.stopped_by[0]: attack.id for attack in reversed(CATALOGUE) if attack.target == "verify"
}


def test_every_hole_has_a_forgery() -> None:
    assert set(FORGERY) == set(HOLES)


@pytest.mark.parametrize("hole", HOLES)
def test_open_it_pays_and_mended_it_does_not(hole: str) -> None:
    id = FORGERY[hole]
    if hole == "weak_secret":  # a mended shop gives nothing away, so the secret is the open one's
        trial = try_hole(hole, forge(id, NaiveVerifier([hole])).token)
    else:
        trial = try_hole(hole, lambda verifier: forge(id, verifier).tokens[0])
    assert trial.stolen
    assert "sent 10 of them to herself" in trial.paid
    assert trial.stopped
    assert trial.refused.startswith("refused: ")
    assert trial.honest == trial.of == 8
    assert HOLES[hole].line in repr(trial)


def test_an_honest_token_is_no_forgery() -> None:
    trial = try_hole("none", issue("mallory"))
    assert not trial.stolen
    assert trial.stopped


def test_a_hole_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no hole"):
        try_hole("nonsense", "a.b.c")
