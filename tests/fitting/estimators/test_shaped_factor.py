"""Student and skewed factors by likelihood on C: recovery, the maximum, its limits, atoms, loadings."""

from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from scipy.stats import chi2

from cofail_lab.fitting.estimators import atom, shaped_factor, skew_factor, student_factor
from cofail_lab.fitting.estimators.count_likelihood import count_law
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw, AtomInflated, OneFactorGaussian, SkewFactor, StudentFactor

RATES = np.linspace(0.15, 0.6, 20)
LOADINGS = np.full(20, 0.7)


def drawn(law: AbstractErrorLaw, n: int, seed: int = 0) -> VaryingPool:
    return VaryingPool(np.asarray(law.sample(jax.random.key(seed), n)))


@pytest.fixture(scope="module")
def student_pool() -> VaryingPool:
    return drawn(StudentFactor(RATES, LOADINGS, 3.0), 3000)


@pytest.fixture(scope="module")
def skewed_pool() -> VaryingPool:
    return drawn(SkewFactor(RATES, LOADINGS, 1.5), 3000, seed=1)


def test_the_truth_is_within_its_limits(student_pool: VaryingPool, skewed_pool: VaryingPool) -> None:
    student = student_factor.fit_pool(student_pool, True)
    low, high = student.intervals["inverse_degrees_of_freedom"]
    assert 0.1 < low < 1 / 3 < high < 0.6
    assert student.parameters["loading"] == pytest.approx(0.7, abs=0.05)
    skewed = skew_factor.fit_pool(skewed_pool, True)
    low, high = skewed.intervals["skewness"]
    assert 1.1 < low < 1.5 < high < 2.0
    # Each keeps the observed rates, and beats the other on the data of its own kind.
    np.testing.assert_allclose(skewed.law.error_rates, skewed_pool.error_rates)
    for pool, right, wrong in (
        (student_pool, student, skew_factor.fit_pool(student_pool)),
        (skewed_pool, skewed, student_factor.fit_pool(skewed_pool)),
    ):
        logs = [count_law(fitted.law).log_likelihood(pool.histogram) for fitted in (right, wrong)]
        assert logs[0] > logs[1] + 3


def test_the_sign_of_skewness_is_found() -> None:
    pool = drawn(SkewFactor(RATES, LOADINGS, -1.0), 1500)
    assert -1.6 < skew_factor.fit_pool(pool).parameters["skewness"] < -0.5


def test_it_is_a_maximum_and_the_limits_are_of_the_profile(skewed_pool: VaryingPool) -> None:
    """No step from the estimate gains; at the limits the profile, by another search, is 1.92 lower."""
    best = shaped_factor.fit(skewed_pool, skew_factor.SHAPE, intervals=True)
    log_scale = np.log(best.loadings[0] / np.sqrt(1 - best.loadings[0] ** 2))

    def log_likelihood(log_scale: float, skewness: float) -> float:
        slope = np.exp(log_scale)
        law = SkewFactor(skewed_pool.error_rates, np.full(20, slope / np.hypot(1, slope)), skewness)
        return count_law(law).log_likelihood(skewed_pool.histogram)

    assert best.log_likelihood == pytest.approx(log_likelihood(log_scale, best.shape), abs=1e-6)
    for step in np.array([[0.01, 0], [-0.01, 0], [0, 0.03], [0, -0.03], [0.01, 0.03], [-0.01, -0.03]]):
        assert log_likelihood(log_scale + step[0], best.shape + step[1]) < best.log_likelihood
    assert best.shape_interval is not None
    for limit in best.shape_interval:
        profile = max(log_likelihood(log_scale + x, limit) for x in np.linspace(-0.15, 0.15, 61))
        assert 2 * (best.log_likelihood - profile) == pytest.approx(chi2.ppf(0.95, 1), abs=0.1)


