"""What the cascades of two models share: which two, what shows L's confidence, and how many queries go to H."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.decisions import cascade_curve, cascade_dollars
from cofail_lab.errors import InputError
from cofail_lab.policies.base import AbsentPolicyError, AbstractFitted, Answers, Choices, View
from cofail_lab.policies.graded import Features, Graded

SIGNALS = ("confidence", "agreement", "tokens")
"""What may show how sure a model is of its answer, in the order in which they are looked for."""
_GRADES = ("frac", "samples", "score", "scores", "votes", "key")
"""Columns that grading wrote: known only when the answer is known to be right or wrong."""

# Of gaps: where everything goes on, that to the strong model alone is 0 up to rounding.
_ROUNDING = 1e-12

Score = Callable[[Features, Answers], np.ndarray]
"""What orders the queries after L has answered, (n,): the lowest are escalated first."""


@dataclass(frozen=True)
class Cut:
    """Escalates all queries below a threshold, and a share of those just at it.

    Attributes:
        threshold: of the score.
        share: of the queries at the threshold, in [0, 1].
    """

    threshold: float
    share: float

    def escalated(self, score: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Probability that each query is escalated, (n,)."""
        return np.where(score < self.threshold, 1.0, np.where(score == self.threshold, self.share, 0.0))


@dataclass(frozen=True)
class FittedCascade(AbstractFitted):
    """L answers every query; those of the lowest score go to H as well, whose answer counts then.

    Attributes:
        cheap, strong: positions of L and H.
        score: of a query whose answer by L is known.
        cut: how many of the lowest go on.
    """

    cheap: int
    strong: int
    score: Score
    cut: Cut

    @property
    def pair(self) -> tuple[int, int]:
        """L and H."""
        return self.cheap, self.strong

    def decide(self, view: View) -> Choices:
        """L's answer, or H's."""
        ask = np.zeros((view.n_queries, view.n_models), dtype=bool)
        ask[:, self.cheap] = True
        answers = view.call(ask)
        weights = np.zeros(ask.shape)
        weights[:, self.strong] = self.cut.escalated(self.score(view.features, answers))
        weights[:, self.cheap] = 1 - weights[:, self.strong]
        return Choices("mix", weights)


def check_cascade(where: str, cheap: Any, strong: Any, signal: Any, fraction: Any) -> None:
    """Raise InputError for a parameter that no cascade has, named after ``where`` it stands, as policy.NAME."""
    for field, name in (("cheap", cheap), ("strong", strong)):
        if name is not None and not isinstance(name, str):
            raise InputError(f"{where}.{field}: {name!r} is not a model name or null")
    if cheap is not None and cheap == strong:
        raise InputError(f"{where}.strong: {strong!r} is the cheap model too; two models are needed")
    if signal in _GRADES:
        raise InputError(
            f"{where}.signal: {signal!r} is known only after grading, it would leak whether the answer is "
            f"right; accepted: {', '.join(SIGNALS)} or null"
        )
    if signal is not None and signal not in SIGNALS:
        raise InputError(f"{where}.signal: {signal!r} is not one of {', '.join(SIGNALS)} or null")
    if fraction is not None:
        checks.share(f"{where}.fraction", fraction)


def two_models(where: str, train: Graded, cheap: str | None, strong: str | None) -> tuple[int, int]:
    """Positions of L and H: those named, else the train-best one as H and, as L, the corner of the hull before it.

    The hull is that of the models as constants, accuracy against price, so that no other mix with H beats L's.

    Raises:
        InputError: a name that no model has, or the same model twice.
        AbsentPolicyError: no costs to find L by, or nothing cheaper than H.
    """
    high = train.best if strong is None else train.model(strong, f"{where}.strong")
    if cheap is not None:
        low = train.model(cheap, f"{where}.cheap")
        if low == high:
            raise AbsentPolicyError(f"{cheap}, the cheap model, is the best one")
        return low, high
    prices = train.prices
    if prices is None:
        raise AbsentPolicyError(f"there are no costs to find a cheap model by; {where}.cheap can name it")
    saved, lost = prices[high] - prices, train.accuracy[high] - train.accuracy
    candidates = np.flatnonzero((saved > 0) & (lost >= 0))
    if not candidates.size:
        raise AbsentPolicyError(f"no model is cheaper than {train.models[high]} and no better")
    return int(candidates[(lost[candidates] / saved[candidates]).argmin()]), high


def signal_of(train: Graded, model: int, signal: str | None) -> str:
    """The signal to use: the one named, else the first of `SIGNALS` that the model's answers have.

    Raises:
        AbsentPolicyError: there is none.
    """
    for name in SIGNALS if signal is None else (signal,):
        column = getattr(train, name)
        if column is not None and not np.isnan(column[:, model]).all():
            return name
    wanted = signal or "confidence, agreement or token"
    raise AbsentPolicyError(f"there is no {wanted} column for the answers of {train.models[model]}")


def confidence(answers: Answers | Graded, model: int, signal: str) -> Float[np.ndarray, " n"]:
    """How sure a model is by a signal, (n,): many tokens mean unsure, an answer without the signal is least sure."""
    column = np.asarray(getattr(answers, signal)[:, model], dtype=float)
    return np.nan_to_num(-column if signal == "tokens" else column, nan=-np.inf)


def cut_at(score: Float[np.ndarray, " n"], fraction: float) -> Cut:
    """The cut that escalates a fraction of these queries: on others of their kind about as many."""
    n = len(score)
    wanted = fraction * n
    if wanted <= 0:
        return Cut(-np.inf, 0.0)
    if wanted >= n:
        return Cut(np.inf, 1.0)
    # The block in which the fraction is reached goes in part.
    threshold = np.sort(score)[int(wanted)]
    below, at = (score < threshold).sum(), (score == threshold).sum()
    return Cut(float(threshold), float((wanted - below) / at))


def best_fraction(train: Graded, cheap: int, strong: int, score: Float[np.ndarray, " n"]) -> float:
    """The escalated fraction with the largest gap to mixing L and H at the same dollars; 0 where no gap is positive.

    Without costs, or where H is no dearer than L, the gap is that to random escalation of as many queries.
    """
    right = train.right.astype(float)
    # Only the order counts: an unknown signal, which comes first, is no number.
    order = np.unique(score, return_inverse=True)[1].astype(float)
    curve = cascade_curve(order, right[:, cheap], right[:, strong])
    gaps = None
    if (cost := train.cost) is not None:
        gaps = cascade_dollars(order, right[:, cheap], right[:, strong], cost[:, cheap], cost[:, strong]).dollar_gaps
    gaps = curve.gaps if gaps is None else gaps
    best = int(gaps.argmax())
    return float(curve.fraction[best]) if gaps[best] > _ROUNDING else 0.0
