"""What the tetrachoric matrix of all varying models says: its eigenvalues, its repair, and the laws made of it."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from cofail_lab.fitting.comparison.laws import MATRIX_LAWS
from cofail_lab.fitting.estimators import block, full_sigma
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues, square
from cofail_lab.fitting.estimators.stack import Prediction, TetrachoricStack
from cofail_lab.fitting.matrix_fit import Conventions
from cofail_lab.fitting.replicates.predictors import predict
from cofail_lab.numerics.nearest_correlation import decompose, nearest_correlation
from cofail_lab.numerics.orthant_arrays import LARGE
from cofail_lab.outcomes import Outcomes

MOST_MODELS = 4000
"""Most varying models that this is computed for: one decomposition of so large a matrix takes 15 seconds and a GB."""

# An eigenvalue counts as negative only if it is smaller than rounding errors explain (times the number of models).
_NEGATIVE = -1e-9


class WholeMatrix(NamedTuple):
    """See `matrix_fit.MatrixFit`; None and empty where fewer than two models vary or more than `MOST_MODELS`."""

    negative_eigenvalues: int | None = None
    nearest_mean: float | None = None
    nearest_distance: float | None = None
    laws: Mapping[str, Prediction] = {}


def read_matrix(
    outcomes: Outcomes, values: PairValues, pairs: Pairs, seed: int, conventions: Conventions
) -> WholeMatrix:
    """The eigenvalues, the nearest correlation matrix, and the prediction of every law of `MATRIX_LAWS`."""
    varying = np.flatnonzero(outcomes.varying)
    if not 2 <= len(varying) <= MOST_MODELS:
        return WholeMatrix()
    matrix = square(values.tetrachoric[0], pairs, outcomes.n_models, 1.0)[np.ix_(varying, varying)]
    rates, thresholds = outcomes.error_rates, ndtri(outcomes.error_rates[varying])
    first = decompose(matrix)
    nearest = nearest_correlation(matrix, first)
    families = None if outcomes.family is None else block.labels(outcomes.family)
    if len(varying) > LARGE:
        # Without the constant models, and without decomposing one matrix twice.
        few = Pairs.of(len(varying))
        own = None if families is None else families[varying]
        stack = TetrachoricStack(rates[varying][None], matrix[few.left, few.right][None], few, own)
        clipped = full_sigma.repaired(matrix, "clip", first)
        known = {"full_sigma_clip": Prediction.of([full_sigma.log_orthant(clipped, thresholds)])}
    else:
        stack, known = TetrachoricStack(rates[None], values.tetrachoric, pairs, families), {}
    # The nearest matrix of the varying models is already there.
    known["full_sigma"] = Prediction.of([full_sigma.log_orthant(nearest, thresholds)])
    if conventions == "published":
        known["full_sigma"] = _published_full_sigma(matrix, thresholds, seed)
    return WholeMatrix(
        negative_eigenvalues=int((first.values < _NEGATIVE * len(matrix)).sum()),
        nearest_mean=float(nearest[np.triu_indices(len(nearest), 1)].mean()),
        nearest_distance=float(np.linalg.norm(nearest - matrix)),
        laws=predict(stack, (law for law in MATRIX_LAWS if law not in known)) | known,
    )


def _published_full_sigma(
    matrix: Float[np.ndarray, "k k"], thresholds: Float[np.ndarray, " k"], seed: int
) -> Prediction:
    estimate = full_sigma.predict(matrix, thresholds, "clip", draws=full_sigma.PUBLISHED_DRAWS, seed=seed)
    if not estimate.value or estimate.error is None:
        return Prediction.of([(np.nan, np.nan)])
    return Prediction.of([(float(np.log(estimate.value)), estimate.error / estimate.value)])
