"""What laws with one factor and normal noise have in common: E_i = 1{ℓ_i Z + √(1-ℓ_i²) ε_i < t_i}, for any law of Z.

Low values of the factor Z are hard queries. Each law says which points stand for Z; the thresholds are those that give
its error rates.
"""

import abc
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.scipy.special import logsumexp
from jaxtyping import Float
from scipy import special

from cofail_lab.errors import ConvergenceError
from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks
from cofail_lab.models.base import AbstractFactorLaw, FactorGrid, log_rounding
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics import factor_lattice, normal
from cofail_lab.numerics.factor_lattice import Family, Lattice

_TRACED_INTERVALS = 4096
_GRID_ERROR, _COARSE_ERROR = 1e-13, 1e-6


class Solved(NamedTuple):
    """Points for the factor, and thresholds at which the models have their error rates.

    Attributes:
        thresholds: t_i, (m,).
        z: values of the factor, (nodes,).
        log_weights: their log probabilities, (nodes,).
    """

    thresholds: Any
    z: Any
    log_weights: Any

    @property
    def concrete(self) -> bool:
        """Whether the arrays are NumPy's: no parameter is traced by JAX."""
        return isinstance(self.thresholds, np.ndarray)


class AbstractProbitFactor(AbstractFactorLaw):
    """A law of one factor with normal noise.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        loadings: ℓ_i in (-1, 1), (m,).
    """

    loadings: eqx.AbstractVar[Float[Array, " m"]]

    @abc.abstractmethod
    def solved(self, error: float = _GRID_ERROR, smallest: float = 1e-300) -> Solved:
        """Points for Z, NumPy where the parameters are concrete.

        Args:
            error: relative error of every pattern of errors.
            smallest: patterns less probable than this may be missed.
        """

    @property
    def thresholds(self) -> Float[Array, " m"]:
        """t_i."""
        return jax.device_put(self.solved().thresholds)

    def log_all_wrong(self) -> Float[Array, ""]:
        """The log of a sum over the `factor_grid`; its error is that of `all_wrong_estimate`."""
        solved = self.solved()
        logs = solved.log_weights + log_answers(solved, self.loadings)[0].sum(axis=1)
        return jax.device_put(np.logaddexp.reduce(logs)) if solved.concrete else logsumexp(logs)

    @_checks.ESTIMATE
    def all_wrong_estimate(self) -> Estimate:
        """β; the error is the square of what coarser nodes miss (they have half the digits), and rounding."""
        log_value = float(self.log_all_wrong())
        coarse = self.solved(_COARSE_ERROR)
        coarse_logs = coarse.log_weights + log_answers(coarse, self.loadings)[0].sum(axis=1)
        moved = float(np.logaddexp.reduce(coarse_logs)) - log_value
        value = float(np.exp(log_value))
        return Estimate(value, value * (moved**2 + 4 * float(log_rounding(log_value))), "quadrature")

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """Sums over the `factor_grid`."""
        solved = self.solved()
        xp = np if solved.concrete else jnp
        wrong = xp.exp(log_answers(solved, self.loadings)[0])
        joint = (wrong * xp.exp(solved.log_weights)[:, None]).T @ wrong
        return with_diagonal(jnp.asarray(joint + joint.T) / 2, self.error_rates)

    def factor_grid(self) -> FactorGrid:
        """Points for Z; every pattern of errors within a relative 1e-13 of the factor's (checked, not proven).

        Under `jax.jit`, `jax.vmap` or `jax.grad` the number of nodes cannot follow the parameters; there it is 4,097,
        and all is nan where that is too few. Raises ConvergenceError where concrete parameters would need more than
        2^18 nodes.
        """
        solved = self.solved()
        return FactorGrid(*jax.device_put((solved.log_weights, *log_answers(solved, self.loadings))))

    def check_pool(self) -> None:
        """The checks of error rates and loadings."""
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")
        _checks.shape("loadings", self.loadings, self.error_rates.shape)
        _checks.inside("loadings", self.loadings, -1, 1, "(-1, 1)")


def log_answers(solved: Solved, loadings: Array) -> tuple[Any, Any]:
    """Log P(wrong | node) and log P(right | node), (nodes, m)."""
    if solved.concrete:
        loads = np.asarray(loadings)
        u = (solved.thresholds - loads * solved.z[:, None]) / np.sqrt((1 - loads) * (1 + loads))
        return special.log_ndtr(u), special.log_ndtr(-u)
    return _traced_answers(*solved, loadings)


@jax.jit
def _traced_answers(thresholds: Array, z: Array, log_weights: Array, loadings: Array) -> tuple[Array, Array]:
    del log_weights
    u = (thresholds - loadings * z[:, None]) / jnp.sqrt((1 - loadings) * (1 + loadings))
    return normal.log_cdf(u), normal.log_cdf(-u)


def solve_family(
    family: Family, shape: Array, error_rates: Array, loadings: Array, error: float, smallest: float
) -> Solved:
    """`Solved` of a factor of a family of `numerics.factors`."""
    if not any(isinstance(x, Tracer) for x in (shape, error_rates, loadings)):
        number, rates, loads = float(shape), np.asarray(error_rates), np.asarray(loadings)
        t = factor_lattice.thresholds(family, number, rates, loads, min(error, 1e-11) / 10)
        return Solved(t, *factor_lattice.nodes(family, number, t, loads, error=error, smallest=smallest))
    return Solved(*_traced_family(family, shape, error_rates, loadings))


