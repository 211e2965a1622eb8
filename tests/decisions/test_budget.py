"""Budget routing (theory P4): the merged hulls against the linear program, policies, bad input."""

import numpy as np
import pytest

from cofail_lab.decisions import budget_frontier, query_oracle_frontier, solve_budget
from cofail_lab.errors import InputError


def random_program(rng, n_types=12, n_models=7, per_type=False, ties=False):
    quality = rng.random((n_types, n_models))
    prices = rng.random((n_types, n_models) if per_type else n_models)
    if ties:
        quality, prices = np.round(quality, 1), np.round(prices, 1)
    return quality, prices, rng.dirichlet(np.ones(n_types))


def policy_cost_and_value(policy, quality, prices, prior):
    prices = np.broadcast_to(prices, quality.shape)
    types = np.arange(len(quality))
    cost, value = prior * prices[types, policy.model], prior * quality[types, policy.model]
    if policy.mixed_type is not None:
        t, i = policy.mixed_type, policy.mixed_model
        cost[t] += policy.share * (prior[t] * prices[t, i] - cost[t])
        value[t] += policy.share * (prior[t] * quality[t, i] - value[t])
    return cost.sum(), value.sum()


@pytest.mark.parametrize(("per_type", "ties"), [(False, False), (True, False), (False, True), (True, True)])
def test_hulls_equal_the_program_and_its_dual_at_50_budgets_each(per_type, ties):
    rng = np.random.default_rng(4)
    for _ in range(5):
        program = random_program(rng, per_type=per_type, ties=ties)
        frontier = budget_frontier(*program)
        for budget in rng.uniform(frontier.least_cost, 1.2 * frontier.oracle_cost, 10):
            solution = solve_budget(*program, budget)
            assert frontier.value(budget) == pytest.approx(solution.value, abs=1e-9)
            assert solution.dual_value == pytest.approx(solution.value, abs=1e-9)
            # λ_B is a subgradient: V(B) = λB + E max(q - λc) at the frontier's own price, which no program has seen.
            price = frontier.shadow_price(budget)
            quality, prices, prior = program
            dual = price * budget + prior @ (quality - price * np.broadcast_to(prices, quality.shape)).max(axis=1)
            assert dual == pytest.approx(frontier.value(budget), abs=1e-12)


def test_a_wrong_shadow_price_fails_the_dual_check():
    quality, prices, prior = random_program(np.random.default_rng(1))
    frontier = budget_frontier(quality, prices, prior)
    budget = (frontier.least_cost + frontier.oracle_cost) / 2
    price = 1.5 * frontier.shadow_price(budget)
    assert price * budget + prior @ (quality - price * prices).max(axis=1) > frontier.value(budget) + 1e-4


@pytest.mark.parametrize("per_type", [False, True])
def test_the_policy_attains_the_value_within_budget_mixing_in_at_most_one_type(per_type):
    rng = np.random.default_rng(2)
    program = random_program(rng, n_types=30, per_type=per_type)
    frontier = budget_frontier(*program)
    for budget in [*rng.uniform(frontier.least_cost, frontier.oracle_cost * 1.1, 40), *frontier.costs]:
        policy = frontier.policy(budget)
        cost, value = policy_cost_and_value(policy, *program)
        assert cost <= budget + 1e-12
        assert value == pytest.approx(frontier.value(budget), abs=1e-12)
        assert (policy.mixed_type is None) == (policy.share == 0)
        if budget < frontier.oracle_cost:
            assert cost == pytest.approx(budget, abs=1e-12)


