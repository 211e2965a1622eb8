"""What a perfect router gains when qualities are pure noise, exactly and by rule of thumb (theory P4.vi).

Qualities q_i(t) are independent N(μ, s²) over m models and |T| equally likely query types. The router takes the best
model of each type, the single best is the model of largest mean: G = E_t max_i q_i(t) - max_i mean_t q_i(t).
"""

from math import log, pi, sqrt

import numpy as np
from scipy.special import log_ndtr

from cofail_lab import checks
from cofail_lab.decisions._checks import number
from cofail_lab.errors import ConvergenceError
from cofail_lab.estimate import Estimate

_EPS = float(np.finfo(float).eps)


def expected_maximum(n: int) -> Estimate:
    """e_n, the expected maximum of n independent standard normals: ∫ x n φ(x) Φ(x)^{n-1} dx.

    Args:
        n: >= 1.

    Returns:
        A quadrature estimate; its error is what the last halving of the trapezoidal spacing moved, plus rounding.

    Raises:
        InputError: n is not a whole number >= 1.
        ConvergenceError: the sums do not settle (not seen up to n = 1e15).
    """
    checks.whole("n", n, least=1)
    if n == 1:
        return Estimate(0.0, 0.0, "exact")
    low, high = -10.0, sqrt(2 * log(n)) + 10
    rounding = 32 * _EPS * high
    before = moved = np.inf
    for level in range(6, 16):
        x = np.linspace(low, high, 2**level + 1)
        density = np.exp(log(n) - x * x / 2 - log(2 * pi) / 2 + (n - 1) * log_ndtr(x))
        value = float(x @ density) * (high - low) / 2**level
        if (moved := abs(value - before)) < rounding:
            return Estimate(value, moved + rounding, "quadrature")
        before = value
    raise ConvergenceError(f"expected maximum of {n} normals: the last halving still moved it by {moved:.2g}")


def expected_routing_gain(spread: float, n_models: int, n_types: int) -> Estimate:
    """E[G] = s·e_m·(1 - 1/√|T|), exact (P4.vi).

    Args:
        spread: s >= 0, standard deviation of the qualities, in accuracy.
        n_models: m >= 1.
        n_types: |T| >= 1, equally likely.

    Raises:
        InputError: a value outside its range.
    """
    number("spread", spread, least=0)
    checks.whole("n_models", n_models, least=1)
    checks.whole("n_types", n_types, least=1)
    maximum = expected_maximum(n_models)
    factor = spread * (1 - 1 / sqrt(n_types))
    low, high = maximum.interval()
    return Estimate(factor * (low + high) / 2, factor * (high - low) / 2, maximum.kind)


def routing_gain_heuristic(spread: float, n_models: int) -> float:
    """s√(2 ln m), the heuristic for E[G] (P4.vi): too large for every m and |T|, as e_m < √(2 ln m) and |T| is finite.

    Args:
        spread: s >= 0, in accuracy.
        n_models: m >= 1.

    Raises:
        InputError: a value outside its range.
    """
    number("spread", spread, least=0)
    checks.whole("n_models", n_models, least=1)
    return spread * sqrt(2 * log(n_models))
