"""All that a result says, as lines of text, and lines compared with those that were kept.

Numbers are kept with six digits, and may differ in the fourth: another machine rounds differently.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isclose
from pathlib import Path
from typing import Any

import pyarrow as pa

from cofail_lab.result import Result, Section
from tests.experiments.drawn import drawn

GOLDEN = Path(__file__).parents[1] / "golden" / "results"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
# Of a column of a table so many cells are written; the rest counts with its sum.
_CELLS = 12


def check(name: str, result: Result, *paths: Path) -> None:
    """Fail where a result differs from what is kept under its name; see `keep`."""
    keep(name, lines(result), *paths)


def keep(name: str, found: Sequence[str], *paths: Path, exact: bool = False) -> None:
    """Fail where lines differ from those that are kept under a name; folders in ``paths`` are left out of all words.

    With ``WRITE_GOLDEN=1`` in the environment they are kept instead. Numbers of what is read, and not computed, are
    compared as they are written (``exact``).
    """
    found = [" ".join(line.split()) if "\n" in line else line for line in found]
    for path in paths:
        found = [line.replace(str(path), "") for line in found]
    kept = GOLDEN / f"{name}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        kept.write_text("\n".join(found) + "\n", encoding="utf-8")
    wrong = differences(found, kept.read_text(encoding="utf-8").splitlines(), exact=exact)
    assert not wrong, "\n".join([f"{kept.name} has, and WRITE_GOLDEN=1 would replace:", *wrong])


def lines(result: Result) -> list[str]:
    """Headline, metrics, labels, estimates, verdicts, words, tables, figures and the matrix of the page."""
    return list(_lines(result))


def _lines(result: Result) -> Iterator[str]:
    yield f"headline: {result.headline}"
    for kind in ("metrics", "labels"):
        for name, value in getattr(result, kind).items():
            yield f"{kind} {name}: {shown(value)}"
    for name, estimate in result.estimates.items():
        yield f"estimates {name}: {shown(estimate.value)} ± {shown(estimate.error)} by {estimate.kind}"
    for verdict in result.verdicts:
        yield f"verdict {verdict.id} ({verdict.release}): {verdict.status}, expected {verdict.expected}"
        sides = (verdict.claimed, verdict.measured, verdict.tolerance)
        yield f"  {verdict.statement} | {verdict.hypothesis} | claimed, measured, tolerance {shown(sides)}"
    for kind in ("brief", "sections"):
        for section in getattr(result, kind):
            yield from _section(kind, section)
    for name, table in result.tables.items():
        yield f"table {name}: {table.num_rows} rows{', csv' if name in result.csv else ''}"
        yield from (f"  {column}: {_column(table, column)}" for column in table.column_names if column != "seconds")
    for name, draw in result.figures.items():
        yield from drawn(name, draw())
    if result.exhibit is not None:
        page = result.exhibit
        yield f"exhibit: {page.verdict}; {shown(page.certified)}; {shown(page.overhead)}; {page.leads}"
        yield from (f"  caveat {' | '.join(caveat)}" for caveat in page.caveats)


def _section(kind: str, section: Section) -> Iterator[str]:
    yield f"{kind}: {section.title}{' (appendix)' if section.appendix else ''}"
    yield from (f"  {sentence}" for sentence in section.sentences)
    yield from (f"  {row.label} | {row.value} | {row.note}" for row in section.rows)
    yield from (f"  figure {name}: {caption}" for name, caption in section.figures.items())
    if section.listing is not None:
        yield f"  listing {' | '.join(section.listing.columns)}"
        yield from (f"    {' | '.join(row)}" for row in section.listing.rows)


def _column(table: pa.Table, name: str) -> str:
    cells = table.column(name).to_pylist()
    first = " ".join(map(shown, cells[:_CELLS]))
    if len(cells) <= _CELLS:
        return first
    numbers = [cell for cell in cells if isinstance(cell, int | float)]
    return f"{first} … {shown(sum(numbers)) if numbers else len(set(map(str, cells)))}"


def shown(value: Any) -> str:
    """A value, numbers with six digits."""
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, int | float):
        return "0" if abs(value) <= 1e-12 else f"{value:.6g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={shown(cell)}" for key, cell in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value)


def differences(found: Sequence[str], kept: Sequence[str], *, exact: bool = False) -> list[str]:
    """Where two results differ, line by line; empty where they say the same."""
    pairs = [(here, there) for here, there in zip(found, kept, strict=False) if here != there]
    wrong = [f"{there}\n   now: {here}" for here, there in pairs if exact or not _same(here, there)]
    return wrong if len(found) == len(kept) else [f"{len(kept)} lines; now {len(found)}", *wrong[:1]]


def _same(here: str, there: str) -> bool:
    """Whether two lines have the same words, and numbers that differ by rounding only."""
    if here == there:
        return True
    if _NUMBER.sub("0", here) != _NUMBER.sub("0", there):
        return False
    pairs = zip(_NUMBER.findall(here), _NUMBER.findall(there), strict=True)
    return all(isclose(float(a), float(b), rel_tol=3e-4, abs_tol=1e-9) for a, b in pairs)


def said(things: Iterable[Any], **more: Any) -> list[str]:
    """All that these say, but for their figures."""
    results = [
        Result(one.headline(), one.metrics(), one.labels() if hasattr(one, "labels") else {}, sections=one.sections())
        for one in things
    ]
    return [line for result in results for line in lines(result)] + [str(value) for value in more.values()]