def test_the_frontier_is_concave_increasing_and_ends_at_the_cheapest_oracle():
    quality, prices, prior = random_program(np.random.default_rng(3), n_types=100, ties=True)
    frontier = budget_frontier(quality, prices, prior)
    best = quality.max(axis=1, keepdims=True)
    cheapest_oracle = prior @ np.where(quality == best, prices, np.inf).min(axis=1)
    assert frontier.oracle == pytest.approx(prior @ best[:, 0], abs=1e-14)
    assert frontier.oracle_cost == pytest.approx(cheapest_oracle, abs=1e-14)
    assert frontier.least_cost == pytest.approx(prices.min(), abs=1e-14)
    assert (np.diff(frontier.costs) > 0).all()
    assert (np.diff(frontier.slopes) <= 0).all()
    assert frontier.shadow_price(frontier.oracle_cost) == 0
    # Randomizing at a kink: the slopes on both sides bracket the price.
    kink = float(frontier.costs[3])
    assert frontier.price_range(kink) == (frontier.slopes[3], frontier.slopes[2])
    middle = float(frontier.costs[3:5].mean())
    assert frontier.price_range(middle) == (frontier.slopes[3], frontier.slopes[3])
    assert frontier.price_range(frontier.least_cost)[1] == np.inf


def test_arrays_of_budgets_and_types_that_never_occur():
    quality, prices, prior = random_program(np.random.default_rng(5))
    budgets = np.linspace(prices.min(), 1.0, 7)
    frontier = budget_frontier(quality, prices, prior)
    assert list(np.atleast_1d(frontier.value(budgets))) == [frontier.value(b) for b in budgets.tolist()]
    padded = budget_frontier(np.vstack([quality, quality[::-1]]), prices, np.append(prior, np.zeros(len(prior))))
    np.testing.assert_allclose(padded.value(budgets), frontier.value(budgets), atol=1e-14)


def test_several_resources_bind_together():
    rng = np.random.default_rng(6)
    quality, dollars, prior = random_program(rng)
    latency = rng.random(quality.shape)
    resources = np.stack([np.broadcast_to(dollars, quality.shape), latency])
    budgets = np.array([0.35, 0.35])
    both = solve_budget(quality, resources, prior, budgets)
    assert both.dual_value == pytest.approx(both.value, abs=1e-9)
    assert both.value < min(solve_budget(quality, r, prior, 0.35).value for r in resources) - 1e-6
    loose = solve_budget(quality, resources, prior, np.array([0.35, 10.0]))
    assert loose.value == pytest.approx(budget_frontier(quality, dollars, prior).value(0.35), abs=1e-9)
    assert loose.shadow_prices[1] == pytest.approx(0, abs=1e-9)


def test_an_all_wrong_query_is_never_free():
    wrong = np.array([[True, False], [True, True], [False, False]])
    prices = np.array([1.0, 4.0])
    cheapest = query_oracle_frontier(wrong, prices)
    assert (cheapest.oracle, cheapest.oracle_cost) == pytest.approx((2 / 3, (4 + 1 + 1) / 3))
    trying = query_oracle_frontier(wrong, prices, all_wrong="best_model")
    assert (trying.oracle, trying.oracle_cost) == pytest.approx((2 / 3, (4 + 4 + 1) / 3))


GOOD = (np.array([[0.2, 0.9]]), np.array([1.0, 2.0]), np.array([1.0]))


@pytest.mark.parametrize(
    ("quality", "prices", "prior", "message"),
    [
        (GOOD[0], np.array([-1.0, 2.0]), GOOD[2], "prices: -1.0 is negative"),
        (GOOD[0], GOOD[1], np.array([0.9]), "prior: sums to 0.9"),
        (np.array([[0.2, np.nan]]), GOOD[1], GOOD[2], "quality: nan is not a finite number"),
        (GOOD[0], np.array([1.0, np.inf]), GOOD[2], "prices: inf"),
        (GOOD[0], GOOD[1][:1], GOOD[2], r"prices: shape \(1,\)"),
        (GOOD[0], GOOD[1], np.array([0.5, 0.5]), "prior: shape"),
        (GOOD[0][0], GOOD[1], GOOD[2], "quality: shape"),
    ],
)
def test_bad_programs_are_named(quality, prices, prior, message):
    with pytest.raises(InputError, match=message):
        budget_frontier(quality, prices, prior)


