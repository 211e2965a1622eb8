"""The fit of one real matrix in numbers (theory section 4, points 1 to 3); words and pictures are made elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting import one_factor
from cofail_lab.fitting.bootstrap import Replicates, bootstrap, join, percentile_interval
from cofail_lab.fitting.heldout import single_best_heldout
from cofail_lab.fitting.point import Pairs, PairValues, PointFit, fit_counts
from cofail_lab.numerics.nearest_correlation import nearest_correlation
from cofail_lab.outcomes import Outcomes

Regime = Literal["ceiling-bound", "realizability-bound", "undetermined"]

# Levels of theory section 4: limits of β and of G at 95%; the ratios' level is the experiment's.
CONFIDENCE = 0.95
_HELDOUT_SPLITS = 200
# An eigenvalue counts as negative beyond the rounding of an eigendecomposition.
_NEGATIVE = -1e-9


@dataclass(frozen=True)
class MatrixFit:
    """Everything measured on one matrix.

    Attributes:
        outcomes: the matrix.
        point: pairwise statistics and predictions; nan where a figure does not exist.
        pairs, pair_values: of every pair i < j.
        replicates: the bootstrap, None without it; possibly fewer than asked for after an interruption.
        n_asked: replicates asked for.
        level: confidence of the intervals of the ratios.
        single_best_heldout: accuracy of a model chosen on other queries than it is scored on.
        implied_correlation: r at which the one-factor model gives the observed β; None where no r does.
        negative_eigenvalues: of the tetrachoric matrix of the varying models; None with fewer than two of them.
        nearest_mean: mean correlation of the nearest correlation matrix; None likewise.
        nearest_distance: its Frobenius distance from the tetrachoric matrix.
    """

    outcomes: Outcomes
    point: PointFit
    pairs: Pairs
    pair_values: PairValues
    replicates: Replicates | None
    n_asked: int
    level: float
    single_best_heldout: float
    implied_correlation: float | None
    negative_eigenvalues: int | None
    nearest_mean: float | None
    nearest_distance: float | None

    @property
    def all_wrong_interval(self) -> tuple[float, float]:
        """Two-sided 95% Clopper-Pearson limits of β."""
        low, high = clopper_pearson(self.outcomes.n_all_wrong, self.outcomes.n_queries, 1 - CONFIDENCE)
        return float(low), float(high)

    @property
    def best(self) -> int:
        """Index of the single best model (the first of equals)."""
        return int(self.outcomes.error_counts.argmin())

    @property
    def single_best(self) -> float:
        """a_sb, in sample."""
        return 1 - float(self.outcomes.error_rates[self.best])

    @property
    def oracle_gain(self) -> float:
        """G = (1 - β) - a_sb, computed from counts so that no rounding is left in it."""
        outcomes = self.outcomes
        return float(outcomes.error_counts[self.best] - outcomes.n_all_wrong) / outcomes.n_queries

    @property
    def foreclosed_share(self) -> float | None:
        """β / (1 - a_sb), the share of the best model's errors that no combination can mend; None if it makes none."""
        errors = int(self.outcomes.error_counts[self.best])
        return self.outcomes.n_all_wrong / errors if errors else None

    @property
    def regime(self) -> Regime:
        """Theory section 4, point 1."""
        if self.all_wrong_interval[0] > 0 and (self.foreclosed_share or 0) > 0.5:
            return "ceiling-bound"
        if self.outcomes.n_all_wrong == 0 and self.oracle_gain > 0:
            return "realizability-bound"
        return "undetermined"

    def predicted(self, law: str) -> float | None:
        """β under a law of `PointFit` (``independent``, ``one_factor`` ...); None where the law does not exist."""
        value = self.log_predicted(law)
        return None if value is None else float(np.exp(value))

    def log_predicted(self, law: str) -> float | None:
        """log β under a law, over the models that are not constant; None where it does not exist or none varies."""
        value = float(getattr(self.point, f"log_{law}")[0])
        return None if np.isnan(value) or self.outcomes.constant.all() else value

    def ratio(self, law: str) -> float | None:
        """Observed over predicted β; None where nothing was observed (K = 0 is degenerate) or predicted."""
        log_predicted = self.log_predicted(law)
        if self.outcomes.n_all_wrong == 0 or log_predicted is None:
            return None
        log_ratio = np.log(self.outcomes.all_wrong()) - log_predicted
        # Against independence the ratio can exceed every float; then it has no value that could be stored.
        return float(np.exp(log_ratio)) if log_ratio < np.log(np.finfo(float).max) else None

    def ratio_interval(self, law: str) -> tuple[float, float] | None:
        """Percentile bootstrap interval of the ratio at `level`; None where there is no ratio or no bootstrap."""
        if self.replicates is None or self.ratio(law) is None:
            return None
        log_predicted = getattr(self.replicates.fit, f"log_{law}")
        with np.errstate(divide="ignore", over="ignore"):
            ratios = np.exp(np.log(self.replicates.all_wrong) - log_predicted)
        interval = percentile_interval(ratios, self.level)
        return interval if interval is not None and np.isfinite(interval).all() else None

    def interval(self, values: Float[np.ndarray, " replicates"] | None) -> tuple[float, float] | None:
        """95% percentile interval of a statistic of the replicates."""
        return None if values is None else percentile_interval(values, CONFIDENCE)

    def correlation_matrix(self) -> tuple[Float[np.ndarray, "m m"], Int[np.ndarray, "m m"]]:
        """Tetrachoric correlations (nan in rows of constant models, diagonal 1) and boundary signs."""
        return self._square(self.pair_values.tetrachoric[0], 1.0), self._square(self.pair_values.boundary[0], 0)

    def _square(self, values: np.ndarray, diagonal: float) -> np.ndarray:
        return square(values, self.pairs, self.outcomes.n_models, diagonal)


