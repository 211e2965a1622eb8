"""Truths that intervals are tried on: every number of a population is known exactly, and matrices are drawn from it.

A population is a finite mixture: a query is of kind k with probability w_k, and then models err independently, model i
with probability P_ki. A factor law is such a mixture over a fine grid of its factor, and the truth is *that* mixture,
so that no number of it has an error. ``TRUTHS[name](rng)`` draws one matrix.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtr, ndtri, stdtrit


@dataclass(frozen=True, eq=False)
class Population:
    """A law of queries and models.

    Attributes:
        weights: probability of each kind of query, (kinds,), summing to one.
        probs: P(model wrong | kind), (kinds, distinct).
        copies: for every model of the pool the column of ``probs`` that it shows, (m,); two models with the same column
            give the same answer to every query.
    """

    weights: Float[np.ndarray, " kinds"]
    probs: Float[np.ndarray, "kinds distinct"]
    copies: Int[np.ndarray, " m"]

    @property
    def n_models(self) -> int:
        """Number of models, m."""
        return len(self.copies)

    @cached_property
    def error_rates(self) -> Float[np.ndarray, " m"]:
        """α_i."""
        return (self.weights @ self.probs)[self.copies]

    @cached_property
    def all_wrong(self) -> float:
        """β."""
        return float(self.weights @ self.probs.prod(axis=1))

    @cached_property
    def pairwise_wrong(self) -> Float[np.ndarray, "m m"]:
        """p_ij, diagonal = α_i."""
        joint = (self.weights[:, None] * self.probs).T @ self.probs
        np.fill_diagonal(joint, self.weights @ self.probs)
        return joint[np.ix_(self.copies, self.copies)]

    @property
    def oracle_gain(self) -> float:
        """G = min_i α_i − β; exactly 0 for one model."""
        return float(self.error_rates.min() - self.all_wrong) if self.probs.shape[1] > 1 else 0.0

    @property
    def single_best(self) -> float:
        """a_sb."""
        return float(1 - self.error_rates.min())

    @property
    def foreclosed_share(self) -> float | None:
        """β / (1 − a_sb); None where the best model never errs."""
        least = float(self.error_rates.min())
        return self.all_wrong / least if least else None

    @property
    def pearson(self) -> float:
        """Mean phi coefficient over pairs."""
        alpha = self.error_rates
        deviation = np.sqrt(alpha * (1 - alpha))
        phi = (self.pairwise_wrong - np.outer(alpha, alpha)) / np.outer(deviation, deviation)
        return float(phi[np.triu_indices(len(alpha), 1)].mean())

    def kinds(self, rng: np.random.Generator, n: int) -> Int[np.ndarray, " n"]:
        """The kinds of n queries."""
        return rng.choice(len(self.weights), size=n, p=self.weights)

    def draw(self, rng: np.random.Generator, n: int) -> Bool[np.ndarray, "n m"]:
        """The answers of all models to n queries, True for wrong."""
        probs = self.probs[self.kinds(rng, n)]
        return (rng.random(probs.shape) < probs)[:, self.copies]

    def draw_runs(self, rng: np.random.Generator, n: int, runs: int) -> Int[np.ndarray, "n m"]:
        """Number of right runs among ``runs`` of every model on n queries; runs of copies are independent."""
        return rng.binomial(runs, 1 - self.probs[self.kinds(rng, n)][:, self.copies])


class Drawn(NamedTuple):
    """One matrix, True for wrong, and the population that it is from."""

    wrong: Bool[np.ndarray, "n m"]
    population: Population


@dataclass(frozen=True)
class Truth:
    """A population and the number of queries that matrices of it have; called with a generator, it draws one."""

    about: str
    n_queries: int
    make: Callable[[], Population]

    @cached_property
    def population(self) -> Population:
        """The population, made when it is first needed."""
        return self.make()

    def __call__(self, rng: np.random.Generator) -> Drawn:
        """One matrix of ``n_queries`` queries."""
        return Drawn(self.population.draw(rng, self.n_queries), self.population)


def mixture(weights: object, probs: object, copies: object = None) -> Population:
    """A population by its kinds of queries."""
    table = np.asarray(probs, dtype=float)
    columns = np.arange(table.shape[1]) if copies is None else np.asarray(copies)
    return Population(np.asarray(weights, dtype=float), table, columns)


_GRID = (np.arange(4000) + 0.5) / 4000
"""Midpoints of equally likely parts of a factor's distribution."""


def one_factor(rates: object, r: object, factor: Callable[[np.ndarray], np.ndarray] = ndtri) -> Population:
    """Model i is wrong with probability Φ((t_i − √r_i Z)/√(1−r_i)) given the factor Z; t_i gives it its error rate.

    Args:
        rates: α_i, (m,).
        r: share of the latent variance that the factor explains, a number or (m,).
        factor: quantile function of Z, normal unless given.
    """
    alpha = np.asarray(rates, dtype=float)
    share = np.broadcast_to(np.asarray(r, dtype=float), alpha.shape)
    z = factor(_GRID)[:, None]

    def probs(t: np.ndarray) -> np.ndarray:
        return ndtr((t - np.sqrt(share) * z) / np.sqrt(1 - share))

    low, high = np.full(alpha.shape, -60.0), np.full(alpha.shape, 60.0)
    for _ in range(60):
        middle = (low + high) / 2
        above = probs(middle).mean(axis=0) > alpha
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return mixture(np.full(len(_GRID), 1 / len(_GRID)), probs(low))


