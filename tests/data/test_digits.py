"""The embedded pool: judged against scikit-learn's data, models fitted here by other means, and its own refits."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from cofail_lab.data import _digits_pool
from cofail_lab.data._digits_pool import confidence, digits_pool, operations
from cofail_lab.data.digits import SHIPPED, DigitsSource, resample, split
from cofail_lab.grades import Cell, Grades

_bundled: Any = load_digits()
PIXELS, LABELS = _bundled.data, _bundled.target
TRAIN, TEST = split(LABELS)
POOL = {member.name: member.estimator for member in digits_pool()}


@pytest.fixture(scope="module")
def grades() -> Grades:
    return DigitsSource().load()


def of(grades: Grades, model: str, what: str) -> np.ndarray:
    return grades.per_cell[what][:, grades.models.index(model)]


def right(grades: Grades, model: str) -> np.ndarray:
    return grades.cells[:, grades.models.index(model)] == Cell.RIGHT


def fit(name: str, train: np.ndarray) -> Any:
    fresh: Any = clone(POOL[name])
    with threadpool_limits(1):  # as the pool is trained: the order of sums can depend on the number of threads
        return fresh.fit(PIXELS[train], LABELS[train])


def nearest_label(train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label of the nearest training digit in exact integer arithmetic, and where no other label is as near."""
    squares = ((PIXELS[TEST, None].astype(int) - PIXELS[None, train].astype(int)) ** 2).sum(axis=2)
    nearest = np.stack([squares[:, LABELS[train] == digit].min(axis=1) for digit in range(10)], axis=1)
    return nearest.argmin(axis=1), (nearest == nearest.min(axis=1, keepdims=True)).sum(axis=1) == 1


def test_shapes_and_states(grades: Grades) -> None:
    n, m = 1547, 32
    assert grades.cells.shape == (n, m)
    assert grades.cells.dtype == np.int8
    assert set(np.unique(grades.cells)) == {Cell.RIGHT, Cell.WRONG}
    assert len(set(grades.per_model["family"])) == 10
    samples = grades.per_cell["samples"]
    assert (samples.shape, samples.dtype) == ((n, m, 4), bool)
    assert len(grades.notes) == 1
    assert "its answers come with the package (seed 0; numpy " in grades.notes[0]


def test_queries_are_the_digits_left_after_25_of_each(grades: Grades) -> None:
    assert np.bincount(LABELS[TRAIN]).tolist() == [25] * 10
    assert sorted([*TRAIN, *TEST]) == list(range(len(LABELS)))
    assert [int(name.removeprefix("digit-")) for name in grades.queries] == TEST.tolist()
    np.testing.assert_array_equal(grades.per_query["features"], PIXELS[TEST])
    assert grades.per_query["dataset"].tolist() == [f"digit {label}" for label in LABELS[TEST]]


def test_a_handful_of_digits_defeat_all_and_no_model_is_trivial(grades: Grades) -> None:
    out = grades.outcomes()
    assert 1 <= out.n_all_wrong <= 20
    assert not out.constant.any()
    assert 0.94 < 1 - out.error_rates.min() < 0.98
    assert out.error_rates.max() < 0.4, "every model is far better than guessing, which is wrong 9 times in 10"
    assert np.unique(out.wrong, axis=1).shape == out.wrong.shape, "no two models are the same"


def test_nearest_neighbour_agrees_with_exact_distances(grades: Grades) -> None:
    model, samples = grades.models.index("knn k=1"), of(grades, "knn k=1", "samples")
    said = [(TRAIN, right(grades, "knn k=1"))]
    said += [(TRAIN[resample(model, r, len(TRAIN))], samples[:, r]) for r in range(samples.shape[1])]
    for train, answers in said:
        label, unique = nearest_label(train)
        assert unique.mean() > 0.95, "ties between labels are rare"
        np.testing.assert_array_equal(answers[unique], (label == LABELS[TEST])[unique])


def test_ridge_agrees_with_the_normal_equations(grades: Grades) -> None:
    scaler = StandardScaler().fit(PIXELS[TRAIN])
    X: Any = scaler.transform(PIXELS[TRAIN])
    targets = np.where(LABELS[TRAIN, None] == np.arange(10), 1.0, -1.0)
    weights = np.linalg.solve(X.T @ X + 10.0 * np.eye(64), X.T @ (targets - targets.mean(axis=0)))
    label = (scaler.transform(PIXELS[TEST]) @ weights + targets.mean(axis=0)).argmax(axis=1)
    np.testing.assert_array_equal(right(grades, "ridge alpha=10"), label == LABELS[TEST])


