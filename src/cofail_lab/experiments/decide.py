"""`experiment=decide`: everything that the matrix supports, on one page with one sentence of advice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.experiments.policies import Policies, draw_dollars, draw_gains
from cofail_lab.policies.advice import advise
from cofail_lab.policies.suspicion import flagged
from cofail_lab.report import policies as words
from cofail_lab.report import policy_numbers
from cofail_lab.result import Result


@dataclass(frozen=True)
class Decide:
    """What to do with these models: use one alone, a policy that gains, or one that saves.

    Attributes:
        folds, cluster, columns, price_column, bootstrap, level, delta: as in `Policies`.
    """

    folds: int = 5
    cluster: str | None = None
    columns: Sequence[str] = ()
    price_column: str | None = None
    bootstrap: int = 2000
    level: float = 0.95
    delta: float = 0.05

    def __post_init__(self) -> None:
        self._evaluation()  # raises for bad values

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Evaluate, and advise."""
        outcomes = inputs.outcomes()
        contest, ceilings = self._evaluation().contest(inputs, outcomes, progress)
        advice = advise(contest, flagged(contest, ceilings.repeated))
        sentence = words.advice_sentence(advice, contest, ceilings)
        with_costs = contest.reference.cost is not None
        figure = (
            {"dollars": partial(draw_dollars, contest, ceilings)}
            if with_costs
            else {"gains": partial(draw_gains, contest)}
        )
        labels = policy_numbers.labels(contest, ceilings, sentence)
        return Result(
            headline=sentence,
            metrics=policy_numbers.metrics(contest, ceilings, outcomes),
            labels={**labels, "action": advice.action, "policy": advice.policy.name},
            tables=policy_numbers.tables(contest),
            figures=figure,
            sections=words.decide_sections(contest, ceilings, tuple(figure)),
            brief=(words.brief_section(contest, ceilings, [words.best_sentence(contest)]),),
        )

    def _evaluation(self) -> Policies:
        return Policies(
            folds=self.folds,
            cluster=self.cluster,
            columns=self.columns,
            price_column=self.price_column,
            bootstrap=self.bootstrap,
            level=self.level,
            delta=self.delta,
        )
