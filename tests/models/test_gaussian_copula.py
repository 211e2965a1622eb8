"""A full correlation matrix that is singular without any two models being alike."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtr, ndtri

from cofail_lab.models import GaussianCopula


@pytest.mark.parametrize("rates", [(0.6, 0.7, 0.8), (0.5, 0.5, 0.5), (0.3, 0.45, 0.9)])
def test_three_scores_that_sum_to_nothing(rates: tuple[float, ...]) -> None:
    """X + Y + Z = 0 at r = -1/2: all below their bounds is a single integral over X; five standard errors.

    At rates of 1/2 they never are: a matrix moved a thousandth towards the identity would give 1.4e-4.
    """
    t, s = ndtri(np.array(rates)), np.sqrt(0.75)

    def density(x: float) -> float:
        # Given X, Y is normal with mean -X/2; it must be below its bound and above -t_Z - X.
        return float(stats.norm.pdf(x) * max(0.0, ndtr((t[1] + x / 2) / s) - ndtr((-t[2] - x / 2) / s)))

    exact = integrate.quad(density, -10, t[0], points=[-t[1] - t[2]], epsabs=1e-13, limit=200)[0]
    law = GaussianCopula(rates, np.full((3, 3), -0.5) + 1.5 * np.eye(3))
    found = law.all_wrong_estimate()
    assert found.value is not None
    assert found.error is not None
    assert found.error < 1e-3
    assert abs(found.value - exact) < 5 * found.error + 1e-8
