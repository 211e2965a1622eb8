"""Selection of models: against brute force, figures of real matrices, and the coverage of its limits."""

from itertools import combinations
from math import comb
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.optimize

from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.decisions import selection as s
from cofail_lab.errors import InputError
from tests.bounds.pools import read_matrix


def brute_force(wrong, k, prices=None, budget=None):
    """Every set, row by row."""
    sizes = [k] if budget is None else range(1, k + 1)
    sets = [one for size in sizes for one in combinations(range(wrong.shape[1]), size)]
    if budget is not None:
        sets = [one for one in sets if sum(prices[i] for i in one) <= budget + 1e-12]
    left = [sum(all(row[i] for i in one) for row in wrong.tolist()) for one in sets]
    return min(left), [one for one, count in zip(sets, left, strict=True) if count == min(left)]


def test_every_set_is_looked_at_and_every_best_one_counted():
    rng = np.random.default_rng(1)
    for _ in range(40):
        n, m = int(rng.integers(1, 90)), int(rng.integers(1, 9))
        k = int(rng.integers(1, m + 1))
        wrong = rng.random((n, m)) < rng.uniform(0.2, 0.9)
        least, sets = brute_force(wrong, k)
        found = s.best_set(wrong, k)
        assert (found.n_unsolved, found.least, found.n_optimal) == (least, least, len(sets))
        assert found.optimal == tuple(sets[: s.LISTED])
        assert found.members == sets[0]


def test_a_program_finds_what_looking_finds(monkeypatch):
    monkeypatch.setattr(s, "ENUMERATED", 0)
    rng = np.random.default_rng(2)
    for _ in range(15):
        m = int(rng.integers(2, 9))
        k = int(rng.integers(1, m + 1))
        wrong = rng.random((60, m)) < 0.6
        found = s.best_set(wrong, k)
        assert (found.n_unsolved, found.least) == (brute_force(wrong, k)[0],) * 2
        assert s.unsolved(wrong, found.members) == found.n_unsolved
        assert len(found.members) <= k
        assert found.n_optimal is None


def test_a_budget_buys_the_best_set_it_can_pay():
    rng = np.random.default_rng(3)
    for _ in range(25):
        m = int(rng.integers(2, 8))
        wrong, prices = rng.random((50, m)) < 0.6, rng.uniform(1, 4, size=m)
        budget = float(rng.uniform(prices.min(), prices.sum()))
        least, _ = brute_force(wrong, m, prices, budget)
        found = s.best_set(wrong, None, prices, budget)
        assert found.n_unsolved == least
        assert prices[list(found.members)].sum() <= budget * (1 + 1e-8)
        greedy = s.greedy_set(wrong, None, prices, budget)
        assert prices[list(greedy)].sum() <= budget * (1 + 1e-8)
        # Khuller, Moss and Naor (1999): (1 - 1/e)/2 of the solved queries of the best set.
        assert 50 - s.unsolved(wrong, greedy) >= (1 - np.exp(-1)) / 2 * (50 - least)
    # A budget that is the sum of two prices buys these two.
    assert s.best_set(~np.eye(2, dtype=bool), None, np.array([0.1, 0.2]), 0.30000000000000004).n_unsolved == 0


def test_the_dearest_single_model_can_beat_cheap_ones():
    # 1 of 100 queries for a price of 1, against all of them for a price of 99.9 and a budget of 100.
    wrong = np.ones((100, 2), dtype=bool)
    wrong[0, 0], wrong[:99, 1] = False, False
    assert s.greedy_set(wrong, None, np.array([1.0, 99.9]), 100.0) == (1,)
    assert s.greedy_set(wrong, None, np.array([1.0, 99.9]), 50.0) == (0,)


def test_greedy_choice_misses_an_exact_cover():
    """P11.iii: six blocks of a hundred."""
    block = np.repeat(np.arange(1, 7), 100)
    wrong = np.stack([~np.isin(block, solved) for solved in ((1, 2, 4, 5), (1, 2, 3), (4, 5, 6))], axis=1)
    assert s.unsolved(wrong, s.greedy_set(wrong, 2)) == 100
    assert s.best_set(wrong, 2).members == (1, 2)
    assert s.best_set(wrong, 2).n_unsolved == 0


@pytest.mark.parametrize(
    ("matrix", "k", "greedy", "exact", "ties"),
    [
        ("cruxeval_output", 2, 82, 76, 1),
        ("cruxeval_output", 3, 59, 59, 1),
        ("cruxeval_output", 5, 51, 51, 3),
        ("cruxeval_input", 5, 66, 65, 4),
        ("mmlu_pro", 3, 1479, 1479, 1),
        ("mmlu_pro", 5, 1152, 1152, 1),
        ("medagents_zeroshot", 3, 610, 608, 1),
        ("misguided_attention", 3, 8, 7, 1),
    ],
)
def test_real_matrices(matrix, k, greedy, exact, ties):
    wrong = read_matrix(matrix)
    found = s.best_set(wrong, k)
    assert (s.unsolved(wrong, s.greedy_set(wrong, k)), found.n_unsolved, found.n_optimal) == (greedy, exact, ties)


def test_limits_of_a_searched_set():
    limits = s.selection_limits(59, 59, 800, comb(35, 3), 0.05)
    assert limits.best_lower == pytest.approx(0.0591, abs=5e-5)
    assert limits.chosen_upper == pytest.approx(0.1213, abs=5e-5)
    assert limits.naive_upper == clopper_pearson_upper(59, 800, 0.05)
    # Where the program was stopped, the lower limit is that of what it has proved.
    assert s.selection_limits(50, 59, 800, 7, 0.05).best_lower == clopper_pearson_lower(50, 800, 0.05)
    assert s.n_candidates(5, 2, None) == 10
    assert s.n_candidates(5, 2, 1.0) == 15
    assert s.n_candidates(5, None, 1.0) == 31


