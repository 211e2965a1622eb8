"""Strong calls required and critical AUC (theory P8.iv, P8.v, C1): against curves of explicit populations."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from cofail_lab import decisions as d
from cofail_lab.errors import InputError

# P8.iv


def test_required_strong_calls_against_the_curve_of_a_perfect_score():
    """Four kinds of query; the score is L's correctness itself, or the constant a_L (calibrated too)."""
    for a_l, a_h, h, floor in [
        (0.6, 0.8, 0.6, 0.8),
        (0.7, 0.9, 2 / 3, 0.85),
        (0.7, 0.9, 0.9, 0.9),
        (0.5, 0.6, 0.2, 0.55),
    ]:
        given_right = (a_h - (1 - a_l) * h) / a_l
        cheap, strong, mass = np.array([1, 0]), np.array([given_right, h]), np.array([a_l, 1 - a_l])
        calls = d.required_strong_calls(a_l, a_h, h, floor)
        separated = d.cascade_curve(cheap, cheap, strong, mass)
        constant = d.cascade_curve(np.zeros(2), cheap, strong, mass)
        assert calls.ratio == pytest.approx(calls.cascade / calls.mixing, rel=1e-12)
        assert constant.quality(calls.mixing) == pytest.approx(floor, abs=1e-12)
        assert d.auc(np.zeros(2), cheap, mass) == 0.5
        if calls.cascade <= 1 - a_l:
            assert separated.quality(calls.cascade) == pytest.approx(floor, abs=1e-12)
            assert separated.quality(0.99 * calls.cascade) < floor
        june = 1 - a_l / a_h
        assert (calls.ratio == pytest.approx(june)) == (h == pytest.approx(a_h))


def test_the_published_example_of_the_ratio_has_no_joint_law():
    """theory.md: .333 against .222 at P(H right | L wrong) = .6, so a_L = .7, a_H = .9. But a_H <= .7 + .3·.6 = .88.

    The ratio is at most 1 - a_L. A law that exists: a_L = .6, a_H = .8 gives .333 against .250.
    """
    assert (round((0.9 - 0.7) / 0.6, 3), round(1 - 0.7 / 0.9, 3)) == (0.333, 0.222)
    with pytest.raises(InputError, match=r"strong_given_cheap_wrong: 0.6 .* between 0.666667 and 1 is possible"):
        d.required_strong_calls(0.7, 0.9, 0.6, 0.85)
    # The strong model is right on half of what the cheap one fails at most, as it is right on .4 in all.
    with pytest.raises(InputError, match=r"strong_given_cheap_wrong: 0.7 .* between 0.25 and 0.5 is possible"):
        d.required_strong_calls(0.2, 0.4, 0.7, 0.3)
    assert d.required_strong_calls(0.6, 0.8, 0.6, 0.75).ratio == pytest.approx(1 / 3, abs=1e-12)
    for a_l, a_h in [(0.6, 0.8), (0.7, 0.9), (0.2, 0.9)]:
        least = (a_h - a_l) / (1 - a_l)
        assert d.required_strong_calls(a_l, a_h, least, a_h).ratio == pytest.approx(1 - a_l, abs=1e-12)


# P8.v, C1


def test_binormal_quality_against_a_discretized_population():
    n = 40_000
    for auc in (0.5, 0.6, 0.9):
        distance = math.sqrt(2) * stats.norm.ppf(auc)
        middle = (np.arange(n) + 0.5) / n
        score = np.concatenate([distance + stats.norm.ppf(middle), stats.norm.ppf(middle)])
        right = np.repeat([1.0, 0.0], n)
        weights = np.repeat([0.7 / n, 0.3 / n], n)
        curve = d.cascade_curve(score, right, np.full(2 * n, 0.9), weights)
        assert d.auc(score, right, weights) == pytest.approx(auc, abs=1e-4)
        for gamma in (0.0, 0.05, 0.3, 0.8, 1.0):
            assert d.binormal_quality(gamma, auc, 0.7, 0.9) == pytest.approx(curve.quality(gamma), abs=1e-4)
            if 0 < gamma < 1:
                # Control: AUC = Φ(d) for Φ(d/√2) would be another curve.
                wrong = float(stats.norm.cdf(distance))
                assert auc == 0.5 or abs(d.binormal_quality(gamma, wrong, 0.7, 0.9) - curve.quality(gamma)) > 1e-3
    assert d.binormal_quality(0.2, 1.0, 0.7, 0.9) == pytest.approx(0.7 + 0.2 * 0.9, abs=1e-12)


