"""Word and word-pair counts of prompts, tokenised once for all folds and policies.

The counts of a prompt depend on no other prompt. Which of them a policy uses, and how it weighs them, is learned from
its training queries alone (`design`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


class Corpus:
    """Prompts and the counts of their words and pairs of neighbouring words."""

    def __init__(self, texts: np.ndarray) -> None:
        self._texts = [str(text) for text in texts]

    @cached_property
    def _counted(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import CountVectorizer

        vectorizer = CountVectorizer(ngram_range=(1, 2))
        try:
            return vectorizer, vectorizer.fit_transform(self._texts)
        except ValueError:  # no prompt has a word
            return vectorizer.set_params(vocabulary={"a": 0}), vectorizer.transform(self._texts)

    @property
    def counts(self) -> Any:
        """Sparse (n, terms), terms in alphabetical order."""
        return self._counted[1]

    def count(self, texts: np.ndarray) -> Any:
        """Counts of the same terms in other texts, sparse (len(texts), terms)."""
        return self._counted[0].transform([str(text) for text in texts])


@dataclass(frozen=True)
class Words:
    """The prompts of some queries of a corpus."""

    corpus: Corpus
    rows: np.ndarray

    @classmethod
    def of(cls, texts: np.ndarray) -> Words:
        """All prompts of a new corpus."""
        return cls(Corpus(texts), np.arange(len(texts)))

    def take(self, rows: np.ndarray) -> Words:
        """Some of them (indices or mask)."""
        return Words(self.corpus, self.rows[rows])

    @property
    def counts(self) -> Any:
        """Sparse (len(rows), terms)."""
        return self.corpus.counts[self.rows]
