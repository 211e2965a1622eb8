"""Splits: every query decided by others, clusters whole."""

import numpy as np
import pytest

from cofail_lab.policies.folds import cross_fitting, random_splits


@pytest.mark.parametrize("clustered", [False, True])
def test_cross_fitting_decides_every_query_once(clustered: bool, rng: np.random.Generator) -> None:
    cluster = rng.integers(17, size=103) if clustered else None
    splits = cross_fitting(103, 5, 0, cluster)
    assert len(splits) == 5
    assert (np.sort(np.concatenate([s.test for s in splits])) == np.arange(103)).all()
    for train, test in splits:
        assert (np.sort(np.concatenate([train, test])) == np.arange(103)).all()
        if cluster is not None:
            assert not set(cluster[train]) & set(cluster[test])
        else:
            assert abs(len(test) - 103 / 5) < 1


def test_the_seed_shuffles_and_repeats() -> None:
    first, again, other = (cross_fitting(50, 5, seed)[0].test.tolist() for seed in (0, 0, 1))
    assert first == again != other


def test_fewer_groups_than_folds() -> None:
    assert len(cross_fitting(9, 5, 0, np.array([0, 0, 0, 1, 1, 1, 2, 2, 2]))) == 3
    assert len(cross_fitting(3, 5, 0)) == 3


def test_random_splits_are_those_of_the_published_protocol() -> None:
    for s, (train, test) in enumerate(random_splits(101, 3, 0.6)):
        order = np.random.default_rng(s).permutation(101)
        assert train.tolist() == order[:60].tolist()
        assert test.tolist() == order[60:].tolist()
    cluster = np.repeat(np.arange(20), 5)
    for train, test in random_splits(100, 3, 0.6, cluster):
        assert len(train) == 60
        assert not set(cluster[train]) & set(cluster[test])


def test_a_split_has_queries_on_either_side() -> None:
    for share, sizes in ((0.01, (1, 4)), (0.999, (4, 1)), (0.6, (3, 2)), (0.59, (2, 3))):
        for train, test in random_splits(5, 2, share):
            assert (len(train), len(test)) == sizes
    two = np.array([0, 0, 0, 1])
    for share in (0.1, 0.9):
        for train, test in random_splits(4, 3, share, two):
            assert {len(train), len(test)} == {1, 3}


def test_large_groups_come_first_and_into_the_emptiest_part() -> None:
    """Groups of 5, 4, 3, 3 and 1 in two parts: 5 + 3 and 4 + 3 + 1."""
    cluster = np.repeat([0, 1, 2, 3, 4], [3, 1, 5, 3, 4])
    for seed in range(5):
        parts = [{int(g) for g in cluster[split.test]} for split in cross_fitting(16, 2, seed, cluster)]
        assert parts[0] in ({2, 0}, {2, 3}) and parts[1] == {0, 1, 2, 3, 4} - parts[0]
