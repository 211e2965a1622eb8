"""Nodes of a factor and thresholds, against mpmath's integrals over the factor itself."""

from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest
from scipy.special import log_ndtr, logsumexp, ndtr, ndtri

from cofail_lab.errors import ConvergenceError
from cofail_lab.numerics.factor_lattice import Family, factor_nodes, nodes, thresholds

SHAPES: list[tuple[Family, float]] = [
    ("gaussian", np.inf),
    ("student", 1.0),
    ("student", 4.0),
    ("student", 50.0),
    ("skew", 1e-7),
    ("skew", -0.4),
    ("skew", 0.9),
    ("skew", 2.0),
    ("skew", -2.0),
    ("skew", 3.0),
    ("skew", -3.0),
]


def log_density(family: Family, shape: float) -> Callable[[mp.mpf], mp.mpf]:
    """Of Z, by its own formula; -inf outside its range."""
    if family == "student":
        nu = mp.mpf(shape)
        constant = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2
        return lambda z: constant - (nu + 1) / 2 * mp.log1p(z * z / nu)
    if family == "gaussian":
        return lambda z: -z * z / 2 - mp.log(2 * mp.pi) / 2
    k, root = 4 / mp.mpf(shape) ** 2, 2 / mp.mpf(shape)
    constant = mp.log(abs(root)) - mp.loggamma(k)
    # The gamma variable is k + √k D with the sign of the skewness, D = -Z.
    return lambda z: constant + (k - 1) * mp.log(k - root * z) - (k - root * z) if k - root * z > 0 else mp.ninf


def exact_log_mean(
    family: Family, shape: float, t: np.ndarray, loading: np.ndarray, wrong: np.ndarray, digits: int = 40
) -> float:
    """Log probability of a pattern: the integral in pieces, shorter ones where more digits are asked for."""
    with mp.workdps(digits):
        density = log_density(family, shape)
        scale = [mp.sqrt(1 - mp.mpf(x) ** 2) for x in loading]
        sign = np.where(wrong, 1, -1)

        def log_f(z: mp.mpf) -> mp.mpf:
            at = density(z)
            if at == mp.ninf:
                return at
            u = (
                s * (mp.mpf(a) - mp.mpf(b) * z) / c for a, b, c, s in zip(t, loading, scale, sign.tolist(), strict=True)
            )
            return at + mp.fsum(mp.log(mp.ncdf(x)) for x in u)

        far = [mp.mpf(10) ** k for k in range(2, 20 if family == "student" else 3)]
        cuts = sorted([-x for x in far] + [mp.mpf(20 * k) / digits for k in range(-60, 61)] + far)
        end = 2 / mp.mpf(shape) if family == "skew" else mp.inf
        if mp.isinf(end):
            inside = cuts
        elif end > 0:
            inside = [x for x in cuts if x < end] + [end]
        else:
            inside = [end] + [x for x in cuts if x > end]
        if abs(end) < 100:  # the density may have a pole at the end of the range
            steps = [end - mp.sign(end) * mp.mpf(10) ** -k for k in range(1, 12)]
            inside = sorted(set(inside + steps))
        peak = max(log_f(x + mp.mpf("1e-9") * (-1 if end > 0 else 1)) for x in inside)
        return float(peak + mp.log(mp.quad(lambda z: mp.exp(log_f(z) - peak), inside)))


# Two are quick at fewer digits; the others take seconds each.
EASY = [("skew", 2.0), ("skew", -0.4)]
PATTERNS: list = [
    *(pytest.param(*shape, 20) for shape in EASY),
    *(pytest.param(*shape, 40, marks=pytest.mark.slow) for shape in SHAPES if shape not in EASY),
]

POOL_T = np.array([-2.0, -0.5, 1.0])
POOL_LOADINGS = np.array([0.8, 0.5, -0.3])


@pytest.mark.parametrize(("family", "shape", "digits"), PATTERNS)
def test_patterns_against_mpmath(family: Family, shape: float, digits: int) -> None:
    """Two patterns of three models, on nodes made for them and on nodes made for any models."""
    own = nodes(family, shape, POOL_T, POOL_LOADINGS)
    any_z, any_weights = factor_nodes(family, shape)
    u = [(POOL_T - POOL_LOADINGS * z[:, None]) / np.sqrt(1 - POOL_LOADINGS**2) for z in (own.z, any_z)]
    for wrong in (np.array([True, True, True]), np.array([False, True, False])):
        sign = np.where(wrong, 1, -1)
        exact = exact_log_mean(family, shape, POOL_T, POOL_LOADINGS, wrong, digits)
        assert float(logsumexp(own.log_weights + log_ndtr(sign * u[0]).sum(axis=1))) == pytest.approx(exact, abs=1e-12)
        value = float(np.log(any_weights @ np.exp(log_ndtr(sign * u[1]).sum(axis=1))))
        assert value == pytest.approx(exact, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "shape"), [("student", 4.0), ("skew", 2.0), ("skew", -2.0), ("gaussian", np.inf)])
