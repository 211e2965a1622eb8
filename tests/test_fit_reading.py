"""Readings of a fit: parts of a pool, slopes of pairs, regimes by dataset, luck, guessing, published full Σ."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.errors import InputError
from cofail_lab.experiments.fit import Fit
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.readings import parts as readings
from cofail_lab.fitting.readings import subpools
from cofail_lab.fitting.readings.guessing import guess_corrected
from cofail_lab.fitting.readings.luck import Runs, _ranks_elsewhere, find_runs, measure_luck
from cofail_lab.fitting.readings.pool_scan import Compositions, scan_sizes
from cofail_lab.fitting.readings.regimes import regimes_by_dataset
from cofail_lab.outcomes import Outcomes

from .conftest import outcomes_from


def test_a_subpool_reads_as_a_matrix_of_its_own(real: Callable[[str], Outcomes]) -> None:
    """Parts and scan compositions take two roads to the one-factor read; both equal the fit of the columns alone."""
    outcomes = real("swebench_pro_public")
    whole = fit_matrix(outcomes, level=0.9, seed=0)
    members = np.array([0, 2, 3, 7])
    alone = fit_matrix(outcomes_from(outcomes.wrong[:, members]), level=0.9, seed=0)
    index = subpools.pair_index(members, outcomes.n_models)
    by_pairs = subpools.read(outcomes.error_rates[members][None], whole.pair_values.tetrachoric[:, index])
    joint = outcomes.joint_wrong_counts[np.ix_(members, members)]
    by_counts = subpools.read_counts(
        outcomes.error_counts[members][None], joint[np.triu_indices(4, 1)][None], outcomes.n_queries
    )
    for found in (by_pairs, by_counts):
        assert found.log_predicted[0] == pytest.approx(alone.log_predicted("one_factor"), rel=1e-10)
        assert found.tetrachoric[0] == pytest.approx(alone.point.tetrachoric[0], rel=1e-12)


def test_the_scan_counts_its_compositions(real: Callable[[str], Outcomes]) -> None:
    """β of each composition recounted; sizes stay below the pool; what was not looked at has no ratio."""
    outcomes = real("swebench_pro_public")
    scan = Compositions(outcomes.n_models, outcomes.n_queries, 3)
    wrong = np.broadcast_to(outcomes.wrong, (5, *outcomes.wrong.shape))
    joint = np.broadcast_to(outcomes.joint_wrong_counts, (5, *outcomes.joint_wrong_counts.shape))
    all_wrong, ratio = scan.ratios(scan.count(0, wrong, joint))
    for row, size in enumerate(scan.sizes):
        for k in range(5):
            members = scan._members[size][k]
            assert len(set(members.tolist())) == size
            assert all_wrong[row, k] == outcomes.wrong[:, members].all(axis=1).mean()
    assert np.isnan(ratio[:, 5:]).all()
    assert not np.isnan(ratio[:, :5]).any()
    assert scan_sizes(9)[-1] == 9
    assert scan_sizes(1) == []
    # Pairs alone are what they are: the ratio of a pool of two is 1.
    np.testing.assert_allclose(ratio[0, :5], 1, rtol=1e-9)


def columns(**extra: list[str]) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=object) for name, values in extra.items()}


def test_parts_of_a_pool() -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random((200, 6)) < [0.5, 0.2, 0.3, 0.4, 0.6, 0.7]
    wrong[:, 5] = wrong[:, 4]  # a duplicate
    per_model = columns(
        family=["a", "a", "a", "b", "b", ""],
        tier=["big", "big", "small", "small", "big", "small"],
        released=["2024-01-01", "2024-06-01", "", "2025-01-05", "2023-02-03", "2025-03-01"],
    )
    found = {part.key: part.members.tolist() for part in readings.parts(outcomes_from(wrong, per_model=per_model))}
    assert found["one_per_family"] == [1, 3]
    assert found["no_near_duplicates"] == [0, 1, 2, 3, 4]
    assert found["best_quarter"] == [1, 2]
    assert found["newest_half_by_released"] == [3, 5]
    assert found["family=a"] == [0, 1, 2]
    assert found["tier=big"] == [0, 1, 4]
    assert "family=b" not in found  # two models are no family to read


def test_resampled_parts_are_refits(real: Callable[[str], Outcomes]) -> None:
    """The interval of a part comes from ratios of the part in each resampled matrix."""
    from cofail_lab.fitting.replicates.bootstrap import resample_counts
    from cofail_lab.fitting.replicates.stages import computed
    from cofail_lab.fitting.resampling import bootstrap_stages, bootstrapped

    outcomes = real("swebench_pro_public")
    fit = fit_matrix(outcomes, level=0.9, seed=0)
    fit = bootstrapped(fit, computed(bootstrap_stages(fit, 3, 0))[0], 3, True)
    assert fit.replicates is not None
    for b in range(3):
        rows = np.repeat(np.arange(outcomes.n_queries), resample_counts(outcomes.n_queries, 0, b))
        members = fit.parts[0].part.members
        direct = fit_matrix(outcomes_from(outcomes.wrong[np.ix_(rows, members)]), level=0.9, seed=0)
        assert fit.replicates.more["parts"][b, 0] == pytest.approx(direct.ratio("one_factor"), rel=1e-9)


def test_slopes_by_least_squares() -> None:
    """Against NumPy's solver, with pairs left out; without families there is no third slope."""
    rng = np.random.default_rng(0)
    rates, family = rng.random(7), np.array(list("aabbcca"), dtype=object)
    pairs = Pairs.of(7, family)
    y = rng.normal(size=21)
    y[[3, 9]] = np.nan
    found = readings.slopes(rates[None], y[None], pairs)[0]
    accuracy = 0.5 - (rates[pairs.left] + rates[pairs.right]) / 2
    x = np.stack([np.ones(21), accuracy, pairs.same_family], axis=1)[~np.isnan(y)]  # type: ignore[list-item]
    np.testing.assert_allclose(found, np.linalg.lstsq(x.astype(float), y[~np.isnan(y)], rcond=None)[0], rtol=1e-9)
    assert np.isnan(readings.slopes(rates[None], y[None], Pairs.of(7))[0, 2])


