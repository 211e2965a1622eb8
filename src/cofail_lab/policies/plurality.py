"""`plurality`: the answer that most members give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab.policies.base import AbstractPolicy
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.voting import FittedVote, check_members, members_of


@dataclass(frozen=True)
class Plurality(AbstractPolicy):
    """One vote each for the answer given; ties are split evenly.

    Without answers only bounds are known: at worst all wrong members agree, at best no two of them do and ties fall to
    the right answer.

    Attributes:
        members: names; None for ``top_k`` or all.
        top_k: number of members, the train-best models; None for all.
    """

    members: Sequence[str] | None
    top_k: int | None

    def __post_init__(self) -> None:
        check_members("plurality", self.members, self.top_k)

    def fit(self, train: Graded, seed: int) -> FittedVote:
        """Find the members."""
        del seed
        weights = np.zeros(train.n_models)
        weights[members_of("plurality", train, self.members, self.top_k)] = 1.0
        return FittedVote("vote", weights)
