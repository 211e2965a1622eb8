"""Whole results of fits with chosen numbers, so that nothing is fitted: kept as those of other experiments are."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.fit_result import fit_result
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.parts import Part, PartFit
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.report.fit import metrics
from tests.experiments.whole import check
from tests.report.by_hand import CERTIFICATE, SCAN, TAIL, fitted, null, pool
from tests.report.fit.test_reading import LUCK

REGIMES = tuple(
    PoolRegime(name, 3, 100, k, 0, errors)
    for name, k, errors in (("bound", 40, 41), ("open", 0, 30), ("p", 11, 24), ("q", 12, 25))
)
PART = PartFit(Part("strong", "the best half", np.array([0, 1])), 14, 0.76, 0.43, np.log(0.07))
RATES = {
    name: value._replace(error=value.value / 50) for name, value in vars(LUCK).items() if isinstance(value, Interval)
}
EVERYTHING: Mapping[str, Any] = {
    "regimes": REGIMES,
    "parts": (PART,),
    "slopes": {"pearson": np.array([0.1, 0.5, 0.25])},
    "luck": replace(LUCK, **RATES),
    "null": null(),
    "scan": SCAN,
    "tail": TAIL,
    "interrupted": True,
}
FITS: dict[str, tuple[Callable[[], MatrixFit], Fit]] = {
    "fit": (fitted, Fit()),
    "fit_everything": (lambda: fitted(**EVERYTHING), Fit(choices=4, null=19)),
    "fit_guessed": (lambda: fitted(pool({"none": 90, "a": 5, "abc": 5})), Fit(choices=2)),
    "fit_no_tail": (lambda: fitted(pool({"a": 20, "b": 7, "abc": 73})), Fit(overhead=0.3)),
    "fit_elsewhere": (fitted, Fit(correlation=0.3)),
}


@pytest.mark.parametrize("name", FITS)
def test_a_whole_fit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MatrixFit, "count_probs", lambda _: {})  # these need JAX
    monkeypatch.setattr(metrics.one_factor, "log_all_wrong", lambda *_: np.log([0.055]))
    made, settings = FITS[name]
    check(name, fit_result(made(), CERTIFICATE, settings, "signal 15" if name == "fit_everything" else None))
