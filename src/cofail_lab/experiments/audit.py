"""`experiment=audit`: a sheet of the queries to read, and what is left of the tail once they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.data.counts import Counts
from cofail_lab.data.files import digest, local_path
from cofail_lab.data.sheet import STATES, State, read_verdicts
from cofail_lab.decisions.audited import Audited, check_draws, reading_order
from cofail_lab.decisions.wrong_keys import suspicion
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Grades
from cofail_lab.report import audit as words
from cofail_lab.report.audit_sheet import AuditSheet
from cofail_lab.result import Result, Section


@dataclass(frozen=True)
class Audit:
    """Writes the adjudication sheet of a matrix, or reads it back (theory P16).

    Attributes:
        verdicts: the filled-in sheet; None writes it.
        others: most queries on the sheet that some model gets right.
        choices: options of each query, for the ranking where answers are not known; None if a wrong key is one that
            nobody gives.
        delta: error probability of each certificate, and of the limits along the reading.
        null: matrices simulated from each law, to say whether the tail could be chance before and after; 0 leaves that
            out.
        totals: for data=counts, all-wrong queries by state; those that are not named are unread.
    """

    verdicts: str | None = None
    others: int = 50
    choices: int | None = None
    delta: float = 0.05
    null: int = 99
    totals: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        if self.verdicts is not None and not (isinstance(self.verdicts, str) and self.verdicts):
            raise InputError(f"experiment.verdicts: {self.verdicts!r} is not the path of a sheet")
        checks.whole("experiment.others", self.others, least=0)
        if self.choices is not None:
            checks.whole("experiment.choices", self.choices, least=2)
        checks.probability("experiment.delta", self.delta)
        checks.whole("experiment.null", self.null, least=0)
        if not isinstance(self.totals, Mapping | None):
            raise InputError(f"experiment.totals: {self.totals!r} is not of the form {{genuine: 3, ambiguous: 1}}")
        for state, number in (self.totals or {}).items():
            if state not in STATES:
                raise InputError(f"experiment.totals: {state!r} is unknown; accepted: {', '.join(STATES)}")
            checks.whole(f"experiment.totals.{state}", number, least=0)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Write the sheet; or read it, and say what is left."""
        loaded = inputs.counts_or_grades()
        if not isinstance(loaded, Grades):
            return self._of_totals(loaded)
        if self.totals:
            raise InputError("experiment.totals: these are for data=counts; a matrix takes experiment.verdicts")
        # By name, so that the keys that are replaced, and the order of ties, are the same for rows in any order.
        outcomes = loaded.take(rows=np.argsort(loaded.queries, kind="stable")).outcomes()
        failed = outcomes.n_wrong == outcomes.n_models
        all_wrong = tuple(outcomes.queries[i] for i in np.flatnonzero(failed))
        draws = reading_order(all_wrong, inputs.options.seed)
        if self.verdicts is None:
            seen = suspicion(
                ~outcomes.wrong,
                outcomes.dataset,
                outcomes.per_cell.get("answer"),
                outcomes.per_query.get("key"),
                self.choices,
                inputs.options.seed,
            )
            return _sheet(AuditSheet(outcomes, seen, draws, self.others))
        path = local_path(self.verdicts)
        readings = read_verdicts(path, outcomes.queries)
        inputs.provenance.update(verdicts=path.name, verdicts_sha256=digest([path]))
        check_draws(readings, draws)
        audited = Audited(loaded, all_wrong, readings, draws, self.delta)
        report = words.AuditReport(audited, audited.variants(), self._tails(audited, inputs, progress))
        return Result(
            headline=report.counted.headline(),
            metrics={"n_models": outcomes.n_models, **report.metrics()},
            labels=report.labels(),
            tables=report.tables(),
            csv=("verdicts",),
            figures={"reading": report.figure} if len(audited.in_order.genuine) else {},
            sections=report.sections(),
        )

    def _tails(self, audited: Audited, inputs: Inputs, progress: Progress) -> dict[str, str]:
        """What the all-wrong queries show before and after, where enough queries are left to fit."""
        null = min(self.null, 19) if inputs.options.smoke else self.null
        if not null:
            return {}
        from cofail_lab.experiments.fit import Fit

        fit = Fit(bootstrap=0, null=null, folds=0, delta=self.delta)
        found = {}
        for name, grades in audited.matrices().items():
            if name in ("before", "after", "after_unread_removed"):
                try:
                    outcomes = grades.outcomes()
                except InputError:
                    continue
                workers = inputs.options.workers or 1
                found[name] = fit.analyse(outcomes, inputs.options.seed, progress, workers=workers).labels["tail"]
        return found

    def _of_totals(self, counts: Counts) -> Result:
        """β after an audit of which only the totals are known."""
        if self.verdicts is not None:
            raise InputError("experiment.verdicts: data=counts has no queries; experiment.totals takes numbers of them")
        states: dict[State, int] = {state: int((self.totals or {}).get(state, 0)) for state in STATES}
        left = counts.n_all_wrong - sum(states.values())
        if left < 0:
            raise InputError(
                f"experiment.totals: {sum(states.values()):,} verdicts on {counts.n_all_wrong:,} all-wrong queries"
            )
        states["unread"] += left
        found = words.Counted(states, counts.n_queries)
        return Result(
            headline=found.headline(),
            metrics={"n_models": counts.n_models, **found.metrics()},
            sections=(Section("What was found", counts.notes, found.rows()),),
        )


def _sheet(sheet: AuditSheet) -> Result:
    """What there is to read."""
    outcomes, rows = sheet.outcomes, sheet.rows
    return Result(
        headline=words.sheet_headline(sheet),
        metrics={
            "n_models": outcomes.n_models,
            "n_queries": outcomes.n_queries,
            "n_all_wrong": outcomes.n_all_wrong,
            "all_wrong": outcomes.all_wrong(),
            "n_unanimous": sheet.n_unanimous,
            "n_listed": len(rows),
            "n_like_key": int((sheet.seen.n_like_key[rows] > 0).sum()),
        },
        tables={"sheet": sheet.table()},
        csv=("sheet",),
        sections=words.sheet_sections(sheet),
    )
