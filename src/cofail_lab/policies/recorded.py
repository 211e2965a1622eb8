"""`recorded`: choices that were made elsewhere, such as by a language model that routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cofail_lab.data.files import local_path
from cofail_lab.errors import InputError
from cofail_lab.policies.base import AbstractFitted, AbstractPolicy, Choices, View
from cofail_lab.policies.graded import Graded


@dataclass(frozen=True)
class FittedRecorded(AbstractFitted):
    """Picks by query name; a query without one goes to the train-best model."""

    picks: Mapping[str, int]
    best: int

    def decide(self, view: View) -> Choices:
        """The recorded picks."""
        chosen = [self.picks.get(str(query), self.best) for query in view.features.queries]
        return Choices.pick(np.array(chosen, dtype=int), view.n_models)


@dataclass(frozen=True)
class Recorded(AbstractPolicy):
    """A table of picks: a column ``query``, and a column ``model`` with the model that was chosen for it.

    Attributes:
        path: of a CSV, CSV.gz or Parquet file.
    """

    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path:
            raise InputError(f"policy.recorded.path: {self.path!r} is not the path of a table with query and model")

    def fit(self, train: Graded, seed: int) -> FittedRecorded:
        """Read the picks.

        Raises:
            InputError: no such columns, a model that is not in the pool, a query with two picks.
        """
        del seed
        return FittedRecorded(self._picks(train), train.best)

    def remark(self, graded: Graded) -> str | None:
        """How many of the queries have no pick. Raises InputError where none has one."""
        from cofail_lab.data.names import shorten

        picks, queries = self._picks(graded), graded.features.queries
        if picks.keys().isdisjoint(map(str, queries)):
            raise InputError(
                f"{local_path(self.path).name}: none of its {len(picks)} queries is one of the matrix, such as "
                f"{shorten(str(queries[0]))!r}"
            )
        lacking = sum(str(query) not in picks for query in queries)
        if not lacking:
            return None
        have, go = ("has", "goes") if lacking == 1 else ("have", "go")
        return f"{lacking:,} of {graded.n_queries:,} queries {have} no pick and {go} to the train-best model"

    def _picks(self, graded: Graded) -> dict[str, int]:
        """Query -> position of the model."""
        from cofail_lab.data.names import shorten
        from cofail_lab.data.tables import read_sheet

        models = graded.models
        path = local_path(self.path)
        sheet = read_sheet(path)
        for name in ("query", "model"):
            if name not in sheet.header:
                raise InputError(f"{path.name}: no column {name!r} among {shorten(', '.join(sheet.header), 80)}")
        query, model = sheet.header.index("query"), sheet.header.index("model")
        position = {name: i for i, name in enumerate(models)}
        picks: dict[str, int] = {}
        for row in sheet.rows:
            if row[model] not in position:
                raise InputError(
                    f"{path.name}: query {shorten(row[query])!r} went to {shorten(row[model])!r}, which is not one of "
                    f"the {len(models)} models"
                )
            if picks.get(row[query], position[row[model]]) != position[row[model]]:
                raise InputError(f"{path.name}: query {shorten(row[query])!r} has two different picks")
            picks[row[query]] = position[row[model]]
        return picks
