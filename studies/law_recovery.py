"""Recovery: matrices are drawn from every law (m = 40, n = 2,000), laws are fitted, and compared with the truth.

    python -m studies.law_recovery --seeds 100 --heldout-seeds 10

Prints, per law and parameter, the share of 95% intervals that contain the truth. An estimate from pairs has a
percentile bootstrap interval. An estimate by likelihood has a profile interval: the truth is inside if twice the loss
of log-likelihood is below 3.84. Also prints how often the held-out comparison prefers the law that made the data, or a
law within two standard errors of the best.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import numpy as np
from scipy.special import ndtr
from scipy.stats import beta as beta_law
from scipy.stats import chi2

from cofail_lab.fitting.comparison.compare import compare_laws
from cofail_lab.fitting.estimators import (
    atom,
    atom_profile,
    block,
    clayton,
    full_sigma,
    limits,
    loadings,
    loadings_ml,
    shaped_factor,
    skew_factor,
    student_factor,
)
from cofail_lab.fitting.estimators.count_likelihood import count_law
from cofail_lab.fitting.estimators.mixture_ml import Patterns
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.tetrachoric import correlation_from_counts
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BlockFactor,
    Clayton,
    FactorMixture,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
    SkewFactor,
    StudentFactor,
)
from cofail_lab.outcomes import Outcomes

M, N, REPLICATES = 40, 2000, 199
SHOCK, R, THETA, BETWEEN, WITHIN = 0.04, 0.45, 1.0, 0.35, 0.6
INVERSE_NU, SKEWNESS = 0.25, 1.5
FAMILY = np.arange(M) // 8

_rng = np.random.default_rng(6)
RATES = ndtr(_rng.uniform(-0.6, 0.6, M))
LOADINGS = _rng.uniform(0.4, 0.9, M)
_three = np.column_stack([LOADINGS, _rng.uniform(-0.4, 0.4, (M, 2))])
SIGMA = _three @ _three.T
SIGMA[np.diag_indices(M)] = 1

Inside = Iterator[tuple[str, bool]]
"""Pairs of the name of an interval and whether the interval contains the truth."""

BaseOf = Callable[[np.ndarray, np.ndarray], AbstractErrorLaw | None]
"""The base of an atom, from error rates and the tetrachoric matrix of the queries without the atom."""


class Case(NamedTuple):
    """A law that makes data, the candidate that should be preferred, and its intervals.

    Attributes:
        law: the truth.
        candidate: name in `laws.FITTED_LAWS`.
        inside: intervals of a matrix, for a seed of their bootstrap.
    """

    law: AbstractErrorLaw
    candidate: str
    inside: Callable[[VaryingPool, int], Inside]


def _resampled(pool: VaryingPool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Error counts (replicates, m) and tetrachoric matrices of bootstrap replicates."""
    rng = np.random.default_rng([seed, 1])
    left, right = np.triu_indices(M, 1)
    columns = pool.wrong.astype(np.float32)
    counts, both = np.empty((REPLICATES, M), dtype=int), np.empty((REPLICATES, len(left)), dtype=int)
    for b in range(REPLICATES):
        weights = np.bincount(rng.integers(N, size=N), minlength=N).astype(np.float32)
        joint = (columns.T * weights) @ columns
        counts[b], both[b] = np.diagonal(joint), joint[left, right]
    values, _ = correlation_from_counts(counts[:, left].ravel(), counts[:, right].ravel(), both.ravel(), N)
    matrices = np.broadcast_to(np.eye(M), (REPLICATES, M, M)).copy()
    matrices[:, left, right] = matrices[:, right, left] = values.reshape(both.shape)
    return counts, matrices


def _holds(drawn: np.ndarray, truth: np.ndarray | float) -> np.ndarray:
    """Whether percentile intervals contain the truth.

    Replicates are the first dimension. Those without a law are NaN and left out.
    """
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    return np.asarray((low <= truth) & (truth <= high))


def _likely(best: float, at_truth: float) -> bool:
    return bool(2 * (best - at_truth) <= chi2.ppf(0.95, 1))


