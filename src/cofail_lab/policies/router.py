"""Routers: they score every model before any is called, and send the query to the best score, if the edge is enough."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cofail_lab.policies.base import AbstractFitted, AbstractPolicy, Choices, View
from cofail_lab.policies.graded import Features, Graded

Scorer = Callable[[Features], np.ndarray]
"""Scores of the models for each query (n, m): higher is better."""


@dataclass(frozen=True)
class FittedRouter(AbstractFitted):
    """Scores every model, and leaves the train-best one only for an edge above the margin.

    Attributes:
        scorer: of the models.
        best: the train-best model.
        margin: 0 for the plain argmax (ties to the first model), infinite for a constant.
    """

    scorer: Scorer
    best: int
    margin: float

    def decide(self, view: View) -> Choices:
        """The model of the greatest score, or the train-best one."""
        return Choices.pick(choose(self.scorer(view.features), self.best, self.margin), view.n_models)


@dataclass(frozen=True)
class AbstractRouter(AbstractPolicy):
    """A policy that calls one model per query, chosen by features alone.

    Attributes:
        guard: stay with the single best unless the predicted edge is large enough; how large is fitted on inner folds.
    """

    guard: bool

    @abstractmethod
    def learn(self, train: Graded, seed: int) -> Scorer:
        """Learn to score models from graded queries."""

    def fit(self, train: Graded, seed: int) -> FittedRouter:
        """Learn, and fit the margin of the guard."""
        return FittedRouter(self.learn(train, seed), train.best, 0.0)


def choose(scores: Float[np.ndarray, "n m"], best: int, margin: float) -> np.ndarray:
    """The model of the greatest score (the first of equals), or ``best`` where the edge is not above the margin."""
    pick = scores.argmax(axis=1)
    if margin == 0:
        return pick
    return np.where(edges(scores, best) > margin, pick, best)


def edges(scores: Float[np.ndarray, "n m"], best: int) -> Float[np.ndarray, " n"]:
    """By how much the greatest score is above that of ``best``, >= 0."""
    return scores.max(axis=1) - scores[:, best]
