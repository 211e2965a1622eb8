"""Whether a tail could be chance: every rule of the decision, on both sides of its limits, and its words."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.fitting.calibration import Conclusion, conclude
from cofail_lab.fitting.matrix import MatrixFit, fit_matrix
from cofail_lab.fitting.replicates.null import NullCalibration, NullTest
from cofail_lab.report.fit.in_short import chance_sentence
from tests.conftest import outcomes_from

NULLS = ("one_factor", "one_factor_loadings", "full_sigma")


@pytest.fixture(scope="module")
def fit() -> MatrixFit:
    """Four models, 60 queries, six of them all wrong."""
    wrong = np.random.default_rng(3).random((60, 4)) < 0.4
    wrong[:6] = True
    return fit_matrix(outcomes_from(wrong), level=0.9, seed=0)


def judged(fit: MatrixFit, *p_values: float | None, interrupted: bool = False) -> tuple[Conclusion, str]:
    """The decision where the three null laws gave these p-values (None: not tested), and its sentence."""
    tests = {
        (law, law): NullTest(p, expected=1.0, lower=0.5, upper=2.0, critical=2.5, n_replicates=99)
        for law, p in zip(NULLS, p_values, strict=True)
        if p is not None
    }
    null = NullCalibration(
        laws={}, tests=tests, atom=0.02, power=None, joint_power=0.36, n_power=100, interrupted=interrupted,
        n_asked=99, n_affordable=99, n_pairs=6,
    )  # fmt: skip
    calibrated = replace(fit, null=null)
    conclusion = conclude(calibrated)
    return conclusion, chance_sentence(calibrated, conclusion)


@pytest.mark.parametrize(
    ("p_values", "tail", "reason", "words"),
    [
        ((0.01, 0.02, 0.05), "beyond", "all_rejected", "unlikely to be chance"),
        ((0.01, 0.02, 0.051), "chance", "laws_disagree", "under the full correlation matrix, not under one factor and"),
        ((0.06, 0.5, 0.95), "chance", "explained", "could well be chance (beside one factor, a common mode of 2.0% "),
        ((0.96, 0.97, 0.99), "thinner", "ratios_low", "thinner than these laws expect"),
        ((0.96, 0.97, 0.95), "chance", "explained", "could well be chance"),
        ((0.01, 0.02, None), "cannot_tell", "nulls_missing", "the full correlation matrix could not be tested"),
        ((0.01, 0.5, None), "chance", "laws_disagree", "no common mode can be claimed"),
        ((None, None, None), "cannot_tell", "not_tested", "was not tested here"),
    ],
)  # fmt: skip
def test_every_rule(fit: MatrixFit, p_values: tuple, tail: str, reason: str, words: str) -> None:
    conclusion, sentence = judged(fit, *p_values)
    assert (conclusion.tail, conclusion.reason) == (tail, reason)
    assert words in sentence
    assert ("unlikely to be chance" in sentence) == (tail == "beyond")


def test_an_interruption_forbids_only_a_rejection(fit: MatrixFit) -> None:
    assert judged(fit, 0.01, 0.01, 0.01, interrupted=True)[0] == Conclusion(
        "cannot_tell", "interrupted", rejecting=NULLS
    )
    assert judged(fit, 0.5, 0.5, 0.5, interrupted=True)[0] == Conclusion("chance", "explained", explaining=NULLS)


def test_the_power_is_said_with_its_error(fit: MatrixFit) -> None:
    """√(.36 · .64 / 100) = 4.8 points."""
    assert "would be detected in 36% ± 5% of such matrices" in judged(fit, 0.5, 0.5, 0.5)[1]


def test_no_query_defeats_everyone() -> None:
    """Two independent models of 50% and none all wrong of n: 16 queries expect 4 (e^-4 = 1.8%), 8 expect 2 (13.5%)."""
    for half, tail, reason in ((8, "thinner", "none_is_rare"), (4, "cannot_tell", "none_says_nothing")):
        wrong = np.zeros((2 * half, 2), dtype=bool)
        wrong[:half, 0] = wrong[half:, 1] = True
        fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
        fit = replace(fit, point=fit.point._replace(log_one_factor=np.log([0.25])))
        conclusion = conclude(fit)
        assert (conclusion.tail, conclusion.reason) == (tail, reason)
        assert conclusion.expected == pytest.approx(half / 2)
        assert conclusion.expected_none == pytest.approx(np.exp(-half / 2))


def test_a_model_that_is_always_right() -> None:
    wrong = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    assert (conclude(fit).tail, conclude(fit).reason) == ("cannot_tell", "always_right")
    assert chance_sentence(fit, conclude(fit)).startswith("No query can defeat m2, which is always right")
