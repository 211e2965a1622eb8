"""`weighted_vote`: the answer with the most log-odds behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab.decisions import log_odds_weights
from cofail_lab.policies.base import AbsentPolicyError, AbstractPolicy
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.voting import FittedVote, check_members, members_of


@dataclass(frozen=True)
class WeightedVote(AbstractPolicy):
    """Members vote with ln(a/(1 - a)), a their accuracy in training (P14.ii), and not at all where a <= ½.

    The accuracies are (right + ½)/(n + 1), so that a member that was never wrong has a finite weight. As `plurality`,
    with bounds where answers are unknown.

    Attributes:
        members: names; None for ``top_k`` or all.
        top_k: so many train-best models; None for all.
    """

    members: Sequence[str] | None
    top_k: int | None

    def __post_init__(self) -> None:
        check_members("weighted_vote", self.members, self.top_k)

    def fit(self, train: Graded, seed: int) -> FittedVote:
        """Weigh the members.

        Raises:
            AbsentPolicyError: none is right more than half of the time.
        """
        del seed
        members = members_of("weighted_vote", train, self.members, self.top_k)
        weights = np.zeros(train.n_models)
        weights[members] = log_odds_weights((train.right[:, members].sum(axis=0) + 0.5) / (train.n_queries + 1))
        if not weights.any():
            raise AbsentPolicyError("no member is right more than half of the time, so that none has a vote")
        return FittedVote("vote", weights)
