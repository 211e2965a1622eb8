"""P14: the slope of a vote's gain on correlation is a confound; and weights that do not see what members share."""

from fractions import Fraction

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.claims.propositions.p14_slopes import one_factor
from cofail_lab.claims.propositions.p14_votes import independent
from cofail_lab.claims.propositions.p14_weights import accuracy
from cofail_lab.claims.reference.cascade_populations import rational
from cofail_lab.decisions import log_odds_weights
from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted


@drawing()
def draw() -> Figure:
    """Left, added-variable plots of all triplets under both sets of controls; right, two votes as clones appear."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    triplets = one_factor(80)
    headroom, gap = triplets.headroom, triplets.quality_gap
    for controls, color, name in (
        ((headroom,), PALETTE[0], "headroom controlled, as published"),
        ((headroom, gap), STRONG, "headroom and quality gap controlled"),
    ):
        x, y = (_residual(column, controls) for column in (triplets.correlation, triplets.gain))
        left.plot(x, y, "o", ms=1.8, color=color, label=f"{name}: slope {x @ y / (x @ x):+.2f}")
    left.axhline(0, color="#999999", lw=0.7)
    left.set_xlabel("mean correlation of the three errors, residual")
    left.set_ylabel("majority less best member, residual")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    shares = np.linspace(0, 1, 11)
    rates = [0.8] * 3 + [0.7] * 4
    votes = {"log-odds weights": log_odds_weights(np.array(rates)).tolist(), "equal weights": [1.0] * 7}
    alone = independent([rational(a) for a in rates])
    # The first three as one: right together or wrong together.
    one = independent([rational(a) for a in [0.8, *rates[3:]]])
    together: dict[tuple[int, ...], Fraction] = {(who[0],) * 3 + who[1:]: p for who, p in one.items()}
    for (name, weights), color in zip(votes.items(), (STRONG, PALETTE[0]), strict=True):
        ends = [float(accuracy(weights, law)) for law in (alone, together)]
        right.plot(shares, ends[0] + shares * (ends[1] - ends[0]), color=color, label=name)
    right.set_xlabel("share of queries on which three members are one")
    right.set_ylabel("vote right")
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return fitted(figure)


def _residual(column: np.ndarray, controls: tuple[np.ndarray, ...]) -> np.ndarray:
    """What least squares on 1 and the controls leaves of a column."""
    design = np.column_stack([np.ones(len(column)), *controls])
    return column - design @ np.linalg.lstsq(design, column, rcond=None)[0]
