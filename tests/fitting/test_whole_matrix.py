"""What the tetrachoric matrix of all varying models says, by hand: eigenvalues, the nearest correlation matrix, β."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.estimate import Estimate
from cofail_lab.fitting import whole_matrix
from cofail_lab.fitting.comparison.laws import MATRIX_LAWS
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues
from cofail_lab.fitting.estimators.stack import Prediction
from cofail_lab.fitting.whole_matrix import WholeMatrix, read_matrix
from cofail_lab.numerics.nearest_correlation import nearest_correlation
from tests.conftest import outcomes_from

Asked = list[tuple[Any, list[str]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The laws that are predicted from the stack of correlations; their predictions are empty."""
    seen: Asked = []

    def predict(stack: Any, laws: Any) -> dict[str, Prediction]:
        seen.append((stack, [*laws]))
        return {}

    monkeypatch.setattr(whole_matrix, "predict", predict)
    return seen


def read(matrix: Any, wrong: np.ndarray | None = None, conventions: Any = "lab", seed: int = 5) -> WholeMatrix:
    matrix = np.asarray(matrix, dtype=float)
    m = len(matrix)
    pairs = Pairs.of(m)
    values = matrix[pairs.left, pairs.right][None]
    if wrong is None:
        wrong = np.arange(20)[:, None] % 2 == np.zeros(m)  # each is wrong on half of the queries
    return read_matrix(outcomes_from(wrong), PairValues(values, values, 0 * values), pairs, seed, conventions)


def test_a_correlation_matrix_is_its_own_nearest(asked: Asked) -> None:
    """Of equal correlations of 1/2: β of three models at threshold 0 is 1/4, of two 1/3."""
    for m, log in ((2, np.log(1 / 3)), (3, np.log(1 / 4))):
        found = read(np.full((m, m), 0.5) + np.eye(m) / 2)
        assert (found.negative_eigenvalues, found.nearest_mean) == (0, pytest.approx(0.5))
        assert found.nearest_distance == pytest.approx(0.0, abs=1e-8)
        assert found.laws["full_sigma"].log[0] == pytest.approx(log, abs=1e-3)
    assert all("full_sigma" not in laws and {*laws} == {*MATRIX_LAWS} - {"full_sigma"} for _, laws in asked)
    singular = read(np.ones((3, 3)))  # eigenvalues 3, 0 and 0, or a rounding error below
    assert singular.negative_eigenvalues == 0 and singular.nearest_mean == pytest.approx(1.0)
    for off, negative in ((2e-9, 0), (4e-9, 1)):  # up to a billionth for each model is rounding
        assert read(np.full((3, 3), -(1 + off) / 2) + (3 + off) / 2 * np.eye(3)).negative_eigenvalues == negative


@pytest.mark.parametrize(("low", "negative"), [(-0.9, 1), (-0.5, 0), (-0.501, 1)])
def test_matrices_that_no_queries_could_have(asked: Asked, low: float, negative: int) -> None:
    """Three equal correlations below -1/2 have one negative eigenvalue; the nearest matrix has -1/2 each."""
    found = read(np.full((3, 3), low) + (1 - low) * np.eye(3))
    assert found.negative_eigenvalues == negative
    assert found.nearest_mean == pytest.approx(max(low, -0.5), abs=1e-4)
    assert found.nearest_distance == pytest.approx(np.sqrt(6) * max(-0.5 - low, 0), abs=1e-4)
    assert len(asked) == 1


def test_the_mean_is_over_pairs_and_the_distance_over_the_whole_matrix(asked: Asked) -> None:
    matrix = np.eye(4)
    for (i, j), value in {(0, 1): 0.9, (0, 2): 0.9, (1, 2): -0.8, (0, 3): 0.3, (1, 3): 0.2, (2, 3): 0.1}.items():
        matrix[i, j] = matrix[j, i] = value
    found, nearest = read(matrix), nearest_correlation(matrix)
    assert found.negative_eigenvalues == int((np.linalg.eigvalsh(matrix) < -4e-9).sum()) == 1
    six = [nearest[i, j] for i in range(4) for j in range(i)]
    assert found.nearest_mean == pytest.approx(sum(six) / 6)
    assert found.nearest_distance == pytest.approx(np.sqrt(((nearest - matrix) ** 2).sum())) and asked


