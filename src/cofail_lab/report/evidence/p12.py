"""P12: what a table by type captures when the type is told with probability p, and what a blind router loses."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.report.figures.style import PALETTE, STRONG, drawing, fitted

N_TYPES, N_QUERIES, ALL_RIGHT, ALL_WRONG = 5, 4000, 0.5, 0.05


@drawing()
def draw() -> Figure:
    """Left, the share of the gain that a table by type captures; right, a router that picks without information."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    told = np.linspace(0, 1, 11)
    captured = [_captured(p, np.random.default_rng([12, k])) for k, p in enumerate(told)]
    left.plot([0, 1], [0, 1], color=STRONG, label="P12.i: p of the gain")
    left.plot(told, captured, "o", color=PALETTE[0], label=f"table, {N_QUERIES:,} queries")
    left.set_xlabel("probability that the type is told truly")
    left.set_ylabel("share of the gain captured")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    gaps = np.linspace(0, 0.2, 21)
    away = np.array([0.1, 0.5, 0.9])
    for share, color in zip(away, PALETTE, strict=False):
        right.plot(gaps, -share * gaps, color=color, label=f"{share:.0%} elsewhere")
    right.set_xlabel("accuracy gap to the other model")
    right.set_ylabel("gain of a blind router")
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=3)
    return fitted(figure)


def _captured(told: float, rng: np.random.Generator) -> float:
    """Share of the oracle gain of the planted population of P12.i that the best model per told type reaches."""
    kind = rng.choice(3, N_QUERIES, p=[ALL_RIGHT, ALL_WRONG, 1 - ALL_RIGHT - ALL_WRONG])
    true_type = rng.integers(N_TYPES, size=N_QUERIES)
    shown = np.where(rng.random(N_QUERIES) < told, true_type, rng.integers(N_TYPES, size=N_QUERIES))
    right = (kind == 0)[:, None] | ((kind == 2)[:, None] & (true_type[:, None] == np.arange(N_TYPES)))
    table = [int(right[shown == t].mean(axis=0).argmax()) for t in range(N_TYPES)]
    reached = right[np.arange(N_QUERIES), np.array(table)[shown]].mean()
    best, oracle = right.mean(axis=0).max(), right.any(axis=1).mean()
    return float((reached - best) / (oracle - best))
