"""What a policy is: it is fitted to graded queries, and then decides about others, of which it sees only a `View`.

A policy returns `Choices`, never a score: which model's answer it gives, or a vote of several. `exam.sit` keeps the
grades, watches which models were called, and turns choices into `Decisions`. So a policy cannot look at correctness:
nothing that it is handed holds any.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.policies.graded import Features, Graded


@dataclass(frozen=True)
class Answers:
    """What the called models answered; each (n, m), or None where the matrix has no such column.

    Attributes:
        answer: strings; None where the model was not called, empty where it gave no answer.
        tokens, confidence, agreement: nan where the model was not called.
    """

    answer: np.ndarray | None
    tokens: Float[np.ndarray, "n m"] | None
    confidence: Float[np.ndarray, "n m"] | None
    agreement: Float[np.ndarray, "n m"] | None


class View:
    """What a fitted policy sees of n queries: features and prices, and the answers of the models that it calls.

    Attributes:
        features: what is known before any model answers.
        models: names (m,).
        prices: dollars of an answer as known beforehand, each model's mean over the training queries (m,), or None.
    """

    __slots__ = ("_call", "features", "models", "prices")

    def __init__(
        self,
        features: Features,
        models: tuple[str, ...],
        prices: Float[np.ndarray, " m"] | None,
        call: Callable[[np.ndarray], Answers],
    ) -> None:
        self.features, self.models, self.prices, self._call = features, models, prices, call

    @property
    def n_queries(self) -> int:
        """Number of queries, n."""
        return self.features.n_queries

    @property
    def n_models(self) -> int:
        """Number of models, m."""
        return len(self.models)

    def call(self, mask: Bool[np.ndarray, "n m"]) -> Answers:
        """Call models on queries and see what all models called so far have answered. Every call is paid for."""
        return self._call(mask)


@dataclass(frozen=True)
class Choices:
    """What a policy answers with, for every query.

    Attributes:
        kind: ``mix``: one model's answer, drawn with the weights as probabilities; ``vote``: the answer with the
            greatest sum of weights, drawn at random among equal sums; ``majority``: an answer with more than half of
            the weight, none where no answer has it.
        weights: >= 0 with a positive sum in every row, (n, m). A model with a positive weight in a vote or majority
            is called; one in a mix is called with that probability.
    """

    kind: Literal["mix", "vote", "majority"]
    weights: Float[np.ndarray, "n m"]

    @classmethod
    def pick(cls, model: Int[np.ndarray, " n"], n_models: int) -> Choices:
        """One model's answer for each query."""
        weights = np.zeros((len(model), n_models))
        weights[np.arange(len(model)), model] = 1.0
        return cls("mix", weights)

    @classmethod
    def constant(cls, model: int, view: View) -> Choices:
        """The same model for every query."""
        return cls.pick(np.full(view.n_queries, model), view.n_models)


class AbstractFitted(ABC):
    """A fitted policy."""

    @property
    def pair(self) -> tuple[int, int] | None:
        """Positions of the two models of a cascade, the first called one first; None for anything else."""
        return None

    @abstractmethod
    def decide(self, view: View) -> Choices:
        """What to answer with; models are called through the view."""


class AbstractPolicy(ABC):
    """A policy before it is fitted. Subclasses are frozen dataclasses whose fields are the keys of their YAML."""

    @abstractmethod
    def fit(self, train: Graded, seed: int) -> AbstractFitted:
        """Learn from graded queries; every random number comes from the seed.

        Raises:
            AbsentPolicyError: this matrix has no such policy (no confidence column, one dataset, ...).
        """

    def remark(self, graded: Graded) -> str | None:
        """What else must be known of this policy on these queries, as the end of a sentence; None for nothing."""
        del graded
        return None


class AbstractHindsight(ABC):
    """A ceiling with the name of a policy: it chooses after grading. No policy can be one."""

    @abstractmethod
    def choose(self, graded: Graded) -> Choices:
        """The choices of somebody who knows all grades of these very queries."""


class AbsentPolicyError(ValueError):
    """A matrix has no such policy; the message is a clause that says why: ``there is no confidence column``."""
