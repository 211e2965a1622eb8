"""Cascades: a cheap model L answers, and the queries it is least confident of go to a strong model H (theory P8, C1).

Escalating the fraction γ of lowest confidence costs c_L + γc_H and is right with probability
Q(γ) = a_L + γ[a_H(γ) - 1 + w(γ)], where w(γ) is L's error rate and a_H(γ) H's accuracy on that fraction. Queries of
equal confidence are escalated as one block, of which any fraction may go: so every curve is continuous, and linear
between the blocks' ends. Correctness may be 0/1 or a probability of being right; both enter linearly.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab import checks
from cofail_lab.decisions._checks import number
from cofail_lab.errors import InputError


@dataclass(frozen=True)
class CascadeCurve:
    """Quality of a cascade at every escalated fraction; `cascade_curve` makes one.

    Attributes:
        fraction: γ at the blocks' ends, from 0 to 1, (blocks + 1,).
        cheap_right: mass of queries among the γ least confident that L gets right, (blocks + 1,).
        strong_right: the same for H, (blocks + 1,).
    """

    fraction: Float[np.ndarray, " ends"]
    cheap_right: Float[np.ndarray, " ends"]
    strong_right: Float[np.ndarray, " ends"]

    @property
    def cheap_accuracy(self) -> float:
        """a_L."""
        return float(self.cheap_right[-1])

    @property
    def strong_accuracy(self) -> float:
        """a_H."""
        return float(self.strong_right[-1])

    def cost(self, fraction: float, cheap_price: float, strong_price: float) -> float:
        """c_L + γc_H per query, γ in [0, 1], prices >= 0. Raises InputError outside."""
        checks.share("fraction", fraction)
        number("cheap_price", cheap_price, least=0)
        number("strong_price", strong_price, least=0)
        return cheap_price + fraction * strong_price

    def quality(self, fraction: float) -> float:
        """Q(γ), in [0, 1], γ in [0, 1]. Raises InputError outside."""
        return self.cheap_accuracy + self._at(fraction, self.strong_right - self.cheap_right)

    def random_quality(self, fraction: float) -> float:
        """Q_mix(γ) = a_L + γ(a_H - a_L), random escalation at the same budget; γ in [0, 1]."""
        checks.share("fraction", fraction)
        return self.cheap_accuracy + fraction * (self.strong_accuracy - self.cheap_accuracy)

    def tail_error(self, fraction: float) -> float:
        """w(γ), L's error rate among the γ least confident; at 0 the limit, that of the first block."""
        gamma = self._within_block(fraction)
        return 1 - self._at(gamma, self.cheap_right) / gamma

    def tail_strong_accuracy(self, fraction: float) -> float:
        """a_H(γ), H's accuracy among the γ least confident; at 0 the limit."""
        gamma = self._within_block(fraction)
        return self._at(gamma, self.strong_right) / gamma

    @property
    def gaps(self) -> Float[np.ndarray, " ends"]:
        """Q - Q_mix at the blocks' ends, (blocks + 1,); linear between them."""
        gain = self.strong_right - self.cheap_right
        return gain - self.fraction * gain[-1]

    @property
    def gap_area(self) -> float:
        """∫₀¹ (Q - Q_mix) dγ, in [-¼, ¼] (P8.ii); exact, as the curve is linear between the blocks' ends."""
        gap = self.gaps
        return float(np.diff(self.fraction) @ (gap[1:] + gap[:-1])) / 2

    @property
    def largest_gap(self) -> float:
        """max over γ of Q - Q_mix, in [0, 1]; a maximum, so above 0 under pure noise as well."""
        return float(self.gaps.max())

    @property
    def tail_excess_area(self) -> float:
        """∫₀¹ [w(γ) - (1 - a_L)] dγ, the June quantity of P8.ii, which lacks the factor γ and is no AUC.

        Inside a block w = slope + rest/γ, so the integral has logarithms.
        """
        wrong = self.fraction - self.cheap_right
        width = np.diff(self.fraction)
        slope = np.diff(wrong) / width
        rest = wrong[:-1] - slope * self.fraction[:-1]
        # The first block starts at 0, where it has no rest and its logarithm none to weigh.
        logs = np.zeros_like(width)
        logs[1:] = np.log(self.fraction[2:] / self.fraction[1:-1])
        return float(slope @ width + rest @ logs) - (1 - self.cheap_accuracy)

    def _at(self, fraction: float, cumulative: np.ndarray) -> float:
        checks.share("fraction", fraction)
        return float(np.interp(fraction, self.fraction, cumulative))

    def _within_block(self, fraction: float) -> float:
        """γ itself, but inside the first block, where the tail is the same all over, at least its end."""
        checks.share("fraction", fraction)
        return max(fraction, float(self.fraction[1]))


class GapArea(NamedTuple):
    """∫₀¹ (Q - Q_mix) dγ by three routes that agree for any score, with ties and without (P8.ii, lab).

    Attributes:
        integral: of the curve.
        by_auc: a_L(1-a_L)(AUC_L - ½) - a_H(1-a_H)(AUC_H - ½).
        by_covariance: -Cov(Y_H - Y_L, midrank of the score).
    """

    integral: float
    by_auc: float
    by_covariance: float


