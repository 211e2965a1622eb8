"""Wrong answers that models share: how often two give the same one, against what chance and the query alone would do.

Two models that are wrong together may agree because few wrong answers are left and both have habits (chance), because
the query leads everyone to the same one (its pull), or because they are alike. Each is taken off in turn.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy import sparse

from cofail_lab.errors import InputError

# Different keys of a dataset up to which its answers are choices, whose letters models may have a habit of.
_MOST_CHOICES = 26
# Entries of queries x pairs that are held at once.
_AT_ONCE = 2**21


class Alike(NamedTuple):
    """Every pair of k models in b samples of the queries; nan where a pair has nothing to count.

    Attributes:
        same: share of the queries that both fail on which they give the same answer; an empty one is like no other.
        pull: how often two *other* models that fail the same queries give the same answer to them.
    """

    same: Float[np.ndarray, "b pairs"]
    pull: Float[np.ndarray, "b pairs"]


class SharedErrors(NamedTuple):
    """Every pair of k models; nan where a pair has nothing to count.

    Attributes:
        left, right: the models of each pair, (pairs,).
        n_both: queries on which both are wrong, (pairs,).
        same, pull: as in `Alike`, (pairs,).
        chance: what ``same`` would be if both kept their habits (which wrong answer they give to which key of which
            dataset) and chose independently of the query, (pairs,).
    """

    left: Int[np.ndarray, " pairs"]
    right: Int[np.ndarray, " pairs"]
    n_both: Int[np.ndarray, " pairs"]
    same: Float[np.ndarray, " pairs"]
    pull: Float[np.ndarray, " pairs"]
    chance: Float[np.ndarray, " pairs"]

    @property
    def kappa(self) -> Float[np.ndarray, " pairs"]:
        """(same - chance)/(1 - chance): 1 where the same wrong answer is certain, 0 where it is chance."""
        left = 1 - self.chance
        return np.divide(self.same - self.chance, left, out=np.full(len(left), np.nan), where=left > 0)

    @property
    def excess(self) -> Float[np.ndarray, " pairs"]:
        """same - pull: what the pair shares beyond what the queries do to any two others."""
        return self.same - self.pull


def shared_errors(
    answers: Shaped[np.ndarray, "n k"],
    right: Bool[np.ndarray, "n k"],
    groups: Int[np.ndarray, " n"],
    least: int = 1,
) -> SharedErrors:
    """All pairs of models.

    Args:
        answers: what each said, (n, k), k >= 2; empty for nothing.
        right: whether it was right, (n, k).
        groups: queries among which a habit is one (`habit_groups`), numbers from 0 on, (n,).
        least: pairs that are wrong together on fewer queries have nothing to count.

    Raises:
        InputError: shapes that differ, fewer than two models.
    """
    codes, given, wrong = _checked(answers, right)
    left, other = np.triu_indices(codes.shape[1], 1)
    n_both = (wrong.T.astype(np.int64) @ wrong.astype(np.int64))[left, other]
    few = n_both < max(least, 1)
    alike = alike_in_samples(answers, right, np.ones((1, len(codes)), np.int64))
    habits = _habits(codes, given, wrong, groups)
    chance = np.full(len(left), np.nan)
    for p in np.flatnonzero(~few):
        i, j = int(left[p]), int(other[p])
        both = wrong[:, i] & wrong[:, j]
        chance[p] = habits.chance(i, j, groups, both, both & given[:, i] & (codes[:, i] == codes[:, j]))
    same, pull = (np.where(few, np.nan, values[0]) for values in alike)
    return SharedErrors(left, other, n_both, same, pull, chance)


def habit_groups(
    dataset: Shaped[np.ndarray, " n"] | None, key: Shaped[np.ndarray, " n"] | None, n_queries: int
) -> Int[np.ndarray, " n"]:
    """Queries of one dataset, and of one key where answers are choices: there a habit can be told from the query."""
    names = np.full(n_queries, "") if dataset is None else np.asarray(dataset).astype(str)
    place = np.unique(names, return_inverse=True)[1]
    if key is None:
        return place
    letters = np.unique(np.asarray(key).astype(str), return_inverse=True)[1]
    for one in np.unique(place):
        here = place == one
        if len(np.unique(letters[here])) > _MOST_CHOICES:
            letters[here] = -1
    return np.unique(np.stack([place, letters]), axis=1, return_inverse=True)[1].reshape(-1)


def alike_in_samples(
    answers: Shaped[np.ndarray, "n k"], right: Bool[np.ndarray, "n k"], weights: Int[np.ndarray, "b n"]
) -> Alike:
    """Equal wrong answers of every pair, and of the others on the same queries, in samples of the queries.

    Args:
        answers, right: as in `shared_errors`.
        weights: how often each query is in each sample, (b, n).
    """
    codes, given, wrong = _checked(answers, right)
    like = np.zeros(codes.shape)  # how many give the wrong answer of each cell, itself among them
    for j in range(codes.shape[1]):
        like[:, j] = given[:, j] * (given & (codes == codes[:, [j]])).sum(axis=1)
    alike_pairs = ((like - 1) * given).sum(axis=1) / 2
    n_wrong = wrong.sum(axis=1)
    other_pairs = (n_wrong - 2) * (n_wrong - 3) / 2
    left, right_one = np.triu_indices(codes.shape[1], 1)
    size = max(1, _AT_ONCE // max(len(codes), 1))
    found = []
    for start in range(0, len(left), size):
        i, j = left[start : start + size], right_one[start : start + size]
        both = wrong[:, i] & wrong[:, j]
        same = both & given[:, i] & (codes[:, i] == codes[:, j])
        # Pairs that hold i or j: those of i with its like, those of j, and once the pair itself where it is alike.
        with_either = np.maximum(like[:, i] - 1, 0) + np.maximum(like[:, j] - 1, 0) - same
        there = both & (other_pairs > 0)[:, None]
        share = np.where(there, (alike_pairs[:, None] - with_either) / np.maximum(other_pairs, 1)[:, None], 0.0)
        sums = [weights @ values.astype(float) for values in (same, both, share, there)]
        found.append((_quotient(sums[0], sums[1]), _quotient(sums[2], sums[3])))
    return Alike(*(np.concatenate(parts, axis=1) for parts in zip(*found, strict=True)))


def spectral_number(correlation: Float[np.ndarray, "k k"]) -> float | None:
    """(Σλ)²/Σλ² = k²/Σ r_ij²: k for uncorrelated models, 1 for copies; None where a correlation does not exist."""
    if np.isnan(correlation).any():
        return None
    return float(len(correlation) ** 2 / (correlation**2).sum())


class _Habits(NamedTuple):
    """How often each model gives each wrong answer in each group.

    Attributes:
        counts: sparse, one row per model, one column per group and answer.
        group: of each column.
        n_wrong: wrong answers of each model in each group, those without a text too, (groups, k).
    """

    counts: sparse.csr_array
    group: np.ndarray
    n_wrong: np.ndarray

    def chance(self, i: int, j: int, groups: np.ndarray, both: np.ndarray, same: np.ndarray) -> float:
        """Agreement of their wrong answers to *different* queries of a group, weighted as their common errors are."""
        product = self.counts[[i]].multiply(self.counts[[j]]).tocoo()  # pyrefly: ignore[missing-attribute] - of the stubs
        size = len(self.n_wrong)
        alike = np.bincount(self.group[product.coords[1]], product.data, minlength=size)
        here, on_same = np.bincount(groups[both], minlength=size), np.bincount(groups[same], minlength=size)
        of = self.n_wrong[:, i] * self.n_wrong[:, j] - here
        there = (here > 0) & (of > 0)
        if not there.any():
            return np.nan
        return float(here[there] @ ((alike - on_same)[there] / of[there]) / here[there].sum())


def _habits(codes: np.ndarray, given: np.ndarray, wrong: np.ndarray, groups: np.ndarray) -> _Habits:
    i, j = np.nonzero(given)
    n_values = codes.max(initial=0) + 1
    keys, column = np.unique(groups[i] * n_values + codes[i, j], return_inverse=True)
    counts = sparse.csr_array((np.ones(len(i)), (j, column.reshape(-1))), shape=(codes.shape[1], len(keys)))
    size = int(groups.max(initial=0)) + 1
    n_wrong = np.stack([np.bincount(groups, one, minlength=size) for one in wrong.T.astype(float)], axis=1)
    return _Habits(counts, keys // n_values, n_wrong)


def _checked(answers: object, right: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A number for each text, whether a wrong answer has a text, and what is wrong, (n, k) each."""
    texts, hits = np.asarray(answers).astype(str), np.asarray(right, dtype=bool)
    if texts.ndim != 2 or texts.shape != hits.shape or texts.shape[1] < 2:
        raise InputError(f"answers: shape {texts.shape} beside {hits.shape}; two of (n, k) with k >= 2 are accepted")
    codes = np.unique(texts, return_inverse=True)[1].reshape(texts.shape)
    return codes, ~hits & (texts != ""), ~hits


def _quotient(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)
