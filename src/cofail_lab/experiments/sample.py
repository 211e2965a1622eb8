"""`experiment=sample`: a matrix drawn from an error law, in the wide format that `data=parquet` reads back."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cofail_lab import checks
from cofail_lab.data.law import LawSource
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report.numbers import number
from cofail_lab.result import Result, Row, Section


@dataclass(frozen=True)
class Sample:
    """Draw queries and compare the rates drawn with those of the law.

    Attributes:
        n_queries: number of queries; None takes ``run.draws``.
    """

    n_queries: int | None

    def __post_init__(self) -> None:
        if self.n_queries is not None:
            checks.whole("experiment.n_queries", self.n_queries, 2)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:  # noqa: ARG002  (seconds at most)
        """Draw the matrix; table ``sample`` holds a column ``query`` and one column per model, 1 right, 0 wrong."""
        law, options = inputs.law(), inputs.options
        n = options.draws if self.n_queries is None else self.n_queries
        grades = LawSource(law, n, options.seed).load()
        right = np.asarray(grades.cells == 0, dtype=np.int8)
        table = pa.table({"query": list(grades.queries), **dict(zip(grades.models, right.T, strict=True))})
        drawn, exact = float((right.sum(axis=1) == 0).mean()), law.all_wrong_estimate()
        rates = np.asarray(law.error_rates)
        name = type(law).__name__
        return Result(
            headline=f"{n} queries drawn from {name} with {law.n_models} models; tables/sample.parquet holds them.",
            metrics={
                "n_models": law.n_models,
                "n_queries": n,
                "n_all_wrong": int((right.sum(axis=1) == 0).sum()),
                "all_wrong": drawn,
                "all_wrong_of_law": exact.value,
                "error_rate": float(1 - right.mean()),
                "error_rate_of_law": float(rates.mean()),
            },
            labels={"law": name},
            estimates={"all_wrong_of_law": exact},
            tables={"sample": table},
            sections=(
                Section(
                    title="Drawn matrix",
                    sentences=("Fit it back with data=parquet and data.path=<run folder>/tables/sample.parquet.",),
                    rows=(
                        Row("all wrong, drawn", number(drawn), f"law: {number(exact.value)}"),
                        Row("mean error rate, drawn", number(float(1 - right.mean())), f"law: {number(rates.mean())}"),
                    ),
                ),
            ),
        )