def test_models_that_are_always_right_or_wrong_are_left_out(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = np.array([[i % 2, i % 2, 1, 0] for i in range(20)], dtype=bool)
    matrix = np.full((4, 4), np.nan)
    matrix[0, 1] = matrix[1, 0] = 0.5
    found = read(matrix, wrong)
    assert (found.negative_eigenvalues, found.nearest_mean) == (0, pytest.approx(0.5))
    assert found.laws["full_sigma"].log[0] == pytest.approx(np.log(1 / 3), abs=1e-3)
    np.testing.assert_allclose(asked[0][0].error_rates, [[0.5, 0.5, 1.0, 0.0]])
    assert read(matrix[:1, :1], wrong[:, :1]) == WholeMatrix() == read(matrix[1:3, 1:3], wrong[:, 1:3])
    monkeypatch.setattr(whole_matrix, "MOST_MODELS", 2)
    assert read(np.eye(2)) != WholeMatrix() == read(np.eye(3))


def test_large_pools_are_predicted_without_their_constant_models(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the pairs of the varying ones and their families; the clipped matrix is there before it is asked for."""
    seen: list[tuple[Any, Any]] = []

    def log_orthant(matrix: np.ndarray, thresholds: np.ndarray) -> tuple[float, float]:
        seen.append((matrix, thresholds))
        return -1.0 - len(seen), 0.1

    monkeypatch.setattr(whole_matrix.full_sigma, "log_orthant", log_orthant)
    monkeypatch.setattr(whole_matrix, "LARGE", 2)
    wrong = np.array([[i % 2, 1, i % 2, i % 4 == 0] for i in range(20)], dtype=bool)
    matrix = np.full((4, 4), np.nan)
    for (i, j), r in {(0, 2): 0.9, (0, 3): 0.8, (2, 3): -0.7}.items():
        matrix[i, j] = matrix[j, i] = r
    pairs = Pairs.of(4)
    values = matrix[pairs.left, pairs.right][None]
    outcomes = outcomes_from(wrong, per_model={"family": np.array(["a", "b", "c", "a"], object)})
    found = read_matrix(outcomes, PairValues(values, values, values), pairs, 5, "lab")
    ((stack, laws),) = asked
    assert stack.error_rates.tolist() == [[0.5, 0.5, 0.25]] and stack.tetrachoric.tolist() == [[0.9, 0.8, -0.7]]
    assert (stack.pairs.left.tolist(), stack.pairs.right.tolist()) == ([0, 0, 1], [1, 2, 2])
    assert stack.family[0] == stack.family[2] != stack.family[1]
    assert {*laws} == {*MATRIX_LAWS} - {"full_sigma", "full_sigma_clip"}
    # The clipped matrix first, then the nearest; both are correlation matrices, and not that of the pairs.
    assert (found.laws["full_sigma_clip"].log[0], found.laws["full_sigma"].log[0]) == (-2.0, -3.0)
    three = matrix[np.ix_([0, 2, 3], [0, 2, 3])]
    np.fill_diagonal(three, 1.0)
    np.testing.assert_allclose(seen[0][0], whole_matrix.full_sigma.repaired(three, "clip"))
    np.testing.assert_allclose(seen[1][0], nearest_correlation(three))
    assert np.linalg.eigvalsh(three)[0] < -0.1
    np.testing.assert_allclose(seen[0][1], [0.0, 0.0, -0.6744897501960817])
    monkeypatch.setattr(whole_matrix, "LARGE", 3)
    read_matrix(outcomes, PairValues(values, values, values), pairs, 5, "lab")
    assert asked[1][0].error_rates.tolist() == [[0.5, 1.0, 0.5, 0.25]] and "full_sigma_clip" in asked[1][1]


@pytest.mark.parametrize(
    ("estimate", "log", "error"),
    [
        (Estimate(0.25, 0.05, "monte_carlo"), np.log(0.25), 0.2),
        (Estimate(0.0, 0.0, "monte_carlo"), np.nan, np.nan),
        (SimpleNamespace(value=0.25, error=None), np.nan, np.nan),
    ],
)
def test_the_published_convention_clips_and_draws(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, estimate: Any, log: float, error: float
) -> None:
    """The error of a log is relative to the value."""
    seen: list[Any] = []

    def predict(matrix: np.ndarray, thresholds: np.ndarray, repair: str, *, draws: int, seed: int) -> Any:
        seen.append((matrix.tolist(), thresholds.tolist(), repair, draws, seed))
        return estimate

    monkeypatch.setattr(whole_matrix.full_sigma, "predict", predict)
    found = read(np.full((2, 2), 0.5) + np.eye(2) / 2, conventions="published", seed=8)
    assert seen == [([[1.0, 0.5], [0.5, 1.0]], [0.0, 0.0], "clip", 4_000_000, 8)]
    (said,), (off,) = found.laws["full_sigma"].log, found.laws["full_sigma"].error
    assert (said, off) == pytest.approx((log, error), nan_ok=True) and asked
