"""What a router gains at most, given how well its score separates or how informative its signal is (P10.ii, iii)."""

from math import sqrt

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.decisions.cascade import auc
from cofail_lab.errors import InputError


def concave_roc_auc(
    score: Float[np.ndarray, " n"], positive: Float[np.ndarray, " n"], weights: Float[np.ndarray, " n"] | None = None
) -> float | None:
    """Area under the concave hull of the ROC curve, in [½, 1]; at least `auc`, None where that is None.

    The hull is the ROC of the score calibrated by isotonic regression: what a rule that may randomize and recalibrate
    gets out of the score. Chosen and measured on the same few queries it is too large.

    Args:
        score: finite; a higher score means positive, (n,).
        positive: 0/1 or a probability, (n,).
        weights: >= 0 with a positive sum, (n,); None weighs all alike.

    Raises:
        InputError: wrong shapes, values outside their range.
    """
    if auc(score, positive, weights) is None:
        return None
    from scipy.optimize import isotonic_regression

    mass = np.ones(np.shape(score)) if weights is None else np.asarray(weights, dtype=float)
    counted = mass > 0
    s, mass, right = (np.asarray(column, dtype=float)[counted] for column in (score, mass, positive))
    rank = np.unique(s, return_inverse=True)[1]
    total, hits = np.bincount(rank, mass), np.bincount(rank, mass * right)
    rate = np.clip(hits / total, 0, 1)
    return auc(isotonic_regression(rate, weights=total).x, rate, total)


def router_gain_ceiling(only_alternative: float, concave_auc: float) -> float:
    """c(2·AUC - 1): the most a router gains over the best model S by sending queries to an alternative A.

    Args:
        only_alternative: c, the share of queries that A alone gets right; at most the share that S alone does.
        concave_auc: of the score that separates these two kinds of query, AUC in [½, 1] of a *concave* ROC curve, as
            `concave_roc_auc` gives it. A raw AUC can be ½ for a score that pays.

    Raises:
        InputError: a value outside its range.
    """
    checks.share("only_alternative", only_alternative)
    checks.share("concave_auc", concave_auc)
    if concave_auc < 0.5:
        raise InputError(f"concave_auc: {concave_auc!r} is below ½, where no concave ROC curve is")
    return only_alternative * (2 * concave_auc - 1)


def information_ceiling(joint: Float[np.ndarray, "signals patterns"]) -> float:
    """√(I(X;E)/2) in nats: the most that routing on a signal X gains over the single best model.

    Args:
        joint: P(X = x, E = e), >= 0, of positive sum (it is normalized), (signals, patterns of who is wrong).

    Raises:
        InputError: another shape, a negative or infinite value, all zero.
    """
    p = np.asarray(joint, dtype=float)
    if p.ndim != 2 or not p.size:
        raise InputError(f"joint: shape {p.shape}; (signals, patterns) is needed")
    if not (p >= 0).all() or not 0 < p.sum() < np.inf:
        raise InputError("joint: finite numbers >= 0 with a positive sum are needed")
    p = p / p.sum()
    apart = np.outer(p.sum(axis=1), p.sum(axis=0))
    seen = p > 0
    # Each term p ln(p/q) - p + q is >= 0, so that rounding cannot make a small I negative; the added terms sum to 0.
    excess = p[seen] / apart[seen] - 1
    terms = apart[seen] * ((1 + excess) * np.log1p(excess) - excess)
    information = float(terms.sum() + apart[~seen].sum())
    return sqrt(max(information, 0.0) / 2)
