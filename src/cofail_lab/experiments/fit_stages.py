"""The stages of a fit: the point fit, the bootstrap, the null laws, the laws held out; then numbers and words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, Store, silent
from cofail_lab.experiments.kept_batches import KeptBatches
from cofail_lab.fitting.calibration import Calibration
from cofail_lab.fitting.comparison.compare import compare_laws, n_steps
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, NULL_LAWS
from cofail_lab.fitting.matrix import MATRIX_REPLICATES, MatrixFit, fit_matrix
from cofail_lab.fitting.readings.guessing import Guessing, guess_corrected
from cofail_lab.fitting.replicates.predictors import MAX_REPLICATED_MODELS
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

POINT, BOOTSTRAP, NULL, TAIL, LAWS = "point fit", "bootstrap", "null matrices", "test of the tail", "laws, held out"
"""Steps of a fit, as people call them."""


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

    def analyse(self, outcomes: Outcomes, seed: int, progress: Progress, store: Store) -> Result:
        """The fit of a matrix; what ``store`` holds is not computed again.

        After an interruption the stages that were not begun are left out: they would make the user wait again.
        """
        certificate = certify_outcomes(outcomes, delta=self.settings.delta, overhead=self.settings.overhead)
        progress.plan(self._seconds(outcomes, store))
        fit, interrupted = self._point(outcomes, seed, progress), None
        for stage in (self._bootstrapped, self._calibrated, self._compared):
            if interrupted is None:
                fit, interrupted = stage(fit, seed, progress, store)
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

    def _seconds(self, outcomes: Outcomes, store: Store) -> dict[str, float]:
        """A guess of the seconds of each step, from timings of pools of 8 to 123 models with 60 to 1,547 queries."""
        n, m = outcomes.wrong.shape
        asked, null = self.settings.bootstrap, self.settings.null * len(NULL_LAWS)
        one = 0.0025 + 1e-7 * m**2 + n * m**2 / 1e10
        whole = 0.007 + 2e-8 * m**3 if m <= MAX_REPLICATED_MODELS else 0.0
        # What is kept takes no time: its share of the replicates is left out.
        kept = sum(len(table) for table in store.tables.values() if "all_wrong" in table.column_names)
        share = 1 - min(kept / max(asked + null, 1), 1.0)
        seconds = {
            POINT: 2.0,
            BOOTSTRAP: (1 + asked * one + min(asked, 2 * MATRIX_REPLICATES) * whole) * share if asked else 0.0,
            NULL: (1 + null * (one + 0.004)) * share if null else 0.0,
            TAIL: 3.0 if null else 0.0,
            LAWS: 3 + 0.06 * n_steps(self.settings.folds, self._laws) if self.settings.folds else 0.0,
        }
        return {step: guess for step, guess in seconds.items() if guess}

    @property
    def _laws(self) -> list[str]:
        if self.settings.laws == "quick":
            return [name for name, row in FITTED_LAWS.items() if row.speed != "slowest"]
        if self.settings.laws == "all":
            return list(FITTED_LAWS)
        return [self.settings.laws] if isinstance(self.settings.laws, str) else list(self.settings.laws)

    def _point(self, outcomes: Outcomes, seed: int, progress: Progress) -> MatrixFit:
        with progress(POINT, total=1) as advance:
            fit = fit_matrix(outcomes, level=self.settings.level, seed=seed, conventions=self.settings.conventions)
            advance(1)
        return fit

    def _bootstrapped(
        self, fit: MatrixFit, seed: int, progress: Progress, store: Store
    ) -> tuple[MatrixFit, str | None]:
        resampling = Bootstrap(fit, self.settings.bootstrap, seed)
        try:
            drawn, finished = _replicates(BOOTSTRAP, resampling.stages(), progress, store)
        except KeyboardInterrupt:
            drawn, finished = {}, False
        fit = resampling.attach(drawn, finished=finished)
        done = 0 if fit.replicates is None else len(fit.replicates.all_wrong)
        if done < self.settings.bootstrap:
            return fit, f"{done:,} of {self.settings.bootstrap:,} bootstrap replicates done"
        return fit, None if finished else "the jackknife was not finished"

    def _calibrated(self, fit: MatrixFit, seed: int, progress: Progress, store: Store) -> tuple[MatrixFit, str | None]:
        calibration = Calibration(fit, self.settings.null, self.settings.atom, seed)
        drawn, total = {}, self.settings.null
        try:
            stages = calibration.stages()
            total = sum(stage.n_replicates for stage in stages.values())
            drawn, finished = _replicates(NULL, stages, progress, store)
            if finished:
                with progress(TAIL, total=1):
                    return calibration.attach(drawn, finished=True), None
        except KeyboardInterrupt:
            pass
        done = sum(len(replicates.all_wrong) for replicates in drawn.values())
        why = (
            "the test of the tail was not finished"
            if done == total
            else f"{done:,} of {total or 'the':,} null matrices done"
        )
        return calibration.attach(drawn, finished=False), why

    def _compared(self, fit: MatrixFit, seed: int, progress: Progress, store: Store) -> tuple[MatrixFit, str | None]:
        folds = min(self.settings.folds, fit.outcomes.n_queries)
        if folds < 2:
            # Asked for none, or one query, which leaves none to fit to.
            return fit, None
        laws = self._laws
        known = {
            law: store.tables[f"heldout_{law}"]["log"].to_numpy() for law in laws if f"heldout_{law}" in store.tables
        }

        def keep(law: str, log: np.ndarray) -> None:
            store.keep(f"heldout_{law}", pa.table({"log": log}), LAWS, 1, len(laws))

        try:
            with progress(LAWS, total=n_steps(folds, laws)) as advance:
                compared = compare_laws(
                    fit.outcomes, folds=folds, seed=seed, laws=laws, advance=advance, known=known, keep=keep
                )
        except KeyboardInterrupt:
            return fit, "the comparison of laws was not finished"
        return replace(fit, comparison=compared), None

    def _guessing(self, outcomes: Outcomes) -> Guessing | None:
        if self.settings.choices is None:
            return None
        return guess_corrected(outcomes.n_all_wrong, outcomes.n_queries, outcomes.n_models, self.settings.choices)


def _replicates(
    step: str, stages: Mapping[str, Stage], progress: Progress, store: Store
) -> tuple[dict[str, Replicates], bool]:
    """The replicates of some stages and whether they are all there; the store is used and filled."""
    total = sum(stage.n_replicates for stage in stages.values())
    stored = sum(len(store.tables[name]) for name in stages if name in store.tables)
    with progress(step, total=max(total - stored, 0)) as advance:
        keeper = KeptBatches(store, step, total, advance)
        kept = {name: keeper.of(name, stage) for name, stage in stages.items()}
        for name in stages:
            if name in store.tables:
                kept[name] = reuse_batches(kept[name], store.tables[name])
        try:
            return run_stages(kept)
        finally:
            keeper.flush()
