"""The held-out accuracy of the single best model."""

import numpy as np
import pytest

from cofail_lab.fitting.readings import heldout
from cofail_lab.fitting.readings.heldout import single_best_heldout


def test_heldout_best_is_unbiased_for_equal_models() -> None:
    """Twenty equally good models: in-sample best is well above ½, held-out best is ½ within 5 standard errors
    (4·10⁻⁷).
    """
    wrong = np.random.default_rng(11).random((400, 20)) < 0.5
    in_sample = 1 - wrong.mean(axis=0).min()
    chosen = single_best_heldout(wrong, 300, 0)
    standard_error = np.sqrt(0.25 / 400)
    assert in_sample > 0.5 + 1.2 * standard_error
    assert abs(chosen - 0.5) < 5 * standard_error
    assert chosen < in_sample


def test_heldout_best_chooses_the_best() -> None:
    """Error rates .1, .5, .9: on halves of 200 queries the first always wins, so its accuracy is what is scored."""
    rng = np.random.default_rng(2)
    wrong = rng.random((400, 3)) < [0.1, 0.5, 0.9]
    # Averaged over both directions of every split, each query is scored equally often.
    assert single_best_heldout(wrong, 100, 0) == pytest.approx(1 - wrong[:, 0].mean(), rel=1e-12)


def test_splits_that_do_not_fit_into_memory_together_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = np.random.default_rng(3).random((41, 5)) < 0.4
    together = heldout.single_best_heldout(wrong, 50, 1)
    monkeypatch.setattr(heldout, "_CELLS_AT_ONCE", 41 * 7)
    assert heldout.single_best_heldout(wrong, 50, 1) == together


def test_the_best_of_one_half_is_scored_on_the_other() -> None:
    """a is right on the first of two queries, b on the second: whoever is the best of one half fails the other."""
    assert single_best_heldout(np.array([[0, 1], [1, 0]], bool), 5, 0) == 0.0
    assert single_best_heldout(np.zeros((1, 2), bool), 5, 0) is None
    # One model that is always right, one that never is; and two that are equal and right on one of three.
    assert single_best_heldout(np.array([[0, 1]] * 5, bool), 5, 0) == 1.0
    equal = single_best_heldout(np.array([[0, 0], [1, 1], [1, 1]], bool), 200, 0)
    # Halves are of one and two queries; each of three is right in turn: (2/3 · 1/2 + 1/3 · 0 + ...) / 2 = 1/3.
    assert equal == pytest.approx(1 / 3, abs=0.06)
