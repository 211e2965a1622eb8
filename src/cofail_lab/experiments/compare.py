"""`experiment=compare`: the same queries under two conditions, such as a format, a prompt, an effort or a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from cofail_lab import checks
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.data.pairing import By, complete_in_both, pair_queries, renamed
from cofail_lab.data.regrading import graded
from cofail_lab.decisions.paired import holm, paired_difference
from cofail_lab.decisions.rater_agreement import resampled
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.fitting.readings.matched import Matched, matched
from cofail_lab.grades import Cell, Grades
from cofail_lab.numerics.streams import COMPARE, generator
from cofail_lab.report import compare as words
from cofail_lab.report.compare_tables import models_table, queries_table
from cofail_lab.result import Result

Pool = Literal["shared", "all"]
# Samples that are fitted between two steps of the progress.
_CHUNK = 20


@dataclass(frozen=True)
class Compare:
    """Which queries flip, and what happens to β, G, certificates and correlations.

    Attributes:
        other: path(s) of the second matrix, in any known format.
        by, keys, pattern: how queries match; see `data.pairing.pair_queries`.
        same: models of the first matrix that are called otherwise in the second: first -> second.
        pool: models that are compared; None: those of both where they are most of the smaller pool, else all.
        scorer, threshold: of the second matrix; see `data.rule.Rule`.
        bootstrap: resamples of the queries.
        delta: error probability.
    """

    other: str | Sequence[str]
    by: By | None = None
    keys: str | None = None
    pattern: str | None = None
    same: Mapping[str, str] | None = None
    pool: Pool | None = None
    scorer: str | None = None
    threshold: float | None = None
    bootstrap: int = 200
    delta: float = 0.05

    def __post_init__(self) -> None:
        if self.by is not None and self.by not in get_args(By):
            raise InputError(f"experiment.by: {self.by!r} is not one of {', '.join(get_args(By))}")
        if self.pool is not None and self.pool not in get_args(Pool):
            raise InputError(f"experiment.pool: {self.pool!r} is not one of {', '.join(get_args(Pool))}")
        if self.pattern is not None and self._by != "content":
            raise InputError("experiment.pattern: it is looked for in prompts; experiment.by=content is needed")
        if self.keys is not None and self._by != "file":
            raise InputError(f"experiment.keys: a table of names, but experiment.by={self.by}; leave one out")
        if self.same is not None and not isinstance(self.same, Mapping):
            raise InputError(f"experiment.same: {self.same!r}; names are accepted as {{first: second}}")
        checks.within("experiment.bootstrap", self.bootstrap, 100, 10**5)
        checks.probability("experiment.delta", self.delta)

    @property
    def _by(self) -> By:
        return self.by or ("file" if self.keys is not None else "id")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Match the queries, compare the models of both, then the pools."""
        first = inputs.grades()
        second = inputs.other(self.other, self.scorer, self.threshold)
        second = renamed(second, self.same or {})
        paired = pair_queries(first, second, self._by, self.pattern, self.keys)
        shared = [model for model in paired.first.models if model in set(paired.second.models)]
        pool: Pool = self.pool or (
            "shared" if len(shared) >= max(3, min(len(first.models), len(second.models)) / 2) else "all"
        )
        one, two = paired.first, paired.second
        if pool == "shared":
            if len(shared) < 2:
                raise InputError(
                    f"experiment.pool: {len(shared)} models are in both matrices; 2 are needed, or pool=all"
                )
            one, two = (part.take(columns=_columns(part, shared)) for part in (one, two))
        if lonely := next((part for part in (one, two) if len(part.models) < 2), None):
            raise InputError(f"{lonely.source}: {len(lonely.models)} model; a pool to compare needs 2")
        kept = complete_in_both(one, two)
        if len(kept) < 2:
            raise InputError(f"experiment.other: {len(kept)} queries are complete in both matrices; 2 are needed")
        one, two = one.take(kept), two.take(kept)
        wrong = [part.cells == Cell.WRONG for part in (one, two)]
        with progress("Resamples", total=self.bootstrap) as advance:
            weights = resampled(np.arange(len(kept)), self.bootstrap, generator(inputs.options.seed, COMPARE))
            drawn = []
            for start in range(0, self.bootstrap, _CHUNK):
                drawn.append(matched(wrong[0], wrong[1], weights[start : start + _CHUNK]))
                advance(min(_CHUNK, self.bootstrap - start))
        found = words.Compared(
            first=one,
            second=two,
            pool=pool,
            n_incomplete=len(paired.first.queries) - len(kept),
            figures=tuple(graded(name, part, self.delta).figures for name, part in (("first", one), ("second", two))),
            all_wrong=paired_difference(wrong[0].all(axis=1), wrong[1].all(axis=1), self.delta),
            gain_limits=_gain_limits(one, two, self.delta),
            matched=matched(*wrong),
            drawn=Matched(*(np.concatenate(parts, axis=1) for parts in zip(*drawn, strict=True))),
            models=_models(one, two, shared, self.delta),
            notes=(*first.notes, *(f"Second: {note}" for note in second.notes), *paired.notes),
            delta=self.delta,
        )
        return Result(
            headline=found.headline(),
            metrics=found.metrics(),
            labels=found.labels(),
            tables={"queries": queries_table(found), "models": models_table(found)},
            csv=("queries", "models"),
            figures={"compare": found.figure},
            sections=found.sections(),
        )


def _columns(part: Grades, models: Sequence[str]) -> np.ndarray:
    place = {name: j for j, name in enumerate(part.models)}
    return np.array([place[name] for name in models])


def _models(first: Grades, second: Grades, shared: Sequence[str], delta: float) -> tuple[words.ModelChange, ...]:
    """Each model of both, paired on the queries that are compared."""
    if not shared:
        return ()
    columns = [(part.cells == Cell.RIGHT)[:, _columns(part, shared)] for part in (first, second)]
    changes = [paired_difference(a, b, delta) for a, b in zip(columns[0].T, columns[1].T, strict=True)]
    adjusted = holm(np.array([change.p for change in changes]))
    accuracies = [right.mean(axis=0) for right in columns]
    return tuple(
        words.ModelChange(name, float(accuracies[0][j]), float(accuracies[1][j]), changes[j], float(adjusted[j]))
        for j, name in enumerate(shared)
    )


def _gain_limits(first: Grades, second: Grades, delta: float) -> tuple[float, float]:
    """Limits of the change of G: those of each G at half of delta hold together (P1.v, P1.vii)."""
    one, two = (certify_outcomes(part.outcomes(), delta=delta / 2).gain_range for part in (first, second))
    return two[0] - one[1], two[1] - one[0]
