"""`experiment=policies`: what routers, votes and cascades really get from a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

from cofail_lab import checks
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.readings.luck import find_runs
from cofail_lab.outcomes import Outcomes
from cofail_lab.policies import Graded
from cofail_lab.policies.ceilings import Ceilings, Repeated
from cofail_lab.policies.contest import Contest, hold, with_baselines
from cofail_lab.policies.folds import Split, cross_fitting, random_splits
from cofail_lab.report import policies as words
from cofail_lab.report import policy_numbers
from cofail_lab.result import Exhibit, Result, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Protocol = Literal["folds", "splits"]


@dataclass(frozen=True)
class Policies:
    """Every policy of the configuration, and the baselines, on one matrix, all in the same way.

    Attributes:
        protocol: ``folds``: cross-fitting, every query is decided once, by policies fitted to the other parts;
            ``splits``: repeated random splits, which show the spread between training sets.
        folds: parts of the cross-fitting, >= 2.
        n_splits, train_share: of the repeated splits.
        cluster: per-query column; queries of equal value are never on both sides of a split, and resampled together.
        columns: per-query columns that policies may read besides dataset, prompt and features.
        price_column: per-model column with the price of an answer; None takes the costs of single answers.
        bootstrap: replicates of the intervals of gains; 0 for none.
        level: of these intervals.
        delta: error probability of the certificate.
    """

    protocol: Protocol = "folds"
    folds: int = 5
    n_splits: int = 5
    train_share: float = 0.6
    cluster: str | None = None
    columns: Sequence[str] = ()
    price_column: str | None = None
    bootstrap: int = 2000
    level: float = 0.95
    delta: float = 0.05

    def __post_init__(self) -> None:
        if self.protocol not in get_args(Protocol):
            raise InputError(f"experiment.protocol: {self.protocol!r} is not one of {', '.join(get_args(Protocol))}")
        checks.whole("experiment.folds", self.folds, least=2)
        checks.whole("experiment.n_splits", self.n_splits, least=1)
        checks.probability("experiment.train_share", self.train_share)
        checks.whole("experiment.bootstrap", self.bootstrap, least=0)
        checks.probability("experiment.level", self.level)
        checks.probability("experiment.delta", self.delta)
        if not isinstance(self.columns, list | tuple) or not all(isinstance(name, str) for name in self.columns):
            raise InputError(f"experiment.columns: {self.columns!r} is not a list of column names")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Evaluate, and say what policies gain."""
        grades = inputs.grades()
        outcomes = grades.outcomes()
        contest, ceilings = self.contest(inputs, outcomes, progress)
        figures = {"gains": partial(draw_gains, contest)}
        if contest.reference.cost is not None:
            figures["dollars"] = partial(draw_dollars, contest, ceilings)
        coverage = [said] if (said := words.coverage_sentence(grades)) else []
        sentence = words.headline(contest, ceilings)
        return Result(
            headline=sentence,
            metrics=policy_numbers.metrics(contest, ceilings, outcomes),
            labels=policy_numbers.labels(contest, ceilings, sentence),
            tables=policy_numbers.tables(contest),
            figures=figures,
            sections=(
                *words.sections(contest, ceilings, tuple(figures)),
                Section("How the matrix was read", (*outcomes.notes, *coverage)),
            ),
            brief=(
                words.brief_section(
                    contest, ceilings, [words.best_sentence(contest), *words.reading_sentences(contest), *coverage]
                ),
            ),
            exhibit=Exhibit(outcomes, leads=False),
        )

    def contest(self, inputs: Inputs, outcomes: Outcomes, progress: Progress) -> tuple[Contest, Ceilings]:
        """The evaluated policies of the configuration, and the ceilings beside them."""
        settings = self._brief() if inputs.options.smoke else self
        policies = {name: build() for name, build in inputs.policies.items()}
        graded = Graded.of(outcomes, self.columns, price=self.price_column, cluster=self.cluster)
        seed, splits = inputs.options.seed, settings._splits(graded, inputs.options.seed)
        with progress("Fitting policies", total=len(splits) * len(with_baselines(policies))) as advance:
            contest = hold(
                policies, graded, splits, replicates=settings.bootstrap, level=self.level, seed=seed, advance=advance
            )
        return contest, self._ceilings(outcomes)

    def _brief(self) -> Policies:
        """As little as still goes through every step."""
        return replace(self, folds=2, n_splits=1, bootstrap=min(self.bootstrap, 20))

    def _splits(self, graded: Graded, seed: int) -> list[Split]:
        if self.protocol == "splits":
            return random_splits(graded.n_queries, self.n_splits, self.train_share, graded.cluster)
        return cross_fitting(graded.n_queries, self.folds, seed, graded.cluster)

    def _ceilings(self, outcomes: Outcomes) -> Ceilings:
        runs, samples = find_runs(outcomes), outcomes.per_cell.get("samples")
        known = None if runs is None or isinstance(runs, str) else (runs.models, runs.right, runs.runs)
        return Ceilings(
            certificate=certify_outcomes(outcomes, delta=self.delta),
            oracle=1 - outcomes.all_wrong(),
            single_best=float(1 - outcomes.error_rates.min()),
            repeated=None if known is None else Repeated.of(~outcomes.wrong, *known, samples),
        )


def draw_gains(contest: Contest) -> Figure:
    """The gains of all policies."""
    from cofail_lab.report.figures.policies import gains

    return gains([*contest.contestants, *(s for s in contest.scores if s.name == "partition_oracle")])


def draw_dollars(contest: Contest, ceilings: Ceilings) -> Figure:
    """Accuracy against cost."""
    from cofail_lab.report.figures.policies import dollars

    return dollars(contest, ceilings.oracle)
