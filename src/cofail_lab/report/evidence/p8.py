"""P8: a cascade's average gain is its AUC, and June's integral is not."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.claims.propositions.p8_area import ERRORS_FIRST_AND_LAST
from cofail_lab.decisions import auc, cascade_curve
from cofail_lab.report.figures.style import BARS, PALETTE, STRONG, drawing, fitted


@drawing()
def draw() -> Figure:
    """Left, average gain against the AUC of random scores; right, June's integral against the same."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    rng = np.random.Generator(np.random.Philox(key=[8, 0]))
    rows = []
    for _ in range(250):
        mass, cheap = 0.2 + rng.random(4), rng.beta(0.5, 0.5, size=4)
        area = auc(np.arange(4), cheap, mass)
        alone = cascade_curve(np.arange(4), cheap, np.full(4, 0.9), mass)
        # A strong model that tends to fail where the cheap one does, and so helps less than its average.
        together = cascade_curve(np.arange(4), cheap, (2 * cheap + rng.random(4)) / 3, mass)
        spread = alone.cheap_accuracy * (1 - alone.cheap_accuracy)
        rows.append((area, alone.gap_area / spread, together.gap_area / spread, alone.tail_excess_area))
    areas, gains, related, june = np.array(rows, dtype=float).T
    ends = np.array([0, 1])
    left.plot(ends, ends - 0.5, color="#999999", lw=0.7)
    left.plot(areas, gains, "o", ms=2.2, color=PALETTE[0], label="strong model alike everywhere")
    left.plot(areas, related, "o", ms=2.2, color=PALETTE[2], label="strong model fails where the cheap one does")
    left.set_xlabel("AUC of the confidence")
    left.set_ylabel("average gain / a_L(1 - a_L)")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    against = (june > 0) != (areas > 0.5)
    right.axhline(0, color="#999999", lw=0.7)
    right.axvline(0.5, color="#999999", lw=0.7)
    right.plot(areas[~against], june[~against], "o", ms=2.2, color=BARS, label="sign as claimed in June")
    right.plot(areas[against], june[against], "o", ms=2.2, color=STRONG, label="another sign")
    mass, cheap = np.array(ERRORS_FIRST_AND_LAST["mass"]), np.array(ERRORS_FIRST_AND_LAST["cheap"])
    stored = cascade_curve(np.arange(3), cheap, np.full(3, 0.9), mass).tail_excess_area
    right.plot(
        float(auc(np.arange(3), cheap, mass) or 0), stored, "D", ms=4, color="black", label="stored counterexample"
    )
    right.set_xlabel("AUC of the confidence")
    right.set_ylabel("∫ [w(γ) - (1 - a_L)] dγ")
    right.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)
