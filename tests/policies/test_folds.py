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
