"""The parts of a fit that do not depend on each other: any process can compute any of them, to the same bits."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cofail_lab.fitting.calibration import Calibration
from cofail_lab.fitting.comparison.law_fits import LawFit, LawFits
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.tail_test import SIMULATED, TailTest
from cofail_lab.fitting.replicates.bootstrap import JACKKNIFE_GROUPS
from cofail_lab.fitting.replicates.stages import Replicates, Stage
from cofail_lab.fitting.resampling import Bootstrap
from cofail_lab.outcomes import Outcomes


@dataclass(frozen=True)
class Tasks:
    """What is left to compute of a fit after its point fit. It can be sent to another process.

    Attributes:
        fit: the point fit.
        bootstrap: replicates asked for.
        null: matrices asked for from each null law.
        atom: size of the common mode that the power is computed for.
        seed: of everything that is drawn at random.
        groups: that the jackknife leaves out in turn, at most.
        n_histograms: simulated from every smooth law of difficulty.
    """

    fit: MatrixFit
    bootstrap: int
    null: int
    atom: float
    seed: int
    groups: int = JACKKNIFE_GROUPS
    n_histograms: int = SIMULATED

    @cached_property
    def resampling(self) -> Bootstrap:
        """The bootstrap and the jackknife."""
        return Bootstrap(self.fit, self.bootstrap, self.seed, self.groups)

    @cached_property
    def calibration(self) -> Calibration:
        """The null calibration."""
        return Calibration(self.fit, self.null, self.atom, self.seed, self.n_histograms)

    @cached_property
    def resampled(self) -> Mapping[str, Stage]:
        """The stages of the bootstrap."""
        return self.resampling.stages()

    @cached_property
    def simulated(self) -> Mapping[str, Stage]:
        """The stages of the null calibration."""
        return self.calibration.stages()

    def replicates(self, stage: str, start: int) -> Replicates:
        """The batch of a stage that begins with a replicate."""
        stages = self.resampled if stage in self.resampled else self.simulated
        return stages[stage].batch(start)

    def tail(self) -> TailTest | None:
        """The smooth laws of difficulty against an atom; None in pools that are too large."""
        return self.calibration.tail_test()


@dataclass(frozen=True)
class LawTasks:
    """The fits of the comparison of laws, which need no point fit. They can be sent to another process.

    Attributes:
        outcomes: the matrix.
        seed: of the parts of the queries.
        folds: number of these parts.
    """

    outcomes: Outcomes
    seed: int
    folds: int

    @cached_property
    def laws(self) -> LawFits:
        """The fits of the comparison of laws."""
        return LawFits.of(self.outcomes, self.folds, self.seed)

    def whole(self, law: str) -> LawFit:
        """A law on the whole matrix."""
        return self.laws.whole(law)

    def part(self, law: str, part: int) -> np.ndarray:
        """Log P(C) of the queries of a part, under a law fitted to the others."""
        return self.laws.part(law, part)
