"""What predictors are given, and that nobody is predicted by trees that saw the answer."""

import numpy as np
import pytest
from scipy.stats import bootstrap
from threadpoolctl import threadpool_info, threadpool_limits

from cofail_lab.decisions import auc, cascade_curve, cascade_dollars
from cofail_lab.policies import probabilities
from cofail_lab.policies.cascade_reading import read_cascade
from cofail_lab.policies.deferral_cascade import DeferralCascade, added_by_strong
from cofail_lab.policies.probabilities import Inputs, _known, boosted, cross_fitted, in_one_thread, regressed
from tests.policies.made import graded


def test_trees_have_one_thread_whatever_is_allowed() -> None:
    import sklearn.ensemble  # noqa: F401 - it brings the threads

    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "openmp"]

    with threadpool_limits(2, "openmp"):
        assert set(threads()) == {2} and set(in_one_thread(threads)()) == {1} and set(threads()) == {2}


def test_inputs_are_datasets_numbers_signals_and_agreement_of_each_two() -> None:
    data = graded(
        np.ones((3, 3)),
        columns={"dataset": np.array(["b", "a", "c"], object), "features": np.array([[0.5], [1.5], [2.5]])},
        tokens=np.array([[1.0, 10.0, 2.0], [0.0, 1.0, 1.0], [np.nan, 1.0, 4.0]]),
        confidence=np.array([[0.1, 0.2, 0.3]] * 3),
        agreement=np.array([[0.4, 0.5, 0.6]] * 3),
        answer=np.array([["x", "x", "y"], ["x", "y", "y"], ["x", "y", "x"]], object),
    )
    inputs = Inputs.of(data.take(np.array([0, 1])).features)
    # Ones, the datasets that were trained on, numbers.
    before = [[1, 0, 1, 0.5], [1, 1, 0, 1.5], [1, 0, 0, 2.5]]
    assert inputs.before(data.features).tolist() == before
    found = inputs.after(data.features, data, [0, 1, 2])[:, 4:]
    tokens = np.log([[1, 10, 2], [1, 1, 1], [np.nan, 1, 4]])
    alike = [[1, 0, 0], [0, 0, 1], [0, 1, 0]]  # 1 as 0, 2 as 0, 2 as 1
    assert found == pytest.approx(
        np.hstack([tokens, data.confidence, data.agreement, np.array(alike, float)]), nan_ok=True
    )
    assert inputs.after(data.features, data, [1]).shape == (3, 7)