def square(values: np.ndarray, pairs: Pairs, m: int, diagonal: float) -> np.ndarray:
    """Values of pairs i < j as a symmetric (m, m) matrix."""
    matrix = np.full((m, m), diagonal, dtype=values.dtype)
    matrix[pairs.left, pairs.right] = matrix[pairs.right, pairs.left] = values
    return matrix


def fit_matrix(outcomes: Outcomes, *, level: float, seed: int) -> MatrixFit:
    """The point fit of one matrix; `bootstrapped` adds the replicates. ``level`` is that of the ratios' intervals."""
    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    joint = outcomes.joint_wrong_counts[pairs.left, pairs.right]
    point, values = fit_counts(outcomes.error_counts[None], joint[None], outcomes.n_queries, pairs)
    varying = np.flatnonzero(~outcomes.constant)
    negative = nearest_mean = distance = None
    if len(varying) >= 2:
        matrix = square(values.tetrachoric[0], pairs, outcomes.n_models, 1.0)[np.ix_(varying, varying)]
        negative = int((np.linalg.eigvalsh(matrix) < _NEGATIVE * len(matrix)).sum())
        nearest = nearest_correlation(matrix)
        nearest_mean = float(nearest[np.triu_indices(len(nearest), 1)].mean())
        distance = float(np.linalg.norm(nearest - matrix))
    return MatrixFit(
        outcomes=outcomes,
        point=point,
        pairs=pairs,
        pair_values=values,
        replicates=None,
        n_asked=0,
        level=level,
        single_best_heldout=single_best_heldout(outcomes.wrong, _HELDOUT_SPLITS, seed),
        implied_correlation=one_factor.implied_correlation(outcomes.error_rates, outcomes.all_wrong()),
        negative_eigenvalues=negative,
        nearest_mean=nearest_mean,
        nearest_distance=distance,
    )


def bootstrapped(fit: MatrixFit, n_replicates: int, seed: int, advance: Callable[[int], None]) -> MatrixFit:
    """The fit with its bootstrap.

    A KeyboardInterrupt ends the bootstrap early and keeps the replicates that are done: ``replicates`` then holds fewer
    than ``n_asked``.
    """
    batches: list[Replicates] = []
    try:
        for batch in bootstrap(fit.outcomes.wrong, fit.pairs, n_replicates, seed, advance):
            batches.append(batch)  # noqa: PERF402  (what is done must survive the interruption)
    except KeyboardInterrupt:
        pass
    return replace(fit, replicates=join(batches) if batches else None, n_asked=n_replicates)