def test_150_models_and_the_deepest_tails(family: Family, shape: float) -> None:
    """All of 150 models wrong at rates around 1e-3, and a pattern that no difficulty explains (about 1e-270)."""
    t, loading = np.full(150, -3.0), np.full(150, 0.7)
    z, weights = factor_nodes(family, shape)
    made = nodes(family, shape, t, loading)
    for n_wrong in (150, 75):
        where = z, np.log(weights)
        for points, logs in (where, made):
            u = (-3 - 0.7 * points) / np.sqrt(0.51)
            value = logsumexp(logs + n_wrong * log_ndtr(u) + (150 - n_wrong) * log_ndtr(-u))
            # The models are equal: one of each kind, as many times.
            exact = exact_log_power(family, shape, n_wrong, 150 - n_wrong)
            assert float(value) == pytest.approx(exact, abs=2e-12)


def exact_log_power(family: Family, shape: float, n_wrong: int, n_right: int) -> float:
    """Log E Φ(u)^n_wrong Φ(-u)^n_right, u = (-3 - .7 Z)/√.51, around the peak of the integrand."""
    with mp.workdps(40):
        density = log_density(family, shape)

        def log_f(z: mp.mpf) -> mp.mpf:
            u = (-3 - mp.mpf(0.7) * z) / mp.sqrt(1 - mp.mpf(0.7) ** 2)
            return density(z) + n_wrong * mp.log(mp.ncdf(u)) + n_right * mp.log(mp.ncdf(-u))

        end = mp.mpf(2) / mp.mpf(shape) if family == "skew" else mp.inf
        low = end + mp.mpf("1e-30") if end < 0 else mp.mpf(-400)
        high = end - mp.mpf("1e-30") if 0 < end < 30 else mp.mpf(30)
        grid = [low + (high - low) * k / 2000 for k in range(2001)]
        peak = max(log_f(z) for z in grid[1:-1])
        far = [] if end < 0 else [-(mp.mpf(10) ** k) for k in range(20, 2, -1)]
        cuts = far + [low + (high - low) * k / 200 for k in range(201)]
        return float(peak + mp.log(mp.quad(lambda z: mp.exp(log_f(z) - peak), cuts)))


@pytest.mark.parametrize(("family", "shape"), SHAPES)
def test_thresholds_give_the_rates(family: Family, shape: float) -> None:
    """By sums over nodes of another lattice than that of the root search."""
    rates, loadings = np.array([0.02, 0.5, 0.97, 1e-3, 0.3]), np.array([0.7, 0.3, 0.9, -0.6, 0.0])
    t = thresholds(family, shape, rates, loadings)
    made = nodes(family, shape, t, loadings)
    given = np.exp(made.log_weights) @ ndtr((t - loadings * made.z[:, None]) / np.sqrt(1 - loadings**2))
    np.testing.assert_allclose(given, rates, rtol=2e-13)
    assert t[4] == ndtri(0.3)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "shape"), SHAPES)
def test_thresholds_against_mpmath(family: Family, shape: float) -> None:
    rates, loadings = np.array([0.02, 1e-3]), np.array([0.7, -0.6])
    t = thresholds(family, shape, rates, loadings)
    for i in range(2):
        exact = exact_log_mean(family, shape, t[i : i + 1], loadings[i : i + 1], np.array([True]))
        assert exact == pytest.approx(np.log(rates[i]), abs=1e-12)


def test_thresholds_of_a_gaussian_factor_are_quantiles() -> None:
    rates = np.array([1e-12, 0.2, 1 - 1e-9])
    np.testing.assert_allclose(
        thresholds("student", np.inf, rates, np.array([0.9, -0.5, 0.2])), ndtri(rates), atol=1e-12
    )


def test_equal_models_have_equal_thresholds() -> None:
    rates = np.array([0.3, 0.1, 0.3])
    t = thresholds("skew", 1.0, rates, np.full(3, 0.6))
    assert t[0] == t[2]
    np.testing.assert_allclose(thresholds("skew", 1.0, rates[:1], np.full(1, 0.6)), t[:1], rtol=1e-12)


def test_too_many_nodes_are_refused() -> None:
    with pytest.raises(ConvergenceError, match=r"law\.loadings: so near 1"):
        nodes("student", 2.0, np.zeros(3), np.full(3, 1 - 1e-14))
