"""What no policy can pass, beside every policy: 1 - β, the certificate, and the routable ceiling of repeated runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.bounds.least_of_many import mean_limits

_DELTA = 0.05


class Routable(NamedTuple):
    """E max_i π_i, which no choice made before the answers can pass in one run (P10.i): an upper bound from runs.

    Attributes:
        value: mean over queries of the greatest share of right runs; in expectation at least E max π.
        upper: its upper limit, two-sided 95%.
        gain_upper: that limit less the accuracy in one run of the best model.
    """

    value: float
    upper: float
    gain_upper: float


@dataclass(frozen=True)
class Repeated:
    """Repeated runs behind the cells of a matrix.

    Attributes:
        share: of right runs, (n, m); the grade itself where a model ran once.
        runs: number of runs, >= 1, (n, m).
        one_graded: whether a cell is the grade of one of its runs; else, as where it is that of their majority, its
            chance to be right can be above that of a run.
    """

    share: Float[np.ndarray, "n m"]
    runs: Int[np.ndarray, "n m"]
    one_graded: bool

    @classmethod
    def of(
        cls,
        right: Bool[np.ndarray, "n m"],
        models: Int[np.ndarray, " k"],
        right_runs: Int[np.ndarray, "n k"],
        runs: Int[np.ndarray, "n k"],
        samples: np.ndarray | None,
    ) -> Repeated:
        """From the numbers of runs of some models; ``samples`` are the runs one by one, the graded one first."""
        share, total = right.astype(float), np.ones(right.shape, dtype=int)
        share[:, models], total[:, models] = right_runs / runs, runs
        first = samples is not None and np.ndim(samples) == 3 and bool((samples[..., 0] == right).all())
        return cls(share, total, first)

    @cached_property
    def routable(self) -> Routable:
        """The ceiling of all models: one that ran once counts with its grade, which is right π of the time too."""
        fewest = float(1 / (1 / self.runs).mean(axis=0).max())
        greatest = self.share.max(axis=1)
        upper = mean_limits(greatest, _DELTA, fewest)[1]
        return Routable(float(greatest.mean()), upper, upper - float(self.share.mean(axis=0).max()))


@dataclass(frozen=True)
class Ceilings:
    """Ceilings of a matrix.

    Attributes:
        certificate: on the oracle gain, P1.iv and P1.v.
        oracle: 1 - β of the complete queries.
        single_best: in-sample accuracy of the best model.
        repeated: runs behind the cells; None where there are none.
    """

    certificate: Certificate
    oracle: float
    single_best: float
    repeated: Repeated | None = None
