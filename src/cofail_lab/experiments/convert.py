"""`experiment=convert`: any source in the wide format, with everything beside the cells in companions."""

from dataclasses import dataclass

from cofail_lab.data.wide_writer import wide_tables
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.grades import Cell
from cofail_lab.report.numbers import count, percent
from cofail_lab.result import Result, Row, Section


@dataclass(frozen=True)
class Convert:
    """Write what a source holds, after selection, as ``tables/grades.parquet`` and its companions.

    `data=parquet` reads them back to the same matrix: the same names in the same order, every cell in its state,
    numbers bit for bit.
    """

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load, select and write; a sentence names the columns that the format has no place for."""
        del progress  # seconds at most
        grades = inputs.grades()
        tables, without_place = wide_tables(grades)
        states = {state: int((grades.cells == state).sum()) for state in Cell}
        n, m = grades.cells.shape
        rows = [
            Row(state.name.lower(), count(number), percent(number / max(n * m, 1))) for state, number in states.items()
        ]
        sentences = [
            *grades.notes,
            "Fit it with data=parquet data.path=<run folder>/tables/grades.parquet; the companions are found by name.",
        ]
        if without_place:
            sentences.append(f"The wide format has no place for: {', '.join(without_place)}.")
        companions = ", ".join(name.removeprefix("grades.") for name in tables if name.startswith("grades."))
        return Result(
            headline=(
                f"{count(n)} queries × {count(m)} models from {grades.source} are in tables/grades.parquet"
                + (f", with {companions} beside it." if companions else ".")
            ),
            metrics={"n_models": m, "n_queries": n, **{f"n_{s.name.lower()}": number for s, number in states.items()}},
            labels={"source": grades.source, "companions": companions},
            tables=tables,
            sections=(Section("Converted matrix", tuple(sentences), tuple(rows)),),
        )
