"""The companions of a wide table ``NAME.csv.gz``: files beside it with more columns for its queries, models or cells.

Those in `COMPANIONS` hold a number per cell; ``NAME.samples`` all runs of a cell, ``NAME.answers`` what each model
said, ``NAME.prompts`` (`query, prompt`) and ``NAME.key`` (`query, key`: the right answer) a text per query,
``NAME.models`` one row per model: family, prices and other columns.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from cofail_lab.data.cells import SPELLINGS
from cofail_lab.data.files import ends_in
from cofail_lab.data.layout import MODEL_NAMES, QUERY_NAMES, plain_name
from cofail_lab.data.names import check_names, shorten
from cofail_lab.data.records import check_size, share_right
from cofail_lab.data.tables import CSV_SUFFIXES, EXCEL_SUFFIXES, PARQUET_SUFFIXES, read_sheet
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

SUFFIXES = {"csv": (*CSV_SUFFIXES, *EXCEL_SUFFIXES), "parquet": PARQUET_SUFFIXES}


class Companion(NamedTuple):
    """A table with the rows and columns of the matrix.

    Attributes:
        name: in ``Grades.per_cell``.
        least, most: range of its numbers.
    """

    name: str
    least: float = -np.inf
    most: float = np.inf


COMPANIONS = {
    "costs": Companion("cost", least=0),
    "tokens": Companion("tokens", least=0),
    "tokens_in": Companion("tokens_in", least=0),
    "tokens_out": Companion("tokens_out", least=0),
    "frac": Companion("frac", least=0, most=1),
    "scores": Companion("score"),
    "confidence": Companion("confidence"),
    "agreement": Companion("agreement", least=0, most=1),
    "at_limit": Companion("at_limit", least=0, most=1),
}
SAMPLES = "samples"
"""The companion whose cells hold the states of all samples, in order and separated by blanks: ``1 0 error``."""

ANSWERS = "answers"
"""The companion whose cells are texts: what each model said; empty for no answer."""

_PER_QUERY = {"prompts": "prompt", "key": "key", "logs": "n_logs"}
"""Companions with a row per query, and the column that is read."""


def is_companion(path: Path) -> bool:
    """Whether a file is a companion of a matrix beside it, such as ``NAME.costs.csv`` beside ``NAME.csv.gz``."""
    suffix = suffix_of(path, None)
    if suffix is None:
        return False
    stem, _, kind = path.name[: -len(suffix)].rpartition(".")
    return kind in {*_PER_QUERY, "models", SAMPLES, ANSWERS, *COMPANIONS} and any(
        path.with_name(stem + s).exists() for group in SUFFIXES.values() for s in group
    )


def suffix_of(path: Path, form: str | None) -> str | None:
    """The extension of a file, of those of a format (None for all); None if it has none of them."""
    accepted = [suffix for key, group in SUFFIXES.items() for suffix in group if form in (None, key)]
    return next((s for s in sorted(accepted, key=len, reverse=True) if ends_in(path, s)), None)


def read_companions(
    path: Path, stem: str, queries: tuple[str, ...], models: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Per-query, per-model and per-cell columns from the companions of a file, in the order of its matrix."""
    per_query: dict[str, np.ndarray] = {}
    per_model: dict[str, np.ndarray] = {}
    per_cell: dict[str, np.ndarray] = {}
    for kind in (*_PER_QUERY, "models", SAMPLES, ANSWERS, *COMPANIONS):
        candidates = [path.with_name(f"{stem}.{kind}{s}") for group in SUFFIXES.values() for s in group]
        existing = [candidate for candidate in candidates if candidate.exists()]
        if not existing:
            continue
        if len(existing) > 1:
            both = f"{existing[0].name} and {existing[1].name}"
            raise InputError(f"{both}: one companion of a kind is accepted, remove one")
        companion = existing[0]
        sheet = read_sheet(companion)
        names, what = (models, "model") if kind == "models" else (queries, "query")
        order = _match([row[0] for row in sheet.rows], names, what, companion.name, path.name)
        if len(sheet.header) < 2:
            raise InputError(f"{companion.name}: no column beside the {what} names; at least one was expected")
        first_columns = (*MODEL_NAMES, "") if kind == "models" else QUERY_NAMES
        if plain_name(sheet.header[0]) not in first_columns:
            raise InputError(f"{companion.name}: the first column is {shorten(sheet.header[0])!r}, not {what!r}")
        check_names(sheet.header[1:], "column", companion.name)
        if kind in _PER_QUERY:
            wanted = _PER_QUERY[kind]
            if wanted not in sheet.header:
                raise InputError(f"{companion.name}: no column {wanted!r} among {', '.join(sheet.header)}")
            texts = [sheet.rows[i][sheet.header.index(wanted)] for i in order]
            per_query[wanted] = numbers_or_text(texts) if kind == "logs" else np.array(texts, dtype=object)
        elif kind == "models":
            for j, column in enumerate(sheet.header[1:], start=1):
                text = [sheet.rows[i][j] for i in order]
                per_model[column] = np.array(text, dtype=object) if column == "family" else numbers_or_text(text)
        else:
            columns = _match(sheet.header[1:], models, "model", companion.name, path.name)
            text = np.array([sheet.rows[i] for i in order], dtype=object)[:, 1:][:, columns]
            if kind == SAMPLES:
                per_cell["samples"] = _samples(text, queries, models, companion.name)
            elif kind == ANSWERS:
                per_cell["answer"] = text
            else:
                array = _numbers(text, queries, models, companion.name, COMPANIONS[kind])
                per_cell[COMPANIONS[kind].name] = array == 1 if kind == "at_limit" else array
    return per_query, per_model, per_cell


