"""Limits of mean correlations: their scale, how few errors widen them, and where a tetrachoric mean has none."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.readings import correlations
from cofail_lab.fitting.readings.correlations import level_of, pearson_limits, tetrachoric_limits
from cofail_lab.fitting.resampling import Bootstrap
from tests.conftest import outcomes_from
from tests.report.by_hand import fitted, point, replicates


def test_few_errors_ask_for_more() -> None:
    """n α (1 - α) of 10 and 90 errors of 100 is 9; of 50 it is 25: just enough; a constant model does not count."""
    assert level_of(np.array([10, 90]), 100, 0.95) == 0.98
    assert level_of(np.array([50, 50, 0, 100]), 100, 0.95) == 0.95
    # Harmonic: two weak ones among six decide.
    assert level_of(np.array([6, 9, 90, 90, 120, 150]), 300, 0.95) == 0.98
    assert level_of(np.array([0, 100]), 100, 0.95) == 0.98


def test_a_tetrachoric_mean_that_resampling_moves_has_no_limits() -> None:
    drawn = np.linspace(0.1, 0.5, 101)
    limits = 0.11, 0.49
    assert tetrachoric_limits(0.3, drawn, 0.1, 0.95) == pytest.approx(limits)
    assert tetrachoric_limits(0.3, drawn, 0.11, 0.95) is None
    # The deviation of the replicates is .117.
    assert tetrachoric_limits(0.328, drawn, 0.0, 0.95) == pytest.approx(limits)
    assert tetrachoric_limits(0.331, drawn, 0.0, 0.95) is None
    assert tetrachoric_limits(np.nan, np.full(9, np.nan), 0.0, 0.95) is None


def test_limits_of_a_fit() -> None:
    """Against the definition: deviations on Fisher's scale by the errors of every replicate; without an error none."""
    rng = np.random.default_rng(0)
    wrong = rng.standard_normal((200, 1)) + rng.standard_normal((200, 4)) < -0.3
    outcomes = outcomes_from(wrong, per_model={"family": np.array(list("aabb"), dtype=object)})
    # Without the laws of the whole matrix, whose refits take time.
    bootstrap = Bootstrap(replace(fit_matrix(outcomes, level=0.9, seed=0), matrix_laws={}), 64, 0)
    drawn = {name: stage.replicates() for name, stage in bootstrap.stages().items()}
    fit = bootstrap.attach(drawn, finished=True)
    for name in ("pearson", "pearson_within", "pearson_across", "pearson_gap"):
        low, high = fit.correlation_interval(name) or (np.nan, np.nan)
        assert -1 < low < high < 1, name
    assert fit.replicates is not None
    value, means = float(fit.point.pearson[0]), fit.replicates.fit.pearson
    # 200 queries and four models: an error of the mean by the spread of its replicates, 64 of them (9% of it).
    error = fit._pearson_errors["pearson"][0]
    assert error == pytest.approx(means.std(), rel=0.35)
    deviations = (np.arctanh(means) - np.arctanh(value)) / (fit.replicates.more["error_pearson"] / (1 - means**2))
    low, high = np.sort(deviations)[[1, 62]]
    expected = np.tanh(np.arctanh(value) - error / (1 - value**2) * np.array([high, low]))
    assert fit.correlation_interval("pearson") == pytest.approx(tuple(expected))
    assert fit.shown_interval("one_factor") == fit.bca_interval("one_factor") != fit.ratio_interval("one_factor")
    assert replace(fit, conventions="published").shown_interval("one_factor") == fit.ratio_interval("one_factor")
    assert pearson_limits("pearson", fit.point, 0.0, fit.replicates, 0.95) is None


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
    # Where most replicates have no error, a limit is infinite: as a correlation it is 1, and a gap has no limits.
    endless = {f"error_{name}": np.array([0.1, 0.0, 0.0, 0.0]) for name in ("pearson", "pearson_gap")}
    low = point(4)._replace(pearson=np.array([0.3, 0.1, 0.1, 0.1]), pearson_within=np.array([0.3, 0.1, 0.1, 0.1]))
    without = replicates(**endless)._replace(fit=low)
    assert correlations.pearson_limits("pearson_gap", point(), 0.2, without, 0.5) is None
    ends = correlations.pearson_limits("pearson", point(pearson=0.5), 0.3, without, 0.5)
    assert ends == (1.0, 1.0)
