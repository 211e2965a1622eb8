"""The matrix of a file, cell by cell, before anything is left out.

A cell is *right*, *wrong*, *unscored*, *error* or *missing*, and this state never changes: only right and wrong cells
are graded answers, and only wrong cells count as wrong. Sources in `cofail_lab.data` return `Grades`; `Grades.outcomes`
keeps the queries that every model answered.
"""

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from cofail_lab.errors import InputError
from cofail_lab.outcomes import LeftOut, Outcomes
from cofail_lab.selection import TREATMENTS, Selection, as_list, matches


class Cell(IntEnum):
    """The state of one model on one query."""

    RIGHT = 0
    WRONG = 1
    UNSCORED = 2
    ERROR = 3
    MISSING = 4


@dataclass(frozen=True)
class Grades:
    """A graded matrix as it was read: queries x models, every cell in one of the five states of `Cell`.

    Attributes:
        cells: int8 of shape (queries, models), values of `Cell`.
        queries, models: unique names, in the order of the file.
        per_query: columns of length queries (``dataset``, ``prompt``, ``features`` ...).
        per_model: columns of length models (``family``, ``usd_per_mtok_in`` ...).
        per_cell: arrays of shape (queries, models, ...) (``cost``, ``tokens``, ``frac``, ``confidence`` ...); nan where
            the log has none. ``answer`` holds texts, empty for no answer. ``samples`` holds the repeated runs
            of a cell: states of `Cell` (int8, padded with MISSING), or bool (True where right) if every run was graded.
            In `Outcomes` the states become 1 for right, 0 for wrong and nan for the others.
        source: where the matrix came from, for messages and provenance.
        notes: what was done to the matrix on the way here, one sentence each.
        settings: model -> what else its run depends on, such as solver and effort, where the log says so; not its time,
            seed or epoch.
        sha256: hex digest of the file's bytes, or of names and cells where there is no file; the constructor computes
            the latter if it is empty.

    Raises:
        InputError: a name that appears twice.
        ValueError: arrays whose shapes do not agree.
    """

    cells: np.ndarray
    queries: tuple[str, ...]
    models: tuple[str, ...]
    source: str
    per_query: Mapping[str, np.ndarray] = field(default_factory=dict)
    per_model: Mapping[str, np.ndarray] = field(default_factory=dict)
    per_cell: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sha256: str = ""
    settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = (len(self.queries), len(self.models))
        if self.cells.shape != shape:
            raise ValueError(f"cells: shape {self.cells.shape} for {shape[0]} queries x {shape[1]} models")
        for what, names in (("query", self.queries), ("model", self.models)):
            if repeated := first_repeated(names):
                raise InputError(f"{self.source}: {what} name {repeated!r} appears twice; names must be unique")
        for columns, size in ((self.per_query, shape[:1]), (self.per_model, shape[1:]), (self.per_cell, shape)):
            for name, column in columns.items():
                if column.shape[: len(size)] != size:
                    raise ValueError(f"{name}: shape {column.shape} does not start with {size}")
        if not self.sha256:
            content = hashlib.sha256("\0".join((*self.queries, "", *self.models)).encode())
            content.update(np.ascontiguousarray(self.cells).tobytes())
            object.__setattr__(self, "sha256", content.hexdigest())

    def take(
        self, rows: np.ndarray | None = None, columns: np.ndarray | None = None, note: str | None = None
    ) -> "Grades":
        """The sub-matrix of some queries and models (index arrays or masks; None for all), with all its columns.

        A ``note`` is added to the notes.
        """
        rows = np.arange(len(self.queries)) if rows is None else np.arange(len(self.queries))[rows]
        columns = np.arange(len(self.models)) if columns is None else np.arange(len(self.models))[columns]
        return replace(
            self,
            cells=self.cells[np.ix_(rows, columns)],
            queries=tuple(self.queries[i] for i in rows),
            models=tuple(self.models[j] for j in columns),
            per_query={name: column[rows] for name, column in self.per_query.items()},
            per_model={name: column[columns] for name, column in self.per_model.items()},
            per_cell={name: array[np.ix_(rows, columns)] for name, array in self.per_cell.items()},
            notes=self.notes if note is None else (*self.notes, note),
        )

    def select(self, selection: Selection) -> "Grades":
        """Apply a `Selection`; every step adds a note.

        Raises:
            InputError: a pattern that matches nothing, no dataset column, or a sub-pool larger than the pool.
        """
        grades = self._treated(selection)
        if selection.dataset is not None:
            if "dataset" not in grades.per_query:
                raise InputError(f"data.dataset: {selection.dataset!r} given, but {self.source} has no dataset column")
            keep = matches(grades.per_query["dataset"], selection.dataset, "data.dataset", self.source)
            grades = grades.take(rows=keep, note=f"{keep.sum()} of {len(keep)} queries selected by dataset.")
        if selection.models is not None:
            keep = grades._matching_models(selection.models)
            grades = grades.take(columns=keep, note=f"{keep.sum()} of {len(keep)} models selected by data.models.")
        if selection.min_coverage > 0:
            coverage = (grades.cells <= Cell.WRONG).mean(axis=0)
            keep = coverage >= selection.min_coverage
            if not keep.all():
                sparse = ", ".join(f"{grades.models[j]} ({coverage[j]:.1%})" for j in np.flatnonzero(~keep))
                grades = grades.take(
                    columns=keep, note=f"Dropped for coverage below {selection.min_coverage:.1%}: {sparse}."
                )
        if selection.pool_size is not None:
            size, available = selection.pool_size, len(grades.models)
            if size > available:
                raise InputError(f"data.pool_size: {size}, but {self.source} has {available} models to choose from")
            order = np.random.Generator(np.random.Philox(key=selection.seed)).permutation(available)
            note = f"A random sub-pool of {size} of {available} models (seed {selection.seed})."
            grades = grades.take(columns=np.sort(order[:size]), note=note)
        return grades

    def _treated(self, selection: Selection) -> "Grades":
        """The same matrix, answers at a limit, errors and ungraded answers counted as the selection says."""
        at_limit = self.per_cell.get("at_limit", np.zeros(self.cells.shape, bool)).astype(bool)
        changes = (
            ("limits", at_limit & (self.cells != Cell.MISSING), "stopped at a limit", "graded as the log says"),
            ("errors", self.cells == Cell.ERROR, "that failed with an error", "left out"),
            ("unanswered", self.cells == Cell.UNSCORED, "without a grade", "left out"),
        )
        cells, samples, notes = self.cells.copy(), self.per_cell.get("samples"), []
        for key, where, what, default in changes:
            choice, n = getattr(selection, key), int(where.sum())
            if not n:
                continue
            if choice == TREATMENTS[key][0]:
                notes.append(f"Answers {what}: {n:,}, {default}; data.{key}=wrong counts them as wrong.")
                continue
            notes.append(f"Answers {what}: {n:,}, counted as {choice}, as data.{key} says.")
            state = Cell.WRONG if choice == "wrong" else Cell.MISSING
            cells[where] = state
            if samples is not None and samples.dtype == np.int8:
                samples = samples.copy()
                if key == "limits":
                    samples[where, 0] = state  # only the first run's limit is known
                else:
                    samples[samples == (Cell.ERROR if key == "errors" else Cell.UNSCORED)] = state
        if not (cells != self.cells).any():
            return self if not notes else replace(self, notes=(*self.notes, *notes))
        notes.append(
            f"With these choices {_all_wrong_and_gain(cells, 'a gain of {:.1%} at most')}; as the log has them "
            f"{_all_wrong_and_gain(self.cells, '{:.1%}')}."
        )
        per_cell = dict(self.per_cell) if samples is None else {**self.per_cell, "samples": samples}
        return replace(self, cells=cells, per_cell=per_cell, notes=(*self.notes, *notes))

    def outcomes(self) -> Outcomes:
        """The complete queries as `Outcomes`, which also counts the others (`Outcomes.left_out`).

        Raises:
            InputError: fewer than two models, fewer than two complete queries.
        """
        if len(self.models) < 2:
            only = f"only one model, {self.models[0]!r}" if self.models else "no model"
            raise InputError(f"{self.source}: {only}; combining needs at least two columns of grades")
        if len(self.queries) < 2:
            raise InputError(f"{self.source}: {len(self.queries)} query(s) after selection; at least 2 are needed")
        answered = self.cells <= Cell.WRONG
        if not answered.any():
            raise InputError(
                f"{self.source}: no query is answered by every model: none of {self.cells.size:,} cells is graded"
            )
        complete = np.asarray(answered.all(axis=1))
        if complete.sum() < 2:
            coverage = answered.mean(axis=0)
            sparsest = int(coverage.argmin())
            raise InputError(
                f"{self.source}: {int(complete.sum())} of {len(complete)} queries answered by every model, "
                f"at least 2 needed; the sparsest is {self.models[sparsest]!r} ({coverage[sparsest]:.1%} answered)"
                ": drop sparse models with data.min_coverage"
            )
        rest = self.cells[~complete]
        n_answers = (rest <= Cell.WRONG).sum(axis=1)
        left_out = LeftOut(
            n_queries=len(rest),
            n_untouched=int((n_answers == 0).sum()),
            n_failed_by_all_who_answered=int((((rest == Cell.WRONG).sum(axis=1) == n_answers) & (n_answers > 0)).sum()),
            answered=(rest <= Cell.WRONG).sum(axis=0),
            right=(rest == Cell.RIGHT).sum(axis=0),
            cells_by_state={state.name.lower(): int((self.cells == state).sum()) for state in Cell},
        )
        kept = self.take(rows=complete)
        per_cell = dict(kept.per_cell)
        if (samples := per_cell.get("samples")) is not None and samples.dtype == np.int8:
            per_cell["samples"] = np.where(samples > Cell.WRONG, np.nan, samples == Cell.RIGHT)
        return Outcomes(
            wrong=kept.cells == Cell.WRONG,
            queries=kept.queries,
            models=kept.models,
            source=self.source,
            per_query=kept.per_query,
            per_model=kept.per_model,
            per_cell=per_cell,
            left_out=left_out,
            notes=kept.notes,
        )

    def _matching_models(self, patterns: str | Sequence[str]) -> np.ndarray:
        """Mask of the models that match one of the patterns, by name or by a per-model column."""
        keep = np.zeros(len(self.models), dtype=bool)
        for pattern in as_list(patterns):
            column, _, value = pattern.partition("=")
            if value and column in self.per_model and pattern not in self.models:
                names = self.per_model[column]
            else:
                if value and column.isidentifier() and not any(fnmatch.fnmatchcase(m, pattern) for m in self.models):
                    known = ", ".join(self.per_model) or "none"
                    raise InputError(
                        f"data.models: {pattern!r} asks for models by {column!r}, and {self.source} has no such column "
                        f"of models; there are {known}"
                    )
                names, value = np.array(self.models, dtype=object), pattern
            keep |= matches(names, value, "data.models", self.source)
        return keep


def _all_wrong_and_gain(cells: np.ndarray, gain: str) -> str:
    """How many complete queries defeat every model, and the oracle gain, in a form; or that no query is complete."""
    complete = cells[(cells <= Cell.WRONG).all(axis=1)] == Cell.WRONG
    if not complete.size:
        return "no query is complete"
    n_all_wrong = int(complete.all(axis=1).sum())
    of_all = float(complete.mean(axis=0).min() - n_all_wrong / len(complete))
    return f"{n_all_wrong:,} of {len(complete):,} queries defeat every model and {gain.format(of_all)}"


def first_repeated(names: Sequence[str]) -> str | None:
    """The first name that appears a second time, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
