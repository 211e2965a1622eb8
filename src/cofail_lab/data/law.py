"""`data=law`: a matrix drawn from an error law, which is then analysed like an observed matrix."""

from dataclasses import dataclass

import jax
import numpy as np

from cofail_lab import checks
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.models import AbstractErrorLaw, BlockFactor


@dataclass(frozen=True)
class LawSource:
    """Draws queries from a law.

    Attributes:
        law: any error law.
        n_queries: number of queries.
        seed: of the draw; the same seed gives the same matrix, and the same first rows for any n_queries.
    """

    law: AbstractErrorLaw
    n_queries: int
    seed: int

    def __post_init__(self) -> None:
        if not isinstance(self.law, AbstractErrorLaw):
            raise InputError("data=law: name the law to draw from, such as law=common_shock")
        checks.whole("data.n_queries", self.n_queries, 2)
        checks.whole("data.seed", self.seed, 0)

    def load(self) -> Grades:
        """Draw the matrix, every cell right or wrong; a block law also gives the families of the models."""
        wrong = np.asarray(self.law.sample(jax.random.key(self.seed), self.n_queries))
        name = type(self.law).__name__
        return Grades(
            cells=np.where(wrong, Cell.WRONG, Cell.RIGHT).astype(np.int8),
            queries=tuple(f"q{i}" for i in range(1, self.n_queries + 1)),
            models=tuple(f"m{j}" for j in range(1, self.law.n_models + 1)),
            source=f"draws from {name}",
            per_model={"family": np.array(self.law.block, dtype=object)} if isinstance(self.law, BlockFactor) else {},
            notes=(f"{self.n_queries} queries drawn from {name} with seed {self.seed}.",),
        )
