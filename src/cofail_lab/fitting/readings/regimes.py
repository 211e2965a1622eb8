"""Ceiling-bound, realizability-bound or undetermined (theory section 4, point 1), for a matrix and for its datasets."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.foreclosed import foreclosed_range
from cofail_lab.outcomes import Outcomes

Regime = Literal["ceiling-bound", "realizability-bound", "undetermined"]

CONFIDENCE = 0.95
"""Confidence of the limits of β and of the foreclosed share."""


@dataclass(frozen=True)
class PoolRegime:
    """What limits a pool on some queries.

    Attributes:
        name: of the dataset, or what else these queries are.
        n_models, n_queries, n_all_wrong: m, n and K of these queries.
        best: index of the model with the fewest errors on these queries (the first of several).
        best_errors: number of errors of this model.
    """

    name: str
    n_models: int
    n_queries: int
    n_all_wrong: int
    best: int
    best_errors: int

    @property
    def all_wrong_interval(self) -> tuple[float, float]:
        """Clopper-Pearson limits of β."""
        low, high = clopper_pearson(self.n_all_wrong, self.n_queries, 1 - CONFIDENCE)
        return float(low), float(high)

    @property
    def foreclosed_share(self) -> float | None:
        """β / (1 - a_sb), the share of the best model's errors that every model makes; None where it makes none."""
        return self.n_all_wrong / self.best_errors if self.best_errors else None

    @property
    def foreclosed_interval(self) -> tuple[float, float] | None:
        """Exact limits of the foreclosed share, whichever model is truly the best (P1.ix); None without an error."""
        if not self.best_errors:
            return None
        # The fewest errors attain both limits; the other counts matter by their number only.
        counts = np.full(self.n_models, self.best_errors)
        limits = foreclosed_range(self.n_all_wrong, counts, 1 - CONFIDENCE)
        return float(limits.lower), float(limits.upper)

    @property
    def regime(self) -> Regime:
        """What limits the pool, called only where the limits of the foreclosed share agree.

        ``ceiling-bound``: its lower limit is above one half. ``realizability-bound``: K = 0, and its upper limit is
        below one half. ``undetermined``: anything else.
        """
        if self.foreclosed_interval is None:
            return "undetermined"
        low, high = self.foreclosed_interval
        if low > 0.5:
            return "ceiling-bound"
        return "realizability-bound" if self.n_all_wrong == 0 and high < 0.5 else "undetermined"


def measure_regime(wrong: np.ndarray, name: str) -> PoolRegime:
    """The regime of a matrix, bool (n, m) with True for a wrong answer."""
    errors = wrong.sum(axis=0)
    best = int(errors.argmin())
    return PoolRegime(name, wrong.shape[1], len(wrong), int(wrong.all(axis=1).sum()), best, int(errors[best]))


def regimes_by_dataset(outcomes: Outcomes) -> tuple[PoolRegime, ...]:
    """The regime of each dataset, the largest foreclosed share first; empty with fewer than two datasets."""
    if outcomes.dataset is None:
        return ()
    labels = np.array([str(name) for name in outcomes.dataset], dtype=object)
    names = sorted(set(labels))
    if len(names) < 2:
        return ()
    regimes = [measure_regime(outcomes.wrong[labels == name], name) for name in names]
    return tuple(sorted(regimes, key=lambda regime: (-(regime.foreclosed_share or 0), regime.name)))
