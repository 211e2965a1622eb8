"""Rater quality without a truth: the latent classes of Dawid and Skene (1979), by expectation and maximization.

Given its class, every label of an item is assumed independent of the others. Raters who share errors break that: the
model then takes what they share for the truth and flatters them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.errors import InputError

_MOST_STEPS = 5000
# Probabilities are kept off 0, so that one label never rules a class out.
_FLOOR = 1e-9


class LatentClasses(NamedTuple):
    """A fitted model of c classes and k raters.

    Attributes:
        prevalence: share of each class, (c,).
        confusion: P(label | class) of each rater, (k, c, c): rater, class, label.
        posterior: P(class | labels) of each item, (n, c).
        log_likelihood: of the labels.
        n_steps: of the iteration.
        converged: whether it stopped by itself.
    """

    prevalence: Float[np.ndarray, " c"]
    confusion: Float[np.ndarray, "k c c"]
    posterior: Float[np.ndarray, "n c"]
    log_likelihood: float
    n_steps: int
    converged: bool

    @property
    def own(self) -> Float[np.ndarray, "k c"]:
        """P(label is the class | class) of each rater: with classes wrong and right, specificity and sensitivity."""
        return np.diagonal(self.confusion, axis1=1, axis2=2)


def dawid_skene(
    labels: Int[np.ndarray, "n k"],
    n_classes: int,
    weights: Float[np.ndarray, " n"] | None = None,
    tolerance: float = 1e-9,
    most_steps: int = _MOST_STEPS,
) -> LatentClasses:
    """Fit by EM from the shares of the votes, so that a class is what most raters call it.

    Args:
        labels: in 0..n_classes - 1, -1 for none, (n, k). Two raters identify nothing: k >= 3.
        n_classes: c >= 2.
        weights: >= 0 of the items, (n,); None counts them alike.
        tolerance: largest change of a probability at which it stops.
        most_steps: it stops after these in any case.

    Raises:
        InputError: fewer than three raters or two classes, no label.
    """
    k = labels.shape[1]
    if k < 3:
        raise InputError(f"labels: {k} raters; latent classes need at least 3")
    if n_classes < 2:
        raise InputError(f"n_classes: {n_classes}; at least 2 are needed")
    patterns, place = np.unique(labels, axis=0, return_inverse=True)
    place = place.reshape(-1)
    mass = np.bincount(place, weights, minlength=len(patterns)).astype(float)
    used = (patterns >= 0).any(axis=1)
    if not (mass * used).sum() > 0:
        raise InputError("labels: none is given")
    mass = np.where(used, mass, 0.0)
    given = (patterns[:, :, None] == np.arange(n_classes)).astype(float)  # pattern, rater, label
    flat = given.reshape(len(patterns), -1)
    shares = given.sum(axis=1) / np.maximum(given.sum(axis=(1, 2)), 1)[:, None]
    prevalence, confusion = _maximized(mass, shares, flat, (k, n_classes))
    posterior, log_mass, step, change = shares, np.zeros(len(patterns)), 0, np.inf
    while step < most_steps and change > tolerance:
        step += 1
        posterior, log_mass = _expected(prevalence, confusion, flat)
        old = prevalence, confusion
        prevalence, confusion = _maximized(mass, posterior, flat, (k, n_classes))
        change = max(float(np.abs(prevalence - old[0]).max()), float(np.abs(confusion - old[1]).max()))
    # EM comes to a share of 0 without end: what is below its tolerance is not known from 0.
    confusion = np.where(confusion < tolerance, 0.0, confusion)
    return LatentClasses(
        prevalence, confusion, posterior[place], float(mass @ log_mass), step, bool(change <= tolerance)
    )


def residual_correlation(labels: Int[np.ndarray, "n k"], fitted: LatentClasses) -> float | None:
    """Mean over pairs of the correlation that labels keep given the class; 0 in expectation where the model holds.

    Of the label's last class (``right``). Dependent raters leave less here than there is, because the classes have
    taken some of it: not 0 is a sign of dependence, 0 is no proof of independence. None where no pair varies.
    """
    n_classes = len(fitted.prevalence)
    found = []
    for i in range(labels.shape[1]):
        for j in range(i):
            both: Bool[np.ndarray, " n"] = (labels[:, i] >= 0) & (labels[:, j] >= 0)
            product = spread_i = spread_j = 0.0
            for c in range(n_classes):
                share = fitted.posterior[both, c]
                mean_i, mean_j = (fitted.confusion[r, c, n_classes - 1] for r in (i, j))
                a = (labels[both, i] == n_classes - 1) - mean_i
                b = (labels[both, j] == n_classes - 1) - mean_j
                product += float(share @ (a * b))
                spread_i += float(share.sum()) * mean_i * (1 - mean_i)
                spread_j += float(share.sum()) * mean_j * (1 - mean_j)
            if spread_i > 1e-9 and spread_j > 1e-9:
                # Spread and product are of the model and of the labels, which differ before the model fits well.
                found.append(np.clip(product / np.sqrt(spread_i * spread_j), -1, 1))
    return float(np.mean(found)) if found else None


def _expected(prevalence: np.ndarray, confusion: np.ndarray, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(class | labels) of each pattern, and the log of its probability."""
    n_classes = len(prevalence)
    logs = np.log(np.maximum(confusion, _FLOOR)).transpose(0, 2, 1).reshape(-1, n_classes)  # rater and label, class
    joint = np.log(np.maximum(prevalence, _FLOOR)) + flat @ logs
    top = joint.max(axis=1, keepdims=True)
    scaled = np.exp(joint - top)
    total = scaled.sum(axis=1, keepdims=True)
    return scaled / total, (top + np.log(total)).ravel()


def _maximized(
    mass: np.ndarray, posterior: np.ndarray, flat: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Prevalence and confusion from a class of each pattern; a rater who never met a class is taken to guess in it."""
    k, n_classes = shape
    weighted = posterior * mass[:, None]
    counts = (weighted.T @ flat).reshape(n_classes, k, n_classes).transpose(1, 0, 2)
    totals = counts.sum(axis=2, keepdims=True)
    confusion = np.where(totals > 0, counts / np.where(totals > 0, totals, 1), 1 / n_classes)
    return weighted.sum(axis=0) / mass.sum(), confusion
