"""`Outcomes`: the complete 0/1 matrix that a fit analyses, and what travels with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.errors import InputError
from cofail_lab.exact_counts import joint_counts
from cofail_lab.shown import Shown


@dataclass(frozen=True)
class LeftOut:
    """The queries that were not answered by every model, and are therefore not analysed.

    Attributes:
        n_queries: number of left-out queries.
        n_untouched: number of left-out queries that no model answered.
        n_failed_by_all_who_answered: number of left-out queries with at least one answer and no right answer.
        answered: per model (m,), number of its answers to left-out queries.
        right: per model (m,), number of right answers among these.
        cells_by_state: number of cells of the whole selected matrix in each state of `grades.Cell`.
    """

    n_queries: int
    n_untouched: int
    n_failed_by_all_who_answered: int
    answered: np.ndarray
    right: np.ndarray
    cells_by_state: Mapping[str, int]


@dataclass(frozen=True, repr=False)
class Outcomes(Shown):
    """Graded answers of m models to n queries, every cell right or wrong.

    Estimands have the same names as in the error laws of `cofail_lab.models`.

    Attributes:
        wrong: bool (n, m), True where the model is wrong (E_i of theory section 1).
        queries, models: names, in the order of rows and columns.
        source: where the matrix came from.
        per_query, per_model, per_cell: companion columns, as in `grades.Grades` (see there for ``samples``).
        left_out: what is known of the queries that not every model answered; None if the matrix has no such queries by
            construction.
        notes: what was done to the matrix on the way here, one sentence each.
    """

    wrong: Bool[np.ndarray, "n m"]
    queries: tuple[str, ...]
    models: tuple[str, ...]
    source: str
    per_query: Mapping[str, np.ndarray] = field(default_factory=dict)
    per_model: Mapping[str, np.ndarray] = field(default_factory=dict)
    per_cell: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: LeftOut | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_queries(self) -> int:
        """Number of analysed queries, n."""
        return self.wrong.shape[0]

    @property
    def n_models(self) -> int:
        """Pool size, m."""
        return self.wrong.shape[1]

    @property
    def family(self) -> np.ndarray | None:
        """Family of each model, (m,) strings, where a companion gives it."""
        return self.per_model.get("family")

    @property
    def dataset(self) -> np.ndarray | None:
        """Dataset of each query, (n,) strings, where the file gives it."""
        return self.per_query.get("dataset")

    def numbers_of_models(self, column: str, field: str) -> Float[np.ndarray, " m"]:
        """A per-model column of numbers, nan where one is not known.

        Raises:
            InputError: no such column, or one of texts; ``field`` is what named it.
        """
        if column not in self.per_model:
            known = ", ".join(sorted(self.per_model)) or "none"
            raise InputError(f"{field}: {column!r} is no per-model column of {self.source}; there are: {known}")
        values = np.asarray(self.per_model[column])
        if values.dtype.kind not in "fiub":
            raise InputError(f"{field}: {column!r} holds text, such as {str(values[0])!r}; numbers are needed")
        return values.astype(float)

    @cached_property
    def error_counts(self) -> Int[np.ndarray, " m"]:
        """Number of queries each model gets wrong."""
        return self.wrong.sum(axis=0)

    @cached_property
    def error_rates(self) -> Float[np.ndarray, " m"]:
        """α_i, share of the queries each model gets wrong."""
        return self.error_counts / self.n_queries

    @cached_property
    def n_wrong(self) -> Int[np.ndarray, " n"]:
        """C, number of wrong models on each query, 0..m."""
        return self.wrong.sum(axis=1)

    @property
    def n_all_wrong(self) -> int:
        """K, number of queries that every model gets wrong."""
        return int((self.n_wrong == self.n_models).sum())

    def all_wrong(self) -> float:
        """β, share of the queries that every model gets wrong (K/n)."""
        return self.n_all_wrong / self.n_queries

    def all_wrong_worst_case(self) -> float | None:
        """β over all queries, if all models fail every left-out query that no model is known to have solved.

        None where no query was left out.
        """
        left_out = self.left_out
        if left_out is None or not left_out.n_queries:
            return None
        failed = self.n_all_wrong + left_out.n_failed_by_all_who_answered + left_out.n_untouched
        return failed / (self.n_queries + left_out.n_queries)

    @cached_property
    def joint_wrong_counts(self) -> Int[np.ndarray, "m m"]:
        """Number of queries that both models get wrong; the diagonal is `error_counts`."""
        return joint_counts(self.wrong)

    def pairwise_wrong(self) -> Float[np.ndarray, "m m"]:
        """p_ij, share of the queries that both models get wrong; the diagonal is `error_rates`."""
        return self.joint_wrong_counts / self.n_queries

    @cached_property
    def constant(self) -> Bool[np.ndarray, " m"]:
        """Models that are always right or always wrong: they have no correlation and an infinite threshold."""
        return (self.error_counts == 0) | (self.error_counts == self.n_queries)

    @cached_property
    def varying(self) -> Bool[np.ndarray, " m"]:
        """Models that are right on some queries and wrong on others, the complement of `constant`."""
        return ~self.constant