def shocked(shock: float, base: Population) -> Population:
    """With probability ``shock`` every model is wrong, else the base."""
    weights = np.concatenate([[shock], (1 - shock) * base.weights])
    return Population(weights, np.concatenate([np.ones((1, base.probs.shape[1])), base.probs]), base.copies)


def independent(rates: object) -> Population:
    """No dependence at all."""
    return mixture([1.0], np.asarray(rates, dtype=float)[None])


def two_families(rate: float, size: int, between: float, within: float) -> Population:
    """Two families of ``size`` models: a factor of all queries and one of each family, on a grid of 40 points each."""
    z = ndtri((np.arange(40) + 0.5) / 40)
    # The grid has a variance a little below 1; the rate of the population is what the population says it is.
    kinds = [
        [ndtr((ndtri(rate) - np.sqrt(between) * z0 - np.sqrt(within - between) * f) / np.sqrt(1 - within)) for f in own]
        for z0, *own in product(z, z, z)
    ]
    return mixture(np.full(len(kinds), 1 / len(kinds)), np.repeat(kinds, size, axis=1))


def student(u: np.ndarray) -> np.ndarray:
    """Quantiles of a t factor with 3 degrees of freedom and variance 1."""
    return stdtrit(3.0, u) / np.sqrt(3.0)


def _exponential(u: np.ndarray) -> np.ndarray:
    return 1 + np.log(u)


def _better(best: float, others: float, n_models: int) -> np.ndarray:
    return np.r_[best, np.full(n_models - 1, others)]


_SPREAD = np.random.default_rng(14).uniform(0.1, 0.6, 150)
_IRT = np.random.default_rng(15).uniform(0.15, 0.5, 20)

TRUTHS: dict[str, Truth] = {
    # Those of the referee.
    "two_equal": Truth("2 equal models, α = .3, one factor r = .5", 300, lambda: one_factor([0.3] * 2, 0.5)),
    "ties_20": Truth("20 equal models, α = .3, one factor r = .5", 300, lambda: one_factor([0.3] * 20, 0.5)),
    "ties_67": Truth("67 equal models, α = .3, one factor r = .5", 300, lambda: one_factor([0.3] * 67, 0.5)),
    "shock_67": Truth(
        "shock of 5% over 67 independent models, .06", 300, lambda: shocked(0.05, independent([0.06] * 67))
    ),
    # Sparse, tiny.
    "sparse": Truth("10 models, α = .01, one factor r = .3", 300, lambda: one_factor([0.01] * 10, 0.3)),
    "sparse_20": Truth("20 independent models, α = .05", 30, lambda: independent([0.05] * 20)),
    "tiny": Truth("15 models, α = .2 to .5, one factor r = .4", 30, lambda: one_factor(np.linspace(0.2, 0.5, 15), 0.4)),
    "sparse_pool": Truth("50 models, α = .02, r = .6", 200, lambda: one_factor([0.02] * 50, 0.6)),
    "more_models": Truth("200 models on 40 queries, α = .3, r = .5", 40, lambda: one_factor([0.3] * 200, 0.5)),
    # One best model.
    "strong_best": Truth("one model at .1, 29 at .4, r = .4", 300, lambda: one_factor(_better(0.1, 0.4, 30), 0.4)),
    "better_best": Truth("one model at .25, 39 at .3, r = .5", 300, lambda: one_factor(_better(0.25, 0.3, 40), 0.5)),
    "much_alike": Truth("30 models, α = .2 to .3, r = .95", 500, lambda: one_factor(np.linspace(0.2, 0.3, 30), 0.95)),
    # Other shapes of difficulty and dependence.
    "heavy_tail": Truth(
        "20 models, α = .3, t factor (ν = 3) r = .5", 300, lambda: one_factor([0.3] * 20, 0.5, student)
    ),
    "skewed": Truth("20 models, .15 to .5, exponential factor", 300, lambda: one_factor(_IRT, 0.5, _exponential)),
    "families": Truth("two families of 10, α = .3, r .3 and .7", 300, lambda: two_families(0.3, 10, 0.3, 0.7)),
    "duplicates": Truth(
        "5 models in 13 copies each, α = .3, r = .5",
        300,
        lambda: replace(one_factor([0.3] * 5, 0.5), copies=np.repeat(np.arange(5), 13)),
    ),
    "opposed": Truth("2 models, each right where the other is wrong", 100, lambda: mixture([0.5, 0.5], np.eye(2))),
    "opposed_unequal": Truth("the same, wrong on .1 and .9", 100, lambda: mixture([0.1, 0.9], np.eye(2))),
    # Sizes and the ends of β.
    "wide": Truth("150 models, .1 to .6, r = .4", 300, lambda: one_factor(_SPREAD, 0.4)),
    "long": Truth("40 models, .2 to .4, r = .5", 2000, lambda: one_factor(np.linspace(0.2, 0.4, 40), 0.5)),
    "mostly_all_wrong": Truth("shock of 60% over 20 models, .2", 200, lambda: shocked(0.6, independent([0.2] * 20))),
    "never_all_wrong": Truth(
        "20 models, α = .3, one right at random always",
        300,
        lambda: mixture([0.05] * 20, 0.3158 * (1 - np.eye(20))),
    ),
    "no_gain": Truth(
        "one model at .1, right where anyone is: G = 0",
        200,
        lambda: mixture([0.1, 0.9], [[1.0] * 5, [0.0] + [0.4] * 4]),
    ),
}
"""Truths by name."""
