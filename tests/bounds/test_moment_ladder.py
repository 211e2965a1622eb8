"""The ladder of bounds: one more moment of C at every rung."""

from math import comb

import numpy as np
import pytest

from cofail_lab.bounds import binomial_moments, confident_range, law_ladder, matrix_ladder, wrong_count_range
from cofail_lab.bounds.sampling_designs import bounded_mean_limits
from cofail_lab.errors import InputError
from tests.bounds.pools import SHOCK, shock_moments


def test_the_published_ladder():
    law = [(1 - SHOCK[0]) * comb(67, j) * SHOCK[1] ** j * (1 - SHOCK[1]) ** (67 - j) for j in range(68)]
    law[67] += SHOCK[0]
    assert list(binomial_moments(law, 8)) == shock_moments(*SHOCK, 8)
    rungs = {rung.n_moments: rung for rung in law_ladder(law, [1, 2, 3, 4, 6, 8])}
    for k, upper in ((2, 0.05597), (3, 0.05181), (4, 0.05008), (8, 0.05)):
        assert rungs[k].upper == pytest.approx(upper, abs=5.01e-6)
    assert [rungs[k].lower for k in (1, 2, 3, 4)] == [0, 0, 0, 0]
    assert rungs[6].lower == pytest.approx(0.049, abs=5e-5)
    assert all(rung.lower <= 0.05 <= rung.upper for rung in rungs.values())


def test_all_moments_leave_nothing_open():
    counts = [3, 1, 4, 1, 5]
    rung = law_ladder(counts, [4])[0]
    assert rung.lower == pytest.approx(5 / 14, abs=1e-15)
    assert rung.upper == pytest.approx(5 / 14, abs=1e-15)
    half = law_ladder(counts, [4], at_least=2)[0]
    assert half.lower == pytest.approx(10 / 14, abs=1e-15) == half.upper


def test_a_finite_matrix_is_not_over_read():
    """P(a box misses some moment) <= δ: 400 matrices, δ = .2; more than 108 misses has probability < .001.

    The control, on 60 of them, has more than 22 misses with that probability at δ.
    """
    rng = np.random.default_rng(6)
    m, n, truth = 8, 120, np.array([0.3, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.2])
    misses = plain = 0
    for number in range(400):
        n_wrong = rng.choice(m + 1, size=n, p=truth)
        found = confident_range(n_wrong, m, 2, delta=0.2)
        misses += not found.lower <= truth[m] <= found.upper
        if number < 60:
            alone = law_ladder(np.bincount(n_wrong, minlength=m + 1).tolist(), [6])[0]
            plain += not alone.lower <= truth[m] <= alone.upper
    assert misses <= 108
    # Control: without the box, and with enough moments to be precise, the interval misses far more often.
    assert plain > 22


def test_matrix_ladder():
    n_wrong = np.random.default_rng(7).binomial(6, 0.4, size=300)
    rungs = matrix_ladder(n_wrong, 6, [1, 2, 3])
    for rung in rungs:
        assert rung.lower_confident is not None
        assert rung.upper_confident is not None
        assert rung.lower_confident <= rung.lower <= rung.upper <= rung.upper_confident
    # One moment, at δ/2 a side: β is at most the mean, whose limit is Hoeffding's in its entropy form.
    assert rungs[0].upper_confident == pytest.approx(0.47799, abs=5e-6)


def test_each_rung_is_the_program_with_its_own_box() -> None:
    """δ over 2K limits, for the event asked for, at the level asked for."""
    n_wrong = np.random.default_rng(8).binomial(5, 0.3, size=200)
    moments = [np.mean([comb(int(c), k) / comb(5, k) for c in n_wrong]) for k in (1, 2)]
    boxes = [bounded_mean_limits(p, 200, 0.2 / 4) for p in moments]
    expected = wrong_count_range(boxes, 5, 3)
    rung = matrix_ladder(n_wrong, 5, [1, 2], at_least=3, delta=0.2)[1]
    assert (rung.lower_confident, rung.upper_confident) == pytest.approx((expected.lower, expected.upper), abs=1e-12)
    assert confident_range(n_wrong, 5, 2, 3, 0.2)[:2] == pytest.approx(expected[:2], abs=1e-12)
    for delta in (0, 1):
        with pytest.raises(InputError, match=r"^delta: "):
            confident_range(n_wrong, 5, 2, delta=delta)
    for sizes in ([], [0], [6], [1, 6]):
        with pytest.raises(InputError, match=r"^n_moments: "):
            matrix_ladder(n_wrong, 5, sizes)
