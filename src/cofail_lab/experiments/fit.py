"""`experiment=fit`: what combining the models of a matrix can gain, and what pairwise statistics would have said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from cofail_lab import checks
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.data.health.checks import examine
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Draw, Inputs, Progress, Store, drawn_later, silent
from cofail_lab.experiments.certify import metrics as certificate_metrics
from cofail_lab.experiments.fit_workers import PRELOADED
from cofail_lab.experiments.workers import prepare
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import answer
from cofail_lab.report.certificate import certificate_section
from cofail_lab.report.health import health_section
from cofail_lab.result import Result

if TYPE_CHECKING:
    from cofail_lab.experiments.fit_stages import FitStages


@dataclass(frozen=True)
class Fit:
    """Fit a 0/1 matrix (theory section 4, points 1 to 5).

    Attributes:
        bootstrap: query-bootstrap replicates, each a complete refit; 0 leaves the intervals out.
        null: matrices simulated from each fitted law without a common mode, at most: fewer where no p-value of the law
            can fall to .05 any more. 0 leaves the calibration out, and then no ratio is called unlikely.
        atom: size of the common mode that the power of the calibration is stated for.
        delta: error probability of each certificate.
        overhead: what combining costs, in accuracy; None leaves the decision open.
        level: confidence of the intervals of the ratios; .90 is the published level.
        conventions: of full Σ: ``lab`` or ``published``, see `fitting.matrix_fit.Conventions`.
        correlation: another matrix's mean tetrachoric correlation, to predict this one at; None leaves it out.
        choices: options of each query, where models that do not know guess among them; None leaves it out.
        folds: parts of the queries for the held-out likelihood of each law; 0 leaves the comparison of laws out.
        laws: compared laws: ``quick`` (seconds), ``all``, or names of `fitting.comparison.laws.FITTED_LAWS`.
    """

    bootstrap: int = 2000
    null: int = 200
    atom: float = 0.03
    delta: float = 0.05
    overhead: float | None = 0.02
    level: float = 0.90
    conventions: Literal["lab", "published"] = "lab"
    correlation: float | None = None
    choices: int | None = None
    folds: int = 5
    laws: str | list[str] = "quick"

    def __post_init__(self) -> None:
        checks.whole("experiment.bootstrap", self.bootstrap, least=0)
        checks.whole("experiment.null", self.null, least=0)
        checks.probability("experiment.atom", self.atom)
        checks.probability("experiment.delta", self.delta)
        checks.probability("experiment.level", self.level)
        checks.overhead("experiment.overhead", self.overhead)
        if self.conventions not in ("lab", "published"):
            raise InputError(f"experiment.conventions: {self.conventions!r} is not 'lab' or 'published'")
        if self.correlation is not None:
            checks.share("experiment.correlation", self.correlation)
        if self.choices is not None:
            checks.whole("experiment.choices", self.choices, least=2)
        checks.whole("experiment.folds", self.folds, least=0)
        if self.folds == 1:
            raise InputError("experiment.folds: 1 leaves no queries to fit to; 0 or at least 2 are accepted")
        if self.laws not in ("quick", "all"):
            from cofail_lab.fitting.comparison.laws import named_laws

            named_laws(self.laws)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load the matrix, say what its counts say, then fit it and say the rest.

        The counts need no JAX, and are announced before it is imported.
        """
        grades = inputs.grades()
        outcomes = grades.outcomes()
        certificate = certify_outcomes(outcomes, delta=self.delta, overhead=self.overhead)
        findings = examine(grades)
        first = answer.first_sections(outcomes, certificate, findings)
        headline, health = answer.headline(outcomes, certificate), health_section(grades, findings)
        exhibit = answer.exhibit(outcomes, certificate, findings)
        inputs.announce(headline, first)
        settings = self._brief() if inputs.options.smoke else self
        workers = inputs.options.workers or 1
        if workers > 1 and settings is self and self.splits:
            # The processes of a long fit import what this one imports meanwhile.
            prepare(PRELOADED)
        try:
            stages = settings._stages(progress, inputs.store, inputs.draw, inputs.options.smoke)
            result = stages.analyse(outcomes, inputs.options.seed, workers)
        except KeyboardInterrupt:
            # Before the point fit, or once more while an interrupted fit was summed up.
            return Result(
                headline=headline,
                metrics=certificate_metrics(certificate),
                brief=first,
                sections=(certificate_section(certificate, outcomes.notes), health),
                interrupted="certified only, the fit was not finished",
                exhibit=exhibit,
            )
        brief, sections = (*first, *result.brief[len(first) :]), (*result.sections, health)
        return replace(result, brief=brief, sections=sections, exhibit=exhibit)

    @property
    def splits(self) -> bool:
        """Whether there are replicates."""
        return self.bootstrap > 0 or self.null > 0

    def shard(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The batches of replicates of one shard, one table a stage; the point fit is repeated for them."""
        return self._stages(progress).shard(inputs)

    def analyse(self, outcomes: Outcomes, seed: int, progress: Progress = silent, *, workers: int = 1) -> Result:
        """The fit of a matrix by at most ``workers`` processes."""
        return self._stages(progress).analyse(outcomes, seed, workers)

    def _brief(self) -> Fit:
        """As little as still goes through every step."""
        few = min(self.bootstrap, 20), min(self.null, 19), min(self.folds, 2)
        return replace(self, bootstrap=few[0], null=few[1], folds=few[2], laws=["independent", "clayton"])

    def _stages(
        self, progress: Progress = silent, store: Store | None = None, draw: Draw = drawn_later, smoke: bool = False
    ) -> FitStages:
        from cofail_lab.experiments.fit_stages import FitStages

        return FitStages(self, progress, store or Store(), draw, smoke)