def test_nobody_is_predicted_by_trees_that_saw_the_grade(rng: np.random.Generator) -> None:
    """Grades that nothing tells: trees that saw them are right more often than not, others are not."""
    n = 400
    inputs, right = rng.normal(size=(n, 5)), rng.random(n) < 0.5
    for cluster in (None, np.arange(n) // 2):
        assert auc(cross_fitted(inputs, right, 0, cluster), right.astype(float)) < 0.6
    assert auc(boosted(inputs, right, 0)(inputs), right.astype(float)) > 0.8
    # Twins, told apart by nothing: whole clusters are in a fold, or the twin would tell.
    twice, cluster = np.repeat(inputs, 60, axis=0)[: 60 * 8], np.repeat(np.arange(8), 60)
    grades = np.repeat(np.arange(8) % 2 == 0, 60)
    told = cross_fitted(twice, grades, 0)
    assert auc(told, grades.astype(float)) == pytest.approx(1)
    assert auc(cross_fitted(twice, grades, 0, cluster), grades.astype(float)) < 0.9


def test_a_column_is_read_where_some_query_has_it() -> None:
    """Half of the queries have the number that tells who is right; nobody has the last one."""
    number = np.where(np.arange(400) < 200, np.arange(400.0) % 2, np.nan)
    inputs = np.column_stack([np.zeros(400), number, np.full(400, np.nan)])
    assert _known(inputs).tolist() == [0, 1]
    asked = np.array([[0.0, 0.0, np.nan], [0.0, 1.0, np.nan]])
    low, high = regressed(inputs, np.nan_to_num(number, nan=0.5), 0)(asked)
    assert low < 0.1 and high > 0.9


def test_trees_are_fitted_to_four_of_five_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten queries, or five clusters of two: each time eight queries tell of the other two."""
    seen: list[set[float]] = []

    def told(inputs: np.ndarray, right: np.ndarray, seed: int) -> object:
        assert len(inputs) == len(right) == 8
        seen.append(set(inputs[:, 0]))
        return lambda now: np.full(len(now), float(len(now)))

    monkeypatch.setattr(probabilities, "boosted", told)
    inputs = np.arange(10.0)[:, None]
    for cluster in (None, np.arange(10) // 2):
        assert cross_fitted(inputs, np.ones(10, bool), 0, cluster).tolist() == [2.0] * 10
    assert len(seen) == 10


def test_models_that_are_all_alike_have_their_rate() -> None:
    inputs = np.zeros((4, 1))
    for grade in (True, False):
        assert boosted(inputs, np.full(4, grade), 0)(np.zeros((2, 1))).tolist() == [grade] * 2
        assert cross_fitted(inputs, np.full(4, grade), 0).tolist() == [grade] * 4
    assert cross_fitted(inputs[:1], np.array([True]), 0).tolist() == [1.0]
    assert cross_fitted(inputs, np.array([True, True, True, False]), 0, np.zeros(4)).tolist() == [0.75] * 4
    # More clusters than folds are not needed.
    assert cross_fitted(inputs, np.ones(4, bool), 0, np.array([0, 0, 1, 1])).tolist() == [1.0] * 4


def test_a_regression_finds_the_mean(rng: np.random.Generator) -> None:
    x = rng.random((400, 1))
    found = regressed(x, 3 * (x[:, 0] > 0.5), 0)(np.array([[0.1], [0.9]]))
    assert found == pytest.approx([0, 3], abs=0.1)


@pytest.fixture(scope="module")
def pool() -> object:
    rng = np.random.default_rng(5)
    sure = rng.random((400, 2)).round(1)
    right = rng.random((400, 2)) < np.column_stack([0.2 + 0.7 * sure[:, 0], 0.5 + 0.3 * sure[:, 0]])
    cost = np.column_stack([np.ones(400), 3 + 2 * sure[:, 0]])
    return graded(right, confidence=sure, cost=cost)


def test_intervals_of_a_cascade_are_those_of_another_bootstrap(pool) -> None:
    low, high = pool.right.T.astype(float)
    score = pool.confidence[:, 0]
    read = read_cascade(pool, 0, 1, "confidence", [0.3, 0.6], bootstrap=400, level=0.8, seed=1)

    def figures(rows: np.ndarray) -> list[float]:
        curve = cascade_curve(score[rows], low[rows], high[rows])
        dollars = cascade_dollars(score[rows], low[rows], high[rows], *pool.cost[rows].T)
        return [curve.gap_area, curve.quality(0.6) - curve.random_quality(0.6), dollars.dollar_gap(0.6)]

    rows = np.arange(400)
    for k, found in enumerate((read.area, read.at(0.6).escalation_gap, read.at(0.6).dollar_gap)):
        other = bootstrap(
            (rows,),
            lambda drawn, k=k: figures(drawn)[k],
            n_resamples=400,
            confidence_level=0.8,
            method="percentile",
            vectorized=False,
            rng=2,
        )
        width = other.confidence_interval.high - other.confidence_interval.low
        assert found.value == pytest.approx(figures(rows)[k])
        # An end of 400 replicates has a standard error of about 3% of the width.
        assert (found.lower, found.upper) == pytest.approx(tuple(other.confidence_interval), abs=0.15 * width)


def test_a_reading_names_each_model_by_its_own_numbers(pool) -> None:
    read = read_cascade(pool, 0, 1, "confidence", [0.3], bootstrap=0, level=0.9, seed=1)
    low, high = pool.right.T.astype(float)
    assert (read.cheap, read.strong, read.n_queries) == ("m0", "m1", 400)
    assert (read.cheap_auc, read.strong_auc) == (auc(pool.confidence[:, 0], low), auc(pool.confidence[:, 0], high))
    assert read.at(0.3).escalation_gap.lower is None
    dollars = cascade_dollars(pool.confidence[:, 0], low, high, *pool.cost.T)
    assert read.at(0.3).cost == dollars.cost(0.3)
    assert read.at(0.3).mixed_fraction == dollars.mixed_fraction(0.3)
    gaps = dollars.dollar_gaps
    assert read.best == (dollars.curve.fraction[gaps.argmax()], gaps.max())
    added = added_by_strong(pool, 0, 1, 1)
    deferral = cascade_curve(-added, low, high)
    assert read.at(0.3).deferral_gain.value == pytest.approx(deferral.quality(0.3) - dollars.curve.quality(0.3))


def test_the_best_fraction_is_that_of_the_largest_gain_also_where_a_loss_is_larger() -> None:
    """L is right just where it is unsure: every escalation is at the cost of a right answer."""
    sure = np.arange(10) / 10
    right = np.column_stack([sure < 0.5, sure > 0.2])
    data = graded(right, confidence=np.column_stack([sure, sure]), cost=np.tile([1.0, 4.0], (10, 1)))
    best = read_cascade(data, 0, 1, "confidence", [0.5], bootstrap=0, level=0.9, seed=0).best
    assert best is not None
    assert best[1] >= 0
    assert best[0] in (0.0, 1.0)
    free = graded(right, confidence=data.confidence)
    assert read_cascade(free, 0, 1, "confidence", [0.5], bootstrap=0, level=0.9, seed=0).best is None


def test_the_cut_of_deferral_is_that_of_predictions_for_others(rng: np.random.Generator) -> None:
    n = 400
    data = graded(rng.random((n, 2)) < 0.5, confidence=rng.random((n, 2)), cost=np.tile([1.0, 2.0], (n, 1)))
    fitted = DeferralCascade(cheap="m0", strong="m1", fraction=0.25).fit(data, 0)
    own = np.sort(-added_by_strong(data, 0, 1, 0))
    assert fitted.cut.threshold == own[100]


def test_deferral_is_learned_from_other_clusters() -> None:
    """Eight sessions of 60 queries each, in which one of the models is always right: a twin would tell which, a
    neighbour tells the wrong one."""
    session = np.repeat(np.arange(8), 60)
    right = np.column_stack([session % 2 == 0, session % 2 == 1])
    columns = {"features": session[:, None].astype(float)}
    told = added_by_strong(graded(right, columns=columns), 0, 1, 0)
    assert auc(told, right[:, 1].astype(float)) > 0.85
    whole = added_by_strong(graded(right, columns=columns, cluster=session), 0, 1, 0)
    assert auc(whole, right[:, 1].astype(float)) < 0.5


def test_two_clusters_are_predicted_from_one_another() -> None:
    """Whatever is always right in one is expected of the other; a single cluster has its own rate."""
    right, inputs = np.array([1, 1, 1, 0, 0, 0], bool), np.zeros((6, 1))
    found = cross_fitted(inputs, right, 0, np.array([4, 4, 4, 2, 2, 2]))
    assert found == pytest.approx([0, 0, 0, 1, 1, 1], abs=0.01)
    assert cross_fitted(inputs, right, 0, np.zeros(6)) == pytest.approx(np.full(6, 0.5))
