"""What a cascade of two models gains at every escalated fraction: areas, dollars, deferral, noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.decisions import (
    CascadeCurve,
    CascadeDollars,
    Degraded,
    GapArea,
    auc,
    cascade_curve,
    cascade_dollars,
    degraded_verifier,
    gap_area_routes,
)
from cofail_lab.numerics.streams import CASCADE_BOOTSTRAP, generator
from cofail_lab.policies.cascade import confidence
from cofail_lab.policies.deferral_cascade import added_by_strong
from cofail_lab.policies.graded import Graded


class Ranged(NamedTuple):
    """A number and its percentile interval over query bootstraps; None where it does not exist."""

    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class AtFraction:
    """A cascade that escalates one fraction of the queries.

    Attributes:
        fraction: γ.
        cost: dollars per query; None without costs.
        escalation_gap: over random escalation of as many queries.
        mixed_fraction: γ', the share of H in a mix of L and H that costs as much; None without costs, or where H is no
            dearer than L.
        dollar_gap: over that mix.
        deferral_gain: of cross-fitted deferral over the threshold.
    """

    fraction: float
    cost: float | None
    escalation_gap: Ranged
    mixed_fraction: float | None
    dollar_gap: Ranged
    deferral_gain: Ranged


@dataclass(frozen=True)
class CascadeReading:
    """All of it.

    Attributes:
        n_queries: number of queries.
        cheap, strong: names of L and H.
        signal: L's confidence.
        curve: of the threshold on it.
        area: ∫₀¹ (Q - Q_mix) dγ by three routes, and its interval.
        cheap_auc, strong_auc: of the confidence for either model's answers; None where all or none are right.
        dollars: None without costs.
        fractions: what is gained at some fractions.
        degraded: as noise replaces the confidence.
    """

    n_queries: int
    cheap: str
    strong: str
    signal: str
    curve: CascadeCurve
    routes: GapArea
    area: Ranged
    cheap_auc: float | None
    strong_auc: float | None
    dollars: CascadeDollars | None
    fractions: tuple[AtFraction, ...]
    degraded: tuple[Degraded, ...]

    def at(self, fraction: float) -> AtFraction:
        """The entry of one of the fractions that were asked for."""
        return next(entry for entry in self.fractions if entry.fraction == fraction)

    @property
    def best(self) -> tuple[float, float] | None:
        """The fraction of the largest gap at equal dollars, and this gap, chosen on these queries; None without one."""
        gaps = None if self.dollars is None else self.dollars.dollar_gaps
        if gaps is None:
            return None
        place = int(gaps.argmax())
        return float(self.curve.fraction[place]), float(gaps[place])


def read_cascade(
    graded: Graded,
    cheap: int,
    strong: int,
    signal: str,
    fractions: Sequence[float],
    *,
    bootstrap: int,
    level: float,
    seed: int,
    done: Callable[[int], None] = lambda _: None,
) -> CascadeReading:
    """Read one cascade.

    Deferral is cross-fitted (`added_by_strong`), the threshold on the signal needs no fitting. Replicates resample
    queries, with the same predictions: they do not show what other training queries would change.

    Args:
        graded: all queries.
        cheap, strong: positions of L and H.
        signal: of L's answers, one of `cascade.SIGNALS`.
        fractions: γ, in [0, 1].
        bootstrap: replicates; 0 leaves the intervals out.
        level: of the intervals.
        seed: of folds and replicates.
        done: called after every replicate with 1, and once before them.
    """
    # Only the order counts: an unknown signal, which comes first, is no number.
    score = np.unique(confidence(graded, cheap, signal), return_inverse=True)[1].astype(float)
    added = added_by_strong(graded, cheap, strong, seed)
    low, high = graded.right[:, [cheap, strong]].T.astype(float)
    costs = None if graded.cost is None else graded.cost[:, [cheap, strong]].T

    def figures(rows: np.ndarray) -> np.ndarray:
        """The area, then for each fraction the three numbers with an interval."""
        curve = cascade_curve(score[rows], low[rows], high[rows])
        dollars = None if costs is None else cascade_dollars(score[rows], low[rows], high[rows], *costs[:, rows])
        deferral = cascade_curve(-added[rows], low[rows], high[rows])
        found = [curve.gap_area]
        for gamma in fractions:
            gap = None if dollars is None else dollars.dollar_gap(gamma)
            quality = curve.quality(gamma)
            found += [
                quality - curve.random_quality(gamma),
                np.nan if gap is None else gap,
                deferral.quality(gamma) - quality,
            ]
        return np.array(found)

    n = graded.n_queries
    done(1)
    drawn = []
    for b in range(bootstrap):
        drawn.append(figures(generator(seed, CASCADE_BOOTSTRAP, b).integers(n, size=n)))
        done(1)
    ranged = _ranged(figures(np.arange(n)), drawn, level)
    curve = cascade_curve(score, low, high)
    dollars = None if costs is None else cascade_dollars(score, low, high, *costs)
    entries = tuple(
        AtFraction(
            gamma,
            None if dollars is None else dollars.cost(gamma),
            ranged[1 + 3 * i],
            None if dollars is None else dollars.mixed_fraction(gamma),
            ranged[2 + 3 * i],
            ranged[3 + 3 * i],
        )
        for i, gamma in enumerate(fractions)
    )
    return CascadeReading(
        n_queries=graded.n_queries,
        cheap=graded.models[cheap],
        strong=graded.models[strong],
        signal=signal,
        curve=curve,
        routes=gap_area_routes(score, low, high),
        area=ranged[0],
        cheap_auc=auc(score, low),
        strong_auc=auc(score, high),
        dollars=dollars,
        fractions=entries,
        degraded=tuple(degraded_verifier(score, low, high)),
    )


def _ranged(values: Float[np.ndarray, " k"], drawn: list[np.ndarray], level: float) -> list[Ranged]:
    """Figures with the percentile intervals of their replicates."""
    ranged = []
    for k, value in enumerate(values):
        if np.isnan(value):
            ranged.append(Ranged(None, None, None))
            continue
        # A replicate in which H is no dearer than L has no such figure.
        replicates = [figure[k] for figure in drawn if not np.isnan(figure[k])]
        if not replicates:
            ranged.append(Ranged(float(value), None, None))
            continue
        lower, upper = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
        ranged.append(Ranged(float(value), float(lower), float(upper)))
    return ranged