def cheaper_than_strong_alone(auc, a_l, a_h, floor, ratio):
    """Cost of the least escalation that meets the floor, on a fine grid, against c_H q/a_H."""
    gamma = np.linspace(0, 1, 4001)
    meets = next(g for g in gamma if d.binormal_quality(float(g), auc, a_l, a_h) >= floor - 1e-12)
    return ratio + meets < floor / a_h


def test_a_critical_auc_exists_exactly_under_the_labs_conditions():
    rng = np.random.default_rng(6)
    seen = dict.fromkeys(("exists", "always", "never"), 0)
    for _ in range(60):
        a_l, a_h = np.sort(rng.uniform(0.3, 0.99, 2))
        floor, ratio = rng.uniform(a_l, a_h), rng.uniform(0, 1)
        found = d.critical_auc(a_l, a_h, floor, ratio)
        seen[found.regime] += 1
        if found.regime != "exists":
            # The grid of the search cannot tell what is closer than this to the conditions' boundary.
            if abs((floor - a_l) / (a_h - a_l) - (floor / a_h - ratio)) > 1e-3 and abs(ratio - a_l / a_h) > 1e-3:
                wins = [cheaper_than_strong_alone(auc, a_l, a_h, floor, ratio) for auc in (0.5, 1.0)]
                assert wins == [found.regime == "always"] * 2
            continue
        assert found.value is not None
        assert 0.5 < found.value < 1
        affordable = floor / a_h - ratio
        assert d.binormal_quality(affordable, found.value, a_l, a_h) == pytest.approx(floor, abs=1e-11)
        lower, upper = 0.5 * (0.5 + found.value), 0.5 * (1 + found.value)
        assert d.binormal_quality(affordable, lower, a_l, a_h) < floor < d.binormal_quality(affordable, upper, a_l, a_h)
    assert min(seen.values()) >= 5


@pytest.mark.parametrize("ratio", [0.0, 1e-16, 1e-9, 0.3, 0.7, 0.8, 0.81])
def test_a_floor_that_only_the_strong_model_meets(ratio):
    """q = a_H. The binormal cascade crosses it before it ends at a_H, where all is escalated."""
    a_l, a_h = 0.8, 0.99
    found = d.critical_auc(a_l, a_h, a_h, ratio)
    assert found.regime == ("always" if ratio == 0 else "exists" if ratio < a_l / a_h else "never")
    if found.value is not None:
        # At AUC* the queries kept, a share c_L/c_H of them, are as often right as the strong model.
        distance = np.sqrt(2) * ndtri(found.value)
        threshold = brentq(lambda t: a_l * ndtr(distance - t) + (1 - a_l) * ndtr(-t) - ratio, -40, 40, xtol=1e-14)
        assert a_l * ndtr(distance - threshold) / ratio == pytest.approx(a_h, rel=1e-9)


def test_a_rounding_error_makes_no_critical_auc():
    """Both conditions in decimals: a tie is a tie, whichever side of it rounding falls on."""
    for a_l, a_h, floor in ((0.3, 0.6, 0.45), (0.7, 0.9, 0.8), (0.56, 0.7, 0.63), (0.1, 0.3, 0.2)):
        tie = a_l * (a_h - floor) / (a_h * (a_h - a_l))
        for ratio in (tie, np.nextafter(tie, 0), np.nextafter(tie, 1)):
            found = d.critical_auc(a_l, a_h, floor, float(ratio))
            assert found.regime == "always" or found.value == pytest.approx(0.5, abs=1e-7)


