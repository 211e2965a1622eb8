"""The densities of Student's and of the skewed factor, against SciPy's and mpmath's."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from cofail_lab.numerics import factors


def densities(x: np.ndarray, z: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Log density of Z at inner points: that of x less log |dz/dx|, by differences of fourth order."""
    h = x[1] - x[0]
    slope = (z[:-4] - 8 * z[1:-3] + 8 * z[3:-1] - z[4:]) / (12 * h)
    return logs[2:-2] - np.log(np.abs(slope))


@pytest.mark.parametrize("nu", [0.5, 1.0, 4.0, 7.3, 30.0, 1e4, 1e9])
@pytest.mark.parametrize("stretch", [8.0, 40.0])
def test_student_density(nu: float, stretch: float) -> None:
    x = np.linspace(-12, 12, 24001)
    z, logs = factors.student(x, 1 / nu, stretch)
    np.testing.assert_allclose(densities(x, z, logs), stats.t(nu).logpdf(z[2:-2]), atol=2e-8)


@pytest.mark.parametrize("skewness", [-3.0, -1.0, -0.1, 1e-3, 0.3, 2.0, 3.0])
def test_skewed_density(skewness: float) -> None:
    x = np.linspace(-6, 6, 12001)
    z, logs = factors.skewed(x, skewness / 2)
    # Close to its bounded end z cannot tell how close: differences of z are rounded away there.
    inside = np.abs(1 - z[2:-2] * -skewness / 2) > 1e-4
    exact = stats.pearson3(skewness).logpdf(-z[2:-2])
    np.testing.assert_allclose(densities(x, z, logs)[inside], exact[inside], atol=1e-7)


@pytest.mark.parametrize("nu", [0.5, 3.0, 200.0, 1e6, 1e12])
def test_student_constant(nu: float) -> None:
    with mp.workdps(50):
        n = mp.mpf(nu)
        exact = mp.loggamma((n + 1) / 2) - mp.loggamma(n / 2) - mp.log(n * mp.pi) / 2
        assert float(factors.student(0.0, 1 / nu, 8.0)[1]) == pytest.approx(float(exact), abs=1e-14)


@pytest.mark.parametrize("a", [0.15, 0.25, 1.0, 9.9, 10.1, 1e3])
def test_stirling(a: float) -> None:
    with mp.workdps(40):
        i = mp.mpf(1 / a)
        exact = mp.loggamma(1 / i) - (1 / i - mp.mpf(1) / 2) * mp.log(1 / i) + 1 / i - mp.log(2 * mp.pi) / 2
    assert float(factors.stirling(1 / a)) == pytest.approx(float(exact), abs=1e-14)


def test_both_families_end_in_the_gaussian() -> None:
    x = np.linspace(-30, 30, 601)
    z, logs = factors.skewed(x, 0.0)
    np.testing.assert_array_equal(z, -x)
    np.testing.assert_allclose(logs, stats.norm.logpdf(x), rtol=1e-15)
    near, near_logs = factors.skewed(x, 1e-9)
    np.testing.assert_allclose(near, z, atol=1e-6)
    np.testing.assert_allclose(near_logs, logs, atol=1e-5)
    z, logs = factors.student(0.1 * x, 0.0, 1e9)
    np.testing.assert_allclose(z, 0.1 * x, atol=1e-14)
    np.testing.assert_allclose(logs, stats.norm.logpdf(0.1 * x), atol=1e-14)


def test_the_sign_of_skewness() -> None:
    """Above 0 the long tail is on the hard side, where Z is low; the mirror image has the other sign."""
    x = np.linspace(-60, 60, 120001)
    z, logs = factors.skewed(x, 1.0)
    mirrored = factors.skewed(-x, -1.0)
    np.testing.assert_array_equal(mirrored[0], -z)
    np.testing.assert_array_equal(mirrored[1], logs)
    weights = np.exp(logs) * (x[1] - x[0])
    assert [float(weights @ z**k) for k in range(4)] == pytest.approx([1, 0, 1, -2], abs=1e-9)
