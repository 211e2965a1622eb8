"""Finite-sample certificates: what combining these models can gain at most, and at least, over the best of them.

Everything rests on a_i + R_i = 1 - β (theory section 1): the oracle gain G is min_i R_i, the resolvable rate of the
best model. Both certificates take the n queries as independent draws from the population they speak about.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.errors import InputError
from cofail_lab.estimate import confidence
from cofail_lab.outcomes import Outcomes
from cofail_lab.shown import Shown

Outcome = Literal["skip", "room", "open"]

# Counts beyond this are not exact in float64.
_MAX_COUNT = 2**53


@dataclass(frozen=True, repr=False)
class Certificate(Shown):
    """Certified limits on the oracle gain G of a pool.

    Attributes:
        n_models, n_queries, n_all_wrong: m, n, K.
        best_correct: right answers of the in-sample best model.
        delta: error probability of each certificate taken alone.
        overhead: what combining costs, in accuracy; None if not stated.
        best_model: its name, None when only counts are known.
        paired_min_gain: P1.vii, the least lower limit of R_i, each at 1 - δ; it needs every model, None from counts.
    """

    n_models: int
    n_queries: int
    n_all_wrong: int
    best_correct: int
    delta: float
    overhead: float | None
    best_model: str | None = None
    paired_min_gain: float | None = None

    @property
    def all_wrong_lower(self) -> float:
        """One-sided lower limit of β at 1 - δ/2 (P1.iv)."""
        return float(clopper_pearson_lower(self.n_all_wrong, self.n_queries, self.delta / 2))

    @property
    def single_best_lower(self) -> float:
        """Lower limit of the best model's accuracy at 1 - δ/2, Bonferroni over the pool (P1.iv).

        A limit grows with its count, so the in-sample best attains the greatest of the pool.
        """
        return float(clopper_pearson_lower(self.best_correct, self.n_queries, self.delta / (2 * self.n_models)))

    @property
    def max_gain(self) -> float:
        """P1.iv, September form: (1 - all_wrong_lower) - single_best_lower."""
        return (1 - self.all_wrong_lower) - self.single_best_lower

    @property
    def paired_max_gain(self) -> float:
        """P1.v: the least upper limit of R_i, each at 1 - δ/m; the best model, failing least, attains it."""
        resolvable = self.n_queries - self.best_correct - self.n_all_wrong
        return float(clopper_pearson_upper(resolvable, self.n_queries, self.delta / self.n_models))

    @property
    def gain_range(self) -> tuple[float, float]:
        """Both limits of G at confidence 1 - δ together: P1.vii at δ/2 and P1.v at δ/2; (0, 0) for a single model.

        The least count of the pool, that of the in-sample best, attains both.
        """
        if self.n_models == 1:
            return 0.0, 0.0
        n = self.n_queries
        resolvable = n - self.best_correct - self.n_all_wrong
        upper = clopper_pearson_upper(resolvable, n, self.delta / (2 * self.n_models))
        return float(clopper_pearson_lower(resolvable, n, self.delta / 2)), float(upper)

    @property
    def outcome(self) -> Outcome:
        """``skip`` if P1.v puts the gain below the overhead, ``room`` if P1.vii puts it above, else ``open``."""
        overhead = self.overhead or 0.0
        if self.overhead is not None and self.paired_max_gain < overhead:
            return "skip"
        if self.paired_min_gain is not None and self.paired_min_gain > overhead:
            return "room"
        return "open"

    @property
    def oracle_gain(self) -> float:
        """The gain seen in the sample: what the in-sample best fails and some other model does not, as a share."""
        return (self.n_queries - self.best_correct - self.n_all_wrong) / self.n_queries

    @property
    def needs_matrix(self) -> bool:
        """Whether totals cannot settle it: the gain seen is not below the overhead, and P1.vii needs every model."""
        return self.outcome == "open" and self.paired_min_gain is None and self.oracle_gain >= (self.overhead or 0.0)

    @property
    def decision(self) -> str:
        """The certificate in one plain sentence."""
        best = "" if self.best_model is None else f" ({self.best_model} in this sample)"
        bound = (
            f"With {confidence(self.delta)} confidence no router, vote or cascade over these {self.n_models} models "
            f"can gain more than {100 * self.paired_max_gain:.1f} points over the best single model{best}"
        )
        if self.overhead is None:
            return f"{bound}."
        cost = f"your overhead is {100 * self.overhead:.1f} points"
        if self.outcome == "skip":
            return f"{bound}; {cost}: skip."
        if self.outcome == "room":
            level = f"also with {confidence(self.delta)} confidence taken alone"
            least = f"{level}, a perfect selector would gain at least {100 * (self.paired_min_gain or 0):.1f} points"
            return f"{bound}; {least}; {cost}: there is room, if a selector can find it."
        if self.needs_matrix:
            return f"{bound}; {cost}: whether there is room cannot be settled by totals, the whole matrix is needed."
        return f"{bound}; {cost}: not settled by {self.n_queries:,} queries, grade more of them."


def certify_wrong_counts(
    error_counts: Int[np.ndarray, " m"],
    n_all_wrong: int,
    n_queries: int,
    models: tuple[str, ...] | None = None,
    *,
    delta: float = 0.05,
    overhead: float | None = None,
) -> Certificate:
    """The certificates of a whole pool.

    Args:
        error_counts: queries each model gets wrong.
        n_all_wrong: queries all of them get wrong, K.
        n_queries: n.
        models: names, in the same order.
        delta: error probability, in (0, 1).
        overhead: what combining costs, in accuracy, in [0, 1); None leaves the decision open.
    """
    checks.probability("delta", delta)
    checks.overhead("overhead", overhead)
    resolvable = np.asarray(error_counts) - n_all_wrong
    best = int(np.argmin(error_counts))
    best_correct = n_queries - int(error_counts[best])
    best_model = None if models is None else models[best]
    least = float(clopper_pearson_lower(resolvable, n_queries, delta).min())
    return Certificate(len(error_counts), n_queries, n_all_wrong, best_correct, delta, overhead, best_model, least)


def certify_outcomes(outcomes: Outcomes, *, delta: float = 0.05, overhead: float | None = None) -> Certificate:
    """The certificates of a matrix; ``delta`` and ``overhead`` as in `certify_wrong_counts`."""
    return certify_wrong_counts(
        outcomes.error_counts,
        outcomes.n_all_wrong,
        outcomes.n_queries,
        outcomes.models,
        delta=delta,
        overhead=overhead,
    )


def certify_counts(
    *,
    n_all_wrong: int,
    n_queries: int,
    n_models: int,
    best_correct: int,
    delta: float = 0.05,
    overhead: float | None = None,
) -> Certificate:
    """The certificates from four totals; the best model's resolvable failures are n - best_correct - K.

    The lower certificate of P1.vii needs every model's count and is not given. Raises InputError for totals that
    cannot be.
    """
    checks.probability("delta", delta)
    checks.overhead("overhead", overhead)
    for name, value in (("n_models", n_models), ("n_queries", n_queries)):
        checks.within(name, value, 1, _MAX_COUNT)
    for name, value in (("n_all_wrong", n_all_wrong), ("best_correct", best_correct)):
        checks.within(name, value, 0, _MAX_COUNT)
        if value > n_queries:
            raise InputError(f"{name}: {value} of {n_queries} queries")
    if best_correct + n_all_wrong > n_queries:
        raise InputError(
            f"best_correct: {best_correct} right and n_all_wrong: {n_all_wrong} failed by everyone exceed "
            f"n_queries: {n_queries}"
        )
    if n_models == 1 and best_correct + n_all_wrong != n_queries:
        raise InputError(
            f"n_all_wrong: {n_all_wrong}; with n_models: 1 every failure is all-wrong, here {n_queries - best_correct}"
        )
    return Certificate(n_models, n_queries, n_all_wrong, best_correct, delta, overhead)
