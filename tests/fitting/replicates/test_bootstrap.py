"""The bootstrap against direct refits, and the jackknife."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.replicates import bootstrap as bootstrap_module
from cofail_lab.fitting.replicates import stages as replicates_module
from cofail_lab.fitting.replicates.bootstrap import bootstrap, jackknife, resample_counts
from cofail_lab.fitting.replicates.stages import Batch, Replicates, run_stages
from cofail_lab.fitting.resampling import Bootstrap
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result
from tests.conftest import outcomes_from
from tests.report.by_hand import fitted, replicates


def test_replicates_are_complete_refits(real: Callable[[str], Outcomes]) -> None:
    """Replicate b equals the point fit of the resampled matrix itself, row by row."""
    outcomes = real("swebench_pro_public")
    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    drawn = bootstrap(outcomes.wrong, pairs, 5, 7).replicates()
    for b in range(5):
        rows = np.repeat(np.arange(outcomes.n_queries), resample_counts(outcomes.n_queries, 7, b))
        again = outcomes_from(outcomes.wrong[rows], per_model={"family": outcomes.family})
        joint = again.joint_wrong_counts[pairs.left, pairs.right][None]
        direct, _ = fit_counts(again.error_counts[None], joint, again.n_queries, pairs)
        assert drawn.all_wrong[b] == again.all_wrong()
        for name, values in direct._asdict().items():
            assert getattr(drawn.fit, name)[b] == pytest.approx(values[0], rel=1e-9, nan_ok=True), name


def test_replicates_do_not_depend_on_batches(real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = real("swebench_pro_public")
    pairs = Pairs.of(outcomes.n_models)
    whole = bootstrap(outcomes.wrong, pairs, 23, 0).replicates()
    monkeypatch.setattr(bootstrap_module, "_PAIRS_PER_BATCH", 4 * len(pairs.left))
    parts = bootstrap(outcomes.wrong, pairs, 23, 0).replicates()
    np.testing.assert_array_equal(whole.all_wrong, parts.all_wrong)
    np.testing.assert_allclose(whole.fit.tetrachoric, parts.fit.tetrachoric, rtol=1e-13)
    other_seed = bootstrap(outcomes.wrong, pairs, 23, 1).replicates()
    assert not np.array_equal(whole.all_wrong, other_seed.all_wrong)


def test_bootstrap_spread_of_the_all_wrong_rate_is_binomial(cruxeval: Result) -> None:
    """The standard error of K/n under resampling is √(β(1-β)/n); 200 replicates know it within 5 standard errors
    (4·10⁻⁷).
    """
    beta, n = 0.05375, 800
    expected = np.sqrt(beta * (1 - beta) / n)
    measured = cruxeval.estimates["all_wrong"].error
    assert measured == pytest.approx(expected, abs=5 * expected / np.sqrt(2 * 200))


def test_an_interruption_keeps_what_is_done(real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch) -> None:
    original = replicates_module.in_batches

    def cut(*arguments: object) -> Iterator[Replicates]:
        batches = original(*arguments)  # type: ignore[arg-type]
        yield next(batches)
        raise KeyboardInterrupt

    monkeypatch.setattr(replicates_module, "in_batches", cut)
    monkeypatch.setattr(bootstrap_module, "_PAIRS_PER_BATCH", 30 * 36)
    result = cl.fit(real("swebench_pro_public"), bootstrap=100, null=0, folds=0)
    assert result.interrupted == "30 of 100 bootstrap replicates done"
    assert result.metrics["n_replicates"] == 30
    assert result.metrics["oracle_gain_lower"] is not None
    assert result.tables["bootstrap"].num_rows == 30


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


def test_replicates_that_miss_the_all_wrong_query_have_ratio_zero() -> None:
    """Six models that fail apart, and one query that defeats all: 36% of the replicates miss it.

    What is left has no positive correlation and no one-factor law. These replicates are the low end of the interval,
    and are not left out of it: that would put its lower limit above 1.
    """
    wrong = np.zeros((60, 6), dtype=bool)
    wrong[0] = True
    for j in range(6):
        wrong[1 + 4 * j : 5 + 4 * j, j] = True
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    resampling = Bootstrap(fit, 300, 0)
    drawn, finished = run_stages(resampling.stages())
    fit = resampling.attach(drawn, finished=finished)
    replicates = fit.replicates
    assert replicates is not None
    none = replicates.all_wrong == 0
    assert none.mean() == pytest.approx(np.exp(-1), abs=0.1)
    for law in ("one_factor", "clayton"):
        assert np.isnan(replicates.log_predicted(law)[none]).any(), law
        ratios = replicates.ratios(law)
        assert (ratios[none] == 0).all(), law
        assert (ratios[~none] > 0).all(), law
        limits = fit.ratio_interval(law)
        assert limits is not None
        assert limits[0] == 0, law
    # Where the pool misses the query, so do its parts: no two models fail together anywhere else.
    parts = replicates.more["parts"]
    assert parts.shape[1]
    assert (parts[none] == 0).all()


def test_the_best_model_of_the_jackknife_is_scored_on_the_queries_that_are_left(rng: np.random.Generator) -> None:
    wrong = rng.random((10, 3)) < 0.4
    found = jackknife(wrong, Pairs.of(3), 0).replicates().single_best
    expected = [1 - (wrong.sum(axis=0) - row).min() / 9 for row in wrong]
    np.testing.assert_allclose(np.sort(found), np.sort(expected))


def test_both_parts_of_the_bootstrap_are_one_sequence() -> None:
    """The laws of the whole matrix are refitted to the first 500; the 501st is not the first again."""
    wrong = np.random.default_rng(3).random((60, 4)) < 0.4
    wrong[:3] = True
    stages = Bootstrap(fit_matrix(outcomes_from(wrong), level=0.9, seed=0), 503, 0).stages()
    assert stages["bootstrap_laws"].n_replicates == 500 and stages["bootstrap"].n_replicates == 3
    second = stages["bootstrap"].replicates()
    for k in range(3):
        drawn = resample_counts(60, 0, 500 + k)
        assert second.all_wrong[k] == drawn[wrong.all(axis=1)].sum() / 60
        assert second.single_best[k] == pytest.approx(1 - (drawn @ wrong).min() / 60)


def test_the_bootstrap_is_attached_in_order_and_the_jackknife_only_whole() -> None:
    first, second, jack = (replicates()._replace(all_wrong=np.full(4, share)) for share in (0.1, 0.2, 0.3))
    drawn = {"bootstrap": second, "bootstrap_laws": first, "jackknife": jack}
    whole = Bootstrap(fitted(), 8, 0).attach(drawn, finished=True)
    assert whole.replicates is not None and whole.replicates.all_wrong.tolist() == [0.1] * 4 + [0.2] * 4
    assert whole.jackknife is jack and whole.n_asked == 8
    cut = Bootstrap(fitted(), 8, 0).attach({"bootstrap": second}, finished=False)
    assert cut.replicates is not None and len(cut.replicates.all_wrong) == 4
    assert Bootstrap(fitted(), 8, 0).attach(drawn, finished=False).jackknife is None
    assert Bootstrap(fitted(), 0, 0).attach({}, finished=True).replicates is None
