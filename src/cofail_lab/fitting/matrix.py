"""The fit of one matrix in numbers (theory section 4, points 1 to 5); `report` makes words and figures of them."""

import numpy as np

from cofail_lab.bounds.frechet import AllWrongRange, all_wrong_range
from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.matrix_fit import Conventions, MatrixFit
from cofail_lab.fitting.readings import parts as readings
from cofail_lab.fitting.readings.heldout import single_best_heldout
from cofail_lab.fitting.readings.luck import find_runs, measure_luck
from cofail_lab.fitting.readings.regimes import regimes_by_dataset
from cofail_lab.fitting.readings.slopes import pair_slopes
from cofail_lab.fitting.whole_matrix import read_matrix
from cofail_lab.outcomes import Outcomes

_HELDOUT_SPLITS = 200
# Models that the interval of β from pairs is computed for: it takes six square tables of them.
_MOST_IN_RANGE = 4000


def fit_matrix(outcomes: Outcomes, *, level: float, seed: int, conventions: Conventions = "lab") -> MatrixFit:
    """The fit of one matrix without replicates, which `resampling` and `calibration` add.

    Args:
        outcomes: the matrix.
        level: confidence of the intervals of the ratios.
        seed: of everything that is drawn at random.
        conventions: how full Σ is predicted.
    """
    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    joint = pairs.gather(outcomes.joint_wrong_counts)
    point, values = fit_counts(outcomes.error_counts[None], joint[None], outcomes.n_queries, pairs)
    whole = read_matrix(outcomes, values, pairs, seed, conventions)
    runs = find_runs(outcomes)
    return MatrixFit(
        outcomes=outcomes,
        point=point,
        pairs=pairs,
        pair_values=values,
        matrix_laws=whole.laws,
        replicates=None,
        n_asked=0,
        level=level,
        single_best_heldout=single_best_heldout(outcomes.wrong, _HELDOUT_SPLITS, seed),
        implied_correlation=one_factor.implied_correlation(outcomes.error_rates, outcomes.all_wrong()),
        negative_eigenvalues=whole.negative_eigenvalues,
        nearest_mean=whole.nearest_mean,
        nearest_distance=whole.nearest_distance,
        conventions=conventions,
        frechet=_frechet(outcomes),
        regimes=regimes_by_dataset(outcomes),
        parts=tuple(readings.fit_parts(outcomes, values.tetrachoric[0], readings.parts(outcomes))),
        slopes={name: stack[0] for name, stack in pair_slopes(outcomes.error_rates[None], values, pairs).items()},
        luck=runs if runs is None or isinstance(runs, str) else measure_luck(runs, seed),
    )


def _frechet(outcomes: Outcomes) -> AllWrongRange:
    """The interval of β from pairs. In very large pools models with the same answers are one, which changes nothing.

    Of more than `_MOST_IN_RANGE` that differ only the best ones give an upper limit: of them all are wrong at least as
    often.
    """
    if outcomes.n_models <= _MOST_IN_RANGE:
        return all_wrong_range(outcomes.error_rates, outcomes.pairwise_wrong())
    _, chosen = np.unique(np.packbits(outcomes.wrong.T, axis=1), axis=0, return_index=True)
    best = chosen[np.argsort(outcomes.error_counts[chosen], kind="stable")][:_MOST_IN_RANGE]
    part = all_wrong_range(
        outcomes.error_rates[best], outcomes.joint_wrong_counts[np.ix_(best, best)] / outcomes.n_queries
    )
    if len(best) == len(chosen):
        return part
    return AllWrongRange(0.0, part.upper, f"{part.method} (upper: the {_MOST_IN_RANGE:,} best models)", False)
