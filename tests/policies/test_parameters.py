"""What each parameter and field of a policy does, by the library behind it or by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from cofail_lab.bounds.least_of_many import mean_limits
from cofail_lab.errors import InputError
from cofail_lab.numerics.streams import INNER_FOLDS
from cofail_lab.outcomes import Outcomes
from cofail_lab.policies import Graded, sit
from cofail_lab.policies.boosting import Boosting
from cofail_lab.policies.cascade_reading import _ranged
from cofail_lab.policies.ceilings import Repeated
from cofail_lab.policies.contest import hold
from cofail_lab.policies.evaluation import Trials, evaluate
from cofail_lab.policies.folds import Split, cross_fitting
from cofail_lab.policies.logistic import Logistic
from cofail_lab.policies.majority_vote import MajorityVote
from cofail_lab.policies.multiclass import Multiclass, best_right
from cofail_lab.policies.random import Random
from cofail_lab.policies.recorded import Recorded
from cofail_lab.policies.score import mean_intervals
from tests.policies.made import graded
from tests.policies.test_contest import Picks


def numbers(n: int = 60) -> Graded:
    """Two numbers a query; the first model is right where the first is large, the second anywhere."""
    rng = np.random.default_rng(2)
    features = rng.standard_normal((n, 2))
    right = np.column_stack([features[:, 0] + rng.standard_normal(n) > 0, rng.random(n) < 0.6])
    return graded(right, columns={"features": features})


@pytest.mark.parametrize("c", [0.01, 50.0])
def test_a_penalty_is_its_inverse(c: float) -> None:
    data = numbers()
    design = data.features.design
    found = Logistic(guard=False, C=c).learn(data, 0)(data.features)
    for j in range(2):
        one = LogisticRegression(C=c, tol=1e-3, max_iter=500).fit(design.train, data.right[:, j])
        np.testing.assert_allclose(found[:, j], one.predict_proba(design.train)[:, 1])
    label = best_right(data)
    one = LogisticRegression(C=c, tol=1e-3, max_iter=500).fit(design.train, label)
    np.testing.assert_allclose(
        Multiclass(guard=False, C=c).learn(data, 0)(data.features), one.predict_proba(design.train)
    )


def test_trees_learn_at_their_rate_and_size() -> None:
    data = numbers(80)
    known = np.asarray(data.features.design.train)
    for trees, rate, leaves in ((5, 0.4, 3), (5, 0.05, 3), (9, 0.4, 4)):
        found = Boosting(guard=False, trees=trees, rate=rate, leaves=leaves, dimensions=9).learn(data, 3)(data.features)
        one = HistGradientBoostingClassifier(
            max_iter=trees, learning_rate=rate, max_leaf_nodes=leaves, early_stopping=False, random_state=3
        ).fit(known, data.right[:, 0])
        np.testing.assert_allclose(found[:, 0], one.predict_proba(known)[:, 1])


def test_one_label_for_all_is_the_label() -> None:
    data = graded(np.array([[0, 1, 1], [0, 0, 1], [1, 0, 1]]), columns={"features": np.eye(3)})
    assert best_right(data).tolist() == [2, 2, 2]
    np.testing.assert_array_equal(
        Multiclass(guard=False, C=1.0).learn(data, 0)(data.features), np.tile([0, 0, 1], (3, 1))
    )
    mixed = graded(np.array([[0, 1, 1], [0, 0, 1], [1, 0, 0], [0, 0, 0]]))
    # Of several right ones the best of training; where nobody is right the best of all.
    assert best_right(mixed).tolist() == [2, 2, 0, 2]


@pytest.mark.parametrize(
    ("lacking", "said"), [(1, "1 of 4 queries has no pick and goes"), (2, "2 of 4 queries have no pick and go")]
)
def test_one_query_has_and_two_have(lacking: int, said: str, tmp_path: Path) -> None:
    rows = "".join(f"q{i},m1\n" for i in range(4 - lacking))
    (tmp_path / "picks.csv").write_text(f"query,model\n{rows}")
    policy, data = Recorded(path=str(tmp_path / "picks.csv")), graded(np.array([[1, 0]] * 4))
    assert policy.remark(data) == f"{said} to the train-best model"
    assert policy.remark(data.take(np.arange(4 - lacking))) is None


def test_columns_that_are_known_after_grading_by_any_spelling() -> None:
    data = Outcomes(
        np.zeros((2, 2), dtype=bool), ("a", "b"), ("x", "y"), "made", per_query={"topic": np.array(["s", "t"], object)}
    )
    for name in ("key", "Key", " KEY ", "n_logs", "N-logs"):
        with pytest.raises(InputError, match=rf"^experiment\.columns: {name!r} is known only after grading"):
            Graded.of(data, (name,))
    with pytest.raises(InputError, match=r"'other' is no per-query column; there are: topic"):
        Graded.of(data, ("other",))
    assert "topic" in Graded.of(data, ("topic",)).features.columns


def test_inner_parts_are_kept_by_number_and_seed() -> None:
    data = numbers(20)
    by = {(folds, seed): data.inner(folds, seed) for folds, seed in ((2, 0), (4, 0), (2, 1))}
    assert [len(parts) for parts in by.values()] == [2, 4, 2]
    assert data.inner(2, 0) is by[2, 0]
    for (folds, seed), parts in by.items():
        splits = cross_fitting(20, folds, seed, None, purpose=INNER_FOLDS)
        for (train, test), split in zip(parts, splits, strict=True):
            np.testing.assert_array_equal(train.features.queries, data.features.queries[split.train])
            np.testing.assert_array_equal(test.features.queries, data.features.queries[split.test])


def test_decisions_of_all_splits_field_by_field() -> None:
    """A coin between two models: the lower and the upper grade of a query are kept apart and in order."""
    data = graded(np.array([[1, 0], [0, 1], [1, 1], [0, 0]]), cost=np.array([[1.0, 3.0]] * 4))
    splits = [Split(np.arange(2), np.array([3, 2])), Split(np.arange(2, 4), np.array([0, 1]))]
    trials = evaluate({"random": Random()}, data, splits, 0)
    assert isinstance(trials, Trials)
    found = trials.decisions("random")
    each = [trial.decisions["random"] for trial in trials.trials]
    for name in ("calls", "right_low", "right_high", "cost"):
        np.testing.assert_array_equal(getattr(found, name), np.concatenate([getattr(one, name) for one in each]))
    np.testing.assert_allclose(found.calls, 0.5)
    assert trials.rows.tolist() == [3, 2, 0, 1]


def test_replicates_without_a_figure_do_not_count() -> None:
    drawn = [np.array([x, np.nan, 1.0]) for x in np.linspace(0, 1, 101)] + [np.array([np.nan, np.nan, 1.0])] * 50
    found = _ranged(np.array([0.4, 0.7, np.nan]), drawn, 0.9)
    assert tuple(found[0]) == pytest.approx((0.4, 0.05, 0.95))
    assert tuple(found[1]) == (0.7, None, None) and tuple(found[2]) == (None, None, None)


def test_the_ceiling_counts_the_fewest_runs_behind_a_model() -> None:
    """Runs of a model that differ between queries count by their harmonic mean, of the model that has least."""
    right = np.array([[1, 1], [0, 1], [1, 0], [0, 0], [1, 1], [0, 1]], dtype=bool)
    runs = np.array([[2, 8], [6, 8], [2, 8], [6, 8], [2, 8], [6, 8]])
    hits = np.array([[1, 3], [3, 4], [1, 4], [4, 2], [1, 1], [3, 4]])
    found = Repeated.of(right, np.array([0, 1]), hits, runs, None)
    greatest = (hits / runs).max(axis=1)
    upper = mean_limits(greatest, 0.05, 3.0)[1]
    assert found.routable.value == pytest.approx(greatest.mean())
    assert found.routable.upper == pytest.approx(upper)
    assert mean_limits(greatest, 0.05, 4.0)[1] != pytest.approx(upper, rel=1e-3)
    assert found.routable.gain_upper == pytest.approx(upper - (hits / runs).mean(axis=0).max())
    assert not found.one_graded
    one = Repeated.of(right, np.array([1]), hits[:, 1:], runs[:, 1:], right[:, 1:, None])
    assert one.share[:, 0].tolist() == right[:, 0].tolist() and one.runs[:, 0].tolist() == [1] * 6
    assert not one.one_graded
    assert Repeated.of(right, np.array([0, 1]), hits, runs, right[:, :, None]).one_graded


def test_a_gain_that_has_no_exact_test_is_told_by_its_lower_limit() -> None:
    """Queries decided twice: the lower end of the interval at the level that all contestants share."""
    right = np.array([[i % 3 != 0, i % 2 == 0] for i in range(24)])
    data = graded(right)
    splits = [Split(np.arange(12), np.arange(12, 24))] * 2
    found = hold({"few": Picks(17), "many": Picks(21)}, data, splits, replicates=300, level=0.9, seed=0)
    assert found.by_name["few"].p_value is None
    gains = [found.trials.decisions(name).right_low - found.trials.reference for name in ("few", "many")]
    limits = mean_intervals(found.trials, gains, 300, 0.95, 0)
    assert found.shared_lower == {"few": limits[0][0], "many": limits[1][0]}
    assert limits[0][0] < limits[0][1] and limits[0][0] != limits[1][0]


def test_a_vote_of_two_has_two_grades() -> None:
    """Half right is worth nothing at least and everything at most; both are kept through all splits."""
    data = graded(np.array([[1, 0], [1, 1], [0, 1], [0, 0]]))
    splits = [Split(np.arange(2), np.array([3, 2])), Split(np.arange(2, 4), np.array([0, 1]))]
    found = evaluate({"vote": MajorityVote(None, None)}, data, splits, 0).decisions("vote")
    assert found.right_low.tolist() != found.right_high.tolist()
    assert found.right_high[[0, 3]].tolist() == [0, 1] == found.right_low[[0, 3]].tolist()
    assert (found.right_high[[1, 2]] > found.right_low[[1, 2]]).all()


@pytest.mark.parametrize(("first", "constant"), [(95, False), (98, False), (99, True), (100, True)])
def test_a_constant_gives_99_of_100_queries_to_one_model(first: int, constant: bool) -> None:
    """Model 1 for the first few; the train-best one is model 0."""
    data = graded(np.tile([[True, False]], (100, 1)))
    found = hold({"p": Picks(first)}, data, [Split(np.arange(100), np.arange(100))], replicates=0, level=0.9, seed=0)
    assert found.by_name["p"].constant is constant
    assert found.by_name["p"].shares == pytest.approx([1 - first / 100, first / 100])


def test_a_query_without_a_recorded_pick_goes_to_the_train_best_model(tmp_path: Path) -> None:
    (tmp_path / "picks.csv").write_text("model,query\nm0,q1\nm1,q2\nm0,q1\n")
    data = graded(np.array([[0, 0, 1], [1, 0, 1], [0, 1, 0], [1, 0, 1]]))
    calls = sit(Recorded(path=str(tmp_path / "picks.csv")).fit(data, 0), data, None).calls
    assert calls.argmax(axis=1).tolist() == [2, 0, 1, 2]
