"""Every law on one matrix: which β it predicts, and how likely C is under it on queries that it was not fitted to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Protocol

import numpy as np

from cofail_lab import checks
from cofail_lab.errors import ConvergenceError, InputError
from cofail_lab.estimate import Estimate
from cofail_lab.fitting.comparison.folds import Folds
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MAX_SLOW_MODELS, FittedLaw
from cofail_lab.fitting.estimators.count_likelihood import count_law, matrix_log_likelihood
from cofail_lab.fitting.estimators.fitted import AbsentLawError, Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.outcomes import Outcomes
from cofail_lab.shown import Shown

FOLD_COUNT = 5

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


AtomNeed = Literal["not_judged", "no_tail", "not_better", "as_good_without", "needed"]
"""Whether held-out queries need an atom: laws with and without one were not both judged; no query defeats every model;
no law with an atom predicts better than the best one without; one does, but the best one without is within two
standard errors; or it is not."""


@dataclass(frozen=True, repr=False)
class LawComparison(Shown):
    """All laws on one matrix.

    Attributes:
        fits: in the order of `laws.FITTED_LAWS`.
        observed: β of the whole pool.
        n_all_wrong, n_queries: K and n.
        n_models: number of varying models, which every law is fitted to.
        n_constant: number of constant models, which are left out of every law.
        n_heldout_models: number of models that C counts in the held-out comparison: they vary in every training part.
        folds: number of parts of the queries; 0 without a held-out comparison.
        why_no_ratio: why there are no ratios; None where there are.
    """

    fits: tuple[LawFit, ...]
    observed: float
    n_all_wrong: int
    n_queries: int
    n_models: int
    n_constant: int
    n_heldout_models: int
    folds: int
    why_no_ratio: str | None

    def __getitem__(self, name: str) -> LawFit:
        """The fit of a law by its name in the table; StopIteration where it was not compared."""
        return next(fit for fit in self.fits if fit.name == name)

    @property
    def best(self) -> LawFit | None:
        """The law with the highest held-out log-likelihood; None where no law was judged."""
        judged = [fit for fit in self.fits if fit.heldout is not None]
        return max(judged, key=lambda fit: fit.heldout or 0.0) if judged else None

    @property
    def base(self) -> LawFit | None:
        """The law that neither has an atom nor can imitate one and that has the highest held-out log-likelihood.

        None where none was judged.
        """
        rows = [(fit, FITTED_LAWS[fit.name]) for fit in self.fits if fit.heldout is not None]
        judged = [fit for fit, row in rows if not (row.atom or row.imitates_atom)]
        return max(judged, key=lambda fit: fit.heldout or 0.0) if judged else None

    @property
    def atom_need(self) -> AtomNeed:
        """The decision on an atom, see `AtomNeed`."""
        atom, base = self.atom, self.base
        if atom is None or base is None or atom.heldout is None or base.heldout is None:
            return "not_judged"
        if self.n_all_wrong == 0:
            return "no_tail"
        if atom.heldout <= base.heldout:
            return "not_better"
        return "as_good_without" if base.close else "needed"

    @property
    def atom(self) -> LawFit | None:
        """The best law with an atom: by held-out log-likelihood or, where none was judged, by that of C."""
        fits = [fit for fit in self.fits if FITTED_LAWS[fit.name].atom and fit.law is not None]

        def merit(fit: LawFit) -> tuple[bool, float]:
            return (True, fit.heldout) if fit.heldout is not None else (False, fit.log_likelihood or 0.0)

        return max(fits, key=merit) if fits else None


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


def n_steps(folds: int = FOLD_COUNT, laws: Sequence[str] | None = None) -> int:
    """Number of fits of `compare_laws`: the sum of all numbers that it calls ``advance`` with."""
    return len(_chosen(laws)) * (folds + 1)


def compare_laws(
    outcomes: Outcomes,
    *,
    folds: int = FOLD_COUNT,
    seed: int = 0,
    intervals: bool = True,
    laws: Sequence[str] | None = None,
    advance: Callable[[int], None] = lambda _: None,
    known: Mapping[str, np.ndarray] | None = None,
    keep: Callable[[str, np.ndarray], None] = lambda _law, _log: None,
    elsewhere: Fits | None = None,
) -> LawComparison:
    """Fit every law of `laws.FITTED_LAWS` to a matrix and judge it on held-out queries.

    Args:
        outcomes: the matrix; constant models are left out of every law.
        folds: number of parts that the queries are assigned to at random; each part is predicted by laws fitted to the
            other parts. 0 leaves the held-out comparison out.
        seed: of the assignment.
        intervals: whether to compute profile-likelihood limits of parameters that are fitted by likelihood, and the ω
            under which the matrix is likeliest.
        laws: names of the laws to compare; None for all.
        advance: called with the number of fits that are done since the last call, `n_steps` in all.
        known: law -> what `keep` was called with by an earlier call with the same arguments.
        keep: called with every law that was judged, and the log P(C) of each query that it was not fitted to.
        elsewhere: other processes, asked for the fits of these very arguments; None computes them here.

    Memory is a few (m, m) and (n, nodes) arrays. In pools of more than `laws.MAX_SLOW_MODELS` models everything that
    would take minutes is left out, and ``heldout_absent`` says so.

    Raises:
        InputError: ``folds`` or a name in ``laws`` is not valid.
    """
    checks.whole("folds", folds, 0)
    if folds:
        checks.within("folds", folds, 2, outcomes.n_queries)
    pool = VaryingPool.of(outcomes)
    rows = _chosen(laws)
    if pool.n_models < 2:
        words = f"{pool.n_models} of the models sometimes right and sometimes wrong: no pair to read"
        fits = [LawFit(name, absent=words, heldout_absent=words) for name in rows]
        advance(n_steps(folds, laws))
        return _comparison(fits, outcomes, pool, 0, folds)
    here = LawFits.of(outcomes, folds, seed, intervals=intervals)
    computed, parts = elsewhere or here, here.folds
    fits, logs = [], {}
    for name, row in rows.items():
        fit = computed.whole(name)
        advance(1)
        if known and name in known:
            logs[name], why = known[name], None
            advance(folds)
        else:
            logs[name], why = parts.heldout(row, fit.absent, partial(computed.part, name), advance)
            if logs[name] is not None:
                keep(name, logs[name])
        fits.append((fit, why))
    return _comparison(_judged(fits, logs), outcomes, pool, parts.pool.n_models, folds)


def _chosen(laws: Sequence[str] | None) -> Mapping[str, FittedLaw]:
    for name in laws or ():
        if name not in FITTED_LAWS:
            raise InputError(f"laws: {name!r} is not one of {', '.join(FITTED_LAWS)}")
    return {name: row for name, row in FITTED_LAWS.items() if laws is None or name in laws}


def _why_no_ratio(outcomes: Outcomes) -> str | None:
    if outcomes.n_all_wrong:
        return None
    never = [outcomes.models[j] for j in np.flatnonzero(outcomes.error_counts == 0)]
    if never:
        return f"{never[0]} is never wrong, so no query can defeat the pool"
    return "no query defeats every model (K = 0), so observed/predicted is degenerate"


def _comparison(fits: list[LawFit], outcomes: Outcomes, pool: VaryingPool, n_heldout: int, folds: int) -> LawComparison:
    return LawComparison(
        fits=tuple(fits),
        observed=outcomes.all_wrong(),
        n_all_wrong=outcomes.n_all_wrong,
        n_queries=outcomes.n_queries,
        n_models=pool.n_models,
        n_constant=outcomes.n_models - pool.n_models,
        n_heldout_models=n_heldout,
        folds=folds,
        why_no_ratio=_why_no_ratio(outcomes),
    )


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
    log_ratio = None if _why_no_ratio(outcomes) else np.log(outcomes.all_wrong()) - log_predicted
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


def _judged(fits: list[tuple[LawFit, str | None]], logs: Mapping[str, np.ndarray | None]) -> list[LawFit]:
    """The fits with their held-out log-likelihoods and their differences from the best law."""
    means = {name: float(values.mean()) for name, values in logs.items() if values is not None}
    best = logs[max(means, key=lambda name: means[name])] if means else None
    judged = []
    for fit, why in fits:
        values = logs[fit.name]
        if values is None or best is None:
            judged.append(replace(fit, heldout_absent=why))
            continue
        n, gap = len(values), values - best
        judged.append(
            replace(
                fit,
                heldout=float(values.mean()),
                heldout_error=float(values.std(ddof=1) / np.sqrt(n)),
                difference=float(gap.mean()),
                difference_error=float(gap.std(ddof=1) / np.sqrt(n)),
            )
        )
    return judged
