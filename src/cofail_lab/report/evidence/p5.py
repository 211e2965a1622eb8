"""P5 and P6: the best number of members by correlation, at a fixed price of variance and at the model's own."""

import numpy as np
from matplotlib.figure import Figure

from cofail_lab.claims.propositions.p6_members import HUMP, best_size, floor_plus_one, nearest_integer
from cofail_lab.decisions import growth_threshold, variance_shadow_price
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, drawing, fitted

ALPHA, COST = 0.1, 1e-4
PRICE, MEMBER = 0.4, 0.01


@drawing()
def draw() -> Figure:
    """Left, ⌊k*⌋ + 1 and the nearest integer against exhaustive search at a fixed price; right, the hump without it."""
    figure = Figure(figsize=(7.4, 2.6))
    left, right = figure.add_axes((0, 0, 0.42, 1)), figure.add_axes((0.58, 0, 0.42, 1))
    correlations, k = np.linspace(0, 0.98, 197), np.arange(1, 60)
    stars = np.array([growth_threshold(PRICE, float(rho), MEMBER) for rho in correlations])
    best = [int(np.argmax(-PRICE * (1 - rho) / k - MEMBER * k)) + 1 for rho in correlations]
    nearest = np.array([nearest_integer(star) for star in stars])
    left.plot(correlations, stars, color=OTHER, label="k*")
    left.step(correlations, best, where="mid", color=PALETTE[0], lw=3, alpha=0.45, label="exhaustive search")
    left.step(
        correlations, [floor_plus_one(star) for star in stars], where="mid", color="black", lw=0.9, label="⌊k*⌋ + 1"
    )
    off = nearest != best
    left.plot(correlations[off], nearest[off], ".", ms=3, color=STRONG, label="nearest integer, where another")
    left.set_xlabel(f"correlation ρ, price λ = {PRICE:g} held fixed (c = {MEMBER:g})")
    left.set_ylabel("members")
    left.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=2, columnspacing=1)
    sizes = [best_size(ALPHA, float(rho), COST) for rho in correlations]
    right.step(correlations, sizes, where="mid", color=PALETTE[0], label="exhaustive search, λ the model's own")
    price = variance_shadow_price(ALPHA, 1.0)
    fixed = [growth_threshold(price, float(rho), COST) + 1 for rho in correlations]
    right.plot(correlations, fixed, color=PALETTE[2], lw=1, ls="--", label="k* + 1 at the price of one member")
    right.plot([c["rho"] for c in HUMP], [c["published"] for c in HUMP], "D", ms=4, color="black", label="published")
    right.set_xlabel(f"correlation ρ (α = {ALPHA:g}, c = {COST:g})")
    right.set_ylabel("members")
    right.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return fitted(figure)
