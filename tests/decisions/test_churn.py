"""Option value under churn (theory P9, C2): against mpmath, exact recursions and simulated arrivals.

Simulated checks share one false-alarm rate, 1e-6, at fixed seeds; wrong variants of the formula are rejected by them.
"""

import math

import mpmath
import numpy as np
import pytest
from scipy import integrate, stats

from cofail_lab import decisions as d
from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate

# Arrival rate, discount rate, flow value, mean gap, spread of the gap.
CASES = [
    (2.0, 0.1, 3.0, 0.02, 0.05),
    (0.3, 1.0, 1.0, -0.05, 0.1),
    (5.0, 0.5, 2.0, 0.1, 0.01),
    (1.0, 1.0, 1.0, 0.0, 1.0),
]


Z_LIMIT = float(stats.norm.isf(1e-6 / len(CASES) / 2))
PATHS = 40_000


def numbers(estimate: Estimate) -> tuple[float, float]:
    assert estimate.value is not None
    assert estimate.error is not None
    return estimate.value, estimate.error


# P9.i


def test_expected_positive_gap_against_mpmath_far_into_the_tail():
    for mu, eta in [(0.02, 0.05), (-0.1, 0.1), (0.3, 0.001), (-1.0, 0.1), (-3.0, 0.1), (0.0, 2.0), (1e-9, 1.0)]:
        with mpmath.workdps(40):
            x = mpmath.mpf(mu) / mpmath.mpf(eta)
            exact = mpmath.mpf(mu) * mpmath.ncdf(x) + mpmath.mpf(eta) * mpmath.npdf(x)
        assert d.expected_positive_gap(mu, eta) == pytest.approx(float(exact), rel=1e-12, abs=0)
        # Control: the density term without its scale η.
        if eta != 1 and mu < 0.3:
            assert abs(mu * stats.norm.cdf(mu / eta) + stats.norm.pdf(mu / eta) - float(exact)) > 1e-3 * float(exact)
    assert d.expected_positive_gap(0.3, 0) == 0.3
    assert d.expected_positive_gap(-0.3, 0) == 0
    assert d.expected_positive_gap(-1e3, 1.0) == 0


def test_expected_positive_gap_against_quadrature_of_the_definition():
    for mu, eta in [(0.02, 0.05), (-0.1, 0.1), (0.5, 0.2)]:
        integral = integrate.quad(lambda g, m=mu, e=eta: g * stats.norm.pdf(g, m, e), 0, max(mu, 0) + 12 * eta)[0]
        assert d.expected_positive_gap(mu, eta) == pytest.approx(integral, rel=1e-8)


# P9.ii


@pytest.mark.parametrize("case", CASES)
def test_option_value_against_simulated_arrivals(case):
    arrival, discount, flow, mu, eta = case
    gap = d.expected_positive_gap(mu, eta)
    exact = d.option_value(arrival, discount, flow, gap)
    value, error = numbers(d.simulate_option_value(arrival, discount, flow, mu, eta, paths=PATHS, seed=1))
    assert abs(value - exact) < Z_LIMIT * error
    assert error < 0.02 * exact
    wrong = {
        "a gap from the start": flow / discount * gap,
        "missing 1/r": exact * discount,
        "rate for share": flow / discount * arrival * gap,
        "r and nu swapped": flow / arrival * discount / (discount + arrival) * gap,
        "no option, the gap itself": exact * mu / gap,
    }
    for name, variant in wrong.items():
        if not math.isclose(variant, exact, rel_tol=1e-3):
            assert abs(value - variant) > 1.5 * Z_LIMIT * error, name


def test_the_simulation_is_one_of_the_stated_process():
    """With a sure gap the only chance is in the arrivals: V = v·g·e^{-rT}/r at the first of them, so V's law is known.

    E e^{-rT} = ν/(r+ν), E e^{-2rT} = ν/(2r+ν): mean and standard error are both checked.
    """
    arrival, discount, sure = 2.0, 0.5, 0.3
    value, error = numbers(d.simulate_option_value(arrival, discount, 1.0, sure, 0.0, paths=PATHS, seed=2))
    mean = arrival / (discount + arrival)
    sd = math.sqrt(arrival / (2 * discount + arrival) - mean**2)
    assert abs(value - sure / discount * mean) < Z_LIMIT * error
    assert error == pytest.approx(sure / discount * sd / math.sqrt(PATHS), rel=0.02)


def test_the_simulation_repeats_with_its_seed_and_knows_no_arrivals():
    same = [d.simulate_option_value(1.0, 1.0, 1.0, 0.1, 0.1, paths=100, seed=s) for s in (3, 3, 4)]
    assert same[0] == same[1] != same[2]
    assert d.simulate_option_value(0.0, 1.0, 1.0, 0.1, 0.1, paths=10, seed=0) == Estimate(0.0, 0.0, "exact")
    assert d.option_value(0.0, 1.0, 1.0, 0.1) == 0


def test_option_value_against_the_sum_over_arrivals():
    """Σ_j E e^{-rT_j} · v·Eg · E[1 - e^{-r(T_{j+1} - T_j)}]/r, T_j a sum of j exponential times."""
    arrival, discount, flow, gap = 1.7, 0.2, 3.0, 0.04
    share = arrival / (discount + arrival)
    held = integrate.quad(lambda t: arrival * math.exp(-arrival * t) * -math.expm1(-discount * t) / discount, 0, np.inf)
    total = sum(share**j for j in range(1, 1000)) * flow * gap * held[0]
    assert d.option_value(arrival, discount, flow, gap) == pytest.approx(total, rel=1e-9)


