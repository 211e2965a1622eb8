"""Rational populations against the curves of the library."""

import numpy as np
import pytest

from cofail_lab.claims.propositions.p8_area import ERRORS_FIRST_AND_LAST, june_integral
from cofail_lab.claims.propositions.p8_cascades import random_blocks
from cofail_lab.claims.reference.cascade_populations import population
from cofail_lab.decisions import auc, cascade_curve
from tests.claims.verdicts import TRIAL


def test_rational_populations_agree_with_the_curves_of_the_library():
    for case in [*random_blocks(TRIAL), ERRORS_FIRST_AND_LAST]:
        who = population(case)
        mass, cheap, strong = (np.array([float(x) for x in column]) for column in who)
        curve = cascade_curve(np.arange(len(mass)), cheap, strong, mass)
        assert float(who.gap_area()) == pytest.approx(curve.gap_area, abs=1e-14)
        assert float(june_integral(who)[0]) == pytest.approx(curve.tail_excess_area, abs=1e-14)
        if 0 < curve.cheap_accuracy < 1:
            area = auc(np.arange(len(mass)), cheap, mass)
            assert float(who.separation(who.cheap).auc) == pytest.approx(area, abs=1e-13)
