"""McNemar's exact test against SciPy, Newcombe's limits against his paper and their coverage, Holm by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest, multinomial

from cofail_lab.decisions.paired import holm, mcnemar, paired_difference
from cofail_lab.errors import InputError


def pair(both, down, up, neither):
    first = np.repeat([True, True, False, False], [both, down, up, neither])
    second = np.repeat([True, False, True, False], [both, down, up, neither])
    return first, second


def test_mcnemar_is_the_binomial_test():
    for up in range(8):
        for down in range(8):
            expected = binomtest(up, up + down).pvalue if up + down else 1.0
            assert mcnemar(up, down) == pytest.approx(expected, abs=1e-12)
    np.testing.assert_allclose(mcnemar(np.array([0, 5]), np.array([5, 0])), 2 / 32)


def test_the_example_of_newcombe():
    """36 both, 12 the first alone, 2 the second alone: .20, limits .0569 and .3404 (1998, table I, method 10)."""
    found = paired_difference(*pair(36, 2, 12, 0))
    assert (found.value, found.n_up, found.n_down) == (pytest.approx(0.2), 12, 2)
    assert (found.lower, found.upper) == (pytest.approx(0.0569, abs=5e-5), pytest.approx(0.3404, abs=5e-5))
    other = paired_difference(*pair(36, 12, 2, 0))
    assert (other.lower, other.upper) == (pytest.approx(-found.upper), pytest.approx(-found.lower))


def test_edges():
    same = paired_difference(*pair(3, 0, 0, 5))
    assert (same.value, same.p) == (0, 1)
    assert same.lower < 0 < same.upper
    every = paired_difference(*pair(0, 0, 8, 0))
    assert every.value == 1 and 0.5 < every.lower < 1 and every.upper == pytest.approx(1)


def test_limits_hold():
    """Exact coverage over all 2 x 2 tables of 20 queries: mean above 94%, never below 90%, at five true laws."""
    tables = [(a, b, c, 20 - a - b - c) for a in range(21) for b in range(21 - a) for c in range(21 - a - b)]
    limits = [paired_difference(*pair(*table)) for table in tables]
    coverage = []
    for law in (
        [0.1, 0.1, 0.1, 0.7],
        [0.4, 0.05, 0.25, 0.3],
        [0.05, 0.02, 0.13, 0.8],
        [0.25] * 4,
        [0.7, 0.1, 0.1, 0.1],
    ):
        mass = multinomial.pmf(np.array(tables), 20, law)
        held = [one.lower <= law[2] - law[1] <= one.upper for one in limits]
        coverage.append(float(mass @ held))
    assert np.mean(coverage) > 0.94
    assert min(coverage) > 0.9


def test_holm_by_hand():
    np.testing.assert_allclose(holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    np.testing.assert_allclose(holm(np.array([0.9, 0.8])), [1, 1])


def test_bad_input_is_named():
    with pytest.raises(InputError, match=r"first: shape \(2,\) beside \(3,\)"):
        paired_difference(np.zeros(2, dtype=bool), np.zeros(3, dtype=bool))
    with pytest.raises(InputError, match="delta"):
        paired_difference(np.zeros(2, dtype=bool), np.zeros(2, dtype=bool), 1.5)


@pytest.mark.parametrize("counts", [(30, 5, 3, 12), (5, 30, 3, 12), (12, 1, 1, 3), (9, 2, 2, 1), (0, 4, 4, 0)])
def test_limits_from_newcombes_own_formula(counts: tuple[int, int, int, int]) -> None:
    """Method 10 written down again from its table a, b, c, d, with φ corrected for continuity where it is above 0."""
    both, first, second, neither = counts
    n, z = sum(counts), 1.959963984540054

    def wilson(x: int) -> tuple[float, float]:
        p = x / n
        root = z * np.sqrt(z * z + 4 * n * p * (1 - p))
        return (2 * n * p + z * z - root) / (2 * (n + z * z)), (2 * n * p + z * z + root) / (2 * (n + z * z))

    (l2, u2), (l3, u3) = wilson(both + second), wilson(both + first)
    p2, p3 = (both + second) / n, (both + first) / n
    square = (both + second) * (first + neither) * (both + first) * (second + neither)
    product = both * neither - first * second
    phi = (max(product - n / 2, 0) if product > 0 else product) / np.sqrt(square) if square else 0.0
    low = (p2 - l2) ** 2 - 2 * phi * (p2 - l2) * (u3 - p3) + (u3 - p3) ** 2
    high = (u2 - p2) ** 2 - 2 * phi * (u2 - p2) * (p3 - l3) + (p3 - l3) ** 2
    found = paired_difference(*pair(*counts))
    assert found.value == pytest.approx(p2 - p3)
    assert (found.lower, found.upper) == pytest.approx((p2 - p3 - np.sqrt(low), p2 - p3 + np.sqrt(high)))
