"""Predictions for parts of a pool from what their pairs are found to correlate by; nothing is fitted."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting.readings import subpools


def test_predictions_from_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sub-pools of three models on 20 queries. The first has a model that is never wrong, and one pair."""
    errors, joint = np.array([[5, 0, 8], [3, 9, 12]]), np.array([[0, 4, 0], [2, 3, 7]])
    asked: list[Any] = []

    def correlation(a: np.ndarray, b: np.ndarray, both: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        assert n == 20
        return np.where((a == 0) | (b == 0), np.nan, (a + 10 * b + 100 * both) / 1000), np.zeros(len(a), int)

    def log_all_wrong(rates: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked.append((rates.tolist(), mean.tolist()))
        return np.array([-1.5, -2.5]), np.array([1e-9, 2e-9])

    monkeypatch.setattr(subpools, "correlation_from_counts", correlation)
    monkeypatch.setattr(subpools.one_factor, "log_all_wrong", log_all_wrong)
    for at_once in (3, 6):
        monkeypatch.setattr(subpools, "_PAIRS_AT_ONCE", at_once)
        found = subpools.predict_from_counts(errors, joint, 20)
        # (5, 8, 4); then (3, 9, 2), (3, 12, 3) and (9, 12, 7).
        means = pytest.approx([0.485, (0.293 + 0.423 + 0.829) / 3])
        assert found.tetrachoric == means and found.log_predicted.tolist() == [-1.5, -2.5]
        assert asked.pop() == ([[0.25, 0.0, 0.4], [0.15, 0.45, 0.6]], means)


def test_pairs_of_some_models_among_all() -> None:
    everyone = list(combinations(range(6), 2))
    for members in ([0, 1, 2, 3, 4, 5], [1, 2, 4, 5], [0, 3], [2]):
        index = subpools.pair_index(np.array(members), 6)
        assert [everyone[k] for k in index] == list(combinations(members, 2))
