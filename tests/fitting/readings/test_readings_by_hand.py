"""Readings of a fit on both sides of their branches, by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs, PairValues
from cofail_lab.fitting.readings import luck, parts, pool_scan
from cofail_lab.fitting.readings.parts import resampled_parts
from cofail_lab.fitting.readings.pool_scan import COMPOSITIONS, Compositions
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.fitting.readings.slopes import pair_slopes, slopes


@pytest.mark.parametrize(
    ("n_all_wrong", "errors", "regime"),
    [
        (0, 100, "realizability-bound"),
        (0, 5, "undetermined"),  # so few errors limit nothing
        (1, 100, "undetermined"),  # 1% of the errors, below one half beyond doubt, and yet some query defeats everyone
        (90, 100, "ceiling-bound"),
        (50, 100, "undetermined"),
        (0, 0, "undetermined"),
    ],
)
def test_what_limits_a_pool(n_all_wrong: int, errors: int, regime: str) -> None:
    one = PoolRegime("x", 4, 400, n_all_wrong, 0, errors)
    assert one.regime == regime
    assert one.foreclosed_share == (n_all_wrong / errors if errors else None)


def test_pairs_at_a_boundary_and_without_a_value_have_no_part_in_slopes() -> None:
    """y = 0.2 + 3 (accuracy - 1/2) on every pair that counts; the pairs on either bound say something else."""
    pairs, rates = Pairs.of(4), np.array([[0.1, 0.3, 0.6, 0.8]])
    accuracy = 0.5 - (rates[0, pairs.left] + rates[0, pairs.right]) / 2
    y = (0.2 + 3 * accuracy)[None]
    tetrachoric = y.copy()
    tetrachoric[0, [2, 3]] = 1.0, -1.0
    boundary = np.zeros((1, 6))
    boundary[0, [2, 3]] = 1, -1
    pearson = 2 * y
    pearson[0, 4] = np.nan
    found = pair_slopes(rates, PairValues(pearson, tetrachoric, boundary), pairs)
    np.testing.assert_allclose(found["tetrachoric"][0, :2], [0.2, 3.0])
    np.testing.assert_allclose(found["pearson"][0, :2], [0.4, 6.0])
    assert np.isnan(slopes(np.full((1, 4), 0.5), y, pairs)).all()  # rates that do not differ have no slope


def test_a_part_that_no_query_defeats_has_ratio_zero_with_or_without_a_law(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = np.array([[1, 1, 0], [1, 0, 1], [0, 0, 1], [1, 0, 0]], dtype=bool)
    weights = np.array([[2, 1, 1, 0], [0, 2, 2, 0]])
    batch: Any = SimpleNamespace(
        resampled_weights=weights,
        error_counts=weights @ wrong,
        values=SimpleNamespace(tetrachoric=np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])),
    )
    seen: list[Any] = []

    def predict(rates: np.ndarray, values: np.ndarray) -> Any:
        seen.append((rates.tolist(), values.tolist()))
        return SimpleNamespace(log_predicted=np.array([np.log(0.25), np.nan]))

    monkeypatch.setattr(parts.subpools, "predict", predict)
    chosen: Any = (SimpleNamespace(members=np.array([0, 1])), SimpleNamespace(members=np.array([0, 2])))
    ratios = resampled_parts(wrong, chosen, batch)
    # All wrong: of the first pair 2 of 4 and none, of the second 1 of 4 and 2 of 4.
    np.testing.assert_allclose(ratios, [[2.0, 1.0], [0.0, np.nan]])
    assert seen == [
        ([[0.75, 0.5], [0.5, 0.0]], [[0.1], [0.4]]),
        ([[0.75, 0.5], [0.5, 1.0]], [[0.2], [0.5]]),
    ]


def test_ratios_of_a_scan_are_observed_over_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    scan = Compositions(4, 50, 0)
    scan.sizes = [2, 4]
    all_wrong = np.array([[0.2, 0.1], [np.nan, 0.05], [0.4, np.nan]])
    counts = {"scan_all_wrong": all_wrong}
    for size in (2, 4):
        counts[f"scan_errors_{size}"] = np.arange(3 * size).reshape(3, size) * 10
        counts[f"scan_joint_{size}"] = np.arange(3)[:, None] + size
    seen: list[Any] = []

    def predict(errors: np.ndarray, joint: np.ndarray, n: int) -> Any:
        seen.append((errors[:, 0].tolist(), joint[:, 0].tolist(), n))
        return SimpleNamespace(log_predicted=np.log([0.1, 0.2]))

    monkeypatch.setattr(pool_scan, "predict_from_counts", predict)
    observed, ratios = scan.ratios(counts)
    assert observed.shape == ratios.shape == (2, COMPOSITIONS)
    np.testing.assert_allclose(observed[:, :3], all_wrong.T)
    np.testing.assert_allclose(ratios[:, :3], [[2.0, np.nan, 2.0], [1.0, 0.25, np.nan]])
    assert np.isnan(ratios[:, 3:]).all()
    assert seen == [([0, 40], [2, 4], 50), ([0, 40], [4, 5], 50)]


def test_runs_limit_a_mean_by_their_harmonic_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models of 2 and 6 runs on half of the queries each, and of 4 everywhere: 3 and 4 runs stand behind a value."""
    seen: list[Any] = []
    least, mean = luck.least_mean_limits, luck.mean_limits

    def least_limits(values: np.ndarray, delta: float, at_most: np.ndarray) -> Any:
        seen.append((delta, at_most.tolist()))
        return least(values, delta, at_most)

    def limits(values: np.ndarray, delta: float, at_most: float) -> Any:
        seen.append((delta, float(at_most)))
        return mean(values, delta, at_most)

    monkeypatch.setattr(luck, "least_mean_limits", least_limits)
    monkeypatch.setattr(luck, "mean_limits", limits)
    total = np.array([[2, 4], [6, 4]] * 10)
    right = np.random.default_rng(2).binomial(total, 0.5)
    found = luck.measure_luck(luck.Runs(np.array([0, 1]), right, total, False), 0)
    delta = pytest.approx(1 - luck.CONFIDENCE)
    assert seen[0] == (delta, pytest.approx([3.0, 4.0]))
    assert seen[1:] == [(delta, pytest.approx(3.0))] * 4
    assert (found.fewest_runs, found.most_runs, found.n_models, found.n_queries) == (2, 6, 2, 20)
    share = right / total
    assert found.routable_upper.value == pytest.approx(share.max(axis=1).mean())
    assert found.oracle.value == pytest.approx(np.mean(1 - (1 - share[:, 0]) * (1 - share[:, 1])))
    assert found.single_best.value == pytest.approx(share.mean(axis=0).max())


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_half_of_the_runs_rounded_down_choose(monkeypatch: pytest.MonkeyPatch, runs: int) -> None:
    chosen: list[int] = []

    class Noted:
        def __init__(self, rng: Any) -> None:
            self._rng = rng

        def hypergeometric(self, right: np.ndarray, wrong: np.ndarray, choosing: np.ndarray) -> np.ndarray:
            assert (right + wrong == runs).all()
            chosen.extend(np.unique(choosing).tolist())
            return self._rng.hypergeometric(right, wrong, choosing)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._rng, name)

    generator = luck.generator
    monkeypatch.setattr(luck, "generator", lambda *words: Noted(generator(*words)))
    right = np.random.default_rng(2).integers(0, runs + 1, (12, 3))
    luck.measure_luck(luck.Runs(np.arange(3), right, np.full((12, 3), runs), False), 0)
    assert chosen == [1, runs // 2] * (len(chosen) // 2) and len(chosen) >= 2
