"""`experiment=plan plan.for=tail`: queries and models that show a common mode, under a law or a matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri

from cofail_lab import checks
from cofail_lab.bounds import tail_planner
from cofail_lab.bounds.tail_planner import one_factor_counts, rate_and_pair, with_atom
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress
from cofail_lab.models import AbstractErrorLaw, OneFactorGaussian
from cofail_lab.numerics import bivariate_normal
from cofail_lab.report import tail_plan as words
from cofail_lab.result import Result

_KEYS = ("for", "shock", "level", "power", "n_models", "n_queries")
_MOST_MODELS = 400


@dataclass(frozen=True)
class _Base:
    """A smooth law of like models, or of the first ones of a law, at any pool size.

    Attributes:
        error_rate, correlation: of one factor, used where there is no law.
        law: whose first models are taken; None for one factor.
        name: in words.
    """

    error_rate: float
    correlation: float
    law: AbstractErrorLaw | None
    name: str

    def counts(self, m: int) -> np.ndarray:
        """P(C = j) of m models."""
        if self.law is not None:
            return np.asarray(self.law.subpool(np.arange(m)).count_probs())
        return one_factor_counts(self.error_rate, self.correlation, m)


def plan_tail(plan: Mapping[str, Any], inputs: Inputs, progress: Progress) -> Result:
    """The plan of the ``plan`` group: queries for a range of pool sizes, and a simulated check at the wanted one."""
    _check(plan)
    atom, level, power = float(plan["shock"]), float(plan["level"]), float(plan["power"])
    if inputs.law_factory is not None:
        law = inputs.law()
        base, width, n_queries = _of_law(law), law.n_models, plan["n_queries"]
    else:
        if inputs.source is None:
            raise InputError("law: plan.for=tail needs a law or a source; name one such as law=one_factor_gaussian")
        outcomes = inputs.outcomes()
        base, width = _of_matrix(outcomes.wrong, atom), outcomes.n_models
        n_queries = outcomes.n_queries if plan["n_queries"] is None else plan["n_queries"]
    m = width if plan["n_models"] is None else int(plan["n_models"])
    most = _MOST_MODELS if base.law is None else min(width, _MOST_MODELS)
    if not 3 <= m <= most:
        raise InputError(f"plan.n_models: {m}; 3 to {most} are accepted: two models have nothing but their pair")
    sizes = np.unique(np.geomspace(3, m, 24).astype(int))
    needed = []
    with progress("Pool sizes", total=len(sizes)) as advance:
        for size in sizes:
            needed.append(_known_null(base.counts(int(size)), atom, level, power))
            advance(1)
    simulated = None
    if needed[-1] is not None:
        null, alternative = _laws(base.counts(m), atom)
        with progress("Simulated samples", total=tail_planner.MOST_STEPS) as advance:
            simulated = tail_planner.search(null, alternative, needed[-1], level, power, inputs.options.seed, advance)
    return words.TailPlan(
        atom, level, power, base.name, sizes, tuple(needed), simulated, n_queries, *_limits(base.counts(m), atom)
    ).result()


def _laws(counts: np.ndarray, atom: float) -> tuple[np.ndarray, np.ndarray]:
    """The null with the alternative's rate and pairs, and the alternative."""
    alternative = with_atom(counts, atom)
    rate, pair = rate_and_pair(alternative)
    t = ndtri(rate)
    r = float(bivariate_normal.correlation(t, t, np.asarray(pair)))
    return one_factor_counts(rate, max(r, 0.0), len(counts) - 1), alternative


def _limits(counts: np.ndarray, atom: float) -> tuple[float, float]:
    """β without the common mode, at the same rates and pairs, and with it."""
    null, alternative = _laws(counts, atom)
    return float(null[-1]), float(alternative[-1])


def _known_null(counts: np.ndarray, atom: float, level: float, power: float) -> int | None:
    return tail_planner.queries_needed(*_limits(counts, atom), level, power)


def _of_law(law: AbstractErrorLaw) -> _Base:
    rates = np.asarray(law.error_rates)
    if isinstance(law, OneFactorGaussian) and np.ptp(rates) == 0 and np.ptp(np.asarray(law.loadings)) == 0:
        # One sum for every pool size, where the law's own method compiles for each.
        return _Base(float(rates[0]), float(law.loadings[0] ** 2), None, type(law).__name__)
    return _Base(float(rates.mean()), 0.0, law, type(law).__name__)


def _of_matrix(wrong: np.ndarray, atom: float) -> _Base:
    """One factor of like models with the matrix's mean rate and pair once the atom is in."""
    n, m = wrong.shape
    if m < 3:
        raise InputError(f"data: {m} models; 3 or more are needed: two have nothing but their pair")
    counts = np.bincount(wrong.sum(axis=1), minlength=m + 1) / n
    rate, pair = rate_and_pair(counts)
    most = (pair - rate**2) / (1 - 2 * rate + pair)
    if not 0 < atom < most:
        raise InputError(
            f"plan.shock: {atom:g} is more than the pairs of this matrix leave room for; below {max(most, 0.0):.3g} "
            "is accepted"
        )
    base_rate, base_pair = (rate - atom) / (1 - atom), (pair - atom) / (1 - atom)
    t = ndtri(base_rate)
    r = float(bivariate_normal.correlation(t, t, np.asarray(base_pair)))
    return _Base(base_rate, r, None, "one factor with the rates and pairs of the matrix")


def _check(plan: Mapping[str, Any]) -> None:
    if unknown := sorted(set(plan) - set(_KEYS)):
        raise InputError(f"plan.{unknown[0]}: no such key; there are {', '.join(_KEYS)}")
    for name in ("shock", "level", "power"):
        checks.probability(f"plan.{name}", plan[name])
    if plan["n_models"] is not None:
        checks.whole("plan.n_models", plan["n_models"], 3)
    if plan["n_queries"] is not None:
        checks.whole("plan.n_queries", plan["n_queries"], 1)
