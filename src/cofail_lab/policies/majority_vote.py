"""`majority_vote`: right where more than half of the members are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.base import AbstractPolicy
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.voting import FittedVote, check_members, members_of


@dataclass(frozen=True)
class MajorityVote(AbstractPolicy):
    """One vote each, and no answer without a majority: what can be said of a vote from right and wrong alone.

    Where just half of the members are right the vote is open, and `Decisions` holds both ends.

    Attributes:
        members: names; None for ``top_k`` or all.
        top_k: number of members, the train-best models; None for all.
    """

    members: Sequence[str] | None
    top_k: int | None

    def __post_init__(self) -> None:
        check_members("majority_vote", self.members, self.top_k)

    def fit(self, train: Graded, seed: int) -> FittedVote:
        """Find the members."""
        del seed
        weights = np.zeros(train.n_models)
        weights[members_of("majority_vote", train, self.members, self.top_k)] = 1.0
        return FittedVote("majority", weights)
