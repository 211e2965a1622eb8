"""What a router can gain (theory P10): against enumeration, another library and simulated runs, with controls."""

import itertools
import math

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from sklearn.metrics import mutual_info_score

from cofail_lab import decisions as d
from cofail_lab.errors import InputError


def test_one_run_and_second_run_against_simulated_runs():
    """A million queries: within 5 standard errors (6e-7 each), where the wrong ones are 20 off."""
    rng = np.random.default_rng(1)
    success, weights = np.array([[0.9, 0.3, 0.5], [0.2, 0.6, 0.6]]), np.array([7, 3])
    pi = success[rng.choice(2, size=1_000_000, p=weights / 10)]
    first, second = rng.random((2, *pi.shape)) < pi
    right_then = second[np.arange(len(pi)), (rng.random(pi.shape) + first).argmax(axis=1)].mean()
    oracle, ceiling, again = (
        f(success, weights) for f in (d.one_run_oracle, d.routable_ceiling, d.second_run_accuracy)
    )
    error = 0.5 / 1000
    assert abs(first.any(axis=1).mean() - oracle) < 5 * error
    assert abs(right_then - again) < 5 * error
    assert ceiling == pytest.approx(0.7 * 0.9 + 0.3 * 0.6, abs=1e-15)
    assert again + 20 * error < ceiling < oracle - 20 * error


def test_identical_models_gain_by_luck_alone():
    """Ten with π ~ Beta(2, 1): 1 - 2·B(2, 11) - 2/3 = 1/3 - 1/66, published as .318; nothing of it is routable."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    pi = np.repeat((nodes[:, None] + 1) / 2, 10, axis=1)
    weights = weights * pi[:, 0]
    assert d.one_run_oracle(pi, weights) - 2 / 3 == pytest.approx(1 / 3 - 1 / 66, abs=1e-14)
    assert d.routable_ceiling(pi, weights) == pytest.approx(2 / 3, abs=1e-14)
    assert d.second_run_accuracy(pi, weights) == pytest.approx(2 / 3, abs=1e-14)
    assert d.second_run_accuracy(np.array([[1.0, 0.0]])) == 1.0
    assert d.second_run_accuracy(np.array([[0.0, 0.0]])) == 0.0


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


def test_greedy_coverage_against_every_choice():
    rng = np.random.default_rng(4)
    short = 0
    for _ in range(40):
        wrong, weights, k = rng.random((15, 6)) < 0.6, rng.exponential(size=15), int(rng.integers(1, 5))
        found = d.greedy_coverage(wrong, k, weights)
        covers = {
            s: 1 - np.average(wrong[:, s].all(axis=1), weights=weights) for s in itertools.combinations(range(6), k)
        }
        best = max(covers.values())
        assert len(set(found.members.tolist())) == k
        assert found.covered == pytest.approx(covers[tuple(sorted(found.members.tolist()))], abs=1e-12)
        assert (1 - 1 / math.e) * best <= found.covered <= best + 1e-12
        assert best - 1e-12 <= found.upper <= 1
        short += found.covered < best - 1e-9
    assert short > 0  # control: greedy is not optimal
    assert d.greedy_coverage(np.ones((3, 4)), 3).members.tolist() == [0, 1, 2]


def test_grading_errors_leave_the_gain_and_lift_the_all_wrong_rate():
    rng = np.random.default_rng(5)
    wrong = rng.random((200, 3)) < [0.3, 0.4, 0.5]
    graded = np.vstack([np.repeat(wrong, 19, axis=0), np.ones((200, 3), dtype=bool)])

    def gain_and_all_wrong(table):
        all_wrong = table.all(axis=1).mean()
        return 1 - all_wrong - (1 - table.mean(axis=0)).max(), all_wrong

    assert gain_and_all_wrong(graded) == pytest.approx(d.as_graded(*gain_and_all_wrong(wrong), 0.05), abs=1e-12)


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