# P9.iii


def test_the_threshold_is_indifference_between_the_flow_and_the_option():
    rng = np.random.default_rng(5)
    for arrival, discount, flow, gap, cost in rng.uniform(0.01, 3, (50, 5)):
        threshold = d.flow_threshold(arrival, discount, flow, gap, cost)
        # A flow δ* for ever is worth what is given up for it: K and the option.
        forever = integrate.quad(lambda t, x=threshold, r=discount: x * math.exp(-r * t), 0, 60 / discount)[0]
        assert forever == pytest.approx(cost + d.option_value(arrival, discount, flow, gap), rel=1e-7)
        # Control: K for rK.
        wrong = (threshold - discount * cost + cost) / discount
        assert abs(wrong - forever) > 0.5 * abs(cost / discount - cost)


def test_option_value_rises_in_arrivals_and_spread_also_with_a_separable_level():
    rng = np.random.default_rng(6)
    for _ in range(50):
        arrival, discount, eta = rng.uniform(0.3, 3, 3)
        mu, level = rng.uniform(-1, 1, 2)
        grid = np.linspace(0.5, 2, 9)
        by_rate = [level + d.option_value(arrival * g, discount, 1.0, d.expected_positive_gap(mu, eta)) for g in grid]
        by_spread = [level + d.option_value(arrival, discount, 1.0, d.expected_positive_gap(mu, eta * g)) for g in grid]
        assert (np.diff(by_rate) > 0).all()
        assert (np.diff(by_spread) > 0).all()
    # Control: a level that falls with the spread is not separable, and the claim fails.
    mixed = [1 - 2 * eta + d.option_value(1.0, 1.0, 1.0, d.expected_positive_gap(0.0, eta)) for eta in (0.5, 1.0)]
    assert mixed[1] < mixed[0]


# C2


def test_the_link_is_the_spread_of_a_difference_of_correlated_scores():
    for sigma, rho in [(1.0, 0.0), (0.3, 0.6), (2.0, -0.5), (1.0, 1.0)]:
        covariance = sigma**2 * np.array([[1, rho], [rho, 1]])
        variance = np.array([1, -1]) @ covariance @ np.array([1, -1])
        assert d.linked_gap_sd(sigma, rho) == pytest.approx(math.sqrt(variance), abs=1e-14)
        if rho < 1:
            assert abs(math.sqrt(2) * sigma * (1 - rho) - math.sqrt(variance)) > 0.05 or rho == 0  # control: no root


def test_the_contrast_of_c2_needs_the_link():
    """As ρ rises to 1 the diversification gain ends; V_R knows no ρ. Through the link it falls too, to max(μ, 0)."""
    correlations = (0.5, 0.9, 0.99, 1.0)
    gain = [
        d.mean_score_accuracy(0.3, d.equal_weight_variance(10, rho)) - d.mean_score_accuracy(0.3, 1.0)
        for rho in correlations
    ]
    assert (np.diff(gain) < 0).all()
    assert gain[-1] == 0
    for mu in (0.0, 0.2):
        linked = [
            d.option_value(1.0, 1.0, 1.0, d.expected_positive_gap(mu, d.linked_gap_sd(1.0, rho)))
            for rho in correlations
        ]
        assert (np.diff(linked) < 0).all()
        assert linked[-1] == pytest.approx(mu / 2, abs=1e-15)


# Input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: d.expected_positive_gap(math.nan, 1.0), "mean_gap: nan is not a finite number"),
        (lambda: d.expected_positive_gap(0.0, -1.0), "gap_sd: -1.0 is not a finite number >= 0"),
        (lambda: d.option_value(1.0, 0.0, 1.0, 1.0), "discount_rate: 0.0 is not a finite number > 0"),
        (lambda: d.flow_threshold(-1.0, 1.0, 1.0, 1.0, 0.0), "arrival_rate: -1.0 is not a finite number >= 0"),
        (lambda: d.linked_gap_sd(1.0, 1.5), "correlation: 1.5 is outside [-1, 1]"),
        (lambda: d.linked_gap_sd(1.0, -1.5), "correlation: -1.5 is outside [-1, 1]"),
        (lambda: d.simulate_option_value(1, 1, 1, 0, 1, paths=1, seed=0), "paths: 1 is not a whole number >= 2"),
        (lambda: d.simulate_option_value(1, 1, 1, 0, 1, paths=9, seed=-1), "seed: -1 is not a whole number >= 0"),
    ],
)
def test_input_errors_are_one_line_with_field_and_value(call, message):
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"arrival_rate": -1}, "arrival_rate: -1 is not a finite number >= 0"),
        ({"discount_rate": 0}, "discount_rate: 0 is not a finite number > 0"),
        ({"flow_value": -0.5}, "flow_value: -0.5 is not a finite number >= 0"),
        ({"mean_gap": np.inf}, "mean_gap: inf is not a finite number"),
        ({"gap_sd": -0.1}, "gap_sd: -0.1 is not a finite number >= 0"),
    ],
)
def test_what_a_simulation_refuses(changed, says):
    given = {"arrival_rate": 1, "discount_rate": 1, "flow_value": 1, "mean_gap": 0, "gap_sd": 1, "paths": 2, "seed": 0}
    with pytest.raises(InputError, match=f"^{says}"):
        d.simulate_option_value(**{**given, **changed})