def test_regimes_by_dataset() -> None:
    """Three datasets built to be one of each; every number counted by hand."""
    wrong = np.zeros((60, 2), dtype=bool)
    wrong[:8] = True  # bound: 8 of the best model's 10 errors are everybody's
    wrong[8:10, 0] = True
    wrong[10:13, 1] = True
    wrong[20:25, 0] = wrong[25:32, 1] = True  # open: nobody fails together
    wrong[40:42] = True  # neither: 2 of 8
    wrong[42:48, 0] = wrong[48:56, 1] = True
    dataset = np.array(["bound"] * 20 + ["open"] * 20 + ["neither"] * 20, dtype=object)
    found = {r.name: r for r in regimes_by_dataset(outcomes_from(wrong, per_query={"dataset": dataset}))}
    assert {name: r.regime for name, r in found.items()} == {
        "bound": "ceiling-bound", "open": "realizability-bound", "neither": "undetermined",
    }  # fmt: skip
    assert found["bound"].foreclosed_share == 0.8
    low, high = found["bound"].foreclosed_interval or (0, 0)
    assert (low, high) == pytest.approx((0.4439, 0.9748), abs=1e-4)  # Clopper-Pearson of 8 in 10
    assert found["open"].foreclosed_interval == pytest.approx((0, 1 - 0.025 ** (1 / 5)))
    assert regimes_by_dataset(outcomes_from(wrong)) == ()


def test_regimes_of_mmlu_pro(real: Callable[[str], Outcomes]) -> None:
    outcomes = real("mmlu_pro")
    found = regimes_by_dataset(outcomes)
    assert len(found) == 14
    assert sum(r.n_queries for r in found) == 10_300
    assert sum(r.n_all_wrong for r in found) == 448


