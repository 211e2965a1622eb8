"""`python -m studies.tail_verdict [matrices] [truth ...]`: the numbers of docs/fit.md about the verdict on a tail.

How often every smooth law is rejected, for truths without an atom and for atoms over several bases. Each histogram is
judged by the tests of a fit (`fitting.readings.tail_test`); the grids of laws are made once for a truth, from its error
rates and equal loadings, and 199 histograms stand behind each p-value.
"""

import sys
from collections.abc import Callable, Mapping

import numpy as np
from scipy.special import gammaln, ndtri

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.readings.difficulty import Pool, near
from cofail_lab.fitting.readings.tail_test import (
    ONE_SHAPE,
    TWO_SHAPES,
    Draws,
    alternatives_near,
    likelihoods,
    power,
    power_ceiling,
    smooth_p_values,
    two_shape_p_value,
)

Truth = Callable[[np.random.Generator, int, int], np.ndarray]
"""(random numbers, queries, models) -> a 0/1 matrix, 1 for wrong."""

SIZES = ((20, 300), (20, 1000), (60, 300), (60, 1000))
_SIMULATED = 199
# Evidence below this is never rare at 5% (the critical value is between .9 and 1.7).
_NO_EVIDENCE = 0.5


def factor(difficulty: Callable[[np.random.Generator, int], np.ndarray], rates: tuple[float, float] = (0.3, 0.5)):
    """One factor, r = .5; difficulty is large for hard queries. ``rates`` are exact for a Gaussian factor only."""

    def truth(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
        noise = rng.standard_normal((n, m))
        return np.sqrt(0.5) * (noise - difficulty(rng, n)[:, None]) < ndtri(np.linspace(*rates, m))

    return truth


def exponential_irt(slopes: tuple[float, float]) -> Truth:
    """Item response with exponential difficulty; models of equal or of different slopes."""

    def truth(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
        slope = np.geomspace(*slopes, m)[np.random.default_rng(0).permutation(m)]
        hard = rng.exponential(size=n) - 1
        return rng.random((n, m)) < 1 / (1 + np.exp(-1.7 * slope * (hard[:, None] - np.linspace(-0.8, 0.8, m))))

    return truth


def two_factors(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Two Gaussian factors with loadings in opposite orders."""
    first, second = np.linspace(0.8, 0.3, m), np.linspace(0.1, 0.7, m)
    own = np.sqrt(1 - first**2 - second**2)
    scores = rng.standard_normal((n, 2)) @ np.stack([first, second]) + own * rng.standard_normal((n, m))
    return scores < ndtri(np.linspace(0.3, 0.5, m))


def blocks(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Four families, correlation .75 within and .3 across."""
    shared, own = rng.standard_normal((n, 1)), rng.standard_normal((n, 4))[:, np.arange(m) % 4]
    scores = np.sqrt(0.3) * shared + np.sqrt(0.45) * own + np.sqrt(0.25) * rng.standard_normal((n, m))
    return scores < ndtri(np.linspace(0.3, 0.5, m))


def beta(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
    """Models alike, a query's error rate from Beta(.8, 1.2)."""
    return rng.random((n, m)) < rng.beta(0.8, 1.2, n)[:, None]


def atom(base: Truth, size: float) -> Truth:
    """An atom over another truth."""

    def truth(rng: np.random.Generator, n: int, m: int) -> np.ndarray:
        wrong = base(rng, n, m)
        wrong[rng.random(n) < size] = True
        return wrong

    return truth


def _gaussian(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_normal(n)


def _student(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_t(4, n) / np.sqrt(2)


def _skew_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """Skewness .85."""
    delta = 5 / np.sqrt(26)
    score = delta * np.abs(rng.standard_normal(n)) + np.sqrt(1 - delta**2) * rng.standard_normal(n)
    return (score - delta * np.sqrt(2 / np.pi)) / np.sqrt(1 - 2 * delta**2 / np.pi)


def _lognormal(rng: np.random.Generator, n: int) -> np.ndarray:
    """Skewness 2.3."""
    growth = np.exp(0.36)
    return (np.exp(0.6 * rng.standard_normal(n)) - np.sqrt(growth)) / np.sqrt((growth - 1) * growth)


def _laplace(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.laplace(size=n) / np.sqrt(2)


def _skew_laplace(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two exponentials, twice as long towards hard queries."""
    score = np.where(rng.random(n) < 0.7, rng.exponential(1.0, n), -rng.exponential(0.5, n))
    return (score - 0.55) / 1.1


def _skew_t(rng: np.random.Generator, n: int) -> np.ndarray:
    """Azzalini's skew t with slant 5 and 5 degrees of freedom, to mean 0 and variance 1: skewed and heavy."""
    delta, nu = 5 / np.sqrt(26), 5
    normal = delta * np.abs(rng.standard_normal(n)) + np.sqrt(1 - delta**2) * rng.standard_normal(n)
    mean = np.sqrt(nu / np.pi) * np.exp(gammaln((nu - 1) / 2) - gammaln(nu / 2)) * delta
    return (normal / np.sqrt(rng.chisquare(nu, n) / nu) - mean) / np.sqrt(nu / (nu - 2) - mean**2)


SMOOTH: Mapping[str, Truth] = {
    "gaussian": factor(_gaussian),
    "skew_normal": factor(_skew_normal),
    "student_4": factor(_student),
    "irt_1pl": exponential_irt((1.0, 1.0)),
    "irt_2pl": exponential_irt((0.75, 1.35)),
    "lognormal": factor(_lognormal),
    "laplace": factor(_laplace),
    "skew_laplace": factor(_skew_laplace),
    "skew_t": factor(_skew_t),
    "two_factors": two_factors,
    "blocks": blocks,
    "beta": beta,
}
"""Truths without an atom."""

ATOMS: Mapping[str, Truth] = {
    "atom_3_gaussian": atom(factor(_gaussian, (0.37 / 0.97, 0.37 / 0.97)), 0.03),
    "atom_3_rates": atom(factor(_gaussian), 0.03),
    "atom_3_student_4": atom(factor(_student), 0.03),
    "atom_3_skew_normal": atom(factor(_skew_normal), 0.03),
    "atom_5_gaussian": atom(factor(_gaussian, (0.35 / 0.95, 0.35 / 0.95)), 0.05),
    "atom_5_student_4": atom(factor(_student), 0.05),
    "atom_5_skew_normal": atom(factor(_skew_normal), 0.05),
}
"""An atom of 3% or 5%; the first has α = .4 and r = .5."""


def measure(name: str, m: int, n: int, matrices: int) -> None:
    """How often a truth is called beyond every smooth law, and beyond a Gaussian one."""
    truth = SMOOTH[name] if name in SMOOTH else ATOMS[name]
    rng = np.random.default_rng([m, n, sum(map(ord, name))])

    def histogram(queries: int) -> np.ndarray:
        return np.bincount(truth(rng, queries, m).sum(axis=1), minlength=m + 1).astype(float)

    pool = Pool(truth(rng, 40_000, m).mean(axis=0), np.ones(m))
    shares = histogram(40_000) / 40_000
    alternatives = alternatives_near(pool, n * shares, 0.03)
    kept = near(pool, (*ONE_SHAPE, TWO_SHAPES), np.stack([shares, *alternatives.values()]), n)
    two_shapes = kept.pop(TWO_SHAPES)
    laws = {(0, family): one for family, one in kept.items()}
    nearest, ceiling = power_ceiling(alternatives["gaussian"], laws, Draws(n, 0))
    powers = {family: power(laws, alternative, Draws(n, 0)) for family, alternative in alternatives.items()}
    said = ", ".join(f"{value:.2f} over {family}" for family, value in powers.items())
    beyond = heavy = 0
    for index in range(matrices):
        counts, draw = histogram(n), Draws(n, index)
        with_, without, _ = (values[0] for values in likelihoods(kept["gaussian"], counts[None]))
        heavy += bool(with_ - without > 1.353)
        if min(float(np.subtract(*likelihoods(one, counts[None])[:2])[0]) for one in laws.values()) < _NO_EVIDENCE:
            continue
        p_values, _ = smooth_p_values(laws, counts, draw, _SIMULATED)
        if max(p_values.values()) <= 0.05:
            p_values |= two_shape_p_value(two_shapes, laws, counts, draw, _SIMULATED)
        beyond += max(p_values.values()) <= 0.05
    low, high = clopper_pearson(beyond, matrices, 0.05)
    print(
        f"{name}, {m} x {n}, {matrices} matrices: beyond {beyond / matrices:.1%} [{low:.1%}, {high:.1%}], not Gaussian "
        f"{heavy / matrices:.0%}; a 3% atom: ceiling {ceiling:.2f} over gaussian against {nearest}, power {said}",
        flush=True,
    )


if __name__ == "__main__":
    number, chosen = int((sys.argv[1:] or ["200"])[0]), sys.argv[2:] or [*SMOOTH, *ATOMS]
    for name in chosen:
        for m, n in SIZES:
            measure(name, m, n, number)
