"""`experiment=sample`: a matrix drawn from an error law, in the wide format that `data=parquet` reads back."""

from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.data.law import LawSource
from cofail_lab.data.wide_writer import matrix_table
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Cell
from cofail_lab.report.numbers import percent
from cofail_lab.result import Result, Row, Section


@dataclass(frozen=True)
class Sample:
    """Draw queries and compare the rates drawn with those of the law.

    Attributes:
        n_queries: number of queries; None for ``run.draws``.
    """

    n_queries: int | None

    def __post_init__(self) -> None:
        if self.n_queries is not None:
            checks.whole("experiment.n_queries", self.n_queries, 2)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Draw the matrix; table ``sample`` holds a column ``query`` and one column per model, 1 right, 0 wrong."""
        del progress  # seconds at most
        law, options = inputs.law(), inputs.options
        n = options.draws if self.n_queries is None else self.n_queries
        grades = LawSource(law, n, options.seed).load()
        right = grades.cells == Cell.RIGHT
        n_all_wrong = int((~right.any(axis=1)).sum())
        drawn, exact = n_all_wrong / n, law.all_wrong_estimate()
        error_rate, rates = float(1 - right.mean()), np.asarray(law.error_rates)
        name = type(law).__name__
        return Result(
            headline=f"{n:,} queries drawn from {name} with {law.n_models} models; tables/sample.parquet holds them.",
            metrics={
                "n_models": law.n_models,
                "n_queries": n,
                "n_all_wrong": n_all_wrong,
                "all_wrong": drawn,
                "all_wrong_of_law": exact.value,
                "error_rate": error_rate,
                "error_rate_of_law": float(rates.mean()),
            },
            labels={"law": name},
            estimates={"all_wrong_of_law": exact},
            tables={"sample": matrix_table(grades)},
            sections=(
                Section(
                    title="Drawn matrix",
                    sentences=("Fit it back with data=parquet and data.path=<run folder>/tables/sample.parquet.",),
                    rows=(
                        Row("all wrong, drawn", percent(drawn), f"law: {percent(exact.value)}"),
                        Row("mean error rate, drawn", percent(error_rate), f"law: {percent(float(rates.mean()))}"),
                    ),
                ),
            ),
        )
