"""How likely a model is right, learned from what is known of a query: boosted trees, and what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from threadpoolctl import threadpool_limits

from cofail_lab.numerics.streams import INNER_FOLDS
from cofail_lab.policies.base import Answers
from cofail_lab.policies.folds import cross_fitting
from cofail_lab.policies.graded import Features, Graded

Predictor = Callable[[np.ndarray], np.ndarray]
"""From inputs (n, d) to a number for each query (n,)."""
_TREES = {"max_iter": 100, "learning_rate": 0.05, "max_leaf_nodes": 8, "min_samples_leaf": 50, "early_stopping": False}
N_FOLDS = 5


@dataclass(frozen=True)
class Inputs:
    """Makes numbers of what is known: the dataset one-hot, numeric features, and signals of the models that answered.

    Attributes:
        datasets: names that have a column of their own.
    """

    datasets: tuple[str, ...]

    @classmethod
    def of(cls, features: Features) -> Inputs:
        """Inputs with a column for each dataset of these queries."""
        dataset = features.dataset
        return cls(() if dataset is None else tuple(np.unique(dataset.astype(str))))

    def before(self, features: Features) -> Float[np.ndarray, "n d"]:
        """What is known before any model answers; a column of ones where that is nothing."""
        parts = [np.ones((features.n_queries, 1))]
        if features.dataset is not None and self.datasets:
            parts.append(features.dataset.astype(str)[:, None] == np.array(self.datasets))
        if (numbers := features.columns.get("features")) is not None:
            parts.append(np.asarray(numbers, dtype=float))
        return np.hstack(parts).astype(float)

    def after(self, features: Features, answers: Answers | Graded, models: Sequence[int]) -> Float[np.ndarray, "n d"]:
        """The same with the log tokens, confidence and agreement of models that answered, nan where unknown.

        Of several models also whether each two gave the same answer, where answers are known.
        """
        parts = [self.before(features)]
        if answers.tokens is not None:
            parts.append(np.log(np.maximum(answers.tokens[:, models], 1)))
        parts += [column[:, models] for column in (answers.confidence, answers.agreement) if column is not None]
        if answers.answer is not None:
            said = answers.answer[:, models]
            parts += [said[:, [i]] == said[:, [j]] for i in range(len(models)) for j in range(i)]
        return np.hstack([np.asarray(part, dtype=float) for part in parts])


def boosted(inputs: Float[np.ndarray, "n d"], right: Bool[np.ndarray, " n"], seed: int) -> Predictor:
    """P(right) by 100 boosted trees of 8 leaves, rate .05, at least 50 queries a leaf; the rate where all are alike."""
    if right.all() or not right.any():
        rate = float(right.mean())
        return lambda now: np.full(len(now), rate)
    from sklearn.ensemble import HistGradientBoostingClassifier

    known = _known(inputs)
    model = in_one_thread(HistGradientBoostingClassifier(**_TREES, random_state=seed).fit)(inputs[:, known], right)
    return in_one_thread(lambda now: model.predict_proba(now[:, known])[:, 1])


def regressed(inputs: Float[np.ndarray, "n d"], target: Float[np.ndarray, " n"], seed: int) -> Predictor:
    """The mean of a number given the inputs, by half as many such trees at twice the rate: it is smoother."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    known = _known(inputs)
    model = HistGradientBoostingRegressor(**{**_TREES, "max_iter": 50, "learning_rate": 0.1}, random_state=seed)
    in_one_thread(model.fit)(inputs[:, known], target)
    return in_one_thread(lambda now: model.predict(now[:, known]))


in_one_thread = threadpool_limits.wrap(limits=1, user_api="openmp")
"""Decorates what grows or asks trees, where scikit-learn is imported already.

A few thousand queries are too few for more threads: they take longer, and very long where another process wants the
cores as well.
"""


def _known(inputs: Float[np.ndarray, "n d"]) -> np.ndarray:
    """Columns with a value: scikit-learn cannot bin others, such as the confidence of a model that has none."""
    return np.flatnonzero(~np.isnan(inputs).all(axis=0))


def cross_fitted(
    inputs: Float[np.ndarray, "n d"], right: Bool[np.ndarray, " n"], seed: int, cluster: np.ndarray | None = None
) -> Float[np.ndarray, " n"]:
    """P(right) of each query by `boosted` trees fitted to the other four folds, (n,); the seed shuffles the folds.

    With clusters, whole ones are in a fold.
    """
    n_folds = min(N_FOLDS, len(right) if cluster is None else len(np.unique(cluster)))
    if n_folds < 2:
        return np.full(len(right), right.mean())
    predicted = np.empty(len(right))
    for rest, fold in _folds(len(right), n_folds, seed, cluster):
        predicted[fold] = boosted(inputs[rest], right[rest], seed)(inputs[fold])
    return predicted


def _folds(n: int, n_folds: int, seed: int, cluster: np.ndarray | None) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    if cluster is not None:
        return cross_fitting(n, n_folds, seed, cluster, purpose=INNER_FOLDS)
    from sklearn.model_selection import KFold

    # The folds of the published figures.
    return KFold(n_folds, shuffle=True, random_state=seed).split(np.zeros(n))
