"""What an experiment returns: numbers, verdicts, tables, figures and the words that explain them.

Nothing is read or written here; the methods that save and show a result call `record` and `report.export`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from cofail_lab.shown import Shown, above

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from matplotlib.figure import Figure

    from cofail_lab.estimate import Estimate
    from cofail_lab.outcomes import Outcomes
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
        appendix: whether the page folds it away, below the others.
    """

    title: str
    sentences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    figures: Mapping[str, str] = field(default_factory=dict)
    listing: Listing | None = None
    appendix: bool = False


@dataclass(frozen=True)
class Exhibit:
    """The matrix behind a result: on the page a reader opens its queries and sorts its models.

    Attributes:
        outcomes: the matrix.
        verdict: the answer in at most twelve words.
        certified: limits of what a perfect selector gains over the best model; None for a limit that is not known.
        overhead: what combining costs, in accuracy; None where it is not stated.
        caveats: what could void the answer: a short name, the sentence, and the id of the place that says more.
        leads: whether queries and models come before the sections.
    """

    outcomes: Outcomes
    verdict: str = ""
    certified: tuple[float | None, float | None] = (None, None)
    overhead: float | None = None
    caveats: tuple[tuple[str, str, str], ...] = ()
    leads: bool = True


@dataclass(frozen=True)
class Origin:
    """How a result was made: what the folder that it is saved in says about it.

    Attributes:
        experiment: its name.
        command: the call or the command line.
        parameters: the configuration, nested.
        seed: of the run; None where nothing was drawn.
        inputs: where the data came from, by name.
        seconds: how long it took; None where that is not known.
    """

    experiment: str
    command: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True, repr=False)
class Result(Shown):
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
        pages: further pages, file name -> HTML, written beside ``report.html``.
        brief: the answer on one screen; the terminal shows it instead of ``sections`` unless all is asked for.
        sections: the summary, in reading order.
        interrupted: why the run stopped early, None if it did not; what had been computed is all here.
        origin: how it was made; None where a run folder says it.
        exhibit: the matrix that the page shows; None where there is none. A result that is read back has none.
    """

    headline: str
    metrics: Mapping[str, float | int | None]
    labels: Mapping[str, str] = field(default_factory=dict)
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    csv: tuple[str, ...] = ()
    figures: Mapping[str, Callable[[], Figure]] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    brief: tuple[Section, ...] = ()
    sections: tuple[Section, ...] = ()
    interrupted: str | None = None
    origin: Origin | None = None
    exhibit: Exhibit | None = field(default=None, compare=False)

    @property
    def unexpected(self) -> str | None:
        """One line that names the verdicts that are not the expected ones; None if there are none."""
        from cofail_lab.verdict import unexpected

        return unexpected([(v.id, v.release, v.status, v.expected) for v in self.verdicts])

    def figure(self, name: str) -> Figure:
        """One of ``figures``, drawn: a Matplotlib figure, which a notebook shows and ``savefig`` writes.

        Raises:
            InputError: no such figure; the message lists those there are.
        """
        return above("report.export").figure(self, name)

    def frame(self, name: str, library: Literal["pandas", "polars"] | None = None) -> Any:
        """A data frame of one of ``tables``, or of ``metrics``, ``labels``, ``estimates`` or ``verdicts``.

        Args:
            name: of the table.
            library: ``pandas`` or ``polars``; None takes pandas where it is installed, else polars.

        Raises:
            InputError: no such table, the message lists those there are; or no such library is installed.
        """
        return above("report.export").frame(self, name, library)

    def to_html(self, *, figures: bool = True) -> str:
        """The page of a run, self-contained: no network, every name escaped, readable without its script."""
        return above("report.export").to_html(self, figures=figures)

    def to_markdown(self, table: str | None = None, columns: Sequence[str] | None = None) -> str:
        """The answer in Markdown; or a table, named as for `frame`, with all or some of its columns."""
        return above("report.export").to_markdown(self, table, columns)

    def to_latex(self, table: str | None = None, columns: Sequence[str] | None = None) -> str:
        """The answer, or a table as in `to_markdown`, as LaTeX tabulars; they need the package booktabs."""
        return above("report.export").to_latex(self, table, columns)

    def save(self, folder: str | Path, *, overwrite: bool = False, figures: bool = True) -> Path:
        """Write the files that a run writes; `load_result` reads them back.

        Args:
            folder: created where it does not exist.
            overwrite: whether the files of a run that is there are replaced.
            figures: whether figures are drawn.

        Returns:
            The absolute path of the folder.

        Raises:
            InputError: the folder is not empty and ``overwrite`` is false, or it holds something else than a run.
        """
        return above("record").save(self, folder, overwrite=overwrite, figures=figures)