def test_budgets_below_the_cheapest_policy():
    frontier = budget_frontier(*GOOD)
    for method in (frontier.value, frontier.shadow_price, frontier.policy, frontier.price_range):
        with pytest.raises(InputError, match=r"budget: 0.5 is below the cheapest policy's cost, 1"):
            method(0.5)
    with pytest.raises(InputError, match="finite"):
        frontier.value(np.nan)
    with pytest.raises(InputError, match=r"^budgets: nan is not finite$"):
        solve_budget(*GOOD, np.nan)
    with pytest.raises(InputError, match="cannot be met; each resource alone needs at least 1"):
        solve_budget(*GOOD, 0.5)
    with pytest.raises(InputError, match="all_wrong"):
        query_oracle_frontier(np.eye(2, dtype=bool), GOOD[1], all_wrong="free")  # pyright: ignore[reportArgumentType]


def test_the_best_model_pays_for_trying_at_its_price_on_each_query():
    """Prices of single answers: the all-wrong query costs what the second model, the best, asks for it."""
    wrong = np.array([[True, False], [True, True], [False, False]])
    prices = np.array([[1.0, 4.0], [2.0, 7.0], [3.0, 5.0]])
    trying = query_oracle_frontier(wrong, prices, all_wrong="best_model")
    assert trying.oracle_cost == pytest.approx((4 + 7 + 3) / 3)
    assert query_oracle_frontier(wrong, prices).oracle_cost == pytest.approx((4 + 2 + 3) / 3)


@pytest.mark.parametrize("per_type", [False, True])
def test_pieces_of_many_types_are_one_program(monkeypatch, per_type):
    """Worked on four types at a time, the frontier and its policies are those of all at once."""
    program = random_program(np.random.default_rng(7), n_types=10, n_models=5, per_type=per_type)
    whole = budget_frontier(*program)
    monkeypatch.setattr("cofail_lab.decisions.budget._BLOCK", 20)
    pieces = budget_frontier(*program)
    for name in ("costs", "values", "slopes", "steps", "start"):
        np.testing.assert_array_equal(getattr(pieces, name), getattr(whole, name))
    policy = pieces.policy(float(pieces.costs[-1]))
    assert policy_cost_and_value(policy, *program)[1] == pytest.approx(pieces.oracle, abs=1e-12)


def test_the_corners_of_a_hull_by_hand():
    """Models at (1, .2), (1, .1), (2, .4), (3, .6), (4, .5), (5, .7): the second and the fifth are of no use, the third
    lies on the edge from the first to the fourth."""
    quality, prices = np.array([[0.2, 0.1, 0.4, 0.6, 0.5, 0.7]]), np.array([1.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    for table in (prices, prices[None]):
        found = budget_frontier(quality, table, np.ones(1))
        assert found.start.tolist() == [0]
        assert found.costs[[0, -1]].tolist() == [1.0, 5.0]
        assert [int(step[2]) for step in found.steps][-2:] == [3, 5]
        assert found.slopes[[0, -1]] == pytest.approx([0.2, 0.05])
        assert found.values[-2:] == pytest.approx([0.6, 0.7])


def test_one_budget_in_a_list_is_one_resource_of_several():
    quality, prices, prior = random_program(np.random.default_rng(8))
    alone = solve_budget(quality, prices, prior, 0.5)
    listed = solve_budget(quality, prices[None], prior, np.array([0.5]))
    assert listed.value == pytest.approx(alone.value, abs=1e-9)
    with pytest.raises(InputError, match="budgets: 1 given for prices of shape"):
        solve_budget(quality, prices, prior, np.array([0.5]))


def test_a_program_that_the_solver_leaves_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    import cvxpy as cp

    monkeypatch.setattr(cp.Problem, "status", "user_limit")
    with pytest.raises(ArithmeticError, match=r"^the budget program ended as user_limit$"):
        solve_budget(*GOOD, 1.5)
