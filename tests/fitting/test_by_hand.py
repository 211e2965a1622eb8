"""Numbers of a fit and of its replicates by hand: ratios, limits, p-values, powers, halves; nothing is fitted."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from jax.random import key_data
from scipy.stats import beta, binom

from cofail_lab.bounds.least_of_many import least_mean_limits
from cofail_lab.fitting import calibration
from cofail_lab.fitting.calibration import Calibration, affordable
from cofail_lab.fitting.comparison.compare import LawComparison, _judged
from cofail_lab.fitting.comparison.law_fits import LawFit, why_no_ratio
from cofail_lab.fitting.conclusion import Conclusion, conclude
from cofail_lab.fitting.estimators.stack import Prediction
from cofail_lab.fitting.readings import correlations, tail_test
from cofail_lab.fitting.readings.heldout import single_best_heldout
from cofail_lab.fitting.readings.luck import Runs, _denominator, _most_luck, find_runs
from cofail_lab.fitting.readings.parts import Part, PartFit
from cofail_lab.fitting.readings.regimes import PoolRegime, regimes_by_dataset
from cofail_lab.fitting.readings.tail_test import Draws, TailTest
from cofail_lab.fitting.replicates import null as nulls
from cofail_lab.fitting.replicates import sequential, shards
from cofail_lab.fitting.replicates.null import hits, place, power
from cofail_lab.fitting.replicates.stages import Replicates, Stage
from cofail_lab.fitting.resampling import Bootstrap
from tests.conftest import outcomes_from
from tests.report.by_hand import ELEVEN, fitted, null, point, pool, replicates

NOBODY = {"a": 20, "b": 7, "c": 2, "abc": 71}


def test_a_ratio_exists_where_both_rates_do() -> None:
    fit = fitted()
    assert fit.ratio("one_factor") == pytest.approx(2.0) and fit.ratio("independent") == pytest.approx(2.5)
    assert fit.ratio("full_sigma") is None and fit.predicted("full_sigma") is None
    none = fitted(pool(NOBODY))
    assert none.ratio("one_factor") is None and none.predicted("one_factor") == pytest.approx(0.055)
    absent = replace(fit, point=point(log_one_factor=np.nan))
    assert absent.ratio("one_factor") is None and absent.log_predicted("one_factor") is None
    tiny = replace(fit, point=point(log_one_factor=-800.0))
    assert tiny.ratio("one_factor") is None and tiny.predicted("one_factor") == 0.0
    assert replace(fit, point=point(log_one_factor=-700.0)).ratio("one_factor") == pytest.approx(0.11 * np.exp(700))
    sigma = {"full_sigma": Prediction(np.log([0.08]), np.array([0.01]), ())}
    assert replace(fit, matrix_laws=sigma).ratio("full_sigma") == pytest.approx(0.11 / 0.08)
    constant = pool({"none": 100})
    assert fitted(constant).log_predicted("one_factor") is None


def test_limits_of_a_ratio() -> None:
    """β of .09, .1, .12 and .13 over 5.5%: the central 90% by linear quantiles, in any unit."""
    fit = fitted(replicates=replicates(), n_asked=4)
    low, high = np.quantile(np.array([0.09, 0.1, 0.12, 0.13]) / 0.055, [0.05, 0.95])
    assert fit.ratio_interval("one_factor") == pytest.approx((low, high))
    assert fit.ratio_interval("full_sigma") is None and fitted().ratio_interval("one_factor") is None
    assert fitted(pool(NOBODY), replicates=replicates()).ratio_interval("one_factor") is None
    jack = replicates()._replace(all_wrong=np.array([0.1, 0.11, 0.11, 0.16]))
    both = replace(fit, jackknife=jack)
    better = both.bca_interval("one_factor")
    assert better is not None and better != pytest.approx((low, high))
    assert both.shown_interval("one_factor") == better
    assert replace(both, conventions="published").shown_interval("one_factor") == pytest.approx((low, high))
    assert fit.shown_interval("one_factor") == pytest.approx((low, high)) and fit.bca_interval("one_factor") is None


def test_laws_of_the_whole_matrix_have_the_first_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cofail_lab.fitting.matrix_fit.MATRIX_REPLICATES", 2)
    drawn = replicates(log_full_sigma=np.log([0.08, 0.08, np.nan, np.nan]))
    sigma = {"full_sigma": Prediction(np.log([0.08]), np.array([0.01]), ())}
    fit = fitted(replicates=drawn, matrix_laws=sigma)
    assert fit.ratio_interval("full_sigma") == pytest.approx((1.125 + 0.05 * 0.125, 1.25 - 0.05 * 0.125))
    assert fit.ratio_interval("one_factor") == pytest.approx(
        tuple(np.quantile(drawn.ratios("one_factor"), [0.05, 0.95]))
    )


def test_parts_of_the_pool() -> None:
    part = PartFit(Part("p", "p", np.array([0, 1])), 14, 0.76, 0.43, np.log(0.07))
    nobody, no_law = part._replace(n_all_wrong=0), part._replace(log_predicted=np.nan)
    drawn = replicates(parts=np.array([[1.0, 9.0, 9.0], [2.0, 9.0, 9.0], [3.0, 9.0, 9.0], [4.0, 9.0, 9.0]]))
    fit = fitted(parts=(part, nobody, no_law), replicates=drawn)
    assert [fit.part_ratio(i) for i in range(3)] == [pytest.approx(2.0), None, None]
    assert [fit.part_interval(i) for i in range(3)] == [pytest.approx((1.15, 3.85)), None, None]
    assert fitted(parts=(part,)).part_interval(0) is None


def test_models_that_are_always_wrong_are_in_every_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three models vary: what is C of these is C + 1 of all, with a third that is always wrong."""
    laws = {"one_factor": SimpleNamespace(count_probs=lambda: [0.5, 0.3, 0.2])}
    monkeypatch.setattr("cofail_lab.fitting.matrix_fit.point_laws", lambda *_: laws)
    wrong = pool().wrong.copy()
    wrong[:, 2] = True
    assert fitted(replace(pool(), wrong=wrong)).count_probs()["one_factor"].tolist() == [0, 0.5, 0.3, 0.2]
    wrong[:, 2] = False
    assert fitted(replace(pool(), wrong=wrong)).count_probs()["one_factor"].tolist() == [0.5, 0.3, 0.2, 0]


