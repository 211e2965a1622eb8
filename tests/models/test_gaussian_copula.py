"""A full correlation matrix that is singular without any two models being alike."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import ndtr, ndtri

from cofail_lab.models import GaussianCopula
from cofail_lab.models.gaussian_copula import lifted
from cofail_lab.numerics import gaussian_counts


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


def test_ends_are_as_the_rate_is_and_errors_no_smaller_than_can_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts between the ends fill up what these leave; nobody wrong is everyone above their thresholds."""
    law = GaussianCopula([0.3, 0.4, 0.2], np.eye(3))
    t = np.asarray(law.thresholds)

    def ends(_: object, thresholds: np.ndarray, correlation: np.ndarray) -> tuple[float, float]:
        np.testing.assert_array_equal(correlation, np.eye(3))
        side = 1 if np.array_equal(thresholds, t) else -1
        np.testing.assert_array_equal(thresholds, side * t)
        return (np.log(0.1), 0.02) if side > 0 else (np.log(0.4), 0.03)

    monkeypatch.setattr(GaussianCopula, "_log_all_below", ends)
    counted = np.array([0.3, 0.2, 0.2, 0.3]), np.array([9.0, 0.004, 0.0, 9.0])
    monkeypatch.setattr(gaussian_counts, "count_law", lambda *_: counted)
    probs, errors = law.count_probs_estimate()
    np.testing.assert_allclose(probs, [0.4, 0.25, 0.25, 0.1])
    np.testing.assert_allclose(errors, [0.012, 0.004, gaussian_counts.LEAST_ERROR, 0.002])
    np.testing.assert_allclose(law.count_probs(), probs)
    found = law.all_wrong_estimate()
    assert (found.value, found.error, found.kind) == (pytest.approx(0.1), pytest.approx(0.002), "monte_carlo")
    values, said = law.log_all_wrong_by_size(np.array([3]))
    assert values[0] == pytest.approx(np.log(0.1)) and said[0] == pytest.approx(0.02, rel=1e-9)
    monkeypatch.setattr(GaussianCopula, "_log_all_below", lambda *_: (np.log(0.1), 0.0))
    assert law.all_wrong_estimate().kind == "exact"


def test_a_matrix_is_lifted_just_enough() -> None:
    """Equicorrelated at -1/2 it is singular: 1 + 2r(1 - s) = 1e-9 and nothing where it is positive already."""
    singular = np.full((3, 3), -0.5) + 1.5 * np.eye(3)
    found = np.asarray(lifted(jnp.asarray(singular)))
    assert np.linalg.eigvalsh(found)[0] == pytest.approx(1e-9, rel=1e-3)
    np.testing.assert_allclose(np.diag(found), 1, rtol=1e-14)
    assert found[0, 1] == pytest.approx(-0.5 * (1 - 1e-9), rel=1e-12)
    positive = jnp.asarray(np.full((3, 3), 0.5) + 0.5 * np.eye(3))
    np.testing.assert_array_equal(lifted(positive), positive)
