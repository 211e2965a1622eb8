"""An audit in words, rows and numbers: before anything is read, partly read, read, and from totals alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.data.regrading import Variant
from cofail_lab.data.sheet import STATES, State
from cofail_lab.decisions.adjudication import ORDERS, all_wrong_after
from cofail_lab.estimate import confidence
from cofail_lab.report.fit.brief import MORE_THAN_PAIRS
from cofail_lab.report.numbers import ABSENT, count, interval, percent
from cofail_lab.report.regrade import figure_rows
from cofail_lab.result import Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cofail_lab.decisions.audited import Audited
    from cofail_lab.report.audit_sheet import AuditSheet

CALLED: dict[State, tuple[str, str]] = {
    "genuine": ("genuine", "genuine"),
    "reference_error": ("reference error", "reference errors"),
    "ambiguous": ("ambiguous", "ambiguous"),
    "grader_defect": ("grader defect", "grader defects"),
    "truncated": ("truncated", "truncated"),
    "unread": ("unread", "unread"),
}
"""How texts call one query, or several, in each state."""

_TITLES = {
    "before": "as graded",
    "after": "queries at fault dropped",
    "after_unread_removed": "... and all unread ones",
    "after_ambiguous_first": "... if ill-posed ones are too",
    "corrected": "graded anew where known",
}
"""How the summary calls each variant."""

_SMALLEST_LEVEL = 0.05


@dataclass(frozen=True)
class Counted:
    """β from the states of the all-wrong queries; all that totals allow.

    Attributes:
        counts: all-wrong queries by state.
        n_queries: n.
    """

    counts: Mapping[State, int]
    n_queries: int

    @property
    def n_all_wrong(self) -> int:
        """K, before."""
        return sum(self.counts.values())

    @property
    def after(self) -> tuple[float, float]:
        """β with unread queries as removed and as genuine, among all n."""
        return all_wrong_after(self.counts, self.n_queries).kept

    @property
    def limits(self) -> tuple[float, float]:
        """95% limits of β in the population, whatever the unread queries are."""
        genuine, unread = self.counts["genuine"], self.counts["unread"]
        low = clopper_pearson_lower(genuine, self.n_queries, _SMALLEST_LEVEL / 2)
        return float(low), float(clopper_pearson_upper(genuine + unread, self.n_queries, _SMALLEST_LEVEL / 2))

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/audit.md."""
        low, high = self.after
        without = all_wrong_after(self.counts, self.n_queries).removed
        return {
            "n_queries": self.n_queries,
            "n_all_wrong": self.n_all_wrong,
            **{f"n_{state}": self.counts[state] for state in STATES},
            "all_wrong": self.n_all_wrong / self.n_queries,
            "all_wrong_after": low if low == high else None,
            "all_wrong_after_least": low,
            "all_wrong_after_most": high,
            "all_wrong_after_lower": self.limits[0],
            "all_wrong_after_upper": self.limits[1],
            "all_wrong_after_removed_least": without[0],
            "all_wrong_after_removed_most": without[1],
        }

    def headline(self) -> str:
        """How many are what, and what becomes of β."""
        read = self.n_all_wrong - self.counts["unread"]
        at_fault = [
            f"{count(self.counts[state])} {CALLED[state][self.counts[state] != 1]}"
            for state in STATES[1:-1]
            if self.counts[state]
        ]
        found = f"{count(self.counts['genuine'])} genuine" + (f", {', '.join(at_fault)}" if at_fault else "")
        before, (low, high) = percent(self.n_all_wrong / self.n_queries), self.after
        if self.counts["unread"]:
            some = f"{count(read)} of {count(self.n_all_wrong)} queries that defeat everyone are read"
            return f"{some}: {found}. β, {before} as graded, is from {interval(low, high)}, by what the others are."
        limits = f"95% {interval(*self.limits)}"
        if not self.n_all_wrong:
            return f"No query of {count(self.n_queries)} defeats everyone, and β has no queries to read ({limits})."
        if low == self.n_all_wrong / self.n_queries:
            return f"All {count(read)} queries that defeat everyone are genuine: β stays {before} ({limits})."
        return (
            f"The {count(read)} queries that defeat everyone are read: {found}. β falls from {before} to "
            f"{percent(low)} ({limits})."
        )

    def rows(self) -> tuple[Row, ...]:
        """A row for each state, then β."""
        low, high = self.after
        k = count(self.counts["genuine"]) if low == high else f"{count(round(low * self.n_queries))} to "
        k = k if low == high else f"{k}{count(round(high * self.n_queries))}"
        shown = percent(low) if low == high else interval(low, high)
        states = [Row(CALLED[state][1], count(self.counts[state]), _MEANS[state]) for state in STATES]
        note = f"{k} of {count(self.n_queries)}, 95% {interval(*self.limits)}"
        return (*states, Row("β after the audit", shown, note))


