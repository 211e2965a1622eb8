"""How long the steps of a fit take, by hand."""

import pyarrow as pa
import pytest

from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.fit_steps import seconds_of_steps
from cofail_lab.fitting.comparison.laws import NULL_LAWS
from tests.experiments.parts import outcomes_by_hand


def test_seconds_of_steps_by_hand() -> None:
    """100 queries, 20 models: 0.0025 + 1e-7·400 + 100·400/1e10 = 0.002544 s a replicate; 0.007 + 2e-8·8000 s more."""
    outcomes = outcomes_by_hand(100, 20)
    one, whole = 0.002544, 0.00716
    found = seconds_of_steps(Fit(bootstrap=1000, null=100, folds=0), outcomes, ["independent"], {})
    assert found == pytest.approx(
        {
            "point fit": 2.0,
            "bootstrap": 1 + 1000 * one + 1000 * whole,  # at most 2 x 500 of the replicates have the whole matrix
            "null matrices": 1 + 100 * len(NULL_LAWS) * (one + 0.004),
            "test of the tail": 3.0,
        }
    )
    more = seconds_of_steps(Fit(bootstrap=1500, null=0, folds=2), outcomes, ["independent", "clayton"], {})
    assert more["bootstrap"] == pytest.approx(1 + 1500 * one + 1000 * whole)
    assert more["laws, held out"] == pytest.approx(3 + 0.06 * 2 * 3)
    few = seconds_of_steps(Fit(bootstrap=50, null=0, folds=0), outcomes, ["independent"], {})
    assert few == pytest.approx({"point fit": 2.0, "bootstrap": 1 + 50 * (one + whole)})
    held = {"bootstrap": pa.table({"all_wrong": [0.1] * 20}), "heldout_x": pa.table({"log": [0.1] * 900})}
    kept = seconds_of_steps(Fit(bootstrap=50, null=0, folds=0), outcomes, ["independent"], held)
    assert kept["bootstrap"] == pytest.approx(0.6 * few["bootstrap"])
    all_held = {"bootstrap": pa.table({"all_wrong": [0.1] * 70})}
    assert seconds_of_steps(Fit(bootstrap=50, null=0, folds=0), outcomes, ["independent"], all_held) == {
        "point fit": 2.0
    }
    none = seconds_of_steps(Fit(bootstrap=0, null=0, folds=2), outcomes, ["independent"], {})
    assert sorted(none) == ["laws, held out", "point fit"]