@pytest.mark.parametrize("name", ["logistic C=0.01", "perceptron", "svm rbf C=10", "tree gini", "mlp 64"])
def test_training_again_gives_the_same_answers(grades: Grades, name: str) -> None:
    again = TRAIN[resample(grades.models.index(name), 1, len(TRAIN))]
    for train, answers in ((TRAIN, right(grades, name)), (again, of(grades, name, "samples")[:, 1])):
        np.testing.assert_array_equal(fit(name, train).predict(PIXELS[TEST]) == LABELS[TEST], answers)


def test_resamples_differ_by_model_and_refit_and_are_drawn_with_replacement() -> None:
    draws = {tuple(resample(model, refit, 250)) for model in range(32) for refit in range(4)}
    assert len(draws) == 32 * 4
    # 250 (1 - (1 - 1/250)^250) = 158.2 distinct, standard deviation 4.9; over 128 draws the mean has 0.43.
    assert np.mean([len(set(draw)) for draw in draws]) == pytest.approx(250 * (1 - (1 - 1 / 250) ** 250), abs=4 * 0.43)


def test_refits_vary_and_lose_accuracy_but_keep_the_order_of_models(grades: Grades) -> None:
    samples = grades.per_cell["samples"]
    refitted, graded = samples.mean(axis=(0, 2)), (grades.cells == Cell.RIGHT).mean(axis=0)
    assert refitted.mean() < graded.mean(), "fewer distinct digits cost accuracy on average; a lucky model may gain"
    assert np.corrcoef(refitted, graded)[0, 1] > 0.9
    assert (samples.min(axis=2) != samples.max(axis=2)).any(axis=0).all(), "no model answers alike after every refit"


def test_confidence_is_in_the_unit_interval_and_tells_right_from_wrong(grades: Grades) -> None:
    for name, family in zip(grades.models, grades.per_model["family"], strict=True):
        sure, good = of(grades, name, "confidence"), right(grades, name)
        assert ((sure >= 0) & (sure <= 1)).all()
        if np.ptp(sure) == 0:
            assert name in {"knn k=1", "tree gini"}, "one neighbour or a pure leaf is always certain"
            continue
        # The chance that a right answer is given with more confidence than a wrong one (area under the ROC curve).
        area = (1 + np.sign(sure[good][:, None] - sure[~good]).mean()) / 2
        assert area > (0.5 if family == "tree" else 0.8), name


@pytest.mark.parametrize("name", ["ridge alpha=10", "perceptron", "knn k=5 weighted", "gaussian nb"])
def test_confidence_speaks_of_the_label_given(grades: Grades, name: str) -> None:
    fitted = fit(name, TRAIN)
    score = fitted.predict_proba if hasattr(fitted, "predict_proba") else fitted.decision_function
    scores = score(PIXELS[TEST])
    np.testing.assert_array_equal(scores.argmax(axis=1), fitted.predict(PIXELS[TEST]))
    ours = confidence(fitted, PIXELS[TEST])
    np.testing.assert_array_equal(ours, of(grades, name, "confidence"))
    if not hasattr(fitted, "predict_proba"):
        ranked = np.sort(scores, axis=1)
        assert (np.diff(ours[np.argsort(ranked[:, -1] - ranked[:, -2])]) >= 0).all()


def test_an_svm_costs_its_support_vectors_and_is_as_sure_as_its_narrowest_duel(grades: Grades) -> None:
    whole = SVC(kernel="linear", C=1.0).fit(PIXELS[TRAIN], LABELS[TRAIN])
    assert (of(grades, "svm linear C=1", "cost") == whole.n_support_.sum() * (64 + 9)).all()
    assert (operations(whole, PIXELS[TEST[:5]]) == whole.n_support_.sum() * (64 + 9)).all()
    label = whole.predict(PIXELS[TEST])
    narrowest = np.full(len(TEST), np.inf)
    for digit, rival in ((a, b) for a in range(10) for b in range(10) if a != b):
        # An SVM of many classes is one machine for every pair of classes: here each is trained on its own.
        pair, mine = TRAIN[np.isin(LABELS[TRAIN], [digit, rival])], label == digit
        duel = SVC(kernel="linear", C=1.0).fit(PIXELS[pair], LABELS[pair] == digit)
        narrowest[mine] = np.minimum(narrowest[mine], duel.decision_function(PIXELS[TEST[mine]]))
    sure = of(grades, "svm linear C=1", "confidence")
    np.testing.assert_allclose(confidence(fit("svm linear C=1", TRAIN), PIXELS[TEST]), sure, atol=1e-9)
    # The solver stops at a tolerance of 1e-3.
    np.testing.assert_allclose(sure, (1 + narrowest / (1 + abs(narrowest))) / 2, atol=1e-3)
    assert (sure < 0.5).any(), "a label can lose a duel and still have most votes"


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("logistic C=1", 64 + 64 * 10),
        ("lda", 64 * 10),
        ("bernoulli nb", 64 + 64 * 10),
        ("gaussian nb", 2 * 64 * 10),
        ("knn k=3", 250 * 64),
        ("qda pca=8", 64 * 8 + 10 * (8 * 8 + 8)),
        ("mlp 32+32 tanh", 64 + 64 * 32 + 32 * 32 + 32 * 10),
        ("gp rbf length=20", 10 * (250 * 64 + 250 + 250 * 251 // 2 + 250)),
        ("gradient boosting depth=1", 50 * 10),
        ("ridge alpha=10", 64 + 64 * 10),
        ("perceptron", 64 + 64 * 10),
        ("multinomial nb", 64 * 10),
    ],
)
def test_cost_counted_by_hand(grades: Grades, name: str, count: int) -> None:
    assert (of(grades, name, "cost") == count).all()
    # What is shipped was counted once; this is the count of today.
    assert (operations(fit(name, TRAIN), PIXELS[TEST[:50]]) == count).all()


