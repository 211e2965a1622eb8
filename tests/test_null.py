"""The null calibration: simulated matrices, where a ratio falls among theirs, power, and what repairs alone do."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import cofail_lab as cl
from cofail_lab.fitting.calibration import calibrated, null_stages
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.replicates import null
from cofail_lab.fitting.replicates.bootstrap import bootstrap, jackknife
from cofail_lab.fitting.replicates.intervals import bca_interval
from cofail_lab.fitting.replicates.null import place, power, simulate, with_atom
from cofail_lab.fitting.replicates.stages import Batch, Replicates
from cofail_lab.models import OneFactorGaussian
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit.in_short import chance_sentence

from .conftest import outcomes_from


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
    from cofail_lab.fitting.replicates.predictors import MatrixPredictors

    m, n = 40, 60
    pairs = Pairs.of(m)
    predictors = MatrixPredictors(pairs, None)
    laws = ("full_sigma", "full_sigma_clip")
    truth = OneFactorGaussian(np.linspace(0.3, 0.6, m), np.full(m, np.sqrt(0.7)))
    found = simulate(
        truth, n, pairs, 12, (0, 900),
        lambda batch: predictors.replicates(batch.error_counts / n, batch.values.tetrachoric, laws),
    ).replicates()  # fmt: skip
    clipped, nearest = (float(np.median(found.ratios(law))) for law in ("full_sigma_clip", "full_sigma"))
    assert clipped > 1.5
    assert 0.8 < nearest < 1.25


def test_a_fit_places_its_ratio(real: Callable[[str], Outcomes]) -> None:
    """swebench_pro_public: p is a rank among the simulated ratios in the table, and the table has them."""
    outcomes = real("swebench_pro_public")
    result = cl.fit(outcomes, bootstrap=0, null=39, folds=0)
    table = result.tables["null"]
    rows = table.filter([name == "one_factor" for name in table["null_law"].to_pylist()])
    assert rows.num_rows == 39
    ratios = rows["all_wrong"].to_numpy() / np.exp(rows["log_one_factor"].to_numpy())
    observed = result.metrics["ratio_one_factor"]
    assert observed is not None
    assert result.metrics["null_p_value"] == pytest.approx((1 + (ratios >= observed).sum()) / 40)
    assert result.metrics["null_ratio_one_factor"] == pytest.approx(np.median(ratios))
    assert result.metrics["n_null"] == 39


def test_without_a_null_no_tail_is_judged(real: Callable[[str], Outcomes]) -> None:
    result = cl.fit(real("swebench_pro_public"), bootstrap=0, null=0, folds=0)
    text = " ".join(sentence for section in result.sections for sentence in section.sentences)
    assert "not tested" in text
    assert "underpric" not in text
    assert "unlikely" not in text
    assert result.metrics["null_p_value"] is None
    assert "not calibrated" in result.labels["null"]


@pytest.mark.slow
def test_a_common_mode_is_told_and_its_absence_is_not() -> None:
    """An atom of 20% in one-factor data is called unlikely to be chance; the same data without it are not."""
    rng = np.random.default_rng(5)
    base = (np.sqrt(0.3) * rng.normal(size=(600, 1)) + np.sqrt(0.7) * rng.normal(size=(600, 7))) < -0.3
    plain = cl.fit(outcomes_from(base), bootstrap=0, null=99, folds=0)
    struck = base.copy()
    struck[rng.random(600) < 0.2] = True
    told = cl.fit(outcomes_from(struck), bootstrap=0, null=99, folds=0)
    assert "unlikely to be chance" in told.sections[0].sentences[0]
    assert "unlikely to be chance" not in plain.sections[0].sentences[0]
    assert told.metrics["null_p_value"] == pytest.approx(0.01)
    assert plain.metrics["null_p_value"] > 0.05  # type: ignore[operator]
    # Every law must be excluded, so a common mode is told no more often than by one test alone.
    assert 0 < told.metrics["null_power_all"] <= told.metrics["null_power"]  # type: ignore[operator]


def test_no_conclusion_without_every_null() -> None:
    """A ratio that is rare under the laws tested says nothing where one is missing or the test was cut short."""
    rng = np.random.default_rng(5)
    wrong = (np.sqrt(0.3) * rng.normal(size=(400, 1)) + np.sqrt(0.7) * rng.normal(size=(400, 5))) < -0.3
    wrong[rng.random(400) < 0.2] = True
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    simulated = {name: stage.replicates() for name, stage in null_stages(fit, 39, 0.02, 0).items()}
    whole = calibrated(fit, simulated, 39, 0.02, 0, True)
    assert "unlikely to be chance" in chance_sentence(whole)
    cut = calibrated(fit, simulated, 39, 0.02, 0, False)
    assert "no conclusion" in chance_sentence(cut)
    some = {name: found for name, found in simulated.items() if name in ("null_one_factor", "power")}
    partly = calibrated(fit, some, 39, 0.02, 0, True)
    said = chance_sentence(partly)
    assert "no conclusion" in said
    assert "full correlation matrix could not be tested" in said
    assert partly.null is not None
    assert partly.null.joint_power is None


def test_why_there_is_no_null() -> None:
    """Each reason is its own, and none of them is that it was not asked for."""
    rng = np.random.default_rng(5)
    one = rng.random((60, 1)) < 0.4
    pair = np.hstack([one, rng.random((60, 1)) < 0.4])
    pair[0] = True
    for wrong, reason in ((pair, "fewer than three"), (np.repeat(one, 4, axis=1), "no one-factor law")):
        said = cl.fit(outcomes_from(wrong), bootstrap=0, null=19, folds=0).sections[0].sentences[0]
        assert reason in said
        assert "experiment.null" not in said
    right = np.hstack([pair, np.zeros((60, 1), dtype=bool), rng.random((60, 2)) < 0.4])
    said = cl.fit(outcomes_from(right), bootstrap=0, null=0, folds=0).sections[0].sentences[0]
    assert "which is always right" in said
    assert "of the 4 models that vary" in said


def test_an_interrupted_calibration_keeps_what_is_done(
    real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cofail_lab.fitting.replicates import stages as replicates

    original = replicates.in_batches

    def cut(*arguments: object) -> object:
        batches = original(*arguments)  # type: ignore[arg-type]
        yield next(batches)
        raise KeyboardInterrupt

    monkeypatch.setattr(replicates, "in_batches", cut)
    result = cl.fit(real("swebench_pro_public"), bootstrap=0, null=100)
    assert result.interrupted is not None
    assert result.interrupted.startswith(f"{null._MATRICES_PER_BATCH} of ")
    assert result.metrics["n_null"] == null._MATRICES_PER_BATCH
    assert result.metrics["null_p_value"] is not None


def test_bca_by_its_definition() -> None:
    """Against SciPy's BCa for the mean of a skewed sample: same estimate, its own resamples, ends within 2%.

    With one group per query the acceleration is the jackknife's, exactly.
    """
    rng = np.random.default_rng(0)
    sample = rng.lognormal(sigma=1, size=80)
    expected = stats.bootstrap((sample,), np.mean, confidence_level=0.9, n_resamples=20_000, method="BCa", rng=rng)
    resampled = sample[rng.integers(80, size=(20_000, 80))].mean(axis=1)
    left_out = (sample.sum() - sample) / 79
    found = bca_interval(float(sample.mean()), resampled, left_out, 0.9)
    assert found is not None
    np.testing.assert_allclose(found, expected.confidence_interval, rtol=0.02)
    percentile = np.quantile(resampled, [0.05, 0.95])
    assert found[1] > percentile[1] * 1.01  # the percentile interval of a skewed mean is too short above


def test_the_jackknife_leaves_queries_out(real: Callable[[str], Outcomes]) -> None:
    """Each replicate is the fit of the matrix without its group; small matrices lose one query at a time."""
    wrong = real("swebench_pro_public").wrong[:150]
    pairs = Pairs.of(wrong.shape[1])
    found = jackknife(wrong, pairs, 0).replicates()
    assert len(found.all_wrong) == 150
    k = int(wrong.all(axis=1).sum())
    with_k = np.isclose(found.all_wrong, k / 149)
    assert with_k.sum() == 150 - k
    assert np.isclose(found.all_wrong[~with_k], (k - 1) / 149).all()
    for query in (0, 77, 149):
        rest = outcomes_from(np.delete(wrong, query, axis=0))
        joint = rest.joint_wrong_counts[pairs.left, pairs.right][None]
        direct, _ = fit_counts(rest.error_counts[None], joint, 149, pairs)
        assert np.isclose(found.fit.log_clayton, direct.log_clayton[0], rtol=1e-10).any()


def test_more_of_a_replicate_travels_with_it(real: Callable[[str], Outcomes]) -> None:
    """What a batch is asked for stays with its replicates, in their order, and sees their weights."""
    wrong = real("swebench_pro_public").wrong

    def more(batch: Batch) -> dict[str, np.ndarray]:
        assert batch.weights is not None
        return {"all_wrong": batch.weights @ wrong.all(axis=1) / len(wrong)}

    found = bootstrap(wrong, Pairs.of(9), 30, 0, more).replicates()
    np.testing.assert_allclose(found.more["all_wrong"], found.all_wrong)


def test_very_large_pools_use_the_same_pairs_on_both_sides(
    real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all pairs drawn the subset changes nothing; with some, observed and simulated means are over these."""
    from cofail_lab.fitting import calibration, matrix

    outcomes = real("swebench_pro_public")
    monkeypatch.setattr(matrix, "REPLICATED_UP_TO", 2)
    whole = cl.fit(outcomes, bootstrap=0, null=20, folds=0)
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 10)
    monkeypatch.setattr(calibration, "_SOME_PAIRS", 36)
    same = cl.fit(outcomes, bootstrap=0, null=20, folds=0)
    assert same.metrics["null_p_value"] == whole.metrics["null_p_value"]
    assert same.metrics["null_ratio_one_factor"] == pytest.approx(whole.metrics["null_ratio_one_factor"])
    monkeypatch.setattr(calibration, "_SOME_PAIRS", 20)
    some = cl.fit(outcomes, bootstrap=0, null=20, folds=0)
    assert "means over 20 pairs" in some.labels["null"]
    assert some.metrics["null_ratio_one_factor"] == pytest.approx(1, abs=0.1)


def test_fewer_matrices_for_thousands_of_models() -> None:
    from cofail_lab.fitting.calibration import affordable

    assert affordable(outcomes_from(np.zeros((800, 35), dtype=bool)), 200) == 200
    assert affordable(outcomes_from(np.zeros((1300, 2000), dtype=bool)), 200) == 39
    assert affordable(outcomes_from(np.zeros((1300, 2000), dtype=bool)), 20) == 20
