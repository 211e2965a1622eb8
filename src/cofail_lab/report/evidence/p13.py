"""P13: what a cascade gains over random escalation and over mixing, and the confidence that mixing asks for."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.decisions import binormal_quality, critical_auc, critical_auc_for_mixing, mixing_surcharge
from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted

CHEAP, STRONG_MODEL, AUC, RATIO = 0.7, 0.9, 0.7, 0.3


@drawing()
def draw() -> Figure:
    """Left, both gaps of a binormal cascade by fraction; right, the critical AUC by price ratio against both rivals."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    fractions = np.linspace(0, 1, 201)
    escalation = np.array(
        [binormal_quality(g, AUC, CHEAP, STRONG_MODEL) - CHEAP - g * (STRONG_MODEL - CHEAP) for g in fractions]
    )
    surcharge = np.array([mixing_surcharge(g, CHEAP, STRONG_MODEL, RATIO) for g in fractions])
    left.axhline(0, color="#999999", lw=0.7)
    left.axvline(1 - RATIO, color="#999999", lw=0.7, ls=":")
    left.plot(fractions, escalation, color=PALETTE[0], label="over random escalation")
    left.plot(fractions, escalation - surcharge, color=STRONG, label="over mixing at the same dollars")
    left.set_xlabel("fraction escalated γ")
    left.set_ylabel("accuracy gained")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    ratios = np.linspace(0.005, CHEAP / STRONG_MODEL - 0.005, 60)
    for rule, color, name in (
        (critical_auc, PALETTE[0], "against thinning H out"),
        (critical_auc_for_mixing, STRONG, "against mixing L and H"),
    ):
        found = [rule(CHEAP, STRONG_MODEL, 0.8, ratio) for ratio in ratios]
        level = [0.5 if one.regime == "always" else 1.0 if one.value is None else one.value for one in found]
        right.plot(ratios, level, color=color, label=name)
    right.set_xlabel("price ratio c_L/c_H")
    right.set_ylabel("critical AUC at q = .8")
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return fitted(figure)
