"""C1: inside the binormal family an AUC above AUC* is what a cascade needs; another score needs less."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.claims.propositions.c1_dominance import ERRORS_FIRST, affordable
from cofail_lab.claims.propositions.p8_prices import calls_at
from cofail_lab.claims.reference.cascade_populations import population, rational
from cofail_lab.decisions import critical_auc
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted


@drawing()
def draw() -> Figure:
    """Least share of strong calls against the AUC: binormal scores, and scores with errors first and last."""
    cheap, strong, floor, ratio = 0.7, ERRORS_FIRST["strong"], ERRORS_FIRST["floor"], ERRORS_FIRST["price_ratio"]
    stored = population(ERRORS_FIRST)
    most = float(affordable(stored, rational(floor), rational(ratio)))
    figure, axes = canvas(4.2, 2.6)
    axes.axhspan(0, most, color=PALETTE[1], alpha=0.15, linewidth=0, label="cheaper than the strong model alone")
    aucs = np.linspace(0.5, 0.995, 100)
    axes.plot(aucs, [calls_at(a, cheap, strong, floor) for a in aucs], color=PALETTE[0], label="binormal scores")
    shares, calls = zip(*(_first(step / 90) for step in range(28)), strict=True)
    axes.plot(shares, calls, color=PALETTE[2], label="errors first and last")
    threshold = critical_auc(cheap, strong, floor, ratio).value
    if threshold is not None:
        axes.axvline(threshold, color=OTHER, linewidth=1, label=f"AUC* = {threshold:.3f}")
    least = stored.least_escalation(rational(floor))
    axes.plot(
        float(stored.separation(stored.cheap).auc),
        float(least or 0),
        "D",
        ms=5,
        color=STRONG,
        label="stored counterexample",
    )
    axes.set_ylim(0, 1)
    axes.set_xlabel("AUC of the confidence")
    axes.set_ylabel("strong calls needed (share)")
    axes.legend(loc="center left", bbox_to_anchor=(1.02, 0.5))
    return fitted(figure)


def _first(errors: float) -> tuple[float, float]:
    """AUC and least escalation where this mass of the .3 errors comes first and the rest last."""
    case = {**ERRORS_FIRST, "mass": [round(errors, 6), 0.7, round(0.3 - errors, 6)]}
    who = population(case)
    least = who.least_escalation(rational(case["floor"]))
    return float(who.separation(who.cheap).auc), 1.0 if least is None else float(least)
