"""What a class of laws says about a target: limits, the laws that attain them, and proofs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.bounds.declared.certificate import Certificate
from cofail_lab.bounds.declared.targets import Target


@dataclass(frozen=True, eq=False)
class Law:
    """A joint law with finitely many states.

    Attributes:
        sizes: models in each group, (groups,).
        groups: the models of each.
        n_wrong_in: number of wrong in each group, (states, groups); models of a group are exchangeable.
        cell: of each state, (states,).
        probs: their probabilities, (states,), > 0, summing to one.
        value: of the target.
        residual: how much it misses a fact by at most.
    """

    sizes: Int[np.ndarray, " g"]
    groups: tuple[tuple[int, ...], ...]
    n_wrong_in: Int[np.ndarray, "s g"]
    cell: Int[np.ndarray, " s"]
    probs: Float[np.ndarray, " s"]
    value: float
    residual: float

    def count_probs(self) -> Float[np.ndarray, " m+1"]:
        """P(C = j), j = 0..m."""
        return np.bincount(self.n_wrong_in.sum(axis=1), self.probs, minlength=int(self.sizes.sum()) + 1)

    def pairwise_wrong(self) -> Float[np.ndarray, "g g"]:
        """P(both wrong) for models of two groups; on the diagonal for two models of one (nan where it has one)."""
        share = self.n_wrong_in / self.sizes
        table = (share * self.probs[:, None]).T @ share
        with np.errstate(invalid="ignore"):
            own = self.probs @ (share * (self.n_wrong_in - 1)) / np.where(self.sizes > 1, self.sizes - 1, np.nan)
        table[np.diag_indices(len(table))] = own
        return table


@dataclass(frozen=True, eq=False)
class DeclaredRange:
    """The interval of a target over a class of laws.

    Attributes:
        target: what was asked.
        lower, upper: no law of the class lies outside.
        sharp: whether both are attained (to 1e-7) by laws of the class, those below; else they are outer limits.
        method: how they were obtained.
        lower_law, upper_law: laws that attain them, or come nearest; None where a method gives none.
        certificates: proofs; of the lower limit one for each piece of the target, last that of the upper one.
    """

    target: Target
    lower: float
    upper: float
    sharp: bool
    method: str
    lower_law: Law | None
    upper_law: Law | None
    certificates: tuple[Certificate, ...] = ()

    @property
    def width(self) -> float:
        """What is left open."""
        return self.upper - self.lower
