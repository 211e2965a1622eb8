"""Laws fitted to 0/1 data: each estimator against its definition, an exact answer or another solver."""

import itertools

import jax
import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import ndtr, ndtri
from scipy.stats import binomtest, chi2

from cofail_lab.errors import InputError
from cofail_lab.fitting.comparison.laws import CANDIDATES
from cofail_lab.fitting.estimators import atom, block, full_sigma, loadings, loadings_ml
from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood, maximize, profile_interval
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.pool import Pool
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.fitting.replicates.predictors import MatrixPredictors
from cofail_lab.fitting.replicates.stages import one_thread
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BlockFactor,
    Clayton,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
)

RATES = np.array([0.15, 0.3, 0.45, 0.6, 0.7])
LOADINGS = np.array([0.8, -0.3, 0.6, 0.9, 0.1])
FAMILY = np.array([0, 0, 1, 1, 1])
LAWS = {
    "independent": Independent(RATES),
    "one factor": OneFactorGaussian(RATES, LOADINGS),
    "Clayton": Clayton(RATES, 1.3),
    "Clayton, heavy": Clayton(RATES, 12.0),
    "block": BlockFactor(RATES, FAMILY, 0.2, 0.6),
    "atom": AtomInflated(0.07, BlockFactor(RATES, FAMILY, 0.2, 0.6)),
}
PATTERNS = np.array(list(itertools.product([False, True], repeat=5)))


@pytest.mark.parametrize("name", LAWS)
def test_likelihoods_agree_with_the_law(name: str) -> None:
    """All 32 patterns: their probabilities sum to 1 and give the law's own p_ij and law of C."""
    law = LAWS[name]
    logs = [matrix_log_likelihood(law, pattern[None]) for pattern in PATTERNS]
    probs = np.exp(np.array(logs, dtype=float))
    assert probs.sum() == pytest.approx(1, abs=1e-8)
    np.testing.assert_allclose((PATTERNS.T * probs) @ PATTERNS, np.asarray(law.pairwise_wrong()), atol=1e-8)
    counts = np.bincount(PATTERNS.sum(axis=1), probs)
    np.testing.assert_allclose(counts, np.asarray(law.count_probs()), atol=1e-8)
    np.testing.assert_allclose(np.exp(count_law(law).log_probs), counts, atol=1e-8)
    histogram = np.array([3, 1, 4, 1, 5, 9])
    assert count_law(law).log_likelihood(histogram) == pytest.approx(histogram @ np.log(counts), abs=1e-6)


@pytest.mark.parametrize("loading", [np.full(12, 0.7), np.linspace(-0.8, 0.9, 12)], ids=["positive", "both signs"])
def test_law_of_c_under_full_sigma(loading: np.ndarray) -> None:
    """A one-factor Σ has an exact law of C: 13 z scores, none beyond 5 (chance 1e-5), and they are not all tiny."""
    rates = np.linspace(0.1, 0.8, 12)
    sigma = np.outer(loading, loading) + np.diag(1 - loading**2)
    found = count_law(GaussianCopula(rates, sigma))
    exact = np.asarray(OneFactorGaussian(rates, loading).count_probs())
    errors = found.spread.std(axis=0, ddof=1) / np.sqrt(len(found.spread))
    z = (np.exp(found.log_probs) / exact - 1) / errors
    assert np.abs(z).max() < 5
    assert np.abs(z).max() > 0.3
    histogram = np.round(2000 * exact).astype(int)
    error = found.simulation_error(histogram)
    assert abs(found.log_likelihood(histogram) - histogram @ np.log(exact)) < 5 * error + 1
    assert matrix_log_likelihood(GaussianCopula(rates, sigma), np.zeros((1, 12), bool)) is None


def test_minres_against_a_general_solver(rng: np.random.Generator) -> None:
    truth = rng.uniform(0.3, 0.9, 9)
    exact = np.outer(truth, truth) + np.diag(1 - truth**2)
    np.testing.assert_allclose(loadings.fit(exact), truth, atol=1e-7)
    noise = np.triu(rng.normal(0, 0.1, (9, 9)), 1)
    noisy = exact + noise + noise.T
    i, j = np.triu_indices(9, 1)
    other = least_squares(lambda x: noisy[i, j] - x[i] * x[j], truth, xtol=1e-12, ftol=1e-12)
    both = loadings.fit(np.stack([exact, noisy]))
    np.testing.assert_allclose(both[1], other.x, atol=1e-6)
    # A pair that is not known does not count.
    other = least_squares(lambda x: (noisy[i, j] - x[i] * x[j])[1:], truth, xtol=1e-12, ftol=1e-12)
    noisy[0, 1] = noisy[1, 0] = np.nan
    np.testing.assert_allclose(loadings.fit(noisy), other.x, atol=1e-6)


def test_a_heywood_case_is_held_at_the_limit() -> None:
    correlation = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, 0.4], [0.9, 0.4, 1.0]])
    assert loadings.fit(correlation)[0] == loadings.LIMIT
    assert loadings.minres(correlation).notes == ("1 loading(s) held at 0.995",)


