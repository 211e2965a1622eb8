"""Programs over groups of interchangeable models, against brute force."""

from fractions import Fraction

import numpy as np
import pytest

from cofail_lab.bounds import all_wrong_range, closed_forms, wrong_count_range
from cofail_lab.bounds.block_lp import block_range, find_groups
from cofail_lab.bounds.count_lp import binomial_moments
from cofail_lab.errors import InputError
from tests.bounds.pools import brute_force, common_shock


def test_groups_of_interchangeable_models():
    base = np.array([0.3] * 3 + [0.5] * 4)
    alpha, pairs = common_shock(0.1, base)
    group = find_groups(pairs)
    assert group.tolist() == [0, 0, 0, 1, 1, 1, 1]
    for at_least in (4, 7):
        found = block_range(pairs, group, at_least)
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, at_least), atol=1e-8)
    shuffled = np.random.default_rng(0).permutation(22)
    alpha, pairs = common_shock(0.05, np.repeat([0.3, 0.5], 11)[shuffled])
    found = all_wrong_range(alpha, pairs)
    assert found.sharp
    assert "2 groups" in found.method
    assert found.lower <= 0.05 <= found.upper <= min(closed_forms(alpha, pairs).upper.values()) + 1e-9


def test_who_could_be_exchanged():
    """Of 0 and 1 all is alike. 2 errs more often, 3 fails with 0 and 1 more often than with 2."""
    pairs = np.array(
        [
            [0.5, 0.3, 0.3, 0.4],
            [0.3, 0.5, 0.3, 0.4],
            [0.3, 0.3, 0.6, 0.2],
            [0.4, 0.4, 0.2, 0.6],
        ]
    )
    assert find_groups(pairs).tolist() == [0, 0, 1, 2]
    # One table whose rates were summed in another order: .1 + .2 is not .3, and they are alike all the same.
    pairs[0, 1] = pairs[1, 0] = pairs[0, 2] = pairs[2, 0] = 0.1 + 0.2
    assert find_groups(pairs).tolist() == [0, 0, 1, 2]
    # The same entries in a row, in another order: models 0 and 1 differ by whom they fail with.
    crossed = np.array([[0.5, 0.3, 0.2, 0.3], [0.3, 0.5, 0.3, 0.2], [0.2, 0.3, 0.5, 0.1], [0.3, 0.2, 0.1, 0.5]])
    assert find_groups(crossed).tolist() == [0, 1, 2, 3]
    # Rows with the same entries of which the diagonal is another one.
    swapped = np.array([[0.3, 0.2, 0.1], [0.2, 0.2, 0.3], [0.1, 0.3, 0.4]])
    assert find_groups(swapped).tolist() == [0, 1, 2]


def test_more_group_counts_than_can_be_solved_are_refused() -> None:
    """Two groups of 447 have 448 · 448 vectors of counts."""
    group = np.repeat([0, 1], 447)
    with pytest.raises(InputError, match=r"^group: 200704 vectors of group counts, at most 200000 can be solved$"):
        block_range(np.where(np.eye(894, dtype=bool), 0.3, 0.1), group)


def test_a_group_of_two_has_its_pair():
    alpha, pairs = common_shock(0.1, np.array([0.3, 0.3, 0.5]))
    pairs[0, 1] = pairs[1, 0] = 0.3
    np.testing.assert_allclose(block_range(pairs, find_groups(pairs))[:2], brute_force(alpha, pairs, 3), atol=1e-8)
    pairs[0, 1] = pairs[1, 0] = 0.16
    np.testing.assert_allclose(block_range(pairs, find_groups(pairs))[:2], brute_force(alpha, pairs, 3), atol=1e-8)


def test_limits_are_outside_the_exact_ones_by_rounding_and_no_more():
    """One group is the program in C, which is solved in rationals: 20 pools, of which plain floats would miss half."""
    rng = np.random.default_rng(8)
    for _ in range(20):
        m = int(rng.integers(3, 9))
        counts = rng.multinomial(97, rng.dirichlet(np.full(m + 1, 0.5)))
        moments = binomial_moments([int(c) for c in counts], 2)
        rate, pair = (float(p) for p in moments)
        exact = wrong_count_range([Fraction(rate), Fraction(pair)], m)
        found = block_range(np.where(np.eye(m) > 0, rate, pair), np.zeros(m, dtype=int))
        assert exact.lower - 1e-9 < found.lower <= max(0.0, exact.lower)
        assert exact.upper <= found.upper < exact.upper + 1e-9


def test_a_careless_solver_makes_limits_worse_and_never_wrong(monkeypatch):
    import scipy.optimize

    _, pairs = common_shock(0.1, np.array([0.3] * 3 + [0.5] * 2))
    sharp = block_range(pairs, find_groups(pairs))
    solve = scipy.optimize.linprog

    def careless(*given, **options):
        solution = solve(*given, **options)
        solution.eqlin.marginals = solution.eqlin.marginals + np.resize([1e-3, -2e-3, 3e-3], 6)
        return solution

    monkeypatch.setattr(scipy.optimize, "linprog", careless)
    loose = block_range(pairs, find_groups(pairs))
    assert sharp.lower - 0.05 < loose.lower <= sharp.lower + 1e-12
    assert sharp.upper - 1e-12 <= loose.upper < sharp.upper + 0.05
