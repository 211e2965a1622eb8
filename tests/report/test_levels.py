"""What of a change along an axis of a sweep its errors explain."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from cofail_lab.report.levels import Level, _errors, level_of, trend_of


def level(mean: float, error: float | None = None, limits: tuple[float, float] | None = None, value: Any = 0) -> Level:
    return Level(value, mean, error, limits, 1)


@pytest.mark.parametrize(
    ("levels", "trend"),
    [
        # Errors of 3 and 4 points make 5 of the difference: 10 points are two of them, 9.9 are less.
        ((level(0.3, 0.03), level(0.402, 0.04)), "rises"),
        ((level(0.3, 0.03), level(0.398, 0.04)), "within_error"),
        ((level(0.402, 0.03), level(0.3, 0.04)), "falls"),
        ((level(0.3), level(0.31)), "rises"),
        ((level(0.3), level(0.3004)), "same"),
        ((level(0.3, 0.03), level(0.31)), "rises"),  # one error alone says nothing
        ((level(0.3), level(0.4), level(0.35)), "varies"),
        ((level(0.3), level(0.4), level(0.3)), "varies"),
        ((level(0.3, 0.04), level(0.4, 0.04), level(0.45, 0.04)), "rises"),
        # Each of both must be within the limits of the other.
        ((level(0.3, None, (0.2, 0.45)), level(0.4, None, (0.25, 0.5))), "within_error"),
        ((level(0.3, None, (0.2, 0.45)), level(0.4, None, (0.35, 0.5))), "rises"),
        ((level(0.3, None, (0.2, 0.35)), level(0.4, None, (0.25, 0.5))), "rises"),
        ((level(0.3, None, (0.2, 0.4)), level(0.4, None, (0.3, 0.5))), "within_error"),
    ],
)
def test_what_errors_explain_is_no_trend(levels: tuple[Level, ...], trend: str) -> None:
    assert trend_of(levels, "oracle_gain") == trend


def test_errors_of_levels() -> None:
    """Of .1, .3 the variance is .02, of .2, .6 it is .08: the means have .01 and .04, their average sqrt(.05) / 2."""
    made = level_of(8, [[0.1, 0.3], [0.2, 0.6]], [0.5] * 4, None)
    assert (made.mean, made.n) == (pytest.approx(0.3), 4)
    assert made.error == pytest.approx(0.05**0.5 / 2)
    recorded = level_of(8, [[0.1], [0.2, 0.6]], [0.03, 0.04, 0.12], None)
    assert recorded.error == pytest.approx(0.13 / 3) and recorded.mean == pytest.approx(0.25)
    assert level_of(8, [[0.1]], [None], (0.05, 0.2)) == Level(8, 0.1, None, (0.05, 0.2), 1)
    assert level_of(8, [[0.1]], None, (None, 0.2)).limits is None
    assert level_of(8, [[0.1, 0.3]], None, None).error == pytest.approx(0.1)


@pytest.mark.parametrize(("seeds", "degrees", "errors"), [(2, 2, 4.527), (3, 4, 2.869), (30, 58, 2.044)])
def test_few_seeds_know_their_error_badly(seeds: int, degrees: int, errors: float) -> None:
    """Both ends have one spread: 2 (n - 1) degrees of freedom, and Student's quantile at Φ(2); by SciPy's tables."""
    assert stats.t.isf(stats.norm.sf(2), degrees) == pytest.approx(errors, abs=1e-3)
    spread = np.linspace(-0.01, 0.01, seeds)
    error = float(np.sqrt(2 * spread.var(ddof=1) / seeds))
    for share, trend in ((0.999, "within_error"), (1.001, "rises")):
        ends = [
            level_of(at, [(mean + spread).tolist()], None, None)
            for at, mean in ((8, 0.3), (16, 0.3 + share * errors * error))
        ]
        assert [end.degrees for end in ends] == pytest.approx([seeds - 1] * 2)
        assert trend_of(ends, "oracle_gain") == trend


def test_degrees_of_freedom_of_levels() -> None:
    """Variances of means .01 (one degree) and .04 / 3 (two): their sum squared over the sum of squares by degrees."""
    made = level_of(8, [[0.1, 0.3], [0.0, 0.2, 0.4]], None, None)
    first, second = 0.02 / 2, 0.04 / 3
    assert made.degrees == pytest.approx((first + second) ** 2 / (first**2 + second**2 / 2))
    assert level_of(8, [[0.1], [0.2]], [0.1, 0.1], None).degrees == np.inf
    assert level_of(8, [[0.2, 0.2]], None, None).degrees == np.inf
    # A recorded error beside one over two seeds: as many degrees as the second gives.
    pair = (level(0.3, 0.01), replace(level(0.31, 0.001), degrees=1.0))
    assert _errors(*pair) == pytest.approx(2, abs=1e-3)