def test_luck_of_ten_identical_models() -> None:
    """P10.i: π ~ Beta(2, 1) in common: the oracle of one run gains .318 over ⅔, and nothing of it is routable.

    4,000 queries know both bounds within .02, more than five standard errors.
    """
    rng = np.random.default_rng(4)
    success = rng.beta(2, 1, size=(4000, 1))
    right = rng.binomial(8, np.broadcast_to(success, (4000, 10)))
    luck = measure_luck(Runs(np.arange(10), right, np.full(right.shape, 8), inferred=False), 0)
    assert luck.oracle.value == pytest.approx(2 / 3 + 0.318, abs=0.02)
    for bound in (luck.first_pick, luck.half_pick):
        assert bound.value == pytest.approx(2 / 3, abs=0.02)
    assert luck.half_pick.value < luck.routable_upper.value < luck.oracle.value
    assert luck.luck_upper is not None
    assert luck.luck_upper.value > 0.9


def test_luck_where_there_is_none() -> None:
    """Two models, each sure of its own half: everything is routable, and every bound is 1."""
    right = np.zeros((100, 2), dtype=int)
    right[:50, 0] = right[50:, 1] = 4
    luck = measure_luck(Runs(np.arange(2), right, np.full(right.shape, 4), inferred=False), 0)
    for bound in (luck.first_pick, luck.half_pick, luck.routable_upper, luck.oracle):
        assert bound.value == pytest.approx(1)
    assert luck.single_best.value == 0.5
    assert luck.luck_lower is not None
    assert luck.luck_lower[:3] == pytest.approx((0, 0, 0))


def test_the_first_pick_by_enumeration() -> None:
    """Two models, one query, 2 of 3 and 1 of 3 runs right: every draw of a first run from each, enumerated."""
    expected = 0.0
    for first_a, first_b in product((1, 0), (1, 0)):
        chance = (2 / 3 if first_a else 1 / 3) * (1 / 3 if first_b else 2 / 3)
        picks_b = first_b > first_a  # ties go to the better model, the first
        rest = (1 - first_b) / 2 if picks_b else (2 - first_a) / 2
        expected += chance * rest
    right = np.tile([[2, 1]], (4000, 1))
    luck = measure_luck(Runs(np.arange(2), right, np.full(right.shape, 3), inferred=False), 0)
    # 40 splits of 4,000 queries: the standard error is below .001.
    assert luck.first_pick.value == pytest.approx(expected, abs=0.005)


def _ranks_in_all(share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Merit that looks at the runs that score."""
    return np.broadcast_to(share.mean(axis=0).argsort().argsort(), share.shape)


def test_few_queries_do_not_make_luck_routable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty coin flips on 20 queries by 3 runs: whoever is picked is right half of the time.

    Means of 200 matrices within four standard errors: false alarms 2 in 10,000 for the two. Merit over all queries,
    the query's own scoring runs included, is .1 too high.
    """
    monkeypatch.setattr("cofail_lab.fitting.readings.luck._REPLICATES", 2)

    def deviations() -> np.ndarray:
        rng = np.random.default_rng(5)
        found = []
        for seed in range(200):
            runs = Runs(np.arange(30), rng.binomial(3, 0.5, size=(20, 30)), np.full((20, 30), 3), inferred=False)
            luck = measure_luck(runs, seed)
            found.append((luck.half_pick.value, luck.first_pick.value))
        return (np.mean(found, axis=0) - 0.5) / (np.std(found, axis=0, ddof=1) / np.sqrt(len(found)))

    assert np.abs(deviations()).max() < 4
    monkeypatch.setattr("cofail_lab.fitting.readings.luck._ranks_elsewhere", _ranks_in_all)
    assert deviations().min() > 8


def test_equals_are_ranked_at_random() -> None:
    """Columns may be sorted by the very runs that score: the order of equal models must carry nothing.

    Model 1 is the better on the other queries seen from query 0, model 0 seen from query 1; 2 and 3 are equal
    everywhere, and each is ahead in half of 2,000 rows (five standard errors: 6 in 10 million).
    """
    share = np.tile([[0.0, 0.0, 0.5, 0.5]], (2000, 1))
    share[0, 0], share[1, 1] = 1.0, 1.0
    ranks = _ranks_elsewhere(share, np.random.default_rng(0))
    assert ranks[0, 1] > ranks[0, 0]
    assert ranks[1, 0] > ranks[1, 1]
    assert (ranks[:, 2] > ranks[:, 3]).mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2000))


