"""Metrics, estimates, tables and figures of a fit hold the numbers that they are named after."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.report.fit import metrics, names
from cofail_lab.report.fit.figures import figures
from cofail_lab.report.fit.tables import _bootstrap, tables
from tests.report.by_hand import CERTIFICATE, TAIL, fitted, null, point, pool, replicates


def test_metrics_have_their_own_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    fit = fitted(null=null(), tail=TAIL, replicates=replicates())
    fit = replace(fit, outcomes=replace(fit.outcomes, per_model={"family": np.array(["x", "x", "y"], object)}))
    found = metrics.metrics(replace(fit, replicates=None), CERTIFICATE)
    assert found["max_gain"] == CERTIFICATE.max_gain and found["paired_max_gain"] == CERTIFICATE.paired_max_gain
    assert (found["foreclosed_lower"], found["foreclosed_upper"]) == fit.whole.foreclosed_interval
    assert (found["tail_power"], found["tail_power_ceiling"], found["tail_power_atom"]) == (0.62, 0.13, 0.03)
    assert found["pearson_gap"] == pytest.approx(0.2)
    assert (found["null_power"], found["null_power_all"]) == (0.62, 0.37)
    assert (found["null_p_value"], found["null_ratio_one_factor"]) == (0.071, 1.2)
    assert (found["null_ratio_one_factor_lower"], found["null_ratio_one_factor_upper"]) == (0.83, 2.6)
    assert (found["oracle"], found["oracle_gain"], found["foreclosed_share"]) == pytest.approx((0.89, 0.13, 11 / 24))
    made = metrics.estimates(fit)
    # Standard deviations of four replicates: .09 .10 .12 .13, and .70 .74 .78 .82.
    assert made["all_wrong"].error == pytest.approx(np.sqrt(0.001 / 3))
    assert made["single_best"].error == pytest.approx(np.sqrt(0.008 / 3))
    assert made["predicted_one_factor"].error == pytest.approx(0.055 * 0.02)
    monkeypatch.setattr(metrics.one_factor, "log_all_wrong", lambda *_: np.log([0.055]))
    there = metrics.elsewhere_metrics(pool(), 0.3)
    assert there == pytest.approx(
        {"correlation_elsewhere": 0.3, "predicted_one_factor_elsewhere": 0.055, "ratio_one_factor_elsewhere": 2}
    )


def test_tables_have_their_own_columns() -> None:
    regime = PoolRegime("p", 3, 100, 11, 0, 24)
    made = {
        name: table.to_pydict()
        for name, table in tables(fitted(regimes=(regime,), null=null()), CERTIFICATE, {}).items()
    }
    assert made["models"]["n_wrong"] == [24, 39, 48] and made["models"]["n_resolvable"] == [13, 28, 37]
    assert made["models"]["resolvable_upper"][0] == pytest.approx(CERTIFICATE.paired_max_gain)
    assert sum(made["queries"]["all_wrong"]) == 11
    assert made["wrong_counts"]["observed"] == [40, 20, 29, 11]
    ends = made["regimes"]["foreclosed_lower"][0], made["regimes"]["foreclosed_upper"][0]
    assert ends == regime.foreclosed_interval
    assert (made["regimes"]["all_wrong_lower"][0], made["regimes"]["all_wrong_upper"][0]) == regime.all_wrong_interval
    (test,) = ({name: column[0] for name, column in made["null_tests"].items()},)
    assert (test["lower"], test["expected"], test["upper"], test["critical"]) == (0.83, 1.2, 2.6, 2.45)
    assert (test["p_value"], test["power"]) == (0.071, 0.62) and test["ratio"] == pytest.approx(2)


def test_figures_are_given_the_numbers_of_the_fit() -> None:
    made = figures(fitted(regimes=(PoolRegime("p", 3, 50, 11, 0, 24),)), {})
    whole = made["regime_map"]().axes[0]
    assert [tick.get_text() for tick in whole.get_yticklabels()] == ["all queries", "p"]
    cells = [text.get_text() for text in whole.texts]
    assert cells == ["queries", "100", "50", "best wrong", "24.0%", "48.0%", "all wrong", "11.0%", "22.0%"]
    (lines,) = (c for c in made["pool_accuracies"]().axes[0].collections if type(c).__name__ == "LineCollection")
    for (low, _), (high, _) in list(lines.get_segments())[-1:]:  # type: ignore[attr-defined]
        assert low < 0.76 < high


def test_digits_are_those_a_reader_needs() -> None:
    # 11 / 5.5 is 2.00; against 3.33% a reader of 3.3% would get 3.33 for 3.30.
    assert names.rate_digits(fitted(), ["one_factor"]) == 1
    assert names.rate_digits(fitted(point=point(log_one_factor=np.log(0.0333))), ["one_factor"]) == 2


def test_the_table_of_replicates_has_what_is_one_number_a_replicate() -> None:
    drawn = replicates(error_pearson=np.array([0.1, 0.2, np.nan, 0.4]), slopes_pearson=np.ones((4, 3)))
    columns = _bootstrap(drawn).to_pydict()
    assert columns["error_pearson"] == [0.1, 0.2, None, 0.4] and "slopes_pearson" not in columns
    assert columns["replicate"] == [0, 1, 2, 3] and columns["all_wrong"] == [0.09, 0.1, 0.12, 0.13]
    assert columns["oracle_gain"] == pytest.approx([0.21, 0.16, 0.1, 0.05])
    assert columns["single_best"] == [0.7, 0.74, 0.78, 0.82] and columns["clayton_theta"] == [0.7] * 4
