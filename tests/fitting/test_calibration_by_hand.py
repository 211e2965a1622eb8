"""Null calibrations by hand: how many matrices, which tests and powers, and when a tail is judged."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting import calibration
from cofail_lab.fitting.calibration import Calibration, affordable
from cofail_lab.fitting.estimators.stack import Prediction
from cofail_lab.fitting.replicates.stages import Replicates
from tests.report.by_hand import fitted, null, point, replicates


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