def test_limits_of_luck_shares_by_the_delta_method() -> None:
    """Ratios of means over 600 queries: the linearized standard error is the bootstrap's.

    1,000 replicates know a standard deviation to 2.2%, its 95% limits to 5%: .1 and .2 are more than four of these.
    """
    rng = np.random.default_rng(6)
    success = rng.beta(1, 1, size=(600, 3)) ** [0.3, 1, 1]  # the first model is the best in every replicate
    right = rng.binomial(6, success)
    luck = measure_luck(Runs(np.arange(3), right, np.full(right.shape, 6), inferred=False), 0)
    share = right / 6
    best, ceiling, oracle = share[:, 0], share.max(axis=1), 1 - np.prod(1 - share, axis=1)
    gain, reached = oracle.mean() - best.mean(), ceiling.mean() - best.mean()
    influence = ((ceiling - best) * gain - (oracle - best) * reached) / gain**2
    expected = influence.std() / np.sqrt(600)
    found = luck.luck_lower
    assert found is not None
    assert found.value == pytest.approx(1 - reached / gain)
    assert found.error == pytest.approx(expected, rel=0.1)
    assert (found.value - found.lower) / expected == pytest.approx(1.96, abs=0.2)
    assert (found.upper - found.value) / expected == pytest.approx(1.96, abs=0.2)


def test_what_was_assumed_of_runs_is_said() -> None:
    """Four runs that never show a quarter are read as two; number of runs, limits and errors are in the result."""
    rng = np.random.default_rng(7)
    shares = np.stack([rng.integers(3, size=200) / 2, *rng.integers(5, size=(2, 200)) / 4], axis=1)
    outcomes = outcomes_from(shares < 0.5, per_cell={"frac": shares})
    runs = find_runs(outcomes)
    assert isinstance(runs, Runs)
    assert runs.inferred
    assert runs.runs[0].tolist() == [2, 4, 4]
    result = cl.fit(outcomes, bootstrap=0, null=0, folds=0)
    assert (result.metrics["repeats_fewest_runs"], result.metrics["repeats_most_runs"]) == (2, 4)
    assert "fewest" in result.labels["luck"]
    section = next(section for section in result.sections if section.title == "How much of the gain is luck")
    assert "read as 2 to 4 runs a cell" in section.rows[0].note
    assert "four runs" in section.sentences[-1]
    for name in ("luck_lower", "luck_upper", "repeats_half_pick"):
        low, value, high = (result.metrics[key] for key in (f"{name}_lower", name, f"{name}_upper"))
        assert low <= value <= high, name  # type: ignore[operator]
        assert result.estimates[name].value == value
        assert result.estimates[name].error, name


def test_runs_are_read_off_shares_only_where_they_can_be(real: Callable[[str], Outcomes]) -> None:
    found = find_runs(real("cruxeval_output"))
    assert isinstance(found, Runs)
    assert set(np.unique(found.runs)) == {3, 10}
    shares = real("cruxeval_output").per_cell["frac"]
    np.testing.assert_allclose(found.right / found.runs, shares[:, found.models], atol=1e-3)
    # Partial credit is not a share of right runs, and is refused with the reason.
    assert isinstance(find_runs(real("misguided_attention")), str)
    assert find_runs(real("chembench")) is None


