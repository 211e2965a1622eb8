"""Everything that is measured on one matrix (theory section 4, points 1 to 5), and its intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.bounds.frechet import AllWrongRange
from cofail_lab.bounds.least_of_many import LeastLimits, oracle_gain_limits
from cofail_lab.fitting.comparison.compare import LawComparison
from cofail_lab.fitting.comparison.fitted_law import AbsenceFacts
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MATRIX_LAWS, POINT_LAWS
from cofail_lab.fitting.estimators import block
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues, square
from cofail_lab.fitting.estimators.point import PointFit, point_laws
from cofail_lab.fitting.estimators.stack import ObservedPairs, Prediction
from cofail_lab.fitting.readings import correlations
from cofail_lab.fitting.readings.luck import Luck
from cofail_lab.fitting.readings.parts import PartFit
from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.regimes import CONFIDENCE, PoolRegime, Regime, measure_regime
from cofail_lab.fitting.readings.tail_test import TailTest
from cofail_lab.fitting.replicates.intervals import bca_interval, percentile_interval
from cofail_lab.fitting.replicates.null import NullCalibration
from cofail_lab.fitting.replicates.pair_errors import pair_errors
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.outcomes import Outcomes
from cofail_lab.shown import Shown

Conventions = Literal["lab", "published"]
"""How full Σ is predicted. ``lab``: by the nearest correlation matrix and a randomized net. ``published``: by clipped
eigenvalues, a rescaled diagonal and 4 million independent draws."""

MATRIX_REPLICATES = 500
"""Number of bootstrap replicates that `MATRIX_LAWS` are refitted to: this costs ten times the rest of a replicate."""


@dataclass(frozen=True, repr=False)
class MatrixFit(Shown):
    """Everything that is measured on one matrix.

    Attributes:
        outcomes: the matrix.
        point: pairwise statistics and predictions; nan where a number does not exist.
        pairs, pair_values: indices and correlations of all pairs i < j.
        matrix_laws: predictions from the whole tetrachoric matrix, by law; empty where fewer than two models vary.
        replicates: the bootstrap, None without it; after an interruption there can be fewer replicates than asked for.
        n_asked: number of replicates asked for.
        level: confidence of the intervals of the ratios.
        single_best_heldout: accuracy of a model chosen on other queries than it is scored on; None for one query.
        implied_correlation: r at which the one-factor law gives the observed β; None where no r does.
        negative_eigenvalues: number of negative eigenvalues of the tetrachoric matrix of the varying models; None where
            fewer than two models vary.
        nearest_mean: mean correlation of the nearest correlation matrix; None where fewer than two models vary.
        nearest_distance: Frobenius distance of this matrix from the tetrachoric matrix; None for the same reason.
        conventions: how full Σ is predicted.
        frechet: interval of β that the error rates and pairs of this matrix allow.
        regimes: of the datasets, where there are several.
        parts: one-factor fits of parts of the pool.
        slopes: of pair correlations on accuracy and family: name of the correlation -> (3,), see `readings.slopes`.
        luck: the routable ceiling from repeated runs, or a sentence that says why it does not exist, or None without
            repeated runs.
        comparison: every law on held-out queries; None where the comparison was left out.
        jackknife: refits without groups of queries, for BCa intervals; None without the bootstrap.
        null: the null calibration; None where it was left out.
        interrupted: whether a null calibration was asked for, and interrupted before the first of its matrices.
        scan: the pool-size scan; None where it was left out.
        tail: smooth laws of difficulty against an atom; None where this was left out.
    """

    outcomes: Outcomes
    point: PointFit
    pairs: Pairs
    pair_values: PairValues
    matrix_laws: Mapping[str, Prediction]
    replicates: Replicates | None
    n_asked: int
    level: float
    single_best_heldout: float | None
    implied_correlation: float | None
    negative_eigenvalues: int | None
    nearest_mean: float | None
    nearest_distance: float | None
    conventions: Conventions
    frechet: AllWrongRange
    regimes: tuple[PoolRegime, ...]
    parts: tuple[PartFit, ...]
    slopes: Mapping[str, np.ndarray]
    luck: Luck | str | None
    comparison: LawComparison | None = None
    jackknife: Replicates | None = None
    null: NullCalibration | None = None
    interrupted: bool = False
    scan: PoolScan | None = None
    tail: TailTest | None = None

    @cached_property
    def whole(self) -> PoolRegime:
        """K, the best model and the regime of all queries."""
        return measure_regime(self.outcomes.wrong, "all queries")

    @property
    def all_wrong_interval(self) -> tuple[float, float]:
        """Two-sided 95% Clopper-Pearson limits of β."""
        return self.whole.all_wrong_interval

    @property
    def best(self) -> int:
        """Index of the model with the fewest errors (the first of several)."""
        return int(self.outcomes.error_counts.argmin())

    @property
    def single_best(self) -> float:
        """a_sb, the accuracy of the single best model, in sample."""
        return 1 - float(self.outcomes.error_rates[self.best])

    @property
    def oracle_gain(self) -> float:
        """G = (1 - β) - a_sb, computed from counts so that it has no rounding error."""
        outcomes = self.outcomes
        return float(outcomes.error_counts[self.best] - outcomes.n_all_wrong) / outcomes.n_queries

    @cached_property
    def oracle_gain_limits(self) -> LeastLimits:
        """Two-sided 95% limits of G, which pay only for the models that may be the best."""
        return oracle_gain_limits(self.outcomes.wrong, 1 - CONFIDENCE)

    @property
    def foreclosed_share(self) -> float | None:
        """β / (1 - a_sb), the share of the best model's errors that every model makes; None where it makes none."""
        return self.whole.foreclosed_share

    @property
    def regime(self) -> Regime:
        """What limits the pool (theory section 4, point 1)."""
        return self.whole.regime

    @property
    def laws(self) -> tuple[str, ...]:
        """Names of the laws that have a prediction, or whose prediction does not exist for this matrix."""
        return (*POINT_LAWS, *(law for law in MATRIX_LAWS if law in self.matrix_laws))

    def predicted(self, law: str) -> float | None:
        """β under a law of `laws`; None where the law does not exist."""
        value = self.log_predicted(law)
        return None if value is None else float(np.exp(value))

    def log_predicted(self, law: str) -> float | None:
        """Log β under a law, over the varying models; None where the law does not exist or no model varies."""
        logs = self.matrix_laws[law].log if law in self.matrix_laws else getattr(self.point, f"log_{law}", None)
        if logs is None or np.isnan(logs[0]) or not self.outcomes.varying.any():
            return None
        return float(logs[0])

    def ratio(self, law: str) -> float | None:
        """Observed over predicted β; None where K = 0 (the ratio is then degenerate) or without a prediction."""
        log_predicted = self.log_predicted(law)
        if self.outcomes.n_all_wrong == 0 or log_predicted is None:
            return None
        log_ratio = np.log(self.outcomes.all_wrong()) - log_predicted
        # Against independent errors the ratio can exceed the largest float; then there is no number to store.
        return float(np.exp(log_ratio)) if log_ratio < np.log(np.finfo(float).max) else None

    def ratio_interval(self, law: str) -> tuple[float, float] | None:
        """Percentile bootstrap interval of the ratio at `level`; None where there is no ratio or no bootstrap."""
        replicates = self.replicates
        if replicates is None or self.ratio(law) is None or not replicates.has(law):
            return None
        interval = percentile_interval(_drawn_ratios(replicates, law), self.level)
        return interval if interval is not None and np.isfinite(interval).all() else None

    def bca_interval(self, law: str) -> tuple[float, float] | None:
        """BCa interval of the ratio at `level`; None without a ratio, a bootstrap, a jackknife or a finite interval."""
        ratio, replicates = self.ratio(law), self.replicates
        if replicates is None or self.jackknife is None or ratio is None or not replicates.has(law):
            return None
        interval = bca_interval(ratio, _drawn_ratios(replicates, law), self.jackknife.ratios(law), self.level)
        return interval if interval is not None and np.isfinite(interval).all() else None

    def shown_interval(self, law: str) -> tuple[float, float] | None:
        """The interval of the ratio that texts and figures show: BCa where there is one, percentiles as published."""
        better = None if self.conventions == "published" else self.bca_interval(law)
        return self.ratio_interval(law) if better is None else better

    def part_ratio(self, index: int) -> float | None:
        """Observed over one-factor β of one of `parts`; None where K = 0 in this part or without a prediction."""
        part = self.parts[index]
        if part.n_all_wrong == 0 or np.isnan(part.log_predicted):
            return None
        return float(part.n_all_wrong / self.outcomes.n_queries / np.exp(part.log_predicted))

    def part_interval(self, index: int) -> tuple[float, float] | None:
        """Percentile bootstrap interval of `part_ratio` at `level`; None without a ratio or a bootstrap."""
        if self.replicates is None or self.part_ratio(index) is None:
            return None
        return percentile_interval(self.replicates.more["parts"][:, index], self.level)

    def interval(self, values: Float[np.ndarray, " replicates"] | None) -> tuple[float, float] | None:
        """95% percentile interval of a slope of correlations, one in each replicate; None for None."""
        return None if values is None else percentile_interval(values, self._level)

    def correlation_interval(self, name: str) -> tuple[float, float] | None:
        """95% limits of a mean correlation of `point`, or of ``pearson_gap``; None without the bootstrap.

        None for a tetrachoric mean too where pairs on their Fréchet bound spoil them (`readings.correlations`).
        """
        replicates = self.replicates
        if replicates is None:
            return None
        if name.startswith("tetrachoric"):
            share = float(self.point.n_boundary_pairs[0]) / max(len(self.pairs.left), 1)
            value, drawn = float(getattr(self.point, name)[0]), getattr(replicates.fit, name)
            return correlations.tetrachoric_limits(value, drawn, share, self._level)
        error = float(self._pearson_errors[name][0])
        return correlations.pearson_limits(name, self.point, error, replicates, self._level)

    @property
    def _level(self) -> float:
        """The nominal level that gives `CONFIDENCE`."""
        return correlations.level_of(self.outcomes.error_counts, self.outcomes.n_queries, CONFIDENCE)

    @cached_property
    def _pearson_errors(self) -> Mapping[str, np.ndarray]:
        weights = np.ones((1, self.outcomes.n_queries), dtype=np.int64)
        return pair_errors(self.outcomes.wrong, weights, self.pair_values.pearson, self.pairs, self.family_numbers)

    def correlation_matrix(self) -> tuple[Float[np.ndarray, "m m"], Int[np.ndarray, "m m"]]:
        """Tetrachoric correlations (nan in rows of constant models, diagonal 1) and boundary signs."""
        m, values = self.outcomes.n_models, self.pair_values
        return square(values.tetrachoric[0], self.pairs, m, 1.0), square(values.boundary[0], self.pairs, m, 0)

    def tetrachoric_matrix(self, chosen: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k k"]:
        """Tetrachoric correlations of the chosen models, diagonal 1."""
        matrix = square(self.pair_values.tetrachoric[0], self.pairs, self.outcomes.n_models, 1.0)
        return matrix[np.ix_(chosen, chosen)]

    @cached_property
    def family_numbers(self) -> Int[np.ndarray, " m"] | None:
        """Families as whole numbers; None where they are not known."""
        return None if self.outcomes.family is None else block.labels(self.outcomes.family)

    @property
    def n_varying(self) -> int:
        """Number of models that are right on some queries and wrong on others; laws are fitted to these."""
        return int(self.outcomes.varying.sum())

    def observed_pairs(self) -> ObservedPairs:
        """The numbers that null laws are made from, over the varying models."""
        varying = np.flatnonzero(self.outcomes.varying)
        return ObservedPairs(
            self.outcomes.error_rates[varying],
            self.tetrachoric_matrix(varying),
            float(self.point.tetrachoric[0]),
            self.conventions == "published",
        )

    def why_absent(self, law: str) -> str:
        """Why a law makes no prediction, as the end of a sentence."""
        if self.n_varying < 2:
            return (
                f"does not exist: {self.n_varying} of the models sometimes right and sometimes wrong, no pair to read"
            )
        on_bound = bool((np.abs(self.pair_values.boundary[0]) == 1).any())
        facts = AbsenceFacts(float(self.point.tetrachoric[0]), on_bound, self.conventions == "published")
        return FITTED_LAWS[law].why_absent(facts)

    def count_probs(self) -> dict[str, Float[np.ndarray, " m_plus_1"]]:
        """P(C = 0..m) under each of `POINT_LAWS` that exists.

        The laws are over the varying models. Models that are always wrong add their number to C.
        """
        outcomes = self.outcomes
        always_wrong = int((outcomes.error_counts == outcomes.n_queries).sum())
        probs = {}
        for name, law in point_laws(self.point, outcomes.error_rates[outcomes.varying]).items():
            inner = np.asarray(law.count_probs())
            probs[name] = np.zeros(outcomes.n_models + 1)
            probs[name][always_wrong : always_wrong + len(inner)] = inner
        return probs


def _drawn_ratios(replicates: Replicates, law: str) -> Float[np.ndarray, " replicates"]:
    """The ratios of the replicates that the law was refitted to."""
    ratios = replicates.ratios(law)
    return ratios[:MATRIX_REPLICATES] if law in MATRIX_LAWS else ratios
