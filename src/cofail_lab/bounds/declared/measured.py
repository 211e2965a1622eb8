"""Facts measured in a matrix, or read off a law: as they are, or with boxes that hold together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.declared.events import Event
from cofail_lab.bounds.declared.facts import Pairs
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.sampling_designs import bounded_mean_limits
from cofail_lab.errors import InputError

if TYPE_CHECKING:
    from cofail_lab.models import AbstractErrorLaw


@dataclass(frozen=True, eq=False)
class Matrix:
    """Graded answers as a source of facts.

    Attributes:
        wrong: (queries, models).
        names: of the models; None where they have none.
        delta: error probability of all boxes together; None takes the matrix as the population.
        n_facts: values that are measured.
    """

    wrong: Bool[np.ndarray, "n m"]
    names: tuple[str, ...] | None = None
    delta: float | None = None
    n_facts: int = 1

    @property
    def n_models(self) -> int:
        """m."""
        return self.wrong.shape[1]

    def boxed(self, delta: float | None, n_facts: int) -> Matrix:
        """The same with boxes: each value's at δ / n_facts (Bonferroni)."""
        return replace(self, delta=delta, n_facts=max(n_facts, 1))

    def all_wrong(self, models: Sequence[int]) -> Limits:
        """P(everyone in a set wrong)."""
        return self._share(int(self.wrong[:, list(models)].all(axis=1).sum()), len(self.wrong))

    def pairs(self) -> Pairs:
        """P(both wrong) of every pair."""
        ends = np.zeros((2, self.n_models, self.n_models))
        for i, j in combinations(range(self.n_models), 2):
            ends[:, i, j] = ends[:, j, i] = self.all_wrong((i, j))
        return Pairs(ends[0], ends[1])

    def moment(self, k: int) -> Limits:
        """p_k: the mean of a variable in [0, 1], C(C, k)/C(m, k)."""
        share = np.array([comb(c, k) / comb(self.n_models, k) for c in range(self.n_models + 1)])
        mean = float(share[self.wrong.sum(axis=1)].mean())
        if self.delta is None:
            return Limits(mean, mean)
        return Limits(*bounded_mean_limits(mean, len(self.wrong), self.delta / (2 * self.n_facts)))

    def event(self, happens: Event, given: Event | None) -> Limits:
        """P(event), or P(event | another)."""
        holds = happens.holds(self)
        if given is None:
            return self._share(int(holds.sum()), len(holds))
        condition = given.holds(self)
        if not condition.any():
            raise InputError(f"known.events: {given.text!r} happens on no query of the matrix; nothing to measure")
        return self._share(int((holds & condition).sum()), int(condition.sum()))

    def n_wrong(self, models: tuple[int, ...]) -> np.ndarray:
        """Number of wrong models of a set, per query."""
        return self.wrong[:, list(models)].sum(axis=1)

    def in_cell(self, cell: int) -> np.ndarray:
        """A matrix does not say which cell a query is in."""
        raise InputError(f"known.events: cell({cell}) cannot be measured in a matrix; a value is needed")

    def _share(self, count: int, n: int) -> Limits:
        if self.delta is None:
            return Limits(count / n, count / n)
        low, high = clopper_pearson(count, n, self.delta / self.n_facts)
        return Limits(float(low), float(high))


@dataclass(frozen=True, eq=False)
class OfLaw(Matrix):
    """An error law as a source of exact facts."""

    law: AbstractErrorLaw | None = None

    @classmethod
    def of(cls, law: AbstractErrorLaw) -> OfLaw:
        """The law's rates, pairs, triples and moments."""
        return cls(np.zeros((0, len(np.asarray(law.error_rates))), dtype=bool), law=law)

    def boxed(self, delta: float | None, n_facts: int) -> OfLaw:
        """A law has no sampling error."""
        del delta, n_facts
        return self

    @cached_property
    def _pairs(self) -> np.ndarray:
        return np.asarray(self.law.pairwise_wrong(), dtype=float)  # type: ignore[union-attr]

    def all_wrong(self, models: Sequence[int]) -> Limits:
        """By the law of the sub-pool."""
        members = list(models)
        if len(members) <= 2:
            value = float(self._pairs[members[0], members[-1]])
        else:
            value = float(self.law.subpool(members).all_wrong())  # type: ignore[union-attr]
        return Limits(value, value)

    def pairs(self) -> Pairs:
        """The law's table."""
        return Pairs(self._pairs, self._pairs)

    def moment(self, k: int) -> Limits:
        """From the law of C."""
        probs = np.asarray(self.law.count_probs(), dtype=float)  # type: ignore[union-attr]
        share = np.array([comb(c, k) / comb(self.n_models, k) for c in range(self.n_models + 1)])
        value = float(share @ (probs / probs.sum()))
        return Limits(value, value)

    def event(self, happens: Event, given: Event | None) -> Limits:
        """Not offered."""
        del given
        raise InputError(f"known.events: {happens.text!r} is measured in a matrix only; a law needs a value")
