"""Sources of matrices at hand, for experiments."""

from typing import Any

import numpy as np

from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.grades import Grades
from tests.policies.pool import topics


class Fixed:
    """A source of a matrix at hand."""

    def __init__(self, grades: Grades) -> None:
        self.grades = grades

    def load(self) -> Grades:
        return self.grades


def inputs_from(wrong, **columns):
    n, m = wrong.shape
    grades = Grades(
        wrong.astype(np.int8), tuple(f"q{i}" for i in range(n)), tuple(f"m{j}" for j in range(m)), "made up", **columns
    )
    return Inputs(RunOptions(), source=lambda: Fixed(grades))


def topic_inputs(policies: dict[str, Any], n: int = 240, **columns: Any) -> Inputs:
    """Inputs with policies and the pool of topics, with features, costs and confidences."""
    data = topics(n, 0)
    features = {**data.features.columns, **columns.pop("per_query", {})}
    base = inputs_from(~data.right, per_query=features, per_cell={"cost": data.cost, "confidence": data.confidence})
    return Inputs(
        RunOptions(), source=base.source, policies={name: (lambda p=policy: p) for name, policy in policies.items()}
    )
