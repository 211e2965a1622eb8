"""What a router can gain at most (theory P10): against a convex hull and another library."""

import math

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from sklearn.metrics import mutual_info_score

from cofail_lab import decisions as d
from cofail_lab.errors import InputError


def test_area_of_the_concave_hull_against_a_convex_hull():
    rng = np.random.default_rng(2)
    higher = 0
    for _ in range(50):
        score, positive = rng.integers(12, size=80), (rng.random(80) < 0.4).astype(float)
        weights = rng.exponential(size=80) * (rng.random(80) < 0.9)
        levels = np.unique(score)[::-1]
        true, false = (
            np.array([0.0, *np.cumsum([weights @ ((score == s) * kind) for s in levels])])
            for kind in (positive, 1 - positive)
        )
        true, false = true / true[-1], false / false[-1]
        points = np.vstack([np.column_stack([false, true]), [1.0, 0.0]])
        area = d.concave_roc_auc(score, positive, weights)
        assert area == pytest.approx(ConvexHull(points).volume, abs=1e-12)
        assert d.concave_roc_auc(-score, positive, weights) >= 0.5
        raw = d.auc(score, positive, weights)
        assert area >= raw - 1e-15
        higher += area > raw + 0.01
    assert higher > 40  # control: the hull does matter
    assert d.concave_roc_auc(np.arange(3), np.ones(3)) is None


def test_a_score_of_raw_auc_one_half_can_pay():
    """Queries only A gets right at both ends of the score: raw AUC ½, a gain of half of them."""
    score, positive, mass = np.arange(3), np.array([1, 0, 1]), np.array([0.1, 0.2, 0.1])
    assert d.auc(score, positive, mass) == 0.5
    assert d.router_gain_ceiling(0.2, d.concave_roc_auc(score, positive, mass)) == pytest.approx(0.1, abs=1e-15)


def test_information_in_nats_against_sklearn_and_its_small_values():
    rng = np.random.default_rng(3)
    for shape in ((2, 4), (5, 8), (1, 4)):
        counts = rng.integers(0, 9, size=shape) + (np.arange(shape[1]) == 0)
        exact = mutual_info_score(None, None, contingency=counts)
        assert d.information_ceiling(counts) == pytest.approx(math.sqrt(max(exact, 0) / 2), abs=1e-7)
    # I = ½[(1+x)ln(1+x) + (1-x)ln(1-x)] = x²/2 + ..., where a difference of entropies has no digits left.
    for x in (1e-2, 1e-5):
        faint = np.array([[0, 1 + x, 1 - x, 0], [0, 1 - x, 1 + x, 0]])
        assert d.information_ceiling(faint) == pytest.approx(x / 2 * math.sqrt(1 + x * x / 6), rel=1e-5)
    assert d.information_ceiling(np.outer([1, 2], [3, 4, 5])) < 1e-8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.one_run_oracle(np.ones(3)), "success: shape (3,); (types, m) is needed"),
        (lambda: d.routable_ceiling(np.full((1, 2), 1.5)), "success: 1.5 is not in [0, 1]"),
        (lambda: d.second_run_accuracy(np.full((1, 2), np.nan)), "success: nan is not in [0, 1]"),
        (lambda: d.one_run_oracle(np.ones((2, 2)), np.ones(3)), "weights: shape (3,); (2,) is needed, one for each"),
        (lambda: d.one_run_oracle(np.ones((2, 2)), np.zeros(2)), "weights: finite numbers >= 0"),
        (lambda: d.as_graded(0.1, 0.2, 1.5), "error_share: 1.5 is outside [0, 1]"),
        (lambda: d.router_gain_ceiling(0.2, 0.4), "concave_auc: 0.4 is below ½"),
        (lambda: d.information_ceiling(np.ones(3)), "joint: shape (3,); (signals, patterns) is needed"),
        (lambda: d.information_ceiling(-np.ones((2, 2))), "joint: finite numbers >= 0"),
        (lambda: d.greedy_coverage(np.ones((2, 3)), 4), "n_members: 4 is above 3"),
        (lambda: d.greedy_coverage(np.full((2, 3), 2), 1), "wrong: only 0 and 1 are possible"),
        (lambda: d.greedy_coverage(np.ones((2, 3)), 1, np.zeros(2)), "weights: 2 finite numbers >= 0"),
    ],
)
def test_input_errors_are_one_line_with_field_and_value(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)
