"""The fit of one matrix in numbers (theory section 4, points 1 to 5); `report` makes words and figures of them."""

import numpy as np
from scipy.special import ndtri

from cofail_lab.bounds.frechet import all_wrong_range
from cofail_lab.fitting.comparison.laws import MATRIX_LAWS
from cofail_lab.fitting.estimators import block, full_sigma, one_factor
from cofail_lab.fitting.estimators.pairs import Pairs, square
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.estimators.stack import Prediction, TetrachoricStack
from cofail_lab.fitting.matrix_fit import Conventions, MatrixFit
from cofail_lab.fitting.readings import parts as readings
from cofail_lab.fitting.readings.heldout import single_best_heldout
from cofail_lab.fitting.readings.luck import find_runs, measure_luck
from cofail_lab.fitting.readings.regimes import regimes_by_dataset
from cofail_lab.fitting.readings.slopes import pair_slopes
from cofail_lab.fitting.replicates.predictors import predict
from cofail_lab.numerics.nearest_correlation import nearest_correlation
from cofail_lab.outcomes import Outcomes

_HELDOUT_SPLITS = 200
# An eigenvalue counts as negative only if it is smaller than rounding errors explain (times the number of models).
_NEGATIVE = -1e-9


def fit_matrix(outcomes: Outcomes, *, level: float, seed: int, conventions: Conventions = "lab") -> MatrixFit:
    """The fit of one matrix without replicates, which `resampling` and `calibration` add.

    Args:
        outcomes: the matrix.
        level: confidence of the intervals of the ratios.
        seed: of everything that is drawn at random.
        conventions: how full Σ is predicted.
    """
    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    joint = outcomes.joint_wrong_counts[pairs.left, pairs.right]
    point, values = fit_counts(outcomes.error_counts[None], joint[None], outcomes.n_queries, pairs)
    varying = np.flatnonzero(outcomes.varying)
    negative = nearest_mean = distance = None
    matrix_laws: dict[str, Prediction] = {}
    if len(varying) >= 2:
        matrix = square(values.tetrachoric[0], pairs, outcomes.n_models, 1.0)[np.ix_(varying, varying)]
        negative = int((np.linalg.eigvalsh(matrix) < _NEGATIVE * len(matrix)).sum())
        nearest = nearest_correlation(matrix)
        nearest_mean = float(nearest[np.triu_indices(len(nearest), 1)].mean())
        distance = float(np.linalg.norm(nearest - matrix))
        others = tuple(law for law in MATRIX_LAWS if law != "full_sigma")
        families = None if outcomes.family is None else block.labels(outcomes.family)
        stack = TetrachoricStack(outcomes.error_rates[None], values.tetrachoric, pairs, families)
        matrix_laws = predict(stack, others)
        # The nearest matrix of the varying models is already there.
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
        parts=tuple(readings.fit_parts(outcomes, values.tetrachoric[0], readings.parts(outcomes))),
        slopes={name: stack[0] for name, stack in pair_slopes(outcomes.error_rates[None], values, pairs).items()},
        luck=runs if runs is None or isinstance(runs, str) else measure_luck(runs, seed),
    )


def _published_full_sigma(outcomes: Outcomes, matrix: np.ndarray, varying: np.ndarray, seed: int) -> Prediction:
    estimate = full_sigma.predict(
        matrix, ndtri(outcomes.error_rates[varying]), "clip", draws=full_sigma.PUBLISHED_DRAWS, seed=seed
    )
    if not estimate.value or estimate.error is None:
        return Prediction.of([(np.nan, np.nan)])
    return Prediction.of([(float(np.log(estimate.value)), estimate.error / estimate.value)])
