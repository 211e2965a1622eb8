"""P2.v: Clayton's law, whose lower tail a one-factor law can predict too low, too high, or not at all."""

from collections.abc import Callable
from math import exp, expm1, inf, log, log1p

import numpy as np
from scipy.special import gammaln, logsumexp

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, at_least, equals
from cofail_lab.claims.propositions.p2_common_shock import QUADRATURE
from cofail_lab.claims.propositions.p2_gaussian_tail import regular_variation
from cofail_lab.claims.reference import exchangeable


def calibrated(case: Case) -> float:
    """The correlation of a calibration: ``pipeline`` tetrachoric or pearson, of a Clayton law or of a common shock."""
    if "theta" in case:
        error_rate, pair = case["error_rate"], exchangeable.clayton_pair(case["error_rate"], case["theta"])
    else:
        error_rate = case["shock"] + (1 - case["shock"]) * case["base"]
        pair = case["shock"] + (1 - case["shock"]) * case["base"] ** 2
    read = {"tetrachoric": exchangeable.tetrachoric, "pearson": exchangeable.pearson}[case["pipeline"]]
    return read(error_rate, pair)


def log_ratio(case: Case, m: float) -> float:
    """log β(m)/β_sf(m) of a Clayton law, or of a common shock, under a pipeline."""
    r = calibrated(case)
    if "theta" in case:
        ours, error_rate = exchangeable.log_clayton(case["error_rate"], case["theta"], m), case["error_rate"]
    else:
        ours = exchangeable.log_common_shock(case["shock"], case["base"], m)
        error_rate = case["shock"] + (1 - case["shock"]) * case["base"]
    return ours - exchangeable.one_factor(case.get("threshold_rate", error_rate), r, m).log_all_wrong


# --- the law itself


def all_wrong_log(error_rate: float, theta: float, m: float) -> float:
    """log β = -log(m α^-θ - m + 1)/θ."""
    return -log1p(m * expm1(-theta * log(error_rate))) / theta


def by_frailty(formula: Callable, case: Case) -> Measured:
    """log E[exp(-V (α^-θ - 1))^m] over the Gamma(1/θ) frailty V, by a trapezoidal sum in log V."""
    shape, load = 1 / case["theta"], case["m"] * np.expm1(-case["theta"] * np.log(case["error_rate"]))
    # The integrand e^{s x - (1 + load) e^x} is log-concave with its peak at log(s / (1 + load)).
    peak = np.log(shape / (1 + load))
    x = np.linspace(peak - 60 * max(1, case["theta"]), peak + 8 + np.log1p(60 / shape), 60_001)
    heights = shape * x - np.exp(x) * (1 + load)
    log_integral = float(logsumexp(heights) + np.log(x[1] - x[0]) - gammaln(shape))
    return equals(log_integral, formula(case["error_rate"], case["theta"], case["m"]), 1e-9, 1e-10)


def approached(formula: Callable, case: Case) -> Measured:
    """log of exact β over its claimed leading term: at most 1/(θ m (α^-θ - 1)) away."""
    left = 1 / (case["theta"] * case["m"] * expm1(-case["theta"] * log(case["error_rate"])))
    exact = exchangeable.log_clayton(case["error_rate"], case["theta"], case["m"])
    return equals(exact, formula(case["error_rate"], case["theta"], case["m"]), left, 1e-15 * abs(exact))


def leading(error_rate: float, theta: float, m: float) -> float:
    """log [m (α^-θ - 1)]^(-1/θ)."""
    return -(log(m) + log(expm1(-theta * log(error_rate)))) / theta


def ratio_rate(exponents: Callable, case: Case) -> Measured:
    """log β/β_sf less its claimed power of m, corrected by the slowly varying factor of P2.i; within c/√log m."""
    r, m = calibrated(case), case["m"]
    error_rate, theta = case["error_rate"], case["theta"]
    # What the two sharp forms leave beside the power of m.
    factor = leading(error_rate, theta, 1) - (regular_variation(error_rate, r, m) + (1 - r) / r * log(m))
    claimed = exponents(r, theta) * log(m) + factor
    return equals(log_ratio(case, m), claimed, case["within"] / log(m) ** 0.5, QUADRATURE * 1e3)


def sign_of_end(threshold: Callable, case: Case) -> Measured:
    """The ratio at m = 1e300 is above 1 where r is below the claimed threshold, and below 1 where it is above."""
    error_rate, theta, r = case["error_rate"], case["theta"], case["r"]
    end = (
        exchangeable.log_clayton(error_rate, theta, 1e300) - exchangeable.one_factor(error_rate, r, 1e300).log_all_wrong
    )
    return Measured(end - 1e-6, end + 1e-6, *((0, inf) if r < threshold(theta) else (-inf, 0)))


# --- statements about the ratio


