"""A few runs side by side: only what differs between them, one column a run, named by what was varied."""

from __future__ import annotations

from typing import Any

from cofail_lab.report.gathered import GatheredRuns, form, is_number
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import ABSENT, count
from cofail_lab.result import Listing, Section

MOST = 8
"""Runs that stand side by side at most."""
_ABOUT_THE_RUN = {"run", "experiment", "status", "error", "code", "policy"}


def side_by_side(runs: GatheredRuns) -> Section | None:
    """The numbers and labels in which the finished runs differ; None for fewer than two of them or too many."""
    done = runs.completed
    if not 2 <= len(done) <= MOST:
        return None
    measured = [name for name in runs.columns if "." not in name and name not in _ABOUT_THE_RUN]
    measured = [name for name in measured if name not in runs.axes.values() and not name.endswith("_error")]
    first = [name for name in runs.shown if name in measured]
    ordered = first if runs.chosen else list(dict.fromkeys([*first, *measured]))
    values = {name: [runs.columns[name][i] for i in done if runs.columns[name][i] is not None] for name in ordered}
    shared = [name for name in ordered if len(values[name]) > 1]
    differing = [name for name in shared if len(set(map(repr, values[name]))) > 1]
    alike = len(shared) - len(differing)
    headings = tuple(runs.setting(i) or shorten(str(runs.columns["run"][i])) for i in done)
    rows = tuple((name, *(_cell(name, runs.columns[name][i]) for i in done)) for name in differing)
    said = f"{count(len(differing))} numbers and labels differ, {count(alike)} are the same in all runs that have them."
    listing = Listing(("number", *headings), rows, (None,) * len(rows)) if rows else None
    return Section("Side by side: only what differs", (said,), listing=listing)


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ABSENT
    return form(name)(value) if is_number(value) else shorten(str(value), 60)
