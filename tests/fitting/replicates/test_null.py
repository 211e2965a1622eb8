"""The null: simulated matrices, where a ratio falls among theirs, power, and what repairs alone do."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from jax.random import key_data
from scipy import stats

from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.replicates import null as nulls
from cofail_lab.fitting.replicates import sequential
from cofail_lab.fitting.replicates.null import hits, place, power, simulate, with_atom
from cofail_lab.fitting.replicates.stages import Batch, Replicates
from cofail_lab.models import OneFactorGaussian
from tests.conftest import outcomes_from


def law_of(m: int, r: float) -> OneFactorGaussian:
    """Rates from 30% to 70% and one correlation."""
    return OneFactorGaussian(np.linspace(0.3, 0.7, m), np.full(m, np.sqrt(r)))


def drawn(law: object, n: int, replicates: int, stream: tuple[int, int] = (0, 900)) -> Replicates:
    return simulate(law, n, Pairs.of(law.n_models), replicates, stream).replicates()  # type: ignore[attr-defined,arg-type]


def test_simulated_matrices_take_the_point_pipeline() -> None:
    """What is kept of a simulated matrix equals the fit of that matrix, which its batch shows."""
    law, n = law_of(5, 0.5), 300
    pairs = Pairs.of(5)

    def more(batch: Batch) -> dict[str, np.ndarray]:
        assert batch.wrong is not None
        assert batch.joint is not None
        return {"number": batch.first + np.arange(len(batch.wrong)), "wrong": batch.wrong, "joint": batch.joint}

    replicates = simulate(law, n, pairs, 40, (3, 900), more).replicates()
    np.testing.assert_array_equal(replicates.more["number"], np.arange(40))
    for b, (wrong, joint) in enumerate(zip(replicates.more["wrong"], replicates.more["joint"], strict=True)):
        outcomes = outcomes_from(wrong)
        np.testing.assert_array_equal(joint, outcomes.joint_wrong_counts)
        direct, _ = fit_counts(outcomes.error_counts[None], joint[pairs.left, pairs.right][None], n, pairs)
        assert replicates.all_wrong[b] == outcomes.all_wrong()
        assert replicates.fit.log_one_factor[b] == pytest.approx(direct.log_one_factor[0], rel=1e-12)


def test_a_simulated_matrix_depends_on_its_number_alone() -> None:
    """The first 40 of 50 matrices are the 40 of a shorter run; another seed or purpose gives others."""
    law = law_of(4, 0.4)
    long, short = drawn(law, 200, 50), drawn(law, 200, 40)
    np.testing.assert_array_equal(long.all_wrong[:40], short.all_wrong)
    np.testing.assert_allclose(long.fit.tetrachoric[:40], short.fit.tetrachoric, rtol=1e-12)
    for stream in ((1, 900), (0, 901)):
        assert not np.array_equal(drawn(law, 200, 40, stream).all_wrong, short.all_wrong)


def test_a_ratio_in_its_null_distribution_by_hand() -> None:
    """Ranks counted by hand: nineteen ratios 1..19, the observed one above, among, below and tied with them."""
    simulated = np.arange(1.0, 20.0)
    for observed, at_least in ((20.0, 0), (18.5, 1), (18.0, 2), (0.5, 19)):
        found = place(observed, simulated)
        assert found is not None
        assert found.p_value == pytest.approx((1 + at_least) / 20)
    assert found.expected == 10
    assert found.critical == 19
    assert power(found, np.array([18.0, 19.0, 19.5, 30.0])) == 0.5
    assert place(1.0, np.array([np.nan, np.nan])) is None


def test_a_simulated_matrix_without_a_prediction_counts_against_the_tail() -> None:
    found = place(5.0, np.array([1.0, 2.0, np.nan, np.nan]))
    assert found is not None
    assert found.p_value == pytest.approx(3 / 5)


def test_the_test_at_five_percent_rejects_what_its_p_value_says() -> None:
    """With 18 matrices no p-value is below .05, so nothing is rejected; from 19 on exactly p <= .05 is."""
    for n in (18, 19, 40, 199):
        simulated = np.random.default_rng(n).lognormal(size=n)
        found = place(1.0, simulated)
        assert found is not None
        for ratio in np.concatenate([simulated * 1.001, [1e9]]):
            placed = place(float(ratio), simulated)
            assert placed is not None
            assert (placed.p_value <= 0.05) == (ratio > found.critical)


def test_an_atom_that_rates_and_the_mean_pair_do_not_show() -> None:
    law = law_of(8, 0.5)
    inflated = with_atom(law, 0.05)
    assert inflated is not None
    left, right = np.triu_indices(8, 1)
    np.testing.assert_allclose(inflated.error_rates, law.error_rates, rtol=1e-12)
    mean, expected = (float(np.asarray(x.pairwise_wrong())[left, right].mean()) for x in (inflated, law))
    assert mean == pytest.approx(expected, rel=1e-6)
    assert float(inflated.all_wrong()) > 1.1 * float(law.all_wrong())


def test_no_atom_beyond_the_best_model_or_the_pairs() -> None:
    assert with_atom(law_of(4, 0.5), 0.3) is None  # the best model errs on 30%
    assert with_atom(law_of(4, 0.02), 0.25) is None  # the pairs are too rarely wrong together
    assert with_atom(OneFactorGaussian([0.3, 0.4, 0.5], [0.0, 0.0, 0.0]), 0.02) is None  # nothing makes up for it


def test_the_p_value_is_uniform_under_the_null() -> None:
    """60 matrices without a common mode, each judged by 39 of its own null: Kolmogorov-Smirnov at 1% (fixed seeds).

    The p-values of 60 matrices with an atom of 10%, judged likewise, fail the same test. The full-size study is
    in docs/fit.md.
    """
    truth, n, n_null = law_of(6, 0.4), 300, 39
    inflated = with_atom(truth, 0.1)
    assert inflated is not None
    uniform = {}
    for name, law in (("null", truth), ("atom", inflated)):
        observed = simulate(
            law, n, Pairs.of(6), 60, (7, 900), lambda batch: {"rates": batch.error_counts / n}
        ).replicates()
        ranks = []
        for b, ratio in enumerate(observed.ratios("one_factor")):
            refitted = OneFactorGaussian(observed.more["rates"][b], np.full(6, np.sqrt(observed.fit.tetrachoric[b])))
            found = place(float(ratio), drawn(refitted, n, n_null, (b, 902)).ratios("one_factor"))
            assert found is not None
            ranks.append(found.p_value * (n_null + 1))
        # A rank uniform on 1..40 minus a uniform number is uniform.
        spread = (np.array(ranks) - np.random.default_rng(1).random(60)) / (n_null + 1)
        uniform[name] = stats.kstest(spread, "uniform").pvalue
    assert uniform["null"] > 0.01
    assert uniform["atom"] < 0.01


def test_clipping_alone_manufactures_a_ratio() -> None:
    """A one-factor Gaussian truth without an atom, n = 60 and m = 40: clip-and-rescale reads β too small by half, the
    nearest matrix by a few percent (by less than the spread). The published size (m = 67, n = 330) is in docs/fit.md.
    """
    from cofail_lab.fitting.estimators.stack import TetrachoricStack
    from cofail_lab.fitting.replicates.predictors import log_predictions

    m, n = 40, 60
    pairs = Pairs.of(m)
    laws = ("full_sigma", "full_sigma_clip")
    truth = OneFactorGaussian(np.linspace(0.3, 0.6, m), np.full(m, np.sqrt(0.7)))
    found = simulate(
        truth,
        n,
        pairs,
        12,
        (0, 900),
        lambda batch: log_predictions(
            TetrachoricStack(batch.error_counts / n, batch.values.tetrachoric, pairs, coarse=True), laws
        ),
    ).replicates()
    clipped, nearest = (float(np.median(found.ratios(law))) for law in ("full_sigma_clip", "full_sigma"))
    assert clipped > 1.5
    assert 0.8 < nearest < 1.25


def test_quantiles_of_a_null_distribution_are_those_that_are_said() -> None:
    """Of 0, 1, ..., 100 in any order, the 5%, 50% and 95% quantiles; none of the missing ones counts."""
    simulated = np.random.default_rng(0).permutation(np.r_[np.arange(101.0), [np.nan] * 9])
    test = place(50.0, simulated)
    assert test is not None
    assert (test.lower, test.expected, test.upper) == (5.0, 50.0, 95.0)


def test_ratios_that_hit() -> None:
    large, small = hits(2.0, np.array([1.0, 2.0, 2.0 * (1 - 1e-13), 3.0, np.nan]))
    assert large.tolist() == [False, True, True, True, True] and small.tolist() == [True, True, True, False, True]


def test_places_among_simulated_ratios() -> None:
    """Of 1 to 39: p of 38 is 3/40, of which 2 are larger and 1 equal; the 5% test rejects above the 38th."""
    ratios = np.arange(1.0, 40.0)
    found = place(38.0, ratios)
    assert found is not None
    assert found[:3] == (pytest.approx(3 / 40), pytest.approx(39 / 40), 20.0)
    assert (found.lower, found.upper, found.critical, found.n_replicates) == (
        pytest.approx(2.9),
        pytest.approx(37.1),
        38,
        39,
    )
    assert place(1.0, np.full(3, np.nan)) is None
    # Fewer than 19 never reject; the sequential p-value counts the draws up to the second hit of 39.
    few = place(38.0, ratios[:18])
    assert few is not None and few.critical == np.inf
    turned = place(38.0, ratios[::-1], 39)
    assert turned is not None and turned.p_value == pytest.approx(2 / 2)
    assert power(found, np.array([37.0, 38.0, 38.5, 60.0])) == 0.5
    assert sequential.LEVEL == 0.05


def test_draws_of_a_null_have_keys_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is drawn depends on seed, purpose and batch."""
    seen: list[bytes] = []
    taken: Any = SimpleNamespace(
        sample=lambda key, n, chunk: seen.append(np.asarray(key_data(key)).tobytes()) or np.zeros((n, 2))
    )

    for stream, index in (((0, 5), 0), ((0, 5), 1), ((0, 6), 0), ((1, 5), 0), ((0, 5), 0)):
        nulls._draw(taken, 3, stream, index)
    assert len(set(seen)) == 4 and seen[0] == seen[-1]
