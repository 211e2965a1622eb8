"""The frontier at and beside its kinks, against rational arithmetic over all deterministic policies."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from cofail_lab.claims.reference.exact_routing import Program, corners, exact_value, right_price
from cofail_lab.decisions import budget_frontier, solve_budget
from cofail_lab.decisions.frontier import ROUNDING
from cofail_lab.errors import InputError

INF = float("inf")
# Units of money: those of the programs are tenths. A thousandth of a cent for a million tokens is 1e-11 a token.
UNITS = (1.0, 1e-11, 1e-200, 1e12)


def exact_prices(hull: list[tuple[Fraction, Fraction]], budget: Fraction) -> tuple[Fraction, Fraction | float]:
    """Slopes of V right and left of a budget, from the exact corners."""
    below = [k for k, (cost, _) in enumerate(hull) if cost < budget]
    if not below:
        return right_price(hull, budget), INF
    k = below[-1]
    if k + 1 == len(hull):
        return Fraction(0), Fraction(0)
    left = (hull[k + 1][1] - hull[k][1]) / (hull[k + 1][0] - hull[k][0])
    return right_price(hull, budget), left


def random_case(rng: np.random.Generator, kind: str) -> Program:
    """Three types, three models, in tenths; ``kind`` says what is odd about it."""
    quality, prices = rng.integers(0, 9, (3, 3)), rng.integers(0, 9, (3, 3))
    if kind == "ties":
        quality, prices = rng.integers(0, 4, (3, 3)), rng.integers(0, 4, (3, 3))
    elif kind == "free":
        prices *= rng.integers(0, 2, (3, 3))
    elif kind == "far apart":
        prices *= rng.choice([1, 10**8], (3, 3))
    elif kind == "on a line":
        prices = np.sort(rng.integers(0, 90, (3, 3)), axis=1)
        quality = 2 * prices + 3
    prior = rng.integers(1, 6, 3)
    return Program(quality.tolist(), prices.tolist(), prior.tolist(), int(prior.sum()))


def in_floats(problem: Program, unit: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same in tenths of a unit of money: rounded, as a reader's numbers are."""
    return np.array(problem.quality) / 10, np.array(problem.prices) / 10 * unit, np.array(problem.prior) / problem.total


@pytest.mark.parametrize("kind", ["any", "ties", "free", "far apart", "on a line"])
@pytest.mark.parametrize("unit", UNITS)
def test_values_and_prices_at_within_rounding_of_and_between_all_kinks(kind, unit):
    rng = np.random.default_rng([41, UNITS.index(unit), len(kind)])
    for _ in range(25):
        problem = random_case(rng, kind)
        hull = corners(problem)
        frontier = budget_frontier(*in_floats(problem, unit))
        costs = [cost for cost, _ in hull]
        middles = [(a + b) / 2 for a, b in pairwise(costs)]
        # A sum of prices that are 0 is 0: no rounding there.
        budgets = [(c, nudge) for c in costs for nudge in ((-8, -1, 0, 1, 8) if c else (0,))]
        budgets += [(c, 0) for c in (*middles, costs[-1] * 2 + 1)]
        for exact, ulps in budgets:
            budget = float(exact) / 10 * unit
            budget += ulps * np.spacing(budget)
            lower, upper = exact_prices(hull, exact)
            expected = float(lower) / unit, float(upper) / unit
            assert frontier.price_range(budget) == pytest.approx(expected, rel=1e-9)
            assert frontier.shadow_price(budget) == pytest.approx(expected[0], rel=1e-9)
            # The budget is off by at most ten units in its last place.
            steepest = expected[1] if upper < INF else expected[0]
            blur = 1e-14 + 10 * np.spacing(budget) * steepest
            assert frontier.value(budget) == pytest.approx(float(exact_value(hull, exact)) / 10, abs=blur)