def _independent(pool: VaryingPool, seed: int) -> Inside:
    rng = np.random.default_rng([seed, 1])
    drawn = [np.log(pool.wrong[rng.integers(N, size=N)].mean(axis=0)).sum() for _ in range(REPLICATES)]
    yield "log β, bootstrap", bool(_holds(np.array(drawn), np.log(RATES).sum()))


def _one_factor(pool: VaryingPool, seed: int) -> Inside:
    _, matrices = _resampled(pool, seed)
    i, j = np.triu_indices(M, 1)
    yield "r = mean tetrachoric, bootstrap", bool(_holds(matrices[:, i, j].mean(axis=1), R))
    yield "r on C, profile", _on_counts(pool)


def _on_counts(pool: VaryingPool) -> bool:
    fitted = atom.fit(pool, "one_factor", atom=False)
    at_truth = count_law(atom.BASES["one_factor"].law(pool.error_rates, R)).log_likelihood(pool.histogram)
    return _likely(fitted.log_likelihood, at_truth)


def _loadings(pool: VaryingPool, seed: int) -> Inside:
    _, matrices = _resampled(pool, seed)
    for inside in _holds(loadings.fit(matrices), LOADINGS):
        yield "every loading, minres, bootstrap", bool(inside)
    start = loadings.fit(pool.tetrachoric)
    best = loadings_ml.fit(pool.wrong, start, atom=False).log_likelihood
    model = seed % M
    held = loadings_ml.fit(pool.wrong, start, atom=False, held_loading=(model, float(LOADINGS[model])))
    yield "a loading on the matrix, profile", _likely(best, held.log_likelihood)


def _full_sigma(pool: VaryingPool, seed: int) -> Inside:
    _, matrices = _resampled(pool, seed)
    i, j = np.triu_indices(M, 1)
    drawn = np.stack([full_sigma.repaired(matrix)[i, j] for matrix in matrices])
    yield "mean of Σ, bootstrap", bool(_holds(drawn.mean(axis=1), SIGMA[i, j].mean()))
    for inside in _holds(drawn, SIGMA[i, j])[seed % 20 :: 20]:
        yield "entries of Σ, bootstrap", bool(inside)


def _clayton(pool: VaryingPool, seed: int) -> Inside:
    rng = np.random.default_rng([seed, 1])
    pairs = np.triu_indices(M, 1)
    counts, means = np.empty((REPLICATES, M)), np.empty(REPLICATES)
    for b in range(REPLICATES):
        wrong = pool.wrong[rng.integers(N, size=N)]
        counts[b], number = wrong.mean(axis=0), wrong.sum(axis=1)
        means[b] = (number * (number - 1)).mean() / (M * (M - 1))
    yield "θ of mean p_ij, bootstrap", bool(_holds(clayton.fit_theta(counts, pairs, means), THETA))
    data = Patterns.of(pool.wrong)
    free, held = (
        limits.fit(data, "clayton", shock=0.0, dependence=THETA, hold_dependence=hold) for hold in (False, True)
    )
    yield "θ on the matrix, profile", _likely(free.log_likelihood, held.log_likelihood)


def _shape(shape: shaped_factor.Shape, truth: float) -> Callable[[VaryingPool, int], Inside]:
    def inside(pool: VaryingPool, _: int) -> Inside:
        free, held = (shaped_factor.fit(pool, shape, held_shape=value) for value in (None, truth))
        yield f"{shape.name.replace('_', ' ')} on C, profile", _likely(free.log_likelihood, held.log_likelihood)

    return inside


def _atom_beside(shape: shaped_factor.Shape) -> Callable[[VaryingPool, int], Inside]:
    def inside(pool: VaryingPool, _: int) -> Inside:
        free, held = (shaped_factor.fit(pool, shape, atom=True, held_shock=shock) for shock in (None, SHOCK))
        yield "ω on C, profile", _likely(free.log_likelihood, held.log_likelihood)

    return inside