def cascade_curve(
    score: Float[np.ndarray, " n"],
    cheap_right: Float[np.ndarray, " n"],
    strong_right: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"] | None = None,
) -> CascadeCurve:
    """The cascade that escalates by confidence, lowest first (P8.i).

    Args:
        score: L's confidence, finite, (n,); only its order matters.
        cheap_right, strong_right: whether, or with what probability, L and H are right, in [0, 1], (n,).
        weights: >= 0 with a positive sum, (n,); None weighs all queries alike.

    Raises:
        InputError: wrong shapes, values outside their range.
    """
    s, mass, (cheap, strong) = _checked(score, weights, cheap_right=cheap_right, strong_right=strong_right)
    # A score that only queries of no weight have would be a block of no length.
    counted = mass > 0
    rank = np.unique(s[counted], return_inverse=True)[1]
    columns = (x[counted] for x in (mass, mass * cheap, mass * strong))
    ends = [np.concatenate([[0.0], np.cumsum(np.bincount(rank, x))]) for x in columns]
    ends[0][-1] = 1.0
    return CascadeCurve(*ends)


def midranks(score: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None = None) -> Float[np.ndarray, " n"]:
    """Share of the weight with a lower score plus half of the ties (itself included), in (0, 1), mean ½.

    Args and errors as `cascade_curve`.
    """
    s, mass, _ = _checked(score, weights)
    rank = np.unique(s, return_inverse=True)[1]
    block = np.bincount(rank, mass)
    return (np.cumsum(block) - block / 2)[rank]


def auc(
    score: Float[np.ndarray, " n"], right: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None = None
) -> float | None:
    """P(a right query scores above a wrong one), ties counted ½, in [0, 1]; None where all or none are right.

    Args and errors as `cascade_curve`.
    """
    s, mass, (y,) = _checked(score, weights, right=right)
    if not (mass @ y > 0 and mass @ (1 - y) > 0):
        return None
    rank = np.unique(s, return_inverse=True)[1]
    hits, misses = np.bincount(rank, mass * y), np.bincount(rank, mass * (1 - y))
    below = np.cumsum(misses) - misses / 2
    return float(hits @ below / (hits.sum() * misses.sum()))


def gap_area_routes(
    score: Float[np.ndarray, " n"],
    cheap_right: Float[np.ndarray, " n"],
    strong_right: Float[np.ndarray, " n"],
    weights: Float[np.ndarray, " n"] | None = None,
) -> GapArea:
    """The three routes of P8.ii; they differ by rounding only. Args and errors as `cascade_curve`."""
    _, mass, (cheap, strong) = _checked(score, weights, cheap_right=cheap_right, strong_right=strong_right)

    def spread(right: np.ndarray) -> float:
        accuracy, area = float(mass @ right), auc(score, right, weights)
        # Where all or none are right there is no AUC, and nothing to separate.
        return 0.0 if area is None else accuracy * (1 - accuracy) * (area - 0.5)

    difference = strong - cheap
    covariance = float(mass @ ((difference - mass @ difference) * midranks(score, weights)))
    curve = cascade_curve(score, cheap_right, strong_right, weights)
    return GapArea(curve.gap_area, spread(cheap) - spread(strong), -covariance)


def optimal_deferral(
    cheap_probability: Float[np.ndarray, " n"], strong_probability: Float[np.ndarray, " n"], price: float
) -> Bool[np.ndarray, " n"]:
    """Defer iff P(H right|x) - P(L right|x) > price: maximizes accuracy - price·(escalated fraction) (P8.vi).

    No confidence threshold does better at any price. The whole frontier is
    `cascade_curve(cheap_probability - strong_probability, cheap_probability, strong_probability)`.

    Args:
        cheap_probability, strong_probability: P(L right|x), P(H right|x) in [0, 1], (n,).
        price: of one escalation, in accuracy; finite, negative if escalating is rewarded.

    Raises:
        InputError: wrong shapes, values outside their range.
    """
    number("price", price)
    given = {"cheap_probability": cheap_probability, "strong_probability": strong_probability}
    _, _, (cheap, strong) = _checked(np.zeros(np.shape(cheap_probability)), None, **given)
    return strong - cheap > price


def _checked(score: object, weights: object, **right: object) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Scores, weights of sum one, and columns of correctness, as float64."""
    s = np.asarray(score, dtype=float)
    if s.ndim != 1 or not s.size:
        raise InputError(f"score: shape {s.shape}; (n,) is needed")
    if not np.isfinite(s).all():
        raise InputError(f"score: {s[~np.isfinite(s)][0]} is not a finite number")
    columns = {name: np.asarray(column, dtype=float) for name, column in right.items()}
    mass = np.ones(s.shape) if weights is None else np.asarray(weights, dtype=float)
    for name, column in {**columns, "weights": mass}.items():
        if column.shape != s.shape:
            raise InputError(f"{name}: shape {column.shape}; {s.shape} is needed, as score has it")
        high = np.inf if name == "weights" else 1
        if not (inside := (column >= 0) & (column <= high) & np.isfinite(column)).all():
            accepted = "a finite number >= 0" if name == "weights" else "in [0, 1]"
            raise InputError(f"{name}: {column[~inside][0]} is not {accepted}")
    if not mass.sum() > 0:
        raise InputError("weights: all are 0; a positive sum is needed")
    return s, mass / mass.sum(), list(columns.values())
