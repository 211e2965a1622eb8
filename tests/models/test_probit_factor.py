"""Student, skewed and discrete factors: enumeration, their Gaussian limit, deep tails, the hard side."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import log_ndtr, logsumexp, ndtr

from cofail_lab.errors import ConvergenceError
from cofail_lab.models import FactorMixture, OneFactorGaussian, SkewFactor, StudentFactor
from cofail_lab.models._probit_factor import AbstractProbitFactor, Solved, differentiable_thresholds
from tests.models.laws import LOADINGS, RATES

DENSITIES = {
    "student": (StudentFactor(RATES[:3], LOADINGS[:3], 3.0), stats.t(3.0).pdf, (-np.inf, np.inf)),
    "hard tail": (SkewFactor(RATES[:3], LOADINGS[:3], 1.6), lambda z: stats.pearson3(1.6).pdf(-z), (-60.0, 1.25)),
    "easy tail": (SkewFactor(RATES[:3], LOADINGS[:3], -0.5), lambda z: stats.pearson3(-0.5).pdf(-z), (-4.0, 40.0)),
}


@pytest.mark.parametrize("name", DENSITIES)
def test_patterns_against_enumeration(name: str) -> None:
    """P(C = j) as sums over all patterns, each an integral by SciPy over SciPy's density; rates as well."""
    law, density, (low, high) = DENSITIES[name]
    t, scale = np.asarray(law.thresholds), np.sqrt(1 - LOADINGS[:3] ** 2)
    expected, rates = np.zeros(4), np.zeros(3)
    for pattern in itertools.product([False, True], repeat=3):

        def integrand(z: float, pattern: tuple = pattern) -> float:
            p = ndtr((t - LOADINGS[:3] * z) / scale)
            return float(density(z) * np.where(pattern, p, 1 - p).prod())

        pieces = (low, -8.0, -3.0, 0.0, 1.0, 4.0, high) if high > 4 else (low, -8.0, -3.0, 0.0, 1.0, high)
        pieces = pieces if low < -8 else (low, 0.0, 4.0, high)
        ends = itertools.pairwise(pieces)
        value = sum(integrate.quad(integrand, *p, epsabs=1e-14, epsrel=1e-11, limit=400)[0] for p in ends)
        expected[sum(pattern)] += value
        rates += value * np.array(pattern)
    np.testing.assert_allclose(rates, RATES[:3], rtol=1e-9)
    np.testing.assert_allclose(law.count_probs(), expected, rtol=1e-9)


@pytest.mark.parametrize(
    "law",
    [
        StudentFactor(RATES, LOADINGS, np.inf),
        StudentFactor(RATES, LOADINGS, 1e13),
        SkewFactor(RATES, LOADINGS, 0.0),
        SkewFactor(RATES, LOADINGS, 1e-13),
    ],
)
def test_the_gaussian_limit(law: AbstractProbitFactor) -> None:
    gauss = OneFactorGaussian(RATES, LOADINGS)
    assert float(law.log_all_wrong()) == pytest.approx(float(gauss.log_all_wrong()), abs=1e-11)
    np.testing.assert_allclose(law.pairwise_wrong(), gauss.pairwise_wrong(), rtol=1e-11)
    np.testing.assert_allclose(law.count_probs(), gauss.count_probs(), rtol=1e-11)


def test_the_limits_are_approached_from_either_side() -> None:
    """Linear in skewness and in 1/ν near 0: twice the step, twice the change."""
    beta = float(OneFactorGaussian(RATES, LOADINGS).log_all_wrong())
    for build in (
        lambda x: SkewFactor(RATES, LOADINGS, x),
        lambda x: SkewFactor(RATES, LOADINGS, -x),
        lambda x: StudentFactor(RATES, LOADINGS, 1 / x),
    ):
        once, twice = (float(build(x).log_all_wrong()) - beta for x in (1e-4, 2e-4))
        assert twice / once == pytest.approx(2, rel=1e-2)
        assert abs(once) > 1e-6


