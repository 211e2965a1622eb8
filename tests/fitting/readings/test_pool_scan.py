"""The scan over pool sizes counts its compositions."""

from collections.abc import Callable

import numpy as np

from cofail_lab.fitting.readings.pool_scan import Compositions, scan_sizes
from cofail_lab.outcomes import Outcomes


def test_the_scan_counts_its_compositions(real: Callable[[str], Outcomes]) -> None:
    """β of each composition recounted; sizes stay below the pool; what was not looked at has no ratio."""
    outcomes = real("swebench_pro_public")
    scan = Compositions(outcomes.n_models, outcomes.n_queries, 3)
    wrong = np.broadcast_to(outcomes.wrong, (5, *outcomes.wrong.shape))
    joint = np.broadcast_to(outcomes.joint_wrong_counts, (5, *outcomes.joint_wrong_counts.shape))
    all_wrong, ratio = scan.ratios(scan.count(0, wrong, joint))
    for row, size in enumerate(scan.sizes):
        for k in range(5):
            members = scan._members[size][k]
            assert len(set(members.tolist())) == size
            assert all_wrong[row, k] == outcomes.wrong[:, members].all(axis=1).mean()
    assert np.isnan(ratio[:, 5:]).all()
    assert not np.isnan(ratio[:, :5]).any()
    assert scan_sizes(9)[-1] == 9
    assert scan_sizes(1) == []
    # Pairs alone are what they are: the ratio of a pool of two is 1.
    np.testing.assert_allclose(ratio[0, :5], 1, rtol=1e-9)


def test_a_batch_goes_on_with_the_compositions_of_its_own_matrices(rng: np.random.Generator) -> None:
    wrong = rng.random((8, 50, 6)) < 0.4
    joint = np.einsum("bni,bnj->bij", wrong.astype(int), wrong.astype(int))
    scan = Compositions(6, 50, 3)
    whole, part = scan.count(0, wrong, joint), scan.count(5, wrong[5:], joint[5:])
    for name, counts in part.items():
        np.testing.assert_array_equal(counts, whole[name][5:], name)
