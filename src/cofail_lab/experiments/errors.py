"""`experiment=errors`: do models that are wrong together give the same wrong answer, and how many are they in truth?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions.rater_agreement import resampled
from cofail_lab.decisions.rater_votes import effective_votes, error_correlation
from cofail_lab.decisions.shared_errors import alike_in_samples, habit_groups, shared_errors
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.numerics.streams import SHARED_ERRORS, generator
from cofail_lab.report import errors as words
from cofail_lab.result import Result


@dataclass(frozen=True)
class SharedWrongAnswers:
    """Agreement on wrong answers by pair, family and accuracy, and the effective number of independent models.

    Attributes:
        least: pairs that are wrong together on fewer queries are left out.
        bootstrap: resamples of the queries.
    """

    least: int = 20
    bootstrap: int = 200

    def __post_init__(self) -> None:
        checks.whole("experiment.least", self.least, least=1)
        checks.within("experiment.bootstrap", self.bootstrap, 100, 10**5)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """All pairs, then resamples of the queries."""
        outcomes = inputs.outcomes()
        answers = outcomes.per_cell.get("answer")
        if answers is None:
            raise InputError(
                f"experiment=errors: {outcomes.source} has no answers, only grades; a companion NAME.answers.csv "
                "with the rows and columns of NAME.csv holds them"
            )
        right = ~outcomes.wrong
        groups = habit_groups(outcomes.dataset, outcomes.per_query.get("key"), outcomes.n_queries)
        weights = resampled(
            np.arange(outcomes.n_queries), self.bootstrap, generator(inputs.options.seed, SHARED_ERRORS)
        )
        with progress("Pairs", total=3) as advance:
            pairs = shared_errors(answers, right, groups, self.least)
            if np.isnan(pairs.same).all():
                raise InputError(
                    f"experiment.least: {self.least}; no two models of {outcomes.source} are wrong together that often "
                    f"(at most {int(pairs.n_both.max())} times)"
                )
            advance(1)
            drawn = alike_in_samples(answers, right, weights)
            advance(1)
            known = np.ones(outcomes.wrong.shape, dtype=bool)
            rho, rhos = (error_correlation(outcomes.wrong, known, w) for w in (None, weights))
            effective = effective_votes(outcomes.n_models, rho), effective_votes(outcomes.n_models, rhos)
            advance(1)
        found = words.Errors(outcomes, np.asarray(answers).astype(str), pairs, drawn, float(rho[0]), effective)
        return Result(
            headline=found.headline(),
            metrics=found.metrics(),
            labels=found.labels(),
            tables={"pairs": found.pairs_table(), "models": found.models_table()},
            csv=("pairs", "models"),
            figures={"errors": found.figure},
            sections=found.sections(),
        )
