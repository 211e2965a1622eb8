"""The summary in a terminal: the headline, then every section as a small table with its sentences."""

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cofail_lab.report.names import printable, shown_path
from cofail_lab.result import Listing, Result, Section
from cofail_lab.verdict import Verdict

MAX_WIDTH = 100
"""Columns of a summary at most: longer lines of prose are hard to read."""

SCREEN = 25
"""Lines of a summary at most, unless all of it is asked for."""

MAX_ROWS = 25
"""Rows of a listing that are printed; the page has all rows."""


def render(
    result: Result,
    console: Console,
    run_dir: Path | None = None,
    *,
    verbose: bool = True,
    announced: int = 0,
    following: str | None = None,
) -> None:
    """Print the result, the answer first; plain text where the console is not a terminal.

    Every text is printed as it is: markup in a model name has no effect, nothing is shortened, and a text that does not
    fit its column continues on the next line.

    Args:
        result: what the experiment returned.
        console: where to print, with its width or `MAX_WIDTH` columns, whichever is less.
        run_dir: folder with the files of this run, named at the end.
        verbose: whether to print every section, or only `Result.brief` and, where there is none, `SCREEN` lines.
        announced: number of brief sections that `announce` has printed already, with the headline.
        following: what to do next, with its command; the last sentence.
    """
    width = min(console.width, MAX_WIDTH)
    brief = bool(result.brief) and not verbose

    def print_end() -> None:
        if following is not None:
            console.print(_text(f"Next: {following}."), width=width)
        if run_dir is not None:
            _print_path(run_dir, console, verbose=verbose)

    def print_top() -> None:
        if not (announced and brief):
            _print_headline(result.headline, console, width)
        if result.interrupted is not None:
            stopped = f"Stopped early: {result.interrupted}. What had been computed is shown."
            console.print(_text(stopped, "yellow"), width=width)

    print_top()
    if brief:
        for section in result.brief[announced:]:
            _print_section(section, console, width, titled=False)
    elif verbose:
        _print_all(result, console, width)
    else:
        with console.capture() as around:
            print_top()
            print_end()
        _print_first_lines(result, console, width, SCREEN - len(around.get().splitlines()))
    print_end()


def _print_path(run_dir: Path, console: Console, *, verbose: bool) -> None:
    """Where everything is, on one line without breaks: a path with a line break cannot be copied."""
    page = run_dir / "report.html"
    shown = shown_path(page if page.exists() else run_dir)
    more = "" if verbose else "All of it: verbose=true, or "
    console.print(Text.assemble(more, (printable(str(shown)), "cyan")), soft_wrap=True)


def announce(headline: str, sections: Sequence[Section], console: Console) -> None:
    """Print the headline and the first brief sections while the rest is still computed."""
    width = min(console.width, MAX_WIDTH)
    _print_headline(headline, console, width)
    for section in sections:
        _print_section(section, console, width, titled=False)


def _print_headline(headline: str, console: Console, width: int) -> None:
    console.print(Panel(_text(headline, "bold"), padding=(0, 1), width=width))


def _print_all(result: Result, console: Console, width: int) -> None:
    for section in result.sections:
        if section.sentences or section.rows or section.listing:
            _print_section(section, console, width)
    if result.verdicts:
        console.print()
        console.print(_text("Claims", "bold underline"))
        console.print(_verdicts(result), width=width)


def _print_first_lines(result: Result, console: Console, width: int, room: int) -> None:
    """The first lines of the sections, as many as there is room for; the last says how many are left."""
    with console.capture() as captured:
        _print_all(result, console, width)
    lines = captured.get().strip("\n").splitlines()
    shown = lines if len(lines) <= room else lines[: room - 1]
    console.file.write("\n".join([*shown, ""]))
    if len(lines) > room:
        console.print(_text(f"... {len(lines) - room + 1} more lines", "dim"), width=width)


def _print_section(section: Section, console: Console, width: int, *, titled: bool = True) -> None:
    if titled:
        console.print()
        console.print(_text(section.title, "bold underline"), width=width)
    for sentence in section.sentences:
        console.print(_text(sentence), width=width)
    if section.rows:
        # A long text in one column must not take the width of the others.
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
    """Print as many rows as `MAX_ROWS`, and as many columns as fit the whole window."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    shown, room = listing.rows[:MAX_ROWS], console.width
    for place, heading in enumerate(listing.columns):
        cells = [row[place] for row in shown]
        room -= max(map(cell_len, [heading, *cells])) + 3
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
    """One row per claim: releases, verdict, margin between measurement and tolerance, time and statement."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("claim", "release", "verdict"):
        table.add_column(heading, overflow="fold")
    for heading in ("margin", "time"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("statement", overflow="fold", ratio=1)
    rows: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in result.verdicts:
        # A statement of two releases has a verdict for each of them, and one row here.
        rows.setdefault((verdict.id, verdict.statement, verdict.status), []).append(verdict)
    for (verdict, *_), releases in ((group, [v.release for v in group]) for group in rows.values()):
        agrees = verdict.status == verdict.expected
        status = verdict.status if agrees else f"{verdict.status}, not {verdict.expected}"
        margin, seconds = verdict.evidence.get("margin"), verdict.evidence.get("seconds")
        table.add_row(
            _text(verdict.id),
            _text(", ".join(releases)),
            _text(status, "green" if agrees else "bold red"),
            _text("" if margin is None else f"{margin:.1e}"),
            _text("" if seconds is None else f"{seconds:.1f} s"),
            _text(verdict.statement),
        )
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)
