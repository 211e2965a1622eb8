"""`single_best`: the model that is best on the training queries, for every query. What a policy must beat."""

from dataclasses import dataclass

from cofail_lab.policies.base import AbstractPolicy
from cofail_lab.policies.constants import Constant
from cofail_lab.policies.graded import Graded


@dataclass(frozen=True)
class SingleBest(AbstractPolicy):
    """The train-best model; of equals the first."""

    def fit(self, train: Graded, seed: int) -> Constant:
        """Choose it."""
        del seed
        return Constant(train.best)
