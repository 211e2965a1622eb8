"""P1: what the certificates promise and what they keep."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.bounds.binomial import clopper_pearson_lower
from cofail_lab.claims.propositions import p1_certificates as certificates
from cofail_lab.claims.propositions.p1_paired import paired_limits
from cofail_lab.claims.reference.binomial_coverage import binomial, independent_coverage
from cofail_lab.report.figures.style import PALETTE, STRONG, decades, drawing, fitted

_DELTA = 0.05


@drawing()
def draw() -> Figure:
    """Left, coverage of β's lower limit over β; right, coverage of four certificates of the gain over sample size."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    n = 60
    limits = clopper_pearson_lower(np.arange(n + 1), n, _DELTA)
    # A point on either side of every jump shows the infimum that a plain grid would miss.
    rates = np.sort(np.r_[np.linspace(0.002, 0.5, 400), limits[1:32] - 1e-9, limits[1:32] + 1e-9])
    left.plot(rates, [binomial(n, p)[limits <= p].sum() for p in rates], color=PALETTE[0], lw=0.9)
    left.axhline(1 - _DELTA, color=STRONG, lw=0.8)
    left.set_xlabel("β")
    left.set_ylabel(f"P(β ≥ its lower limit), n = {n}")
    sizes = np.unique(np.geomspace(20, 1000, 40).astype(int))
    bounds = {
        "paired (lab)": paired_limits,
        "separate limits (September)": certificates.separate_limits,
        "in-sample best (June's tool)": certificates.uncorrected_maximum,
        "its upper limit (June)": certificates.upper_limit_of_best,
    }
    for (name, bound), colour, style in zip(bounds.items(), PALETTE, ("-", "--", "-.", ":"), strict=False):
        pools = [{"n": int(n), "m": 20, "delta": _DELTA, "error_rate": 0.1} for n in sizes]
        covered = [float(independent_coverage(bound, pool).low) for pool in pools]
        right.plot(sizes, covered, style, color=colour, label=name)
    right.axhline(1 - _DELTA, color=STRONG, lw=0.8)
    decades(right.xaxis, sizes[0], sizes[-1])
    right.set_ylim(-0.03, 1.03)
    right.set_xlabel("queries")
    right.set_ylabel("coverage, 20 independent models")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)
