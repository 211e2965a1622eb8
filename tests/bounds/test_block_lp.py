"""Programs over groups of interchangeable models, against brute force."""

import numpy as np

from cofail_lab.bounds import all_wrong_range, closed_forms
from cofail_lab.bounds.block_lp import block_range, find_groups
from tests.bounds.pools import brute_force, common_shock


def test_groups_of_interchangeable_models():
    base = np.array([0.3] * 3 + [0.5] * 4)
    alpha, pairs = common_shock(0.1, base)
    group = find_groups(pairs)
    assert group.tolist() == [0, 0, 0, 1, 1, 1, 1]
    for at_least in (4, 7):
        found = block_range(pairs, group, at_least)
        np.testing.assert_allclose(found[:2], brute_force(alpha, pairs, at_least), atol=1e-8)
    shuffled = np.random.default_rng(0).permutation(22)
    alpha, pairs = common_shock(0.05, np.repeat([0.3, 0.5], 11)[shuffled])
    found = all_wrong_range(alpha, pairs)
    assert found.sharp
    assert "2 groups" in found.method
    assert found.lower <= 0.05 <= found.upper <= min(closed_forms(alpha, pairs).upper.values()) + 1e-9