def ratio_reads(_: Callable, case: Case) -> Measured:
    """A published ratio."""
    return equals(exp(log_ratio(case, case["m"])), case["printed"], case["unit"] / 2)


def within_bound(bound: Callable, case: Case) -> Measured:
    """log of the ratio against what the claim allows it at this size."""
    ratio = log_ratio(case, case["m"])
    return Measured(ratio - 1e-6, ratio + 1e-6, *bound(case))


def atom_ratio(least: Callable, case: Case) -> Measured:
    """The ratio of a common shock with a stated marginal against a claimed least value."""
    return at_least(exp(log_ratio(case, case["m"])), least(), 1e-3)


_ATOM_ALPHA = {"shock": 0.05, "base": (0.4 - 0.05) / 0.95, "pipeline": "pearson", "m": 53}
_ATOM_BASE = {"shock": 0.05, "base": 0.4, "pipeline": "pearson", "m": 53}
_CLAYTON = tuple(
    {"error_rate": 0.4, "theta": theta, "pipeline": pipeline}
    for theta in (2, 4)
    for pipeline in ("pearson", "tetrachoric")
)
_PUBLISHED = tuple(
    {"error_rate": 0.4, "theta": theta, "pipeline": pipeline, "m": m, "printed": value, "unit": unit}
    for theta, pipeline, m, value, unit in (
        (2, "pearson", 53, 4.18299, 1e-5),
        (4, "pearson", 53, 2.65728, 1e-5),
        (2, "tetrachoric", 53, 0.839615, 1e-6),
        (4, "tetrachoric", 53, 0.848578, 1e-6),
        (2, "pearson", 1e6, 160, 1),
        (2, "tetrachoric", 1e6, 0.219, 1e-3),
        (2, "tetrachoric", 1e30, 9e-6, 1e-6),
    )
)