def test_june_condition_does_not_give_a_critical_auc():
    """The published case: price ratio .79 < q/a_H = .944, yet not even perfect separation pays."""
    assert 0.79 < 0.85 / 0.9
    assert d.critical_auc(0.7, 0.9, 0.85, 0.79) == (None, "never")
    assert not any(cheaper_than_strong_alone(auc, 0.7, 0.9, 0.85, 0.79) for auc in (0.5, 0.8, 0.95, 1.0))
    assert 0.79 > 0.7 / 0.9 > 0.77  # a_L/a_H decides, just
    assert d.critical_auc(0.7, 0.9, 0.85, 0.77).regime == "exists"
    assert cheaper_than_strong_alone(1.0, 0.7, 0.9, 0.85, 0.77)


def test_across_families_a_score_below_the_critical_auc_can_dominate():
    """C1: errors first for mass 1/6, then all successes, then the other errors. AUC .556, and it reaches q = .85."""
    score, cheap, strong = np.arange(3), np.array([0, 1, 0]), np.full(3, 0.9)
    mass = np.array([0.5 / 3, 0.7, 0.4 / 3])
    curve = d.cascade_curve(score, cheap, strong, mass)
    area_l = d.auc(score, cheap, mass)
    assert area_l == pytest.approx(5 / 9, abs=1e-12)
    critical = d.critical_auc(0.7, 0.9, 0.85, 0.6).value
    assert critical is not None
    assert area_l is not None
    assert critical == pytest.approx(0.768, abs=5e-4)
    assert area_l < critical
    assert curve.quality(0.5 / 3) == pytest.approx(0.85, abs=1e-12)
    assert curve.cost(0.5 / 3, 0.6, 1.0) < 0.85 / 0.9
    assert curve.tail_strong_accuracy(0.5 / 3) > 1 - curve.tail_error(0.5 / 3)
    # Control: the binormal score of the same AUC does not reach the floor at that cost.
    assert d.binormal_quality(0.5 / 3, 5 / 9, 0.7, 0.9) < 0.82


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.critical_auc(0.7, 0.6, 0.65, 0.1), "strong_accuracy: 0.6 is not above cheap_accuracy, 0.7"),
        (lambda: d.critical_auc(0.7, 0.9, 0.7, 0.1), "floor: 0.7 is outside (cheap_accuracy, strong_accuracy]"),
        (lambda: d.binormal_quality(0.5, 0.4, 0.7, 0.9), "auc: 0.4 is not a finite number >= 0.5"),
    ],
)
def test_input_errors_are_one_line_with_field_and_value(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("cheap", "strong"), [(0.025, 0.1), (0.025, 0.075), (0.05, 0.2), (0.3, 0.6)])
def test_at_the_ratio_of_the_accuracies_not_even_perfect_separation_is_cheaper(cheap, strong):
    """There perfect separation costs what H alone does: a rounding error above it is no AUC."""
    for floor in (strong, (cheap + strong) / 2):
        assert d.critical_auc(cheap, strong, floor, cheap / strong).regime == "never"
        assert d.critical_auc_for_mixing(cheap, strong, floor, cheap / strong).regime == "never"
        assert d.critical_auc(cheap, strong, floor, 0.99 * cheap / strong).regime == "exists"


def test_a_ratio_below_that_of_the_accuracies_by_a_rounding_error_makes_no_critical_auc():
    """.02/.08, of which floats make one below ¼ too: perfect separation is not cheaper as far as they tell."""
    for floor in (0.035, 0.05, 0.065, 0.08):
        below = float(np.nextafter(0.02 / 0.08, 0))
        assert below < 0.02 / 0.08
        assert d.critical_auc(0.02, 0.08, floor, below) == d.CriticalAuc(None, "never")
