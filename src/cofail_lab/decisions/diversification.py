"""How many members a pool is worth paying for (theory P5 to P7).

Single-factor probit: member i scores S_i = μ + √ρ U + √(1-ρ) ξ_i with μ = Φ^{-1}(1-α) and is right iff S_i > 0. The
mean of k scores is normal with variance V(k) = ρ + (1-ρ)/k, so it is right with probability P(V) = Φ(μ/√V). ρ is the
latent (tetrachoric) correlation: the Pearson correlation of the errors is smaller and biases everything here.
"""

from collections.abc import Callable
from math import exp, floor, inf, pi, sqrt
from typing import Literal

import numpy as np
from scipy.special import betainc, log_ndtr, ndtr, ndtri

from cofail_lab import checks
from cofail_lab.decisions._checks import number
from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate

_EPS = float(np.finfo(float).eps)
# Terms this far below the peak in logs, and all beyond them, are lost in rounding.
_DROP = 45.0


def equal_weight_variance(n_members: int, correlation: float, member_variance: float = 1.0) -> float:
    """V(k) = σ²(ρ + (1-ρ)/k), variance (and mean squared error) of the mean of k scores (P5.i).

    Args:
        n_members: k >= 1.
        correlation: latent ρ in [0, 1].
        member_variance: σ² > 0, in squared units of the score.

    Raises:
        InputError: a value outside its range; so for every function of this module.
    """
    checks.whole("n_members", n_members, least=1)
    checks.share("correlation", correlation)
    number("member_variance", member_variance, above=0)
    return member_variance * (correlation + (1 - correlation) / n_members)


def mean_score_accuracy(error_rate: float, variance: float) -> float:
    """P(V) = Φ(μ/√V), accuracy of a mean score of variance V, in [0, 1] (P7.i, P7.ii September).

    Args:
        error_rate: α in (0, 1) of each member alone.
        variance: V >= 0; at 0 the limit, 1, ½ or 0 by the sign of ½ - α.
    """
    number("variance", variance, least=0)
    return float(ndtr(_standardized(error_rate, variance)))


def majority_floor(error_rate: float, correlation: float) -> float:
    """Φ(-μ/√ρ), the error rate that no number of members gets below, in [0, 1] (P5.ii).

    Args:
        error_rate: α in (0, 1).
        correlation: latent ρ in [0, 1]; at 0 the limit.
    """
    checks.share("correlation", correlation)
    return float(ndtr(-_standardized(error_rate, correlation)))


def variance_shadow_price(error_rate: float, variance: float) -> float:
    """λ(V) = μ/(2V^{3/2}) φ(μ/√V) = -∂P/∂V, accuracy per unit of variance (P7.i).

    Args:
        error_rate: α in (0, 1); the price has the sign of ½ - α.
        variance: V > 0.
    """
    number("variance", variance, above=0)
    x = _standardized(error_rate, variance)
    return x / (2 * variance) * exp(-x * x / 2) / sqrt(2 * pi)


def growth_threshold(shadow_price: float, correlation: float, cost: float, member_variance: float = 1.0) -> float:
    """k* = ½(-1 + √(1 + 4λσ²(1-ρ)/c)): at a *fixed* λ, growing from k to k+1 pays iff k <= k* (P6.i).

    Args:
        shadow_price: λ, accuracy per unit of variance; for λ <= 0 no member pays and k* is 0.
        correlation: latent ρ in [0, 1].
        cost: c > 0 of one more member, in accuracy.
        member_variance: σ² > 0.
    """
    number("shadow_price", shadow_price)
    checks.share("correlation", correlation)
    number("cost", cost, above=0)
    number("member_variance", member_variance, above=0)
    ratio = 4 * max(shadow_price, 0.0) * member_variance * (1 - correlation) / cost
    # The textbook form loses every digit of a small k*.
    return ratio / (2 * (1 + sqrt(1 + ratio)))


def fixed_price_cardinality(shadow_price: float, correlation: float, cost: float, member_variance: float = 1.0) -> int:
    """⌊k*⌋ + 1, which maximizes -λV(k) - ck at a fixed λ (P6.ii September); at a whole k*, k* does as well.

    Args and errors as `growth_threshold`.
    """
    return floor(growth_threshold(shadow_price, correlation, cost, member_variance)) + 1


def rule_cardinality(error_rate: float, correlation: float, cost: float, price_at: Literal["single", "current"]) -> int:
    """The rule ⌊k*⌋ + 1 with λ(V) put in for λ (P7.iii): a heuristic, `optimal_cardinality` is exact.

    Args:
        error_rate: α in (0, 1).
        correlation: latent ρ in [0, 1].
        cost: c > 0 of one more member, in accuracy.
        price_at: ``single`` takes λ at V(1) once and for all; ``current`` grows while k <= k*(λ(V(k))).
    """
    if price_at not in ("single", "current"):
        raise InputError(f"price_at: {price_at!r} is neither 'single' nor 'current'")

    def pays(k: int) -> bool:
        at = equal_weight_variance(1 if price_at == "single" else k, correlation)
        return k <= growth_threshold(variance_shadow_price(error_rate, at), correlation, cost)

    return _first_refusal(pays)


