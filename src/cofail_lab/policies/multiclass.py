"""`multiclass`: one classifier whose label is the best model of each query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.checks import positive
from cofail_lab.policies.graded import Features, Graded
from cofail_lab.policies.router import AbstractRouter, Scorer


@dataclass(frozen=True)
class Multiclass(AbstractRouter):
    """Scores are the probabilities of a multinomial logistic regression.

    Of several right models the label is the one that is best in training, and where all are wrong the best of all. The
    first right column as label (theory P12.iii) only teaches the order of the columns, and is not available.

    Attributes:
        C: inverse of the penalty of the squared coefficients, > 0.
    """

    C: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("policy.multiclass.C", self.C)

    def learn(self, train: Graded, seed: int) -> Scorer:
        """The classifier; models that are nobody's label score 0."""
        del seed
        from sklearn.linear_model import LogisticRegression

        design, label, m = train.features.design, best_right(train), train.n_models
        if len(np.unique(label)) < 2:
            always = np.eye(m)[label[0]]
            return lambda features: np.tile(always, (features.n_queries, 1))
        fitted = LogisticRegression(C=self.C, tol=1e-3, max_iter=500).fit(design.train, label)

        def scorer(features: Features) -> np.ndarray:
            scores = np.zeros((features.n_queries, m))
            scores[:, fitted.classes_] = fitted.predict_proba(design.matrix(features))
            return scores

        return scorer


def best_right(train: Graded) -> np.ndarray:
    """For each query the right model that is best in training, the best of all where none is right, (n,)."""
    order = np.argsort(-train.right.sum(axis=0), kind="stable")
    # argmax of a row without a True is 0: the best model.
    return order[train.right[:, order].argmax(axis=1)]
