"""A sub-pool is fitted as a matrix of its own."""

from collections.abc import Callable

import numpy as np
import pytest

from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.readings import subpools
from cofail_lab.outcomes import Outcomes
from tests.conftest import outcomes_from


def test_a_subpool_reads_as_a_matrix_of_its_own(real: Callable[[str], Outcomes]) -> None:
    """Parts and scan compositions take two roads to the one-factor read; both equal the fit of the columns alone."""
    outcomes = real("swebench_pro_public")
    whole = fit_matrix(outcomes, level=0.9, seed=0)
    members = np.array([0, 2, 3, 7])
    alone = fit_matrix(outcomes_from(outcomes.wrong[:, members]), level=0.9, seed=0)
    index = subpools.pair_index(members, outcomes.n_models)
    by_pairs = subpools.predict(outcomes.error_rates[members][None], whole.pair_values.tetrachoric[:, index])
    joint = outcomes.joint_wrong_counts[np.ix_(members, members)]
    by_counts = subpools.predict_from_counts(
        outcomes.error_counts[members][None], joint[np.triu_indices(4, 1)][None], outcomes.n_queries
    )
    for found in (by_pairs, by_counts):
        assert found.log_predicted[0] == pytest.approx(alone.log_predicted("one_factor"), rel=1e-10)
        assert found.tetrachoric[0] == pytest.approx(alone.point.tetrachoric[0], rel=1e-12)
