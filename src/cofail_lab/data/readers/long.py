"""The long format: one row per answer with `query, model, correct` and other columns; CSV, CSV.gz or Parquet."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cofail_lab.data import tables
from cofail_lab.data.file_source import LogSource
from cofail_lab.data.files import ends_in
from cofail_lab.data.names import counted, shorten
from cofail_lab.data.records import NUMBERS, Records
from cofail_lab.data.rule import Rule
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_SUFFIXES = (*tables.CSV_SUFFIXES, *tables.PARQUET_SUFFIXES)
GRADES = ("correct", "score")
"""Columns of grades, the first that a table has counts."""
_READ = ("query", "model", "dataset", "prompt", "at_limit", *NUMBERS)


@dataclass(frozen=True)
class LongSource(LogSource):
    """Tables with a row per answer; several rows of one (query, model) are repeated samples.

    Columns: ``query`` and ``model``; ``correct`` or the column named by `data.scorer`, graded by `rule.Rule` (empty is
    missing); optionally ``dataset``, ``prompt``, ``score``, ``cost`` (US dollars), ``tokens_in``, ``tokens_out``,
    ``confidence`` and ``at_limit`` (true or false). Other columns are not read.
    """

    patterns: ClassVar[tuple[str, ...]] = tuple(f"*{suffix}" for suffix in _SUFFIXES)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A table with columns ``query``, ``model`` and a grade."""
        if not ends_in(path, _SUFFIXES):
            return ""
        try:
            names = tables.header(path)
        except InputError:
            return ""
        recognised = {"query", "model"} <= set(names) and not set(GRADES).isdisjoint(names)
        return "a table with columns query, model and a grade" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add the rows of a table, column by column."""
        if not ends_in(path, _SUFFIXES):
            raise InputError(f"data.path: {str(path)!r} does not end in {' or '.join(_SUFFIXES)}")
        grade = self._grade(tables.header(path), path.name)
        return self.add(tables.read_columns(path, {*_READ, grade}), grade, path.name, records)

    def _grade(self, names: list[str], file: str) -> str:
        """The column with the grades."""
        for needed in ("query", "model"):
            if needed not in names:
                raise InputError(f"{file}: no column {needed!r} among {shorten(', '.join(names))}")
        if self.scorer is not None:
            return self.rule.choose(names, file)
        grade = next((name for name in GRADES if name in names), None)
        if grade is None:
            raise InputError(
                f"{file}: no column 'correct' or 'score' among {shorten(', '.join(names))}; "
                "choose another one with data.scorer="
            )
        return grade

    def add(self, columns: dict[str, Any], grade: str, file: str, records: Records) -> list[str]:
        """Add rows that are in memory; returns notes.

        Args:
            columns: Arrow columns by name, ``query`` and ``model`` among them.
            grade: the column with the grades.
            file: its name, for messages.
            records: what the rows are added to.
        """
        for name in ("query", "model"):
            _check_filled(columns[name], name, file)
        states = _graded(columns, grade, self.rule, file)
        at_limit = None
        if "at_limit" in columns:
            at_limit = _graded(columns, "at_limit", Rule(), file) == Cell.RIGHT
        present = [name for name in NUMBERS if name in columns]
        numbers = {name: tables.numbers(columns[name], f"{file}: column {name!r}") for name in present}
        for name in ("cost", "tokens_in", "tokens_out"):
            if name in numbers and (numbers[name] < 0).any():
                row = int(np.flatnonzero(numbers[name] < 0)[0])
                where = _where(columns, row, name, file)
                raise InputError(f"{where}: {numbers[name][row]:g} is not a number >= 0 or empty")
        records.extend(
            columns["query"],
            columns["model"],
            states,
            dataset=columns.get("dataset"),
            prompt=columns.get("prompt"),
            at_limit=at_limit,
            **numbers,
        )
        rule = f"column {grade!r}" + (f", right from {self.threshold:g} on" if self.threshold is not None else "")
        return [f"{counted(len(states), 'answer')}, graded by {rule}."]


def _graded(columns: dict[str, Any], name: str, rule: Rule, file: str) -> np.ndarray:
    """State of every row by one column; the rule is applied to each different text once."""
    codes, texts = tables.coded(columns[name], f"{file}: column {name!r}")
    states = np.full(len(texts), Cell.MISSING, np.int8)
    for code, row in zip(*np.unique(codes, return_index=True), strict=True):
        if text := texts[code].strip():
            states[code] = rule.state(text, _where(columns, int(row), name, file))
    return states[codes]


def _check_filled(column: Any, name: str, file: str) -> None:
    """Raise InputError for a blank cell."""
    codes, texts = tables.coded(column, f"{file}: column {name!r}")
    blank = np.array([not text.strip() for text in texts])
    if (rows := np.flatnonzero(blank[codes])).size:
        raise InputError(f"{file}: row {int(rows[0]) + 1} has no {name}")


def _where(columns: dict[str, Any], row: int, name: str, file: str) -> str:
    """A cell of the table, for a message."""
    query, model = (shorten(str(columns[key][row].as_py())) for key in ("query", "model"))
    return f"{file}: query {query!r}, model {model!r}, column {name!r}"