def test_loadings_that_do_not_settle_are_said_to() -> None:
    """Three nearly uncorrelated models: the first loading can be traded for the others, a little in every sweep."""
    trade, plain = np.eye(3), np.eye(3)
    pairs = np.array([[0, 0, 1], [1, 2, 2]])
    trade[*pairs] = trade[*pairs[::-1]] = 0.05, 0.05, 0.005
    plain[*pairs] = plain[*pairs[::-1]] = 0.5, 0.4, 0.3
    assert loadings.minres(np.stack([plain, trade])).converged.tolist() == [True, False]
    assert loadings.minres(plain).notes == ()
    assert loadings.minres(trade).notes == ("the loadings had not settled after 500 sweeps",)
    rates, predicted = np.full((1, 3), 0.4), {}
    for name, matrix in (("trade", trade), ("plain", plain)):
        read = MatrixPredictors(Pairs.of(3), None).predict(rates, matrix[*pairs][None], ("one_factor_loadings",))
        predicted[name] = read["one_factor_loadings"].notes
    assert predicted == {"trade": loadings.minres(trade).notes, "plain": ()}


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    law = AtomInflated(0.05, OneFactorGaussian(np.linspace(0.25, 0.7, 15), np.linspace(0.4, 0.85, 15)))
    return np.asarray(law.sample(jax.random.key(3), 1500))


def test_marginal_likelihood_is_at_its_maximum(drawn: np.ndarray) -> None:
    """The value is the law's own likelihood, no small move raises it, and the atom is where it was put (3 SE)."""
    start = loadings.fit(tetrachoric(drawn).correlation)
    plain, fit = (loadings_ml.fit(drawn, start, atom=with_atom) for with_atom in (False, True))
    assert fit.converged
    assert plain.converged
    law = fit.law()
    assert isinstance(law, AtomInflated)
    assert matrix_log_likelihood(law, drawn) == pytest.approx(fit.log_likelihood, abs=1e-3)
    assert fit.log_likelihood > plain.log_likelihood + 10
    assert abs(fit.shock - 0.05) < 3 * np.sqrt(0.05 / 1500)
    assert plain.law().error_rates.shape == (15,)
    for model, by in itertools.product((0, 7, 14), (-0.02, 0.02)):
        moved = fit.loadings.copy()
        moved[model] += by
        other = AtomInflated(fit.shock, OneFactorGaussian(fit.error_rates, moved))
        value = matrix_log_likelihood(other, drawn)
        assert value is not None
        assert value < fit.log_likelihood
    held = loadings_ml.fit(drawn, start, atom=True, held_loading=(7, float(fit.loadings[7]) + 0.05))
    assert held.loadings[7] == pytest.approx(fit.loadings[7] + 0.05, abs=1e-9)
    assert held.log_likelihood < fit.log_likelihood
    assert loadings_ml.fit(drawn, start, atom=True, held_shock=0.03).shock == pytest.approx(0.03)


def test_atom_on_counts_and_on_the_matrix(drawn: np.ndarray) -> None:
    """ω by both likelihoods of an equicorrelated base; the limits are where the likelihood has dropped by 1.92."""
    pool = Pool(drawn)
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
    pool = Pool(drawn)
    found = atom.profile(pool, lambda rates, matrix: OneFactorGaussian(rates, loadings.fit(matrix)))
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
    pool = Pool(drawn[:n, :m])

    def base_of(rates: np.ndarray, matrix: np.ndarray) -> OneFactorGaussian:
        return OneFactorGaussian(rates, loadings.fit(matrix))

    found = atom.profile(pool, base_of, intervals=True)
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
    pool, fit = Pool(wrong), CANDIDATES["atom_one_factor_loadings_ml"].fit
    with one_thread():
        limits, start = fit(pool, True).intervals["shock"], loadings.fit(pool.tetrachoric)
        free = loadings_ml.fit(wrong, start, atom=True)
        assert 0 < limits[0] < free.shock < limits[1]
        for limit in limits:
            held = loadings_ml.fit(wrong, start, atom=True, held_shock=limit)
            assert free.log_likelihood - held.log_likelihood == pytest.approx(chi2.ppf(0.95, 1) / 2, abs=0.01)
        assert fit(Pool(wrong[~wrong.all(axis=1)]), True).intervals == {}


def test_without_an_all_wrong_query_there_is_no_atom(drawn: np.ndarray) -> None:
    pool = Pool(drawn[~drawn.all(axis=1)])
    for base in atom.BASES:
        found = atom.fit(pool, base, atom=True)
        assert found.shock == 0
        assert not isinstance(found.law, AtomInflated)
    assert loadings_ml.fit(pool.wrong, loadings.fit(pool.tetrachoric), atom=True).shock == 0


