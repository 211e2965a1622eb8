"""Coverage of the limits of ω, r and θ, on matrices of the law that they are of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators import limits, loadings, loadings_ml
from cofail_lab.fitting.estimators.fitted import AbsentLawError
from cofail_lab.fitting.estimators.mixture_ml import Patterns
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BlockFactor,
    Clayton,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
    SkewFactor,
    StudentFactor,
)
from studies.coverage.kept import Kept, Row


class Pool(NamedTuple):
    """A pool that laws make matrices of.

    Attributes:
        rates: error rates of the base.
        n_queries: n.
        shock: ω.
    """

    rates: np.ndarray
    n_queries: int
    shock: float


POOLS = {
    "ties": Pool(np.full(20, 0.3), 300, 0.05),
    "sparse": Pool(np.full(10, 0.05), 300, 0.01),
    "tiny n": Pool(np.linspace(0.2, 0.5, 10), 60, 0.05),
    "strong best": Pool(np.r_[0.005, np.linspace(0.25, 0.5, 19)], 300, 0.03),
    "strong, 3 models": Pool(np.array([0.01, 0.3, 0.5]), 100, 0.05),
    "strong, 60 models": Pool(np.r_[0.005, np.linspace(0.25, 0.5, 59)], 60, 0.1),
    "spread": Pool(np.linspace(0.05, 0.7, 10), 150, 0.1),
    "ω = 0": Pool(np.linspace(0.4, 0.7, 6), 200, 0.0),
}
"""Columns of the second table."""


def _sigma(m: int) -> np.ndarray:
    own = np.random.default_rng(m).uniform(-0.4, 0.4, (m, 2))
    three = np.column_stack([np.linspace(0.45, 0.85, m)[np.random.default_rng(m).permutation(m)], own])
    sigma = three @ three.T
    sigma[np.diag_indices(m)] = 1
    return sigma


BASES: dict[str, Callable[[np.ndarray], AbstractErrorLaw]] = {
    "independent": Independent,
    "one_factor": lambda rates: OneFactorGaussian(rates, np.full(len(rates), np.sqrt(0.4))),
    "loadings": lambda rates: OneFactorGaussian(
        rates, np.linspace(0.45, 0.85, len(rates))[np.random.default_rng(1).permutation(len(rates))]
    ),
    "clayton": lambda rates: Clayton(rates, 0.8),
    "student": lambda rates: StudentFactor(rates, np.full(len(rates), np.sqrt(0.4)), 5.0),
    "skew": lambda rates: SkewFactor(rates, np.full(len(rates), np.sqrt(0.4)), 0.8),
    "block": lambda rates: BlockFactor(rates, np.arange(len(rates)) % 2, 0.3, 0.5),
    "full_sigma": lambda rates: GaussianCopula(rates, _sigma(len(rates))),
}


@dataclass(frozen=True)
class LawRow:
    """An interval of a law: its row, the base that makes the matrices, and how it is decided whether it holds."""

    row: Row
    base: str
    matrices: int
    holds: Callable[[np.ndarray, float], bool | None]
    shocked: bool = True


def _by_free_rates(base: str, dependence: float) -> Callable[[np.ndarray, float], bool]:
    """Whether the limits of ω contain it: the sign of `limits.shock_excess` at ω, without a search for the limits."""

    def holds(wrong: np.ndarray, shock: float) -> bool:
        data = Patterns.of(wrong)
        k, n = data.n_all_wrong, data.n_queries
        free = limits.likeliest_shock(data, base, k / n / 2, dependence) if k else None
        if free is None or shock > clopper_pearson(k, n, 0.05)[1]:
            return bool(shock <= clopper_pearson(k, n, 0.05)[1])
        held = limits.fit(data, base, shock=shock, dependence=dependence, hold_shock=True, start=free.x)
        return limits.shock_excess(held, free, k, n, upper=shock > free.shock) >= 0

    return holds


def _by_own_loadings(wrong: np.ndarray, shock: float) -> bool:
    data = Patterns.of(wrong)
    k, n = data.n_all_wrong, data.n_queries
    if k == 0 or shock > clopper_pearson(k, n, 0.05)[1]:
        return bool(shock <= clopper_pearson(k, n, 0.05)[1])
    free = loadings_ml.fit(wrong, np.clip(loadings.fit(VaryingPool(wrong).tetrachoric), -0.95, 0.95), atom=True)
    start = np.clip(free.loadings, -0.95, 0.95)
    held = loadings_ml.fit(wrong, start, atom=False, held_shock=shock if shock else None)
    return limits.shock_excess(held, free, k, n, upper=shock > free.shock) >= 0


def _printed_by(name: str, parameter: str) -> Callable[[np.ndarray, float], bool | None]:
    """Whether the limits that a law prints contain a number; None where it prints none."""

    def holds(wrong: np.ndarray, value: float) -> bool | None:
        try:
            found = FITTED_LAWS[name].fit(VaryingPool(wrong, _two_families(wrong.shape[1])), True)
        except AbsentLawError:
            return None
        if parameter not in found.intervals:
            return None
        low, high = found.intervals[parameter]
        return low - 1e-9 <= value <= high + 1e-9

    return holds


def _two_families(m: int) -> np.ndarray:
    return np.array(["even", "odd"])[np.arange(m) % 2]


_FREE, _PROFILE = "likelihood of the matrix, rates free; above, or K", "likelihood of C over ω = k/n, or K"
_COUNTS = "likelihood of C; where the largest ω is likely, the limit of β"
LAW_ROWS = {
    "shock_atom_independent": LawRow(
        Row("shock_atom_independent", "ω over independent errors", _FREE),
        "independent",
        100,
        _by_free_rates("independent", 0.0),
    ),
    "shock_atom_one_factor": LawRow(
        Row("shock_atom_one_factor", "ω over one factor", _FREE), "one_factor", 100, _by_free_rates("one_factor", 0.4)
    ),
    "shock_atom_one_factor_loadings_ml": LawRow(
        Row("shock_atom_one_factor_loadings_ml", "ω over own loadings", _FREE), "loadings", 50, _by_own_loadings
    ),
    "shock_atom_clayton": LawRow(
        Row("shock_atom_clayton", "ω over Clayton", _FREE), "clayton", 100, _by_free_rates("clayton", 0.8)
    ),
    "shock_atom_student_factor": LawRow(
        Row("shock_atom_student_factor", "ω over a Student factor", _COUNTS),
        "student",
        20,
        _printed_by("atom_student_factor", "shock"),
    ),
    "shock_atom_skew_factor": LawRow(
        Row("shock_atom_skew_factor", "ω over a skewed factor", _COUNTS),
        "skew",
        20,
        _printed_by("atom_skew_factor", "shock"),
    ),
    "shock_atom_one_factor_loadings": LawRow(
        Row("shock_atom_one_factor_loadings", "ω over own loadings, from pairs", _PROFILE),
        "loadings",
        30,
        _printed_by("atom_one_factor_loadings", "shock"),
    ),
    "shock_atom_block": LawRow(
        Row("shock_atom_block", "ω over families, from pairs", _PROFILE),
        "block",
        30,
        _printed_by("atom_block", "shock"),
    ),
    "shock_atom_full_sigma": LawRow(
        Row("shock_atom_full_sigma", "ω over full Σ, from pairs", _PROFILE),
        "full_sigma",
        30,
        _printed_by("atom_full_sigma", "shock"),
    ),
    "correlation_one_factor_ml": LawRow(
        Row("correlation_one_factor_ml", "r = .4 of one factor, no atom", "likelihood of C"),
        "one_factor",
        100,
        lambda wrong, _: _printed_by("one_factor_ml", "correlation")(wrong, 0.4),
        shocked=False,
    ),
    "theta_clayton_ml": LawRow(
        Row("theta_clayton_ml", "θ = .8 of Clayton, no atom", "likelihood of the matrix, rates free"),
        "clayton",
        100,
        lambda wrong, _: _theta_holds(wrong, 0.8),
        shocked=False,
    ),
}


def _theta_holds(wrong: np.ndarray, theta: float) -> bool:
    data = Patterns.of(wrong)
    free, held = (
        limits.fit(data, "clayton", shock=0.0, dependence=theta, hold_dependence=hold) for hold in (False, True)
    )
    return free.log_likelihood - held.log_likelihood <= 1.9207


def measure(matrices: int, kept: Kept) -> None:
    """Every interval of `LAW_ROWS`; of 100 matrices each row takes its own share."""
    for name, law in LAW_ROWS.items():
        if kept.tables.get("laws", {}).get(name):
            continue
        cells: dict[str, tuple[int, int]] = {}
        for number, (column, pool) in enumerate(POOLS.items()):
            if not law.shocked and pool.shock == 0:
                continue
            base = BASES[law.base](pool.rates)
            truth = AtomInflated(pool.shock, base) if law.shocked and pool.shock else base
            held = asked = 0
            for wrong in _samples(truth, pool.n_queries, max(1, matrices * law.matrices // 100), number):
                kept_models = wrong[:, wrong.any(axis=0) & ~wrong.all(axis=0)]
                inside = law.holds(kept_models, pool.shock) if kept_models.shape[1] >= 2 else None
                held, asked = held + bool(inside), asked + (inside is not None)
            cells[column] = held, asked
        kept.add("laws", {name: cells})


def _samples(law: AbstractErrorLaw, n: int, matrices: int, number: int) -> Iterator[np.ndarray]:
    """Matrices of a law, from one draw of all their queries."""
    drawn = np.asarray(law.sample(jax.random.key(7000 + number), n * matrices))
    yield from drawn.reshape(matrices, n, -1)
