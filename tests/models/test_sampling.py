"""Samplers judged by p-values; the generator by its published words; draws by where they do not depend on.

One false-alarm rate for the whole file, 1e-6, is split evenly over all p-values. Seeds are fixed: a pass stays a pass.
"""

from functools import cache

import jax
import numpy as np
import pytest
from scipy import stats

from cofail_lab.errors import InputError
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    CommonShock,
    ExchangeableCount,
    ExchangeableMixing,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
    _samplers,
)
from cofail_lab.models._latent_sampler import root_bits
from cofail_lab.models._sampling import CELL
from cofail_lab.numerics import normal, squares
from tests.models.laws import LAWS

FALSE_ALARM = 1e-6
N = 200_000
KEY = jax.random.key(20260601)


@cache
def draws(name: str) -> np.ndarray:
    """The first N queries of a law, once for all tests: every number of queries may compile a program."""
    return np.asarray(LAWS[name].sample(KEY, N))


def p_values(wrong: np.ndarray, law: AbstractErrorLaw) -> dict[str, float]:
    """Smallest marginal and pairwise p-values (Bonferroni within each family) and that of the law of C."""
    n, m = wrong.shape

    def smallest(hits: np.ndarray, probability: np.ndarray) -> float:
        each = [stats.binomtest(int(k), n, float(min(p, 1))).pvalue for k, p in zip(hits, probability, strict=True)]
        return min(1.0, min(each) * len(each))

    joint = wrong.T.astype(np.int64) @ wrong
    upper = np.triu_indices(m, 1)
    law_of_c = np.asarray(law.count_probs())
    counts = np.bincount(wrong.sum(axis=1), minlength=m + 1)
    common = law_of_c * n >= 10
    observed = np.append(counts[common], counts[~common].sum())
    expected = np.append(law_of_c[common], law_of_c[~common].sum()) * n
    keep = expected > 0
    assert observed[~keep].sum() == 0  # the impossible did not happen
    chi = ((observed - expected)[keep] ** 2 / expected[keep]).sum()
    return {
        "marginals": smallest(np.diag(joint), np.asarray(law.error_rates)),
        "pairs": smallest(joint[upper], np.asarray(law.pairwise_wrong())[upper]),
        "count": float(stats.chi2.sf(chi, keep.sum() - 1)),
    }


N_TESTS = 3 * len(LAWS) + 22


@pytest.mark.parametrize("name", LAWS)
def test_draws_follow_the_law(name: str) -> None:
    law, wrong = LAWS[name], draws(name)
    reference = (
        OneFactorGaussian(law.error_rates, [0.5, 0.9, -0.3, 0.2, 0.7]) if isinstance(law, GaussianCopula) else law
    )
    for what, p in p_values(wrong, reference).items():
        assert p > FALSE_ALARM / N_TESTS, f"{what}: p = {p:.2e}"
    histogram = law.count_wrong(KEY, N, chunk=30_000)
    np.testing.assert_array_equal(histogram, np.bincount(wrong.sum(axis=1), minlength=law.n_models + 1))
    plain, conditional = (law.all_wrong_rate(KEY, N, conditional=c) for c in (False, True))
    assert plain.value == histogram[-1] / N
    exact = float(reference.all_wrong())
    threshold = stats.norm.isf(FALSE_ALARM / N_TESTS / 2)
    assert abs(conditional.value - exact) <= threshold * conditional.error + 1e-9
    assert conditional.error <= plain.error * 1.01


@pytest.mark.parametrize(
    "wrong_law",
    [CommonShock(0.055, LAWS["common_shock"].base_error_rates), Independent(LAWS["common_shock"].error_rates)],
)
def test_control_a_wrong_sampler_is_caught(wrong_law: AbstractErrorLaw) -> None:
    """A shock of .055 for .05, and the right marginals without the shock."""
    found = p_values(np.asarray(wrong_law.sample(KEY, N)), LAWS["common_shock"])
    assert min(found.values()) < FALSE_ALARM / N_TESTS


def test_independence_across_queries() -> None:
    """Neighbouring queries: the lag-one products of every pair of models have their mean (z at the suite's rate)."""
    wrong = np.asarray(Independent([0.3, 0.5, 0.7]).sample(KEY, N)) - np.array([0.3, 0.5, 0.7])
    z = (wrong[1:].T @ wrong[:-1]) / np.sqrt(N * np.outer(*(np.array([0.21, 0.25, 0.21]),) * 2))
    assert np.abs(z).max() < stats.norm.isf(FALSE_ALARM / N_TESTS / 2 / 9)


@pytest.mark.parametrize("name", ["block_factor", "atom_on_atom", "exchangeable_count", "gaussian_copula"])
def test_no_sampler_shares_a_word_between_neighbouring_queries(name: str) -> None:
    """How many are wrong on a query and on the next, one after that: correlation 0, z at the suite's rate."""
    counts = draws(name).sum(axis=1) - float(LAWS[name].error_rates.sum())
    for lag in (1, 2):
        z = counts[lag:] @ counts[:-lag] / (counts @ counts) * np.sqrt(N)
        assert abs(z) < stats.norm.isf(FALSE_ALARM / N_TESTS / 2)


