"""`experiment=reference_work`: every published figure of the reference work beside ours, as far as its files go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.data.published import published_figures, published_pools
from cofail_lab.data.released import ARTEFACT, JUNE, TODAY, Key, Released, find_released
from cofail_lab.decisions import replay
from cofail_lab.decisions.replay_text import reason, text_figures
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.reference_work import ReplayReport
from cofail_lab.result import Result


@dataclass(frozen=True)
class ReferenceWork:
    """Replays the published figures (`data.published`): from totals always, from matrices where a folder has them.

    Attributes:
        folder: with the released matrices; None replays what follows from totals.
        bootstrap: replicates of the matrix whose ratios have published limits.
    """

    folder: str | None = None
    bootstrap: int = 200

    def __post_init__(self) -> None:
        if self.folder is not None and not (isinstance(self.folder, str) and self.folder):
            raise InputError(f"data.path: {self.folder!r} is not the path of a folder")
        checks.whole("experiment.bootstrap", self.bootstrap, least=0)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Everything published, in the order of the tables."""
        pools, figures = published_pools(), published_figures()
        tail = next(float(f.value) for f in figures if (f.pillar, f.name) == (ARTEFACT, "all_wrong"))
        released = Released() if self.folder is None else find_released(self.folder, pools, tail)
        inputs.provenance.update({f"file {name}": sha256 for name, sha256 in released.sha256.items()})
        metrics = self._fits(released, inputs, progress)
        rows = [row for pool in pools for row in replay.replay_totals(pool)]
        totals = tuple(rows)
        for pool in pools:
            for release, columns in ((TODAY, replay.MATRIX_FIGURES), (JUNE, replay.JUNE_FIGURES)):
                key = (pool["pool"], release)
                absent = "its matrix is needed (data.path=)" if self.folder is None else "its matrix was not found"
                rows += replay.replay_matrix(pool, columns, metrics.get(key), released.where.get(key, absent))
        ours = text_figures(figures, totals, released, metrics, inputs.options.seed)
        rows += replay.replay_figures(figures, ours, reason)
        report = ReplayReport(tuple(rows), pools, released)
        return Result(
            headline=report.headline(),
            metrics=report.metrics(),
            tables=report.tables(),
            csv=("replay",),
            figures=report.figures(),
            sections=report.sections(),
        )

    def _fits(self, released: Released, inputs: Inputs, progress: Progress) -> dict[Key, Mapping[str, float | None]]:
        """The numbers of each matrix: those of pairs, and the whole fit where ratios and their limits are published."""
        found: dict[Key, Mapping[str, float | None]] = {}
        for key, outcomes in released.pools.items():
            numbers = _of_pairs(outcomes)
            found[key] = numbers | self._fit(outcomes, inputs, progress) if key[1] == ARTEFACT else numbers
        return found

    def _fit(self, outcomes: Outcomes, inputs: Inputs, progress: Progress) -> dict[str, float | None]:
        from cofail_lab.experiments.fit import Fit

        few = min(self.bootstrap, 20) if inputs.options.smoke else self.bootstrap
        fit = Fit(bootstrap=few, null=0, folds=0, conventions="published")
        return dict(fit.analyse(outcomes, inputs.options.seed, progress, workers=inputs.options.workers or 1).metrics)


def _of_pairs(outcomes: Outcomes) -> dict[str, float | None]:
    """Accuracies, mean correlations, and the one-factor law at the mean tetrachoric correlation."""
    from cofail_lab.fitting.estimators.pairs import Pairs
    from cofail_lab.fitting.estimators.point import fit_counts

    pairs = Pairs.of(outcomes.n_models, outcomes.family)
    joint = outcomes.joint_wrong_counts[pairs.left, pairs.right]
    point, _ = fit_counts(outcomes.error_counts[None], joint[None], outcomes.n_queries, pairs)
    names = ("pearson", "pearson_within", "pearson_across", "tetrachoric")
    found = {name: float(getattr(point, name)[0]) for name in names}
    predicted = float(np.exp(point.log_one_factor[0]))
    found["predicted_one_factor"] = predicted
    # No ratio is published, and none means anything, where no query defeats every model.
    found["ratio_one_factor"] = outcomes.all_wrong() / predicted if outcomes.n_all_wrong and predicted else np.nan
    known = {name: None if np.isnan(value) else value for name, value in found.items()}
    return known | {
        "single_best": 1 - float(outcomes.error_rates.min()),
        "mean_accuracy": 1 - float(outcomes.error_rates.mean()),
        "n_all_wrong": outcomes.n_all_wrong,
        "all_wrong": outcomes.all_wrong(),
    }