def test_coverage_of_the_limits():
    """20 independent models, error .4, n = 300, k = 3 (β = .064), 200 samples.

    A limit that covers with .98, as these do, covers fewer than 190 with probability .003.
    """
    rng = np.random.default_rng(4)
    lower = upper = naive = 0
    for _ in range(200):
        found = s.best_set(rng.random((300, 20)) < 0.4, 3)
        limits = s.selection_limits(found.least, found.n_unsolved, 300, comb(20, 3), 0.05)
        lower += limits.best_lower <= 0.064
        upper += limits.chosen_upper >= 0.064
        naive += limits.naive_upper >= 0.064
    assert lower >= 190
    assert upper >= 190
    assert naive < 10


def test_values_by_hand():
    # Solved by both, by the first, by nobody, by the second, by the first.
    wrong = np.array([[0, 0], [0, 1], [1, 1], [1, 0], [0, 1]], dtype=bool)
    value = s.coverage_value(wrong)
    np.testing.assert_allclose(value.shapley, [2.5 / 5, 1.5 / 5], rtol=0, atol=1e-15)
    assert value.unique.tolist() == [2, 1]
    assert value.chances.tolist() == [3, 2]


def test_values_add_up_to_the_ceiling():
    wrong = read_matrix("cruxeval_output")
    assert s.coverage_value(wrong).shapley.sum() == pytest.approx(1 - wrong.all(axis=1).mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: s.best_set(w, 4), "k: 4 of 3 models"),
        (lambda w: s.best_set(w, 0), "k: 0"),
        (lambda w: s.best_set(w), "k: null; a number of models"),
        (lambda w: s.best_set(w, 2, None, 1.0), "budget: 1, but the price of no model"),
        (lambda w: s.best_set(w, 2, np.array([1, 0, 2.0]), 5.0), "prices: 0 for model 1"),
        (lambda w: s.best_set(w, 2, np.array([1, np.nan, 2.0]), 5.0), "prices: nan for model 1"),
        (lambda w: s.greedy_set(w, 2, np.array([3, 4, 5.0]), 2.0), "budget: 2 buys no model; the cheapest costs 3"),
        (lambda w: s.selection_limits(1, 1, 5, 3, 0.0), "delta: 0.0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError) as raised:
        call(np.zeros((5, 3), dtype=bool))
    assert str(raised.value).startswith(message)


def test_the_program_keeps_as_many_models_as_were_asked_for(monkeypatch):
    """Two of five models solve all; the limits are those of a search among sets of three."""
    monkeypatch.setattr(s, "ENUMERATED", 0)
    found = s.best_set(solving("0", "1", "01234", "56789", "2"), 3)
    assert len(found.members) == 3
    assert found.n_unsolved == 0
    assert found.optimal == (found.members,)


def test_models_that_the_program_needs_are_not_counted_twice(monkeypatch):
    """It needs one of the two models that the greedy choice begins with; the other and a third are added."""
    wrong = solving("01234", "56789", "0", "1", "2")
    x = np.array([0.0, 1, 0, 0, 0])
    monkeypatch.setattr(scipy.optimize, "milp", lambda *_, **__: SimpleNamespace(x=x, mip_dual_bound=0.0))
    monkeypatch.setattr(s, "ENUMERATED", 0)
    monkeypatch.setattr(s, "greedy_set", lambda *_: (4, 0, 1))
    assert s.best_set(wrong, 3).members == (0, 1, 4)


def solving(*solved: str) -> np.ndarray:
    """Each model by the digits of the queries that it solves, of ten."""
    return ~np.array([[str(q) in own for own in solved] for q in range(10)])


def test_greedy_choice_is_by_solved_queries_per_dollar():
    wrong, prices = solving("012345", "012", "345", "67"), np.array([0.5, 0.1, 0.1, 0.1])
    assert s.greedy_set(wrong, prices=prices, budget=0.5) == (1, 2, 3)
    # The same without a budget is by solved queries alone.
    assert s.greedy_set(wrong, k=2) == (0, 3)
    # A single model that solves as many as the cheap ones is no reason to leave them; one that solves more is.
    assert s.greedy_set(wrong[:, :3], prices=prices[:3], budget=0.5) == (1, 2)
    assert s.greedy_set(solving("0123456", "012", "345"), prices=prices[:3], budget=0.5) == (0,)
    # A budget that is the sum of prices buys them, though .1 + .2 is above .3 in floats.
    assert s.greedy_set(solving("0", "123"), prices=np.array([0.1, 0.2]), budget=0.3) == (1, 0)


@pytest.mark.parametrize(
    ("bound", "least"), [(None, 1), (-4.0, 1), (2.0, 3), (2 + 1e-9, 3), (2.3, 4), (4.0, 5), (9.0, 5)]
)
def test_a_program_that_is_stopped_names_what_it_has_proved(monkeypatch, bound, least):
    """Five models that solve a query each, and one query that nobody does: the best leaves five of the six unsolved."""
    wrong = solving("0", "1", "2", "3", "4")[:6]
    monkeypatch.setattr(scipy.optimize, "milp", lambda *_, **__: SimpleNamespace(x=None, mip_dual_bound=bound))
    found = s.best_set(wrong, prices=np.ones(5), budget=1.0, seconds=7)
    assert (found.members, found.n_unsolved, found.least) == ((0,), 5, least)
    assert ("stopped after 7 s" in found.method) == (least < 5)
