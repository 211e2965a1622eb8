"""P10: the claim and the fit correct for guessing alike."""

from fractions import Fraction

import pytest

from cofail_lab.claims.propositions.p10_luck import guess_corrected
from cofail_lab.fitting.readings import guessing


def test_the_fit_corrects_for_guessing_as_the_claim_does():
    fitted = guessing.guess_corrected(20, 400, 6, 4)
    known, ceiling = guess_corrected(Fraction(20, 400), 6, 4)
    assert fitted.all_wrong.value == pytest.approx(float(known), rel=1e-12)
    assert fitted.ceiling.value == pytest.approx(float(ceiling), rel=1e-12)
