"""Systems beside the ceiling of a pool (theory P1.i): counts by hand, limits against SciPy."""

import numpy as np
import pytest
from scipy.stats import binomtest

from cofail_lab import decisions as d
from cofail_lab.errors import InputError

# The members fail the last five of eight queries.
MEMBERS = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]], dtype=bool)
SYSTEMS = np.array([[0, 1, 1], [0, 1, 1], [0, 0, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]], dtype=bool)


def test_what_systems_get_of_the_queries_that_all_members_fail() -> None:
    found = d.scope(MEMBERS, SYSTEMS)
    assert (found.n_queries, found.n_all_wrong) == (8, 5)
    assert found.members.tolist() == [2 / 8, 2 / 8]
    assert found.systems.tolist() == [2 / 8, 4 / 8, 3 / 8]
    assert found.rescued.tolist() == [2 / 5, 2 / 5, 0]
    assert found.rescued_by_any == 3 / 5
    for k, hits in enumerate((2, 2, 0)):
        limits = binomtest(hits, 5).proportion_ci(0.95, "exact")
        assert (found.rescued_lower[k], found.rescued_upper[k]) == pytest.approx((limits.low, limits.high))


def test_without_an_all_wrong_query_nothing_is_rescued_and_nothing_failed() -> None:
    found = d.scope(MEMBERS[:3], SYSTEMS[:3])
    assert found.n_all_wrong == 0
    assert np.isnan([*found.rescued, *found.rescued_lower, *found.rescued_upper, found.rescued_by_any]).all()


def test_bad_shapes_are_named() -> None:
    with pytest.raises(InputError, match=r"members: shape \(8,\)"):
        d.scope(MEMBERS[:, 0], SYSTEMS)
    with pytest.raises(InputError, match=r"systems: shape \(8, 0\)"):
        d.scope(MEMBERS, SYSTEMS[:, :0])
    with pytest.raises(InputError, match="systems: 7 rows; 8 are needed"):
        d.scope(MEMBERS, SYSTEMS[:7])