def test_limits_of_mean_correlations() -> None:
    """24, 39 and 48 of 100: n α (1 - α) is 18.24, 23.79 and 24.96, whose harmonic mean is 21.9, below 25."""
    assert correlations.level_of(np.array([24, 39, 48]), 100, 0.95) == 0.98
    assert correlations.level_of(np.array([24, 39, 48, 0, 100]), 100, 0.99) == 0.99
    assert correlations.level_of(np.array([48, 39, 48]), 110, 0.95) == 0.95
    assert correlations.level_of(np.array([0, 100]), 100, 0.95) == 0.98
    # Of 2 and 1,000 the mean would be large, the harmonic mean is not.
    assert correlations.level_of(np.array([3, 1000, 1000]), 2000, 0.95) == 0.98
    drawn = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    limits = tuple(np.quantile(drawn[:4], [0.05, 0.95]))
    assert correlations.tetrachoric_limits(0.25, drawn, 0.1, 0.9) == pytest.approx(limits)
    assert correlations.tetrachoric_limits(0.25, drawn, 0.101, 0.9) is None
    # A quarter of their standard deviation, .1118, is .02795.
    assert correlations.tetrachoric_limits(0.2775, drawn, 0.0, 0.9) == pytest.approx(limits)
    assert correlations.tetrachoric_limits(0.2785, drawn, 0.0, 0.9) is None
    assert correlations.tetrachoric_limits(0.2215, drawn, 0.0, 0.9) is None
    assert correlations.tetrachoric_limits(0.25, np.full(3, np.nan), 0.0, 0.9) is None
    fit = fitted(replicates=replicates())
    assert fit.correlation_interval("tetrachoric") is None  # one pair of three is on its bound


