"""What an experiment returns: numbers, verdicts, tables, figures and the words that explain them. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from matplotlib.figure import Figure

    from cofail_lab.estimate import Estimate
    from cofail_lab.verdict import Verdict


@dataclass(frozen=True)
class Row:
    """One line of a summary: what is measured, its value as people read it, and what it means."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Listing:
    """Many alike things, one a row: the page shows all of them, the terminal the first.

    Attributes:
        columns: headings.
        rows: cells as people read them, one tuple per thing.
        links: file that the first cell of each row leads to, on the page; None for no link.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[Path | None, ...]


@dataclass(frozen=True)
class Section:
    """A titled part of the summary; the terminal and the HTML page render the same sections.

    Attributes:
        title: a few words.
        sentences: what the numbers mean for a decision.
        rows: the numbers.
        figures: names of the figures (keys of `Result.figures`) that belong here, with their captions.
        listing: many alike things, where there are such.
    """

    title: str
    sentences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    listing: Listing | None = None


@dataclass(frozen=True)
class Result:
    """The whole outcome of one experiment.

    Attributes:
        headline: the answer in one or two sentences.
        metrics: flat name -> number, None where the figure does not exist.
        labels: flat name -> string.
        estimates: name -> Estimate.
        verdicts: checked claims.
        tables: name -> Arrow table, written as ``tables/<name>.parquet``.
        csv: names of the tables that are written as ``tables/<name>.csv``, too.
        figures: name -> function that draws it, so that nothing is drawn unless asked for.
        brief: the answer on one screen; the terminal shows it instead of ``sections`` unless all is asked for.
        sections: the summary, in reading order.
        interrupted: why the run stopped early, None if it did not; what had been computed is all here.
    """

    headline: str
    metrics: Mapping[str, float | int | None]
    labels: Mapping[str, str] = field(default_factory=dict)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    csv: tuple[str, ...] = ()
    figures: Mapping[str, Callable[[], Figure]] = field(default_factory=dict)
    brief: tuple[Section, ...] = ()
    sections: tuple[Section, ...] = ()
    interrupted: str | None = None

    @property
    def unexpected(self) -> str | None:
        """One line that names the verdicts that are not the expected ones; None if there are none."""
        from cofail_lab.verdict import unexpected

        return unexpected([(v.id, v.release, v.status, v.expected) for v in self.verdicts])
