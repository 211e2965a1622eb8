"""Gains by luck and by grading errors (theory P10): against simulated runs and enumeration."""

import numpy as np
import pytest

from cofail_lab import decisions as d


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


def test_grading_errors_leave_the_gain_and_lift_the_all_wrong_rate():
    rng = np.random.default_rng(5)
    wrong = rng.random((200, 3)) < [0.3, 0.4, 0.5]
    graded = np.vstack([np.repeat(wrong, 19, axis=0), np.ones((200, 3), dtype=bool)])

    def gain_and_all_wrong(table):
        all_wrong = table.all(axis=1).mean()
        return 1 - all_wrong - (1 - table.mean(axis=0)).max(), all_wrong

    assert gain_and_all_wrong(graded) == pytest.approx(d.as_graded(*gain_and_all_wrong(wrong), 0.05), abs=1e-12)