_MEANS: dict[State, str] = {
    "genuine": "every model is wrong",
    "reference_error": "the key is wrong",
    "ambiguous": "no answer is the right one, or several are",
    "grader_defect": "a right answer was graded wrong",
    "truncated": "the answers were cut off",
    "unread": "counted as genuine and as removed, in turn",
}


def sheet_headline(sheet: AuditSheet) -> str:
    """What there is to read."""
    outcomes = sheet.outcomes
    n, rows = outcomes.n_all_wrong, len(sheet.rows)
    if not rows:
        return f"No query of {count(outcomes.n_queries)} defeats every model: there is nothing to read."
    if not n:
        return (
            f"No query of {count(outcomes.n_queries)} defeats every model. tables/sheet.csv has the {count(rows)} most "
            "suspicious ones."
        )
    same = ""
    if sheet.n_unanimous:
        same = f"; on {count(sheet.n_unanimous)} of them all give the same wrong answer"
    return (
        f"{count(n)} of {count(outcomes.n_queries)} queries defeat every model{same}. tables/sheet.csv has them and "
        f"{count(rows - n)} others, the most suspicious first."
    )


def sheet_sections(sheet: AuditSheet) -> tuple[Section, ...]:
    """How to read, and what there is to read."""
    words = ", ".join(state for state in STATES[:-1])
    how = (
        f"Write a verdict beside each query you have read: {words}. In well_posed 1 or 0, and in right_answer what "
        "is right, if you know it.",
        "To know how many are genuine before all are read, read in the order of column draw, which is random.",
    )
    notes = sheet.outcomes.notes
    return (
        Section("The sheet", how, listing=sheet.listing() if len(sheet.rows) else None),
        *((Section("How the matrix was read", notes),) if notes else ()),
    )


