"""Luck: what repeated runs of equal models gain, and what is assumed of them."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import beta, binom

import cofail_lab as cl
from cofail_lab.bounds.least_of_many import least_mean_limits
from cofail_lab.fitting.readings.luck import Runs, _denominator, _most_luck, _ranks_elsewhere, find_runs, measure_luck
from cofail_lab.outcomes import Outcomes
from tests.conftest import outcomes_from


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
    """Two models, each sure of its own half: everything is routable, and every bound is 1.

    All runs of a cell agree, and no resampling shows any spread; the limits are exact ones and have a width.
    """
    right = np.zeros((100, 2), dtype=int)
    right[:50, 0] = right[50:, 1] = 4
    luck = measure_luck(Runs(np.arange(2), right, np.full(right.shape, 4), inferred=False), 0)
    for bound in (luck.first_pick, luck.half_pick, luck.routable_upper, luck.oracle):
        assert bound.value == pytest.approx(1)
        assert 0.95 < bound.lower <= 0.025 ** (1 / 100) + 1e-9
        assert bound.upper == 1
    assert luck.oracle.lower == pytest.approx(0.025 ** (1 / 100))
    assert luck.routable_upper.lower == luck.half_pick.lower < luck.oracle.lower
    assert luck.single_best.value == 0.5
    assert luck.single_best.lower < 0.41 < 0.59 < luck.single_best.upper
    # No query of 100 has a cell whose runs differ: at most 1 - .025^.01 of them; the gain is at least .398.
    gain = float(beta.ppf(0.025, 50, 51))
    for share in (luck.luck_lower, luck.luck_upper):
        assert share is not None
        assert share[:3] == pytest.approx((0, 0, (1 - 0.025 ** (1 / 100)) / gain))


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_luck_of_a_query_is_at_most_the_chance_that_runs_differ(runs: int) -> None:
    """1 - Π(1 - π) - max π <= P(some cell shows two different results), for 20,000 vectors of 1 to 8 chances."""
    rng = np.random.default_rng(9)
    for n_models in range(1, 9):
        success = rng.beta(0.5, 0.5, size=(2500, n_models)) ** rng.choice([0.2, 1, 5], size=(2500, 1))
        luck = 1 - (1 - success).prod(axis=1) - success.max(axis=1)
        differ = 1 - (success**runs + (1 - success) ** runs).prod(axis=1)
        assert (luck <= differ + 1e-12).all()


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
    # Limits, which nothing here reads, are drawn from few.
    monkeypatch.setattr("cofail_lab.fitting.readings.luck._REPLICATES", 2)
    monkeypatch.setattr("cofail_lab.bounds.least_of_many._DRAWS", 20)

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

    1,000 replicates know a standard deviation to 2.2%, its 95% limits to 5%: .1 and .2 are more than four of these. The
    lower limit is that of the lower bound, the upper limit that of the upper bound, which half of the runs give.
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
    upper = luck.luck_upper
    assert upper is not None
    assert (upper.lower, upper.upper) == (found.lower, found.upper)
    assert upper.error is not None
    assert (upper.upper - upper.value) / upper.error == pytest.approx(1.96, abs=0.2)


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
    assert "taken as 2 to 4 runs a cell" in section.rows[0].note
    assert "Four runs" in section.sentences[-1]
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


def test_shares_of_runs() -> None:
    """Fewest runs that give all shares, if one has them as its denominator; none beyond 20."""
    assert _denominator(np.array([0.5, 1.0, 0.0])) == 2
    assert _denominator(np.array([0.25, 0.5])) == 4
    assert _denominator(np.array([1 / 3, 0.5])) is None  # six runs, and no share of sixths in lowest terms
    assert _denominator(np.array([1 / 6, 0.5])) == 6
    assert _denominator(np.array([0.0, 1.0])) is None
    assert _denominator(np.array([1 / 20, 0.5])) == 20
    assert _denominator(np.array([1 / 21])) is None
    assert _denominator(np.array([0.333, 0.667])) == 3
    half = outcomes_from(np.array([[0, 1], [1, 0]], bool), per_cell={"frac": np.array([[0.5, 0.25], [0.25, 0.75]])})
    found = find_runs(half)
    assert isinstance(found, Runs) and found.inferred
    assert (found.runs.tolist(), found.right.tolist()) == ([[4, 4], [4, 4]], [[2, 1], [1, 3]])
    assert str(find_runs(replace(half, wrong=~half.wrong))).startswith("the shares are not of right runs")
    once = replace(half, per_cell={"frac": np.array([[0.5, 0.0], [0.25, 1.0]])})
    assert find_runs(once) == "1 model(s) with repeated runs, at least 2 needed"
    unknown = replace(half, per_cell={"frac": np.array([[0.5, np.nan], [0.25, 0.75]])})
    assert find_runs(unknown) == "some cells have no share of right runs"


def test_most_luck_without_resampling() -> None:
    """Of 50 queries two have a cell whose runs differ: an upper limit at 2.5% over a lower limit of the gain."""
    share = np.repeat([[1.0, 0.0], [0.0, 1.0]], 25, axis=0)
    share[0, 1] = share[30, 0] = 0.5
    oracle = 1 - np.prod(1 - share, axis=1)
    differ = float(beta.ppf(0.975, 3, 48))
    assert binom.cdf(2, 50, differ) == pytest.approx(0.025)
    found = _most_luck(oracle, share)
    assert found == pytest.approx(differ / least_mean_limits(oracle[:, None] - share, 0.05).lower)
    assert 0.3 < found < 1 and _most_luck(np.ones(4), np.ones((4, 2))) == 1.0
