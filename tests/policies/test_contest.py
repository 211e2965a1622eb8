"""Who wins: gains that are sure at the level that all contestants share."""

import numpy as np
import pytest

from cofail_lab.policies import AbstractPolicy
from cofail_lab.policies.contest import Contest, hold
from cofail_lab.policies.folds import cross_fitting
from cofail_lab.policies.recorded import FittedRecorded
from tests.policies.made import graded


class Elsewhere(AbstractPolicy):
    """m1 on the first queries, m0 on all others."""

    def __init__(self, first: int) -> None:
        self.picks = {f"q{i}": int(i < first) for i in range(300)}

    def fit(self, train, seed):
        return FittedRecorded(self.picks, train.best)


def contest(won: int, rivals: int, *, clustered: bool, replicates: int = 2000) -> Contest:
    """One policy that wins some queries and loses none, and others that are constants; m0 is the better model."""
    right = np.ones((300, 2), dtype=bool)
    right[:won, 0] = False
    right[won : won + 60, 1] = False
    cluster = np.arange(300) // 2 * 2 + (np.arange(300) < 298) * (np.arange(300) % 2) if clustered else None
    data = graded(right, cluster=cluster)
    policies = {"one": Elsewhere(won)} | {f"rival {i}": Elsewhere(0) for i in range(rivals)}
    return hold(policies, data, cross_fitting(300, 5, 0, cluster), replicates=replicates, level=0.95, seed=0)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize(("won", "alone", "of_twenty"), [(3, False, False), (6, True, False), (12, True, True)])
def test_a_gain_must_be_sure_at_the_level_shared_by_all(
    clustered: bool, won: int, alone: bool, of_twenty: bool
) -> None:
    """By McNemar's test, 2·2^-won, and where decisions are not independent by the bootstrap, about exp(-won)."""
    for rivals, expected in ((0, alone), (19, of_twenty)):
        held = contest(won, rivals, clustered=clustered)
        assert (held.by_name["one"].p_value is None) == clustered
        assert [s.name for s in held.winners] == (["one"] if expected else [])


def test_without_intervals_the_exact_test_decides_and_without_either_nobody_wins() -> None:
    assert [s.name for s in contest(12, 1, clustered=False, replicates=0).winners] == ["one"]
    assert contest(3, 1, clustered=False, replicates=0).winners == []
    assert contest(12, 1, clustered=True, replicates=0).winners == []
