"""`cheapest`: the model that cost least on the training queries, for every query."""

from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.base import AbsentPolicyError, AbstractPolicy
from cofail_lab.policies.constants import Constant
from cofail_lab.policies.graded import Graded


@dataclass(frozen=True)
class Cheapest(AbstractPolicy):
    """The cheapest model; of equally cheap ones the best."""

    def fit(self, train: Graded, seed: int) -> Constant:
        """Choose it. Raises AbsentPolicyError without costs."""
        del seed
        if train.prices is None:
            raise AbsentPolicyError("costs are unknown")
        return Constant(int(np.lexsort((-train.accuracy, train.prices))[0]))
