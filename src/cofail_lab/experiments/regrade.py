"""`experiment=regrade`: two gradings of the same answers, and answers at the token limit treated as missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.data.health.checks import at_limit
from cofail_lab.data.regrading import (
    bounds_if_unknown,
    common_part,
    compare_cells,
    graded,
    graded_where_both_complete,
    graded_without,
)
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Cell
from cofail_lab.report import regrade as regrade_report
from cofail_lab.result import Result


@dataclass(frozen=True)
class Regrade:
    """What a second grading, and leaving out answers at the token limit, does to β, G and the certificates.

    Attributes:
        other: path(s) of the second grading, in any known format; None compares only with and without answers at the
            limit.
        scorer, threshold: of the second grading; see `data.rule.Rule`. With the same path as the data, another scorer
            of the same log.
        delta: error probability of each certificate.
    """

    other: str | Sequence[str] | None = None
    scorer: str | None = None
    threshold: float | None = None
    delta: float = 0.05

    def __post_init__(self) -> None:
        checks.probability("experiment.delta", self.delta)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load both gradings, compare their cells, and analyse each.

        Raises:
            InputError: there is neither a second grading nor an answer at a token limit; the gradings share nothing.
        """
        del progress  # instant
        before = inputs.grades()
        notes = list(before.notes)
        gradings = {"before": before}
        flips = None
        if self.other is not None:
            second = inputs.other(self.other, self.scorer, self.threshold)
            before, after, unshared = common_part(before, second)
            gradings = {"before": before, "after": after}
            flips = compare_cells(before, after)
            notes += [f"Second grading: {note}" for note in second.notes]
            notes += regrade_report.unshared_notes(unshared)
        at_limits = [at_limit(grades) for grades in gradings.values()]
        # Whether an answer stopped at the limit is a fact about the answer: either log may know it.
        stopped = np.logical_or.reduce([mask for mask, _ in at_limits])
        if flips is None and not stopped.any():
            raise InputError(
                f"experiment.other: no second grading is given, and {before.source} has no answer at a token limit; "
                "one of them is needed"
            )
        variants = [graded(name, grades, self.delta) for name, grades in gradings.items()]
        if "after" in gradings:
            variants += graded_where_both_complete(gradings["before"], gradings["after"], self.delta)
        bounds = {}
        if stopped.any():
            for name, grades in gradings.items():
                variants.append(graded_without(f"{name}_without_limit", grades, stopped, self.delta))
                bounds[name] = bounds_if_unknown(grades, stopped, self.delta)
        n_at_limit = int((stopped & (before.cells <= Cell.WRONG)).sum())
        known_from = next((how for mask, how in at_limits if mask.any()), "")
        return Result(
            headline=regrade_report.headline(variants, flips, n_at_limit),
            metrics={
                "n_models": len(before.models),
                "n_queries": len(before.queries),
                "n_at_limit": n_at_limit,
                **({} if flips is None else flips.counts),
                **{key: value for variant in variants for key, value in variant.metrics.items()},
                **{
                    f"{name}_limit_all_wrong_{end}": share
                    for name, limits in bounds.items()
                    for end, share in zip(("lower", "upper"), limits.all_wrong, strict=True)
                },
            },
            labels={"source": before.source, **{f"{v.name}_absent": v.absent for v in variants if v.absent}},
            tables={} if flips is None else {"flips": flips.cells, "models": flips.models},
            sections=regrade_report.sections(variants, flips, bounds, n_at_limit, known_from, notes),
        )
