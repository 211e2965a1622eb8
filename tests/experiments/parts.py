"""Stages of a fit with chosen numbers, and a progress that notes its steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import cofail_lab as cl
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.replicates.stages import Replicates, Stage
from tests.conftest import outcomes_from


def outcomes_by_hand(n: int = 30, m: int = 3) -> cl.Outcomes:
    return outcomes_from(np.arange(n * m).reshape(n, m) % 5 == 0)


def batch_of(start: int, size: int) -> Replicates:
    values = np.arange(start, start + size, dtype=float)
    return Replicates(values, values + 0.5, PointFit(*(values + 1 for _ in PointFit._fields)), {})


def stage_of(n: int, size: int) -> Stage:
    return Stage(n, size, lambda start: batch_of(start, min(size, n - start)))


class Shown:
    """A progress that notes its steps."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[int, int]] = {}

    @contextmanager
    def __call__(self, description: str, total: int) -> Iterator[Any]:
        done: list[int] = []
        yield done.append
        self.steps[description] = (total, sum(done))

    def plan(self, seconds: Any) -> None:
        del seconds
