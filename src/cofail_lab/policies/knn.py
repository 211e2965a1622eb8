"""`knn`: the models' accuracies on the training queries that are most alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.policies.graded import Features, Graded
from cofail_lab.policies.router import AbstractRouter, Scorer


@dataclass(frozen=True)
class NearestNeighbours(AbstractRouter):
    """Scores are accuracies on the nearest training queries (Euclidean).

    Attributes:
        neighbours: how many, >= 1; all, where there are fewer.
    """

    neighbours: int

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.whole("policy.knn.neighbours", self.neighbours, least=1)

    def learn(self, train: Graded, seed: int) -> Scorer:
        """Keep the training queries."""
        del seed
        from sklearn.neighbors import NearestNeighbors

        design, right = train.features.design, train.right.astype(float)
        size = min(self.neighbours, train.n_queries)
        index = NearestNeighbors(n_neighbors=size, algorithm="brute").fit(design.train)

        def scorer(features: Features) -> np.ndarray:
            near = index.kneighbors(design.matrix(features), return_distance=False)
            return right[near].mean(axis=1)

        return scorer
