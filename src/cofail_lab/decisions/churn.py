"""What the option to switch is worth while models keep arriving (theory P9 and C2).

Models arrive as a Poisson process of rate ν. Each arrival brings a gap Γ = μ + ηZ over the incumbent, Z standard
normal, worth a flow v·max(Γ, 0) until the next arrival; before the first there is none. Flows are discounted at rate r.
"""

from math import exp, pi, sqrt

import numpy as np
from scipy.special import erfcx

from cofail_lab import checks
from cofail_lab.decisions._checks import number
from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate

# Discount factors below this, times any number of later flows, are lost in rounding.
_FORGOTTEN = 1e-18


def expected_positive_gap(mean_gap: float, gap_sd: float) -> float:
    """E[max(Γ, 0)] = μΦ(μ/η) + ηφ(μ/η) (P9.i).

    Args:
        mean_gap: μ, in accuracy.
        gap_sd: η >= 0; at 0 the value is max(μ, 0).

    Raises:
        InputError: a value outside its range; so for every function of this module.
    """
    number("mean_gap", mean_gap)
    number("gap_sd", gap_sd, least=0)
    if gap_sd == 0:
        return max(mean_gap, 0.0)
    x = mean_gap / gap_sd
    # E max(Γ,0) = μ + E max(-Γ,0): the scaled Mills ratio of the negative side keeps its digits far out.
    side = -abs(x)
    tail = exp(-side * side / 2) / sqrt(2 * pi) * (1 + side * sqrt(pi / 2) * float(erfcx(-side / sqrt(2))))
    return gap_sd * max(tail, 0.0) + max(mean_gap, 0.0)


def option_value(arrival_rate: float, discount_rate: float, flow_value: float, expected_gap: float) -> float:
    """V_R = (v/r)(ν/(r+ν))·E[max(Γ,0)] (P9.ii), in units of value.

    Args:
        arrival_rate: ν >= 0, per unit of time.
        discount_rate: r > 0, per unit of time.
        flow_value: v >= 0, value per unit of accuracy and time.
        expected_gap: E[max(Γ,0)] >= 0, as `expected_positive_gap` gives it.
    """
    return flow_threshold(arrival_rate, discount_rate, flow_value, expected_gap, commitment_cost=0.0) / discount_rate


def flow_threshold(
    arrival_rate: float, discount_rate: float, flow_value: float, expected_gap: float, commitment_cost: float
) -> float:
    """δ* = rK + v(ν/(r+ν))·E[max(Γ,0)] = r(K + V_R), the flow that pays for giving up the option (P9.iii).

    Args:
        arrival_rate, discount_rate, flow_value, expected_gap: as `option_value`.
        commitment_cost: K >= 0, in units of value.
    """
    number("arrival_rate", arrival_rate, least=0)
    number("discount_rate", discount_rate, above=0)
    number("flow_value", flow_value, least=0)
    number("expected_gap", expected_gap, least=0)
    number("commitment_cost", commitment_cost, least=0)
    share = arrival_rate / (discount_rate + arrival_rate)
    return discount_rate * commitment_cost + flow_value * share * expected_gap


def linked_gap_sd(score_sd: float, correlation: float) -> float:
    """η = σ√(2(1-ρ)), the link η² = 2σ²(1-ρ) (C2): the gap as difference of two scores of correlation ρ.

    V_R itself contains neither ρ nor α. What C2 says of them it says through this link, which is an assumption.

    Args:
        score_sd: σ >= 0.
        correlation: ρ in [-1, 1].
    """
    number("score_sd", score_sd, least=0)
    number("correlation", correlation)
    if not -1 <= correlation <= 1:
        raise InputError(f"correlation: {correlation!r} is outside [-1, 1]")
    return score_sd * sqrt(2 * (1 - correlation))


def simulate_option_value(
    arrival_rate: float,
    discount_rate: float,
    flow_value: float,
    mean_gap: float,
    gap_sd: float,
    *,
    paths: int,
    seed: int,
) -> Estimate:
    """V_R from simulated arrivals (P9.ii): every path is followed event by event until its discount factor is < 1e-18.

    Nothing is discretized: a gap held over [T, T') is worth v·max(Γ,0)(e^{-rT} - e^{-rT'})/r.

    Args:
        arrival_rate: ν >= 0; run time grows with paths·ν/r.
        discount_rate: r > 0.
        flow_value: v >= 0.
        mean_gap, gap_sd: μ and η >= 0 of the gap Γ.
        paths: independent histories, >= 2.
        seed: >= 0; the same seed gives the same numbers.

    Returns:
        The mean over paths, with its standard error.
    """
    number("arrival_rate", arrival_rate, least=0)
    number("discount_rate", discount_rate, above=0)
    number("flow_value", flow_value, least=0)
    number("mean_gap", mean_gap)
    number("gap_sd", gap_sd, least=0)
    checks.whole("paths", paths, least=2)
    checks.whole("seed", seed, least=0)
    if arrival_rate == 0:
        return Estimate(0.0, 0.0, "exact")
    from cofail_lab.numerics.streams import CHURN, generator

    rng = generator(seed, CHURN)
    worth = np.zeros(paths)
    alive = np.arange(paths)
    decay = discount_rate / arrival_rate
    discount = np.exp(-decay * rng.standard_exponential(paths))
    while alive.size:
        later = discount * np.exp(-decay * rng.standard_exponential(alive.size))
        gap = np.maximum(mean_gap + gap_sd * rng.standard_normal(alive.size), 0.0)
        worth[alive] += gap * (discount - later)
        going = later > _FORGOTTEN
        alive, discount = alive[going], later[going]
    worth *= flow_value / discount_rate
    return Estimate(float(worth.mean()), float(worth.std(ddof=1) / sqrt(paths)), "monte_carlo")
