"""The scope of a ceiling in words and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from cofail_lab.data.names import counted
from cofail_lab.decisions import Scope
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, percent, points
from cofail_lab.result import Listing, Section

# Accuracies are whole numbers of queries.
_ROUNDING = 1e-9


def headline(read: Scope, groups: Mapping[str, Sequence[str]]) -> str:
    """Whether the systems pass the ceiling, and whether they pass the best member."""
    best, top = int(np.argmax(read.members)), int(np.argmax(read.systems))
    ceiling = 1 - read.n_all_wrong / read.n_queries
    over = read.systems[top] - ceiling
    verb = "passes" if over > _ROUNDING else "does not reach" if over < -_ROUNDING else "reaches"
    against = "more" if read.systems[top] > read.members[best] else "no more"
    right, best_right = (percent(float(share), 2) for share in (read.systems[top], read.members[best]))
    return (
        f"The best of {counted(len(read.systems), 'system')}, {shorten(groups['systems'][top])}, is right on {right}: "
        f"it {verb} the {percent(ceiling)} that bound the policies of the {counted(len(read.members), 'member')} "
        f"alone, and is right {against} often than the best member, {shorten(groups['members'][best])} ({best_right})."
    )


def metrics(read: Scope, others: Scope | None) -> dict[str, float | int | None]:
    """Flat, see docs/policies.md."""
    return {
        "n_queries": read.n_queries,
        "n_models": len(read.members),
        "n_systems": len(read.systems),
        "n_all_wrong": read.n_all_wrong,
        "all_wrong": read.n_all_wrong / read.n_queries,
        "oracle": 1 - read.n_all_wrong / read.n_queries,
        "single_best": float(read.members.max()),
        "best_system": float(read.systems.max()),
        "rescued": _most(read.rescued),
        "rescued_by_any": None if not read.n_all_wrong else read.rescued_by_any,
        "rescued_others": None if others is None else _most(others.rescued),
    }


def table(read: Scope, names: Sequence[str]) -> pa.Table:
    """A row for each system."""
    columns = {
        "accuracy": read.systems,
        "rescued": read.rescued,
        "rescued_lower": read.rescued_lower,
        "rescued_upper": read.rescued_upper,
    }
    arrays = {name: pa.array(column, pa.float64(), from_pandas=True) for name, column in columns.items()}
    return pa.table({"system": list(names), **arrays})


def sections(
    read: Scope, others: Scope | None, groups: Mapping[str, Sequence[str]], notes: Sequence[str]
) -> tuple[Section, ...]:
    """What the systems get of the queries that all members fail."""
    said = [
        "1 − β bounds whoever answers with the answer of a member. A system that calls its members several times, or "
        "writes an answer of its own, may be right where none of them was."
    ]
    if read.n_all_wrong:
        top = int(np.argmax(read.rescued))
        said.append(
            f"On the {count(read.n_all_wrong)} queries that all members fail, the systems are right on at most "
            f"{percent(read.rescued[top])} each ({shorten(groups['systems'][top])}), and some system on "
            f"{percent(read.rescued_by_any)}."
        )
        if others is not None:
            said.append(
                f"A second draw can do that too: {len(others.systems)} other columns, no systems, are right on up to "
                f"{percent(others.rescued.max())} of the same queries."
            )
    return (
        Section("Beyond the ceiling", tuple(said), listing=_listing(read, groups["systems"])),
        *((Section("How the matrix was read", tuple(notes)),) if notes else ()),
    )


def _listing(read: Scope, names: Sequence[str]) -> Listing:
    """The systems, best first."""
    rows = []
    for i in map(int, np.argsort(-read.systems, kind="stable")):
        shown = ("—", "—")
        if read.n_all_wrong:
            limits = interval(float(read.rescued_lower[i]), float(read.rescued_upper[i]))
            shown = (percent(float(read.rescued[i])), limits)
        gain = points(float(read.systems[i] - read.members.max()))
        rows.append((shorten(names[i]), percent(float(read.systems[i])), gain, *shown))
    columns = ("system", "right", "against the best member", "right where all members fail", "95% limits")
    return Listing(columns, tuple(rows), (None,) * len(rows))


def _most(rescued: np.ndarray) -> float | None:
    return None if np.isnan(rescued).any() else float(rescued.max())