def _no_interval(pool: VaryingPool, _: int) -> Inside:
    del pool
    yield from ()


def _block(pool: VaryingPool, seed: int) -> Inside:
    _, matrices = _resampled(pool, seed)
    between, within = block.fit(matrices, FAMILY)
    yield "ρ_b, bootstrap", bool(_holds(between, BETWEEN))
    yield "ρ_w, bootstrap", bool(_holds(within, WITHIN))


def _atom(base: str, dependence: float) -> Callable[[VaryingPool, int], Inside]:
    def inside(pool: VaryingPool, _: int) -> Inside:
        data = Patterns.of(pool.wrong)
        free = limits.likeliest_shock(data, base, SHOCK, dependence)
        held = limits.fit(data, base, shock=SHOCK, dependence=dependence, hold_shock=True, start=free.x)
        yield "ω on the matrix", _within(pool, free, held)

    return inside


def _within(pool: VaryingPool, free: limits.Point, held: limits.Point) -> bool:
    """Whether the limits of ω contain the ω that ``held`` holds."""
    return limits.shock_excess(held, free, pool.n_all_wrong, pool.n_queries, upper=held.shock > free.shock) >= 0


def _atom_loadings(pool: VaryingPool, _: int) -> Inside:
    start = loadings.fit(pool.tetrachoric)
    free = loadings_ml.fit(pool.wrong, start, atom=True)
    held = loadings_ml.fit(pool.wrong, free.loadings, atom=True, held_shock=SHOCK)
    yield "ω on the matrix", _within(pool, free, held)


def _profiled(base_of: BaseOf) -> Callable[[VaryingPool, int], Inside]:
    def inside(pool: VaryingPool, _: int) -> Inside:
        profile = atom_profile.profile(pool, base_of)
        k = min(round(SHOCK * N), pool.n_all_wrong)
        base = base_of((pool.error_counts - k) / (N - k), pool.tetrachoric_without(np.array([k]))[0])
        if profile is None or base is None:
            yield "ω on C, profile over k", False
            return
        at_truth = count_law(AtomInflated(k / N, base)).log_likelihood(pool.histogram)
        yield "ω on C, profile over k", _likely(profile.log_likelihood, at_truth)

    return inside


def _loadings_law(rates: np.ndarray, matrix: np.ndarray) -> OneFactorGaussian:
    return OneFactorGaussian(rates, loadings.fit(matrix))


def _full_sigma_law(rates: np.ndarray, matrix: np.ndarray) -> GaussianCopula:
    return GaussianCopula(rates, full_sigma.repaired(matrix))


def _block_law(rates: np.ndarray, matrix: np.ndarray) -> BlockFactor | None:
    between, within = block.fit(matrix, FAMILY)
    return None if np.isnan(between) else BlockFactor(rates, FAMILY, between, within)


def _bases() -> dict[str, AbstractErrorLaw]:
    return {
        "independent": Independent(RATES),
        "one factor": OneFactorGaussian(RATES, np.full(M, np.sqrt(R))),
        "loadings": OneFactorGaussian(RATES, LOADINGS),
        "full Σ": GaussianCopula(RATES, SIGMA),
        "Clayton": Clayton(RATES, THETA),
        "block": BlockFactor(RATES, FAMILY, BETWEEN, WITHIN),
        "Student": StudentFactor(RATES, np.full(M, np.sqrt(R)), 1 / INVERSE_NU),
        "skewed": SkewFactor(RATES, np.full(M, np.sqrt(R)), SKEWNESS),
        "discrete": FactorMixture(RATES, np.full(M, np.sqrt(R)), [-4.0, -1.0, 0.2, 2.0], [0.1, 0.2, 0.5, 0.2]),
    }


