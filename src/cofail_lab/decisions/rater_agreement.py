"""Agreement of raters: pairwise shares, Cohen's and Fleiss' κ, for one sample and for stacks of reweighted ones.

Labels are indices of categories, -1 where a rater gave none; a missing label agrees and disagrees with nobody.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from cofail_lab.errors import InputError

# Rows of weights that are multiplied at once.
_CHUNK = 100


def panel_kappa(sensitivity: float, specificity: float, prevalence: float) -> float:
    """κ of any two raters who are right independently of one another given the truth (P16.i).

    π(1 - π)(s + t - 1)²/(p(1 - p)) with p = πs + (1 - π)(1 - t), the share that each of them marks right.

    Args:
        sensitivity: s, P(marked right | right), in [0, 1].
        specificity: t, P(marked wrong | wrong), in [0, 1].
        prevalence: π, share that is right, in [0, 1].

    Raises:
        InputError: a value outside [0, 1]; all are marked alike, so that there is no κ.
    """
    for name, value in (("sensitivity", sensitivity), ("specificity", specificity), ("prevalence", prevalence)):
        if not 0 <= value <= 1:
            raise InputError(f"{name}: {value!r} is outside [0, 1]")
    marked = prevalence * sensitivity + (1 - prevalence) * (1 - specificity)
    if not 0 < marked < 1:
        raise InputError(f"sensitivity: with {sensitivity!r} and a prevalence of {prevalence!r} all are marked alike")
    return prevalence * (1 - prevalence) * (sensitivity + specificity - 1) ** 2 / (marked * (1 - marked))


def pair_agreement(labels: Int[np.ndarray, "n k"]) -> tuple[Int[np.ndarray, "k k"], Int[np.ndarray, "k k"]]:
    """Items that both of a pair labelled, and those on which they agree, (k, k) each; the diagonal is their own."""
    given = labels >= 0
    rated = given.T.astype(np.int64) @ given.astype(np.int64)
    k = labels.shape[1]
    agreed = np.zeros((k, k), np.int64)
    for i, j in combinations(range(k), 2):
        agreed[i, j] = agreed[j, i] = int((given[:, i] & (labels[:, i] == labels[:, j])).sum())
    np.fill_diagonal(agreed, np.diag(rated))
    return rated, agreed


def all_alike(labels: Int[np.ndarray, "n k"]) -> tuple[int, int]:
    """Items with two labels or more, and those on which all of these are the same."""
    several = labels[(labels >= 0).sum(axis=1) >= 2]
    alike = (several == several.max(axis=1, initial=-1)[:, None]) | (several < 0)
    return len(several), int(alike.all(axis=1).sum())


def cohen_kappa(
    first: Int[np.ndarray, " n"], second: Int[np.ndarray, " n"], weights: Float[np.ndarray, "b n"] | None = None
) -> Float[np.ndarray, " b"]:
    """κ of two raters on the items that both labelled, (b,); nan where chance alone would make them agree always.

    Args:
        first, second: their labels, (n,).
        weights: of the items in each of b samples, (b, n); None for one sample with all items once.
    """
    both = (first >= 0) & (second >= 0)
    a, b = first[both], second[both]
    size = int(max(a.max(initial=0), b.max(initial=0))) + 1
    rows = np.arange(len(a))
    parts = sparse.hstack(
        [sparse.csr_array((a == b).astype(float)[:, None]), _indicators(rows, a, size), _indicators(rows, b, size)]
    )
    found = []
    for block in _blocks(weights, len(first)):
        sums = _weighted(block[:, both], parts)
        total = block[:, both].sum(axis=1)
        shares = sums / np.maximum(total, 1e-300)[:, None]
        chance = (shares[:, 1 : 1 + size] * shares[:, 1 + size :]).sum(axis=1)
        found.append(_kappa(shares[:, 0], chance, total > 0))
    return np.concatenate(found)


def fleiss_kappa(
    labels: Int[np.ndarray, "n k"], weights: Float[np.ndarray, "b n"] | None = None
) -> Float[np.ndarray, " b"]:
    """Fleiss' κ over the items with two labels or more, however many each has, (b,); nan as in `cohen_kappa`.

    An item counts once, by the share of its pairs of labels that agree; chance is by the shares of all these labels.
    Arguments as for `cohen_kappa`, with the labels of all raters, (n, k).
    """
    given = (labels >= 0).sum(axis=1)
    several = np.flatnonzero(given >= 2)
    size = int(labels.max(initial=0)) + 1
    i, j = np.nonzero(labels[several] >= 0)
    counts = sparse.csr_array((np.ones(len(i)), (i, labels[several][i, j])), shape=(len(several), size))
    n = given[several].astype(float)
    agree = (np.asarray(counts.multiply(counts).sum(axis=1)).ravel() - n) / (n * (n - 1))
    parts = sparse.hstack([sparse.csr_array(agree[:, None]), counts])
    found = []
    for block in _blocks(weights, len(labels)):
        sums = _weighted(block[:, several], parts)
        total, n_labels = block[:, several].sum(axis=1), sums[:, 1:].sum(axis=1)
        chance = ((sums[:, 1:] / np.maximum(n_labels, 1e-300)[:, None]) ** 2).sum(axis=1)
        found.append(_kappa(sums[:, 0] / np.maximum(total, 1e-300), chance, total > 0))
    return np.concatenate(found)


def resampled(groups: Int[np.ndarray, " n"], n_samples: int, rng: np.random.Generator) -> Int[np.ndarray, "b n"]:
    """How often each item is in each of b samples of groups drawn with replacement, (b, n): items of a group together.

    Args:
        groups: the group of each item, 0..g-1, each of them at least once.
        n_samples: b.
        rng: of the draws.
    """
    size = int(groups.max()) + 1
    drawn = rng.multinomial(size, np.full(size, 1 / size), size=n_samples)
    return drawn[:, groups]


def _indicators(rows: np.ndarray, columns: np.ndarray, size: int) -> Any:
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(rows), size))


def _blocks(weights: np.ndarray | None, n: int) -> Iterator[np.ndarray]:
    if weights is None:
        yield np.ones((1, n))
        return
    for start in range(0, len(weights), _CHUNK):
        yield weights[start : start + _CHUNK].astype(float)


def _weighted(weights: np.ndarray, parts: Any) -> np.ndarray:
    """weights @ parts where only the first is dense."""
    return np.asarray((parts.T @ weights.T).T)


def _kappa(observed: np.ndarray, chance: np.ndarray, known: np.ndarray) -> np.ndarray:
    left = np.where(known & (chance < 1 - 1e-12), 1 - chance, np.nan)
    return (observed - chance) / left
