"""`data=raters`: a table of items and raters, long (a row per label) or wide (a column per rater)."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cofail_lab import checks
from cofail_lab.data import files
from cofail_lab.data.cells import SPELLINGS, TextColumns, read_texts
from cofail_lab.data.files import local_path
from cofail_lab.data.layout import AFTER_GRADING, DATASET_NAMES, MODEL_NAMES, PROMPT_NAMES, QUERY_NAMES, plain_name
from cofail_lab.data.names import check_names, counted, list_names, shorten
from cofail_lab.data.ratings import MISSING, Ratings
from cofail_lab.data.tables import Sheet, read_sheet
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_RATER_NAMES = ("rater", "judge", "annotator", "grader", "evaluator", "reviewer", "rater_id", "judge_model")
_LABEL_NAMES = ("label", "vote", "verdict", "rating", "grade", "score", "correct", "is_correct", "right", "judgement")
# What one item has one of: two questions of one name are not one item.
_OF_AN_ITEM = (("dataset", "benchmark", "subset"), ("prompt", "question"))
_NOT_RATERS = (*AFTER_GRADING, *DATASET_NAMES, *PROMPT_NAMES, "class", "note", "comment", "truth")


@dataclass(frozen=True)
class RatersSource:
    """A CSV, TSV, Excel or Parquet table of labels.

    Attributes:
        path: of the table.
        raters: names or patterns of the columns of raters, or of the raters of a long table; None takes all.
        query: column that names the items; None finds it.
        model: column with the model whose answer is rated; None finds it, or has none.
        rater, label: columns of a long table; None finds them. A table without a column of raters is wide.
        truth: column with the true label of an item; None for none.
        right: label(s) that say that an answer is right, in capitals or not, all others that it is wrong; None accepts
            1/0, true/false, yes/no and the like, and takes other labels for categories.
        threshold: the lowest number that says right; then every label is a number, a grade or missing.
    """

    path: str
    raters: str | Sequence[str] | None = None
    query: str | None = None
    model: str | None = None
    rater: str | None = None
    label: str | None = None
    truth: str | None = None
    right: str | Sequence[str] | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path:
            raise InputError(f"data.path: {self.path!r}; data=raters reads one table, such as votes.csv")
        checks.patterns("data.raters", self.raters)
        checks.patterns("data.right", self.right)
        if self.threshold is not None:
            checks.number("data.threshold", self.threshold)
            if self.right is not None:
                raise InputError("data.threshold: data.right says which labels mean right already; leave one out")

    def load(self) -> Ratings:
        """Read the table.

        Raises:
            InputError: it cannot be read, lacks a column, has fewer than two raters, or two labels in one place.
        """
        path = local_path(self.path)
        if not path.exists():
            raise files.absent(path)
        sheet = read_sheet(path)
        names = check_names(sheet.header, "column", path.name)
        rater = self._column(names, "rater", _RATER_NAMES, path)
        self._check_items(sheet, names, path)
        table = self._wide(sheet, names, path) if rater is None else self._long(sheet, names, rater, path)
        return self._ratings(table, path)

    def _check_items(self, sheet: Sheet, names: Sequence[str], path: Path) -> None:
        """Raise InputError if one query has two datasets or prompts: answers to both would be taken for one item."""
        query = self._column(names, "query", QUERY_NAMES, path) or 0
        plain = [plain_name(name) for name in names]
        for known in _OF_AN_ITEM:
            column = next((plain.index(name) for name in known if name in plain), query)
            if column == query:
                continue
            first: dict[str, str] = {}
            for row in sheet.rows:
                text = " ".join(row[column].split())
                if text and first.setdefault(row[query], text) != text:
                    raise InputError(
                        f"{path.name}: {shorten(row[query])!r} has two texts in column {names[column]!r}, "
                        f"{shorten(first[row[query]], 40)!r} and {shorten(text, 40)!r}; every question needs "
                        "its own name"
                    )

    def _column(self, names: Sequence[str], field: str, known: Sequence[str], path: Path) -> int | None:
        """Position of the stated column, or of the first of the known names; None where there is none."""
        if (stated := getattr(self, field)) is not None:
            if stated not in names:
                listed = list_names(names, 8)
                raise InputError(f"data.{field}: {stated!r} is no column of {path.name}; there are {listed}")
            return list(names).index(stated)
        plain = [plain_name(name) for name in names]
        return next((plain.index(name) for name in known if name in plain), None)

    def _needed(self, names: Sequence[str], field: str, known: Sequence[str], path: Path) -> int:
        if (found := self._column(names, field, known, path)) is None:
            raise InputError(f"{path.name}: data.{field}= says which column it is, of {list_names(names, 8)}")
        return found

    def _wide(self, sheet: Sheet, names: Sequence[str], path: Path) -> _Table:
        query = self._column(names, "query", QUERY_NAMES, path) or 0
        model = self._column(names, "model", MODEL_NAMES, path)
        truth = None if self.truth is None else self._column(names, "truth", (), path)
        others = [j for j in range(len(names)) if j not in (query, model, truth)]
        if self.raters is None:
            chosen = [j for j in others if plain_name(names[j]) not in _NOT_RATERS]
        else:
            chosen = [j for j in others if names[j] in _matching([names[i] for i in others], self.raters, path)]
        keys, labels, known = [], [], []
        for row in sheet.rows:
            keys.append((row[query], "" if model is None else row[model]))
            labels.append([row[j] for j in chosen])
            known.append("" if truth is None else row[truth])
        if self.query is None and plain_name(names[query]) not in QUERY_NAMES and _are_labels(keys, labels):
            raise InputError(
                f"{path.name}: nothing names the items, and the first column, {shorten(names[query])!r}, holds the "
                "same labels as the others; data.query= says which column names them"
            )
        again, times = Counter(keys).most_common(1)[0] if keys else (("", ""), 1)
        if times > 1:
            raise InputError(f"{path.name}: {_item(again)} has {times} rows; one row per item is accepted")
        return _Table(keys, model is not None, [names[j] for j in chosen], labels, known if truth is not None else None)

    def _long(self, sheet: Sheet, names: Sequence[str], rater: int, path: Path) -> _Table:
        query = self._needed(names, "query", QUERY_NAMES, path)
        label = self._needed(names, "label", _LABEL_NAMES, path)
        model = self._column(names, "model", MODEL_NAMES, path)
        truth = None if self.truth is None else self._column(names, "truth", (), path)
        raters = list(dict.fromkeys(row[rater] for row in sheet.rows))
        if self.raters is not None:
            raters = _matching(raters, self.raters, path)
        place, column = {}, {name: j for j, name in enumerate(raters)}
        labels: list[list[str]] = []
        known: list[str] = []
        given: set[tuple[int, int]] = set()
        for row in sheet.rows:
            if (j := column.get(row[rater])) is None:
                continue
            key = (row[query], "" if model is None else row[model])
            if (i := place.setdefault(key, len(place))) == len(labels):
                labels.append([""] * len(raters))
                known.append("" if truth is None else row[truth])
            if (i, j) in given and labels[i][j].strip() != row[label].strip():
                raise InputError(
                    f"{path.name}: {shorten(raters[j])} gives {_item(key)} two labels, {labels[i][j]!r} and "
                    f"{row[label]!r}; one is accepted"
                )
            # A truth that some rows leave out is that of the others.
            if truth is not None and (stated := row[truth].strip()):
                if known[i].strip() not in ("", stated):
                    raise InputError(f"{path.name}: {_item(key)} has two truths, {known[i]!r} and {row[truth]!r}")
                known[i] = row[truth]
            given.add((i, j))
            labels[i][j] = row[label]
        return _Table(list(place), model is not None, raters, labels, known if truth is not None else None)

    def _ratings(self, table: _Table, path: Path) -> Ratings:
        if len(table.raters) < 2:
            raise InputError(
                f"{path.name}: {counted(len(table.raters), 'rater')}; at least 2 are needed, and data.raters= says "
                "which columns they are"
            )
        if not table.labels:
            raise InputError(f"{path.name}: no item; a header and a row per item were expected")
        raters = check_names(table.raters, "rater", path.name)
        check_names(list(dict.fromkeys(query for query, _ in table.keys)), "query", path.name)
        if table.has_models:
            check_names(list(dict.fromkeys(model for _, model in table.keys)), "model", path.name)
        whole = [
            [*row, truth] for row, truth in zip(table.labels, table.truth or [""] * len(table.labels), strict=True)
        ]
        codes, values, right, notes = self._meanings(whole, path)
        labels = codes[:, :-1]
        if (labels == MISSING).all():
            raise InputError(f"{path.name}: {counted(len(raters), 'rater')} and no label")
        n_missing = int((labels == MISSING).sum())
        notes.insert(0, f"{counted(len(labels), 'item')} and {counted(len(raters), 'rater')}: {list_names(raters, 8)}.")
        if n_missing:
            notes.append(f"{n_missing:,} of {labels.size:,} labels are missing; a missing label is no vote.")
        return Ratings(
            queries=tuple(query for query, _ in table.keys),
            models=tuple(model for _, model in table.keys) if table.has_models else None,
            raters=raters,
            labels=labels,
            values=values,
            right=right,
            truth=None if table.truth is None else codes[:, -1],
            source=path.name,
            notes=tuple(notes),
            sha256=files.digest([path]),
        )

    def _meanings(
        self, rows: list[list[str]], path: Path
    ) -> tuple[np.ndarray, tuple[str, ...], np.ndarray | None, list[str]]:
        """Codes of all labels, their values, which of these say right, and sentences."""
        texts = TextColumns.of([[text.strip() for text in row] for row in rows], len(rows[0]))
        if self.right is None:
            states = read_texts(texts, self.threshold).states[texts.codes, np.arange(texts.codes.shape[1])]
            if (states >= 0).all():
                codes = np.where(states > Cell.WRONG, MISSING, (states == Cell.RIGHT).astype(np.int64))
                return codes, ("wrong", "right"), np.array([False, True]), []
            if self.threshold is not None:
                other = texts.texts[texts.codes[states < 0][0]]
                raise InputError(f"data.threshold: the label {shorten(other)!r} of {path.name} is no number")
        place, values = _values(texts.texts, any_case=self.right is not None)
        codes = place[texts.codes]
        if self.right is None:
            said = f"Labels are categories, such as {list_names(values, 4)}; data.right= says which of them mean right."
            return codes, values, None, [said]
        stated = [self.right] if isinstance(self.right, str | int | float) else self.right
        wanted = {str(name).strip().casefold(): str(name) for name in stated}
        if absent := sorted(set(wanted) - {value.casefold() for value in values}):
            raise InputError(f"data.right: no label is {wanted[absent[0]]!r}; there are {list_names(values, 6)}")
        says = np.array([value.casefold() in wanted for value in values])
        meant = [value for value, right in zip(values, says, strict=True) if right]
        others = [value for value in values if value not in meant]
        said = f"Right means {list_names(meant)}, every other label wrong ({list_names(others) or 'there is none'})."
        return codes, values, says, [said]


def _values(texts: Sequence[str], *, any_case: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    """Which label each text is, `MISSING` for none, and the labels, in any case the first spelling of each."""
    labels: dict[str, int] = {}
    values: list[str] = []
    place = np.full(len(texts), MISSING)
    for t, text in enumerate(texts):
        if SPELLINGS.get(text.lower()) != Cell.MISSING:
            place[t] = labels.setdefault(text.casefold() if any_case else text, len(values))
            values += [text] if place[t] == len(values) else []
    return place, tuple(values) or ("",)


def _are_labels(keys: Sequence[tuple[str, str]], labels: Sequence[Sequence[str]]) -> bool:
    """Whether what should name the items is nothing but labels that raters give."""
    given = {text.strip() for row in labels for text in row}
    return bool(keys) and all(query.strip() in given for query, _ in keys)


@dataclass(frozen=True)
class _Table:
    """Labels as text: (query, model) of each row, raters, a row of labels per item, and its truth."""

    keys: list[tuple[str, str]]
    has_models: bool
    raters: list[str]
    labels: list[list[str]]
    truth: list[str] | None


def _matching(names: Sequence[str], patterns: str | Sequence[str], path: Path) -> list[str]:
    wanted = [patterns] if isinstance(patterns, str) else [str(pattern) for pattern in patterns]
    for pattern in wanted:
        if pattern not in names and not fnmatch.filter(names, pattern):
            raise InputError(
                f"data.raters: {pattern!r} matches no rater of {path.name}; there are {list_names(names, 8)}"
            )
    return [name for name in names if any(name == one or fnmatch.fnmatchcase(name, one) for one in wanted)]


def _item(key: tuple[str, str]) -> str:
    query, model = key
    return f"{shorten(query)!r}" + (f" of {shorten(model)!r}" if model else "")
