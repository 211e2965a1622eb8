"""What is remembered is what would be solved, for whichever pairs come first."""

from collections.abc import Callable

import numpy as np
import pytest

from cofail_lab.fitting.estimators import remembered, tetrachoric
from cofail_lab.fitting.estimators.remembered import Remembered

Counts = tuple[np.ndarray, np.ndarray, np.ndarray]


def drawn(n: int, size: int, seed: int) -> Counts:
    """Counts of pairs inside their Fréchet bounds, many of them alike."""
    rng = np.random.default_rng(seed)
    small, large = np.sort(rng.integers(n // 4, 3 * n // 4, size=(2, size)), axis=0)
    least = np.maximum(0, small + large - n)
    return small, large, least + 1 + rng.integers(np.maximum(small - least - 1, 1))


def counted(calls: list[int]) -> Callable[..., np.ndarray]:
    def solve(small: np.ndarray, large: np.ndarray, both: np.ndarray) -> np.ndarray:
        calls.append(len(both))
        return (small + 1000.0 * large + 1e6 * both) / 1e9

    return solve


@pytest.mark.parametrize(("n", "rows"), [(40, 400_000), (600, 400_000), (600, 50)])
def test_every_pair_has_its_own_number(monkeypatch: pytest.MonkeyPatch, n: int, rows: int) -> None:
    """Whether counts fit into a row or not, whether rows are left or not; and what is known is not solved again."""
    monkeypatch.setattr(remembered, "_MAX_ROWS", rows)
    table, calls = Remembered(n), []
    for seed in (0, 1, 0):
        counts = drawn(n, 3000, seed)
        np.testing.assert_array_equal(table.find(*counts, counted(calls)), counted([])(*counts))
    assert calls[0] <= 3000
    assert len(calls) == 2 if n == 40 else calls[2] < calls[0]


def test_correlations_of_many_pairs_are_those_of_few() -> None:
    """16,384 pairs and more are looked up; 100 of them alone are solved. Only the last digit may differ: there the
    smaller count comes first."""
    small, large, both = drawn(200, 2**14, 2)
    many, signs = tetrachoric.correlation_from_counts(large, small, both, 200)
    some = slice(0, None, 160)
    few, _ = tetrachoric.correlation_from_counts(large[some], small[some], both[some], 200)
    assert not signs.any()
    np.testing.assert_allclose(many[some], few, rtol=0, atol=1e-12)