def optimal_cardinality(error_rate: float, correlation: float, cost: float) -> int:
    """The k >= 1 that maximizes P(V(k)) - ck, the smallest if several do (P6, P7.iii).

    For μ > 0, P(V(k)) is concave in k: the derivative λ(V)(1-ρ)/k² has logarithmic derivative
    (s(3/2 - μ²/2V) - 2)/k < 0 with s = (1-ρ)/(kV) <= 1. So the first member that does not pay ends the search, found
    by bisection; for μ <= 0 no member pays. Gains within about 1e-16 of the cost may be decided either way.

    Args:
        error_rate: α in (0, 1).
        correlation: latent ρ in [0, 1].
        cost: c > 0 of one more member, in accuracy.
    """
    number("cost", cost, above=0)

    def error(k: int) -> float:
        return float(ndtr(-_standardized(error_rate, equal_weight_variance(k, correlation))))

    # Differences of small error rates keep digits that differences of accuracies near 1 lose.
    return _first_refusal(lambda k: error(k) - error(k + 1) > cost)


def majority_accuracy(error_rate: float, correlation: float, n_members: int) -> Estimate:
    """Accuracy of a majority vote of k members, ties decided by a fair coin (P7.ii).

    A majority is right iff the median score is positive, S_(med) = μ + √ρ U + √(1-ρ) M with M the median of k standard
    normals. The trapezoidal rule runs over M, or over U where that needs fewer nodes: at most about 40 for any k and ρ,
    at a proven error (`numerics.one_factor`: U has κ = 1 + kρ/(1-ρ), M has κ = k + (1-ρ)/ρ). With a fair coin an even
    k is exactly as good as k - 1.

    Args:
        error_rate: α in (0, 1).
        correlation: latent ρ in [0, 1].
        n_members: k >= 1.

    Returns:
        A quadrature estimate in [0, 1]; its error is the proven bound plus rounding, below 1e-13.
    """
    checks.share("correlation", correlation)
    checks.whole("n_members", n_members, least=1)
    mu = _standardized(error_rate, 1.0)
    half = (n_members - 1) // 2
    k = 2 * half + 1
    shared, own = sqrt(correlation), sqrt(1 - correlation)
    if k == 1 or correlation in (0, 1):
        single = float(ndtr(mu))
        value = single if k == 1 or correlation == 1 else float(betainc(half + 1, half + 1, single))
        return Estimate(value, 64 * _EPS, "quadrature")
    if k * correlation < 1 - correlation:
        nodes, error = _lattice(sqrt(2 * _DROP), 1 + k * correlation / (1 - correlation))
        log_density = -(nodes**2) / 2
        right = betainc(half + 1, half + 1, ndtr((mu + shared * nodes) / own))
    else:
        # Φ(x)Φ(-x) <= e^{-x²/2}/4, as a disc fits into its square: that bounds the reach.
        nodes, error = _lattice(sqrt(2 * _DROP / (half + 1)), k + (1 - correlation) / correlation)
        log_density = half * (log_ndtr(nodes) + log_ndtr(-nodes) + 2 * np.log(2)) - nodes**2 / 2
        right = ndtr((mu + own * nodes) / shared)
    # Dividing by the density's own sum does without its normalizing constant, a ratio of huge factorials.
    density = np.exp(log_density)
    value = min(1.0, float(density @ right / density.sum()))
    return Estimate(value, 2 * error + 64 * _EPS, "quadrature")


def large_majority_accuracy(error_rate: float, correlation: float, n_members: int) -> float:
    """Φ(μ/√(ρ + (π/2)(1-ρ)/k)), majority accuracy up to o(1/k) (P7.ii, lab).

    So a vote needs π/2 times the members that an average of scores needs.

    Args:
        error_rate: α in (0, 1).
        correlation: latent ρ in [0, 1].
        n_members: k >= 1.
    """
    checks.whole("n_members", n_members, least=1)
    checks.share("correlation", correlation)
    return mean_score_accuracy(error_rate, correlation + pi / 2 * (1 - correlation) / n_members)


def _standardized(error_rate: float, variance: float) -> float:
    """μ/√V with μ = Φ^{-1}(1-α), infinite at V = 0."""
    checks.probability("error_rate", error_rate)
    mu = -float(ndtri(error_rate))
    return mu / sqrt(variance) if variance > 0 else (mu and inf * mu)


def _first_refusal(pays: Callable[[int], bool]) -> int:
    """The least k >= 1 at which one more member does not pay, given that none pays after it."""
    high = 1
    while pays(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if pays(middle) else (low, middle)
    return high


def _lattice(reach: float, kappa: float) -> tuple[np.ndarray, float]:
    """Nodes of a trapezoidal rule over [-reach, reach], and the proven relative error of its sums."""
    from cofail_lab.numerics.one_factor import proven_spacing, trapezoid_error

    spacing = proven_spacing(np.float64(kappa), 1e-15)
    n = int(np.ceil(reach / float(spacing)))
    return float(spacing) * np.arange(-n, n + 1), float(trapezoid_error(np.float64(kappa), spacing))