def _match(names: list[str], wanted: tuple[str, ...], what: str, companion: str, main: str) -> list[int]:
    """Positions of the wanted names in a companion; both must hold the same names."""
    check_names(names, what, companion)
    position = {name: i for i, name in enumerate(names)}
    for name in wanted:
        if name not in position:
            raise InputError(
                f"{companion}: no {what} {shorten(name)!r}, which {main} has; a companion holds the same names"
            )
    if extra := set(position) - set(wanted):
        raise InputError(
            f"{companion}: {what} {shorten(min(extra))!r} is not in {main}; a companion holds the same names"
        )
    return [position[name] for name in wanted]


def _numbers(
    text: np.ndarray, queries: tuple[str, ...], models: tuple[str, ...], file: str, companion: Companion
) -> np.ndarray:
    """Float64 array, nan where a cell is empty; every number finite and in the range of its kind."""
    values = np.array([[_number(cell) for cell in row] for row in text])
    outside = np.isinf(values) | (values < companion.least) | (values > companion.most)
    if outside.any():
        i, j = np.argwhere(outside)[0]
        what = {(-np.inf, np.inf): "a number", (0, np.inf): "a number >= 0"}.get(companion[1:], "a number in [0, 1]")
        raise InputError(
            f"{file}: row {queries[i]!r}, column {models[j]!r}: {shorten(str(text[i, j]))!r} is not {what} or empty"
        )
    return values


def _number(text: str) -> float:
    """A text as a number: nan for an empty text, infinity for a text that is not a number."""
    try:
        return float(text or "nan")
    except ValueError:
        return np.inf


def _samples(text: np.ndarray, queries: tuple[str, ...], models: tuple[str, ...], file: str) -> np.ndarray:
    """Cell states of shape (queries, models, S), padded with MISSING, from texts such as ``1 0 error``."""
    split = [[cell.split() for cell in row] for row in text]
    n_samples = max((len(words) for row in split for words in row), default=0) or 1
    check_size(len(queries), len(models), n_samples, file)
    samples = np.full((len(queries), len(models), n_samples), Cell.MISSING, np.int8)
    for i, row in enumerate(split):
        for j, words in enumerate(row):
            unknown = [word for word in words if word.lower() not in SPELLINGS]
            if unknown:
                raise InputError(
                    f"{file}: row {queries[i]!r}, column {models[j]!r}: {shorten(unknown[0])!r} is not a sample; "
                    "accepted: 1, 0, 'unscored', 'error', separated by blanks"
                )
            samples[i, j, : len(words)] = [SPELLINGS[word.lower()] for word in words]
    return samples


def check_samples(cells: np.ndarray, per_cell: dict[str, np.ndarray], file: str) -> None:
    """Raise InputError unless every cell is its first sample; compute the share of right samples."""
    first = per_cell["samples"][..., 0]
    if (cells != first).any():
        raise InputError(f"{file}: {int((cells != first).sum()):,} cells differ from their first sample in .{SAMPLES}")
    per_cell["frac"] = share_right(per_cell["samples"])


def numbers_or_text(text: list[str]) -> np.ndarray:
    """A column of a companion as numbers if every filled cell is a number, else as text."""
    try:
        return np.array([float(value) if value else np.nan for value in text])
    except ValueError:
        return np.array(text, dtype=object)