def test_the_hard_side() -> None:
    """A long tail of hard queries makes failing together likelier, a long tail of easy ones being right together."""
    rates, loadings = np.full(10, 0.5), np.full(10, 0.7)
    hard, easy = (np.asarray(SkewFactor(rates, loadings, s).count_probs()) for s in (1.5, -1.5))
    np.testing.assert_allclose(hard, easy[::-1], rtol=1e-11)  # at rates of 1/2 the two are mirror images
    hard, easy = (float(SkewFactor(np.full(10, 0.2), loadings, s).log_all_wrong()) for s in (1.5, -1.5))
    gauss = float(OneFactorGaussian(np.full(10, 0.2), loadings).log_all_wrong())
    assert easy < gauss < hard


@pytest.mark.parametrize(
    ("law", "tolerance"),
    [
        (StudentFactor(np.full(100, 1e-3), np.full(100, 0.05), np.inf), 1e-9),
        (SkewFactor(np.full(200, 0.02), np.full(200, 0.4), -2.0), 2e-2),
        (SkewFactor(np.full(150, 1e-3), np.full(150, 0.3), 0.3), 1e-9),
        (StudentFactor(np.full(150, 1e-3), np.full(150, 0.3), 40.0), 1e-9),
    ],
)
def test_deep_tails_have_a_log_with_its_error(law: AbstractProbitFactor, tolerance: float) -> None:
    """log β down to 1e-300 against a plain sum over two million values of Z, with SciPy's densities.

    At skewness -2 the density jumps where all queries fail most, and the plain sum is the coarser one.
    """
    t, loading = float(law.thresholds[0]), float(law.loadings[0])
    z = np.linspace(-120, 20, 2_000_001)
    if isinstance(law, SkewFactor):
        density = stats.pearson3(float(law.skewness)).logpdf(-z)
    else:
        nu = float(law.degrees_of_freedom)
        density = stats.norm.logpdf(z) if np.isinf(nu) else stats.t(nu).logpdf(z)
    logs = density + law.n_models * log_ndtr((t - loading * z) / np.sqrt(1 - loading**2))
    brute = float(logsumexp(logs[1:-1]) + np.log(z[1] - z[0]))
    value = float(law.log_all_wrong())
    assert -720 < value < -15
    assert value == pytest.approx(brute, abs=tolerance)
    estimate = law.all_wrong_estimate()
    assert estimate.kind == "quadrature"
    assert estimate.error <= 1e-10 * estimate.value


