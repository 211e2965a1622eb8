"""Closed forms from the moments of the number of right models, against programs and enumeration."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.optimize import linprog

from cofail_lab.bounds import binomial_moments, wrong_count_range
from cofail_lab.bounds.moments import (
    Right,
    at_least_range,
    boros_prekopa,
    dawson_sankoff,
    gallot_kounias,
    hunter,
    kuai_alajaji_takahara,
    right_moments,
)
from tests.bounds.pools import common_shock, patterns, random_law


def test_gallot_kounias_ignores_duplicates_and_reaches_cantelli():
    wrong = np.random.default_rng(5).random((200, 6)) < 0.4
    twice = np.hstack([wrong, wrong, ~wrong[:, :1] | wrong[:, :1]]).astype(float)
    values = []
    for table in (wrong.astype(float), twice):
        pairs = table.T @ table / 200
        values.append(gallot_kounias(right_moments(np.diag(pairs).copy(), pairs))[0])
    assert values[0] == pytest.approx(values[1], abs=1e-12)
    # Equal pairs, m -> infinity: σ²/(σ² + (1-α)²), attained by the shock.
    alpha, pairs = common_shock(0.05, np.full(1500, 0.3))
    variance = pairs[0, 1] - alpha[0] ** 2
    limit = variance / (variance + (1 - alpha[0]) ** 2)
    assert limit == pytest.approx(0.05, abs=1e-12)
    assert gallot_kounias(right_moments(alpha, pairs))[0] == pytest.approx(limit, abs=1e-3)


def test_hunter_equals_the_best_tree():
    from itertools import combinations

    rng = np.random.default_rng(8)
    for _ in range(20):
        _, alpha, pairs = random_law(rng, 4)
        right = right_moments(alpha, pairs)
        edges = list(combinations(range(4), 2))
        trees = [t for t in combinations(edges, 3) if len(set().union(*t)) == 4 and _connected(t)]
        assert len(trees) == 16
        best = max(sum(right.both[e] for e in tree) for tree in trees)
        assert hunter(right) == pytest.approx(max(0, 1 - right.single.sum() + best), abs=1e-12)


def _connected(tree):
    reached = {0}
    for _ in tree:
        for i, j in tree:
            if i in reached or j in reached:
                reached |= {i, j}
    return len(reached) == 4


def test_majority_limits_from_rates_alone_are_the_program():
    rng = np.random.default_rng(9)
    for _ in range(40):
        m = int(rng.integers(2, 8))
        rates, at_least = rng.random(m), int(rng.integers(1, m + 1))
        wrong = patterns(m)
        equations, right = np.vstack([np.ones(2**m), wrong.T]), np.concatenate([[1.0], rates])
        event = (wrong.sum(axis=1) >= at_least).astype(float)
        expected = [s * linprog(s * event, A_eq=equations, b_eq=right).fun for s in (1, -1)]
        np.testing.assert_allclose(at_least_range(rates, at_least), expected, atol=1e-9)
    # Kuncheva et al. (2003): equal accuracies a, majority of 2l+1: at most min(1, (2l+1)a/(l+1)) right.
    assert 1 - at_least_range(np.full(3, 0.4), 2)[0] == pytest.approx(0.9)


def test_a_row_sum_rounded_below_zero_stays_zero():
    # Three models never right together, their products -1e-17 for 0: the bound came out as 1.9, elsewhere as -inf.
    both = np.where(np.eye(3, dtype=bool), 0.1, -1e-17)
    assert kuai_alajaji_takahara(Right(np.full(3, 0.1), both)) == pytest.approx(0.7, abs=1e-12)


def test_boros_prekopa_equals_the_program_given_three_moments():
    rng = np.random.default_rng(5)
    for _ in range(30):
        m = int(rng.integers(3, 15))
        right_counts = [int(x) for x in rng.multinomial(500, rng.dirichlet(np.full(m + 1, 0.4)))]
        total = sum(right_counts)
        binomial = [Fraction(sum(comb(j, k) * c for j, c in enumerate(right_counts)), total) for k in (1, 2, 3)]
        found = wrong_count_range(binomial_moments(right_counts[::-1], 3), m)
        assert boros_prekopa(binomial, m) == pytest.approx(found[:2], abs=1e-12)


def exact(right: Right) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The same numbers as rationals, without rounding."""
    return [Fraction(float(a)) for a in right.single], [[Fraction(float(p)) for p in row] for row in right.both]


def test_rounding_never_moves_a_limit_inwards():
    """Each closed form against the same formula in rationals: 200 pools, where every float rounds."""
    rng = np.random.default_rng(10)
    for _ in range(200):
        m = int(rng.integers(2, 7))
        _, alpha, pairs = random_law(rng, m)
        right = right_moments(alpha, pairs)
        single, both = exact(right)
        s1, s2 = sum(single), (sum(map(sum, both)) - sum(single)) / 2
        lower, upper = dawson_sankoff(right)
        assert Fraction(upper) >= min(1 - 2 * s1 / (k + 1) + 2 * s2 / (k * (k + 1)) for k in range(1, max(m, 2)))
        assert Fraction(lower) <= max(0, 1 - s1 + 2 * s2 / m)
        bound, v = gallot_kounias(right)
        weights = [Fraction(float(x)) for x in v]
        cross = sum(weights[i] * weights[j] * both[i][j] for i in range(m) for j in range(m))
        assert Fraction(bound) >= 1 - 2 * sum(w * a for w, a in zip(weights, single, strict=True)) + cross


def test_kuai_alajaji_takahara_is_the_best_of_its_family():
    """De Caen's family: given that i is right, C has mean row_i/a_i + 1, and E[1/C] is least at two neighbours."""
    rng = np.random.default_rng(11)
    for _ in range(50):
        m = int(rng.integers(2, 7))
        _, alpha, pairs = random_law(rng, m)
        right = right_moments(alpha, pairs)
        reached = 0.0
        for a, both in zip(right.single, right.both, strict=True):
            if a <= 0:
                continue
            mean = both.sum() / a
            # The least E[1/C] over laws of C on 1..m with this mean, as a program.
            values = np.arange(1, m + 1)
            program = linprog(1 / values, A_eq=np.vstack([np.ones(m), values]), b_eq=[1.0, mean])
            reached += a * program.fun
        assert kuai_alajaji_takahara(right) == pytest.approx(1 - reached, abs=1e-7)