@pytest.mark.parametrize("kind", ["any", "ties", "free", "on a line"])
def test_a_policy_is_pure_at_a_kink_and_attains_the_exact_value_everywhere(kind):
    rng = np.random.default_rng([42, len(kind)])
    for _ in range(25):
        problem = random_case(rng, kind)
        hull = corners(problem)
        quality, prices, prior = in_floats(problem, 1.0)
        frontier = budget_frontier(quality, prices, prior)
        ends = [cost for cost, _ in hull]
        for exact in [*ends, *((2 * a + b) / 3 for a, b in pairwise(ends))]:
            budget = float(exact) / 10
            chosen = frontier.policy(budget)
            shares = np.eye(3)[chosen.model]
            if chosen.mixed_type is not None:
                assert exact not in ends
                shares[chosen.mixed_type] *= 1 - chosen.share
                shares[chosen.mixed_type, chosen.mixed_model] += chosen.share
            assert prior @ (shares * prices).sum(axis=1) <= budget * (1 + 2 * ROUNDING)
            assert prior @ (shares * quality).sum(axis=1) == pytest.approx(
                float(exact_value(hull, exact)) / 10, rel=1e-11
            )


def test_the_case_that_was_wrong():
    """At the cheapest oracle's cost rounding gave (0, 0)."""
    quality, prices = np.array([[7, 4, 5], [1, 0, 8], [7, 1, 0]]) / 10, np.array([[0, 3, 0], [2, 6, 7], [0, 2, 2]]) / 10
    frontier = budget_frontier(quality, prices, np.array([5, 2, 5]) / 12)
    for budget in (14 / 120, 0.7 * 2 / 12, 0.7 / 6):
        assert frontier.price_range(budget) == pytest.approx((0, 1.4))


def test_costs_of_many_equal_steps_do_not_drift():
    n = 10**5
    quality = np.tile([0.0, 1.0], (n, 1))
    frontier = budget_frontier(quality, np.array([0.1, 0.4]), np.full(n, 1 / n))
    assert frontier.oracle_cost == pytest.approx(0.4, rel=4e-16)
    assert frontier.price_range(0.4) == pytest.approx((0, 1 / 0.3))
    assert frontier.costs[n // 2] == pytest.approx(0.25, rel=4e-16)


def test_models_on_one_line_are_upgraded_in_their_order():
    rng = np.random.default_rng(0)
    for _ in range(400):
        prices = np.sort(rng.integers(0, 100, (3, 7)), axis=1) / 100
        quality = prices * (rng.integers(1, 10, (3, 1)) / 10) + 0.1
        frontier = budget_frontier(quality, prices, np.full(3, 1 / 3))
        at = frontier.start.copy()
        for which, source, target in frontier.steps:
            assert at[which] == source
            at[which] = target


def test_prices_that_floats_cannot_tell_apart_are_refused():
    quality, prior = np.array([[0.2, 0.9]]), np.array([1.0])
    with pytest.raises(InputError, match=r"prices: 1e-310 remains .* at least 1e-290 is accepted"):
        budget_frontier(quality, np.array([0.0, 1e-310]), prior)
    with pytest.raises(InputError, match=r"quality: a rise of 1e\+30 for 1e-280 more is beyond float64"):
        budget_frontier(quality * 1e30 / 0.7, np.array([0.0, 1e-280]), prior)


@pytest.mark.parametrize("unit", [1e-11, 1e12])
def test_the_program_does_not_depend_on_the_unit_of_money(unit):
    quality, prices, prior = in_floats(random_case(np.random.default_rng(7), "any"), 1.0)
    frontier = budget_frontier(quality, prices, prior)
    budget = (frontier.least_cost + 2 * frontier.oracle_cost) / 3
    plain, scaled = (
        solve_budget(quality, prices, prior, budget),
        solve_budget(quality, prices * unit, prior, budget * unit),
    )
    assert scaled.value == pytest.approx(plain.value, abs=1e-8)
    assert scaled.value == pytest.approx(frontier.value(budget), abs=1e-8)
    assert scaled.shadow_prices[0] * unit == pytest.approx(plain.shadow_prices[0], rel=1e-8)