def test_runs_of_samples() -> None:
    samples = np.array([[[1, 0, np.nan], [1, 1, 0]], [[0, 0, 0], [1, np.nan, 1]]])
    found = find_runs(outcomes_from(np.zeros((2, 2), dtype=bool), per_cell={"samples": samples}))
    assert isinstance(found, Runs)
    np.testing.assert_array_equal(found.right, [[1, 2], [0, 2]])
    np.testing.assert_array_equal(found.runs, [[2, 3], [3, 2]])
    assert not found.inferred


def test_guessing_by_simulation() -> None:
    """Nobody knows 30% of the queries; three models guess one of four there: β is .3 (3/4)³, and comes back as .3."""
    rng = np.random.default_rng(2)
    n = 40_000
    unknown = rng.random(n) < 0.3
    wrong = unknown[:, None] & (rng.random((n, 3)) >= 0.25)
    found = guess_corrected(int(wrong.all(axis=1).sum()), n, 3, 4)
    assert found.all_wrong.lower < 0.3 < found.all_wrong.upper
    assert found.all_wrong.value == pytest.approx(0.3, abs=0.015)
    assert found.ceiling.value == pytest.approx(1 - 0.75 * found.all_wrong.value)
    with_guessing = cl.fit(outcomes_from(wrong[:500]), bootstrap=0, null=0, folds=0, choices=4)
    assert with_guessing.metrics["all_wrong_known"] is not None
    assert any("guess" in section.title for section in with_guessing.sections)


@pytest.mark.slow
def test_published_conventions_are_named_and_clip(real: Callable[[str], Outcomes]) -> None:
    """The published full Σ: clip and rescale by 4 million draws; it agrees with the net on the same matrix."""
    outcomes = real("misguided_attention")
    result = cl.fit(outcomes, bootstrap=0, null=0, folds=0, conventions="published")
    assert result.labels["conventions"].startswith("published")
    value, error = result.metrics["predicted_full_sigma"], result.metrics["predicted_full_sigma_error"]
    clipped, other = result.metrics["predicted_full_sigma_clip"], result.metrics["predicted_full_sigma_clip_error"]
    assert value is not None
    assert error is not None
    assert clipped is not None
    assert other is not None
    assert value == pytest.approx(clipped, abs=5 * np.hypot(error, other))
    lab = cl.fit(outcomes, bootstrap=0, null=0, folds=0)
    assert lab.metrics["predicted_full_sigma"] > 1.5 * clipped  # type: ignore[operator]


def test_another_matrix_correlation(real: Callable[[str], Outcomes]) -> None:
    """At its own correlation the read is its own; a lower one shrinks the denominator."""
    outcomes = real("swebench_pro_public")
    own = cl.fit(outcomes, bootstrap=0, null=0, folds=0).metrics
    r = own["tetrachoric"]
    assert r is not None
    again = cl.fit(outcomes, bootstrap=0, null=0, folds=0, correlation=r).metrics
    assert again["ratio_one_factor_elsewhere"] == pytest.approx(own["ratio_one_factor"])
    lower = cl.fit(outcomes, bootstrap=0, null=0, folds=0, correlation=r - 0.2).metrics
    assert lower["ratio_one_factor_elsewhere"] > own["ratio_one_factor"]  # type: ignore[operator]


def test_frechet_bounds_hold_the_observed_rate(real: Callable[[str], Outcomes]) -> None:
    for name in ("swebench_pro_public", "misguided_attention"):
        metrics = cl.fit(real(name), bootstrap=0, null=0, folds=0).metrics
        low, high = metrics["frechet_lower"], metrics["frechet_upper"]
        assert low - 1e-9 <= metrics["all_wrong"] <= high + 1e-9  # type: ignore[operator]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"null": -1}, "experiment.null"),
        ({"atom": 0.0}, "experiment.atom"),
        ({"conventions": "june"}, "experiment.conventions"),
        ({"choices": 1}, "experiment.choices"),
        ({"correlation": 1.5}, "experiment.correlation"),
        ({"folds": 1}, "experiment.folds"),
        ({"laws": ["one_factor", "two_factor"]}, "experiment.laws"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=field):
        Fit(**options)  # type: ignore[arg-type]
