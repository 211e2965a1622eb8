"""The stages of a fit: the point fit, the bootstrap, the null laws, the laws held out; then numbers and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.calibration import Calibration
from cofail_lab.fitting.comparison.compare import compare_laws, n_steps
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.matrix import MatrixFit, fit_matrix
from cofail_lab.fitting.readings.guessing import Guessing, guess_corrected
from cofail_lab.fitting.replicates.shards import assign_batches, reuse_batches, to_table
from cofail_lab.fitting.replicates.stages import Replicates, Stage, in_batches, run_stages
from cofail_lab.fitting.resampling import Bootstrap
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit import metrics as fit_metrics
from cofail_lab.report.fit import summary as fit_summary
from cofail_lab.report.fit import tables as fit_tables
from cofail_lab.report.fit.figures import figures
from cofail_lab.result import Result

if TYPE_CHECKING:
    from cofail_lab.experiments.fit import Fit

Draw = Callable[[str, Mapping[str, Stage]], tuple[dict[str, Replicates], bool]]
"""Computes stages of replicates under a description: the replicates by stage, and whether they are complete."""


@dataclass(frozen=True)
class FitStages:
    """The stages of one fit, with its parameters.

    Attributes:
        settings: the parameters.
    """

    settings: Fit

    def check_laws(self) -> None:
        """Raise InputError for the name of a law that is none."""
        for law in self._laws:
            if law not in FITTED_LAWS:
                raise InputError(f"experiment.laws: {law!r} is not quick, all or one of {', '.join(FITTED_LAWS)}")

    def shard(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The batches of replicates of one shard, one table a stage; the point fit is repeated for them."""
        options = inputs.options
        if options.shard is None:
            raise ValueError("run.shard: which shard this is must be given")
        fit = self._point(inputs.outcomes(), options.seed, progress)
        stages = Bootstrap(fit, self.settings.bootstrap, options.seed).stages()
        stages |= Calibration(fit, self.settings.null, self.settings.atom, options.seed).stages()
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
        certificate = certify_outcomes(outcomes, delta=self.settings.delta, overhead=self.settings.overhead)
        fit = self._point(outcomes, seed, progress)
        draw = partial(_replicates, progress, shards or {})
        # What comes after an interruption would make the user wait again.
        fit, interrupted = self._bootstrapped(fit, seed, draw)
        if interrupted is None:
            fit, interrupted = self._calibrated(fit, seed, draw)
        if interrupted is None:
            fit, interrupted = self._compared(fit, seed, progress)
        elsewhere = fit_metrics.elsewhere_metrics(outcomes, self.settings.correlation)
        guessing = self._guessing(outcomes)
        count_probs = fit.count_probs()
        return Result(
            headline=fit_summary.headline(fit, certificate),
            metrics=fit_metrics.metrics(fit, certificate) | elsewhere | fit_metrics.guessing_metrics(guessing),
            labels=fit_metrics.labels(fit, certificate) | fit_metrics.guessing_labels(guessing),
            estimates=fit_metrics.estimates(fit),
            tables=fit_tables.tables(fit, certificate, count_probs),
            figures=figures(fit, count_probs),
            brief=fit_summary.brief(fit, certificate),
            sections=fit_summary.sections(fit, certificate, elsewhere, guessing),
            interrupted=interrupted,
        )

    @property
    def _laws(self) -> list[str]:
        if self.settings.laws == "quick":
            return [name for name, row in FITTED_LAWS.items() if row.speed != "slowest"]
        if self.settings.laws == "all":
            return list(FITTED_LAWS)
        return [self.settings.laws] if isinstance(self.settings.laws, str) else list(self.settings.laws)

    def _point(self, outcomes: Outcomes, seed: int, progress: Progress) -> MatrixFit:
        with progress("Reading the matrix", total=1) as advance:
            fit = fit_matrix(outcomes, level=self.settings.level, seed=seed, conventions=self.settings.conventions)
            advance(1)
        return fit

    def _bootstrapped(self, fit: MatrixFit, seed: int, draw: Draw) -> tuple[MatrixFit, str | None]:
        resampling = Bootstrap(fit, self.settings.bootstrap, seed)
        drawn, finished = draw("Bootstrap replicates", resampling.stages())
        fit = resampling.attach(drawn, finished=finished)
        done = 0 if fit.replicates is None else len(fit.replicates.all_wrong)
        if done < self.settings.bootstrap:
            return fit, f"{done:,} of {self.settings.bootstrap:,} bootstrap replicates done"
        return fit, None if finished else "the jackknife was not finished"

    def _calibrated(self, fit: MatrixFit, seed: int, draw: Draw) -> tuple[MatrixFit, str | None]:
        calibration = Calibration(fit, self.settings.null, self.settings.atom, seed)
        stages = calibration.stages()
        drawn, finished = draw("Null matrices", stages)
        fit = calibration.attach(drawn, finished=finished)
        done = sum(len(replicates.all_wrong) for replicates in drawn.values())
        total = sum(stage.n_replicates for stage in stages.values())
        return fit, None if finished else f"{done:,} of {total:,} null matrices done"

    def _compared(self, fit: MatrixFit, seed: int, progress: Progress) -> tuple[MatrixFit, str | None]:
        folds = min(self.settings.folds, fit.outcomes.n_queries)
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
        if self.settings.choices is None:
            return None
        return guess_corrected(outcomes.n_all_wrong, outcomes.n_queries, outcomes.n_models, self.settings.choices)


def _replicates(
    progress: Progress, shards: Mapping[str, pa.Table], description: str, stages: Mapping[str, Stage]
) -> tuple[dict[str, Replicates], bool]:
    """The replicates of some stages and whether they are all there; those that shards have left are reused."""
    stages = {name: reuse_batches(stage, shards[name]) if name in shards else stage for name, stage in stages.items()}
    with progress(description, total=sum(stage.n_replicates for stage in stages.values())) as advance:
        return run_stages(stages, advance)
