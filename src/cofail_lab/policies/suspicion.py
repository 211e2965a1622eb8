"""Recorded choices that name the right model too often to have been made before it answered."""

from __future__ import annotations

from typing import Literal

from cofail_lab.policies.contest import Contest
from cofail_lab.policies.score import Score, mean_intervals

RECORDED = "recorded"
_NEARLY_ALL = 0.9
"""Share of an oracle's gain that is taken for hindsight where no repeated runs show how much of it is luck."""
_REPLICATES = 1000

Suspicion = Literal["above_routable", "nearly_oracle"]


def flagged(contest: Contest, routable_gain: float | None) -> dict[str, Suspicion]:
    """The contestants whose picks seem to be made after grading, and why; only recorded picks can be.

    Args:
        contest: with all policies.
        routable_gain: as `suspicion`.
    """
    recorded = [s for s in contest.contestants if s.name == RECORDED]
    return {s.name: why for s in recorded if (why := suspicion(s, contest, routable_gain)) is not None}


def suspicion(score: Score, contest: Contest, routable_gain: float | None) -> Suspicion | None:
    """Whether a policy gains more than one that decides before the answers can.

    Args:
        score: of the policy.
        contest: it belongs to.
        routable_gain: upper limit of what a router can gain, from repeated runs; None where there are none.

    Returns:
        ``above_routable``: the lower limit of its gain (won less lost) is above that limit; ``nearly_oracle``: there
        are no repeated runs, and the gain is surely above nine tenths of the oracle's; None for neither.
    """
    if score.gain_lower is None:
        return None
    if routable_gain is not None:
        return "above_routable" if score.gain_lower > routable_gain else None
    trials = contest.trials
    right, oracle = (trials.decisions(name).right_low for name in (score.name, "oracle"))
    # Paired: how far the gain is above a share of the oracle's, on the same resampled queries.
    beyond = (right - trials.reference) - _NEARLY_ALL * (oracle - trials.reference)
    limit = mean_intervals(trials, [beyond], _REPLICATES, contest.level, 0)[0]
    return "nearly_oracle" if limit is not None and limit[0] > 0 else None
