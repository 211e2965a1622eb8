"""Which columns of a wide table name queries, hold grades, or hold anything else. Whatever is guessed is said."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab.data.cells import Reading, TextColumns
from cofail_lab.data.names import counted, list_names, shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

QUERY_NAMES = (
    *("query", "query_id", "id", "question_id", "qid", "item_id", "item", "task_id", "instance_id", "sample_id"),
    *("doc_id", "example_id", "problem_id", "prompt_id", "uid", "uuid", "index", "idx", "unnamed:_0", ""),
    *("example", "instance", "sample", "problem", "task", "question", "prompt", "q"),
)
"""Names of a column that names queries, the most telling first; compared in lower case with underscores."""
MODEL_NAMES = ("model", "models", "model_name", "model_id", "system")
"""Names of a first column that says that models are in rows."""
WEAK_QUERY_NAMES = (
    "example",
    "instance",
    "sample",
    "problem",
    "task",
    "question",
    "prompt",
    "index",
    "idx",
    "item",
    "q",
    "",
)
"""Those of `QUERY_NAMES` that may be called so for another reason: with repeated cells they name something else."""
AFTER_GRADING = (
    *("label", "gold", "target", "answer", "key", "reference"),
    *("average", "mean", "total", "n_right", "n_wrong"),
    *("any_right", "any_correct", "all_right", "all_correct", "all_wrong"),
)
"""Names of columns that hold the right answer, or what grades come to."""
NOT_MODELS = (
    *AFTER_GRADING,
    *("category", "difficulty", "is_hard", "hard", "split", "fold"),
    *("tokens", "n_tokens", "length", "n_chars", "seconds", "time", "latency"),
    *("cost", "price", "year", "date", "confidence"),
)
"""Names of columns that hold something else than the grades of a model, whatever their cells look like."""
DATASET_NAMES = ("dataset", "subset", "subject", "category", "domain", "topic", "benchmark", "task")
PROMPT_NAMES = ("prompt", "question", "input", "problem", "text")


NUMBERED = "Nothing names the queries: they are numbered in the order of the rows."
"""The note on a table whose rows have no names: rows of two such tables are not the same queries."""


@dataclass(frozen=True)
class Layout:
    """Where things are in a wide table.

    Attributes:
        query: position of the column that names queries; None where rows are numbered.
        by_dataset: whether the names are unique only within a dataset.
        dataset, prompt: positions of these columns; None where there are none.
        models: positions of the columns with grades.
        aside: positions of the others.
        notes: what was guessed, one sentence each.
    """

    query: int | None
    dataset: int | None
    prompt: int | None
    models: tuple[int, ...]
    aside: tuple[int, ...]
    notes: tuple[str, ...]
    by_dataset: bool = False


def plain_name(name: str) -> str:
    """A column name in lower case with underscores."""
    return "_".join(name.strip().lower().replace("-", " ").split())


def find_layout(
    names: Sequence[str],
    table: TextColumns,
    reading: Reading,
    file: str,
    *,
    query_column: str | None = None,
    threshold: float | None = None,
) -> Layout:
    """The layout of a table.

    Args:
        names: of the columns.
        table, reading: the cells of all columns, and what they mean as grades.
        file: for messages.
        query_column: `data.query_column`; None to find it among `QUERY_NAMES`.
        threshold: as in `cells.read_texts`.

    Raises:
        InputError: no column names the queries.
    """
    plain = [plain_name(name) for name in names]
    if len(set(plain)) < len(plain) and set(plain[1:]) <= {"0", "1", "0.0", "1.0", "true", "false", ""}:
        raise InputError(
            f"{file}: the first line, {shorten(','.join(names))!r}, holds grades; it must name the columns: 'query', "
            "then one model each"
        )
    grades = [
        False if name in (*NOT_MODELS, *DATASET_NAMES) else _holds_grades(table.codes[:, j], reading, j, threshold)
        for j, name in enumerate(plain)
    ]
    query, notes, by_dataset = _query_column(names, plain, table, grades, query_column, file)
    others = [j for j in range(len(names)) if j != query]
    dataset = _first(DATASET_NAMES, plain, others)
    prompt = _first(PROMPT_NAMES, plain, [j for j in others if j != dataset and grades[j] is False])
    # A comma at the end of every line makes a last column of nothing.
    rest = [j for j in others if j not in (dataset, prompt) and not (names[j].strip() == "" and grades[j] is None)]
    models = [j for j in rest if grades[j] is not False]
    if not any(grades[j] for j in models):
        models = rest  # whatever is wrong with these cells is then said
    if aside := [j for j in rest if j not in models]:
        notes.append(
            f"{counted(len(aside), 'column')} without grades set aside: {list_names([names[j] for j in aside], 8)}."
        )
    for what, j in (("dataset", dataset), ("prompt", prompt)):
        if j is not None and plain[j] != what:
            notes.append(f"Column {shorten(names[j])!r} was taken for the {what} of a query.")
    return Layout(query, dataset, prompt, tuple(models), tuple(aside), tuple(notes), by_dataset)


def _query_column(
    names: Sequence[str],
    plain: Sequence[str],
    table: TextColumns,
    grades: Sequence[bool | None],
    wanted: str | None,
    file: str,
) -> tuple[int | None, list[str], bool]:
    """Position of the column that names the queries, what was guessed about it, and whether names repeat by dataset."""
    if wanted is not None:
        if wanted not in names:
            raise InputError(f"data.query_column: {wanted!r} is not a column of {file}: {list_names(names, 8)}")
        j = list(names).index(wanted)
        return j, [], _unique_by_dataset(table, j, plain)
    unique = [j for j in range(len(names)) if plain[j] == "query" or _names_rows(table, j)]
    query = _first(QUERY_NAMES, plain, unique)
    if query is not None:
        known = plain[query] == "query"
        said = [] if known else [f"Column {shorten(names[query])!r} was taken for the names of the queries."]
        return query, said, False
    strong = [name for name in QUERY_NAMES if name not in WEAK_QUERY_NAMES]
    if (query := _first(strong, plain, range(len(names)))) is not None:
        if _unique_by_dataset(table, query, plain):
            note = f"Column {shorten(names[query])!r}, with the dataset, was taken for the names of the queries."
            return query, [note], True
        texts, sizes = np.unique(table.codes[:, query], return_counts=True)
        again = table.texts[int(texts[sizes.argmax()])]
        wrong = f"has {shorten(again)!r} {int(sizes.max())} times"
        if blank := int(sum(size for t, size in zip(texts, sizes, strict=True) if not table.texts[t].strip())):
            wrong = f"is blank in {counted(blank, 'row')}"
        raise InputError(
            f"{file}: column {shorten(names[query])!r} {wrong}; names of queries are unique, and data.query_column= "
            "says which column holds them"
        )
    if grades and grades[0] is False and plain[0] not in NOT_MODELS and _names_rows(table, 0):
        return 0, [f"The first column, {shorten(names[0])!r}, was taken for the names of the queries."], False
    if all(holds is not False or plain[j] in (*NOT_MODELS, *DATASET_NAMES) for j, holds in enumerate(grades)):
        return None, [NUMBERED], False
    raise InputError(f"{file}: no column names the queries; data.query_column= says which, of {list_names(names, 8)}")


def _first(wanted: Sequence[str], plain: Sequence[str], positions: Sequence[int]) -> int | None:
    """Of some columns, the first with the most telling name; None where none has one of the wanted names."""
    return next((j for name in wanted for j in positions if plain[j] == name), None)


def _names_rows(table: TextColumns, column: int) -> bool:
    """Whether every cell of a column is filled and no two are equal."""
    used, sizes = np.unique(table.codes[:, column], return_counts=True)
    return bool((sizes == 1).all()) and all(table.texts[t].strip() for t in used)


def _unique_by_dataset(table: TextColumns, column: int, plain: Sequence[str]) -> bool:
    """Whether names repeat, and each is there once in a dataset."""
    if "dataset" not in plain or _names_rows(table, column):
        return False
    both = table.codes[:, [plain.index("dataset"), column]]
    return len(np.unique(both, axis=0)) == len(both) and all(table.texts[t].strip() for t in np.unique(both[:, 1]))


def _holds_grades(codes: np.ndarray, reading: Reading, column: int, threshold: float | None) -> bool | None:
    """Whether a column holds grades; None where all its cells are missing.

    It does if at least half of its filled cells are grades, and if it holds shares between 0 and 1 and one of these:
    such a column is never left out because a threshold is not stated.
    """
    used, sizes = np.unique(codes, return_counts=True)
    states, scores = reading.states[used, column], reading.scores[used]
    filled = states != Cell.MISSING
    if not filled.any():
        return None
    outside = (scores < 0) | (scores > 1)
    if threshold is not None and threshold <= 1 and outside.any():
        return False
    if not np.isnan(scores[filled]).any() and not outside.any() and (states[filled] >= 0).any():
        return True
    return bool(sizes[filled & (states >= 0)].sum() >= sizes[filled].sum() / 2)
