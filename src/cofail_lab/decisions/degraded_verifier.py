"""How a cascade's average gain falls as noise replaces its confidence (theory P8.ii).

A confidence is degraded to (1 - ν)·midrank + νU with U uniform: at ν = 0 it is itself, at ν = 1 pure noise. The largest
gap over all budgets is a maximum, and positive under noise as well: it counts only beyond what noise gives.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab import checks
from cofail_lab.decisions.cascade import cascade_curve, midranks

# The published streams: seed s draws from default_rng(1000 + s).
_FIRST_SEED = 1000


class Degraded(NamedTuple):
    """A cascade whose confidence was degraded, over the seeds.

    Attributes:
        noise: ν.
        area: mean of ∫₀¹ (Q - Q_mix) dγ.
        area_lower, area_upper: the central 95% of the seeds; both are the area itself at ν = 0.
        largest_gap: mean of max over γ of Q - Q_mix.
    """

    noise: float
    area: float
    area_lower: float
    area_upper: float
    largest_gap: float


def degraded_verifier(
    score: Float[np.ndarray, " n"],
    cheap_right: Float[np.ndarray, " n"],
    strong_right: Float[np.ndarray, " n"],
    noises: Sequence[float] = (0, 0.25, 0.5, 0.75, 0.9, 1),
    n_seeds: int = 20,
) -> list[Degraded]:
    """One row for each ν in [0, 1].

    Args:
        score, cheap_right, strong_right: as `cascade_curve`, (n,).
        noises: values of ν.
        n_seeds: uniform columns drawn, >= 1; the same ones for every ν.

    Raises:
        InputError: wrong shapes, values outside their range.
    """
    checks.whole("n_seeds", n_seeds, least=1)
    for noise in noises:
        checks.share("noises", noise)
    place = midranks(score)
    draws = [np.random.default_rng(_FIRST_SEED + seed).random(len(place)) for seed in range(n_seeds)]
    rows = []
    for noise in noises:
        curves = [cascade_curve((1 - noise) * place + noise * draw, cheap_right, strong_right) for draw in draws]
        areas = np.array([curve.gap_area for curve in curves])
        low, high = np.quantile(areas, [0.025, 0.975])
        gaps = [curve.largest_gap for curve in curves]
        rows.append(Degraded(float(noise), float(areas.mean()), float(low), float(high), float(np.mean(gaps))))
    return rows
