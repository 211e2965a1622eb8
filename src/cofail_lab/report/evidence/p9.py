"""P9 and C2: what waiting for better models is worth, and what becomes of it as errors become correlated."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from cofail_lab.claims.propositions.p9_churn import option
from cofail_lab.decisions import equal_weight_variance, linked_gap_sd, mean_score_accuracy, simulate_option_value
from cofail_lab.report.figures.style import PALETTE, drawing, fitted

_DISCOUNT, _MEAN_GAP = 0.5, -0.01
_MEMBERS, _ERROR_RATE, _SCORE_SD = 10, 0.3, 0.05


@drawing()
def draw() -> Figure:
    """Left, the option's value over the arrival rate, beside simulated arrivals; right, both values of C2 over ρ."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    rates = np.geomspace(0.05, 5, 60)
    for spread, colour in zip((0.02, 0.05, 0.1), PALETTE, strict=False):
        closed = [option(nu, _DISCOUNT, 1.0, _MEAN_GAP, spread) for nu in rates]
        left.plot(rates, closed, color=colour, label=f"η = {spread:g}")
        for nu in rates[::11]:
            simulated = simulate_option_value(float(nu), _DISCOUNT, 1.0, _MEAN_GAP, spread, paths=4000, seed=9)
            low, high = simulated.interval(1.96)
            left.errorbar(nu, simulated.value or 0.0, yerr=(high - low) / 2, fmt="o", ms=2.5, lw=0.8, color=colour)
    left.set_xscale("log")
    left.xaxis.set_major_locator(FixedLocator([0.05, 0.2, 1, 5]))
    left.xaxis.set_minor_locator(NullLocator())
    left.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    left.set_xlabel("arrivals per unit of time (μ = -.01, r = .5, v = 1)")
    left.set_ylabel("option value; dots: simulated, 95%")
    left.legend(loc="upper left")
    correlations = np.linspace(0, 1, 80)
    single = mean_score_accuracy(_ERROR_RATE, 1.0)
    gain = [mean_score_accuracy(_ERROR_RATE, equal_weight_variance(_MEMBERS, rho)) - single for rho in correlations]
    right.plot(correlations, np.array(gain) / gain[0], color=PALETTE[0], label="diversifying, ten members")
    for mean_gap, style in ((0.0, "-"), (0.02, "--")):
        linked = [option(2.0, _DISCOUNT, 1.0, mean_gap, linked_gap_sd(_SCORE_SD, rho)) for rho in correlations]
        text = f"option, η² = 2σ²(1 - ρ), μ = {mean_gap:g}"
        right.plot(correlations, np.array(linked) / linked[0], style, color=PALETTE[1], label=text)
    right.axhline(1, color=PALETTE[3], lw=0.9, ls=":", label="option, η given")
    right.set_ylim(0, 1.05)
    right.set_xlabel("correlation ρ")
    right.set_ylabel("value, relative to ρ = 0")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)
