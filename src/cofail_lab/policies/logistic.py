"""`logistic`: one logistic regression for each model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.checks import positive
from cofail_lab.policies.graded import Features, Graded
from cofail_lab.policies.router import AbstractRouter, Scorer


@dataclass(frozen=True)
class Logistic(AbstractRouter):
    """Scores are predicted probabilities to be right.

    Attributes:
        C: inverse of the penalty of the squared coefficients, > 0.
    """

    C: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("policy.logistic.C", self.C)

    def learn(self, train: Graded, seed: int) -> Scorer:
        """A regression for each model; one that is always right or always wrong in training has its accuracy."""
        del seed
        from sklearn.linear_model import LogisticRegression

        design = train.features.design
        varying = np.flatnonzero((train.accuracy > 0) & (train.accuracy < 1))
        fitted = [
            LogisticRegression(C=self.C, tol=1e-3, max_iter=500).fit(design.train, train.right[:, j]) for j in varying
        ]

        def scorer(features: Features) -> np.ndarray:
            matrix = design.matrix(features)
            scores = np.tile(train.accuracy, (features.n_queries, 1))
            for j, one in zip(varying, fitted, strict=True):
                scores[:, j] = one.predict_proba(matrix)[:, 1]
            return scores

        return scorer
