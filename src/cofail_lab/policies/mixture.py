"""`mixture`: two constants mixed at random, the best such mixture that a budget buys."""

from dataclasses import dataclass

from cofail_lab.policies.base import AbstractPolicy
from cofail_lab.policies.checks import positive
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.mixing import Mixed, at_budget


@dataclass(frozen=True)
class Mixture(AbstractPolicy):
    """A corner of the hull of constants, or a point between two of them.

    Attributes:
        budget: dollars per query, > 0; None for halfway between the cheapest price and that of the best model.
    """

    budget: float | None

    def __post_init__(self) -> None:
        if self.budget is not None:
            positive("policy.mixture.budget", self.budget)

    def fit(self, train: Graded, seed: int) -> Mixed:
        """Choose the two models and their shares by training accuracies and prices."""
        del seed
        return at_budget(train.accuracy, train.prices, self.budget)
