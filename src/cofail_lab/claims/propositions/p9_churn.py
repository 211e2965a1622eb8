"""P9: what waiting for a better model is worth, against arrivals followed one by one."""

from collections.abc import Callable
from dataclasses import replace
from math import exp, expm1, inf, pi, sqrt
from typing import Any

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, equals
from cofail_lab.claims.reference.simulated import mean_is
from cofail_lab.decisions import (
    expected_positive_gap,
    flow_threshold,
    option_value,
)

# Quadrature, relative to what is measured.
RELATIVE = 1e-9
# Relative step of differences, and what rounding makes of them.
STEP, DIFFERENCE_ERROR = 1e-4, 1e-11

RATES = {"arrival": Range(0.01, 50, log=True), "discount": Range(0.01, 5, log=True), "flow": Range(0.1, 10, log=True)}
# Gaps up to six standard deviations below zero and five above, past which float64 sees no more of η.
GAPS = {"distance": Range(-6, 5), "gap_sd": Range(0.001, 2, log=True)}


def _gap(case: Case) -> tuple[float, float]:
    """μ and η: given, or with μ in units of η."""
    return case["mean_gap"] if "mean_gap" in case else case["distance"] * case["gap_sd"], case["gap_sd"]


# --- P9.i


def positive_part(case: Case) -> float:
    """E[max(Γ, 0)] = ∫₀^∞ P(Γ > x) dx, in units of η and relative to what the tail is at its largest."""
    from scipy.integrate import quad
    from scipy.special import log_ndtr

    mu, eta = _gap(case)
    top = float(log_ndtr(mu / eta))
    # Beyond this the tail has lost forty more factors of e.
    end = max(mu / eta, 0.0) + 10.0
    part = quad(lambda x: exp(log_ndtr(mu / eta - x) - top), 0.0, end, epsabs=0.0, epsrel=1e-12, limit=200)[0]
    return eta * exp(top) * part


def gap_is(formula: Callable, case: Case) -> Measured:
    """Claimed over measured: 1."""
    return equals(formula(*_gap(case)) / positive_part(case), 1, RELATIVE, RELATIVE / 10)


def density_dropped(mean_gap: float, gap_sd: float) -> float:
    """μΦ(μ/η) alone."""
    from scipy.special import ndtr

    return mean_gap * float(ndtr(mean_gap / gap_sd))


def density(mean_gap: float, gap_sd: float) -> float:
    """φ(μ/η)."""
    return exp(-((mean_gap / gap_sd) ** 2) / 2) / sqrt(2 * pi)


# --- P9.ii


def option(arrival: float, discount: float, flow: float, mean_gap: float, gap_sd: float) -> float:
    """(v/r)(ν/(r+ν))·E[max(Γ,0)]."""
    return option_value(arrival, discount, flow, expected_positive_gap(mean_gap, gap_sd))


def _parameters(case: Case) -> tuple[float, float, float, float, float]:
    return case["arrival"], case["discount"], case["flow"], *_gap(case)


def held_value(case: Case) -> float:
    """Σ_j E e^{-rT_j}·v·E[max(Γ,0)]·E[(1 - e^{-r(T' - T)})/r] over the arrivals, the waiting time by quadrature."""
    from scipy.integrate import quad

    arrival, discount, flow = case["arrival"], case["discount"], case["flow"]
    # In units of the mean waiting time: t = νT.
    decay = discount / arrival
    next_one = quad(lambda t: exp(-t - decay * t), 0, inf, epsabs=0, epsrel=1e-12)[0]
    held = quad(lambda t: -exp(-t) * expm1(-decay * t), 0, inf, epsabs=0, epsrel=1e-11)[0] / discount
    # E e^{-rT_j} falls by the same factor from each arrival to the next; the rest of the sum is below the last term.
    n = int(40 / -np.log(next_one)) + 2
    return flow * positive_part(case) * held * float(next_one ** np.arange(1, n) @ np.ones(n - 1))


def option_is(formula: Callable, case: Case) -> Measured:
    """Claimed over the sum: 1."""
    return equals(formula(*_parameters(case)) / held_value(case), 1, RELATIVE, RELATIVE / 10)


