"""One fact at many values: the CVXPY problem is built once, and every value only moves numbers in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.declared.certificate import certify
from cofail_lab.bounds.declared.program import InfeasibleFactsError, Program
from cofail_lab.bounds.declared.structures import Independent

if TYPE_CHECKING:
    from cofail_lab.bounds.declared.facts import Fact
    from cofail_lab.bounds.declared.frechet_class import FrechetClass
    from cofail_lab.bounds.declared.targets import Target


class Sweep(NamedTuple):
    """Limits of a target at each value of a fact; nan where no law has it.

    Attributes:
        values: of the fact.
        lower, upper: limits with their violations charged, as those of `FrechetClass.range`.
    """

    values: Float[np.ndarray, " v"]
    lower: Float[np.ndarray, " v"]
    upper: Float[np.ndarray, " v"]


def sweep(known: FrechetClass, fact: Fact, target: Target, values: Sequence[float] | Float[np.ndarray, " v"]) -> Sweep:
    """Limits at many values of one fact.

    Args:
        known: the class without the fact.
        fact: of one row; its own value is not looked at.
        target: what is asked.
        values: in [0, 1].
    """
    wider = known.given(fact)
    upper = [_Side(wider, target, 1)]
    lower = [_Side(wider, piece, -1) for piece in wider.lower_targets(target)]
    # One side at all values, then the other: each solution is a good start for the next value, not for the other side.
    high = np.max([[side.limit(value) for value in values] for side in upper], axis=0)
    low = -np.max([[side.limit(value) for value in values] for side in lower], axis=0)
    return Sweep(np.asarray(values, dtype=float), np.maximum(low, 0), np.minimum(high, 1))


class _Side:
    """One program whose last unconditional fact is moved."""

    def __init__(self, wider: FrechetClass, target: Target, sign: int):
        states = wider.states(target)
        self.program: Program = wider.program(states, target)
        # Rows of facts stand in their order; those that follow from independence come after them all.
        self.moved = sum(rows.fact != "independent" for rows in self.program.rows) - 1
        if len(self.program.rows[self.moved].low) != 1:
            raise ValueError("the fact that is moved has more than one row")
        self.pieces, self.sign = sign * target.pieces(states), sign
        self.independent = [fact for fact in wider.facts if isinstance(fact, Independent)]
        # What follows from independence prices the value in the matrix.
        self.line = None if self.independent else self.program.line(self.moved)
        self.solved = False

    def limit(self, value: float) -> float:
        ends = np.array([value])
        right = None if self.line is None or not self.solved else self.line.at(value)
        rows = list(self.program.rows[: self.moved + 1])
        rows[self.moved] = replace(rows[self.moved], low=ends, high=ends)
        rows += [more for fact in self.independent for more in fact.conditioned(self.program.states, rows)]
        if right is None:
            for fact, (low, high) in zip(rows, self.program.limits, strict=True):
                low.value, high.value = fact.low, fact.high
        try:
            solved = self.program.maximize(self.pieces, right=right)
        except InfeasibleFactsError:
            return np.nan
        self.solved = True
        proof = certify(self.program.states, rows, self.pieces, self.sign, solved.weights, solved.multipliers)
        return proof.limit
