"""The stages of a fit: the point fit, the bootstrap, the null laws, the laws held out; then numbers and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.experiments.base import Draw, Inputs, Progress, Store, drawn_later, silent
from cofail_lab.experiments.fit_result import fit_result
from cofail_lab.experiments.fit_steps import BOOTSTRAP, LAWS, NULL, POINT, TAIL, seconds_of_steps
from cofail_lab.experiments.fit_workers import PRELOADED, FitWorkers
from cofail_lab.experiments.kept_batches import KeptBatches
from cofail_lab.experiments.workers import n_worth, prepare
from cofail_lab.fitting.comparison.compare import compare_laws, n_steps
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, named_laws
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.replicates.shards import assign_batches, missing_batches, reuse_batches, to_table
from cofail_lab.fitting.replicates.stages import (
    FIRST_WAVE,
    Enough,
    Replicates,
    Stage,
    in_batches,
    one_thread,
    run_stages,
)
from cofail_lab.fitting.tasks import LawTasks, Tasks
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit.figures import figures
from cofail_lab.result import Result

if TYPE_CHECKING:
    from cofail_lab.experiments.fit import Fit


@dataclass(frozen=True)
class FitStages:
    """The stages of one fit, with its parameters.

    Attributes:
        settings: the parameters.
        progress: shows how far the fit is.
        store: what need not be computed again, and what keeps the rest.
        draw: draws what can be drawn while other processes compute.
        smoke: whether as little is computed as still goes through every step.
    """

    settings: Fit
    progress: Progress = silent
    store: Store = field(default_factory=Store)
    draw: Draw = drawn_later
    smoke: bool = False

    def shard(self, inputs: Inputs) -> Result:
        """The batches of replicates of one shard, one table a stage; the point fit is repeated for them."""
        options = inputs.options
        if options.shard is None:
            raise ValueError("run.shard: which shard this is must be given")
        tasks = self._tasks(self._point(inputs.outcomes(), options.seed), options.seed)
        stages = {**tasks.resampled, **tasks.simulated}
        assigned = assign_batches(stages, options.shard, options.shards)
        total = sum(stages[name].batch_size(start) for name, starts in assigned.items() for start in starts)
        tables = {}
        with self.progress("Replicates of this shard", total=total) as advance:
            for name, starts in assigned.items():
                tables[name] = to_table(dict(zip(starts, in_batches(stages[name], starts, advance), strict=True)))
        return Result(
            headline=f"Shard {options.shard} of {options.shards}: {total:,} replicates; run.shard=null merges them.",
            metrics={"n_replicates": total},
            tables=tables,
        )

    def analyse(self, outcomes: Outcomes, seed: int, n_workers: int) -> Result:
        """The fit of a matrix, by at most this many processes.

        After an interruption the stages that were not begun are left out: they would make the user wait again.
        """
        certificate = certify_outcomes(outcomes, delta=self.settings.delta, overhead=self.settings.overhead)
        seconds = seconds_of_steps(self.settings, outcomes, self._laws, self.store.tables)
        n_workers = n_worth(n_workers, sum(seconds.get(step, 0.0) for step in (BOOTSTRAP, NULL, LAWS)))
        self.progress.plan({step: s / (1 if step in (POINT, TAIL) else n_workers) for step, s in seconds.items()})
        if n_workers > 1:
            prepare(PRELOADED)
        interrupted = None
        with one_thread():
            laws = self._law_tasks(outcomes, seed)
            with FitWorkers(n_workers, laws) as workers:
                # Laws need no point fit. Those that are not begun when it is there make room for replicates.
                self._send_laws(laws, workers)
                fit = self._point(outcomes, seed)
                workers.recall("whole")
                workers.recall("part")
                tasks = self._tasks(fit, seed)
                workers.add(tasks)
                for stage in (
                    partial(self._bootstrapped, tasks, laws),
                    partial(self._calibrated, tasks),
                    partial(self._compared, laws),
                ):
                    if interrupted is None:
                        fit, interrupted = stage(fit, workers)
            if interrupted is not None and self.settings.null and fit.null is None:
                fit = replace(fit, interrupted=True)
            return fit_result(fit, certificate, self.settings, interrupted)

    @property
    def _laws(self) -> list[str]:
        return named_laws(self.settings.laws)

    def _point(self, outcomes: Outcomes, seed: int) -> MatrixFit:
        with self.progress(POINT, total=1) as advance:
            fit = fit_matrix(outcomes, level=self.settings.level, seed=seed, conventions=self.settings.conventions)
            advance(1)
        return fit

    def _tasks(self, fit: MatrixFit, seed: int) -> Tasks:
        settings = self.settings
        few = {"groups": 20, "n_histograms": 99} if self.smoke else {}
        return Tasks(fit, settings.bootstrap, settings.null, settings.atom, seed, **few)

    def _law_tasks(self, outcomes: Outcomes, seed: int) -> LawTasks:
        return LawTasks(outcomes, seed, min(self.settings.folds, outcomes.n_queries))

    def _bootstrapped(
        self, tasks: Tasks, laws: LawTasks, _: MatrixFit, workers: FitWorkers
    ) -> tuple[MatrixFit, str | None]:
        try:
            self._send(tasks, workers)
            self._send_laws(laws, workers)
            drawn, finished = self._replicates(BOOTSTRAP, tasks.resampled, workers)
        except KeyboardInterrupt:
            drawn, finished = {}, False
        fit = tasks.resampling.attach(drawn, finished=finished)
        done = 0 if fit.replicates is None else len(fit.replicates.all_wrong)
        if done < self.settings.bootstrap:
            return fit, f"{done:,} of {self.settings.bootstrap:,} bootstrap replicates done"
        return fit, None if finished else "the jackknife was not finished"

    def _send(self, tasks: Tasks, workers: FitWorkers) -> None:
        """Let the workers compute what is not kept of the replicates, and of null matrices what is certainly needed."""
        if not workers.at_work:
            return
        for name, stage in tasks.resampled.items():
            self._send_batches(name, stage, stage.starts, workers)
        if tasks.simulated:
            workers.send("tail", [()])
        for name, stage in tasks.simulated.items():
            self._send_batches(name, stage, stage.starts[: -(-FIRST_WAVE // stage.size)], workers)

    def _send_laws(self, laws: LawTasks, workers: FitWorkers) -> None:
        """Let the workers compute the laws that are not kept."""
        if not workers.at_work or laws.folds < 2 or np.count_nonzero(laws.outcomes.varying) < 2:
            return
        known = self._known_laws()
        # The last ones take longest, and would be computed alone at the end.
        for law in reversed(self._laws):
            workers.send("whole", [(law,)])
            if law not in known and laws.laws.folds.why_not(FITTED_LAWS[law]) is None:
                workers.send("part", [(law, part) for part in range(laws.folds)])

    def _send_batches(self, name: str, stage: Stage, starts: Sequence[int], workers: FitWorkers) -> None:
        missing = set(missing_batches(stage, self.store.tables.get(name)))
        workers.send("replicates", [(name, start) for start in starts if start in missing])

    def _calibrated(self, tasks: Tasks, fit: MatrixFit, workers: FitWorkers) -> tuple[MatrixFit, str | None]:
        calibration = replace(tasks.calibration, fit=fit)
        drawn, total = {}, self.settings.null
        try:
            total = sum(stage.n_replicates for stage in tasks.simulated.values())
            if workers.at_work:
                self.draw(figures(fit, fit.count_probs()))
            drawn, finished = self._replicates(NULL, tasks.simulated, workers, calibration.enough)
            if finished:
                with self.progress(TAIL, total=1):
                    tail = workers.tail() if drawn else None
                    return calibration.attach(drawn, tail, finished=True), None
        except KeyboardInterrupt:
            pass
        done = sum(len(replicates.all_wrong) for replicates in drawn.values())
        why = (
            "the test of the tail was not finished"
            if done == total
            else f"{done:,} of {total or 'the':,} null matrices done"
        )
        return calibration.attach(drawn, None, finished=False), why

    def _compared(self, tasks: LawTasks, fit: MatrixFit, workers: FitWorkers) -> tuple[MatrixFit, str | None]:
        if tasks.folds < 2:
            # Asked for none, or one query, which leaves none to fit to.
            return fit, None
        laws, known = self._laws, self._known_laws()

        def keep(law: str, log: np.ndarray) -> None:
            self.store.keep(f"heldout_{law}", pa.table({"log": log}), LAWS, 1, len(laws))

        try:
            if workers.at_work:
                self.draw(figures(fit, fit.count_probs()))
            with self.progress(LAWS, total=n_steps(tasks.folds, laws)) as advance:
                compared = compare_laws(
                    fit.outcomes,
                    folds=tasks.folds,
                    seed=tasks.seed,
                    laws=laws,
                    advance=advance,
                    known=known,
                    keep=keep,
                    elsewhere=workers if workers.at_work else None,
                )
        except KeyboardInterrupt:
            return fit, "the comparison of laws was not finished"
        return replace(fit, comparison=compared), None

    def _known_laws(self) -> dict[str, np.ndarray]:
        """What the store holds of the comparison of laws."""
        tables = {law: self.store.tables.get(f"heldout_{law}") for law in self._laws}
        return {law: table["log"].to_numpy() for law, table in tables.items() if table is not None}

    def _replicates(
        self, step: str, stages: Mapping[str, Stage], workers: FitWorkers, enough: Enough | None = None
    ) -> tuple[dict[str, Replicates], bool]:
        """The replicates of some stages and whether they are all there; the store is used and filled."""
        total = sum(stage.n_replicates for stage in stages.values())
        stored = sum(len(self.store.tables[name]) for name in stages if name in self.store.tables)
        with self.progress(step, total=max(total - stored, 0)) as advance:
            keeper = KeptBatches(self.store, step, total, advance)
            kept = {name: keeper.of(name, stage) for name, stage in workers.stages(stages).items()}
            for name in stages:
                if name in self.store.tables:
                    kept[name] = reuse_batches(kept[name], self.store.tables[name])

            def ahead(name: str, starts: list[int]) -> None:
                self._send_batches(name, stages[name], starts, workers)

            try:
                return run_stages(kept, elsewhere=workers.at_work, enough=enough, ahead=ahead)
            finally:
                for name, stage in kept.items():
                    for start in workers.arrived(name):
                        stage.batch(start)
                keeper.flush()
