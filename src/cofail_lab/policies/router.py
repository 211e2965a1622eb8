"""Routers: they score every model before any is called, and send the query to the best score, if the edge is enough."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.policies.base import AbstractFitted, AbstractPolicy, Choices, View
from cofail_lab.policies.constants import Constant
from cofail_lab.policies.graded import Features, Graded

Scorer = Callable[[Features], np.ndarray]
"""Scores of the models for each query (n, m): higher is better."""

NO_GUARD = -np.inf
STAY = np.inf
# Standard errors by which the gain on inner folds must be above zero. A guard that asks for none is as cursed as an
# argmax: it takes the best of many margins.
_CAUTION = 2.0
_INNER_FOLDS = 2


@dataclass(frozen=True)
class FittedRouter(AbstractFitted):
    """Scores every model, and leaves the train-best one only for an edge above the margin.

    Attributes:
        scorer: of the models.
        best: the train-best model.
        margin: `NO_GUARD` for the plain argmax (ties to the first model).
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

    reads: ClassVar[bool] = True
    """Whether it reads prompts or features, not only the dataset."""

    guard: bool

    def __post_init__(self) -> None:
        # A policy is called as its module.
        checks.flag(f"policy.{type(self).__module__.rpartition('.')[2]}.guard", self.guard)

    @abstractmethod
    def learn(self, train: Graded, seed: int) -> Scorer:
        """Learn to score models from graded queries."""

    def fit(self, train: Graded, seed: int) -> AbstractFitted:
        """Fit the margin of the guard, and learn, unless the guard stays with the single best anyway."""
        margin = self._margin(train, seed) if self.guard else NO_GUARD
        return Constant(train.best) if margin == STAY else FittedRouter(self.learn(train, seed), train.best, margin)

    def _margin(self, train: Graded, seed: int) -> float:
        """The guard's margin, from scores of queries that the scorer was not fitted to."""
        edge, gain = [], []
        for inner, held in train.inner(_INNER_FOLDS, seed):
            scores = self.learn(inner, seed)(held.features)
            rows = np.arange(held.n_queries)
            edge.append(edges(scores, inner.best))
            gain.append(held.right[rows, scores.argmax(axis=1)].astype(float) - held.right[:, inner.best])
        return safe_margin(np.concatenate(edge), np.concatenate(gain)) if edge else STAY


def choose(scores: Float[np.ndarray, "n m"], best: int, margin: float) -> np.ndarray:
    """The model of the greatest score (the first of equals), or ``best`` where the edge is not above the margin."""
    return np.where(edges(scores, best) > margin, scores.argmax(axis=1), best)


def edges(scores: Float[np.ndarray, "n m"], best: int) -> Float[np.ndarray, " n"]:
    """By how much the greatest score is above that of ``best``, >= 0."""
    return scores.max(axis=1) - scores[:, best]


def safe_margin(edge: Float[np.ndarray, " n"], gain: Float[np.ndarray, " n"]) -> float:
    """The margin above which leaving the single best paid off most surely; `STAY` where it did at none.

    Args:
        edge: predicted edges, >= 0.
        gain: what leaving gained on each query, -1, 0 or 1.

    Returns:
        The margin whose gain, less two standard errors of it, is greatest, if that is above 0.
    """
    order = np.argsort(-edge, kind="stable")
    total, spread = np.cumsum(gain[order]), np.sqrt(np.cumsum(gain[order] ** 2))
    following = np.append(edge[order][1:], 0.0)
    # A margin lies between two different edges.
    sure = np.where(edge[order] > following, total - _CAUTION * spread, -np.inf)
    place = int(sure.argmax())
    return float(following[place]) if sure[place] > 0 else STAY
