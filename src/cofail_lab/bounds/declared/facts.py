"""Facts about the joint law of errors, one class per kind: each gives its inequalities on the states of the law.

A fact's rows say ``low · E[given] <= E[value] <= high · E[given]`` for functions of the state; ``given`` is 1 unless
the fact is conditional. ``labels`` tells which models a fact does not tell apart: a law averaged over exchanges of
those still has the fact.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, prod
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from jaxtyping import Float

from cofail_lab.bounds.block_lp import find_groups
from cofail_lab.bounds.declared.events import Event
from cofail_lab.bounds.declared.limits import Limits, swappable
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.states import Sparse, States

Whole = Callable[[int], tuple[np.ndarray, int]]


@dataclass(frozen=True, eq=False)
class Rows:
    """The inequalities of one fact.

    Attributes:
        fact: kind of the fact.
        labels: what each row is about, for messages.
        value: (rows, states), sparse.
        low, high: (rows,), equal where the value is exact.
        models: those each row concerns.
        given: (rows, states), sparse; None for rows that are not conditional.
        whole: row r's values as Python integers over a denominator; None where they are no such fractions.
    """

    fact: str
    labels: tuple[str, ...]
    value: Sparse
    low: Float[np.ndarray, " r"]
    high: Float[np.ndarray, " r"]
    models: tuple[frozenset[int], ...]
    given: Sparse | None = None
    whole: Whole | None = None


class Fact(Protocol):
    """What is known of a joint law."""

    def labels(self, pool: Pool) -> np.ndarray:
        """A label per model, equal for models that the fact does not tell apart, (m,)."""
        ...

    def rows(self, states: States) -> Rows | None:
        """Its inequalities; None for a fact that shapes the atoms."""
        ...


def _of_sets(kind: str, sets: Sequence[tuple[int, ...]], known: Sequence[Limits], states: States) -> Rows:
    """Rows of P(everyone in a set is wrong)."""
    bounds = np.array(known).reshape(-1, 2)
    return Rows(
        kind,
        tuple(f"P({states.pool.listed(members)} wrong)" for members in sets),
        sp.csr_matrix(sp.vstack([sp.csr_matrix(states.all_wrong(members)) for members in sets])),
        bounds[:, 0],
        bounds[:, 1],
        tuple(frozenset(members) for members in sets),
        whole=lambda row: states.whole_all_wrong(sets[row]),
    )


@dataclass(frozen=True)
class SetRates:
    """P(every model of a set is wrong), for some sets: rates, some pairs, triples.

    Attributes:
        kind: ``rates``, ``some_pairs`` or ``triples``.
        table: limits by sorted tuple of models.
    """

    kind: str
    table: Mapping[tuple[int, ...], Limits]

    def labels(self, pool: Pool) -> np.ndarray:
        """By swapping any two models."""
        if self.kind == "rates":
            seen: dict[Limits | None, int] = {}
            found = [self.table.get((model,)) for model in range(pool.n_models)]
            return np.array([seen.setdefault(value, len(seen)) for value in found])
        return swappable(self.table, pool.n_models)

    def rows(self, states: States) -> Rows:
        """One row for sets that the states do not tell apart."""
        chosen: dict[tuple[int, ...], tuple[int, ...]] = {}
        for members in self.table:
            chosen.setdefault(tuple(sorted(states.group_of[list(members)])), members)
        return _of_sets(self.kind, list(chosen.values()), [self.table[members] for members in chosen.values()], states)


@dataclass(frozen=True, eq=False)
class Pairs:
    """P(i and j wrong) for every pair.

    Attributes:
        low, high: symmetric tables, (m, m); the diagonal is not looked at.
    """

    low: Float[np.ndarray, "m m"]
    high: Float[np.ndarray, "m m"]
    kind: str = "pairs"

    def labels(self, pool: Pool) -> np.ndarray:
        """By swapping any two models."""
        del pool
        return joint_labels([find_groups(np.where(np.eye(len(ends)) > 0, 0.0, ends)) for ends in (self.low, self.high)])

    def rows(self, states: States) -> Rows:
        """One row for pairs that the states do not tell apart."""
        groups = [members for part in states.groups for members in part]
        pairs = [(a[0], b[0]) for a, b in combinations(groups, 2)] + [g[:2] for g in groups if len(g) > 1]
        bounds = [Limits(float(self.low[i, j]), float(self.high[i, j])) for i, j in pairs]
        return _of_sets(self.kind, pairs, bounds, states)


@dataclass(frozen=True)
class Moments:
    """p_k, the mean over sets of k models of the probability that the whole set is wrong.

    Attributes:
        table: limits by k >= 1.
    """

    table: Mapping[int, Limits]

    def labels(self, pool: Pool) -> np.ndarray:
        """All models are alike."""
        return np.zeros(pool.n_models, dtype=int)

    def rows(self, states: States) -> Rows:
        """E[C(C, k)] / C(m, k), k by k."""
        m, orders = states.pool.n_models, sorted(self.table)
        wrong = states.n_wrong_in.sum(axis=1)
        shares = [prod(np.maximum(wrong - i, 0) / (m - i) for i in range(k)) for k in orders]
        ways = {k: np.array([comb(c, k) for c in range(m + 1)], dtype=object) for k in orders}
        bounds = np.array([self.table[k] for k in orders])
        return Rows(
            "moments",
            tuple(f"p_{k} (mean over sets of {k})" for k in orders),
            sp.csr_matrix(np.array(shares)),
            bounds[:, 0],
            bounds[:, 1],
            (frozenset(range(m)),) * len(orders),
            whole=lambda row: (ways[orders[row]][wrong], comb(m, orders[row])),
        )


@dataclass(frozen=True)
class EventRate:
    """P(event), or P(event | another one).

    Attributes:
        kind: ``events`` or ``conditional``.
        event: what may happen.
        limits: of its probability.
        given: what is known to happen; None for no condition.
    """

    kind: str
    event: Event
    limits: Limits
    given: Event | None = None

    def labels(self, pool: Pool) -> np.ndarray:
        """By the sets that the event counts."""
        return set_labels([*self.event.sets, *(self.given.sets if self.given else ())], pool)

    def rows(self, states: States) -> Rows:
        """One row."""
        holds = self.event.holds(states)
        condition = None if self.given is None else self.given.holds(states)
        both = holds if condition is None else holds & condition
        text = self.event.text if self.given is None else f"{self.event.text} | {self.given.text}"
        return Rows(
            self.kind,
            (f"P({text})",),
            sp.csr_matrix(both[None].astype(float)),
            np.array([self.limits.low]),
            np.array([self.limits.high]),
            (self.event.models | (self.given.models if self.given else frozenset()),),
            None if condition is None else sp.csr_matrix(condition[None].astype(float)),
            (lambda _: (both.astype(int).astype(object), 1)) if condition is None else None,
        )


@dataclass(frozen=True)
class Monotone:
    """Better models fail where worse ones do: P(a wrong, b right) is at most the slack wherever a is better than b.

    Attributes:
        order: models, best first.
        slack: limits of every such probability, low end 0.
    """

    order: tuple[int, ...]
    slack: Limits

    def labels(self, pool: Pool) -> np.ndarray:
        """Every model of the order stands alone."""
        return set_labels([(model,) for model in self.order], pool)

    def rows(self, states: States) -> Rows:
        """One row for each better and worse model."""
        pairs = list(combinations(self.order, 2))
        single = {model: states.all_wrong((model,)) for model in self.order}
        value = np.array([single[a] - states.all_wrong((a, b)) for a, b in pairs])
        return Rows(
            "monotone",
            tuple(f"P({states.pool.name(a)} wrong, {states.pool.name(b)} right)" for a, b in pairs),
            sp.csr_matrix(value),
            np.full(len(pairs), self.slack.low),
            np.full(len(pairs), self.slack.high),
            tuple(frozenset(pair) for pair in pairs),
            whole=lambda row: (np.rint(value[row]).astype(int).astype(object), 1),
        )


@dataclass(frozen=True)
class Cells:
    """Shares of the cells of a partition of the queries, summing to one."""

    shares: tuple[Limits, ...]

    def labels(self, pool: Pool) -> np.ndarray:
        """All models are alike."""
        return np.zeros(pool.n_models, dtype=int)

    def rows(self, states: States) -> Rows:
        """One row a cell."""
        inside = np.array([states.in_cell(cell) for cell in range(len(self.shares))])
        return Rows(
            "cells",
            tuple(f"share of cell {cell}" for cell in range(len(self.shares))),
            sp.csr_matrix(inside.astype(float)),
            np.array([share.low for share in self.shares]),
            np.array([share.high for share in self.shares]),
            (frozenset(),) * len(self.shares),
            whole=lambda row: (inside[row].astype(object), 1),
        )


def joint_labels(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Labels that are equal where all the given ones are, (m,)."""
    return np.unique(np.stack(labels), axis=1, return_inverse=True)[1].reshape(-1)


def set_labels(sets: Sequence[Sequence[int]], pool: Pool) -> np.ndarray:
    """Labels that are equal for models in the same ones of some sets, (m,)."""
    inside = np.zeros((len(sets) + 1, pool.n_models), dtype=int)
    for number, members in enumerate(sets):
        inside[number, list(members)] = 1
    return joint_labels(list(inside))
