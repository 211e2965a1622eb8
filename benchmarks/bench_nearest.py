"""The nearest correlation matrix against statsmodels' `corr_nearest`, and at thousands of models."""

import warnings

import numpy as np

from benchmarks.row import Row, peak_memory, timed


def _tetrachoric(n: int, m: int) -> np.ndarray:
    """Of a matrix drawn from a one-factor Gaussian law: indefinite, because n is small for so many pairs."""
    from cofail_lab.fitting.estimators.tetrachoric import tetrachoric

    rng = np.random.default_rng(0)
    rates = rng.uniform(-1.2, 1.2, m)
    wrong = np.sqrt(0.5) * rng.normal(size=(n, 1)) + np.sqrt(0.5) * rng.normal(size=(n, m)) < rates
    return tetrachoric(wrong).correlation


def against_statsmodels() -> list[Row]:
    """400 models; statsmodels is needed by this benchmark alone (`pip install statsmodels`)."""
    from cofail_lab.numerics.nearest_correlation import nearest_correlation

    matrix = _tetrachoric(1300, 400)
    seconds, ours = timed(lambda: nearest_correlation(matrix))
    distance = np.linalg.norm(ours - matrix)
    name = "nearest correlation matrix, 400 models"
    try:
        from statsmodels.stats.correlation_tools import corr_nearest  # pyright: ignore[reportMissingImports]
    except ImportError:
        return [Row(name, seconds, "statsmodels is not installed", note=f"distance {distance:.6f}")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        slow, theirs = timed(lambda: corr_nearest(matrix, threshold=1e-15, n_fact=1))
    theirs_distance, least = np.linalg.norm(theirs - matrix), np.linalg.eigvalsh(theirs)[0]
    note = f"distance {distance:.6f}; statsmodels {theirs_distance:.6f}, smallest eigenvalue {least:.1e}"
    note += f"; {caught[-1].category.__name__}" if caught else ""
    return [Row(name, seconds, "statsmodels corr_nearest (n_fact=1)", slow / seconds, note=note)]


def thousands() -> list[Row]:
    """2,000 models x 1,300 queries."""
    from cofail_lab.numerics.nearest_correlation import nearest_correlation

    matrix = _tetrachoric(1300, 2000)
    seconds, nearest = timed(lambda: nearest_correlation(matrix))
    note = f"distance {np.linalg.norm(nearest - matrix):.4f}, peak {peak_memory():.2f} GiB"
    return [
        Row("nearest correlation matrix, 2,000 models", seconds, limit="whole fit <= 120 s and <= 6 GiB", note=note)
    ]


BENCHMARKS = [against_statsmodels, thousands]
