"""A matrix whose every number is counted by hand, and its fit with chosen predictions, so that nothing is compiled.

100 queries: nobody is right on 11, only a on 20, only b on 7, only c on 2, a and b on 10, a and c on 6, b and c on 4,
all on 40. So a fails 24, b 39 and c 48; the ceiling is 89%, the best model 76%, the gain 13 points, and 11 of the 24
errors of a are everybody's, 45.8%. Clopper-Pearson of 11 in 100 is 5.6% to 18.8%.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.bounds.frechet import AllWrongRange
from cofail_lab.fitting.conclusion import Conclusion
from cofail_lab.fitting.estimators.pairs import Pairs, PairValues
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.pool_scan import PoolScan
from cofail_lab.fitting.readings.tail_test import TailTest
from cofail_lab.fitting.replicates.null import NullCalibration, NullTest
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Row, Section
from tests.conftest import outcomes_from

ELEVEN = {"none": 11, "a": 20, "b": 7, "c": 2, "ab": 10, "ac": 6, "bc": 4, "abc": 40}
"""Who is right -> on how many queries."""
NOBODY = {"a": 20, "b": 7, "c": 2, "abc": 71}
"""The same of a pool with no query that defeats all."""


def pool(right: Mapping[str, int] = ELEVEN) -> Outcomes:
    """Three models a, b, c; how many queries exactly these get right: ``ab`` a and b only, ``none`` nobody."""
    rows = [
        [model not in who or who == "none" for model in "abc"] for who, times in right.items() for _ in range(times)
    ]
    return replace(outcomes_from(np.array(rows)), models=("a", "b", "c"))


def point(n: int = 1, **change: float) -> PointFit:
    """Pairwise statistics and predictions that were chosen: 5.5% by one factor, so that 11% is twice as much."""
    chosen = {
        "pearson": 0.21,
        "pearson_within": 0.31,
        "pearson_across": 0.11,
        "tetrachoric": 0.41,
        "tetrachoric_interior": 0.39,
        "n_boundary_pairs": 1,
        "log_independent": np.log(0.044),
        "log_one_factor": np.log(0.055),
        "one_factor_error": 0.02,
        "log_one_factor_pearson": np.log(0.05),
        "one_factor_pearson_error": 0.03,
        "log_clayton": np.log(0.1),
        "clayton_theta": 0.7,
    }
    return PointFit(**{name: np.full(n, value) for name, value in (chosen | change).items()})


def fitted(outcomes: Outcomes | None = None, **change: Any) -> MatrixFit:
    """The fit; ``change`` replaces its fields."""
    nothing = np.full((1, 3), 0.4)
    fit = MatrixFit(
        outcomes=outcomes or pool(),
        point=point(),
        pairs=Pairs.of(3),
        pair_values=PairValues(nothing, nothing, np.zeros((1, 3), int)),
        matrix_laws={},
        replicates=None,
        n_asked=0,
        level=0.9,
        single_best_heldout=0.745,
        implied_correlation=0.61,
        negative_eigenvalues=2,
        nearest_mean=0.37,
        nearest_distance=0.04,
        conventions="lab",
        frechet=AllWrongRange(0.02, 0.23, "made", True),
        regimes=(),
        parts=(),
        slopes={},
        luck=None,
    )
    return replace(fit, **change)


def replicates(**more: Any) -> Replicates:
    """Four replicates."""
    return Replicates(np.array([0.09, 0.1, 0.12, 0.13]), np.array([0.7, 0.74, 0.78, 0.82]), point(4), more)


def null(**change: Any) -> NullCalibration:
    """A calibration by one factor: twice the prediction was seen, 1.2 times is expected."""
    test = NullTest(p_value=0.071, p_lower=0.94, expected=1.2, lower=0.83, upper=2.6, critical=2.45, n_replicates=19)
    made = NullCalibration(
        laws={"one_factor": replicates()},
        tests={("one_factor", "one_factor"): test},
        atom=0.03,
        power={"one_factor": 0.62},
        joint_power=0.37,
        n_power=40,
        interrupted=False,
        n_asked=20,
        n_affordable=9,
        n_pairs=3,
    )
    return replace(made, **change)


CERTIFICATE = certify_outcomes(pool(), delta=0.1, overhead=0.02)
UNTESTED = Conclusion("cannot_tell", "not_tested")
TAIL = TailTest({"gaussian": 0.5}, 2.0, 0.03, 0.62, "gaussian", 0.13, nearest="gaussian", best="gaussian")
SCAN = PoolScan(
    np.array([2, 3]),
    np.array([[0.2, 0.1], [0.11, 0.0]]),
    np.array([[1.0, 1.5], [2.0, 0.0]]),
    np.array([[0.1, 0.1], [np.nan, 0.0]]),
    np.array([[1.0, 1.0], [np.nan, 0.0]]),
)


def rows(section: Section) -> dict[str, tuple[str, str]]:
    """Label -> value and note of the rows of a section."""
    return rows_of(section.rows)


def rows_of(made: Iterable[Row]) -> dict[str, tuple[str, str]]:
    """Label -> value and note."""
    return {row.label.strip(): (row.value, row.note) for row in made}
