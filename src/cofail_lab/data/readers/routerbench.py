"""RouterBench's wide table: ``sample_id``, ``prompt``, ``eval_name`` and, for every model, a score and its cost.

Schema: ``utils.py`` and ``convertors/common.py`` of github.com/withmartian/routerbench (commit 30e0925): column ``X``
holds the performance of model X in [0, 1], ``X|model_response`` its answer, ``X|total_cost`` dollars;
``oracle_model_to_route_to`` is not a model. The published files are pickles, and opening a pickle runs the code in it:
they are refused, with two lines of Python that convert them to Parquet where this can do no harm.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cofail_lab.data import files, tables
from cofail_lab.data.file_source import LogSource
from cofail_lab.data.names import shorten
from cofail_lab.data.records import Records
from cofail_lab.data.rule import raw_score
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_COST = "|total_cost"
_PICKLES = (".pkl", ".pickle")
_TABLES = (*tables.CSV_SUFFIXES, *tables.PARQUET_SUFFIXES)
_SCORER = "performance"


@dataclass(frozen=True)
class RouterBenchSource(LogSource):
    """RouterBench tables; scores between 0 and 1 need `data.threshold`."""

    patterns: ClassVar[tuple[str, ...]] = tuple(f"*{suffix}" for suffix in (*_TABLES, *_PICKLES))

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A table with ``sample_id`` and columns that end in ``|total_cost``, or a pickle, which `read` refuses."""
        if files.ends_in(path, _PICKLES):
            return "a pickle, as RouterBench publishes"
        if not files.ends_in(path, _TABLES):
            return ""
        try:
            names = tables.header(path)
        except InputError:
            return ""
        recognised = "sample_id" in names and any(name.endswith(_COST) for name in names)
        return "a table with columns sample_id and MODEL|total_cost" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add the table model by model; empty scores are missing."""
        if files.ends_in(path, _PICKLES):
            raise InputError(_refusal(path.name))
        if not files.ends_in(path, _TABLES):
            raise InputError(f"data.path: {str(path)!r} does not end in {' or '.join(_TABLES)}")
        self.rule.choose([_SCORER], path.name)
        names = tables.header(path)
        models = [name for name in names if f"{name}{_COST}" in names]
        if "sample_id" not in names or not models:
            raise InputError(
                f"{path.name}: no column 'sample_id' with MODEL and MODEL|total_cost columns among "
                f"{shorten(', '.join(names), 120)}"
            )
        costs = [f"{model}{_COST}" for model in models]
        columns = tables.read_columns(path, {"sample_id", "eval_name", "prompt", *models, *costs})
        for model, cost in zip(models, costs, strict=True):
            where = f"{path.name}: column {model!r}"
            dollars = tables.numbers(columns[cost], f"{path.name}: column {cost!r}")
            if (dollars < 0).any():
                raise InputError(f"{path.name}: column {cost!r}: {np.nanmin(dollars):g} is not a cost >= 0")
            states, scores = self._graded(columns[model], where)
            records.extend(
                columns["sample_id"],
                [model] * len(states),
                states,
                dataset=columns.get("eval_name"),
                prompt=columns.get("prompt") if model == models[0] else None,
                score=scores,
                cost=dollars,
            )
        return []

    def _graded(self, column: Any, where: str) -> tuple[np.ndarray, np.ndarray]:
        """States and scores of a column; the rule is applied to each different text once."""
        codes, texts = tables.coded(column, where)
        states = np.full(len(texts), Cell.MISSING, np.int8)
        scores = np.full(len(texts), math.nan)
        for code in np.unique(codes):
            if text := texts[code].strip():
                states[code] = self.rule.state(text, where)
                scores[code] = raw_score(text)
        return states[codes], scores[codes]


def _refusal(name: str) -> str:
    """Why a pickle is not read, and how to convert it."""
    return (
        f"{shorten(name)}: opening a pickle runs the code in it, so it is not read; convert it where this can do no "
        f"harm (a container without network), with `import pandas` and "
        f"`pandas.read_pickle({name!r}).to_parquet('routerbench.parquet')`, then data.path=routerbench.parquet"
    )