def test_studentised_limits_are_on_fishers_scale() -> None:
    """Value .5 ± .3: on the scale of artanh .549 ± .4; replicates 0 and ±.6 with the same error are ∓ some errors."""
    values, errors = np.array([0.5, 0.0, 0.6, -0.6]), np.array([0.3, 0.3, 0.24, 0.24])
    drawn = replicates(error_pearson=errors)._replace(fit=point(4)._replace(pearson=values))
    scaled = np.arctanh(values), errors / (1 - values**2)
    deviations = np.sort((scaled[0] - np.arctanh(0.5)) / scaled[1])
    found = correlations.pearson_limits("pearson", point(pearson=0.5), 0.3, drawn, 0.5)
    expected = np.tanh(np.arctanh(0.5) - 0.4 * deviations[[2, 0]])
    assert found == pytest.approx(tuple(expected))
    gap = replicates(error_pearson_gap=np.full(4, 0.1))
    within = point(4)._replace(pearson_within=np.array([0.3, 0.4, 0.5, 0.6]))
    found = correlations.pearson_limits("pearson_gap", point(), 0.2, gap._replace(fit=within), 0.5)
    # The gap is .2; of .19, .29, .39 and .49 the deviations are -.1, .9, 1.9 and 2.9 errors.
    assert found == pytest.approx((0.2 - 0.2 * 1.9, 0.2 + 0.2 * 0.1))
    assert correlations.pearson_mean(point(), "pearson_gap") == pytest.approx([0.2])


@pytest.mark.parametrize(
    ("k", "errors", "regime"),
    [(11, 24, "undetermined"), (40, 41, "ceiling-bound"), (0, 30, "realizability-bound"), (0, 3, "undetermined")],
)
def test_regimes(k: int, errors: int, regime: str) -> None:
    """Clopper-Pearson of β in n, and of K in the errors of the best at a third of the level, for three models."""
    pools = PoolRegime("x", 3, 100, k, 0, errors)
    assert pools.regime == regime and pools.foreclosed_share == k / errors
    low = float(beta.ppf(0.025, k, 101 - k)) if k else 0.0
    assert pools.all_wrong_interval == pytest.approx((low, float(beta.ppf(0.975, k + 1, 100 - k))))
    assert pools.foreclosed_interval is not None
    one = PoolRegime("x", 1, 100, k, 0, errors).foreclosed_interval
    assert one is not None and pools.foreclosed_interval[0] <= one[0] and one[1] <= pools.foreclosed_interval[1]
    assert PoolRegime("x", 3, 100, 0, 0, 0).foreclosed_interval is None


def test_datasets_with_the_largest_share_first() -> None:
    wrong = np.array([[1, 1], [1, 1], [1, 0], [0, 1], [1, 1], [1, 0], [0, 1], [0, 0]], bool)
    names = np.array([*"ttsstssu"], object)
    found = regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": names}))
    assert [(one.name, one.n_all_wrong, one.n_queries, one.best_errors) for one in found] == [
        ("t", 3, 3, 3),
        ("s", 0, 4, 2),
        ("u", 0, 1, 0),
    ]
    assert regimes_by_dataset(outcomes_from(wrong)) == ()
    assert regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": np.array(["t"] * 8, object)})) == ()


def test_the_best_of_one_half_is_scored_on_the_other() -> None:
    """a is right on the first of two queries, b on the second: whoever is the best of one half fails the other."""
    assert single_best_heldout(np.array([[0, 1], [1, 0]], bool), 5, 0) == 0.0
    assert single_best_heldout(np.zeros((1, 2), bool), 5, 0) is None
    # One model that is always right, one that never is; and two that are equal and right on one of three.
    assert single_best_heldout(np.array([[0, 1]] * 5, bool), 5, 0) == 1.0
    equal = single_best_heldout(np.array([[0, 0], [1, 1], [1, 1]], bool), 200, 0)
    # Halves are of one and two queries; each of three is right in turn: (2/3 · 1/2 + 1/3 · 0 + ...) / 2 = 1/3.
    assert equal == pytest.approx(1 / 3, abs=0.06)


