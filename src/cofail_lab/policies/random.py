"""`random`: every model equally often, at random."""

from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.base import AbstractPolicy
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.mixing import Mixed


@dataclass(frozen=True)
class Random(AbstractPolicy):
    """Its accuracy is the mean of the models' accuracies, and its cost the mean of their costs."""

    def fit(self, train: Graded, seed: int) -> Mixed:
        """There is nothing to learn."""
        del seed
        return Mixed(np.full(train.n_models, 1 / train.n_models))
