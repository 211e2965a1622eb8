"""The exam: a fitted policy decides about queries whose grades it never sees; its choices are graded afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cofail_lab.decisions import majority_right, plurality_range, plurality_right
from cofail_lab.policies.base import AbstractFitted, AbstractHindsight, Answers, Choices, View
from cofail_lab.policies.graded import Graded


@dataclass(frozen=True)
class Decisions:
    """Graded decisions about n queries.

    Attributes:
        calls: probability that each model is called, 0 or 1 for a policy without chance, (n, m).
        right_low, right_high: bounds of the probability that the answer is right, (n,). They differ only where a vote
            was taken and the answers of its members are unknown, or where a majority is just half.
        cost: expected dollars (n,), None where costs are unknown.
    """

    calls: Float[np.ndarray, "n m"]
    right_low: Float[np.ndarray, " n"]
    right_high: Float[np.ndarray, " n"]
    cost: Float[np.ndarray, " n"] | None


def sit(fitted: AbstractFitted, graded: Graded, prices: Float[np.ndarray, " m"] | None) -> Decisions:
    """Let a fitted policy decide, and grade it.

    Args:
        fitted: the policy.
        graded: the queries, none of which it was fitted to.
        prices: of the training queries; costs of these queries stay hidden.
    """
    shape = graded.right.shape
    called = np.zeros(shape, dtype=bool)
    # The function that the view calls knows answers, and no grade.
    columns = graded.answer, graded.tokens, graded.confidence, graded.agreement

    def call(mask: np.ndarray) -> Answers:
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != shape:
            raise ValueError(f"View.call: {mask.dtype} of shape {mask.shape}; bool of shape {shape} is needed")
        np.logical_or(called, mask, out=called)
        return Answers(*(_shown(column, called) for column in columns))

    view = View(graded.features, graded.models, None if prices is None else prices.copy(), call)
    return grade(fitted.decide(view), graded, called)


def hindsight(ceiling: AbstractHindsight, graded: Graded) -> Decisions:
    """Decisions of a ceiling, which knows the grades."""
    return grade(ceiling.choose(graded), graded, np.zeros(graded.right.shape, dtype=bool))


def grade(choices: Choices, graded: Graded, called: np.ndarray) -> Decisions:
    """Grade choices; models that were called are paid for, whether or not their answers were used.

    Raises:
        ValueError: weights that are no weights; an error of the policy, not of the user.
    """
    weights = np.asarray(choices.weights, dtype=float)
    if weights.shape != graded.right.shape or not (weights >= 0).all() or not np.isfinite(weights).all():
        raise ValueError(f"Choices.weights: finite numbers >= 0 of shape {graded.right.shape} are needed")
    total = weights.sum(axis=1, keepdims=True)
    if not (total > 0).all():
        raise ValueError("Choices.weights: a row without any weight; every query needs an answer")
    if choices.kind == "mix":
        shares = weights / total
        calls = np.where(called, 1.0, shares)
        low = high = (shares * graded.right).sum(axis=1)
    else:
        calls = (called | (weights > 0)).astype(float)
        if choices.kind == "majority":
            low, high = majority_right(graded.right, weights)
        elif graded.answer is None:
            low, high = plurality_range(graded.right, weights)
        else:
            low = high = plurality_right(graded.answer, graded.right, weights)
    cost = None if graded.cost is None else (calls * graded.cost).sum(axis=1)
    return Decisions(calls, low, high, cost)


def _shown(column: np.ndarray | None, called: np.ndarray) -> np.ndarray | None:
    if column is None:
        return None
    shown = column.astype(object) if column.dtype.kind in "OUS" else column.astype(float)
    shown[~called] = None if shown.dtype == object else np.nan
    return shown