def test_nodes_and_cells_have_words_of_their_own() -> None:
    """At 3 and 4 models a query takes two words for its cells, as many as for its node: they would be the same ones."""
    mixing = ExchangeableMixing([0.1, 0.6], [0.5, 0.5], 3)
    for law in (AtomInflated(0.2, mixing), OneFactorGaussian([0.3] * 4, [0.7] * 4)):
        for what, p in p_values(np.asarray(law.sample(KEY, N)), law).items():
            assert p > FALSE_ALARM / N_TESTS, f"{what}: p = {p:.2e}"


def test_queries_from_any_number_on_are_those_of_the_whole() -> None:
    for name in ("common_shock", "gaussian_copula", "exchangeable_count"):
        some = np.concatenate(list(LAWS[name].sample_chunks(KEY, 1_700, chunk=777, first=1_900)))
        np.testing.assert_array_equal(some, draws(name)[1_900:3_600])


@pytest.mark.parametrize("conditional", [False, True])
def test_standard_errors_of_a_simulated_rate_are_its_spread(conditional: bool) -> None:
    """Over 200 keys: the ratio of spread and mean error has a standard deviation of 5%; five of them are allowed."""
    law = CommonShock(0.6, [0.9, 0.8])
    found = [law.all_wrong_rate(jax.random.key(k), 1_000, conditional=conditional) for k in range(200)]
    values, errors = (np.array([getattr(one, name) for one in found]) for name in ("value", "error"))
    assert values.std(ddof=1) / errors.mean() == pytest.approx(1, abs=0.25)
    assert abs(values.mean() - float(law.all_wrong())) < 5 * errors.mean() / np.sqrt(200)


@pytest.mark.parametrize("m", [64, 300, 1_000, 5_000, 70_000])
def test_scores_of_large_pools_fit_into_53_bits(m: int) -> None:
    """A row of the root has norm 1, hence sum at most √m; normals are below 6.7, and both are rounded to their bits."""
    assert np.sqrt(m) * 2.0 ** root_bits(m) * 6.7 * 2**22 + m * 6.7 * 2**22 < 2**53
    assert root_bits(m) >= 24 - np.log2(m) / 2


@pytest.mark.parametrize("name", LAWS)
def test_draws_do_not_depend_on_chunk_or_n(name: str) -> None:
    law, whole = LAWS[name], draws(name)[:20_000]
    np.testing.assert_array_equal(law.sample(KEY, 20_000, chunk=777), whole)
    np.testing.assert_array_equal(law.sample(KEY, 1_500), whole[:1_500])
    assert (np.asarray(law.sample(jax.random.key(1), 20_000, chunk=777)) != whole).any()


@pytest.mark.parametrize("m", [1, 2, 67, pytest.param(300, marks=pytest.mark.slow)])
def test_scores_are_whole_numbers(m: int) -> None:
    """Draws of the full-matrix law by the integers of NumPy: what float64 adds up is exact, so no order matters."""
    loadings = np.linspace(-0.9, 0.9, m)
    correlation = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    law = GaussianCopula(np.linspace(0.1, 0.9, m), correlation)
    bits, n = root_bits(m), 600
    root = np.linalg.cholesky(correlation)  # unique up to the signs of columns, which the sampler chooses
    sampled = np.asarray(law.sampler().root)
    np.testing.assert_allclose(np.abs(sampled), np.abs(root) * 2.0**bits, atol=0.51)
    half = -(-m // 2)
    place = np.arange(n, dtype=np.uint64) * np.uint64(half) + np.arange(half, dtype=np.uint64)[:, None]
    key = np.uint64(squares.stream_keys(KEY, 3)[CELL])
    pairs = np.asarray(jax.jit(lambda place: normal.pairs_from_bits(squares.bits64(place, key)))(place))
    z = np.rint(np.concatenate([pairs.real, pairs.imag[: m - half]]) * np.float32(2**22)).astype(np.int64)
    assert np.abs(sampled.astype(np.int64)).sum(axis=1).max() * np.int64(6.7 * 2**22) < 2**53
    scores = sampled.astype(np.int64) @ z
    bounds = np.asarray(law.thresholds) * 2.0 ** (22 + bits)
    np.testing.assert_array_equal(law.sample(KEY, n), (scores < bounds[:, None]).T)


def test_pools_longer_than_a_stretch_of_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pools of more models than a stretch has loop over stretches; counting must still see the draws of `sample`.

    Stretches of 22 models instead of 72 are compiled in a third of the time.
    """
    monkeypatch.setattr(_samplers, "_STRETCH", 22)
    for m in (22, 23, 45):
        law = OneFactorGaussian(np.linspace(0.05, 0.9, m), np.linspace(-0.8, 0.9, m))
        wrong = np.asarray(law.sample(KEY, 3_000))
        np.testing.assert_array_equal(law.count_wrong(KEY, 3_000), np.bincount(wrong.sum(axis=1), minlength=m + 1))


def test_certain_outcomes_are_certain() -> None:
    law = ExchangeableCount([0.0, 0.0, 0.0, 1.0])
    assert np.asarray(law.sample(KEY, 10_000)).all()
    assert not np.asarray(ExchangeableCount([1.0, 0.0]).sample(KEY, 10_000)).any()


def test_no_draws_is_an_error() -> None:
    with pytest.raises(InputError, match="at least one draw"):
        LAWS["independent"].sample(KEY, 0)
