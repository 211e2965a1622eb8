"""`threshold_cascade`: L answers, and the queries it is least sure of go to H."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.base import AbstractPolicy, Answers
from cofail_lab.policies.cascade import (
    FittedCascade,
    best_fraction,
    check_cascade,
    confidence,
    cut_at,
    signal_of,
    two_models,
)
from cofail_lab.policies.graded import Features, Graded


@dataclass(frozen=True)
class ThresholdCascade(AbstractPolicy):
    """The threshold is the quantile of L's confidence in training (P8).

    Attributes:
        cheap, strong: names of L and H; None for the train-best model and the hull's corner before it.
        signal: what shows L's confidence: ``confidence``, ``agreement`` of its repeated runs, or ``tokens`` (few mean
            sure); None for the first that there is. The share of right runs holds the grade itself, and is refused.
        fraction: share of the queries that go to H, in [0, 1]; None for the share that gained most in training over
            mixing L and H at the same dollars, which can be 0.
    """

    cheap: str | None
    strong: str | None
    signal: str | None
    fraction: float | None

    def __post_init__(self) -> None:
        check_cascade("policy.threshold_cascade", self.cheap, self.strong, self.signal, self.fraction)

    def fit(self, train: Graded, seed: int) -> FittedCascade:
        """Find the models, the signal and the threshold."""
        del seed
        cheap, strong = two_models("policy.threshold_cascade", train, self.cheap, self.strong)
        signal = signal_of(train, cheap, self.signal)

        def score(_features: Features, answers: Answers) -> np.ndarray:
            return confidence(answers, cheap, signal)

        own = confidence(train, cheap, signal)
        fraction = best_fraction(train, cheap, strong, own) if self.fraction is None else self.fraction
        return FittedCascade(cheap, strong, score, cut_at(own, fraction))
