"""Every law on one matrix: which β it predicts, and how likely C is under it on queries that it was not fitted to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.fitting.comparison.fitted_law import FittedLaw
from cofail_lab.fitting.comparison.law_fits import Fits, LawFit, LawFits, why_no_ratio
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.outcomes import Outcomes
from cofail_lab.shown import Shown

FOLD_COUNT = 5

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
        why_no_ratio=why_no_ratio(outcomes),
    )


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