def test_the_error_holds_the_square_of_what_coarser_nodes_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nodes that miss a thousandth of β here; those of half the digits miss less than rounding."""
    solved = SkewFactor.solved

    def worse(self: SkewFactor, error: float = 1e-13, smallest: float = 1e-300) -> Solved:
        found = solved(self, error, smallest)
        return found._replace(log_weights=found.log_weights + 1e-3) if error > 1e-7 else found

    monkeypatch.setattr(SkewFactor, "solved", worse)
    estimate = SkewFactor(np.full(3, 0.2), np.full(3, 0.4), 0.5).all_wrong_estimate()
    assert estimate.error == pytest.approx(1e-6 * estimate.value, rel=1e-3)


def test_rates_far_out_on_the_long_side() -> None:
    """D + 1 exponential: a rate of 1e-60 needs D = 140 or so; rate and β by plain sums over D."""
    law = SkewFactor([1e-60] * 3, [0.3] * 3, 2.0)
    d = np.linspace(-1, 600, 600_001)
    wrong = log_ndtr((float(law.thresholds[0]) + 0.3 * d) / np.sqrt(0.91))
    rate, beta = (float(logsumexp(k * wrong - (d + 1)) + np.log(d[1] - d[0])) for k in (1, 3))
    assert rate == pytest.approx(np.log(1e-60), abs=1e-6)
    assert float(law.log_all_wrong()) == pytest.approx(beta, abs=1e-6)


def test_large_pools() -> None:
    """2,000 models in seconds; the law of C ends in β and keeps the rates."""
    law = SkewFactor(np.full(2000, 0.2), np.full(2000, 0.6), 1.0)
    counts = np.asarray(law.subpool(np.arange(300)).count_probs())
    assert counts @ np.arange(301) == pytest.approx(60, rel=1e-11)
    of_some = float(law.subpool(np.arange(300)).log_all_wrong())
    assert float(law.log_all_wrong()) < of_some == pytest.approx(np.log(counts[-1]), rel=1e-15)


def test_a_discrete_factor_by_hand() -> None:
    law = FactorMixture([0.3, 0.5], [0.6, -0.4], [-2.0, 0.0, 1.5], [0.25, 0.5, 0.25])
    p = ndtr((np.asarray(law.thresholds) - np.array([0.6, -0.4]) * np.array([[-2.0], [0.0], [1.5]])) / [0.8, 0.84**0.5])
    weights = np.array([0.25, 0.5, 0.25])
    np.testing.assert_allclose(weights @ p, [0.3, 0.5], rtol=1e-13)
    assert float(law.all_wrong()) == pytest.approx(weights @ p.prod(axis=1), rel=1e-13)
    assert law.all_wrong_estimate().error < 1e-14


def test_a_level_out_of_reach_is_an_atom() -> None:
    """3% of queries at -40: every model fails there, and the rest is a law of its own."""
    law = FactorMixture(np.full(40, 0.2), np.full(40, 0.5), [-40.0, 0.0], [0.03, 0.97])
    assert float(law.all_wrong()) == pytest.approx(0.03, rel=1e-10)
    rest = (0.2 - 0.03) / 0.97
    assert float(law.count_probs()[0]) == pytest.approx(0.97 * (1 - rest) ** 40, rel=1e-10)


def test_the_derivative_where_the_factor_is_gaussian() -> None:
    """In skewness at 0, by differences; `tests.models.test_base` has those elsewhere."""

    def log_beta(x: float) -> jax.Array:
        return SkewFactor(RATES, LOADINGS, x).log_all_wrong()

    difference = float(log_beta(1e-4) - log_beta(-1e-4)) / 2e-4
    assert float(jax.jit(jax.grad(log_beta))(0.0)) == pytest.approx(difference, rel=1e-6)


def test_too_many_nodes() -> None:
    """A clear line where parameters are concrete, nan where they are traced."""
    law = StudentFactor(np.full(3, 0.3), np.full(3, 1 - 1e-14), 2.0)
    with pytest.raises(ConvergenceError, match=r"law\.loadings: so near 1"):
        law.log_all_wrong()
    traced = jax.jit(lambda x: StudentFactor(jnp.full(3, 0.3), jnp.full(3, x), 2.0).log_all_wrong())
    assert np.isfinite(traced(0.9))
    assert np.isnan(traced(1 - 1e-14))


@pytest.mark.parametrize("rate", [0.03, 0.4, 0.6, 0.97])
def test_thresholds_and_their_slopes_on_both_sides_of_a_half(rate: float) -> None:
    """With a normal factor t = Φ⁻¹(α), whose slope is 1/φ(t), and no slope in the loading."""
    z = np.linspace(-9, 9, 2001)
    log_weights = jnp.asarray(stats.norm.logpdf(z) - np.log(stats.norm.pdf(z).sum()))
    t = jnp.asarray([stats.norm.ppf(rate)])

    @jax.jit
    def threshold(alpha: jax.Array, load: jax.Array) -> jax.Array:
        return differentiable_thresholds(t, alpha[None], load[None], jnp.asarray(z), log_weights)[0]

    at = jnp.asarray(rate), jnp.asarray(0.6)
    assert float(threshold(*at)) == pytest.approx(stats.norm.ppf(rate), rel=1e-14)
    in_rate, in_load = jax.jit(jax.grad(threshold, argnums=(0, 1)))(*at)
    assert float(in_rate) == pytest.approx(1 / stats.norm.pdf(stats.norm.ppf(rate)), rel=1e-9)
    assert float(in_load) == pytest.approx(0, abs=1e-9)
