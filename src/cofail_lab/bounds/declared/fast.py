"""Classes that a specialised program answers sooner, and those with too many states for any linear one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cofail_lab.bounds.block_lp import LARGEST
from cofail_lab.bounds.declared.answer import DeclaredRange, Law
from cofail_lab.bounds.declared.facts import Pairs, SetRates
from cofail_lab.bounds.frechet import checked_rates, closed_form_range
from cofail_lab.bounds.joint_lp import JointLaw, joint_range
from cofail_lab.bounds.quadratic import ENUMERATED

if TYPE_CHECKING:
    from cofail_lab.bounds.declared.frechet_class import FrechetClass
    from cofail_lab.bounds.declared.targets import Target

# Up to here the program over all patterns takes a second or less.
_SMALL = 12


def limits(known: FrechetClass, target: Target) -> DeclaredRange | None:
    """The range of a target by column generation or by the lift; None where the linear program is to be solved.

    Args:
        known: the class.
        target: what is asked.

    Raises:
        InputError: rates and pairs that no law has, or too many models for the lift.
    """
    n_states = known.n_states(target)
    tables = _exact_tables(known)
    whole = target.threshold is not None and len(target.threshold.members) == known.pool.n_models
    plain = whole and target.threshold.wanted and not target.singled  # type: ignore[union-attr]
    if n_states <= LARGEST:
        patterns = n_states == 2**known.pool.n_models and _SMALL < known.pool.n_models <= ENUMERATED
        if tables is None or not plain or not patterns:
            return None
        found = joint_range(*checked_rates(*tables), target.threshold.at_least)  # type: ignore[union-attr]
        laws = (_law(found.lower_law, found.attained_lower), _law(found.upper_law, found.attained_upper))
        return DeclaredRange(target, found.lower, found.upper, found.sharp, f"{found.method}, by columns", *laws)
    return _lifted(known, target, None if not plain else tables)


def _lifted(known: FrechetClass, target: Target, tables: tuple[np.ndarray, np.ndarray] | None) -> DeclaredRange:
    from cofail_lab.bounds.declared.lift import lifted_range

    if target.threshold is None:
        # The states say how many there are, and that they are too many.
        known.states(target)
        raise AssertionError("states of this size cannot be made")
    found = lifted_range(known.pool, known.facts, target.threshold)
    lower, upper = found.lower, found.upper
    if not target.threshold.wanted:
        lower, upper = 1 - upper, 1 - lower
    method = "semidefinite lift, violations charged"
    if tables is not None and target.threshold.at_least == known.pool.n_models:
        closed = closed_form_range(*checked_rates(*tables))
        lower, upper, method = max(lower, closed.lower), min(upper, closed.upper), f"{method}, and closed forms"
    if target.singled:
        rates = np.array([_rate(known, model) for model in target.singled])
        lower, upper = rates[:, 0].min() - upper, rates[:, 1].min() - lower
    if found.left_out:
        method = f"{method}, without {', '.join(found.left_out)}"
    lower, upper = max(0.0, float(lower)), min(1.0, float(upper))
    return DeclaredRange(target, min(lower, upper), upper, False, method, None, None)


def _rate(known: FrechetClass, model: int) -> tuple[float, float]:
    found = [fact.table[(model,)] for fact in known.facts if isinstance(fact, SetRates) and (model,) in fact.table]
    return (max(ends.low for ends in found), min(ends.high for ends in found)) if found else (0.0, 1.0)


def _exact_tables(known: FrechetClass) -> tuple[np.ndarray, np.ndarray] | None:
    """Error rates and pairwise rates where all of them are known exactly, and nothing else is; else None."""
    m = known.pool.n_models
    if len(known.facts) != 2 or known.pool.n_cells > 1:
        return None
    rates = next((fact for fact in known.facts if isinstance(fact, SetRates) and fact.kind == "rates"), None)
    pairs = next((fact for fact in known.facts if isinstance(fact, Pairs)), None)
    if rates is None or pairs is None or len(rates.table) < m:
        return None
    off = ~np.eye(m, dtype=bool)
    if not (all(ends.exact for ends in rates.table.values()) and (pairs.low == pairs.high)[off].all()):
        return None
    alpha = np.array([rates.table[(model,)].low for model in range(m)])
    table = pairs.low.copy()
    np.fill_diagonal(table, alpha)
    return alpha, table


def _law(found: JointLaw, value: float) -> Law:
    m = found.patterns.shape[1]
    kept = found.probs > 0
    return Law(
        np.ones(m, dtype=int),
        tuple((model,) for model in range(m)),
        found.patterns[kept].astype(int),
        np.zeros(int(kept.sum()), dtype=int),
        found.probs[kept] / found.probs.sum(),
        value,
        found.residual,
    )
