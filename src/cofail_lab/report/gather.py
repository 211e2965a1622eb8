"""Many runs in words: what was found, an index of reports, what did not finish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from cofail_lab.report.finding import headline, main_metric, sentence, tally
from cofail_lab.report.finding_policies import policy_remarks
from cofail_lab.report.gathered import GatheredRuns, form, heading, value_text
from cofail_lab.report.names import printable, shorten
from cofail_lab.report.numbers import count, points
from cofail_lab.report.side_by_side import side_by_side
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["brief", "figures", "headline", "sections"]

_MAX_ERRORS = 20
# A label with more values than this, or with longer ones, is not counted in a sentence.
_MAX_VALUES, _MAX_VALUE_LENGTH = 4, 30
# On one screen: sentences about other metrics and about what did not finish, and the fewest runs that are listed.
_SENTENCES, _UNFINISHED, _MIN_RUNS = 2, 2, 4
# Lines around the headline and the listing.
_MARGIN = 9


def brief(runs: GatheredRuns) -> tuple[Section, ...]:
    """One screen: further metrics that lead, what did not finish, and as many of the finished runs as there is room."""
    from cofail_lab.report.terminal import SCREEN

    about = main_metric(runs)
    leading = [name for name in runs.shown if name in runs.leading and name != about]
    sentences = [moves for name in leading if (moves := sentence(runs, name, in_full=False))][:_SENTENCES]
    said = headline(runs)
    sentences += policy_remarks(runs)
    sentences += [tally(runs)] * (said != tally(runs)) + unfinished(runs)[:_UNFINISHED]
    room = SCREEN - _MARGIN - sum(len(wrap(text, 76)) for text in (said, *sentences))
    done = runs.completed
    some = []
    if len(done) > room:
        k = max(_MIN_RUNS, room - 1)
        done = [done[round(i * (len(done) - 1) / (k - 1))] for i in range(k)]
        some = [f"{k} of {count(len(runs.completed))} runs, evenly spread; all are in tables/runs.csv:"]
    return (
        Section("Other metrics", tuple(map(printable, sentences))),
        Section("Runs", tuple(some), listing=_listing(runs, done, status=False) if done else None),
    )


def unfinished(runs: GatheredRuns) -> list[str]:
    """For each reason why runs did not finish: how many they are, and the first of them."""
    reasons: dict[tuple[str, str], list[int]] = {}
    for i in sorted({*range(len(runs.folders))} - {*runs.completed}):
        reasons.setdefault((runs.columns["status"][i], str(runs.columns["error"][i] or "")), []).append(i)
    return [
        f"{count(len(those))} {status}, {shorten(runs.setting(those[0]) or runs.folders[those[0]].name, 76)}"
        f"{' first' if len(those) > 1 else ''}{': ' if error else ''}{shorten(error, 76)}"
        for (status, error), those in reasons.items()
    ]


def sections(runs: GatheredRuns, unreadable: list[Path], captions: Mapping[str, str]) -> tuple[Section, ...]:
    """The index of runs, a few runs side by side, and those that did not finish, where there are any.

    Args:
        runs: what was gathered.
        unreadable: folders that could not be read as runs.
        captions: of the figures, by name.
    """
    # The status says something only where some run is not finished.
    listing = _listing(runs, range(len(runs.folders)), status=len(runs.completed) < len(runs.folders))
    index = Section(title="Runs", sentences=_sentences(runs, unreadable), figures=captions, listing=listing)
    sides = side_by_side(runs)
    failures = (_failures(runs),) if len(runs.completed) < len(runs.folders) else ()
    return (index, *(() if sides is None else (sides,)), *failures)


def figures(runs: GatheredRuns) -> dict[str, tuple[str, Callable[[], Figure]]]:
    """Caption and drawing of every figure; none where nothing was varied or measured."""
    done = runs.completed
    axes = {name: [runs.columns[key][i] for i in done] for name, key in runs.axes.items()}
    values = {name: [runs.columns[name][i] for i in done] for name in runs.shown}
    values = {name: column for name, column in values.items() if any(value is not None for value in column)}
    if not axes or not values or len(done) < 2:
        return {}
    from cofail_lab.report.figures import sweep

    plan = sweep.plan(axes)
    return {"small_multiples": (plan.caption, partial(sweep.small_multiples, plan, values))}


def _sentences(runs: GatheredRuns, unreadable: list[Path]) -> tuple[str, ...]:
    varied = ", ".join(f"{name} ({len({*map(repr, runs.columns[key])})} values)" for name, key in runs.axes.items())
    sentences = [tally(runs), f"Varied: {printable(varied)}." if varied else "All runs have the same parameters."]
    about = main_metric(runs)
    sentences += [said for name in runs.shown if name != about and (said := sentence(runs, name))]
    sentences += policy_remarks(runs)
    sentences += _label_counts(runs)
    sentences.append(f"tables/runs.parquet and runs.csv have a row for each run and {len(runs.columns)} columns.")
    if len(runs.code_versions) > 1:
        sentences.append(
            f"The runs come from {len(runs.code_versions)} versions of the code; column code distinguishes them."
        )
    if unreadable:
        sentences.append(f"{len(unreadable):,} folders could not be read as runs, {unreadable[0].name} among them.")
    return tuple(sentences)


def _label_counts(runs: GatheredRuns) -> list[str]:
    """For each label with few and short values: how many completed runs have each value."""
    sentences = []
    for name in runs.columns:
        if name not in runs.labels:
            continue
        counts = Counter(runs.columns[name][i] for i in runs.completed if runs.columns[name][i] is not None)
        if 2 <= len(counts) <= _MAX_VALUES and max(map(len, map(str, counts))) <= _MAX_VALUE_LENGTH:
            listed = ", ".join(f"{printable(str(value))} {n:,}" for value, n in counts.most_common())
            sentences.append(f"{name}: {listed} of {len(runs.completed):,} runs.")
    return sentences


def _listing(runs: GatheredRuns, chosen: Sequence[int], *, status: bool) -> Listing:
    """What was varied and what was measured; a run is named by its folder only where nothing was varied."""
    names = [*([] if runs.axes else ["run"]), *(["status"] if status else [])]
    return Listing(
        columns=(*map(runs.short, runs.axes), *names, *map(heading, runs.shown)),
        rows=tuple(
            (
                *(value_text(runs.columns[key][i]) for key in runs.axes.values()),
                *(str(runs.columns[name][i]) for name in names),
                *(_measured(name, runs.columns[name][i]) for name in runs.shown),
            )
            for i in chosen
        ),
        links=tuple(runs.pages[i] for i in chosen),
    )


def _measured(metric: str, value: float | None) -> str:
    """A metric below its heading, which names the unit of points."""
    show = form(metric)
    return show(value).removesuffix(" points") if show is points else show(value)


def _failures(runs: GatheredRuns) -> Section:
    unfinished = [i for i in range(len(runs.folders)) if i not in {*runs.completed}]
    more = (f"The first {_MAX_ERRORS} of {len(unfinished):,}.",) if len(unfinished) > _MAX_ERRORS else ()
    rows = tuple(
        Row(runs.setting(i) or runs.folders[i].name, str(runs.columns["error"][i] or runs.columns["status"][i]))
        for i in unfinished[:_MAX_ERRORS]
    )
    return Section(title="Not finished", sentences=more, rows=rows)
