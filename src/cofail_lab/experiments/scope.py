"""`experiment=scope`: systems that may answer what no member said, beside the ceiling of the members alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions import scope
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report import scope as words
from cofail_lab.result import Result
from cofail_lab.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cofail_lab.grades import Grades


@dataclass(frozen=True)
class ScopeOfACeiling:
    """1 - β bounds every policy whose output is a member's answer (P1.i), and no other system.

    Attributes:
        members: the pool: names, patterns or ``column=pattern``, as ``data.models``.
        systems: the same for the systems; none may be a member.
        others: further columns to compare with, such as a second prompt of the same models; None for none.
    """

    members: str | Sequence[str]
    systems: str | Sequence[str]
    others: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        for field in ("members", "systems", "others"):
            checks.patterns(f"experiment.{field}", getattr(self, field))
            if getattr(self, field) is None and field != "others":
                raise InputError(f"experiment.{field}: null; names or patterns of models are needed")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Compare them on the queries that all of these answered."""
        del progress  # done in an instant
        grades = inputs.grades()
        groups = {
            name: _selected(grades, name, patterns)
            for name, patterns in (("members", self.members), ("systems", self.systems), ("others", self.others))
            if patterns is not None
        }
        names = list(groups)
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                if both := sorted(set(groups[first]) & set(groups[second])):
                    raise InputError(f"experiment.{second}: {both[0]!r} is one of experiment.{first} too")
        compared = np.isin(grades.models, [model for group in groups.values() for model in group])
        outcomes = grades.take(columns=compared).outcomes()
        place = {name: j for j, name in enumerate(outcomes.models)}
        right = {name: ~outcomes.wrong[:, [place[model] for model in chosen]] for name, chosen in groups.items()}
        read = scope(right["members"], right["systems"])
        beside = scope(right["members"], right["others"]) if "others" in right else None
        sentence = words.headline(read, groups)
        return Result(
            headline=sentence,
            metrics=words.metrics(read, beside),
            labels={
                "decision": sentence,
                "best_member": groups["members"][int(np.argmax(read.members))],
                "best_system": groups["systems"][int(np.argmax(read.systems))],
            },
            tables={"systems": words.table(read, groups["systems"])},
            sections=words.sections(read, beside, groups, outcomes.notes),
        )


def _selected(grades: Grades, field: str, patterns: str | Sequence[str]) -> tuple[str, ...]:
    try:
        return grades.select(replace(Selection(), models=patterns)).models
    except InputError as error:
        raise InputError(str(error).replace("data.models", f"experiment.{field}")) from None