def test_families_are_found_and_read() -> None:
    family = np.repeat([0, 1, 2], [4, 3, 5])
    matrix = np.where(family[:, None] == family, 0.6, 0.25)
    np.fill_diagonal(matrix, 1)
    assert len(np.unique(np.stack([block.cluster(matrix), family]), axis=1).T) == 3
    between, within = block.fit(np.stack([matrix, matrix**2]), family)
    np.testing.assert_allclose([between, within], [[0.25, 0.0625], [0.6, 0.36]])
    rates = np.linspace(0.2, 0.7, 12)
    law = BlockFactor(rates, family, 0.25, 0.6)
    log_value, error = block.log_all_wrong(ndtri(rates), family, 0.25, 0.6)
    assert log_value == pytest.approx(float(law.log_all_wrong()), abs=1e-9)
    assert error < 1e-9
    # A weak factor is interpolated between laws that bound it; a repeated model is no obstacle.
    for weak in ((3e-5, 0.4), (0.25, 0.25003), (2e-5, 5e-5)):
        log_value, error = block.log_all_wrong(ndtri(rates), family, *weak)
        exact = float(BlockFactor(rates, family, *weak).log_all_wrong())
        assert abs(log_value - exact) < min(error, 5e-4)
        assert error < 0.01
    assert np.isfinite(block.log_all_wrong(ndtri(rates), family, 0.25, 1 - 1e-9)[0])
    # Families that correlate less within than across are no block law; unknown ones stand alone.
    assert np.isnan(block.fit(1 - matrix + 2 * np.eye(12) * 0, family)[1])
    assert block.labels(np.array(["a", "", "a", ""])).tolist() == [2, 0, 2, 1]


def test_repairs(rng: np.random.Generator) -> None:
    noise = np.triu(rng.uniform(-1, 1, (8, 8)), 1)
    matrix = noise + noise.T + np.eye(8)
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, 1e-8)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    np.testing.assert_allclose(full_sigma.repaired(matrix, "clip"), lifted / np.outer(scale, scale), atol=1e-12)
    nearest = full_sigma.repaired(matrix, "nearest")
    assert np.linalg.norm(nearest - matrix) < np.linalg.norm(full_sigma.repaired(matrix, "clip") - matrix)
    good = np.full((4, 4), 0.3) + 0.7 * np.eye(4)
    for repair in ("nearest", "clip"):
        np.testing.assert_array_equal(full_sigma.repaired(good, repair), good)
    with pytest.raises(InputError, match="repair: 'higham' is not one of nearest, clip"):
        full_sigma.repaired(good, "higham")


def test_full_sigma_prediction() -> None:
    """Against quadrature where Σ has one factor: net and plain draws within 4 standard errors (chance 6e-5 each)."""
    rates, loading = np.linspace(0.3, 0.7, 10), np.linspace(0.5, 0.8, 10)
    sigma = np.outer(loading, loading) + np.diag(1 - loading**2)
    exact = float(OneFactorGaussian(rates, loading).all_wrong())
    # A constant model: its row is nan, its threshold infinite, and the others' β is what is meant.
    padded = np.full((11, 11), np.nan)
    padded[:10, :10] = sigma
    thresholds = np.append(ndtri(rates), np.inf)
    for matrix, t, options in (
        (sigma, ndtri(rates), {}), (padded, thresholds, {"points": 512}), (padded, thresholds, {"draws": 200_000}),
    ):  # fmt: skip
        found = full_sigma.predict(matrix, t, "clip", **options)
        assert found.kind == "monte_carlo"
        assert abs(found.value - exact) < 4 * found.error
        assert found.error < 0.05 * exact
    with pytest.raises(InputError, match="points: 500 is not a power of two"):
        full_sigma.predict(sigma, ndtri(rates), points=500)
    with pytest.raises(InputError, match="every model is constant"):
        full_sigma.predict(padded, np.full(11, np.inf))


def test_profile_interval_of_a_parabola() -> None:
    """A Gaussian log-likelihood with mean 0.4 and deviation 0.1: the limits are 1.96 deviations away, or the end."""

    def parabola(x: float) -> float:
        return -((x - 0.4) ** 2) / 0.02

    found = maximize(parabola, 0.0, 1.0)
    assert found.value == pytest.approx(0.4, abs=1e-4)
    assert not found.at_edge
    np.testing.assert_allclose(profile_interval(parabola, found, 0.0, 1.0), [0.4 - 0.19600, 0.4 + 0.19600], atol=2e-4)
    assert profile_interval(parabola, found, 0.3, 1.0)[0] == 0.3
    assert maximize(parabola, 0.5, 1.0).at_edge


def test_one_factor_law_by_likelihood_on_c() -> None:
    """A histogram that is the law itself gives its r back."""
    rates = ndtr(np.linspace(-0.5, 0.5, 20))
    law: AbstractErrorLaw = OneFactorGaussian(rates, np.full(20, np.sqrt(0.5)))
    histogram = np.round(1e7 * np.asarray(law.count_probs())).astype(int)

    def on(r: float) -> float:
        return count_law(OneFactorGaussian(rates, np.full(20, np.sqrt(r)))).log_likelihood(histogram)

    assert maximize(on, 0.0, 0.99).value == pytest.approx(0.5, abs=1e-3)
