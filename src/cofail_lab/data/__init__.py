"""Sources of outcomes, each with ``load() -> Grades``; `data=counts` alone loads totals."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cofail_lab.outcomes import Outcomes
from cofail_lab.selection import Selection


def load_outcomes(
    path: str | Path | Sequence[str | Path] | Any,
    format: str | None = None,  # noqa: A002  (the public name)
    *,
    scorer: str | Sequence[str] | Mapping[str, str] | None = None,
    threshold: float | None = None,
    join: Literal["id", "content"] | None = None,
    name: str | None = None,
    registry: str | Path | None = None,
    query_column: str | None = None,
    dataset: str | list[str] | None = None,
    models: str | list[str] | None = None,
    min_coverage: float = 0.0,
    pool_size: int | None = None,
    seed: int = 0,
    limits: Literal["as_graded", "missing", "wrong"] = "as_graded",
    errors: Literal["missing", "wrong"] = "missing",
    unanswered: Literal["missing", "wrong"] = "missing",
    **keys: Any,
) -> Outcomes:
    """Read files of graded answers and keep the queries that every model answered.

    Args:
        path: a file, a folder, a pattern or a list of them; several are joined. A data frame or an array is taken as
            it is (`frames.from_dataframe` has its options).
        format: a name in `formats.FORMATS`; None (or ``auto``) guesses from what the files hold.
        scorer, threshold: which of the scores decides, and the lowest score of a right answer (`rule.Rule`).
        join, name: how queries of several files match, and what their models are called (`file_source.FileSource`).
        registry: table of models, or ``roster`` (`file_source.FileSource`).
        query_column: of a table with a row per query, the column that names the queries (`readers.wide.WideSource`).
        dataset, models, min_coverage, pool_size, seed, limits, errors, unanswered: see `grades.Selection`.
        keys: other keys of the format, as in its YAML: ``filter="strict-match"``, ``query="question_id"``.

    Raises:
        InputError: one line that names the file and what is wrong with it.
    """
    from dataclasses import fields

    from cofail_lab.data.auto import AutoSource
    from cofail_lab.data.formats import FORMATS, source_class
    from cofail_lab.errors import InputError

    if not isinstance(path, str | Path | list | tuple):
        from cofail_lab.data.frames import array_grades, frame_grades

        selection = Selection(dataset, models, min_coverage, pool_size, seed, limits, errors, unanswered)
        unread = {"format": format, "join": join, "name": name, "registry": registry, "scorer": scorer, **keys}
        if isinstance(path, np.ndarray):
            unread |= {"query_column": query_column, "threshold": threshold}
        if given := [key for key, value in unread.items() if value is not None]:
            raise InputError(f"{given[0]}: only for files; cl.from_dataframe has the options of a data frame")
        grades = array_grades(path) if isinstance(path, np.ndarray) else frame_grades(path, query_column, threshold)
        return grades.select(selection).outcomes()
    reader = AutoSource if format in (None, "auto") else source_class(format)
    paths = str(path) if isinstance(path, str | Path) else [str(one) for one in path]
    values: dict[str, Any] = {**keys, "path": paths, "join": join, "name": name}
    values |= {} if registry is None else {"registry": str(registry)}
    rule = {"scorer": scorer, "threshold": threshold, "query_column": query_column}
    values |= {key: value for key, value in rule.items() if value is not None}
    known = {field.name for field in fields(reader)}
    if stray := [key for key in values if key not in known]:
        raise InputError(f"{stray[0]}: format {format!r} has no such option; the formats are {', '.join(FORMATS)}")
    if "format" in known:
        values["format"] = format
    selection = Selection(dataset, models, min_coverage, pool_size, seed, limits, errors, unanswered)
    return reader(**values).load().select(selection).outcomes()
