"""The processes of a fit: its replicates, its tail test and its laws from `workers.Workers`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from cofail_lab.experiments.workers import Workers

if TYPE_CHECKING:
    import numpy as np

    from cofail_lab.fitting.comparison.law_fits import LawFit
    from cofail_lab.fitting.readings.tail_test import TailTest
    from cofail_lab.fitting.replicates.stages import Stage

PRELOADED = "cofail_lab.fitting.tasks"
"""What the processes import before there is a fit."""


class FitWorkers(Workers):
    """Processes that compute `fitting.tasks.LawTasks` and, once there is a point fit, `fitting.tasks.Tasks`."""

    def stages(self, stages: Mapping[str, Stage]) -> dict[str, Stage]:
        """The same stages, with the batches that were sent computed by the processes."""
        return {name: stage._replace(batch=partial(self.result, "replicates", name)) for name, stage in stages.items()}

    def arrived(self, stage: str) -> list[int]:
        """First replicates of the batches that are computed, and that nobody has asked for yet."""
        return [start for name, start in self.waiting("replicates") if name == stage]

    def tail(self) -> TailTest | None:
        """The smooth laws of difficulty against an atom."""
        return self.result("tail")

    def whole(self, law: str, /) -> LawFit:
        """A law on the whole matrix."""
        return self.result("whole", law)

    def part(self, law: str, part: int, /) -> np.ndarray:
        """Log P(C) of the queries of a part, under the law fitted to the others."""
        return self.result("part", law, part)