def cases() -> dict[str, Case]:
    """Name -> law that makes data, with its candidate and intervals."""
    bases = _bases()
    atoms = {name: AtomInflated(SHOCK, law) for name, law in bases.items()}
    return {
        "independent": Case(bases["independent"], "independent", _independent),
        "one factor": Case(bases["one factor"], "one_factor", _one_factor),
        "loadings": Case(bases["loadings"], "one_factor_loadings", _loadings),
        "full Σ": Case(bases["full Σ"], "full_sigma", _full_sigma),
        "Clayton": Case(bases["Clayton"], "clayton", _clayton),
        "block": Case(bases["block"], "block", _block),
        "Student": Case(bases["Student"], "student_factor", _shape(student_factor.SHAPE, INVERSE_NU)),
        "skewed": Case(bases["skewed"], "skew_factor", _shape(skew_factor.SHAPE, SKEWNESS)),
        "discrete": Case(bases["discrete"], "factor_mixture", _no_interval),
        "atom + independent": Case(atoms["independent"], "atom_independent", _atom("independent", 0.0)),
        "atom + one factor": Case(atoms["one factor"], "atom_one_factor", _atom("one_factor", R)),
        "atom + Clayton": Case(atoms["Clayton"], "atom_clayton", _atom("clayton", THETA)),
        "atom + Student": Case(atoms["Student"], "atom_student_factor", _atom_beside(student_factor.SHAPE)),
        "atom + skewed": Case(atoms["skewed"], "atom_skew_factor", _atom_beside(skew_factor.SHAPE)),
        "atom + loadings": Case(atoms["loadings"], "atom_one_factor_loadings_ml", _atom_loadings),
        "atom + loadings, from pairs": Case(atoms["loadings"], "atom_one_factor_loadings", _profiled(_loadings_law)),
        "atom + block": Case(atoms["block"], "atom_block", _profiled(_block_law)),
        "atom + full Σ": Case(atoms["full Σ"], "atom_full_sigma", _profiled(_full_sigma_law)),
    }


def drawn(law: AbstractErrorLaw, seed: int) -> np.ndarray:
    """The matrix drawn with a seed; bool (N, M)."""
    return np.asarray(law.sample(jax.random.key(1000 + seed), N))


def coverage(case: Case, seeds: range) -> dict[str, tuple[int, int]]:
    """Name of an interval -> in how many matrices it contains the truth, and the number of matrices."""
    counts: dict[str, tuple[int, int]] = {}
    for seed in seeds:
        for name, inside in case.inside(VaryingPool(drawn(case.law, seed), FAMILY.astype(str)), seed):
            held, asked = counts.get(name, (0, 0))
            counts[name] = held + inside, asked + 1
    return counts


def picked(case: Case, seeds: range) -> int:
    """In how many matrices held-out queries prefer the law that made them, or cannot distinguish it from the best."""
    hits = 0
    for seed in seeds:
        wrong = drawn(case.law, seed)
        outcomes = Outcomes(
            wrong,
            tuple(map(str, range(N))),
            tuple(map(str, range(M))),
            "drawn",
            per_model={"family": FAMILY.astype(str)},
        )
        hits += compare_laws(outcomes, seed=seed, intervals=False)[case.candidate].close
    return hits


def main() -> None:
    """Print a row of a Markdown table per interval and per held-out choice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--heldout-seeds", type=int, default=10)
    parser.add_argument("--only", nargs="*")
    options = parser.parse_args()
    print("| data from | interval | holds the truth | 95% limits of that share |\n|---|---|---|---|")
    for name, case in cases().items():
        if options.only and name not in options.only:
            continue
        begun = time.perf_counter()
        for interval, (held, asked) in coverage(case, range(options.seeds)).items():
            low, high = beta_law.ppf([0.025, 0.975], [held, held + 1], [asked - held + 1, max(asked - held, 1e-9)])
            print(f"| {name} | {interval} | {held} of {asked} | {low:.3f} to {high:.3f} |", flush=True)
        if options.heldout_seeds:
            hits = picked(case, range(options.heldout_seeds))
            print(f"| {name} | held-out choice | {hits} of {options.heldout_seeds} | |", flush=True)
        print(f"<!-- {name}: {time.perf_counter() - begun:.0f} s -->", flush=True)


if __name__ == "__main__":
    main()
