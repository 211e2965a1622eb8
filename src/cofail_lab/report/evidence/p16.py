"""P16: κ depends on the prevalence, and an even number of votes is a stricter rule."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cofail_lab.decisions.rater_agreement import panel_kappa
from cofail_lab.decisions.rater_votes import Ties, marked_probability
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, drawing, fitted

SENSITIVITY, SPECIFICITY, PREVALENCE = 0.9, 0.95, 0.6
MOST_VOTES = 9


def marked_by_votes(ties: Ties) -> np.ndarray:
    """P(marked right | right) by 1..`MOST_VOTES` votes."""
    votes = range(1, MOST_VOTES + 1)
    return np.array([float(marked_probability(np.full(k, SENSITIVITY), "majority", ties)) for k in votes])


@drawing()
def draw() -> Figure:
    """Left, κ by prevalence; right, marks by the number of votes."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    shares = np.linspace(0.01, 0.99, 99)
    left.plot(shares, [panel_kappa(SENSITIVITY, SPECIFICITY, share) for share in shares], color=PALETTE[0])
    left.axhline((SENSITIVITY + SPECIFICITY - 1) ** 2, color=OTHER, linestyle=":")
    left.plot(PREVALENCE, panel_kappa(SENSITIVITY, SPECIFICITY, PREVALENCE), "o", color=STRONG)
    left.set_xlabel("share of answers that are right")
    left.set_ylabel("κ (sensitivity .9, specificity .95)")
    left.set_ylim(0, 1)
    votes = np.arange(1, MOST_VOTES + 1)
    right.plot(votes, marked_by_votes("wrong"), "o-", color=STRONG, markersize=3, label="ties wrong")
    right.plot(votes, marked_by_votes("right"), "o-", color=PALETTE[0], markersize=3, label="ties right")
    right.set_xlabel("votes")
    right.set_ylabel("right answers marked right")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.legend()
    return fitted(figure)
