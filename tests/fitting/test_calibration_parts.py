"""What a calibration simulates, tests and reads: laws, streams, pairs, ratios and shares; nothing is fitted."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting import calibration
from cofail_lab.fitting.calibration import Calibration, null_laws
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.replicates.intervals import bca_interval, percentile_interval
from cofail_lab.numerics.streams import NULL, NULL_FULL_SIGMA, NULL_LOADINGS, POWER
from tests.report.by_hand import NOBODY, fitted, point, pool

NULLS = {"one_factor": "law 1", "one_factor_loadings": "law 2", "full_sigma": "law 3"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What is simulated: law, number of queries and matrices, stream, and what else is predicted."""
    seen: list[tuple] = []

    def simulate(law: Any, n: int, pairs: Any, number: int, stream: Any, more: Any) -> str:
        seen.append((law, n, len(pairs.left), number, stream, more))
        return f"stage of {law}"

    monkeypatch.setattr(calibration, "simulate", simulate)
    monkeypatch.setattr(calibration, "null_laws", lambda _: NULLS)
    monkeypatch.setattr(calibration, "replicated_laws", lambda _: ("block", "full_sigma"))
    monkeypatch.setattr(calibration, "_with_scan", lambda more, _: ("scan", more))
    monkeypatch.setattr(Calibration, "_predictions", lambda _, laws: laws)
    monkeypatch.setattr(calibration.one_factor, "null_law", lambda observed: observed.mean)
    monkeypatch.setattr(calibration, "with_atom", lambda law, atom: f"{law} and an atom of {atom}")
    return seen


def test_what_is_simulated(asked: list[tuple]) -> None:
    """The first null law has all predictions and the scan, the others their own; the power those of the others."""
    stages = Calibration(fitted(), 30, 0.03, 5).stages()
    assert stages == {
        "null_one_factor": "stage of law 1",
        "null_one_factor_loadings": "stage of law 2",
        "null_full_sigma": "stage of law 3",
        "power": "stage of 0.41 and an atom of 0.03",
    }
    assert asked == [
        ("law 1", 100, 3, 30, (5, NULL), ("scan", ("block", "full_sigma"))),
        ("law 2", 100, 3, 30, (5, NULL_LOADINGS), ("one_factor_loadings",)),
        ("law 3", 100, 3, 30, (5, NULL_FULL_SIGMA), ("full_sigma",)),
        ("0.41 and an atom of 0.03", 100, 3, 30, (5, POWER), ("one_factor_loadings", "full_sigma")),
    ]


def test_what_is_not_simulated(asked: list[tuple], monkeypatch: pytest.MonkeyPatch) -> None:
    assert Calibration(fitted(), 0, 0.03, 5).stages() == {}
    two = replace(pool(), wrong=np.column_stack([pool().wrong[:, :2], np.ones(100, bool)]))
    assert Calibration(fitted(two), 30, 0.03, 5).stages() == {} and not asked
    assert "power" not in Calibration(fitted(pool(NOBODY)), 30, 0.03, 5).stages()
    monkeypatch.setattr(calibration, "with_atom", lambda *_: None)
    assert "power" not in Calibration(fitted(), 30, 0.03, 5).stages()
    monkeypatch.setattr(calibration, "null_laws", lambda _: {})
    assert Calibration(fitted(), 30, 0.03, 5).stages() == {}