CLAIMS = (
    Claim(
        id="P2.v",
        releases=("sept",),
        statement="Clayton's all-wrong rate ends as a power of m, and so does its ratio to the one-factor prediction.",
        symbols="β ~ [m(α^-θ - 1)]^(-1/θ); β/β_sf = m^((1-r)/r - 1/θ + o(1))",
        hypothesis="Clayton copula, exchangeable, against the one-factor law at correlation r.",
        expected="confirmed",
        formula=lambda r, theta: (1 - r) / r - 1 / theta,
        checks=(
            Check(
                "quadrature up to m = 1e300, gap within c/√log m",
                "quadrature",
                ratio_rate,
                tuple({**law, "m": m, "within": 0.25} for law in _CLAYTON for m in (1e6, 1e30, 1e100, 1e300)),
            ),
            Check("published ratios", "quadrature", ratio_reads, _PUBLISHED),
        ),
        control=Control("the exponent without 1/θ", "refuted", lambda r, _: (1 - r) / r),
        mutants={
            "the exponent without 1/θ": lambda r, _: (1 - r) / r,
            "θ for 1/θ": lambda r, theta: (1 - r) / r - theta,
            "the sign turned": lambda r, theta: 1 / theta - (1 - r) / r,
            "Pearson's r/(1-r)": lambda r, theta: r / (1 - r) - 1 / theta,
        },
    ),
    Claim(
        id="P2.v.b",
        releases=("sept",),
        statement="The closed form of Clayton's all-wrong rate, and its leading term.",
        symbols="β = (m α^-θ - m + 1)^(-1/θ)",
        hypothesis="Clayton copula, exchangeable.",
        expected="confirmed",
        formula=all_wrong_log,
        checks=(
            Check(
                "the frailty integrated out",
                "quadrature",
                by_frailty,
                tuple(
                    {"error_rate": a, "theta": t, "m": m}
                    for a, t in ((0.4, 2), (0.01, 0.5), (0.9, 4))
                    for m in (1, 10, 2000)
                ),
                Search(
                    {
                        "error_rate": Range(0.001, 0.99),
                        "theta": Range(0.3, 8),
                        "m": Range(1, 3000, log=True, integer=True),
                    },
                    n_starts=16,
                    n_polished=1,
                    n_steps=10,
                ),
            ),
            Check(
                "its leading term",
                "exact",
                lambda formula, case: approached(
                    lambda a, t, m: leading(a, t, m) + formula(a, t, 1) - all_wrong_log(a, t, 1), case
                ),
                tuple({"error_rate": 0.4, "theta": t, "m": m} for t in (0.5, 2, 4) for m in (10, 1e3, 1e5)),
            ),
        ),
        control=Control("θ for 1/θ", "refuted", lambda a, t, m: -log1p(m * expm1(-t * log(a))) * t),
        mutants={
            "θ for 1/θ": lambda a, t, m: -log1p(m * expm1(-t * log(a))) * t,
            "m - 1 models": lambda a, t, m: all_wrong_log(a, t, m - 1) if m > 1 else 0.0,
            "the -m dropped": lambda a, t, m: -log(m * exp(-t * log(a)) + 1) / t,
        },
        universal=True,
    ),
    Claim(
        id="P2.v.c",
        releases=("sept",),
        statement="The ratio diverges where r is below θ/(1+θ), and vanishes where it is above.",
        symbols="β/β_sf → ∞ if r < θ/(1+θ), → 0 if r > θ/(1+θ)",
        hypothesis="Clayton copula, exchangeable.",
        expected="confirmed",
        formula=lambda theta: theta / (1 + theta),
        checks=(
            Check(
                "quadrature at m = 1e300 on both sides",
                "quadrature",
                sign_of_end,
                tuple(
                    {"error_rate": a, "theta": t, "r": t / (1 + t) + side * 0.06}
                    for a in (0.2, 0.4)
                    for t in (0.5, 2, 4)
                    for side in (-1, 1)
                ),
            ),
        ),
        control=Control("the threshold λ_L = 2^(-1/θ)", "refuted", lambda theta: 2 ** (-1 / theta)),
        mutants={
            "1/(1+θ)": lambda theta: 1 / (1 + theta),
            "the threshold λ_L": lambda theta: 2 ** (-1 / theta),
            "θ/(2+θ), Kendall's tau": lambda theta: theta / (2 + theta),
        },
    ),
    Claim(
        id="P2.v",
        releases=("june",),
        statement="The underpricing of a Clayton law stays bounded.",
        symbols="sup_m β(m)/β_sf(m) < ∞",
        hypothesis="Clayton copula, calibrated by the Pearson pipeline (α = .4, θ = 2).",
        expected="refuted",
        formula=lambda case: (-inf, log(case["bound"])),
        checks=(
            Check(
                "quadrature at a size where the ratio passes any stated bound",
                "quadrature",
                within_bound,
                tuple({**_CLAYTON[0], "bound": b, "m": m} for b, m in ((1e60, 1e220), (1e6, 1e25), (100, 1e6))),
            ),
        ),
        control=Control(
            "it grows like a power of m",
            "confirmed",
            lambda case: (log(case["bound"]), 0.4 * log(case["m"])),
        ),
        note="4.183 at m = 53 and 160 at 1e6 are its start; the exponent (1-r)/r - 1/θ is .279.",
    ),
    Claim(
        id="P2.v.b",
        releases=("june",),
        statement="Any positive lower tail dependence forces the ratio to diverge.",
        symbols="λ_L > 0 ⇒ β(m)/β_sf(m) → ∞",
        hypothesis="Calibrated by the tetrachoric correlation (α = .4, θ = 2: λ_L = .71, r = .776).",
        expected="refuted",
        formula=lambda _: (0.0, inf),
        checks=(
            Check(
                "quadrature at large sizes",
                "quadrature",
                within_bound,
                tuple({**_CLAYTON[1], "m": m} for m in (1e30, 1e100, 1e6)),
            ),
        ),
        control=Control("it vanishes there", "confirmed", lambda _: (-inf, 0.0)),
    ),
    Claim(
        id="P2.v.c",
        releases=("june",),
        statement="At matched marginals an atom of .05 is underpriced by more than ten million at m = 53.",
        symbols="β/β_sf > 10^7 at m = 53",
        hypothesis="Common shock with α = .40 or α0 = .40, Pearson pipeline, thresholds from its own marginals.",
        expected="refuted",
        formula=lambda: 1e7,
        checks=(Check("quadrature at matched marginals", "quadrature", atom_ratio, (_ATOM_ALPHA, _ATOM_BASE)),),
        control=Control("more than 8.3 million", "confirmed", lambda: 8.3e6),
        note="The printed figure uses a threshold at .40 for a law whose marginal is .43, which gives 2.99e7.",
    ),
    Claim(
        id="P2.v.d",
        releases=("sept",),
        statement="At matched marginals an atom of .05 is underpriced 8.57 or 8.36 million times at m = 53.",
        symbols="8.57e6 (α = .40), 8.36e6 (α0 = .40); 2.99e7 with the mismatched threshold",
        hypothesis="Common shock, Pearson pipeline.",
        expected="confirmed",
        formula=lambda case: case["printed"],
        checks=(
            Check(
                "quadrature",
                "quadrature",
                lambda formula, case: equals(
                    exp(log_ratio(case, 53)), formula(case), 5e3 if case["printed"] < 1e7 else 5e4
                ),
                (
                    {**_ATOM_ALPHA, "printed": 8.57e6},
                    {**_ATOM_BASE, "printed": 8.36e6},
                    {**_ATOM_BASE, "threshold_rate": 0.4, "printed": 2.99e7},
                ),
            ),
        ),
        control=Control("ten million", "refuted", lambda _: 1e7),
        mutants={
            "ten million": lambda _: 1e7,
            "the tetrachoric pipeline's figure": lambda case: exp(log_ratio({**case, "pipeline": "tetrachoric"}, 53)),
        },
    ),
)
