"""One law on one matrix, and the fits that a comparison of laws consists of; each is computed without the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from cofail_lab.errors import ConvergenceError
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.fitted_law import MAX_SLOW_MODELS, FittedLaw
from cofail_lab.fitting.comparison.folds import Folds
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood
from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.outcomes import Outcomes
from cofail_lab.shown import Shown

_NOTHING = Estimate(None, None, "exact")


@dataclass(frozen=True, repr=False)
class LawFit(Shown):
    """One law on one matrix; a number that does not exist is None, and ``absent`` or ``heldout_absent`` says why.

    Attributes:
        name: key of `laws.FITTED_LAWS`.
        law: the fitted law over the varying models; None where it does not exist.
        parameters: the parameters that are neither error rates nor matrices, by name.
        intervals: 95% profile-likelihood limits of some parameters, by name.
        predicted: β under the law, over the varying models, with numerical or simulation error.
        log_predicted: log β, finite also where β is below the smallest float.
        ratio: observed β over predicted β.
        log_likelihood: of C, in sample (log P summed over queries).
        simulation_error: standard error of ``log_likelihood`` where it is simulated, otherwise 0.
        matrix_log_likelihood: of the whole matrix, in sample; None where Σ is full.
        heldout: mean log P(C) of a query under the law fitted to the other folds.
        heldout_error: standard error of ``heldout`` over queries, with the fits held fixed.
        difference: ``heldout`` minus that of the best law, at most 0.
        difference_error: standard error of ``difference``, paired over queries.
        notes: what a reader must know about the fit, one sentence each.
        absent: why the law does not exist; None where it does.
        heldout_absent: why the law was not judged on held-out queries; None where it was.
    """

    name: str
    law: AbstractErrorLaw | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    predicted: Estimate = _NOTHING
    log_predicted: float | None = None
    ratio: float | None = None
    log_likelihood: float | None = None
    simulation_error: float | None = None
    matrix_log_likelihood: float | None = None
    heldout: float | None = None
    heldout_error: float | None = None
    difference: float | None = None
    difference_error: float | None = None
    notes: tuple[str, ...] = ()
    absent: str | None = None
    heldout_absent: str | None = None

    @property
    def label(self) -> str:
        """What pages, tables and figures call the law."""
        return FITTED_LAWS[self.name].label

    @property
    def how(self) -> str:
        """How its parameters were estimated."""
        return FITTED_LAWS[self.name].how

    @property
    def close(self) -> bool:
        """Whether this law is within two standard errors of the best: held-out queries do not distinguish the two."""
        if self.difference is None or self.difference_error is None:
            return False
        return -self.difference <= 2 * self.difference_error


class Fits(Protocol):
    """Computes the fits of a comparison: `LawFits`, or what asks other processes for them."""

    def whole(self, law: str, /) -> LawFit:
        """A law on the whole matrix."""
        ...

    def part(self, law: str, part: int, /) -> np.ndarray:
        """Log P(C) of the queries of a part, under the law fitted to the others. Raises as `Folds.score`."""
        ...


@dataclass(frozen=True)
class LawFits:
    """The fits of a comparison, each of which can be computed without the others.

    Attributes:
        outcomes: the matrix.
        pool: its varying models.
        folds: its queries in parts.
        intervals: see `compare_laws`.
    """

    outcomes: Outcomes
    pool: VaryingPool
    folds: Folds
    intervals: bool

    @classmethod
    def of(cls, outcomes: Outcomes, folds: int, seed: int, *, intervals: bool = True) -> "LawFits":
        """Assign the queries to parts. The pool must have at least two varying models."""
        pool = VaryingPool.of(outcomes)
        return cls(outcomes, pool, Folds.assign(pool, folds, seed), intervals and pool.n_models <= MAX_SLOW_MODELS)

    def whole(self, law: str) -> LawFit:
        """A law on the whole matrix."""
        return _fitted(law, FITTED_LAWS[law], self.pool, self.outcomes, self.intervals)

    def part(self, law: str, part: int) -> np.ndarray:
        """Log P(C) of the queries of a part, under the law fitted to the others. Raises as `Folds.score`."""
        return self.folds.score(FITTED_LAWS[law], part)


def why_no_ratio(outcomes: Outcomes) -> str | None:
    """Why there are no ratios of observed to predicted β; None where there are."""
    if outcomes.n_all_wrong:
        return None
    never = [outcomes.models[j] for j in np.flatnonzero(outcomes.error_counts == 0)]
    if never:
        return f"{never[0]} is never wrong, so no query can defeat the pool"
    return "no query defeats every model (K = 0), so observed/predicted is degenerate"


def _fitted(name: str, row: FittedLaw, pool: VaryingPool, outcomes: Outcomes, intervals: bool) -> LawFit:
    try:
        fitted = row.fit(pool, intervals)
        predicted = fitted.law.all_wrong_estimate()
        counts = count_law(fitted.law)
        on_matrix = matrix_log_likelihood(fitted.law, pool.wrong)
    except (AbsentLawError, ConvergenceError) as reason:
        return LawFit(name, absent=str(reason), heldout_absent=str(reason))
    log_predicted = float(np.log(predicted.value)) if predicted.value else float(fitted.law.log_all_wrong())
    log_likelihood = counts.log_likelihood(pool.histogram)
    log_ratio = None if why_no_ratio(outcomes) else np.log(outcomes.all_wrong()) - log_predicted
    return LawFit(
        name=name,
        law=fitted.law,
        parameters=fitted.parameters,
        intervals=fitted.intervals,
        predicted=predicted,
        log_predicted=log_predicted,
        # Against independent errors the ratio can exceed the largest float; then there is no number to store.
        ratio=float(np.exp(log_ratio)) if log_ratio is not None and log_ratio < 700 else None,
        log_likelihood=log_likelihood if np.isfinite(log_likelihood) else None,
        simulation_error=counts.simulation_error(pool.histogram),
        matrix_log_likelihood=on_matrix,
        notes=_notes(fitted, pool),
    )


def _notes(fitted: Fitted, pool: VaryingPool) -> tuple[str, ...]:
    if "shock" in fitted.parameters and not pool.n_all_wrong:
        return (*fitted.notes, "no query is all wrong: the likeliest atom is 0")
    if fitted.parameters.get("shock") == 0:
        return (*fitted.notes, "no atom is likelier than any")
    return fitted.notes