def option_by_simulation(formula: Callable, case: Case) -> Measured:
    """Arrival times and gaps drawn; each gap is held from its arrival to the next, nothing before the first."""
    arrival, discount, flow, mu, eta = _parameters(case)
    draw = np.random.Generator(np.random.Philox(key=[case["seed"], 91]))
    # Until a mean discount factor of e^-30: what comes later is below the rounding of what came before.
    n = int(30 * arrival / discount + 10 * sqrt(arrival / discount)) + 60
    paths = min(8000, 1_200_000 // n)
    times = np.cumsum(draw.standard_exponential((paths, n + 1)) / arrival, axis=1)
    discounts = np.exp(-discount * times)
    gaps = np.maximum(mu + eta * draw.standard_normal((paths, n)), 0.0)
    worth = flow / discount * (gaps * (discounts[:, :-1] - discounts[:, 1:])).sum(axis=1)
    return mean_is(worth, case["level"], formula(arrival, discount, flow, mu, eta))


# --- P9.iii


def threshold(arrival: float, discount: float, flow: float, mean_gap: float, gap_sd: float, cost: float) -> float:
    """Interest rK plus v(ν/(r+ν))·E[max(Γ,0)]."""
    return flow_threshold(arrival, discount, flow, expected_positive_gap(mean_gap, gap_sd), cost)


def indifferent_at(formula: Callable, case: Case) -> Measured:
    """A flow δ* for ever, integrated, over K and the option's value summed arrival by arrival: 1."""
    from scipy.integrate import quad

    discount, cost = case["discount"], case["cost"]
    per_unit = quad(lambda t: exp(-t), 0, inf, epsabs=0, epsrel=1e-12)[0] / discount
    return equals(
        formula(*_parameters(case), cost) * per_unit / (cost + held_value(case)), 1, 2 * RELATIVE, RELATIVE / 5
    )


def slopes_are(formula: Callable, case: Case) -> Measured:
    """∂ln V_R/∂ln ν = r/(r+ν) and ∂ln V_R/∂ln η = ηφ(μ/η)/E[max(Γ,0)], both positive: differences over them, 1.

    The level is a multiple of the option's value here, so that float64 still sees the option change beside it.
    """
    arrival, discount, flow, mu, eta = _parameters(case)
    own = option(arrival, discount, flow, mu, eta)
    level = case["level_value"] * own

    def slope(up: tuple[float, float], down: tuple[float, float]) -> float:
        high, low = (formula(rate, discount, flow, mu, spread, level) for rate, spread in (up, down))
        return (high - low) / (2 * STEP * own)

    by_rate = slope((arrival * (1 + STEP), eta), (arrival * (1 - STEP), eta)) * (discount + arrival) / discount
    by_spread = slope((arrival, eta * (1 + STEP)), (arrival, eta * (1 - STEP)))
    by_spread *= positive_part(case) / (eta * density(mu, eta))
    farther = max(by_rate, by_spread, key=lambda ratio: abs(ratio - 1))
    return equals(farther, 1, 1e-3, 1e-4)


def rises(formula: Callable, case: Case) -> Measured:
    """The smaller of the two differences, relative to the option."""
    arrival, discount, flow, mu, eta = _parameters(case)
    own = option(arrival, discount, flow, mu, eta)
    level = case["level_value"] * own
    here = formula(arrival, discount, flow, mu, eta, level)
    by_rate = formula(arrival * (1 + STEP), discount, flow, mu, eta, level) - here
    by_spread = formula(arrival, discount, flow, mu, eta * (1 + STEP), level) - here
    return at_least(min(by_rate, by_spread) / (STEP * own), 2 * DIFFERENCE_ERROR, DIFFERENCE_ERROR)


def with_level(arrival: float, discount: float, flow: float, mu: float, eta: float, level: float) -> float:
    """A value of the level, whatever it is, and V_R."""
    return level + option(arrival, discount, flow, mu, eta)


def relative_slope(arrival: Any, discount: Any, flow: Any, distance: Any, gap_sd: Any, level_value: Any) -> Any:
    """The smaller of ∂ln V_R/∂ln ν and ∂ln V_R/∂ln η by automatic differentiation, for the adversary."""
    import jax
    from jax.scipy.stats import norm

    def log_value(logs: Any) -> Any:
        rate, eta = jax.numpy.exp(logs)
        mu = distance * gap_sd
        gap = mu * norm.cdf(mu / eta) + eta * norm.pdf(mu / eta)
        return jax.numpy.log(flow / discount * rate / (discount + rate) * gap) + 0 * level_value

    return jax.grad(log_value)(jax.numpy.log(jax.numpy.stack([arrival, gap_sd]))).min()


def spread_of(gap_sd: Callable[[float], float]) -> Callable[..., float]:
    """V_R plus a level, with something else in the place of η."""
    return lambda arrival, discount, flow, mu, eta, level: level + option(arrival, discount, flow, mu, gap_sd(eta))


ANY_LEVEL = Search({**RATES, **GAPS, "level_value": Range(-1, 1)}, n_starts=64, n_polished=2, n_steps=40)

MARKETS = (
    {"arrival": 2.0, "discount": 0.1, "flow": 3.0, "mean_gap": 0.02, "gap_sd": 0.05},
    {"arrival": 0.3, "discount": 1.0, "flow": 1.0, "mean_gap": -0.05, "gap_sd": 0.1},
    {"arrival": 5.0, "discount": 0.5, "flow": 2.0, "mean_gap": 0.1, "gap_sd": 0.03},
)


COSTS = tuple({**case, "cost": cost} for case, cost in zip(MARKETS, (0.0, 0.3, 2.0), strict=True))
LEVELS = tuple({**case, "level_value": level} for case, level in zip(MARKETS, (0.0, 1.0, -0.5), strict=True))


CLAIMS = (
    Claim(
        id="P9.i",
        releases=("june", "sept"),
        statement="A normal gap is worth its mean where it is positive and its spread near zero.",
        symbols="E[max(Γ, 0)] = μΦ(μ/η) + ηφ(μ/η)",
        hypothesis="Γ normal with mean μ and standard deviation η > 0.",
        expected="confirmed",
        formula=expected_positive_gap,
        checks=(
            Check(
                "integral of the upper tail",
                "quadrature",
                gap_is,
                MARKETS,
                Search({"distance": Range(-30, 10), "gap_sd": Range(1e-3, 10, log=True)}, n_starts=64, n_steps=40),
            ),
        ),
        control=Control("the density left out", "refuted", density_dropped),
        mutants={
            "φ for ηφ": lambda mu, eta: density_dropped(mu, eta) + density(mu, eta),
            "ηφ subtracted": lambda mu, eta: density_dropped(mu, eta) - eta * density(mu, eta),
            "Φ(-μ/η)": lambda mu, eta: mu - density_dropped(mu, eta) + eta * density(mu, eta),
        },
        universal=True,
    ),
    Claim(
        id="P9.ii",
        releases=("june", "sept"),
        statement="The option to switch at every arrival is worth the flow of the gap from the first arrival on.",
        symbols="V_R = (v/r)(ν/(r+ν))·E[max(Γ, 0)]",
        hypothesis="Poisson arrivals of rate ν; each gap is held until the next; flows discounted at r > 0.",
        expected="confirmed",
        formula=option,
        checks=(
            Check(
                "sum over arrivals",
                "quadrature",
                option_is,
                MARKETS,
                Search({**RATES, **GAPS}, n_starts=64, n_polished=2, n_steps=40),
            ),
            Check("simulated arrivals", "monte_carlo", option_by_simulation, MARKETS),
        ),
        control=Control(
            "a gap held from the start", "refuted", lambda nu, r, v, mu, eta: option(nu, r, v, mu, eta) * (r + nu) / nu
        ),
        mutants={
            "1/r dropped": lambda nu, r, v, mu, eta: r * option(nu, r, v, mu, eta),
            "ν for ν/(r+ν)": lambda nu, r, v, mu, eta: (r + nu) * option(nu, r, v, mu, eta),
            "r and ν exchanged": lambda nu, r, v, mu, eta: option(r, nu, v, mu, eta),
            "the gap may be negative": lambda nu, r, v, mu, _eta: v / r * nu / (r + nu) * mu,
        },
        universal=True,
    ),
    Claim(
        id="P9.iii",
        releases=("june", "sept"),
        statement="Committing pays from a flow on that covers the interest on its cost and the option given up.",
        symbols="δ* = rK + v(ν/(r+ν))·E[max(Γ, 0)] = r(K + V_R)",
        hypothesis="As P9.ii; the commitment costs K and lasts for ever.",
        expected="confirmed",
        formula=threshold,
        checks=(
            Check(
                "a flow for ever against cost and option",
                "quadrature",
                indifferent_at,
                COSTS,
                Search({**RATES, **GAPS, "cost": Range(0, 5)}, n_starts=64, n_polished=2, n_steps=40),
            ),
        ),
        control=Control("the option left out", "refuted", lambda _nu, r, _v, _mu, _eta, cost: r * cost),
        mutants={
            "K for rK": lambda nu, r, v, mu, eta, cost: threshold(nu, r, v, mu, eta, cost) + (1 - r) * cost,
            "V_R for rV_R": lambda nu, r, v, mu, eta, cost: r * cost + option(nu, r, v, mu, eta),
            "ν/(r+ν) dropped": lambda nu, r, v, mu, eta, cost: r * cost + (r + nu) / nu * r * option(nu, r, v, mu, eta),
        },
        universal=True,
    ),
    Claim(
        id="P9.iii.b",
        releases=("june", "sept"),
        statement="The option gains with faster arrivals and wider gaps, also beside any separate value of the level.",
        symbols="∂V_R/∂ν > 0, ∂V_R/∂η > 0",
        hypothesis="As P9.ii; the level's value does not depend on ν or η; searched for μ/η from -6 to 5.",
        expected="confirmed",
        formula=with_level,
        checks=(
            Check("slopes against their closed forms", "quadrature", slopes_are, LEVELS, ANY_LEVEL),
            Check(
                "differences over a small step", "quadrature", rises, LEVELS, replace(ANY_LEVEL, slack=relative_slope)
            ),
        ),
        control=Control(
            "a level that falls with the spread of the gap",
            "refuted",
            lambda nu, r, v, mu, eta, level: level - 2 * v / r * eta + option(nu, r, v, mu, eta),
        ),
        mutants={
            "r/(r+ν) for ν/(r+ν)": lambda nu, r, v, mu, eta, level: level + option(r, nu, v, mu, eta) * nu / r,
            "1/η for η": spread_of(lambda eta: 1 / eta),
            "a gap held from the start": lambda nu, r, v, mu, eta, level: (
                level + option(nu, r, v, mu, eta) * (r + nu) / nu
            ),
        },
        universal=True,
    ),
)