@partial(jax.jit, static_argnums=0)
def _traced_family(family: Family, shape: Array, error_rates: Array, loadings: Array) -> tuple[Array, Array, Array]:
    t, low, high, stretch, enough = _planned(family, shape, error_rates, loadings)
    z, log_weights = Lattice(low, high, _TRACED_INTERVALS, stretch).nodes(family, shape, jnp)
    log_weights = jnp.where(enough, log_weights, jnp.nan)
    return differentiable_thresholds(t, error_rates, loadings, z, log_weights), z, log_weights


def _planned(family: Family, shape: Array, error_rates: Array, loadings: Array) -> tuple[Array, ...]:
    """Thresholds, the ends and the stretch of the lattice, and whether the fixed number of nodes suffices.

    Nothing of this is differentiated: where a lattice ends, a sum over it does not tell.
    """

    def plan(shape: Any, rates: Any, loads: Any) -> tuple[np.ndarray, ...]:
        number, rates, loads = float(shape), np.asarray(rates), np.asarray(loads)
        try:
            t = factor_lattice.thresholds(family, number, rates, loads)
            lattice, _ = factor_lattice.lattice_for(family, number, t, loads, error=1e-9)
        except ConvergenceError:
            return (np.full(rates.shape, np.nan), *(np.asarray(x) for x in (-1.0, 1.0, 1.0, False)))
        return t, *(np.asarray(x) for x in (*lattice[:2], lattice.stretch, lattice.intervals <= _TRACED_INTERVALS))

    number = jax.ShapeDtypeStruct((), jnp.float64)
    out = (jax.ShapeDtypeStruct(error_rates.shape, jnp.float64), number, number, number)
    out = (*out, jax.ShapeDtypeStruct((), jnp.bool_))
    return _without_derivative(plan, out, shape, error_rates, loadings)


def _without_derivative(function: Any, out: Any, *arguments: Array) -> Any:
    """A NumPy function of traced arguments, whose derivative is 0."""

    @jax.custom_jvp
    def call(*arguments: Array) -> Any:
        return jax.pure_callback(function, out, *arguments, vmap_method="sequential")

    @call.defjvp
    def _(primals: tuple, tangents: tuple) -> tuple:
        del tangents
        value = call(*primals)
        return value, jax.tree.map(_zero_tangent, value)

    return call(*arguments)


def _zero_tangent(x: Array) -> Any:
    if jnp.issubdtype(x.dtype, jnp.floating):
        return jnp.zeros_like(x)
    return np.zeros(x.shape, jax.dtypes.float0)


def differentiable_thresholds(t: Array, error_rates: Array, loadings: Array, z: Array, log_weights: Array) -> Array:
    """The thresholds ``t``, with the derivatives that keep Σ weights Φ((t - ℓz)/√(1-ℓ²)) at the error rates."""
    t = jax.lax.stop_gradient(t)
    scale = jnp.sqrt((1 - loadings) * (1 + loadings))
    u = (t - loadings * z[:, None]) / scale
    # The smaller tail, in logs: rates near 1 would lose their digits.
    upper = error_rates > 0.5
    log_tail = logsumexp(log_weights[:, None] + normal.log_cdf(jnp.where(upper, -u, u)), axis=0)
    target = jnp.where(upper, jnp.log1p(-error_rates), jnp.log(error_rates))
    log_density = logsumexp(log_weights[:, None] - u * u / 2, axis=0) - jnp.log(2 * jnp.pi) / 2 - jnp.log(scale)
    slope = jnp.where(upper, -1.0, 1.0) * jnp.exp(log_density - log_tail)
    step = (log_tail - target) / jax.lax.stop_gradient(slope)
    return t - (step - jax.lax.stop_gradient(step))


def solve_points(points: Array, weights: Array, error_rates: Array, loadings: Array) -> Solved:
    """`Solved` of a factor that takes finitely many values."""
    if not any(isinstance(x, Tracer) for x in (points, weights, error_rates, loadings)):
        with np.errstate(divide="ignore"):
            z, logs = np.asarray(points), np.log(np.asarray(weights))
        kept = logs > -np.inf
        z, logs = z[kept], logs[kept]
        return Solved(factor_lattice.thresholds_at(z, logs, np.asarray(error_rates), np.asarray(loadings)), z, logs)

    return Solved(*_traced_points(points, weights, error_rates, loadings))


@jax.jit
def _traced_points(points: Array, weights: Array, error_rates: Array, loadings: Array) -> tuple[Array, Array, Array]:
    def find(points: Any, weights: Any, rates: Any, loads: Any) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return factor_lattice.thresholds_at(*map(np.asarray, (points, np.log(weights), rates, loads)))

    out = jax.ShapeDtypeStruct(error_rates.shape, jnp.float64)
    t = _without_derivative(find, out, points, weights, error_rates, loadings)
    log_weights = jnp.log(weights)
    return differentiable_thresholds(t, error_rates, loadings, points, log_weights), points, log_weights
