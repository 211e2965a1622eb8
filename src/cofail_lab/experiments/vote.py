"""`experiment=vote`: what the majority of any three models gains over the best of them, and what that depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions import vote_slopes
from cofail_lab.decisions.votes import agreement_when_wrong, majority_right, plurality_range, plurality_right
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.numerics.streams import SETS, generator
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import vote as words
from cofail_lab.result import Result


@dataclass(frozen=True)
class VotesOfSets:
    """Majority votes of all sets of models of one size (theory P14).

    Attributes:
        size: members of a vote, odd.
        at_most: most sets looked at; of more, this many are drawn at random, and a set drawn twice counts once.
    """

    size: int = 3
    at_most: int = vote_slopes.AT_MOST

    def __post_init__(self) -> None:
        checks.whole("experiment.size", self.size, least=3)
        if self.size % 2 == 0:
            raise InputError(f"experiment.size: {self.size}; an odd number is accepted: an even vote can be tied")
        checks.within("experiment.at_most", self.at_most, 100, 10**7)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """All sets, the two regressions, and what a buyer would run: the most accurate models."""
        outcomes = inputs.outcomes()
        if outcomes.n_models < self.size:
            raise InputError(f"experiment.size: {self.size} of {outcomes.n_models} models; fewer are accepted")
        with progress("Votes", total=3) as advance:
            rng = generator(inputs.options.seed, SETS)
            sets = vote_slopes.vote_sets(outcomes.wrong, self.size, rng, self.at_most)
            advance(1)
            published = vote_slopes.vote_slope(sets, vote_slopes.HEADROOM, outcomes.n_models)
            controlled = vote_slopes.vote_slope(sets, vote_slopes.WITH_GAP, outcomes.n_models)
            advance(1)
            votes = words.Votes(outcomes, self.size, sets, published, controlled, **self._top(outcomes))
            advance(1)
        return Result(
            headline=votes.headline(),
            metrics=votes.metrics(),
            labels={"decision": votes.headline(), "slope": votes.reading, "top": ", ".join(votes.top_names)},
            tables={"sets": votes.table()},
            figures={"votes": votes.figure},
            sections=votes.sections(),
        )

    def _top(self, outcomes: Outcomes) -> dict:
        """Votes of the most accurate models, and of all; with answers where they are known."""
        right = ~outcomes.wrong
        top = tuple(int(i) for i in np.argsort(outcomes.error_counts, kind="stable")[: self.size])
        chosen = right[:, list(top)]
        answers = outcomes.per_cell.get("answer")
        if answers is None:
            best_case = plurality_range(chosen)
            return {
                "top": top,
                "top_majority": float(majority_right(chosen).low.mean()),
                "top_plurality": (float(best_case.low.mean()), float(best_case.high.mean())),
                "plurality": None,
                "agree_when_wrong": None,
            }
        alike = agreement_when_wrong(answers, right)
        pairs = alike[np.triu_indices(len(alike), 1)]
        exact = float(plurality_right(answers[:, list(top)], chosen).mean())
        return {
            "top": top,
            "top_majority": float(majority_right(chosen).low.mean()),
            "top_plurality": (exact, exact),
            "plurality": float(plurality_right(answers, right).mean()),
            "agree_when_wrong": None if np.isnan(pairs).all() else float(np.nanmean(pairs)),
        }
