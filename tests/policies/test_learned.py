"""What routers learn from a handful of queries, worked out by hand."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.policies import Features, Graded, sit
from cofail_lab.policies import router as routers
from cofail_lab.policies.boosting import Boosting
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.knn import NearestNeighbours
from cofail_lab.policies.logistic import Logistic
from cofail_lab.policies.mixture import Mixture
from cofail_lab.policies.multiclass import Multiclass
from cofail_lab.policies.ridge import Ridge
from cofail_lab.policies.router import AbstractRouter, Scorer
from cofail_lab.policies.weighted_vote import WeightedVote
from cofail_lab.policies.words import Words
from tests.policies.made import graded

LINE = np.array([[-1.0], [-1.0], [1.0], [1.0]])
# m0 is right on the left, m1 on the right but for once, m2 always.
RIGHT = np.array([[1, 0, 1], [1, 0, 1], [0, 1, 1], [0, 0, 1]], dtype=bool)


def line(right: np.ndarray = RIGHT, features: np.ndarray = LINE) -> Graded:
    return graded(right, columns={"features": features})


def scores(router: AbstractRouter, data: Graded, asked: Graded | None = None) -> np.ndarray:
    return router.learn(data, 0)((asked or data).features)


def test_a_table_holds_the_accuracies_of_each_dataset_and_of_all_queries() -> None:
    names = np.array(["a", "a", "b", "b"], object)
    train = graded(RIGHT, columns={"dataset": names})
    asked = graded(np.ones((3, 3)), columns={"dataset": np.array(["b", "aa", "a"], object)})
    expected = [[0, 0.5, 1], [0.5, 0.25, 1], [1, 0, 1]]
    assert scores(DomainTable(guard=False), train, asked) == pytest.approx(np.array(expected))


def test_ridge_is_the_closed_form() -> None:
    """One standardised column of ±1, so that a coefficient is the sum of x(y - mean) over n + α."""
    for alpha in (0.5, 8.0):
        slope = LINE[:, 0] @ (RIGHT - RIGHT.mean(axis=0)) / (4 + alpha)
        expected = RIGHT.mean(axis=0) + LINE * slope
        assert scores(Ridge(guard=False, alpha=alpha), line()) == pytest.approx(expected, abs=1e-3)


def test_neighbours_are_as_many_as_asked_for() -> None:
    features = np.array([[0.0], [1.0], [2.5], [4.5]])
    found = scores(NearestNeighbours(guard=False, neighbours=2), line(features=features))
    # The two nearest of each: 0 1, 1 0, 2 1, 3 2.
    assert found == pytest.approx((RIGHT[[0, 1, 2, 3]].astype(float) + RIGHT[[1, 0, 1, 2]]) / 2)
    assert scores(NearestNeighbours(guard=False, neighbours=9), line()) == pytest.approx(np.tile(RIGHT.mean(0), (4, 1)))


@pytest.mark.parametrize(
    "router", [Logistic(guard=False, C=10.0), Boosting(guard=False, trees=9, rate=0.3, leaves=4, dimensions=8)]
)
def test_predicted_is_to_be_right_and_models_without_variation_have_their_rate(router: AbstractRouter) -> None:
    many = np.repeat(np.arange(4), 30)
    right = np.column_stack([RIGHT, np.zeros(4, bool)])[many]
    found = scores(router, line(right, LINE[many]), line(features=LINE))
    assert found[0, 0] > 0.8 > 0.2 > found[2, 0]
    assert found[2, 1] == pytest.approx(0.5, abs=0.1)
    assert (found[:, 2] == 1).all()
    assert (found[:, 3] == 0).all()


def test_boosted_features_are_reduced_where_they_are_more_than_asked_for() -> None:
    """Two copies of a column are its first direction; what the third column tells is lost in one dimension."""
    first = np.random.default_rng(0).normal(size=60)
    columns = np.array([[a, a, b] for a in first for b in (-1.0, 1.0)])
    right = np.column_stack([columns[:, 2] > 0, columns[:, 0] > 0])
    asked = line(np.ones((2, 2)), np.array([[0.7, 0.7, -1.0], [0.7, 0.7, 1.0]]))
    for dimensions, told in ((1, False), (2, True), (3, True)):
        router = Boosting(guard=False, trees=20, rate=0.5, leaves=4, dimensions=dimensions)
        low, high = scores(router, line(right, columns), asked)[:, 0]
        assert (high - low > 0.5) == told
        assert told or high == pytest.approx(low, abs=0.01)


def test_a_classifier_of_the_best_model_leaves_nobody_else_a_score() -> None:
    data = line(np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]]))
    found = scores(Multiclass(guard=False, C=10.0), data)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found[:, 1] == 0).all()
    assert found[0, 0] > 0.5 > found[2, 0]


class Fixed(AbstractRouter):
    """Scores that are the numeric features."""

    def learn(self, train: Graded, seed: int) -> Scorer:
        return lambda features: np.asarray(features.columns["features"])


def test_the_guard_counts_edges_over_the_model_that_the_other_half_calls_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no edge nothing is left, and so nothing gained or lost, whichever model the halves call best."""
    seen: list[tuple[np.ndarray, np.ndarray]] = []

    def watched(edge: np.ndarray, gain: np.ndarray) -> float:
        seen.append((edge, gain))
        return 0.1

    monkeypatch.setattr(routers, "safe_margin", watched)
    turned = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        data = line(rng.random((40, 3)) < 0.5, rng.random((40, 3)))
        Fixed(guard=True).fit(data, seed)
        halves = data.inner(2, seed)
        turned += any(half.best != data.best for half, _ in halves)
        edge, gain = seen[-1]
        assert (gain[edge == 0] == 0).all()
        # Each query is tried once, by what was learned from the other half.
        assert len(edge) == 40
        stays = [(held.features.columns["features"].argmax(1) == half.best).mean() for half, held in halves]
        assert (edge == 0).mean() == pytest.approx(np.mean(stays))
    assert turned > 3


