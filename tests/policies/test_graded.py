"""What a policy may see, which queries are alike, and which model is best."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.numerics.streams import INNER_FOLDS
from cofail_lab.outcomes import Outcomes
from cofail_lab.policies import Graded, sit
from cofail_lab.policies.evaluation import evaluate
from cofail_lab.policies.folds import Split, cross_fitting
from cofail_lab.policies.graded import names_the_answer
from cofail_lab.policies.recorded import FittedRecorded, Recorded
from cofail_lab.policies.score import scores
from cofail_lab.policies.single_best import SingleBest
from tests.policies.made import graded


def outcomes(n: int = 4, **known: object) -> Outcomes:
    wrong = np.tile([[False, True]], (n, 1))
    return Outcomes(wrong, tuple(f"q{i}" for i in range(n)), ("m0", "m1"), "made", **known)


@pytest.mark.parametrize(
    ("column", "key", "names"),
    [
        ("xxyy", "aabb", True),
        ("xxyy", "aaba", False),  # y has two answers
        ("xxyz", "aabb", True),
        ("wxyz", "aabb", False),  # every query has its own: nothing is told of the next one
        ("xxyy", "aaaa", False),  # one answer to everything: nothing to tell
    ],
)
def test_a_column_names_the_answer_where_each_of_its_values_has_one(column: str, key: str, names: bool) -> None:
    data = outcomes(per_query={"dataset": np.array([*column], object), "key": np.array([*key], object)})
    assert names_the_answer(data, "dataset") == names
    assert Graded.of(data).hidden == (("dataset",) if names else ())
    assert ("dataset" in Graded.of(data).features.columns) != names


def test_a_part_says_what_the_whole_says() -> None:
    columns = {"dataset": np.array([*"xxyy"], object), "key": np.array([*"aabb"], object)}
    cost = np.array([[1.0, np.nan], [1.0, 2.0], [1.0, 2.0], [5.0, 6.0]])
    whole = Graded.of(outcomes(per_query=columns, per_cell={"cost": cost}))
    part = whole.take(np.array([1, 3]))
    assert whole.unpriced
    assert (part.hidden, part.unpriced, part.cost) == (("dataset",), whole.unpriced, None)
    np.testing.assert_array_equal(part.right, whole.right[[1, 3]])
    assert part.features.queries.tolist() == whole.features.queries[[1, 3]].tolist()


def test_numbers_and_absent_columns_name_nothing() -> None:
    data = outcomes(per_query={"n": np.array([1, 1, 2, 2]), "key": np.array([*"aabb"], object)})
    assert not names_the_answer(data, "n")
    assert not names_the_answer(data, "dataset")


def test_a_signal_that_orders_answers_as_the_share_of_right_runs_is_refused_on_any_scale() -> None:
    frac = np.array([[0.0, 0.5], [1.0, 0.5], [0.2, 0.3], [0.4, 0.6]])
    for signal in (frac, 100 * frac, frac**3 - 7):
        with pytest.raises(InputError, match="orders all answers as the share of right runs"):
            Graded.of(outcomes(per_cell={"frac": frac, "confidence": signal}))
    other = frac.copy()
    other[0, 0] = 0.9
    assert Graded.of(outcomes(per_cell={"frac": frac, "confidence": other})).confidence is other


def test_prices_are_those_of_the_column_or_of_the_answers() -> None:
    cost = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [5.0, 6.0]])
    data = outcomes(per_cell={"cost": cost}, per_model={"fee": np.array([3.0, 4.0])})
    assert Graded.of(data).prices == pytest.approx([2, 3])
    assert Graded.of(data, price="fee").prices == pytest.approx([3, 4])
    with pytest.raises(InputError, match=r"cost: -1 is negative"):
        Graded.of(outcomes(per_cell={"cost": cost - 2}))
    columns = {"yen": np.array([3.0, 4.0]), "fee": np.array([1.0, 2.0]), "tax": np.array([0.0, 0.0])}
    with pytest.raises(InputError, match=r"'toll' is no per-model column; there are: fee, tax, yen$"):
        Graded.of(outcomes(per_model=columns), price="toll")


def test_inner_folds_keep_clusters_whole_and_are_not_the_outer_ones() -> None:
    cluster = np.repeat(np.arange(6), 5)
    data = graded(np.ones((30, 2)), cluster=cluster)
    number = {name: i for i, name in enumerate(data.features.queries)}
    for train, test in data.inner(2, 0):
        sides = [{cluster[number[q]] for q in part.features.queries} for part in (train, test)]
        assert not sides[0] & sides[1]
        assert len(sides[0] | sides[1]) == 6
    assert data.inner(2, 0) is data.inner(2, 0)
    assert data.take(np.arange(4, 7)).cluster.tolist() == [0, 1, 1]
    outer, inner = cross_fitting(30, 2, 0), cross_fitting(30, 2, 0, purpose=INNER_FOLDS)
    assert outer[0].test.tolist() != inner[0].test.tolist()


def test_large_groups_come_first_so_that_parts_are_of_equal_size() -> None:
    for seed in range(5):
        sizes = [len(split.test) for split in cross_fitting(12, 2, seed, np.repeat([0, 1, 2], [3, 3, 6]))]
        assert sizes == [6, 6]


def test_a_query_without_a_pick_goes_to_the_train_best_model() -> None:
    data = graded(np.array([[0, 1], [0, 1], [1, 0]]))
    calls = sit(FittedRecorded({"q1": 0}, data.best), data, None).calls
    assert calls.argmax(axis=1).tolist() == [1, 0, 1]


def test_the_reference_is_the_best_of_the_training_queries_and_clusters_are_units() -> None:
    right = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [1, 1]], dtype=bool)
    data = graded(right, cluster=np.array([0, 0, 1, 1, 1, 2]))
    trials = evaluate({"s": SingleBest()}, data, [Split(np.array([0, 1]), np.array([2, 3, 4, 5]))], 0)
    assert trials.best_models == ["m0"]
    assert trials.reference.tolist() == [0, 0, 0, 1]
    # Units are numbered as they come among the decided queries.
    assert trials.unit.tolist() == [0, 0, 0, 1]


def test_queries_of_several_splits_are_no_further_evidence_of_an_oracle_gain() -> None:
    """Two of 12 queries can be gained: too few to say that an oracle gains at all, also where each is tested ten times.

    P(K = 0) is above 2.5% up to a rate of 26%; the lower limit from 2 of 12 is .021, from 1 of 12 .002.
    """
    right = np.array([[1, 0]] * 12, dtype=bool)
    split = Split(np.arange(12), np.arange(12))
    assert (
        scores(evaluate({"s": SingleBest()}, graded(right), [split], 0), replicates=0, level=0.9, seed=0)[0].captured
        is None
    )
    right[0] = [0, 1]
    one = scores(evaluate({"s": SingleBest()}, graded(right), [split] * 10, 0), replicates=0, level=0.9, seed=0)[0]
    assert one.captured == 0.0
    assert one.p_value is None


def test_picks_for_a_few_queries_are_no_picks_of_other_queries(tmp_path: Path) -> None:
    """The only pick is for a query of the last fold, so that no policy of that fold is fitted to a query with one."""
    (tmp_path / "picks.csv").write_text("query,model\nq3,m1\n")
    policy, data = Recorded(path=str(tmp_path / "picks.csv")), graded(np.array([[1, 0]] * 4))
    fitted = policy.fit(data.take(np.arange(3)), 0)
    assert sit(fitted, data, None).calls.argmax(axis=1).tolist() == [0, 0, 0, 1]
    assert policy.remark(data) == "3 of 4 queries have no pick and go to the train-best model"
    with pytest.raises(InputError, match="none of its 1 queries is one of the matrix, such as 'q0'"):
        policy.remark(data.take(np.arange(3)))


def test_clusters_are_numbered_and_at_least_two() -> None:
    data = outcomes(per_query={"source": np.array([*"bcab"], object), "one": np.array([*"zzzz"], object)})
    found = Graded.of(data, cluster="source").cluster
    assert found is not None and found.tolist() == [1, 2, 0, 1]
    with pytest.raises(InputError, match="'one'; at least two groups are needed"):
        Graded.of(data, cluster="one")
    with pytest.raises(InputError, match="'nowhere' is no per-query column; there are: one, source"):
        Graded.of(data, cluster="nowhere")


def test_what_no_policy_may_see_is_not_offered() -> None:
    per_query = {name: np.array([*"bcab"], object) for name in ("source", "key", "era")}
    for data, offered in ((outcomes(per_query=per_query), "era, source"), (outcomes(), "none")):
        with pytest.raises(InputError) as raised:
            Graded.of(data, columns=("topic",))
        assert str(raised.value) == f"experiment.columns: 'topic' is no per-query column; there are: {offered}"
    with pytest.raises(InputError) as raised:
        Graded.of(outcomes(per_query=per_query), columns=("key",))
    assert str(raised.value) == "experiment.columns: 'key' is known only after grading; no policy may see it"


def test_answers_may_cost_nothing_but_not_an_unknown_price() -> None:
    cost = np.array([[0.0, 2.0], [0.0, 0.0], [0.0, 2.0], [0.0, 6.0]])
    free = Graded.of(outcomes(per_cell={"cost": cost}))
    assert free.prices == pytest.approx([0, 2.5]) and free.unpriced is None
    cost[1, 1] = cost[3, 1] = np.nan
    unknown = Graded.of(outcomes(per_cell={"cost": cost}))
    assert unknown.cost is None and unknown.unpriced == "2 of 8 answers have none, the first of them by m1"
    none = Graded.of(outcomes())
    assert (none.cost, none.unpriced) == (None, None)


def test_queries_of_one_group_have_no_inner_parts() -> None:
    right = np.array([[1, 0], [0, 1], [1, 1], [0, 0]], dtype=bool)
    assert graded(right, cluster=np.zeros(4, dtype=int)).inner(2, 0) == []
    assert len(graded(right, cluster=np.array([0, 0, 1, 1])).inner(2, 0)) == 2
