"""`oracle`: for every query a model that is right, the cheapest of them. A ceiling, not a policy."""

from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.base import AbstractHindsight, Choices
from cofail_lab.policies.graded import Graded


@dataclass(frozen=True)
class Oracle(AbstractHindsight):
    """Right wherever some model is; where all are wrong, the cheapest model (the best one where costs are unknown)."""

    def choose(self, graded: Graded) -> Choices:
        """The cheapest right model."""
        # Without costs, better models count as cheaper.
        price = np.tile(-graded.accuracy, (graded.n_queries, 1)) if graded.cost is None else graded.cost
        able = graded.right | ~graded.right.any(axis=1, keepdims=True)
        return Choices.pick(np.where(able, price, np.inf).argmin(axis=1), graded.n_models)