def test_weights_of_a_vote_are_log_odds_of_half_a_success_more() -> None:
    right = np.zeros((9, 3), bool)
    right[:9, 0] = right[:6, 1] = right[:4, 2] = True
    for k in (2, 4):
        fitted = WeightedVote(members=None, top_k=None, n_options=k).fit(graded(right), 0)
        odds = np.array([9.5 / 0.5, 6.5 / 3.5, 4.5 / 5.5]) * (k - 1)
        assert fitted.weights == pytest.approx(np.maximum(np.log(odds), 0))


def test_words_of_a_part_of_a_part_are_those_of_its_prompts() -> None:
    texts = np.array(["ant bee", "cow", "dog eel fox", "gnu"], object)
    every = Words.of(texts)
    some = every.take(np.array([3, 1, 2])).take(np.array([2, 0]))
    assert (some.counts.toarray() == every.counts.toarray()[[2, 3]]).all()


def test_costs_that_are_shown_are_those_of_the_training_queries() -> None:
    from cofail_lab.policies.evaluation import evaluate
    from cofail_lab.policies.folds import Split

    shown: list[np.ndarray] = []

    class Looking(Fixed):
        def fit(self, train: Graded, seed: int) -> Any:
            fitted = super().fit(train, seed)
            decide = fitted.decide

            def watched(view: Any) -> Any:
                shown.append(view.prices)
                return decide(view)

            object.__setattr__(fitted, "decide", watched)
            return fitted

    cost = np.array([[1.0, 2.0], [3.0, 2.0], [9.0, 9.0]])
    data = graded(np.ones((3, 2)), cost=cost, columns={"features": np.ones((3, 2))})
    evaluate({"looking": Looking(guard=False)}, data, [Split(np.array([0, 1]), np.array([2]))], 0)
    assert shown[0].tolist() == [2, 2]


def test_features_of_part_of_the_queries_keep_every_column() -> None:
    features = Features(np.array(["a", "b"], object), {"dataset": np.array(["x", "y"], object)})
    assert features.take(np.array([1])).dataset.tolist() == ["y"]
    assert (
        sit(
            DomainTable(guard=False).fit(graded(RIGHT, columns={"dataset": np.array([*"aabb"], object)}), 0),
            graded(RIGHT[:1], columns={"dataset": np.array(["b"], object)}),
            None,
        ).calls.argmax()
        == 2
    )


@pytest.mark.parametrize("value", [0, 0.0, -1, np.nan, "2", True])
def test_a_penalty_or_budget_is_above_zero(value: Any) -> None:
    for build, name in (
        (lambda: Ridge(guard=True, alpha=value), "ridge.alpha"),
        (lambda: Logistic(guard=True, C=value), "logistic.C"),
        (lambda: Mixture(budget=value), "mixture.budget"),
    ):
        with pytest.raises(InputError, match=rf"policy\.{name}"):
            build()


def test_every_seed_is_another_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds of 64 bits become those of 32 that scikit-learn accepts, of the reduction and of every classifier."""
    import sklearn.decomposition
    import sklearn.ensemble

    seen: list[int] = []

    class Noted:
        def __init__(self, *_: Any, random_state: int, **__: Any) -> None:
            seen.append(random_state)

        def fit(self, *_: Any) -> Any:
            return self

        def transform(self, matrix: Any) -> Any:
            return matrix

    monkeypatch.setattr(sklearn.decomposition, "TruncatedSVD", Noted)
    monkeypatch.setattr(sklearn.ensemble, "HistGradientBoostingClassifier", Noted)
    router = Boosting(guard=False, trees=1, rate=0.5, leaves=2, dimensions=1)
    for seed in (3, 2**32 - 1, 2**32 + 65):
        router.learn(line(np.array([[1, 0], [0, 1]]), np.array([[0.0, 1.0], [1.0, 0.0]])), seed)
    assert seen == [3] * 3 + [2**32 - 1] * 3 + [65] * 3