def test_gaussian_data_ends_in_the_gaussian_law() -> None:
    """Nested: never less likely than one Gaussian factor by likelihood; 0 is within both limits."""
    pool = drawn(OneFactorGaussian(RATES, LOADINGS), 1500)
    gauss = atom.fit(pool, "one_factor", atom=False).log_likelihood
    for module, name in ((student_factor, "inverse_degrees_of_freedom"), (skew_factor, "skewness")):
        fitted = module.fit_pool(pool, True)
        low, high = fitted.intervals[name]
        assert low <= 0 < high
        assert count_law(fitted.law).log_likelihood(pool.histogram) > gauss - 1e-3


def test_an_atom_beside_a_shape() -> None:
    truth = AtomInflated(0.05, SkewFactor(RATES, LOADINGS, -0.8))
    pool = drawn(truth, 3000)
    fitted = skew_factor.fit_pool(pool, True, atom=True)
    low, high = fitted.intervals["shock"]
    assert 0.02 < low < 0.05 < high < 0.09
    assert isinstance(fitted.law, AtomInflated)
    np.testing.assert_allclose(fitted.law.error_rates, pool.error_rates, atol=1e-12)
    without = skew_factor.fit_pool(pool)
    logs = [count_law(f.law).log_likelihood(pool.histogram) for f in (fitted, without)]
    assert logs[0] > logs[1] + 3
    held = shaped_factor.fit(pool, skew_factor.SHAPE, atom=True, held_shock=high).log_likelihood
    assert 2 * (logs[0] - held) == pytest.approx(chi2.ppf(0.95, 1), abs=0.15)


def test_no_all_wrong_query_no_atom(skewed_pool: VaryingPool) -> None:
    pool = VaryingPool(skewed_pool.wrong[~skewed_pool.wrong.all(axis=1)][:300])
    assert student_factor.fit_pool(pool, True, atom=True).parameters["shock"] == 0


def test_own_loadings() -> None:
    """Unequal loadings look like skewness where all are held equal, and do not where models have their own."""
    loadings = np.linspace(0.35, 0.95, 20)
    pool = drawn(OneFactorGaussian(RATES[::-1], loadings), 3000)
    equal, own = (skew_factor.fit_pool(pool, own_loadings=own).parameters["skewness"] for own in (False, True))
    assert equal > 0.5
    assert abs(own) < 0.25
    fitted = student_factor.fit_pool(pool, True, own_loadings=True)
    assert fitted.intervals == {}
    assert fitted.parameters["loading_lowest"] == pytest.approx(0.35, abs=0.1)


@pytest.mark.parametrize("n", [1, 3, 40])
def test_awkward_pools(n: int) -> None:
    """Disjoint errors, two models, few queries: finite, within the range."""
    wrong = np.arange(2 * n)[:, None] % 2 == np.arange(2)
    for module in (student_factor, skew_factor):
        for with_atom in (False, True):
            fitted = module.fit_pool(VaryingPool(wrong), True, atom=with_atom)
            assert np.isfinite(list(fitted.parameters.values())).all()


@pytest.mark.parametrize(("mean", "pattern", "slope"), [(0.2, (1.0, 1.0, 1.0), 0.5), (0.5, (1.0, -3.0, 2.0), 0.5)])
def test_the_search_begins_at_the_mean_correlation(mean: float, pattern: tuple[float, ...], slope: float) -> None:
    """√(r/(1 - r)) over the mean size of the pattern; r from .02 to .9, sizes from .1 on."""
    pool: Any = SimpleNamespace(tetrachoric=np.full((3, 3), mean), n_models=3)
    assert shaped_factor._typical_slope(pool, np.array(pattern)) == pytest.approx(slope)
    pool.tetrachoric[:] = 0.99
    assert shaped_factor._typical_slope(pool, np.zeros(3)) == pytest.approx(3 / 0.1)
    pool.tetrachoric[:] = -0.5
    assert shaped_factor._typical_slope(pool, np.ones(3)) == pytest.approx(1 / 7)
