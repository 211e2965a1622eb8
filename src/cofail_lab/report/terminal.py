"""The summary in a terminal: the headline, then every section as a small table with its sentences."""

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cofail_lab.report.names import printable
from cofail_lab.result import Listing, Result, Section

READING_WIDTH = 100
"""Columns at most: prose is not readable on the whole of a wide window."""

LISTED = 25
"""Rows of a listing; the page has all of them."""


def render(result: Result, console: Console, run_dir: Path | None = None) -> None:
    """Print the result for a reader who wants the answer first.

    Plain text where the console is not a terminal. Every text is shown as it is: markup in a model name means nothing,
    and nothing is shortened; what does not fit a column continues on the next line.

    Args:
        result: what the experiment returned.
        console: where to print; its width, up to `READING_WIDTH` columns, is used.
        run_dir: folder with the files of this run, named at the end.
    """
    width = min(console.width, READING_WIDTH)
    console.print(Panel(_text(result.headline, "bold"), padding=(0, 1), width=width))
    if result.interrupted is not None:
        console.print(
            _text(f"Stopped early: {result.interrupted}. What had been computed is shown.", "yellow"), width=width
        )
    for section in result.sections:
        if section.sentences or section.rows or section.listing:
            _print_section(section, console, width)
    if result.verdicts:
        console.print()
        console.print(_text("Claims", "bold underline"))
        console.print(_verdicts(result), width=width)
    if run_dir is not None:
        # One unbroken line, however long: a path with a line break in it cannot be copied.
        console.print(
            Text.assemble("\nFull report, tables and figures: ", (printable(str(run_dir)), "cyan")), soft_wrap=True
        )


def _print_section(section: Section, console: Console, width: int) -> None:
    console.print()
    console.print(_text(section.title, "bold underline"), width=width)
    for sentence in section.sentences:
        console.print(_text(sentence), width=width)
    if section.rows:
        # A long text in one column must not squeeze another to nothing.
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(max_width=width * 2 // 5, overflow="fold")
        table.add_column(max_width=width * 2 // 5, overflow="fold")
        table.add_column(overflow="fold", min_width=width // 5)
        for row in section.rows:
            table.add_row(_text(row.label), _text(row.value, "bold"), _text(row.note, "dim"))
        console.print(Padding(table, (0, 0, 0, 2)), width=width)
    if section.listing:
        _print_listing(section.listing, console)


def _print_listing(listing: Listing, console: Console) -> None:
    """As many rows and columns as can be read; a table of many columns uses the whole window."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown, room = listing.rows[:LISTED], console.width
    for place, heading in enumerate(listing.columns):
        cells = [row[place] for row in shown]
        room -= max(map(cell_len, [heading, *cells])) + 2
        if room < 0 and place:
            break
        numbers = all(cell[:1] in "-−0123456789—" for cell in cells)
        table.add_column(_text(heading), overflow="fold", justify="right" if numbers else "left")
    for row in shown:
        table.add_row(*map(_text, row[: len(table.columns)]))
    console.print(table)
    more = [
        f"{left:,} more {name}"
        for left, name in (
            (len(listing.rows) - len(shown), "rows"),
            (len(listing.columns) - len(table.columns), "columns"),
        )
        if left
    ]
    if more:
        console.print(_text(f"The page has {' and '.join(more)}.", "dim"))


def _verdicts(result: Result) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("claim", "release", "status", "expected"):
        table.add_column(heading, overflow="fold")
    table.add_column("statement", overflow="fold", ratio=1)
    for verdict in result.verdicts:
        style = "green" if verdict.status == verdict.expected else "bold red"
        cells = (verdict.id, verdict.release, verdict.status, verdict.expected, verdict.statement)
        table.add_row(*(_text(str(cell), style if i == 2 else "") for i, cell in enumerate(cells)))
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
