"""Numbers of a fit by hand: ratios, their limits, parts of the pool and counts; nothing is fitted."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cofail_lab.fitting.estimators.stack import Prediction
from cofail_lab.fitting.readings.parts import Part, PartFit
from tests.report.by_hand import NOBODY, fitted, point, pool, replicates


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
    limits = 1.125 + 0.05 * 0.125, 1.25 - 0.05 * 0.125
    assert fit.ratio_interval("full_sigma") == pytest.approx(limits)
    # A later replicate that misses the all-wrong queries has the ratio 0, which is not one of these laws'.
    missed = replace(fit, replicates=drawn._replace(all_wrong=np.array([0.09, 0.1, 0.0, 0.0])))
    assert missed.ratio_interval("full_sigma") == pytest.approx(limits)
    assert fit.ratio_interval("one_factor") == pytest.approx(
        tuple(np.quantile(drawn.ratios("one_factor"), [0.05, 0.95]))
    )


def test_slopes_have_limits_of_95_percent_whatever_the_level_of_the_ratios() -> None:
    """With few errors the nominal level is .98; with 100 of 200 wrong, n α(1-α) is 50 and the level .95."""
    values = np.arange(101.0)
    for wrong, level in ((pool().wrong, 0.98), (np.arange(200)[:, None] % 2 < np.ones(3), 0.95)):
        fit = fitted(replace(pool(), wrong=wrong), level=0.5)
        assert fit.interval(values) == pytest.approx((50 * (1 - level), 50 * (1 + level)))
    assert fitted().interval(None) is None


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
