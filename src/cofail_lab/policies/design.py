"""From features to a matrix of numbers, everything in it fitted to the training queries.

Prompts: TF-IDF of words and word pairs that at least two training prompts hold, the 20,000 most frequent, 1 + log
counts, rows of unit length. Datasets: one column each. The logarithm of the prompt's length and every numeric column:
mean 0 and standard deviation 1 over the training queries. Columns of text that a user names: one column a value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cofail_lab.policies.base import AbsentPolicyError
from cofail_lab.policies.graded import Features
from cofail_lab.policies.words import Corpus

MOST_TERMS = 20_000
_MIN_PROMPTS = 2


@dataclass(frozen=True)
class _Terms:
    """Which terms count, and their weights."""

    corpus: Corpus
    chosen: np.ndarray
    weight: np.ndarray

    @classmethod
    def fit(cls, features: Features) -> _Terms | None:
        words = features.words
        if words is None:
            return None
        counts = words.counts.tocsc()
        prompts = np.diff(counts.indptr)
        chosen = np.flatnonzero(prompts >= _MIN_PROMPTS)
        if len(chosen) > MOST_TERMS:
            frequency = np.asarray(counts.sum(axis=0)).ravel()[chosen]
            chosen = np.sort(chosen[np.argsort(-frequency, kind="stable")[:MOST_TERMS]])
        weight = np.log((1 + features.n_queries) / (1 + prompts[chosen])) + 1
        return cls(words.corpus, chosen, weight)

    def matrix(self, features: Features) -> Any:
        from scipy import sparse

        words = features.words
        same = words is not None and words.corpus is self.corpus
        counts = words.counts if same and words is not None else self.corpus.count(np.asarray(features.prompt))
        used = counts[:, self.chosen].astype(float).tocsr()
        used.data = 1 + np.log(used.data)
        used = used @ sparse.diags_array(self.weight)
        length = np.sqrt(np.asarray(used.multiply(used).sum(axis=1)).ravel())
        return sparse.diags_array(1 / np.where(length > 0, length, 1.0)) @ used


@dataclass(frozen=True)
class _Column:
    """A column as numbers: standardised, or one column for each value seen in training."""

    name: str
    values: np.ndarray | None
    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def fit(cls, name: str, column: np.ndarray) -> _Column:
        numbers = _numbers(column)
        if numbers is None:
            return cls(name, np.unique(column.astype(str)), np.zeros(0), np.zeros(0))
        spread = numbers.std(axis=0)
        return cls(name, None, numbers.mean(axis=0), np.where(spread > 0, spread, 1.0))

    def matrix(self, column: np.ndarray) -> np.ndarray:
        if self.values is not None:
            return (column.astype(str)[:, None] == self.values).astype(float)
        numbers = _numbers(column)
        assert numbers is not None  # noqa: S101  (the same column)
        return (numbers - self.mean) / self.spread


@dataclass(frozen=True)
class Design:
    """The map from features to numbers that training queries define.

    Attributes:
        train: the training queries' matrix (n, d): sparse where there are prompts, else dense.
    """

    train: Any
    _terms: _Terms | None
    _columns: tuple[_Column, ...]
    _last: list[tuple[Features, Any]] = field(default_factory=list)

    @classmethod
    def fit(cls, features: Features) -> Design:
        """Learn terms, weights, means and values.

        Raises:
            AbsentPolicyError: there is nothing to read.
        """
        columns = tuple(_Column.fit(name, column) for name, column in _readable(features).items())
        terms = _Terms.fit(features)
        if terms is None and not columns:
            raise AbsentPolicyError("queries have neither prompts, datasets nor features")
        return cls(_matrix(features, terms, columns), terms, columns)

    def matrix(self, features: Features) -> Any:
        """The matrix of other queries; the last one is kept, because several policies ask for the same."""
        if not self._last or self._last[0][0] is not features:
            self._last[:] = [(features, _matrix(features, self._terms, self._columns))]
        return self._last[0][1]


def _matrix(features: Features, terms: _Terms | None, columns: tuple[_Column, ...]) -> Any:
    readable = _readable(features)
    parts = [column.matrix(readable[column.name]) for column in columns]
    if terms is None:
        return np.hstack(parts)
    from scipy import sparse

    return sparse.csr_array(sparse.hstack([terms.matrix(features), *parts]))


def _readable(features: Features) -> dict[str, np.ndarray]:
    """The columns that are no prompts, and the logarithm of the prompts' length."""
    columns = {name: column for name, column in features.columns.items() if name != "prompt"}
    return columns if features.length is None else {**columns, "length": np.log1p(features.length)}


def _numbers(column: np.ndarray) -> np.ndarray | None:
    """A column (n, d) of numbers, missing ones 0; None for text."""
    if column.dtype.kind not in "fiub":
        return None
    return np.nan_to_num(column.reshape(len(column), -1).astype(float))