@pytest.mark.parametrize("name", ["tree gini", "bagged trees 20"])
def test_cost_of_trees_is_the_walk_from_root_to_leaf(grades: Grades, name: str) -> None:
    fitted = fit(name, TRAIN)
    today = operations(fitted, PIXELS[TEST])
    for query in range(0, len(TEST), 100):
        steps = 0
        for tree in (one.tree_ for one in getattr(fitted, "estimators_", [fitted])):
            node = 0
            while tree.children_left[node] != -1:
                left = PIXELS[TEST[query], tree.feature[node]] <= tree.threshold[node]
                node = tree.children_left[node] if left else tree.children_right[node]
                steps += 1
        assert of(grades, name, "cost")[query] == today[query] == steps


def test_cost_is_positive_and_varies_over_queries_only_for_trees(grades: Grades) -> None:
    cost = grades.per_cell["cost"]
    assert (np.isfinite(cost) & (cost >= 1)).all()
    assert set(grades.per_model["family"][np.ptp(cost, axis=0) > 0]) == {"tree", "forest", "boosting"}
    with pytest.raises(TypeError, match="DummyClassifier"):
        operations(DummyClassifier().fit(PIXELS[TRAIN], LABELS[TRAIN]), PIXELS[TEST])


def test_the_answers_are_read_without_scikit_learn(grades: Grades) -> None:
    assert SHIPPED.stat().st_size < 600_000
    code = "import sys, cofail_lab.data.digits as d; print(*d.DigitsSource().load().notes, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{grades.notes[0]} False\n", "")


def test_the_first_three_of_the_pool_are_trained_as_shipped(grades: Grades, monkeypatch: pytest.MonkeyPatch) -> None:
    """All else of the training but for the other members, each of which has streams of its own; see the slow test."""
    monkeypatch.setattr(_digits_pool, "digits_pool", lambda: digits_pool()[:3])
    again = DigitsSource(retrain=True).load()
    assert again.notes == (
        "A pool of 3 scikit-learn classifiers of 1 families, trained on 250 of the bundled digits and graded on the "
        "other 1,547; retrained in this run.",
    )
    assert (again.queries, again.models) == (grades.queries, grades.models[:3])
    assert (again.cells != grades.cells[:, :3]).mean() < 1e-3
    assert (again.per_cell["samples"] != grades.per_cell["samples"][:, :3]).mean() < 1e-3
    assert np.quantile(abs(again.per_cell["confidence"] - grades.per_cell["confidence"][:, :3]), 0.99) < 1e-6
    np.testing.assert_array_equal(again.per_cell["cost"], grades.per_cell["cost"][:, :3])
    for name in ("features", "dataset", "key"):
        np.testing.assert_array_equal(again.per_query[name], grades.per_query[name])
    np.testing.assert_array_equal(again.per_model["family"], grades.per_model["family"][:3])


@pytest.mark.slow
def test_retraining_gives_what_is_shipped(grades: Grades) -> None:
    """A release of scikit-learn or another processor may change a few answers, never more than one in a thousand."""
    again = DigitsSource(retrain=True).load()
    assert "retrained in this run" in again.notes[0]
    assert (again.queries, again.models) == (grades.queries, grades.models)
    assert (again.cells != grades.cells).mean() < 1e-3
    assert (again.per_cell["samples"] != grades.per_cell["samples"]).mean() < 1e-3
    np.testing.assert_array_equal(again.per_query["features"], grades.per_query["features"])
    assert np.quantile(abs(again.per_cell["confidence"] - grades.per_cell["confidence"]), 0.99) < 1e-6