def test_shares_of_runs() -> None:
    """Fewest runs that give all shares, if one has them as its denominator; none beyond 20."""
    assert _denominator(np.array([0.5, 1.0, 0.0])) == 2
    assert _denominator(np.array([0.25, 0.5])) == 4
    assert _denominator(np.array([1 / 3, 0.5])) is None  # six runs, and no share of sixths in lowest terms
    assert _denominator(np.array([1 / 6, 0.5])) == 6
    assert _denominator(np.array([0.0, 1.0])) is None
    assert _denominator(np.array([1 / 20, 0.5])) == 20
    assert _denominator(np.array([1 / 21])) is None
    assert _denominator(np.array([0.333, 0.667])) == 3
    half = outcomes_from(np.array([[0, 1], [1, 0]], bool), per_cell={"frac": np.array([[0.5, 0.25], [0.25, 0.75]])})
    found = find_runs(half)
    assert isinstance(found, Runs) and found.inferred
    assert (found.runs.tolist(), found.right.tolist()) == ([[4, 4], [4, 4]], [[2, 1], [1, 3]])
    assert str(find_runs(replace(half, wrong=~half.wrong))).startswith("the shares are not of right runs")
    once = replace(half, per_cell={"frac": np.array([[0.5, 0.0], [0.25, 1.0]])})
    assert find_runs(once) == "1 model(s) with repeated runs, at least 2 needed"
    unknown = replace(half, per_cell={"frac": np.array([[0.5, np.nan], [0.25, 0.75]])})
    assert find_runs(unknown) == "some cells have no share of right runs"


def test_most_luck_without_resampling() -> None:
    """Of 50 queries two have a cell whose runs differ: an upper limit at 2.5% over a lower limit of the gain."""
    share = np.repeat([[1.0, 0.0], [0.0, 1.0]], 25, axis=0)
    share[0, 1] = share[30, 0] = 0.5
    oracle = 1 - np.prod(1 - share, axis=1)
    differ = float(beta.ppf(0.975, 3, 48))
    assert binom.cdf(2, 50, differ) == pytest.approx(0.025)
    found = _most_luck(oracle, share)
    assert found == pytest.approx(differ / least_mean_limits(oracle[:, None] - share, 0.05).lower)
    assert 0.3 < found < 1 and _most_luck(np.ones(4), np.ones((4, 2))) == 1.0


def test_ratios_that_hit() -> None:
    large, small = hits(2.0, np.array([1.0, 2.0, 2.0 * (1 - 1e-13), 3.0, np.nan]))
    assert large.tolist() == [False, True, True, True, True] and small.tolist() == [True, True, True, False, True]


def test_places_among_simulated_ratios() -> None:
    """Of 1 to 39: p of 38 is 3/40, of which 2 are larger and 1 equal; the 5% test rejects above the 38th."""
    ratios = np.arange(1.0, 40.0)
    found = place(38.0, ratios)
    assert found is not None
    assert found[:3] == (pytest.approx(3 / 40), pytest.approx(39 / 40), 20.0)
    assert (found.lower, found.upper, found.critical, found.n_replicates) == (
        pytest.approx(2.9),
        pytest.approx(37.1),
        38,
        39,
    )
    assert place(1.0, np.full(3, np.nan)) is None
    # Fewer than 19 never reject; the sequential p-value counts the draws up to the second hit of 39.
    few = place(38.0, ratios[:18])
    assert few is not None and few.critical == np.inf
    turned = place(38.0, ratios[::-1], 39)
    assert turned is not None and turned.p_value == pytest.approx(2 / 2)
    assert power(found, np.array([37.0, 38.0, 38.5, 60.0])) == 0.5
    assert sequential.LEVEL == 0.05


def test_how_many_matrices_are_simulated() -> None:
    size = lambda n, m: SimpleNamespace(n_queries=n, n_models=m)  # noqa: E731
    asked: list[tuple[int, int, int, int]] = [
        (1000, 100, 500, 500),  # 10⁷ a matrix: 20,000 are affordable
        (1000, 1000, 500, 200),
        (1000, 1000, 100, 100),
        (10_000, 1000, 500, 39),
        (10_000, 1000, 20, 20),
    ]
    for n, m, wanted, made in asked:
        assert affordable(size(n, m), wanted) == made  # type: ignore[arg-type]


def calibrated(**laws: np.ndarray) -> Replicates:
    """Simulated matrices, each with β = 11%, whose ratios under some laws are these."""
    logs = {f"log_{law}": np.log(0.11) - np.log(ratios) for law, ratios in laws.items() if law != "one_factor"}
    first = laws["one_factor"]
    n = len(first)
    fit = point(n)._replace(log_one_factor=np.log(0.11) - np.log(first))
    return Replicates(np.full(n, 0.11), np.full(n, 0.7), fit, logs)


