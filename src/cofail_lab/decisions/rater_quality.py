"""Everything that a table of labels says about its raters, with limits from resampled queries."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.decisions.dawid_skene import LatentClasses, dawid_skene, residual_correlation
from cofail_lab.decisions.rater_agreement import cohen_kappa, fleiss_kappa
from cofail_lab.decisions.rater_votes import effective_votes, error_correlation, marked, shortfall

# Latent classes of more values have more parameters than labels to fit them.
MOST_CLASSES = 10
# Fits of latent classes to resamples.
_MOST_REFITS = 200


class Limited(NamedTuple):
    """A number with 95% limits; None where it does not exist, or too few resamples have one."""

    value: float | None
    lower: float | None = None
    upper: float | None = None


class Kappas(NamedTuple):
    """Agreement beyond chance.

    Attributes:
        cohen: mean over pairs of raters that have one.
        fleiss: of all raters.
        pairs: of each pair (i, j), i < j.
    """

    cohen: Limited
    fleiss: Limited
    pairs: dict[tuple[int, int], Limited]


class Quality(NamedTuple):
    """Latent classes, and what is known of each rater beside the votes.

    Attributes:
        fitted: the classes, in the order of the values.
        residual: correlation of labels that the classes leave.
        own: P(label is the class | class) by rater and class, with limits.
    """

    fitted: LatentClasses
    residual: float | None
    own: list[list[Limited]]


class Independence(NamedTuple):
    """How far the raters are from independent votes, where the truth is known.

    Attributes:
        correlation: of their errors, mean over pairs.
        effective: as many independent votes (Kish).
        observed, independent, shortfall: accuracy of the majority, what independence would give, the difference.
        best: accuracy of the best rater on the same items.
        n_items: items that all raters labelled and whose truth is known.
    """

    correlation: Limited
    effective: Limited
    observed: float
    independent: float
    shortfall: Limited
    best: float
    n_items: int


def kappas(labels: Int[np.ndarray, "n k"], weights: Int[np.ndarray, "b n"]) -> Kappas:
    """Cohen's and Fleiss' κ with the central 95% over resamples (`rater_agreement.resampled`)."""
    found = {}
    for i, j in combinations(range(labels.shape[1]), 2):
        a, b = labels[:, i], labels[:, j]
        found[i, j] = (cohen_kappa(a, b), cohen_kappa(a, b, weights))
    value = _mean([one for one, _ in found.values()])
    return Kappas(
        _limited(value[0], _mean([drawn for _, drawn in found.values()])),
        _limited(fleiss_kappa(labels)[0], fleiss_kappa(labels, weights)),
        {pair: _limited(one[0], drawn) for pair, (one, drawn) in found.items()},
    )


def latent_quality(labels: Int[np.ndarray, "n k"], n_values: int, weights: Int[np.ndarray, "b n"]) -> Quality | None:
    """Dawid and Skene's classes; None with fewer than three raters or with more than `MOST_CLASSES` values."""
    if labels.shape[1] < 3 or not 2 <= n_values <= MOST_CLASSES:
        return None
    fitted = dawid_skene(labels, n_values)
    patterns, place = np.unique(labels, axis=0, return_inverse=True)
    given = (patterns >= 0).any(axis=1)
    refits = []
    for w in weights[:_MOST_REFITS]:
        mass = np.bincount(place.reshape(-1), w, minlength=len(patterns))
        if (mass * given).any():
            refits.append(dawid_skene(patterns, n_values, mass, tolerance=1e-6).own)
    drawn = np.array(refits)
    own = [[_limited(fitted.own[r, c], drawn[:, r, c]) for c in range(n_values)] for r in range(labels.shape[1])]
    return Quality(fitted, residual_correlation(labels, fitted), own)


def independence(
    labels: Int[np.ndarray, "n k"], truth: Int[np.ndarray, " n"], weights: Int[np.ndarray, "b n"]
) -> Independence | None:
    """Errors of the raters against the truth; None where no item has all labels and a truth."""
    here = shortfall(labels, truth)
    if here is None:
        return None
    k = labels.shape[1]
    known = (labels >= 0) & (truth >= 0)[:, None]
    wrong = labels != truth[:, None]
    rho, drawn_rho = error_correlation(wrong, known), error_correlation(wrong, known, weights)
    drawn = [one.shortfall for w in weights[:_MOST_REFITS] if (one := shortfall(labels, truth, w)) is not None]
    return Independence(
        _limited(rho[0], drawn_rho),
        _limited(float(effective_votes(k, rho)[0]), effective_votes(k, drawn_rho)),
        here.observed,
        here.independent,
        _limited(here.shortfall, np.array(drawn)),
        here.best,
        here.n_items,
    )


def agreement_with_others(votes: Int[np.ndarray, "n k"]) -> Float[np.ndarray, " k"]:
    """How often each rater says what most of the others say, ties and missing labels left out, (k,); nan for never."""
    found = np.full(votes.shape[1], np.nan)
    for r in range(votes.shape[1]):
        others = marked(np.delete(votes, r, axis=1), "majority", "missing")
        both: Bool[np.ndarray, " n"] = (votes[:, r] >= 0) & (others >= 0)
        if both.any():
            found[r] = float((votes[both, r] == others[both]).mean())
    return found


def _mean(parts: list[np.ndarray]) -> np.ndarray:
    """The mean over pairs, nan left out."""
    stack = np.array(parts)
    known = ~np.isnan(stack)
    n = known.sum(axis=0)
    return np.where(n > 0, np.where(known, stack, 0).sum(axis=0) / np.maximum(n, 1), np.nan)


def _limited(value: float, drawn: np.ndarray) -> Limited:
    """Central 95% of the resamples; none where one of twenty lacks the number, or all are alike and limit nothing."""
    if np.isnan(value):
        return Limited(None)
    there = drawn[~np.isnan(drawn)]
    if len(there) < max(2, 0.95 * len(drawn)) or np.ptp(there) == 0:
        return Limited(float(value))
    lower, upper = np.quantile(there, [0.025, 0.975])
    return Limited(float(value), float(lower), float(upper))
