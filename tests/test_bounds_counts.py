"""Bounds on events in C from its moments: the exact program, laws, certificates, the ladder, confidence boxes."""

from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds import binomial_moments, confident_range, law_ladder, matrix_ladder, wrong_count_range
from cofail_lab.bounds.moments import boros_prekopa
from cofail_lab.errors import InputError


def shock_moments(shock, base, n_moments):
    return [shock + (1 - shock) * base**k for k in range(1, n_moments + 1)]


SHOCK = (Fraction(5, 100), Fraction(3, 10))


def by_vertices(moments, m, at_least):
    """Every basic law of C in rationals: the extremes of a linear program are at its vertices."""
    right = [Fraction(1), *(Fraction(p) * comb(m, k) for k, p in enumerate(moments, start=1))]
    values = []
    for nodes in combinations(range(m + 1), len(right)):
        weights = _solve_exactly([[comb(j, k) for j in nodes] for k in range(len(right))], right)
        if all(w >= 0 for w in weights):
            values.append(sum(w for j, w in zip(nodes, weights, strict=True) if j >= at_least))
    return min(values), max(values)


def _solve_exactly(matrix, right):
    rows = [[Fraction(x) for x in row] + [b] for row, b in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next(r for r in range(i, len(rows)) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for r in range(len(rows)):
            if r != i:
                rows[r] = [x - rows[r][i] * y for x, y in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def test_the_published_triple_and_its_two_laws():
    found = wrong_count_range([Fraction(1, 2), Fraction(1, 4)], 3)
    assert found[:2] == (0.0, 0.25)
    np.testing.assert_allclose(found.lower_law, [0.25, 0, 0.75, 0], atol=1e-15)
    np.testing.assert_allclose(found.upper_law, [0, 0.75, 0, 0.25], atol=1e-15)


@pytest.mark.parametrize("n_moments", [1, 2, 3, 4])
def test_exactly_the_best_vertex_for_every_event(n_moments):
    rng = np.random.default_rng(n_moments)
    for m in (5, 7):
        moments = binomial_moments([int(x) for x in rng.multinomial(60, rng.dirichlet(np.ones(m + 1)))], n_moments)
        for at_least in range(1, m + 1):
            found = wrong_count_range(moments, m, at_least)
            low, high = by_vertices(moments, m, at_least)
            assert found.lower_certificate.bound == low
            assert found.upper_certificate.bound == high
            assert Fraction(found.lower) <= low <= high <= Fraction(found.upper)
            assert found.upper - float(high) <= 2**-52


def test_against_a_float_program_at_a_size_where_floats_still_work():
    moments = [float(x) for x in shock_moments(*SHOCK, 2)]
    j = np.arange(68)
    equations = np.vstack([np.ones(68), j / 67, j * (j - 1) / (67 * 66)])
    event = (j >= 34).astype(float)
    found = wrong_count_range(moments, 67, 34)
    for sign, value in ((1, found.lower), (-1, found.upper)):
        result = linprog(sign * event, A_eq=equations, b_eq=[1.0, *moments])
        assert sign * result.fun == pytest.approx(value, abs=1e-9)


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


def test_large_pools_keep_their_precision():
    found = wrong_count_range(shock_moments(*SHOCK, 6), 2000)
    assert found.lower <= 0.05 <= found.upper
    assert found.upper - 0.05 < 1e-10
    # The extremal laws have the moments asked for, so the bound is attained and not merely valid.
    for law, value in ((found.lower_law, found.lower), (found.upper_law, found.upper)):
        assert law[2000] == pytest.approx(value, abs=1e-15)
        np.testing.assert_allclose(
            [float(x) for x in binomial_moments(law, 2)], [float(x) for x in shock_moments(*SHOCK, 2)], rtol=1e-12
        )


def test_certificates_are_checked_and_can_fail():
    upper = wrong_count_range(shock_moments(*SHOCK, 3), 67, 34).upper_certificate
    assert upper.holds()
    lowered = (upper.coefficients[0] - Fraction(1, 10**9), *upper.coefficients[1:])
    assert not upper._replace(coefficients=lowered).holds()


def test_boros_prekopa_equals_the_program_given_three_moments():
    rng = np.random.default_rng(5)
    for _ in range(30):
        m = int(rng.integers(3, 15))
        right_counts = [int(x) for x in rng.multinomial(500, rng.dirichlet(np.full(m + 1, 0.4)))]
        total = sum(right_counts)
        binomial = [Fraction(sum(comb(j, k) * c for j, c in enumerate(right_counts)), total) for k in (1, 2, 3)]
        found = wrong_count_range(binomial_moments(right_counts[::-1], 3), m)
        assert boros_prekopa(binomial, m) == pytest.approx(found[:2], abs=1e-12)


def test_boxes_contain_points_and_widen_with_their_size():
    point = wrong_count_range([Fraction(3, 10), Fraction(15, 100)], 12)
    previous = point
    for width in (Fraction(1, 1000), Fraction(1, 100)):
        box = wrong_count_range(
            [
                (Fraction(3, 10) - width, Fraction(3, 10) + width),
                (Fraction(15, 100) - width, Fraction(15, 100) + width),
            ],
            12,
        )
        assert box.lower <= previous.lower
        assert box.upper > previous.upper
        assert box.lower_certificate.holds()
        assert box.upper_certificate.holds()
        previous = box


def test_a_finite_matrix_is_not_over_read():
    """P(a box misses some moment) <= δ: 400 matrices, δ = .2; more than 108 misses has probability < .001."""
    rng = np.random.default_rng(6)
    m, n, truth = 8, 120, np.array([0.3, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.1, 0.2])
    misses = plain = 0
    for _ in range(400):
        n_wrong = rng.choice(m + 1, size=n, p=truth)
        found = confident_range(n_wrong, m, 2, delta=0.2)
        misses += not found.lower <= truth[m] <= found.upper
        alone = law_ladder(np.bincount(n_wrong, minlength=m + 1).tolist(), [6])[0]
        plain += not alone.lower <= truth[m] <= alone.upper
    assert misses <= 108
    # Control: without the box, and with enough moments to be precise, the interval misses far more often.
    assert plain > 108


def test_matrix_ladder():
    n_wrong = np.random.default_rng(7).binomial(6, 0.4, size=300)
    rungs = matrix_ladder(n_wrong, 6, [1, 2, 3])
    for rung in rungs:
        assert rung.lower_confident is not None
        assert rung.upper_confident is not None
        assert rung.lower_confident <= rung.lower <= rung.upper <= rung.upper_confident


@pytest.mark.parametrize(
    ("moments", "m", "message"),
    [
        ([0.5, 0.1], 3, r"\(C - 1\)\(C - 2\) is never negative, but its mean would be -0.4"),
        ([0.3, 0.31], 10, r"C\(10 - C\) is never negative, but its mean would be -0.9"),
        ([0.3, 1.2], 10, "p_2 = 1.2 is not a probability"),
        ([0.3, float("nan")], 10, "p_2 = nan"),
        ([0.1, 0.1], 1, "moments: 2 given"),
        ([(0.3, 0.2)], 5, "p_1"),
        ([(0.5, 0.51), (0.1, 0.11)], 3, "inside all these intervals"),
    ],
)
def test_moments_that_no_law_has(moments, m, message):
    with pytest.raises(InputError, match=message) as raised:
        wrong_count_range(moments, m)
    assert "\n" not in str(raised.value)


def test_float_moments_off_by_rounding_alone_are_accepted():
    # Twelve float moments of a law of 2,000 models are off the moment space by rounding.
    found = wrong_count_range([0.05 + 0.95 * 0.3**k for k in range(1, 11)], 500)
    assert found.lower <= 0.05 <= found.upper
    assert found.upper - found.lower < 1e-6


def test_events_and_rungs_out_of_range():
    with pytest.raises(InputError, match="at_least: 4"):
        wrong_count_range([0.5], 3, 4)
    with pytest.raises(InputError, match="n_moments"):
        law_ladder([0.5, 0.5], [2])
    with pytest.raises(InputError, match="n_models: 2"):
        boros_prekopa((Fraction(1), Fraction(0), Fraction(0)), 2)