def test_powers_and_tests_of_a_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every law is tested under one factor, and under its own null; all own tests reject in two of four matrices."""
    sigma = {name: Prediction(np.log([0.08]), np.array([0.01]), ()) for name in ("one_factor_loadings", "full_sigma")}
    fit = fitted(matrix_laws=sigma)
    ratios = np.arange(1.0, 40.0) / 10
    own = {
        name: calibrated(one_factor=ratios, **{name: ratios * k})
        for k, name in ((2, "one_factor_loadings"), (3, "full_sigma"))
    }
    first = calibrated(one_factor=ratios, one_factor_loadings=ratios, full_sigma=ratios)
    laws = {"one_factor": first, **own}
    mode = calibrated(
        one_factor=np.array([3.9, 3.9, 3.9, 1.0]),
        one_factor_loadings=np.array([7.7, 7.7, 7.5, 7.7]),
        full_sigma=np.array([11.5, 11.5, 11.5, 11.3]),
    )
    made = Calibration(fit, 39, 0.03, 0)._calibrated(laws, mode, True)
    assert {key for key in made.tests if key[0] == "full_sigma"} == {("full_sigma", "full_sigma")}
    assert {law for name, law in made.tests if name == "one_factor"} == {
        *("independent", "one_factor", "one_factor_pearson", "clayton", "one_factor_loadings", "full_sigma")
    }
    # 3.8 is critical under one factor, 7.6 and 11.4 under the others.
    assert made.power is not None and made.power["one_factor"] == 0.75 and made.power["full_sigma"] == 1.0
    assert (made.joint_power, made.n_power, made.interrupted, made.n_affordable) == (0.5, 4, False, 39)
    assert made.tests["one_factor", "one_factor"].p_value == pytest.approx((1 + 20) / 40)  # 2.0 to 3.9 are as large
    without = Calibration(fit, 39, 0.03, 0)._calibrated(laws, None, False)
    assert (without.power, without.joint_power, without.n_power, without.interrupted) == (None, None, 0, True)
    some = Calibration(fit, 39, 0.03, 0)._calibrated({"one_factor": first}, mode, True)
    assert some.joint_power is None and some.power is not None
    monkeypatch.setattr(calibration, "affordable", lambda *_: 200)
    # Ten hits of 200 are needed; of 39 draws the first twenty are hits: p = 10/10 if it ended there.
    turned = {"one_factor": calibrated(one_factor=ratios[::-1], one_factor_loadings=ratios, full_sigma=ratios)}
    for finished, p in ((True, 1.0), (False, 21 / 40)):
        made = Calibration(fit, 200, 0.03, 0)._calibrated(turned, None, finished)
        assert made.tests["one_factor", "one_factor"].p_value == pytest.approx(p)


@pytest.mark.parametrize("finished", [True, False])
def test_a_tail_is_judged_only_after_every_null_matrix(finished: bool) -> None:
    """The scan is attached in any case, the null as far as it was simulated."""
    seen: list[Any] = []
    compositions = SimpleNamespace(
        sizes=[2, 3],
        count=lambda first, wrong, joint: {"observed": (first, wrong.shape, joint.shape)},
        ratios=lambda counts: (sorted(counts), "ratio"),
    )
    fit, tail, power = fitted(), object(), replicates()
    varying = np.arange(fit.outcomes.n_models)
    made: Any = SimpleNamespace(
        fit=fit,
        _varying=varying,
        _compositions=compositions,
        _calibrated=lambda laws, mode, ended: (seen.append((sorted(laws), mode, ended)), "null")[1],
    )
    drawn = {"null_one_factor": replicates(), "null_full_sigma": replicates(), "power": power}
    found = Calibration.attach(made, drawn, tail, finished=finished)  # type: ignore[arg-type]
    assert seen == [(["full_sigma", "one_factor"], power, finished)] and found.null == "null"
    assert found.tail is (tail if finished else None) and found.scan is not None
    assert found.scan.all_wrong == ["observed"] and found.scan.null_ratio == "ratio"
    none = Calibration.attach(made, {}, tail, finished=finished)  # type: ignore[arg-type]
    assert (none.null, none.tail) == (None, None) and none.scan is not None and none.scan.null_ratio is None
    made._varying = varying[:2]
    assert Calibration.attach(made, drawn, tail, finished=finished) is fit  # type: ignore[arg-type]


def test_summaries_of_a_calibration() -> None:
    several = null(laws={"one_factor": replicates(), "full_sigma": replicates().take(np.arange(2))}, n_affordable=4)
    assert (several.n_simulated, several.simulated, several.ended_early) == (2, "2 to 4", True)
    assert not null(n_affordable=4).ended_early and null(n_affordable=5).ended_early
    assert not null(n_affordable=5, interrupted=True).ended_early
    assert list(several.own_tests(("one_factor", "full_sigma"))) == ["one_factor"]


def test_a_conclusion_needs_three_models_and_one_factor() -> None:
    two = replace(pool(), wrong=np.column_stack([pool().wrong[:, :2], np.ones(100, bool)]))
    assert conclude(fitted(two)).reason == "few_models"
    for mean, reason in ((-0.1, "no_one_factor"), (1.0, "no_one_factor"), (0.0, "not_tested"), (0.999, "not_tested")):
        assert conclude(fitted(point=point(tetrachoric=mean))).reason == reason
    assert conclude(fitted(point=point(log_one_factor=np.nan))).reason == "no_one_factor"
    assert conclude(fitted(interrupted=True)) == Conclusion("cannot_tell", "interrupted")


def test_no_query_defeats_everyone() -> None:
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


def test_p_values_of_histograms() -> None:
    assert tail_test._p_value(np.array([1.0, 2.0, 3.0]), 2.0) == 0.75
    assert tail_test._p_value(np.array([1.0, 2.0 - 1e-12, 3.0]), 2.0) == 0.75
    assert tail_test._p_value(np.array([1.0, 1.5]), 2.0) == pytest.approx(1 / 3)
    found = TailTest({"gaussian": 0.05, "student": 0.051, "skew": 0.01}, 2.0, 0.03, 0.6, "skew", 0.8, "skew", "student")
    assert found.explaining(0.05) == ("student",) and found.p_value == 0.051


def test_every_purpose_has_histograms_of_its_own() -> None:
    probs = np.array([0.25, 0.5, 0.25])
    keys = [(0, "gaussian"), (1, "gaussian"), (0, "student")]
    drawn = [
        Draws(200, seed)(probs, 3, purpose, key).tobytes() for seed in (0, 1) for purpose in range(4) for key in keys
    ]
    assert len(set(drawn)) == len(drawn)
    assert Draws(200, 0)(2 * probs, 3, 0).sum(axis=1).tolist() == [200.0] * 3


def test_batches_are_dealt_kept_and_missed() -> None:
    numbers = np.arange(10.0)

    def batch(start: int) -> Replicates:
        some = numbers[start : start + 3]
        fit = point(len(some))._replace(pearson=some)
        return Replicates(some, -some, fit, {"two": np.column_stack([some, some])})

    stages = {"x": Stage(10, 3, batch), "y": Stage(4, 3, batch)}
    dealt = [shards.assign_batches(stages, shard, 2) for shard in (0, 1)]
    assert dealt == [{"x": [0, 6], "y": [0]}, {"x": [3, 9], "y": [3]}]
    table = shards.to_table({start: batch(start) for start in (3, 9)})
    assert table["replicate"].to_pylist() == [3, 4, 5, 9] and table["single_best"].to_pylist() == [-3, -4, -5, -9]
    assert shards.missing_batches(stages["x"], table) == [0, 6] and shards.missing_batches(stages["x"], None) == [
        0,
        3,
        6,
        9,
    ]
    assert shards.missing_batches(stages["x"], table.slice(1)) == [0, 3, 6]
    refuse = Stage(10, 3, lambda start: pytest.fail(f"computed {start}"))  # type: ignore[arg-type,return-value]
    kept = shards.reuse_batches(refuse, table).batch(3)
    assert kept.all_wrong.tolist() == [3, 4, 5] and kept.more["two"].tolist() == [[3, 3], [4, 4], [5, 5]]
    assert kept.fit.pearson.tolist() == [3, 4, 5]
    assert shards.reuse_batches(stages["x"], table).batch(6).all_wrong.tolist() == [6, 7, 8]


def test_the_bootstrap_is_attached_in_order_and_the_jackknife_only_whole() -> None:
    first, second, jack = (replicates()._replace(all_wrong=np.full(4, share)) for share in (0.1, 0.2, 0.3))
    drawn = {"bootstrap": second, "bootstrap_laws": first, "jackknife": jack}
    whole = Bootstrap(fitted(), 8, 0).attach(drawn, finished=True)
    assert whole.replicates is not None and whole.replicates.all_wrong.tolist() == [0.1] * 4 + [0.2] * 4
    assert whole.jackknife is jack and whole.n_asked == 8
    cut = Bootstrap(fitted(), 8, 0).attach({"bootstrap": second}, finished=False)
    assert cut.replicates is not None and len(cut.replicates.all_wrong) == 4
    assert Bootstrap(fitted(), 8, 0).attach(drawn, finished=False).jackknife is None
    assert Bootstrap(fitted(), 0, 0).attach({}, finished=True).replicates is None


def law(name: str, heldout: float | None, **more: Any) -> LawFit:
    return LawFit(name, law=SimpleNamespace(), heldout=heldout, **more)  # type: ignore[arg-type]


def compared(*fits: LawFit, k: int = 11) -> LawComparison:
    return LawComparison(fits, 0.11, k, 100, 3, 0, 3, 2, None)


def test_laws_are_judged_by_paired_differences() -> None:
    logs = {"one_factor": np.array([-1.0, -2.0, -3.0]), "clayton": np.array([-1.5, -2.0, -4.0]), "block": None}
    fits = [(LawFit(name), None if logs[name] is not None else "too large") for name in logs]
    first, second, third = _judged(fits, logs)
    assert (first.heldout, first.difference, first.difference_error) == (-2.0, 0.0, 0.0)
    assert first.heldout_error == pytest.approx(1 / np.sqrt(3))
    # Differences of -.5, 0 and -1: mean -.5 and standard error .5/√3.
    assert (second.heldout, second.difference) == (-2.5, -0.5)
    assert second.difference_error == pytest.approx(0.5 / np.sqrt(3))
    assert (third.heldout, third.heldout_absent) == (None, "too large")
    assert second.close and not replace(second, difference=-0.58).close and replace(second, difference=-0.57).close
    assert not third.close


def test_whether_an_atom_is_needed() -> None:
    base = law("one_factor", -1.3, difference=-0.01, difference_error=0.001)
    near = replace(base, difference_error=0.005)
    atom = law("atom_one_factor", -1.29)
    assert compared(base, atom).atom_need == "needed" and compared(near, atom).atom_need == "as_good_without"
    assert compared(base, replace(atom, heldout=-1.3)).atom_need == "not_better"
    assert compared(base, atom, k=0).atom_need == "no_tail"
    assert (
        compared(base).atom_need == "not_judged"
        and compared(base, replace(atom, heldout=None)).atom_need == "not_judged"
    )
    both = compared(base, atom, law("atom_clayton", -1.28), law("clayton", -1.27))
    assert (both.atom or base).name == "atom_clayton" and (both.base or atom).name == "clayton"
    assert (both.best or atom).name == "clayton" and both["one_factor"] is base
    unjudged = [
        law(name, None, log_likelihood=value) for name, value in (("atom_clayton", -9.0), ("atom_one_factor", -8.0))
    ]
    assert (compared(*unjudged).atom or base).name == "atom_one_factor" and compared(*unjudged).best is None


def test_why_there_is_no_ratio() -> None:
    assert why_no_ratio(pool(ELEVEN)) is None
    assert str(why_no_ratio(pool(NOBODY))).startswith("no query defeats every model (K = 0)")
    assert why_no_ratio(pool({"a": 20, "ab": 80})) == "a is never wrong, so no query can defeat the pool"


def test_draws_of_a_null_have_keys_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn depends on seed, purpose and batch."""
    seen: list[bytes] = []
    taken: Any = SimpleNamespace(
        sample=lambda key, n, chunk: seen.append(np.asarray(key_data(key)).tobytes()) or np.zeros((n, 2))
    )

    for stream, index in (((0, 5), 0), ((0, 5), 1), ((0, 6), 0), ((1, 5), 0), ((0, 5), 0)):
        nulls._draw(taken, 3, stream, index)
    assert len(set(seen)) == 4 and seen[0] == seen[-1]