def test_null_laws_are_those_that_replicates_are_refitted_to(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {name: SimpleNamespace(law=lambda observed, name=name: (name, observed.mean)) for name in NULLS}
    monkeypatch.setattr(calibration, "NULL_LAWS", made)
    monkeypatch.setattr(calibration, "replicated_laws", lambda _: ("full_sigma", "block"))
    assert null_laws(fitted()) == {"one_factor": ("one_factor", 0.41), "full_sigma": ("full_sigma", 0.41)}
    for mean, exists in ((-1e-9, False), (0.0, True), (0.999, True), (1.0, False)):
        assert bool(null_laws(fitted(point=point(tetrachoric=mean)))) is exists
    one = replace(pool(), wrong=np.column_stack([pool().wrong[:, 0], np.ones(100, bool), np.zeros(100, bool)]))
    assert null_laws(fitted(one)) == {}


def test_ratios_of_very_large_pools_are_over_the_pairs_of_simulated_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three pairs; laws of the whole matrix keep their ratios, and one without a prediction has none."""
    seen: list[Any] = []
    monkeypatch.setattr(calibration, "_MAX_PAIRS", 2)
    monkeypatch.setattr(calibration, "_SOME_PAIRS", 2)
    fit = fitted()

    def fit_counts(counts: np.ndarray, joint: np.ndarray, n: int, pairs: Pairs) -> Any:
        seen.append((counts.tolist(), joint.tolist(), n, len(pairs.left)))
        return point(log_one_factor=np.log(0.022), log_clayton=np.nan), None

    monkeypatch.setattr(calibration, "fit_counts", fit_counts)
    made = Calibration(fit, 30, 0.03, 5)
    pairs = made._pairs
    assert len(pairs.left) == 2 and (np.diff(pairs.left * 3 + pairs.right) > 0).all() and pairs.same_family is None
    ratios = made._observed_ratios
    joint = fit.outcomes.joint_wrong_counts[pairs.left, pairs.right].tolist()
    assert seen == [([[24, 39, 48]], [joint], 100, 2)]
    assert ratios["one_factor"] == pytest.approx(5.0) and ratios["independent"] == pytest.approx(0.11 / 0.044)
    assert "clayton" not in ratios
    chosen = {
        tuple(Calibration(fit, 30, 0.03, seed)._pairs.left + 10 * Calibration(fit, 30, 0.03, seed)._pairs.right)
        for seed in range(12)
    }
    assert len(chosen) == 3
    monkeypatch.setattr(calibration, "_MAX_PAIRS", 3)
    seen.clear()
    assert Calibration(fit, 30, 0.03, 5)._observed_ratios["one_factor"] == pytest.approx(2.0) and not seen


def test_families_of_some_pairs_are_those_of_their_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "_MAX_PAIRS", 2)
    monkeypatch.setattr(calibration, "_SOME_PAIRS", 2)
    outcomes = replace(pool(), per_model={"family": np.array(["x", "y", "x"], object)})
    for seed in range(4):
        pairs = Calibration(fitted(outcomes), 30, 0.03, seed)._pairs
        assert pairs.same_family is not None
        assert pairs.same_family.tolist() == [(i, j) == (0, 2) for i, j in zip(pairs.left, pairs.right, strict=True)]


def test_the_tail_is_tested_on_the_varying_models(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(calibration, "test_tail", lambda *given, **more: seen.append((given, more)) or "test")
    monkeypatch.setattr(calibration.loadings, "fit", lambda matrix: ("loadings of", matrix.shape))
    constant = replace(pool(), wrong=np.column_stack([pool().wrong[:, :2], np.ones(100, bool)]))
    assert Calibration(fitted(constant), 30, 0.02, 5, 77).tail_test() == "test"
    (rates, loadings, histogram), more = seen[0]
    assert rates.tolist() == [0.24, 0.39] and loadings == ("loadings of", (2, 2))
    # Both of a and b are wrong on 11 + 2 queries, one on 20 + 7 + 6 + 4, none on 10 + 40.
    assert histogram.tolist() == [50, 37, 13] and more == {"atom": 0.02, "seed": 5, "n_simulated": 77}
    monkeypatch.setattr(calibration, "MAX_MODELS", 2)
    assert Calibration(fitted(constant), 30, 0.02, 5).tail_test() == "test"
    monkeypatch.setattr(calibration, "MAX_MODELS", 1)
    assert Calibration(fitted(constant), 30, 0.02, 5).tail_test() is None


def test_the_scan_is_counted_beside_predictions_and_taken_out_again() -> None:
    compositions: Any = SimpleNamespace(count=lambda first, wrong, joint: {"scan_x": (first, wrong, joint)})
    both = calibration._with_scan(lambda batch: {"log_block": batch.first}, compositions)
    batch: Any = SimpleNamespace(first=7, simulated=("wrong", "joint"))
    assert both(batch) == {"log_block": 7, "scan_x": (7, "wrong", "joint")}
    kept = calibration._without_scan(SimpleNamespace(more={"log_block": 1, "scan_x": 2}, _replace=lambda more: more))  # type: ignore[arg-type]
    assert kept == {"log_block": 1}


def test_intervals_need_half_of_the_replicates_and_all_of_the_jackknife() -> None:
    left_out = np.array([0.9, 1.1, 0.9, 1.1])
    half, less = np.array([0.0, 2.0, np.nan, np.nan]), np.array([0.0, 2.0, np.nan, np.nan, np.nan])
    assert percentile_interval(half, 0.5) == (0.5, 1.5) and percentile_interval(less, 0.5) is None
    assert bca_interval(1.0, half, left_out, 0.5) == pytest.approx((0.5, 1.5))
    assert bca_interval(1.0, less, left_out, 0.5) is None
    for bad in (np.nan, np.inf):
        assert bca_interval(1.0, half, np.array([0.9, 1.1, bad]), 0.5) is None
    # All on one side of the estimate, or all equal: no spread is shown.
    assert bca_interval(3.0, half, left_out, 0.5) is None and percentile_interval(np.ones(5), 0.9) is None
    assert percentile_interval(np.array([1.0]), 0.9) is None
