"""Sources of outcomes: one reader per format, each with ``load() -> Grades`` (`data=counts` gives totals)."""

from pathlib import Path

from cofail_lab.data.wide import SUFFIXES, WideSource
from cofail_lab.errors import InputError
from cofail_lab.grades import Selection
from cofail_lab.outcomes import Outcomes


def load_outcomes(
    path: str | Path,
    format: str | None = None,  # noqa: A002  (the public name)
    *,
    dataset: str | list[str] | None = None,
    models: str | list[str] | None = None,
    min_coverage: float = 0.0,
    pool_size: int | None = None,
    seed: int = 0,
) -> Outcomes:
    """Read a file of graded answers and keep the complete queries.

    Args:
        path: a wide CSV, CSV.gz or Parquet file.
        format: ``csv`` or ``parquet``; None guesses from the extension.
        dataset, models, min_coverage, pool_size, seed: see `grades.Selection`.

    Raises:
        InputError: one line that names the file and what is wrong with it.
    """
    if format not in (None, *SUFFIXES):
        raise InputError(f"format: {format!r} is not one of {', '.join(SUFFIXES)}")
    selection = Selection(dataset=dataset, models=models, min_coverage=min_coverage, pool_size=pool_size, seed=seed)
    return WideSource(str(path), format).load().select(selection).outcomes()  # type: ignore[arg-type]
