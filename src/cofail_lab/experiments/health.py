"""`experiment=health`: faults of a matrix that could produce a common mode."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cofail_lab import checks
from cofail_lab.data.health.checks import examine
from cofail_lab.data.model_info import read_model_info
from cofail_lab.data.names import list_names
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report.health import LABELS, health_rows, health_section, health_table
from cofail_lab.report.numbers import count
from cofail_lab.result import Result, Section


@dataclass(frozen=True)
class Health:
    """The checks of `data.health` on the matrix as it was read.

    Attributes:
        published: accuracies published elsewhere: a mapping from models to shares, or the path of a table with columns
            ``model`` and ``accuracy``; None leaves the check out.
    """

    published: Mapping[str, float] | str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.published, Mapping | str | None):
            raise InputError(
                f"experiment.published: {self.published!r} is not a mapping from models to accuracies or a path"
            )

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Load the matrix and examine it."""
        del progress  # instant
        published = self._published()
        grades = inputs.grades()
        strangers = sorted(set(published) - set(grades.models))
        if strangers and len(strangers) == len(published):
            raise InputError(
                f"experiment.published: none of its models, such as {strangers[0]!r}, is in {grades.source}"
            )
        findings = examine(grades, published)
        section = health_section(grades, findings)
        unused = (f"Published scores of models that are not here: {list_names(strangers)}.",) if strangers else ()
        counts = {name: sum(f.count for f in findings if f.check == name) for name in LABELS}
        n, m = grades.cells.shape
        what = f"{count(n)} queries × {count(m)} models from {grades.source}"
        concerns = ", ".join(dict.fromkeys(LABELS[finding.check] for finding in findings))
        return Result(
            headline=f"{what}: {f'look at {concerns}' if concerns else 'nothing found that should worry you'}.",
            metrics={
                "n_models": m,
                "n_queries": n,
                "n_findings": len(findings),
                **{f"n_{name}": number for name, number in counts.items()},
            },
            labels={"source": grades.source, "findings": ", ".join(dict.fromkeys(f.check for f in findings))},
            tables={"findings": health_table(findings)},
            sections=(
                Section(section.title, (*section.sentences, *unused), health_rows(grades, findings, bool(published))),
                Section("How the matrix was read", grades.notes),
            ),
        )

    def _published(self) -> dict[str, float]:
        if self.published is None:
            return {}
        if isinstance(self.published, str):
            entries: dict[str, Any] = {
                model: entry.get("accuracy", "") for model, entry in read_model_info(self.published).items()
            }
        else:
            entries = {str(model): value for model, value in self.published.items()}
        stated = {}
        for model, value in entries.items():
            try:
                stated[model] = float(value)
            except (TypeError, ValueError):
                raise InputError(f"experiment.published: {model}: {value!r} is not an accuracy in [0, 1]") from None
            checks.share(f"experiment.published: {model}", stated[model], "percentages are given as fractions")
        return stated
