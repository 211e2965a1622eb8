"""The exact program on groups of two and of three: shares of both are whole numbers over six."""

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.bounds.declared.exact import _whole, finish
from cofail_lab.bounds.declared.facts import SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.targets import target
from tests.bounds.declared.made import exactly

POOL = Pool(5)
KNOWN = FrechetClass(POOL, (SetRates("rates", {(i,): exactly(x) for i, x in enumerate((0.25, 0.25, 0.5, 0.5, 0.5))}),))


def test_a_mean_over_both_groups_is_a_sum_of_rates() -> None:
    states = KNOWN.states(target("all_wrong", POOL))
    assert sorted(states.sizes.tolist()) == [2, 3]
    shares = states.n_wrong_in / states.sizes
    rates = {2: Fraction(1, 4), 3: Fraction(1, 2)}
    for weights in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        found = finish(states, KNOWN.rows(states), shares @ np.array(weights), None)
        expected = sum(Fraction(w) * rates[int(size)] for w, size in zip(weights, states.sizes, strict=True))
        # Above by at most what the floats of the shares are off.
        assert expected <= found.value <= expected + Fraction(1, 10**15)
        assert found.law @ shares @ np.array(weights) == pytest.approx(float(expected))


def test_a_fact_that_has_no_integers_is_named() -> None:
    (rates,) = KNOWN.rows(KNOWN.states(target("all_wrong", POOL)))
    values, denominator = _whole(rates, 0)
    assert denominator > 0 and len(values) == rates.value.shape[1]
    with pytest.raises(ValueError, match=re.escape(f"{rates.labels[1]}: no row of integers")):
        _whole(replace(rates, whole=None), 1)


def test_a_cost_that_is_no_share_has_no_exact_program() -> None:
    states = KNOWN.states(target("all_wrong", POOL))
    with pytest.raises(ValueError, match="no whole numbers over the sizes of the groups"):
        finish(states, KNOWN.rows(states), states.n_wrong_in[:, 0] / 7, None)
