"""The plan of a tail: exact binomial power, the count law of a factor, and simulated power at a kept level."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

from cofail_lab import models
from cofail_lab.bounds import tail_planner as planner
from cofail_lab.models.tail import one_factor_predictions


def power_at(n: int, null: float, alternative: float, level: float) -> float:
    """By summing the binomial law from the least count that is rare enough."""
    j = np.arange(n + 1)
    tail = binom.pmf(j, n, null)[::-1].cumsum()[::-1]
    c = int(np.flatnonzero(tail <= level)[0]) if (tail <= level).any() else n + 1
    return float(binom.pmf(j[c:], n, alternative).sum())


@pytest.mark.parametrize(("null", "alternative"), [(1e-4, 0.05), (0.0088, 0.051), (0.0357, 0.0614), (0.2, 0.3)])
def test_the_least_sample_of_a_known_null(null: float, alternative: float) -> None:
    n = planner.queries_needed(null, alternative, 0.05, 0.8)
    assert n is not None
    assert all(power_at(k, null, alternative, 0.05) >= 0.8 for k in range(n, 2 * n + 2, max(1, n // 40)))
    assert power_at(n - 1, null, alternative, 0.05) < 0.8


def test_no_sample_shows_what_is_not_there() -> None:
    assert planner.queries_needed(0.05, 0.05, 0.05, 0.8) is None
    assert planner.queries_needed(0.1, 0.05, 0.05, 0.8) is None
    assert planner.queries_needed(0.05, 0.05 + 1e-6, 0.05, 0.8) is None


def test_counts_of_one_factor_have_its_rate_pair_and_end() -> None:
    from cofail_lab.claims.reference import exchangeable

    for rate, r, m in ((0.3, 0.17, 67), (0.1, 0.8, 20)):
        counts = planner.one_factor_counts(rate, r, m)
        found, pair = planner.rate_and_pair(counts)
        assert (counts.sum(), found) == (pytest.approx(1, abs=1e-12), pytest.approx(rate, abs=1e-12))
        assert exchangeable.tetrachoric(rate, pair) == pytest.approx(r, abs=1e-9)
        assert np.log(counts[-1]) == pytest.approx(exchangeable.one_factor(rate, r, m).log_all_wrong, abs=1e-7)
    assert planner.one_factor_counts(0.4, 0.0, 5) == pytest.approx(binom.pmf(np.arange(6), 5, 0.4), abs=1e-15)


@pytest.mark.slow
def test_counts_of_one_factor_are_the_laws_own() -> None:
    for rate, r, m in ((0.3, 0.17, 67), (0.1, 0.8, 20), (0.4, 0.0, 5)):
        own = np.asarray(models.OneFactorGaussian.equicorrelated([rate] * m, r).count_probs())
        assert planner.one_factor_counts(rate, r, m) == pytest.approx(own, abs=1e-12)
        assert planner.rate_and_pair(own)[0] == pytest.approx(rate, abs=1e-12)


def test_the_null_is_the_one_factor_prediction() -> None:
    law = models.CommonShock(0.05, [0.3] * 12)
    rate, pair = planner.rate_and_pair(np.asarray(law.count_probs()))
    assert pair == pytest.approx(0.05 + 0.95 * 0.09, abs=1e-12)
    sizes, pairs = np.array([12]), np.asarray(law.pairwise_wrong())
    beta = np.array([[float(law.log_all_wrong())]])
    expected = one_factor_predictions(np.asarray(law.error_rates)[None], pairs[None], sizes, beta)["log_one_factor"]
    assert np.log(planner.null_rates(np.array([rate]), np.array([pair]), 12)[0]) == pytest.approx(
        expected[0, 0], abs=1e-9
    )
    # No correlation, a negative one, and models that always fail together.
    edges = planner.null_rates(np.array([0.3, 0.3, 0.3]), np.array([0.09, 0.05, 0.3]), 12)
    assert edges == pytest.approx([0.3**12, 0.3**12, 0.3])


def test_an_atom_is_mass_at_the_end() -> None:
    counts = planner.one_factor_counts(0.3, 0.2, 6)
    mixed = planner.with_atom(counts, 0.1)
    assert mixed.sum() == pytest.approx(1) and mixed[-1] == pytest.approx(0.1 + 0.9 * counts[-1])
    assert mixed[2] == pytest.approx(0.9 * counts[2])


def test_the_simulated_level_is_kept_and_power_grows() -> None:
    """At a level of 5%, 2,000 samples: beyond 7% with probability below 1e-4; the seed is fixed."""
    alternative = planner.with_atom(planner.one_factor_counts(0.3, 0.17, 10), 0.05)
    rate, pair = planner.rate_and_pair(alternative)
    from scipy.special import ndtri

    from cofail_lab.numerics import bivariate_normal

    r = float(bivariate_normal.correlation(ndtri(rate), ndtri(rate), np.asarray(pair)))
    null = planner.one_factor_counts(rate, r, 10)
    small, large = (planner.tested(null, alternative, n, 0.05, 0) for n in (15, 60))
    assert small.level < 0.07 and large.level < 0.07
    assert small.power < 0.6 < 0.85 < large.power
    assert planner.tested(null, alternative, 60, 0.05, 0) == large
    found = planner.search(null, alternative, 107, 0.05, 0.8, 0, lambda _: None)
    assert found is not None and 0.8 <= found.power < 0.95 and 25 < found.n_queries < 60


def test_critical_value_level_and_power_are_of_samples_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """From one stream the level would be the nominal one whatever the test does."""
    null = planner.one_factor_counts(0.3, 0.17, 10)
    used = []

    def watched(*of: int) -> np.random.Generator:
        used.append(of)
        return original(*of)

    original = planner.generator
    monkeypatch.setattr(planner, "generator", watched)
    found = planner.tested(null, null, 60, 0.05, 0, 500)
    assert len(used) == len(set(used)) == 3
    # Of one law both are rejection rates at 5%, by different samples: 500 exceed 9% with probability below 1e-4.
    assert found.level != found.power and max(found.level, found.power) < 0.09


def test_a_strong_factor_needs_the_far_ends() -> None:
    """By SciPy's adaptive quadrature over the factor: the ends carry the law where rates are low and r is high."""
    for rate, r, m, j in ((1e-3, 0.8, 5, 5), (0.02, 0.6, 4, 3), (0.5, 0.9, 6, 0)):

        def part(z: float, rate: float = rate, r: float = r, m: int = m, j: int = j) -> float:
            p = norm.cdf((norm.ppf(rate) - np.sqrt(r) * z) / np.sqrt(1 - r))
            return float(norm.pdf(z) * binom.pmf(j, m, p))

        exact = sum(quad(part, a, a + 1, epsabs=1e-16)[0] for a in range(-9, 9))
        assert planner.one_factor_counts(rate, r, m)[j] == pytest.approx(exact, rel=1e-8)


