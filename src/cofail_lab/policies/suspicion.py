"""Recorded choices that name the right model too often to have been made before it answered."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtr

from cofail_lab.policies.ceilings import Repeated
from cofail_lab.policies.contest import Contest
from cofail_lab.policies.score import Score, mean_intervals

RECORDED = "recorded"
_NEARLY_ALL = 0.9
"""Share of an oracle's gain that is taken for hindsight."""
_REPLICATES = 1000

Suspicion = Literal["above_routable", "nearly_oracle"]


def flagged(contest: Contest, repeated: Repeated | None) -> dict[str, Suspicion]:
    """The contestants whose picks seem to be made after grading, and why; only recorded picks can be."""
    recorded = [s for s in contest.contestants if s.name == RECORDED]
    return {s.name: why for s in recorded if (why := suspicion(s, contest, repeated)) is not None}


def suspicion(score: Score, contest: Contest, repeated: Repeated | None) -> Suspicion | None:
    """Whether a policy gains more than one that decides before the answers can.

    Args:
        score: of the policy, which picks one model for each query.
        contest: it belongs to.
        repeated: runs behind the cells; None where there are none.

    Returns:
        ``above_routable``: its picks are surely right more often in the graded run than in all runs; ``nearly_oracle``:
        no runs show that, but the gain is surely above nine tenths of the oracle's; None for neither.
    """
    alpha = (1 - contest.level) / 2
    if repeated is not None and repeated.one_graded and luck_p_value(score, contest, repeated) < alpha:
        return "above_routable"
    if score.gain_lower is None:
        return None
    trials = contest.trials
    right, oracle = (trials.decisions(name).right_low for name in (score.name, "oracle"))
    # Paired: how far the gain is above a share of the oracle's, on the same resampled queries.
    beyond = (right - trials.reference) - _NEARLY_ALL * (oracle - trials.reference)
    limit = mean_intervals(trials, [beyond], _REPLICATES, contest.level, 0)[0]
    return "nearly_oracle" if limit is not None and limit[0] > 0 else None


def luck_p_value(score: Score, contest: Contest, repeated: Repeated) -> float:
    """P-value of picks being as often right in the graded run as in all runs, one-sided (normal).

    A choice made before the answers does not know which of a model's runs will be graded: given that k of its S runs
    are right, so is the graded one with probability k/S, query by query. What it can reach so is routable (P10.i); what
    is above it is luck that only the answers tell.
    """
    rows, first = np.unique(contest.trials.rows, return_index=True)
    pick = contest.trials.decisions(score.name).calls[first].argmax(axis=1)
    expected = repeated.share[rows, pick]
    spread = float(np.sqrt((expected * (1 - expected)).sum()))
    above = float((contest.trials.graded.right[rows, pick] - expected).sum())
    # Half a query less: the sum is of whole answers.
    return float(ndtr(-(above - 0.5) / spread)) if spread else 1.0
