"""What the full matrix and the blocks make of values that are written down: means, errors, seeds, interpolation."""

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from jax.random import key_data

from cofail_lab.fitting.estimators import block, full_sigma
from cofail_lab.numerics.streams import FULL_SIGMA

THREE, T = np.array([[1.0, 0.2, 0.3], [0.2, 1.0, 0.4], [0.3, 0.4, 1.0]]), np.array([-0.5, 0.1, 0.4])


def test_the_published_repair_lifts_eigenvalues_that_are_above_zero_too() -> None:
    """Eigenvalues of 2 - x and x = 5e-9: the second becomes 1e-8, and so does 1 - r on a diagonal of 1."""
    nearly = np.array([[1.0, 1 - 5e-9], [1 - 5e-9, 1.0]])
    assert 1 - full_sigma.repaired(nearly, "clip")[0, 1] == pytest.approx(1e-8, rel=1e-6)
    fine = np.array([[1.0, 1 - 2e-8], [1 - 2e-8, 1.0]])
    np.testing.assert_array_equal(full_sigma.repaired(fine, "clip"), fine)


def test_the_error_of_a_prediction_is_that_of_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(full_sigma, "log_all_wrong", lambda *given: seen.append(given) or (np.log(0.05), 0.1))
    found = full_sigma.predict(THREE, np.array([-0.5, np.inf, 0.4]), points=128, seed=6)
    assert (found.value, found.error) == (pytest.approx(0.05), pytest.approx(0.005))
    (matrix, thresholds, points, seed) = seen[0]
    np.testing.assert_allclose(matrix, [[1, 0, 0.3], [0, 1, 0], [0.3, 0, 1]], atol=1e-12)
    assert thresholds.tolist() == [-0.5, full_sigma.LEFT_OUT, 0.4] and (points, seed) == (128, 6)


@pytest.mark.parametrize("seed", [0, 5])
def test_published_draws_have_the_seed_of_the_fit(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    asked: list[Any] = []
    law = SimpleNamespace(all_wrong_rate=lambda key, draws: asked.append((key_data(key).tolist(), draws)))
    monkeypatch.setattr(full_sigma, "GaussianCopula", lambda rates, matrix: asked.append((rates, matrix)) or law)
    full_sigma.predict(THREE, np.array([0.0, np.inf, 0.4]), "clip", draws=77, seed=seed)
    (rates, matrix), drawn = asked
    assert rates == pytest.approx([0.5, 0.6554217]) and matrix.tolist() == [[1, 0.3], [0.3, 1]]
    assert drawn == (key_data(jax.random.key((FULL_SIGMA << 32) + seed)).tolist(), 77)


def test_randomizations_are_averaged_and_their_spread_is_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four of them with means 2, 4, 4 and 6 times e^-900: their mean is 4, its standard error √(8/3)/2, relative /4."""
    means = np.array([2.0, 4.0, 4.0, 6.0])
    monkeypatch.setattr(
        full_sigma.orthant_arrays,
        "log_mean_weights",
        lambda *_: np.log((means[:, None] * np.tile([0.5, 1.5], 4)).ravel()) - 900,
    )
    log_value, error = full_sigma.log_orthant(THREE, T, 4)
    assert log_value == pytest.approx(np.log(4) - 900, rel=1e-14) and error == pytest.approx(np.sqrt(8 / 3) / 2 / 4)


def test_a_large_pool_has_a_larger_net_but_for_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_sigma, "_LARGE_POOL", 3)
    monkeypatch.setattr(full_sigma, "log_all_wrong", lambda matrix, t, points: ("large", points))
    monkeypatch.setattr(full_sigma.orthant_arrays, "log_orthant", lambda *_: ("one", 0.0))
    assert full_sigma.log_orthant(THREE, T, 1) == ("one", 0.0)
    assert full_sigma.log_orthant(THREE, T) == full_sigma.log_orthant(THREE, T, 2) == ("large", 1024)


@pytest.mark.parametrize(
    ("between", "within", "ends", "share"),
    [
        (3e-5, 0.2, ((0.0, 0.2), (1e-4, 0.2)), 0.3),
        (0.4, 0.40005, ((0.4, 0.4), (0.4, 0.4002)), 0.25),
        (0.0, 0.2, None, 0),
        (1e-4, 0.3, None, 0),
        (0.4, 0.4, None, 0),
    ],
)
def test_weak_factors_are_interpolated(
    monkeypatch: pytest.MonkeyPatch, between: float, within: float, ends: Any, share: float
) -> None:
    """Between weights that have a table; the error is that of both ends and their difference."""
    asked: list[tuple[float, float]] = []

    def table(filled: np.ndarray, low: float, high: float, error: float) -> tuple[float, float]:
        assert error == 1e-7
        asked.append((low, high))
        return (-3.0, 0.01) if len(asked) == 1 else (-2.0, 0.03)

    monkeypatch.setattr(block.block_table, "log_all_below", table)
    found = block.log_all_wrong(T, np.array([0, 0, 1]), between, within, 1e-7)
    if ends is None:
        assert asked == [(between, within)] and found == (-3.0, 0.01)
        return
    np.testing.assert_allclose(asked, ends, rtol=1e-12)
    assert found == (pytest.approx(-3 + share), pytest.approx(1.04))


@pytest.mark.parametrize(("coarse", "error"), [(True, 1e-6), (False, block.block_table.LEAST_ERROR)])
def test_replicates_of_a_block_law_are_predicted_coarsely(
    monkeypatch: pytest.MonkeyPatch, coarse: bool, error: float
) -> None:
    """A family of models 0 and 1. The third matrix has none; replicates take one correlation where they have it."""
    asked: list[tuple[float, float, float]] = []
    monkeypatch.setattr(
        block, "log_all_wrong", lambda t, family, low, high, error: asked.append((low, high, error)) or (-2.0, 0.1)
    )
    values = np.array([[0.4, 0.1, 0.3], [0.1, 0.3, 0.5], [-0.4, 0.0, -0.2], [1.0, 1.0, 1.0]])
    matrices = np.tile(np.eye(3), (4, 1, 1))
    for (i, j), column in zip(((0, 1), (0, 2), (1, 2)), values.T, strict=True):
        matrices[:, i, j] = matrices[:, j, i] = column
    family = np.array([0, 0, 1])
    stack: Any = SimpleNamespace(
        family=family, matrices=matrices, tetrachoric=values, coarse=coarse, thresholds=np.tile(T, (4, 1))
    )
    found = block.predict_stack(stack)
    assert found is not None and np.isnan(found.log).tolist() == [False, not coarse, True, True]
    expected = [(0.2, 0.4, error), *([(0.3, 0.3, error)] if coarse else [])]
    np.testing.assert_allclose(asked, expected)
    stack.family = None
    assert block.predict_stack(stack) is None