def test_evidence_is_the_binomial_tail_at_the_samples_own_rate() -> None:
    """Two like models: their pair is the rate of both wrong, so K or more is tested at its own share."""
    histograms = np.array([[50, 30, 20], [90, 10, 0], [20, 0, 80]])
    shares = np.array([0.2, 0.05**2, 0.8])
    # Pairs that agree less than chance count as independent, at the square of the rate.
    expected = [-np.log(binom.pmf(np.arange(k, 101), 100, p).sum()) for k, p in zip((20, 0, 80), shares, strict=True)]
    assert planner._evidence(histograms) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_the_error_of_a_simulated_power_is_binomial() -> None:
    null = planner.one_factor_counts(0.3, 0.17, 10)
    found = planner.tested(null, planner.with_atom(null, 0.05), 40, 0.1, 3, 400)
    assert found.n_queries == 40 and 0.2 < found.power < 1
    assert found.error == pytest.approx(np.sqrt(found.power * (1 - found.power) / 400), rel=1e-12)
    assert found.power * 400 == pytest.approx(round(found.power * 400)) and found.level < 0.2


@pytest.mark.parametrize("start", [1, 40, 107, 900])
def test_the_search_brackets_the_least_size_to_a_twentieth(start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a power that reaches what is wanted at 107 just: from below, from above and from the very size."""
    tried = []

    def tested(_null: object, _alternative: object, n: int, level: float, seed: int) -> planner.Tested:
        tried.append(n)
        assert (level, seed) == (0.05, 7)
        return planner.Tested(n, 0.8 if n >= 107 else 0.79, 0.05, 0.01)

    monkeypatch.setattr(planner, "tested", tested)
    steps: list[int] = []
    found = planner.search(np.ones(3), np.ones(3), start, 0.05, 0.8, 7, steps.append)
    assert found is not None and 107 <= found.n_queries <= 112
    assert max([n for n in tried if n < 107]) >= found.n_queries - max(1, found.n_queries // 20)
    assert steps == [1] * len(tried) and len(tried) == len(set(tried)) and tried[0] == start
    # From a size that is enough it goes down, and from one that is not just past the least that is.
    assert max(tried) <= max(start, np.ceil(1.2 * 107))


def test_the_search_ends_at_one_query_or_after_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def always(_null: object, _alternative: object, n: int, *_: object) -> planner.Tested:
        return planner.Tested(n, 1.0, 0.05, 0.0)

    monkeypatch.setattr(planner, "tested", always)
    found = planner.search(np.ones(3), np.ones(3), 9, 0.05, 0.8, 0, lambda _: None)
    assert found is not None and found.n_queries == 1
    tried = []

    def never(_null: object, _alternative: object, n: int, *_: object) -> planner.Tested:
        tried.append(n)
        return planner.Tested(n, 0.5, 0.05, 0.0)

    monkeypatch.setattr(planner, "tested", never)
    assert planner.search(np.ones(3), np.ones(3), 10, 0.05, 0.8, 0, lambda _: None) is None
    assert len(tried) == planner.MOST_STEPS
    assert all(np.ceil(a * 1.2) == b for a, b in pairwise(tried))


@pytest.mark.parametrize("correlation", [0.9, 0.95, 0.98])
def test_a_factor_so_strong_that_answers_are_sure(correlation: float) -> None:
    """Where the model hardly ever errs: probabilities down to the least floats, in which SciPy's law overflows."""
    for rate, m in ((1e-3, 5), (0.3, 20), (0.5, 200)):
        counts = planner.one_factor_counts(rate, correlation, m)
        assert counts.sum() == pytest.approx(1, abs=1e-12)
        assert planner.rate_and_pair(counts)[0] == pytest.approx(rate, abs=1e-12)


def test_critical_values_are_of_one_side_at_the_level_asked_for() -> None:
    """Of 4,000 samples without the atom a fifth is rejected; the count's steps take little away in a large sample."""
    null = planner.one_factor_counts(0.4, 0.6, 4)
    found = planner.tested(null, null, 2000, 0.2, 5, 4000)
    assert 0.16 < found.level < 0.24 and 0.16 < found.power < 0.24
