"""The atom: on counts and on the matrix, its profile and its limits."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom, binomtest, chi2

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators import atom, atom_profile, limits, loadings, loadings_ml
from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood
from cofail_lab.fitting.estimators.mixture_ml import Patterns
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.fitting.replicates.stages import one_thread
from cofail_lab.models import AtomInflated, Clayton, OneFactorGaussian


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


@pytest.mark.parametrize(("n", "m"), [(1500, 4), (400, 15)])
def test_limits_of_the_profile_over_dropped_queries(drawn: np.ndarray, n: int, m: int) -> None:
    """Against every k in turn: likely by C, or K is not rare; past K the limit is that of β."""
    pool = VaryingPool(drawn[:n, :m])

    def base_of(rates: np.ndarray, matrix: np.ndarray) -> OneFactorGaussian:
        return OneFactorGaussian(rates, loadings.fit(matrix))

    found = atom_profile.profile(pool, base_of, intervals=True)
    assert found is not None
    assert found.shock_interval is not None
    dropped = np.arange(pool.n_all_wrong + 1)
    logs, beta = [], []
    for k, matrix in zip(dropped, pool.tetrachoric_without(dropped), strict=True):
        base = base_of((pool.error_counts - k) / (n - k), matrix)
        law = AtomInflated(k / n, base) if k else base
        logs.append(count_law(law).log_likelihood(pool.histogram))
        beta.append(float(law.log_all_wrong()))
    # Likely by C, or because K would not be rare; then the nearest k/n outside.
    rates = np.exp(beta)
    by_count = np.where(
        dropped > found.dropped, binom.cdf(pool.n_all_wrong, n, rates), binom.sf(pool.n_all_wrong - 1, n, rates)
    )
    likely = np.flatnonzero((np.array(logs) >= found.log_likelihood - chi2.ppf(0.95, 1) / 2) | (by_count >= 0.025))
    assert found.shock_interval[0] == pytest.approx(max(likely[0] - 1, 0) / n)
    beyond = binomtest(pool.n_all_wrong, n).proportion_ci(0.95).high
    last = int(likely[-1])
    assert found.shock_interval[1] == pytest.approx(beyond if last == pool.n_all_wrong else (last + 1) / n, abs=1e-9)


def test_limits_of_the_atom_on_the_matrix(drawn: np.ndarray) -> None:
    """At the lower limit the likelihood is 1.92 below its maximum, at the upper one that or K is as rare as 2.5%.

    Without an all-wrong query: the limits of β, which ω cannot exceed.
    """
    wrong = drawn[:600, :8]
    pool, fit = VaryingPool(wrong), FITTED_LAWS["atom_one_factor_loadings_ml"].fit
    with one_thread():
        found, start = fit(pool, True).intervals["shock"], loadings.fit(pool.tetrachoric)
        free = loadings_ml.fit(wrong, start, atom=True)
        assert 0 < found[0] < free.shock < found[1]
        lower, upper = (loadings_ml.fit(wrong, start, atom=True, held_shock=limit) for limit in found)
        spare = [free.log_likelihood - held.log_likelihood - chi2.ppf(0.95, 1) / 2 for held in (lower, upper)]
        assert spare[0] == pytest.approx(0, abs=0.01)
        rarity = binomtest(pool.n_all_wrong, 600, float(upper.law().all_wrong()), "less").pvalue
        assert min(spare[1], float(np.log(0.025 / rarity))) == pytest.approx(0, abs=0.01)
        assert max(spare[1], float(np.log(0.025 / rarity))) > -0.01
        none = VaryingPool(wrong[~wrong.all(axis=1)])
        assert fit(none, True).intervals == {"shock": (0.0, clopper_pearson(0, none.n_queries, 0.05)[1])}


@pytest.mark.parametrize("base", atom.BASES)
def test_limits_are_not_held_by_the_best_model(base: str) -> None:
    """A best model that errs only with all others: ω may be larger than its observed error rate.

    β may, with the same K, and the rates are free: the upper limit is that of K among n.
    """
    rng = np.random.default_rng(3)
    wrong = rng.random((200, 8)) < 0.4
    wrong[:, 0] = False
    wrong[:6] = True
    wrong[6:, 1] &= ~wrong[6:].all(axis=1)
    found = atom.fit(VaryingPool(wrong), base, atom=True, intervals=True)
    assert found.shock_interval is not None
    low, high = found.shock_interval
    assert low < found.shock <= high
    assert high == pytest.approx(float(clopper_pearson(6, 200, 0.05)[1]), rel=0.01)


@pytest.mark.parametrize(("base", "dependence"), [("one_factor", 0.4), ("clayton", 0.8)])
def test_likelihood_with_free_rates(base: str, dependence: float, drawn: np.ndarray) -> None:
    """The value at the maximum is the law's own likelihood of the matrix; held values are held; held is less likely."""
    wrong = drawn[:300, :6]
    data = Patterns.of(wrong)
    free = limits.likeliest_shock(data, base, 0.03, dependence)
    held = limits.fit(data, base, shock=0.09, dependence=dependence, hold_shock=True, start=free.x)
    both = limits.fit(
        data, base, shock=0.09, dependence=dependence, hold_shock=True, hold_dependence=True, start=free.x
    )
    assert (held.shock, both.shock) == pytest.approx((0.09, 0.09))
    assert free.log_likelihood > held.log_likelihood > both.log_likelihood
    for one in (free, held, both):
        rates, coordinate = one.x[:6], one.x[6]
        if base == "one_factor":
            spread = np.sqrt(1 + coordinate**2)
            law = OneFactorGaussian(ndtr(rates / spread), np.full(6, coordinate / spread))
        else:
            theta = np.exp(-coordinate)
            law = Clayton(np.exp(-np.log1p(np.exp(rates)) / theta), float(theta))
        assert matrix_log_likelihood(AtomInflated(one.shock, law), wrong) == pytest.approx(one.log_likelihood, abs=1e-3)
        assert one.log_all_wrong == pytest.approx(float(law.log_all_wrong()), abs=1e-5)
    at = both.x[6] / np.sqrt(1 + both.x[6] ** 2) if base == "one_factor" else np.exp(-both.x[6])
    assert (at**2 if base == "one_factor" else at) == pytest.approx(dependence)


def test_without_an_all_wrong_query_there_is_no_atom(drawn: np.ndarray) -> None:
    pool = VaryingPool(drawn[~drawn.all(axis=1)])
    for base in atom.BASES:
        found = atom.fit(pool, base, atom=True)
        assert found.shock == 0
        assert not isinstance(found.law, AtomInflated)
    assert loadings_ml.fit(pool.wrong, loadings.fit(pool.tetrachoric), atom=True).shock == 0


def test_rates_beside_an_atom_are_those_of_the_queries_that_it_does_not_cause() -> None:
    """Two models wrong on 5 of 20 queries, together on 4, of which the atom causes a share of ω / (ω + (1 - ω) r²)."""
    wrong = np.zeros((20, 2), dtype=bool)
    wrong[:4] = True
    wrong[4, 0] = wrong[5, 1] = True
    rate, _ = atom._likeliest_rates(VaryingPool(wrong, None), 0.1)
    share = 0.1 / (0.1 + 0.9 * rate**2)
    assert rate == pytest.approx((5 - 4 * share) / (20 - 4 * share), rel=1e-9)
    assert atom._likeliest_rates(VaryingPool(wrong, None), 0.0).tolist() == [0.25, 0.25]
