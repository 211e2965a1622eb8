"""The likelihood of a matrix under a mixture of laws with independent errors, beside an atom, and its gradient.

Each base says how its models err at the nodes of what they share. The gradient in those probabilities needs only the
posterior of the node (Bock and Aitkin 1981): two matrix products per evaluation. Rows that are alike are kept once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import OptimizeResult, minimize
from scipy.special import digamma, expit, gammainc, gammaln, log_ndtr, logit

from cofail_lab.numerics import one_factor
from cofail_lab.numerics.log_sums import log_sums

MIN_SHOCK = 1e-8
"""A smaller ω is 0."""

_REACH, _GRID_ERROR = 8.0, 1e-6
_MAX_STEPS, _MAX_GRIDS = 500, 4
# A logarithm of a probability is kept above this, so that products with it stay finite.
_MIN_LOG = -1e5


class Patterns(NamedTuple):
    """The distinct rows of a matrix.

    Attributes:
        wrong: 0 or 1, (patterns, m).
        counts: how many queries have each pattern, (patterns,).
        all_wrong: which pattern is the one in which every model is wrong, (patterns,).
        n_queries: n.
    """

    wrong: Float[np.ndarray, "patterns m"]
    counts: Float[np.ndarray, " patterns"]
    all_wrong: Bool[np.ndarray, " patterns"]
    n_queries: int

    @classmethod
    def of(cls, wrong: Bool[np.ndarray, "n m"]) -> "Patterns":
        """The patterns of a matrix."""
        _, first, counts = np.unique(np.packbits(wrong, axis=1), axis=0, return_index=True, return_counts=True)
        rows = wrong[first]
        return cls(rows.astype(float), counts.astype(float), np.asarray(rows.all(axis=1)), len(wrong))

    @property
    def n_all_wrong(self) -> int:
        """K."""
        return int(self.counts[self.all_wrong].sum())

    @property
    def error_counts(self) -> Float[np.ndarray, " m"]:
        """Errors of each model."""
        return self.counts @ self.wrong


class Nodes(NamedTuple):
    """How models err at the values of what they share.

    Attributes:
        log_weights: of the nodes, (nodes,).
        log_wrong, log_right: log P(wrong | node) and log P(right | node) of every model, (m, nodes).
        pull: the gradient in the parameters of the mixture, from those in the three others.
    """

    log_weights: Float[np.ndarray, " nodes"]
    log_wrong: Float[np.ndarray, "m nodes"]
    log_right: Float[np.ndarray, "m nodes"]
    pull: Any


class Mixture(Protocol):
    """A base law with parameters x (all but ω), on a grid."""

    def nodes(self, x: Float[np.ndarray, " size"]) -> Nodes:
        """The nodes at x."""
        ...

    def suits(self, x: Float[np.ndarray, " size"]) -> bool:
        """Whether the grid is fine enough at x."""
        ...


@dataclass(frozen=True)
class Probit:
    """P(wrong | z) = Φ(a_i - b_i z) for Z standard normal; x is (a, b).

    Attributes:
        n_models: m.
        kappa: 1 + Σ b_i², the information about Z in all answers, that the grid is made for.
        n_slopes: m for a slope b_i of each model, 1 for one b of all, 0 for independent errors.
    """

    n_models: int
    kappa: float
    n_slopes: int

    @classmethod
    def at(cls, x: np.ndarray, n_models: int) -> "Probit":
        """The mixture with a grid that has some room around x."""
        return cls(n_models, 1.5 * _kappa(x[n_models:], n_models), len(x) - n_models)

    def suits(self, x: np.ndarray) -> bool:
        """Whether the grid is fine enough at x."""
        return _kappa(x[self.n_models :], self.n_models) <= self.kappa

    def nodes(self, x: np.ndarray) -> Nodes:
        """The nodes of Z."""
        m = self.n_models
        z, log_weights = (np.zeros(1), np.zeros(1)) if self.n_slopes == 0 else _normal_nodes(self.kappa)
        slopes = np.broadcast_to(x[m:] if self.n_slopes else 0.0, (m,))
        u = x[:m, None] - slopes[:, None] * z
        log_wrong, log_right = log_ndtr(u), log_ndtr(-u)

        def pull(_: np.ndarray, to_wrong: np.ndarray, to_right: np.ndarray) -> np.ndarray:
            log_density = -u * u / 2 - np.log(2 * np.pi) / 2
            by_u = to_wrong * np.exp(log_density - log_wrong) - to_right * np.exp(log_density - log_right)
            by_slope = -by_u @ z
            by_slopes = by_slope if self.n_slopes == m else by_slope.sum()[None]
            return np.concatenate([by_u.sum(axis=1), by_slopes])[: len(x)]

        return Nodes(log_weights, log_wrong, log_right, pull)


def _kappa(slopes: np.ndarray, m: int) -> float:
    return 1 + float((np.broadcast_to(slopes if slopes.size else 0.0, (m,)) ** 2).sum())


def _normal_nodes(kappa: float) -> tuple[np.ndarray, np.ndarray]:
    spacing = float(one_factor.proven_spacing(np.float64(kappa), _GRID_ERROR))
    z = np.linspace(-_REACH, _REACH, int(np.ceil(2 * _REACH / spacing)) + 1)
    return z, np.log(z[1] - z[0]) - z * z / 2 - np.log(2 * np.pi) / 2


@dataclass(frozen=True)
class Frailty:
    """P(wrong | V) = exp(-V c_i) for V ~ Gamma(k): Clayton with θ = 1/k, c_i = α_i^{-θ} - 1; x is (log c, log k).

    Attributes:
        log_v: nodes of log V.
        shapes: the smallest and the largest k that they suit.
        max_hazard: log c_i up to which they reach low enough.
    """

    log_v: Float[np.ndarray, " nodes"]
    shapes: tuple[float, float]
    max_hazard: float

    @classmethod
    def at(cls, x: np.ndarray) -> "Frailty":
        """The mixture with a grid that has some room around x."""
        m, shape, hazard = len(x) - 1, float(np.exp(x[-1])), float(x[:-1].max()) + 3
        low, high = shape / 2, 2 * shape
        # The density of log V has width 1/√k, and m answers tell log V to about 1/√m.
        spacing = 1 / np.sqrt(2 + m + high)
        last = np.log(high + 9 * np.sqrt(high) + 40)
        # Below the first node V either has no weight, also where every model is wrong, or makes every model wrong.
        pulled = np.log(low) - np.logaddexp(0, np.log(m) + hazard)
        first = max(-25 - hazard, pulled - 48 / low - 12 / np.sqrt(low))
        return cls(np.arange(first, last + spacing, spacing), (low, high), hazard)

    def suits(self, x: np.ndarray) -> bool:
        """Whether the grid is fine enough at x."""
        low, high = self.shapes
        return low <= float(np.exp(x[-1])) <= high and float(x[:-1].max()) <= self.max_hazard

    def nodes(self, x: np.ndarray) -> Nodes:
        """The nodes of V; the first one stands for all smaller V, where every model is wrong."""
        log_v, k = self.log_v, float(np.exp(x[-1]))
        step = log_v[1] - log_v[0]
        log_weights = np.log(step) + k * log_v - np.exp(log_v) - gammaln(k)
        log_weights = np.concatenate([[_log_below(k, log_v[0] - step / 2)], log_weights])
        hazard = np.minimum(np.exp(np.minimum(x[:-1, None] + log_v, 700.0)), -_MIN_LOG)
        hazard = np.hstack([np.zeros((len(hazard), 1)), hazard])
        with np.errstate(divide="ignore"):
            log_right = np.maximum(np.log(-np.expm1(-hazard)), _MIN_LOG)

        def pull(to_weights: np.ndarray, to_wrong: np.ndarray, to_right: np.ndarray) -> np.ndarray:
            with np.errstate(over="ignore"):
                ratio = np.where(hazard > 0, hazard / np.expm1(np.maximum(hazard, 1e-300)), 0.0)
            by_hazard = (to_right * ratio - to_wrong * hazard).sum(axis=1)
            edge, small = log_v[0] - step / 2, 1e-5
            by_shape = np.concatenate(
                [
                    [(_log_below(k * (1 + small), edge) - _log_below(k * (1 - small), edge)) / (2 * small)],
                    k * (log_v - digamma(k)),
                ]
            )
            return np.append(by_hazard, to_weights @ by_shape)

        return Nodes(log_weights, -hazard, log_right, pull)


def _log_below(k: float, log_v: float) -> float:
    """Log P(V < e^log_v), for V ~ Gamma(k)."""
    value = float(gammainc(k, np.exp(log_v)))
    return float(np.log(value)) if value > 1e-290 else k * log_v - float(gammaln(k + 1))


def log_all_wrong(mixture: Mixture, x: np.ndarray) -> float:
    """Log P(every model is wrong) under the base."""
    nodes = mixture.nodes(x)
    logs = nodes.log_weights + nodes.log_wrong.sum(axis=0)
    return float(np.logaddexp.reduce(logs))


def objective(x: np.ndarray, data: Patterns, mixture: Mixture, atom: bool) -> tuple[float, np.ndarray]:
    """Minus the mean log-likelihood of a query at (parameters of the mixture, logit ω), and its gradient."""
    nodes = mixture.nodes(x[:-1])
    # In place: copies of large tables take more time than their numbers.
    table = data.wrong @ (nodes.log_wrong - nodes.log_right)
    table += nodes.log_right.sum(axis=0) + nodes.log_weights
    # `log_sums` leaves the posterior of the node, but for the sum of each row.
    rows = log_sums(table)
    weights, gradient_shock = data.counts, 0.0
    if atom:
        shock = float(expit(x[-1]))
        with np.errstate(divide="ignore"):
            whole = np.logaddexp(np.log1p(-shock) + rows, np.where(data.all_wrong, np.log(shock), -np.inf))
        from_base = np.exp(np.log1p(-shock) + rows - whole)
        gradient_shock = float(weights @ (1 - from_base) - shock * data.n_queries)
        rows, weights = whole, weights * from_base
    table *= (weights / table.sum(axis=1))[:, None]
    times_wrong, times = data.wrong.T @ table, table.sum(axis=0)
    gradient = np.append(nodes.pull(times, times_wrong, times - times_wrong), gradient_shock)
    return -float(data.counts @ rows) / data.n_queries, -gradient / data.n_queries


def maximize(
    start: np.ndarray,
    data: Patterns,
    mixture_at: Any,
    bounds: Sequence[tuple[float | None, float | None]],
    atom: bool,
) -> tuple[OptimizeResult, Mixture]:
    """The optimum of `objective` by L-BFGS, on a grid that is fine enough for where it lies.

    Args:
        start: parameters of the mixture and logit ω.
        data: the matrix.
        mixture_at: makes the mixture with a grid for given parameters.
        bounds: of every parameter; equal ones hold it.
        atom: whether there is an ω.
    """
    options = {"maxiter": _MAX_STEPS, "maxfun": 2 * _MAX_STEPS, "ftol": 1e-11, "gtol": 1e-6, "maxcor": 20}
    optimum, mixture = OptimizeResult(x=start), mixture_at(start[:-1])
    for _ in range(_MAX_GRIDS):
        arguments = (data, mixture, atom)
        optimum = minimize(objective, optimum.x, arguments, method="L-BFGS-B", jac=True, bounds=bounds, options=options)
        if mixture.suits(optimum.x[:-1]):
            break
        mixture = mixture_at(optimum.x[:-1])
    return optimum, mixture


def logit_shock(shock: float) -> float:
    """Logit of ω, finite at 0."""
    return float(logit(max(shock, MIN_SHOCK)))
