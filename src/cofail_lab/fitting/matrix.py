"""The fit of one real matrix in numbers (theory section 4, points 1 to 5); words and pictures are made elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtri

from cofail_lab.bounds.frechet import AllWrongRange, all_wrong_range
from cofail_lab.fitting.comparison.compare import LawComparison
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MATRIX_LAWS, POINT_LAWS, AbsenceFacts
from cofail_lab.fitting.estimators import block, full_sigma, one_factor
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues, square
from cofail_lab.fitting.estimators.point import PointFit, fit_counts, point_laws
from cofail_lab.fitting.estimators.stack import ObservedPairs, Prediction, TetrachoricStack
from cofail_lab.fitting.readings import parts as readings
from cofail_lab.fitting.readings.heldout import single_best_heldout
from cofail_lab.fitting.readings.luck import Luck, find_runs, measure_luck
from cofail_lab.fitting.readings.parts import PartRead
from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.regimes import CONFIDENCE, Regime, RegimeRead, read_regime, regimes_by_dataset
from cofail_lab.fitting.readings.slopes import pair_slopes
from cofail_lab.fitting.replicates.intervals import bca_interval, percentile_interval
from cofail_lab.fitting.replicates.null import NullCalibration
from cofail_lab.fitting.replicates.predictors import predict
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.numerics.nearest_correlation import nearest_correlation
from cofail_lab.outcomes import Outcomes

__all__ = ["CONFIDENCE", "Conventions", "MatrixFit", "Regime", "fit_matrix"]

Conventions = Literal["lab", "published"]
"""How full Σ is predicted: nearest correlation matrix by a randomized net, or clip-and-rescale by 4 million draws."""

MATRIX_REPLICATES = 500
"""Bootstrap replicates that `MATRIX_LAWS` are refitted to: each costs ten times the rest of a replicate."""

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
        matrix_laws: predictions from the whole tetrachoric matrix, by law; empty where
            fewer than two models vary.
        replicates: the bootstrap, None without it; possibly fewer than asked for after an interruption.
        n_asked: replicates asked for.
        level: confidence of the intervals of the ratios.
        single_best_heldout: accuracy of a model chosen on other queries than it is scored on; None for one query.
        implied_correlation: r at which the one-factor model gives the observed β; None where no r does.
        negative_eigenvalues: of the tetrachoric matrix of the varying models; None with fewer than two of them.
        nearest_mean: mean correlation of the nearest correlation matrix; None likewise.
        nearest_distance: its Frobenius distance from the tetrachoric matrix.
        conventions: of full Σ.
        frechet: interval of β that the error rates and pairs of this matrix leave open.
        regimes: of its datasets, where there are several.
        parts: the pool read in parts.
        slopes: of pair correlations on accuracy and family: name of the correlation -> (3,), see `readings.slopes`.
        luck: the routable ceiling where runs were repeated, why it cannot be read, or None without repeats.
        comparison: every law on held-out queries; None where it was left out.
        jackknife: refits without groups of queries, for BCa intervals; None without the bootstrap.
        null, scan: the null calibration and the pool-size scan; None where they were left out.
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
    regimes: tuple[RegimeRead, ...]
    parts: tuple[PartRead, ...]
    slopes: Mapping[str, np.ndarray]
    luck: Luck | str | None
    comparison: LawComparison | None = None
    jackknife: Replicates | None = None
    null: NullCalibration | None = None
    scan: PoolScan | None = None

    @cached_property
    def whole(self) -> RegimeRead:
        """K, the best model and the regime of all queries."""
        return read_regime(self.outcomes.wrong, "all queries")

    @property
    def all_wrong_interval(self) -> tuple[float, float]:
        """Two-sided 95% Clopper-Pearson limits of β."""
        return self.whole.all_wrong_interval

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
        return self.whole.foreclosed_share

    @property
    def regime(self) -> Regime:
        """Theory section 4, point 1."""
        return self.whole.regime

    @property
    def laws(self) -> tuple[str, ...]:
        """Names of the laws that were asked for a prediction, whether it exists or not."""
        return (*POINT_LAWS, *(law for law in MATRIX_LAWS if law in self.matrix_laws))

    def predicted(self, law: str) -> float | None:
        """β under a law of `laws`; None where the law does not exist."""
        value = self.log_predicted(law)
        return None if value is None else float(np.exp(value))

    def log_predicted(self, law: str) -> float | None:
        """Log β under a law, over the models that are not constant; None where it does not exist or none varies."""
        found = self.matrix_laws[law].log if law in self.matrix_laws else getattr(self.point, f"log_{law}", None)
        if found is None or np.isnan(found[0]) or self.outcomes.constant.all():
            return None
        return float(found[0])

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
        if self.replicates is None or self.ratio(law) is None or not self.replicates.has(law):
            return None
        interval = percentile_interval(self._drawn_ratios(law), self.level)
        return interval if interval is not None and np.isfinite(interval).all() else None

    def _drawn_ratios(self, law: str) -> np.ndarray:
        assert self.replicates is not None  # noqa: S101  (the caller asked)
        drawn = self.replicates.ratios(law)
        return drawn[:MATRIX_REPLICATES] if law in MATRIX_LAWS else drawn

    def bca_interval(self, law: str) -> tuple[float, float] | None:
        """BCa interval of the ratio at `level`; None likewise, or where BCa has no answer."""
        ratio = self.ratio(law)
        if self.replicates is None or self.jackknife is None or ratio is None or not self.replicates.has(law):
            return None
        interval = bca_interval(ratio, self._drawn_ratios(law), self.jackknife.ratios(law), self.level)
        return interval if interval is not None and np.isfinite(interval).all() else None

    def part_ratio(self, index: int) -> float | None:
        """Observed over one-factor β of one of `parts`; None where nothing was observed or predicted."""
        read = self.parts[index]
        if read.n_all_wrong == 0 or np.isnan(read.log_predicted):
            return None
        return float(read.n_all_wrong / self.outcomes.n_queries / np.exp(read.log_predicted))

    def part_interval(self, index: int) -> tuple[float, float] | None:
        """Its percentile bootstrap interval at `level`."""
        if self.replicates is None or self.part_ratio(index) is None:
            return None
        return percentile_interval(self.replicates.more["parts"][:, index], self.level)

    def interval(self, values: Float[np.ndarray, " replicates"] | None) -> tuple[float, float] | None:
        """95% percentile interval of a statistic of the replicates."""
        return None if values is None else percentile_interval(values, CONFIDENCE)

    def correlation_matrix(self) -> tuple[Float[np.ndarray, "m m"], Int[np.ndarray, "m m"]]:
        """Tetrachoric correlations (nan in rows of constant models, diagonal 1) and boundary signs."""
        m, values = self.outcomes.n_models, self.pair_values
        return square(values.tetrachoric[0], self.pairs, m, 1.0), square(values.boundary[0], self.pairs, m, 0)

    def tetrachoric_matrix(self, chosen: Int[np.ndarray, " k"]) -> Float[np.ndarray, "k k"]:
        """Tetrachoric correlations of some models, diagonal 1."""
        matrix = square(self.pair_values.tetrachoric[0], self.pairs, self.outcomes.n_models, 1.0)
        return matrix[np.ix_(chosen, chosen)]

    @cached_property
    def family_numbers(self) -> Int[np.ndarray, " m"] | None:
        """Families as whole numbers; None where they are not known."""
        return _family_numbers(self.outcomes)

    @property
    def n_varying(self) -> int:
        """Models that are sometimes right and sometimes wrong: those that laws are fitted to."""
        return int(self.outcomes.varying.sum())

    def observed_pairs(self) -> ObservedPairs:
        """What null laws are made from."""
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
        """P(C = 0..m) under each of `POINT_LAWS`; models that are always wrong shift it, models always right pad it."""
        outcomes = self.outcomes
        always_wrong = int((outcomes.error_counts == outcomes.n_queries).sum())
        probs = {}
        for name, law in point_laws(self.point, outcomes.error_rates[outcomes.varying]).items():
            inner = np.asarray(law.count_probs())
            probs[name] = np.zeros(outcomes.n_models + 1)
            probs[name][always_wrong : always_wrong + len(inner)] = inner
        return probs


def fit_matrix(outcomes: Outcomes, *, level: float, seed: int, conventions: Conventions = "lab") -> MatrixFit:
    """The point fit of one matrix; `resampling` adds the replicates. ``level`` is that of the ratios' intervals."""
    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    joint = outcomes.joint_wrong_counts[pairs.left, pairs.right]
    point, values = fit_counts(outcomes.error_counts[None], joint[None], outcomes.n_queries, pairs)
    varying = np.flatnonzero(~outcomes.constant)
    negative = nearest_mean = distance = None
    matrix_laws: dict[str, Prediction] = {}
    if len(varying) >= 2:
        matrix = square(values.tetrachoric[0], pairs, outcomes.n_models, 1.0)[np.ix_(varying, varying)]
        negative = int((np.linalg.eigvalsh(matrix) < _NEGATIVE * len(matrix)).sum())
        nearest = nearest_correlation(matrix)
        nearest_mean = float(nearest[np.triu_indices(len(nearest), 1)].mean())
        distance = float(np.linalg.norm(nearest - matrix))
        others = tuple(law for law in MATRIX_LAWS if law != "full_sigma")
        stack = TetrachoricStack(outcomes.error_rates[None], values.tetrachoric, pairs, _family_numbers(outcomes))
        matrix_laws = predict(stack, others)
        # The nearest matrix is at hand, and constant models need not be in it.
        matrix_laws["full_sigma"] = Prediction.of(
            [full_sigma.log_orthant(nearest, ndtri(outcomes.error_rates[varying]))]
        )
        if conventions == "published":
            matrix_laws["full_sigma"] = _published_full_sigma(outcomes, matrix, varying, seed)
    runs = find_runs(outcomes)
    return MatrixFit(
        outcomes=outcomes,
        point=point,
        pairs=pairs,
        pair_values=values,
        matrix_laws=matrix_laws,
        replicates=None,
        n_asked=0,
        level=level,
        single_best_heldout=single_best_heldout(outcomes.wrong, _HELDOUT_SPLITS, seed),
        implied_correlation=one_factor.implied_correlation(outcomes.error_rates, outcomes.all_wrong()),
        negative_eigenvalues=negative,
        nearest_mean=nearest_mean,
        nearest_distance=distance,
        conventions=conventions,
        frechet=all_wrong_range(outcomes.error_rates, outcomes.pairwise_wrong()),
        regimes=regimes_by_dataset(outcomes),
        parts=tuple(readings.read_parts(outcomes, values.tetrachoric[0], readings.parts(outcomes))),
        slopes={name: found[0] for name, found in pair_slopes(outcomes.error_rates[None], values, pairs).items()},
        luck=runs if runs is None or isinstance(runs, str) else measure_luck(runs, seed),
    )


def _published_full_sigma(outcomes: Outcomes, matrix: np.ndarray, varying: np.ndarray, seed: int) -> Prediction:
    estimate = full_sigma.predict(
        matrix, ndtri(outcomes.error_rates[varying]), "clip", draws=full_sigma.PUBLISHED_DRAWS, seed=seed
    )
    if not estimate.value or estimate.error is None:
        return Prediction.of([(np.nan, np.nan)])
    return Prediction.of([(float(np.log(estimate.value)), estimate.error / estimate.value)])


def _family_numbers(outcomes: Outcomes) -> Int[np.ndarray, " m"] | None:
    return None if outcomes.family is None else block.labels(outcomes.family)
