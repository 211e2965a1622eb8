"""`Ratings`: what several raters or judges said of the same items, before any rule makes outcomes of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

MISSING = -1
"""The label of a rater that gave none: never wrong."""


@dataclass(frozen=True)
class Ratings:
    """Labels of k raters on n items; an item is a query, or the answer of one model to a query.

    Attributes:
        queries: of every item, (n,) names; with models, a query has an item for each.
        models: whose answer each item is, (n,) names; None where items are not answers of models.
        raters: unique names, (k,).
        labels: indices of ``values``, `MISSING` where a rater gave none, (n, k).
        values: the different labels, at least one.
        right: whether each value says that the answer is right; None where values are no grades.
        truth: index of the true value of each item, `MISSING` where it is not known, (n,); None without any.
        source: where they came from.
        notes: how they were read, one sentence each.
        sha256: of the file.
    """

    queries: tuple[str, ...]
    models: tuple[str, ...] | None
    raters: tuple[str, ...]
    labels: Int[np.ndarray, "n k"]
    values: tuple[str, ...]
    right: Bool[np.ndarray, " v"] | None
    truth: Int[np.ndarray, " n"] | None
    source: str
    notes: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def groups(self) -> Int[np.ndarray, " n"]:
        """The number of each item's query: items of one query are drawn together."""
        place = {name: i for i, name in enumerate(dict.fromkeys(self.queries))}
        return np.array([place[name] for name in self.queries], dtype=np.int64)

    @property
    def votes(self) -> Int[np.ndarray, "n k"]:
        """1 for right, 0 for wrong, `MISSING` where a rater gave no label. Raises InputError without grades."""
        if self.right is None:
            raise InputError(f"{self.source}: labels such as {self.values[0]!r} do not say what is right; data.right=")
        return _looked_up(self.right.astype(np.int64), self.labels)

    @property
    def true_votes(self) -> Int[np.ndarray, " n"] | None:
        """The truth as `votes`; None where it is not known or labels are no grades."""
        if self.truth is None or self.right is None:
            return None
        return _looked_up(self.right.astype(np.int64), self.truth)

    def grades(self, marked: Int[np.ndarray, " n"], rule: str) -> Grades:
        """The outcome matrix, queries x models.

        Args:
            marked: what each item comes to: 1 right, 0 wrong, `MISSING` missing.
            rule: its name, for the source.

        Raises:
            InputError: items are not answers of models.
        """
        if self.models is None:
            raise InputError(f"{self.source}: no column of models; items x raters alone make no outcome matrix")
        queries, models = tuple(dict.fromkeys(self.queries)), tuple(dict.fromkeys(self.models))
        column = {name: j for j, name in enumerate(models)}
        cells = np.full((len(queries), len(models)), Cell.MISSING, np.int8)
        states = np.array([Cell.WRONG, Cell.RIGHT, Cell.MISSING], np.int8)  # of 0, 1 and -1
        cells[self.groups, [column[name] for name in self.models]] = states[marked]
        return Grades(cells, queries, models, f"{self.source} ({rule})")


def _looked_up(meaning: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.where(labels == MISSING, MISSING, meaning[labels])
