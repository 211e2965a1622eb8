"""Whether a tail could be chance: every rule of the decision, on both sides of its limits, and its words."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.fitting.conclusion import Conclusion, _judge, conclude
from cofail_lab.fitting.estimators.stack import Prediction
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.tail_test import TailTest
from cofail_lab.fitting.replicates.null import NullCalibration, NullTest, place
from cofail_lab.report.fit.in_short import chance_sentence
from tests.conftest import outcomes_from
from tests.report.by_hand import NOBODY, fitted, null, point, pool, replicates

NULLS = ("one_factor", "one_factor_loadings", "full_sigma")


@pytest.fixture(scope="module")
def fit() -> MatrixFit:
    """Four models, 60 queries, six of them all wrong."""
    wrong = np.random.default_rng(3).random((60, 4)) < 0.4
    wrong[:6] = True
    return fit_matrix(outcomes_from(wrong), level=0.9, seed=0)


SMOOTH = ("gaussian", "student", "skew", "lognormal")
EXCLUDED = (0.01, 0.01, 0.01, 0.05)


def smooth_test(*p_values: float, ceiling: float = 0.8) -> TailTest:
    return TailTest(
        dict(zip(SMOOTH, p_values, strict=True)),
        evidence=2.0,
        atom=0.03,
        power=0.62,
        power_base="skew",
        ceiling=ceiling,
        nearest="student",
        best="student",
    )


def judged(
    fit: MatrixFit,
    *p_values: float | None,
    smooth: TailTest | None = smooth_test(*EXCLUDED),  # noqa: B008  # frozen
    lower: float | tuple[float, ...] = 0.9,
    interrupted: bool = False,
) -> tuple[Conclusion, str]:
    """The decision where the ratios have these p-values under the null laws (None: not tested), and its sentence."""
    below = lower if isinstance(lower, tuple) else (lower,) * len(NULLS)
    tests = {
        (law, law): NullTest(p, low, expected=1.0, lower=0.5, upper=2.0, critical=2.5, n_replicates=99)
        for law, p, low in zip(NULLS, p_values, below, strict=True)
        if p is not None
    }
    null = NullCalibration(
        laws={},
        tests=tests,
        atom=0.03,
        power=None,
        joint_power=0.36,
        n_power=100,
        interrupted=interrupted,
        n_asked=99,
        n_affordable=99,
        n_pairs=6,
    )
    calibrated = replace(fit, null=null, tail=smooth)
    conclusion = conclude(calibrated)
    return conclusion, chance_sentence(calibrated, conclusion)


@pytest.mark.parametrize(
    ("p_values", "smooth", "tail", "reason", "words"),
    [
        ((0.01, 0.02, 0.05), EXCLUDED, "beyond", "all_rejected", "unlikely to be chance"),
        ((0.01, 0.02, 0.05), (0.01, 0.051, 0.01, 0.01), "heavy_tail", "smooth_explains", "Student t, p = 0.051): no"),
        ((0.01, 0.02, 0.05), (0.01, 0.01, 0.01, 0.06), "heavy_tail", "smooth_explains", "none is excluded (a common"),
        ((0.01, 0.02, 0.05), (0.06, 0.3, 0.3, 0.3), "chance", "laws_disagree", "one Gaussian factor fitted"),
        ((0.01, 0.02, 0.051), EXCLUDED, "chance", "laws_disagree", "full correlation matrix, not under one "),
        ((0.06, 0.5, 0.95), EXCLUDED, "chance", "explained", "fitted (skewed (gamma)) would be detected in"),
        ((0.01, 0.02, None), EXCLUDED, "cannot_tell", "nulls_missing", "correlation matrix could not be tested"),
        ((0.01, 0.5, None), EXCLUDED, "chance", "laws_disagree", "no common mode can be claimed"),
        ((0.01, 0.02, 0.05), None, "cannot_tell", "nulls_missing", "heavier tail could not be tested"),
        ((0.5, 0.5, 0.5), None, "cannot_tell", "nulls_missing", "no conclusion"),
        ((None, None, None), EXCLUDED, "cannot_tell", "not_tested", "was not tested here"),
    ],
)
def test_every_rule(
    fit: MatrixFit, p_values: tuple, smooth: tuple[float, ...] | None, tail: str, reason: str, words: str
) -> None:
    conclusion, sentence = judged(fit, *p_values, smooth=None if smooth is None else smooth_test(*smooth))
    assert (conclusion.tail, conclusion.reason) == (tail, reason)
    assert words in sentence
    assert ("unlikely to be chance" in sentence) == (tail == "beyond")


def test_an_interruption_concludes_nothing(fit: MatrixFit) -> None:
    for p in (0.01, 0.5):
        conclusion, sentence = judged(fit, p, p, p, smooth=None, interrupted=True)
        assert (conclusion.tail, conclusion.reason) == ("cannot_tell", "interrupted")
        assert "interrupted: no conclusion" in sentence
    before = replace(fit, null=None, tail=None, interrupted=True)
    assert (conclude(before).tail, conclude(before).reason) == ("cannot_tell", "interrupted")
    assert "interrupted before, and the same command goes on" in chance_sentence(before, conclude(before))
    assert conclude(replace(before, interrupted=False)).reason == "not_tested"


@pytest.mark.parametrize(
    ("ceiling", "p", "ratio_p", "tail"),
    [
        (0.5, 0.05, 0.01, "beyond"),
        (0.499, 0.05, 0.01, "cannot_tell"),
        (0.499, 0.002, 0.01, "cannot_tell"),
        (0.499, 0.001, 0.01, "beyond"),
        (0.499, 0.001, 0.06, "cannot_tell"),
        (0.5, 0.3, 0.3, "chance"),
        (0.499, 0.3, 0.3, "cannot_tell"),
        (0.02, 0.3, 0.3, "cannot_tell"),
    ],
)
def test_without_power_only_overwhelming_evidence_is_told(
    fit: MatrixFit, ceiling: float, p: float, ratio_p: float, tail: str
) -> None:
    conclusion, sentence = judged(fit, *3 * (ratio_p,), smooth=smooth_test(p, p, p, p, ceiling=ceiling))
    assert conclusion.tail == tail
    assert ("could well be chance" in sentence) == (tail == "chance")
    if tail == "cannot_tell":
        assert conclusion.reason == "low_power"
        assert f"find a common mode of 3.0% beside a Gaussian difficulty in only {100 * ceiling:.0f}%" in sentence


def test_overwhelming_evidence_is_against_every_law(fit: MatrixFit) -> None:
    """A null law that was not tested, or a smooth one that is not excluded, leaves too little power to tell."""
    tiny = smooth_test(1e-4, 1e-4, 1e-4, 1e-4, ceiling=0.1)
    assert judged(fit, 0.01, 0.01, 0.01, smooth=tiny)[0].reason == "all_rejected"
    assert judged(fit, 0.01, 0.01, None, smooth=tiny)[0].reason == "low_power"
    assert judged(fit, 0.01, 0.01, 0.06, smooth=tiny)[0].reason == "low_power"
    one = smooth_test(1e-4, 0.06, 1e-4, 1e-4, ceiling=0.1)
    assert judged(fit, 0.01, 0.01, 0.01, smooth=one)[0].reason == "low_power"


def test_fewer_than_every_law_expects(fit: MatrixFit) -> None:
    """The other side: the p-value of ratios as small; power has no say, and every null law must be there."""
    quiet = smooth_test(1.0, 1.0, 1.0, 1.0, ceiling=0.1)
    conclusion, sentence = judged(fit, 0.98, 0.97, 0.99, lower=0.05, smooth=quiet)
    assert (conclusion.tail, conclusion.reason, conclusion.p_value) == ("thinner", "ratios_low", 0.05)
    assert "thinner than every law fitted to pairs expects (p = 0.050 at most)" in sentence
    assert judged(fit, 0.98, 0.97, 0.99, lower=0.051, smooth=quiet)[0].reason == "low_power"
    assert judged(fit, 0.98, 0.97, None, lower=0.01, smooth=quiet)[0].reason == "low_power"
    # Every law must say so, and what is told is the p-value of the one that says it least.
    assert judged(fit, 0.98, 0.97, 0.99, lower=(0.01, 0.3, 0.02), smooth=quiet)[0].reason == "low_power"
    assert judged(fit, 0.98, 0.97, 0.99, lower=(0.01, 0.03, 0.02), smooth=quiet)[0].p_value == 0.03


def test_the_p_value_of_beyond_is_the_largest(fit: MatrixFit) -> None:
    for ratios, smooth, largest in (((0.01, 0.02, 0.03), 0.04, 0.04), ((0.01, 0.045, 0.03), 0.04, 0.045)):
        conclusion, _ = judged(fit, *ratios, smooth=smooth_test(0.01, smooth, 0.02, 0.01))
        assert (conclusion.tail, conclusion.p_value) == ("beyond", largest)


def test_place_from_both_sides() -> None:
    """Of 1, 2, 2, 4 and one without a prediction: at least 2 are four, at most 2 are four; nan counts on both sides."""
    test = place(2.0, np.array([1.0, 2.0, 2.0, 4.0, np.nan]))
    assert test is not None
    assert test.p_value == pytest.approx(5 / 6)
    assert test.p_lower == pytest.approx(5 / 6)
    low = place(0.0, np.array([0.0, 1.0, 1.0, 1.0]))
    assert low is not None
    assert (low.p_value, low.p_lower) == (pytest.approx(1), pytest.approx(2 / 5))


def test_no_query_defeats_everyone() -> None:
    """Two independent models of 50% and none all wrong of n: 16 queries expect 4 (.75^16 = 1%), 8 expect 2 (10%)."""
    for half, ceiling, tail, reason in (
        (8, None, "thinner", "none_is_rare"),
        (4, None, "cannot_tell", "none_says_nothing"),
        (4, 0.499, "cannot_tell", "none_says_nothing"),
        (4, 0.5, "chance", "none_expected"),
    ):
        wrong = np.zeros((2 * half, 2), dtype=bool)
        wrong[:half, 0] = wrong[half:, 1] = True
        fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
        fit = replace(fit, point=fit.point._replace(log_one_factor=np.log([0.25])), matrix_laws={})
        fit = replace(fit, tail=None if ceiling is None else smooth_test(1.0, 1.0, 1.0, 1.0, ceiling=ceiling))
        conclusion = conclude(fit)
        assert ("could well be chance" in chance_sentence(fit, conclusion)) == (tail == "chance")
        assert (conclusion.tail, conclusion.reason) == (tail, reason)
        assert conclusion.expected == pytest.approx(half / 2)
        assert conclusion.expected_none == pytest.approx(0.75 ** (2 * half))


def test_none_is_rare_only_if_it_is_under_every_law() -> None:
    """Sixteen queries, none all wrong: 1% under one factor, 44% under the full matrix."""
    wrong = np.zeros((16, 2), dtype=bool)
    wrong[:8, 0] = wrong[8:, 1] = True
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    fit = replace(fit, point=fit.point._replace(log_one_factor=np.log([0.25])))
    for other, tail in ((0.25, "thinner"), (0.05, "cannot_tell")):
        laws = {"full_sigma": Prediction.of([(np.log(other), 0.0)])}
        assert conclude(replace(fit, matrix_laws=laws)).tail == tail


def test_a_model_that_is_always_right() -> None:
    wrong = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    assert (conclude(fit).tail, conclude(fit).reason) == ("cannot_tell", "always_right")
    assert chance_sentence(fit, conclude(fit)).startswith("No query can defeat m2, which is always right")


@pytest.mark.parametrize(("m", "smooth", "large"), [(150, True, False), (151, True, True), (400, False, False)])
def test_which_pools_are_too_large(m: int, smooth: bool, large: bool) -> None:
    """Nulls are refitted up to 150 models; where there is no test of the tail, that is for pools of more than 400."""
    test = NullTest(0.5, 0.5, 1.0, 0.9, 1.1, 1.1, 19)
    tail = smooth_test(0.5, 0.5, 0.5, 0.5) if smooth else None
    judged = _judge({"one_factor": test}, tail, interrupted=False, n_models=m)
    assert judged.pool_too_large is large
    assert judged.missing == ("one_factor_loadings", "full_sigma")
    assert _judge({"one_factor": test}, None, interrupted=False, n_models=401).pool_too_large


def test_a_conclusion_needs_three_models_and_one_factor() -> None:
    two = replace(pool(), wrong=np.column_stack([pool().wrong[:, :2], np.ones(100, bool)]))
    assert conclude(fitted(two)).reason == "few_models"
    for mean, reason in ((-0.1, "no_one_factor"), (1.0, "no_one_factor"), (0.0, "not_tested"), (0.999, "not_tested")):
        assert conclude(fitted(point=point(tetrachoric=mean))).reason == reason
    assert conclude(fitted(point=point(log_one_factor=np.nan))).reason == "no_one_factor"
    assert conclude(fitted(interrupted=True)) == Conclusion("cannot_tell", "interrupted")


def test_no_query_defeats_everyone_though_some_are_expected() -> None:
    """β of 1% or 5% by one factor in 100 queries: (1 - β)^100 is .366 or .0059; of simulated ones a share has none."""
    for rate, reason in ((0.01, "none_says_nothing"), (0.05, "none_is_rare")):
        fit = fitted(pool(NOBODY), point=point(log_one_factor=np.log(rate)))
        made = conclude(fit)
        assert (made.reason, made.expected) == (reason, pytest.approx(100 * rate))
        assert made.expected_none == pytest.approx((1 - rate) ** 100)
    drawn = replicates()._replace(all_wrong=np.array([0.0, 0.01, 0.0, 0.0]))
    simulated = fitted(pool(NOBODY), point=point(log_one_factor=np.log(0.05)), null=null(laws={"one_factor": drawn}))
    assert (conclude(simulated).reason, conclude(simulated).expected_none) == ("none_says_nothing", 0.75)
    assert conclude(fitted(pool({"a": 30, "ab": 20, "abc": 50}))).reason == "always_right"
    assert conclude(fitted(pool(NOBODY), point=point(log_one_factor=np.nan))).reason == "no_prediction"