@dataclass(frozen=True)
class AuditReport:
    """Everything that was found in a matrix with verdicts.

    Attributes:
        audited: the verdicts on the matrix.
        variants: β, G and certificates before and after.
        tails: what the all-wrong queries show (`fitting.conclusion.Tail`), by the name of the variant; empty where that
            was not tested.
    """

    audited: Audited
    variants: tuple[Variant, ...]
    tails: Mapping[str, str]

    @property
    def counted(self) -> Counted:
        """The states, in the order that is asked first here."""
        return Counted(self.audited.counts(), self.audited.n_queries)

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/audit.md."""
        limits, order = self.audited.genuine_limits(), self.audited.in_order
        fixed = self.audited.genuine_limits(fixed=True)
        return {
            **self.counted.metrics(),
            "n_genuine_ambiguous_first": self.audited.counts(ORDERS[1])["genuine"],
            "n_others_read": sum(self.audited.others.values()),
            "n_corrected": self.audited.n_corrected,
            "n_read_in_order": len(order.genuine),
            "n_genuine_lower": None if limits is None else limits[0],
            "n_genuine_upper": None if limits is None else limits[1],
            "n_genuine_fixed_lower": None if fixed is None else fixed[0],
            "n_genuine_fixed_upper": None if fixed is None else fixed[1],
            **{key: value for variant in self.variants for key, value in variant.metrics.items()},
        }

    def labels(self) -> dict[str, str]:
        """Why a figure does not exist, and what the tail shows before and after."""
        absent = {f"{variant.name}_absent": variant.absent for variant in self.variants if variant.absent}
        return {**absent, **{f"tail_{name}": tail for name, tail in self.tails.items()}}

    def sections(self) -> tuple[Section, ...]:
        """States, what is left, both orders, the limits along the reading."""
        parts = [Section("What was found", self._about(), self.counted.rows())]
        parts.append(Section("β, G and certificates", (_TWO_WAYS,), tuple(self._figure_rows())))
        if self.tails:
            rows = [Row(_TITLES[name], *MORE_THAN_PAIRS[tail]) for name, tail in self.tails.items()]
            parts.append(Section("More joint failure than pairs explain?", (), tuple(rows)))
        parts.append(self._reading())
        if notes := self.audited.grades.notes:
            parts.append(Section("How the matrix was read", notes))
        return tuple(parts)

    def _about(self) -> tuple[str, ...]:
        said = []
        first, second = (self.audited.counts(order) for order in ORDERS)
        if first != second:
            said.append(
                f"Asked first whether a reader reaches the key, {count(first['genuine'])} are genuine; asked first "
                f"whether there is one right answer, {count(second['genuine'])} are, and {count(second['ambiguous'])} "
                "are ambiguous."
            )
        if others := sum(self.audited.others.values()):
            genuine = self.audited.others["genuine"]
            said.append(
                f"Of {count(others)} other queries that were read {count(others - genuine)} are at fault, and dropped "
                "or graded anew too."
            )
        return tuple(said)

    def _figure_rows(self) -> list[Row]:
        rows = []
        for variant in self.variants:
            note = variant.absent
            if variant.name == "corrected":
                n = self.audited.n_corrected
                note = f"{count(n)} quer{'y' if n == 1 else 'ies'}, the others dropped"
            rows.append(Row(_TITLES[variant.name], ABSENT if variant.absent else "", note))
            rows += [] if variant.absent else figure_rows(variant.figures)
        return rows

    def _reading(self) -> Section:
        """What the reading in random order says of the queries that are not read."""
        order, k = self.audited.in_order, len(self.audited.all_wrong)
        limits, fixed = (self.audited.genuine_limits(fixed=one) for one in (False, True))
        title = "Read in random order"
        if limits is None or fixed is None:
            return Section(
                title,
                ("Nothing was read in the order of column draw: the unread queries can all be genuine, or none.",),
            )
        n, level = len(order.genuine), confidence(self.audited.delta)
        n_queries = self.counted.n_queries
        rows = (
            Row(f"genuine of {count(k)}", _span(*limits), f"{level}, at whatever query you stop"),
            Row("β of these queries", interval(limits[0] / n_queries, limits[1] / n_queries), "the same limits"),
            Row(
                "if the stop was fixed",
                _span(*fixed),
                "hypergeometric: not for one who looks as they read",
            ),
        )
        said = f"{count(n)} of {count(k)} were read in the random order without a gap."
        caption = "Limits of the number of genuine queries after each reading; the dotted ones hold at one stop alone."
        return Section(title, (said,), rows, {"reading": caption} if n else {})

    def tables(self) -> dict[str, pa.Table]:
        """The verdicts by query, and the limits after each reading."""
        audited, limits = self.audited, self.audited.in_order.limits
        names = list(audited.readings)
        failed = set(audited.all_wrong)
        return {
            "verdicts": pa.table(
                {
                    "query": pa.array(names, pa.string()),
                    **{order: [audited.state(name, order) for name in names] for order in ORDERS},
                    "all_wrong": [name in failed for name in names],
                    "draw": pa.array([audited.draws.get(name) for name in names], pa.int64()),
                }
            ),
            "reading": pa.table({"read": list(range(len(limits.lower))), **limits._asdict()}),
        }

    def figure(self) -> Figure:
        """Limits of the number of genuine queries after each reading."""
        from cofail_lab.report.figures.audit import reading

        order = self.audited.in_order
        return reading(order.limits, order.genuine, len(self.audited.all_wrong))


_TWO_WAYS = (
    "Where a query is dropped, as many can be gained as before, among fewer; where it is graded anew, every model that "
    "is still wrong there can be helped."
)


def _span(low: int, high: int) -> str:
    return count(low) if low == high else f"{count(low)} to {count(high)}"
