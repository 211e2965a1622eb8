"""`experiment=fit`: what combining the models of a matrix can gain, and what pairwise statistics would have said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import get_args

import pyarrow as pa

from cofail_lab import checks
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.calibration import Calibration
from cofail_lab.fitting.comparison.compare import compare_laws, n_steps
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.matrix import Conventions, MatrixFit, fit_matrix
from cofail_lab.fitting.readings.guessing import Guessing, guess_corrected
from cofail_lab.fitting.replicates.shards import assign_batches, reuse_batches, to_table
from cofail_lab.fitting.replicates.stages import Replicates, Stage, in_batches, run_stages
from cofail_lab.fitting.resampling import Bootstrap
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit import metrics as fit_metrics
from cofail_lab.report.fit import summary as fit_summary
from cofail_lab.report.fit import tables as fit_tables
from cofail_lab.report.fit.figures import figures
from cofail_lab.report.health import with_health
from cofail_lab.result import Result

Draw = Callable[[str, Mapping[str, Stage]], tuple[dict[str, Replicates], bool]]
"""Computes stages of replicates under a description: the replicates by stage, and whether they are complete."""


@dataclass(frozen=True)
class Fit:
    """Fit a 0/1 matrix (theory section 4, points 1 to 5).

    Attributes:
        bootstrap: query-bootstrap replicates, each a complete refit; 0 leaves the intervals out.
        null: matrices simulated from each fitted law without a common mode; 0 leaves the calibration out, and then no
            ratio is called unlikely.
        atom: size of the common mode that the power of the calibration is stated for.
        delta: error probability of each certificate.
        overhead: what combining costs, in accuracy; None leaves the decision open.
        level: confidence of the intervals of the ratios; .90 is the published level.
        conventions: of full Σ: ``lab`` or ``published``, see `fitting.matrix.Conventions`.
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
    conventions: Conventions = "lab"
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
        if self.conventions not in get_args(Conventions):
            raise InputError(f"experiment.conventions: {self.conventions!r} is not 'lab' or 'published'")
        if self.correlation is not None:
            checks.share("experiment.correlation", self.correlation)
        if self.choices is not None:
            checks.whole("experiment.choices", self.choices, least=2)
        checks.whole("experiment.folds", self.folds, least=0)
        if self.folds == 1:
            raise InputError("experiment.folds: 1 leaves no queries to fit to; 0 or at least 2 are accepted")
        for law in self._laws:
            if law not in FITTED_LAWS:
                raise InputError(f"experiment.laws: {law!r} is not quick, all or one of {', '.join(FITTED_LAWS)}")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load the matrix, fit it, and say what it means."""
        grades = inputs.grades()
        result = self.analyse(grades.outcomes(), inputs.options.seed, progress, inputs.shards)
        return with_health(result, grades)

    @property
    def splits(self) -> bool:
        """Whether there are replicates."""
        return self.bootstrap > 0 or self.null > 0

    def shard(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The batches of replicates of one shard, one table a stage; the point fit is repeated for them."""
        options = inputs.options
        if options.shard is None:
            raise ValueError("run.shard: which shard this is must be given")
        fit = self._point(inputs.outcomes(), options.seed, progress)
        stages = Bootstrap(fit, self.bootstrap, options.seed).stages()
        stages |= Calibration(fit, self.null, self.atom, options.seed).stages()
        assigned = assign_batches(stages, options.shard, options.shards)
        total = sum(stages[name].batch_size(start) for name, starts in assigned.items() for start in starts)
        tables = {}
        with progress("Replicates of this shard", total=total) as advance:
            for name, starts in assigned.items():
                tables[name] = to_table(dict(zip(starts, in_batches(stages[name], starts, advance), strict=True)))
        return Result(
            headline=f"Shard {options.shard} of {options.shards}: {total:,} replicates; run.shard=null merges them.",
            metrics={"n_replicates": total},
            tables=tables,
        )

    def analyse(
        self, outcomes: Outcomes, seed: int, progress: Progress = silent, shards: Mapping[str, pa.Table] | None = None
    ) -> Result:
        """The fit of a matrix; replicates that ``shards`` hold are reused."""
        certificate = certify_outcomes(outcomes, delta=self.delta, overhead=self.overhead)
        fit = self._point(outcomes, seed, progress)
        draw = partial(_replicates, progress, shards or {})
        # What comes after an interruption would make the user wait again.
        fit, interrupted = self._bootstrapped(fit, seed, draw)
        if interrupted is None:
            fit, interrupted = self._calibrated(fit, seed, draw)
        if interrupted is None:
            fit, interrupted = self._compared(fit, seed, progress)
        elsewhere = fit_metrics.elsewhere_metrics(outcomes, self.correlation)
        guessing = self._guessing(outcomes)
        count_probs = fit.count_probs()
        return Result(
            headline=fit_summary.headline(fit, certificate),
            metrics=fit_metrics.metrics(fit, certificate) | elsewhere | fit_metrics.guessing_metrics(guessing),
            labels=fit_metrics.labels(fit, certificate) | fit_metrics.guessing_labels(guessing),
            estimates=fit_metrics.estimates(fit),
            tables=fit_tables.tables(fit, certificate, count_probs),
            figures=figures(fit, count_probs),
            sections=fit_summary.sections(fit, certificate, elsewhere, guessing),
            interrupted=interrupted,
        )

    @property
    def _laws(self) -> list[str]:
        if self.laws == "quick":
            return [name for name, row in FITTED_LAWS.items() if row.speed != "slowest"]
        if self.laws == "all":
            return list(FITTED_LAWS)
        return [self.laws] if isinstance(self.laws, str) else list(self.laws)

    def _point(self, outcomes: Outcomes, seed: int, progress: Progress) -> MatrixFit:
        with progress("Reading the matrix", total=1) as advance:
            fit = fit_matrix(outcomes, level=self.level, seed=seed, conventions=self.conventions)
            advance(1)
        return fit

    def _bootstrapped(self, fit: MatrixFit, seed: int, draw: Draw) -> tuple[MatrixFit, str | None]:
        resampling = Bootstrap(fit, self.bootstrap, seed)
        drawn, finished = draw("Bootstrap replicates", resampling.stages())
        fit = resampling.attach(drawn, finished=finished)
        done = 0 if fit.replicates is None else len(fit.replicates.all_wrong)
        if done < self.bootstrap:
            return fit, f"{done:,} of {self.bootstrap:,} bootstrap replicates done"
        return fit, None if finished else "the jackknife was not finished"

    def _calibrated(self, fit: MatrixFit, seed: int, draw: Draw) -> tuple[MatrixFit, str | None]:
        calibration = Calibration(fit, self.null, self.atom, seed)
        stages = calibration.stages()
        drawn, finished = draw("Null matrices", stages)
        fit = calibration.attach(drawn, finished=finished)
        done = sum(len(replicates.all_wrong) for replicates in drawn.values())
        total = sum(stage.n_replicates for stage in stages.values())
        return fit, None if finished else f"{done:,} of {total:,} null matrices done"

    def _compared(self, fit: MatrixFit, seed: int, progress: Progress) -> tuple[MatrixFit, str | None]:
        folds = min(self.folds, fit.outcomes.n_queries)
        if folds < 2:
            # Asked for none, or one query, which leaves none to fit to.
            return fit, None
        try:
            with progress("Laws, held out", total=n_steps(folds, self._laws)) as advance:
                compared = compare_laws(fit.outcomes, folds=folds, seed=seed, laws=self._laws, advance=advance)
        except KeyboardInterrupt:
            return fit, "the comparison of laws was not finished"
        return replace(fit, comparison=compared), None

    def _guessing(self, outcomes: Outcomes) -> Guessing | None:
        if self.choices is None:
            return None
        return guess_corrected(outcomes.n_all_wrong, outcomes.n_queries, outcomes.n_models, self.choices)


def _replicates(
    progress: Progress, shards: Mapping[str, pa.Table], description: str, stages: Mapping[str, Stage]
) -> tuple[dict[str, Replicates], bool]:
    """The replicates of some stages and whether they are all there; those that shards have left are reused."""
    stages = {name: reuse_batches(stage, shards[name]) if name in shards else stage for name, stage in stages.items()}
    with progress(description, total=sum(stage.n_replicates for stage in stages.values())) as advance:
        return run_stages(stages, advance)
