"""Cascades (theory P8.i to iii, P8.vi): curves and areas against enumeration in exact rationals, with controls."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate

from cofail_lab import decisions as d
from cofail_lab.errors import InputError

HALF = Fraction(1, 2)


def random_cascade(rng, n=200, levels=None):
    """Correctness of both that depends on the score and on each other; few levels make ties."""
    score = rng.random(n) if levels is None else rng.integers(levels, size=n) / levels
    cheap = rng.random(n) < 0.2 + 0.7 * score
    strong = rng.random(n) < np.where(cheap, 0.9, 0.3 + 0.4 * score)
    return score, cheap.astype(float), strong.astype(float)


def pieces(*blocks):
    """A population in blocks of (mass, L right), ordered by score; H right with probability .9 on each."""
    mass, right = np.array(blocks, dtype=float).T
    return np.arange(len(mass)), right, np.full(len(mass), 0.9), mass


# P8.i


def test_the_curve_is_the_mean_over_random_orders_of_the_ties():
    """Escalating k queries, ties in random order: enumerated in exact rationals."""
    score, cheap, strong = [1, 1, 2, 2, 2, 3], [1, 0, 0, 1, 1, 1], [1, 1, 0, 1, 0, 1]
    curve = d.cascade_curve(np.array(score), np.array(cheap), np.array(strong))
    orders = [o for o in itertools.permutations(range(6)) if [score[i] for i in o] == score]
    for k in range(7):
        right = sum(Fraction(strong[i] if place < k else cheap[i], 6) for o in orders for place, i in enumerate(o))
        assert curve.quality(k / 6) == pytest.approx(float(right / len(orders)), abs=1e-15)
    # Control: ties in file order.
    in_order = [(sum(strong[:k]) + sum(cheap[k:])) / 6 for k in range(7)]
    assert max(abs(curve.quality(k / 6) - in_order[k]) for k in range(7)) > 0.05
    assert curve.cost(0.25, 1.0, 8.0) == 3.0


def test_quality_and_gap_from_the_tail_rates():
    rng = np.random.default_rng(1)
    for levels in (None, 7):
        score, cheap, strong = random_cascade(rng, levels=levels)
        curve = d.cascade_curve(score, cheap, strong)
        a_l, a_h = cheap.mean(), strong.mean()
        assert (curve.cheap_accuracy, curve.strong_accuracy) == (pytest.approx(a_l), pytest.approx(a_h))
        for gamma in (0.0, 1e-3, 0.2, 0.5, 0.77, 1.0):
            w, there = curve.tail_error(gamma), curve.tail_strong_accuracy(gamma)
            assert curve.quality(gamma) == pytest.approx(a_l + gamma * (there - 1 + w), abs=1e-14)
            gap = gamma * (w - (1 - a_l)) + gamma * (there - a_h)
            assert curve.quality(gamma) - curve.random_quality(gamma) == pytest.approx(gap, abs=1e-14)
            if 0 < gamma < 1:
                assert abs(gamma * (w - (1 - a_l)) - gap) > 1e-6  # control: H's part forgotten
    bottom = np.argsort(score)[:40] if levels is None else None
    assert bottom is None or curve.tail_error(0.2) == pytest.approx(1 - cheap[bottom].mean())


# P8.ii


@pytest.mark.parametrize("levels", [None, 12, 1])
@pytest.mark.parametrize("kind", ["graded", "weighted", "probabilities"])
def test_the_three_routes_to_the_area_agree(levels, kind):
    rng = np.random.default_rng(2)
    for _ in range(20):
        score, cheap, strong = random_cascade(rng, 500, levels)
        weights = rng.exponential(size=500) * (rng.random(500) < 0.9) if kind == "weighted" else None
        if kind == "probabilities":
            cheap, strong = rng.random(500), rng.random(500)
        area = d.gap_area_routes(score, cheap, strong, weights)
        assert area.by_auc == pytest.approx(area.integral, abs=1e-12)
        assert area.by_covariance == pytest.approx(area.integral, abs=1e-12)
        if levels != 1:
            assert abs(area.integral) > 1e-5
            a_l = np.average(cheap, weights=weights)
            area_l = d.auc(score, cheap, weights)
            assert area_l is not None
            # Control, September's formula without its hypothesis a_H(γ) = a_H.
            assert abs(a_l * (1 - a_l) * (area_l - 0.5) - area.integral) > 1e-5
        else:
            assert area.integral == pytest.approx(0, abs=1e-14)


def test_the_area_in_exact_rationals_and_with_ranks_that_break_ties():
    score, cheap, strong = [1, 1, 1, 2, 2, 3, 3], [0, 0, 1, 0, 1, 1, 1], [1, 1, 0, 1, 1, 1, 0]
    midrank = [Fraction(sum(t < s for t in score), 7) + HALF * Fraction(score.count(s), 7) for s in score]
    difference = [h - low for h, low in zip(strong, cheap, strict=True)]
    mean = Fraction(sum(difference), 7)
    exact = -sum((x - mean) * r for x, r in zip(difference, midrank, strict=True)) / 7
    area = d.gap_area_routes(np.array(score), np.array(cheap), np.array(strong))
    assert area.integral == pytest.approx(float(exact), abs=1e-15)
    np.testing.assert_allclose(d.midranks(np.array(score)), [float(r) for r in midrank], rtol=1e-15)
    broken = -sum((x - mean) * (i + HALF) / 7 for i, x in enumerate(difference)) / 7
    assert abs(float(broken - exact)) > 1e-3  # control: ties broken by position


def test_the_area_under_the_roc_curve_counts_pairs():
    rng = np.random.default_rng(3)
    score, right, _ = random_cascade(rng, 150, 9)
    pairs = score[right == 1][:, None] - score[right == 0][None]
    assert d.auc(score, right) == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2, abs=1e-14)
    assert abs((pairs > 0).mean() - (pairs >= 0).mean()) > 0.05  # so the halves matter
    assert d.auc(score, np.ones(150)) is None
    assert d.gap_area_routes(score, np.ones(150), right).by_auc == pytest.approx(
        d.cascade_curve(score, np.ones(150), right).gap_area, abs=1e-12
    )


def test_september_form_where_the_strong_accuracy_is_the_same_everywhere():
    score, cheap, _ = random_cascade(np.random.default_rng(4), 300, 20)
    area_l = d.auc(score, cheap)
    assert area_l is not None
    expected = cheap.mean() * (1 - cheap.mean()) * (area_l - 0.5)
    assert d.cascade_curve(score, cheap, np.full(300, 0.9)).gap_area == pytest.approx(expected, abs=1e-14)


def test_june_integral_without_its_factor_is_positive_at_an_auc_below_one_half():
    """L's errors exactly on [0, .059] and [.873, 1]: AUC .317, June's integral positive, the true gap negative.

    theory.md prints +.080 for the integral; quadrature of w gives +.0484. At AUC .316 no population of this shape
    (errors first and last, which maximizes the integral at a given AUC) gets beyond +.0479.
    """
    score, cheap, strong, mass = pieces((0.059, 0), (0.814, 1), (0.127, 0))
    curve = d.cascade_curve(score, cheap, strong, mass)

    def tail_error(gamma):
        return (min(gamma, 0.059) + max(gamma - 0.873, 0)) / gamma

    integral = integrate.quad(tail_error, 1e-300, 1, points=[0.059, 0.873])[0] - 0.186
    assert curve.tail_excess_area == pytest.approx(integral, abs=1e-9)
    assert curve.tail_excess_area == pytest.approx(0.0484, abs=5e-5)
    area_l = d.auc(score, cheap, mass)
    assert area_l == pytest.approx(0.059 / 0.186, abs=1e-12)
    assert curve.gap_area == pytest.approx(0.186 * 0.814 * (0.059 / 0.186 - 0.5), abs=1e-14)
    assert curve.gap_area < -0.02
    best = 0.0
    for wrong in np.linspace(0.01, 0.99, 500):
        first = 0.316 * wrong
        at = pieces((first, 0), (1 - wrong, 1), (wrong - first, 0))
        best = max(best, d.cascade_curve(*at[:3], at[3]).tail_excess_area)
    assert 0.0475 < best < 0.0485


# P8.iii


def test_pointwise_gain_when_the_tail_error_falls_and_a_counterexample_when_it_does_not():
    rng = np.random.default_rng(5)
    for _ in range(50):
        right = np.sort(rng.random(30))  # w non-increasing
        curve = d.cascade_curve(np.arange(30), right, np.full(30, 0.8), rng.random(30))
        assert all(curve.quality(g) >= curve.random_quality(g) - 1e-14 for g in np.linspace(0, 1, 40))
    score, cheap, strong, mass = pieces((0.1, 1), (0.5, 0), (0.4, 1))
    curve = d.cascade_curve(score, cheap, strong, mass)
    assert d.auc(score, cheap, mass) == pytest.approx(0.80, abs=1e-12)
    assert curve.quality(0.1) - curve.random_quality(0.1) == pytest.approx(-0.05, abs=1e-12)


# P8.vi


def test_the_optimal_rule_beats_every_set_and_its_curve_every_threshold_on_confidence():
    rng = np.random.default_rng(7)
    strictly = 0
    for _ in range(30):
        cheap, strong = rng.random((2, 8))
        best = d.cascade_curve(cheap - strong, cheap, strong)
        confidence = d.cascade_curve(cheap, cheap, strong)
        gaps = [best.quality(g) - confidence.quality(g) for g in np.linspace(0, 1, 33)]
        assert min(gaps) >= -1e-14
        strictly += max(gaps) > 0.01
        for price in (-0.2, 0.0, 0.1, 0.4):
            chosen = d.optimal_deferral(cheap, strong, price)
            value = np.where(chosen, strong - price, cheap).mean()
            subsets = np.array(list(itertools.product([False, True], repeat=8)))
            assert value == pytest.approx(np.where(subsets, strong - price, cheap).mean(axis=1).max(), abs=1e-14)
    assert strictly > 20  # control: the difference does matter


def test_thresholding_is_optimal_when_the_difference_falls_in_confidence():
    cheap = np.sort(np.random.default_rng(8).random(50))
    strong = 0.5 + 0.4 * cheap
    by_rule = d.cascade_curve(cheap - strong, cheap, strong)
    by_confidence = d.cascade_curve(cheap, cheap, strong)
    assert all(abs(by_rule.quality(g) - by_confidence.quality(g)) < 1e-14 for g in np.linspace(0, 1, 101))


# Input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.cascade_curve(np.ones((2, 2)), np.ones(2), np.ones(2)), "score: shape (2, 2); (n,) is needed"),
        (lambda: d.cascade_curve(np.ones(2), np.ones(3), np.ones(2)), "cheap_right: shape (3,); (2,) is needed"),
        (lambda: d.cascade_curve(np.ones(1), np.ones(1), np.full(1, 1.2)), "strong_right: 1.2 is not in [0, 1]"),
        (lambda: d.auc(np.ones(1), np.full(1, np.nan)), "right: nan is not in [0, 1]"),
        (lambda: d.auc(np.array([np.inf]), np.ones(1)), "score: inf is not a finite number"),
        (lambda: d.midranks(np.ones(2), np.zeros(2)), "weights: all are 0"),
        (lambda: d.midranks(np.ones(2), -np.ones(2)), "weights: -1.0 is not a finite number >= 0"),
        (lambda: d.optimal_deferral(np.ones(1), np.ones(1), math.inf), "price: inf is not a finite number"),
        (lambda: d.cascade_curve(np.ones(1), np.ones(1), np.ones(1)).quality(1.5), "fraction: 1.5 is outside [0, 1]"),
    ],
)
def test_input_errors_are_one_line_with_field_and_value(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_queries_without_weight_leave_the_curve_as_it_is():
    score, cheap, strong = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 1, 1, 0.0]), np.array([1, 1, 0, 1.0])
    mass = np.array([2.0, 0.0, 1.0, 1.0])
    kept = mass > 0
    whole = d.cascade_curve(score, cheap, strong, mass)
    part = d.cascade_curve(score[kept], cheap[kept], strong[kept], mass[kept])
    assert whole.fraction.tolist() == part.fraction.tolist() == [0, 0.5, 0.75, 1]
    assert whole.tail_excess_area == part.tail_excess_area
    # Also where such a query is the least confident of all.
    assert d.cascade_curve(score, cheap, strong, np.array([0.0, 1, 1, 1])).tail_error(0) == 0


def test_an_escalation_that_is_just_worth_its_price_is_left_out():
    cheap, strong = np.array([0.5, 0.5, 0.5]), np.array([0.625, 0.75, 0.875])
    assert d.optimal_deferral(cheap, strong, 0.25).tolist() == [False, False, True]
    assert d.optimal_deferral(cheap, cheap, 0.0).tolist() == [False] * 3
