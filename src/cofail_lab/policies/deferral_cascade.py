"""`deferral_cascade`: L answers, and the queries go to H on which H is most likely to add something."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cofail_lab.policies.base import AbstractPolicy, Answers
from cofail_lab.policies.cascade import FittedCascade, best_fraction, check_cascade, cut_at, signal_of, two_models
from cofail_lab.policies.graded import Features, Graded
from cofail_lab.policies.probabilities import Inputs, boosted, cross_fitted


@dataclass(frozen=True)
class DeferralCascade(AbstractPolicy):
    """Two boosted classifiers give P(L right) and P(H right) from dataset, features and L's signals (P8.vi).

    The queries of the largest difference are escalated: a threshold on L's confidence is as good only where H adds less
    the surer L is. The cut is that of differences predicted by classifiers that other training queries fitted.

    Attributes:
        cheap, strong: names of L and H; None for the train-best model and the hull's corner before it.
        fraction: as in `threshold_cascade`.
    """

    cheap: str | None
    strong: str | None
    fraction: float | None

    def __post_init__(self) -> None:
        check_cascade("policy.deferral_cascade", self.cheap, self.strong, None, self.fraction)

    def fit(self, train: Graded, seed: int) -> FittedCascade:
        """Fit both classifiers, and the cut to cross-fitted differences."""
        cheap, strong = two_models("policy.deferral_cascade", train, self.cheap, self.strong)
        signal_of(train, cheap, None)  # without any signal of L's this would be a router
        inputs = Inputs.of(train.features)
        known, targets = inputs.after(train.features, train, [cheap]), train.right[:, [cheap, strong]]
        fitted = [boosted(known, target, seed) for target in targets.T]

        def score(features: Features, answers: Answers) -> np.ndarray:
            now = inputs.after(features, answers, [cheap])
            return fitted[0](now) - fitted[1](now)

        own = -added_by_strong(train, cheap, strong, seed)
        fraction = best_fraction(train, cheap, strong, own) if self.fraction is None else self.fraction
        return FittedCascade(cheap, strong, score, cut_at(own, fraction))


def added_by_strong(graded: Graded, cheap: int, strong: int, seed: int) -> Float[np.ndarray, " n"]:
    """P(H right) - P(L right) of each query, predicted by classifiers fitted to the other folds of five, (n,)."""
    known = Inputs.of(graded.features).after(graded.features, graded, [cheap])
    low, high = (cross_fitted(known, graded.right[:, model], seed, graded.cluster) for model in (cheap, strong))
    return high - low
