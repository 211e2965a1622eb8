"""The atom: on counts and on the matrix, its profile and its limits."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators import atom, atom_profile, loadings, loadings_ml
from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.fitting.replicates.stages import one_thread
from cofail_lab.models import AtomInflated, OneFactorGaussian


def test_atom_on_counts_and_on_the_matrix(drawn: np.ndarray) -> None:
    """ω by both likelihoods of an equicorrelated base; the limits are where the likelihood has dropped by 1.92."""
    pool = VaryingPool(drawn)
    on_counts = atom.fit(pool, "one_factor", atom=True, intervals=True)
    on_matrix = atom.fit(pool, "one_factor", atom=True, target="matrix")
    assert on_counts.shock_interval is not None
    assert on_counts.shock_interval[0] < on_counts.shock < on_counts.shock_interval[1]
    assert on_counts.log_likelihood == pytest.approx(count_law(on_counts.law).log_likelihood(pool.histogram), abs=1e-6)
    assert on_matrix.log_likelihood == pytest.approx(matrix_log_likelihood(on_matrix.law, drawn), abs=1e-6)
    assert 0.02 < on_matrix.shock < 0.08
    # Margins stay those of the data.
    np.testing.assert_allclose(np.asarray(on_counts.law.error_rates), pool.error_rates, atol=1e-12)


def test_profile_over_dropped_queries(drawn: np.ndarray) -> None:
    """The k kept is the likeliest of those tried, and dropping k queries is dropping k queries."""
    pool = VaryingPool(drawn)
    found = atom_profile.profile(pool, lambda rates, matrix: OneFactorGaussian(rates, loadings.fit(matrix)))
    assert found is not None
    assert 0 < found.dropped <= pool.n_all_wrong
    rest = np.delete(drawn, np.flatnonzero(drawn.all(axis=1))[: found.dropped], axis=0)
    matrix = tetrachoric(rest).correlation
    np.testing.assert_allclose(pool.tetrachoric_without(np.array([0, found.dropped]))[1], matrix, atol=1e-12)
    base = OneFactorGaussian(rest.mean(axis=0), loadings.fit(matrix))
    law = AtomInflated(found.dropped / len(drawn), base)
    assert count_law(law).log_likelihood(pool.histogram) == pytest.approx(found.log_likelihood, abs=1e-6)
    without = count_law(OneFactorGaussian(pool.error_rates, loadings.fit(pool.tetrachoric)))
    assert found.log_likelihood > without.log_likelihood(pool.histogram) + 2
    assert found.shock_interval is None


@pytest.mark.parametrize(("n", "m", "inside"), [(1500, 4, True), (400, 15, False)], ids=["ends inside", "reaches K"])
def test_limits_of_the_profile_over_dropped_queries(drawn: np.ndarray, n: int, m: int, inside: bool) -> None:
    """Against every k in turn: the likely ones are those within 1.92 of the best; past K the limit is that of β."""
    pool = VaryingPool(drawn[:n, :m])

    def base_of(rates: np.ndarray, matrix: np.ndarray) -> OneFactorGaussian:
        return OneFactorGaussian(rates, loadings.fit(matrix))

    found = atom_profile.profile(pool, base_of, intervals=True)
    assert found is not None
    assert found.shock_interval is not None
    dropped = np.arange(pool.n_all_wrong + 1)
    logs = []
    for k, matrix in zip(dropped, pool.tetrachoric_without(dropped), strict=True):
        base = base_of((pool.error_counts - k) / (n - k), matrix)
        law = AtomInflated(k / n, base) if k else base
        logs.append(count_law(law).log_likelihood(pool.histogram))
    likely = np.flatnonzero(np.array(logs) >= found.log_likelihood - chi2.ppf(0.95, 1) / 2)
    assert found.shock_interval[0] == likely[0] / n > 0
    beyond = binomtest(pool.n_all_wrong, n).proportion_ci(0.95).high
    assert found.shock_interval[1] == pytest.approx(likely[-1] / n if inside else beyond, abs=1e-9)
    assert (int(likely[-1]) < pool.n_all_wrong) is inside


def test_limits_of_the_atom_on_the_matrix(drawn: np.ndarray) -> None:
    """At each limit the likelihood of the matrix is 1.92 below its maximum; without an all-wrong query: none."""
    wrong = drawn[:600, :8]
    pool, fit = VaryingPool(wrong), FITTED_LAWS["atom_one_factor_loadings_ml"].fit
    with one_thread():
        limits, start = fit(pool, True).intervals["shock"], loadings.fit(pool.tetrachoric)
        free = loadings_ml.fit(wrong, start, atom=True)
        assert 0 < limits[0] < free.shock < limits[1]
        for limit in limits:
            held = loadings_ml.fit(wrong, start, atom=True, held_shock=limit)
            assert free.log_likelihood - held.log_likelihood == pytest.approx(chi2.ppf(0.95, 1) / 2, abs=0.01)
        assert fit(VaryingPool(wrong[~wrong.all(axis=1)]), True).intervals == {}


def test_without_an_all_wrong_query_there_is_no_atom(drawn: np.ndarray) -> None:
    pool = VaryingPool(drawn[~drawn.all(axis=1)])
    for base in atom.BASES:
        found = atom.fit(pool, base, atom=True)
        assert found.shock == 0
        assert not isinstance(found.law, AtomInflated)
    assert loadings_ml.fit(pool.wrong, loadings.fit(pool.tetrachoric), atom=True).shock == 0
