"""`boosting`: gradient-boosted trees for each model, on a few dimensions of the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cofail_lab import checks
from cofail_lab.policies.checks import positive
from cofail_lab.policies.graded import Features, Graded
from cofail_lab.policies.probabilities import in_one_thread
from cofail_lab.policies.router import AbstractRouter, Scorer


@dataclass(frozen=True)
class Boosting(AbstractRouter):
    """Scores are predicted probabilities to be right; slow, and seldom better than `logistic`.

    Attributes:
        trees: for each model, >= 1.
        rate: learning rate, > 0.
        leaves: of a tree at most, >= 2.
        dimensions: of the truncated singular value decomposition, where the features have more, >= 1.
    """

    trees: int
    rate: float
    leaves: int
    dimensions: int

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.whole("policy.boosting.trees", self.trees, least=1)
        positive("policy.boosting.rate", self.rate)
        checks.whole("policy.boosting.leaves", self.leaves, least=2)
        checks.whole("policy.boosting.dimensions", self.dimensions, least=1)

    def learn(self, train: Graded, seed: int) -> Scorer:
        """The decomposition of the training queries, and a boosted classifier for each model."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.ensemble import HistGradientBoostingClassifier

        design = train.features.design
        reduce: Any = None
        if design.train.shape[1] > self.dimensions:
            reduce = TruncatedSVD(self.dimensions, n_iter=3, random_state=seed % 2**32).fit(design.train)

        def dense(matrix: Any) -> np.ndarray:
            if reduce is not None:
                return reduce.transform(matrix)
            return matrix.toarray() if hasattr(matrix, "toarray") else matrix

        known = dense(design.train)
        varying = np.flatnonzero((train.accuracy > 0) & (train.accuracy < 1))
        fitted = [
            in_one_thread(
                HistGradientBoostingClassifier(
                    max_iter=self.trees,
                    learning_rate=self.rate,
                    max_leaf_nodes=self.leaves,
                    early_stopping=False,  # type: ignore[arg-type]  (the stubs know only 'auto')
                    random_state=seed % 2**32,
                ).fit
            )(known, train.right[:, j])
            for j in varying
        ]

        @in_one_thread
        def scorer(features: Features) -> np.ndarray:
            matrix = dense(design.matrix(features))
            scores = np.tile(train.accuracy, (features.n_queries, 1))
            for j, one in zip(varying, fitted, strict=True):
                scores[:, j] = one.predict_proba(matrix)[:, 1]
            return scores

        return scorer
