"""`weighted_vote`: the answer with the most log-odds behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions import log_odds_weights
from cofail_lab.policies.base import AbsentPolicyError, AbstractPolicy
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.voting import FittedVote, check_members, members_of


@dataclass(frozen=True)
class WeightedVote(AbstractPolicy):
    """Members vote with ln(a(K - 1)/(1 - a)), a their accuracy in training (P14.ii), and not at all where a <= 1/K.

    The accuracies are (right + ½)/(n + 1), so that a member that was never wrong has a finite weight. As `plurality`,
    with bounds where answers are unknown.

    Attributes:
        members: names; None for ``top_k`` or all.
        top_k: number of members, the train-best models; None for all.
        n_options: K, the answers that a query offers, >= 2; 2 is the cautious choice, which leaves out more members.
    """

    members: Sequence[str] | None
    top_k: int | None
    n_options: int

    def __post_init__(self) -> None:
        check_members("weighted_vote", self.members, self.top_k)
        checks.whole("policy.weighted_vote.n_options", self.n_options, least=2)

    def fit(self, train: Graded, seed: int) -> FittedVote:
        """Weigh the members.

        Raises:
            AbsentPolicyError: none is right more often than a guess.
        """
        del seed
        members = members_of("weighted_vote", train, self.members, self.top_k)
        weights = np.zeros(train.n_models)
        rates = (train.right[:, members].sum(axis=0) + 0.5) / (train.n_queries + 1)
        weights[members] = log_odds_weights(rates, self.n_options)
        if not weights.any():
            raise AbsentPolicyError(
                f"no member is right more than 1 in {self.n_options} times, so that none has a vote"
            )
        return FittedVote("vote", weights)
