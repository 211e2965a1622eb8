"""What to measure next: which further rate, pair, triple or moment would narrow an interval most.

A candidate is expected to have the value of the least committed law of the class, the one of greatest entropy: that
orders candidates as the truth does better than values half-way between the two ends (docs/bounds.md). A candidate
matters where the laws at the ends of the interval have other values: only there are they ruled out. Those farthest from
both are solved again, once with the value exactly, once with the box that a number of graded queries leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.declared.facts import Fact, Moments, Pairs, SetRates
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.states import States
from cofail_lab.bounds.sampling_designs import bounded_mean_limits
from cofail_lab.errors import InputError

if TYPE_CHECKING:
    from cofail_lab.bounds.declared.frechet_class import DeclaredRange, FrechetClass

_SCREENED = 12
# Widths up to here are rounding: nothing is left open.
_CLOSED = 1e-6
# Sets of models that stand for all alike ones; beyond this many, triples are left out.
_MOST_SETS = 3000


@dataclass(frozen=True)
class NextFact:
    """A measurement and what it would do.

    Attributes:
        kind: ``rates``, ``some_pairs``, ``triples`` or ``moments``.
        models: to be graded on the same queries; of a moment all.
        order: k of a moment, size of the set otherwise.
        expected: the value assumed, that of the least committed law.
        lower, upper: limits then, were it known exactly.
        lower_sampled, upper_sampled: limits with the 95% box from ``queries`` graded queries.
        queries: graded by each of the models.
    """

    kind: str
    models: tuple[int, ...]
    order: int
    expected: float
    lower: float
    upper: float
    lower_sampled: float
    upper_sampled: float
    queries: int

    @property
    def width(self) -> float:
        """What is left open were it known exactly."""
        return self.upper - self.lower

    @property
    def width_sampled(self) -> float:
        """What is left open after the queries."""
        return self.upper_sampled - self.lower_sampled

    @property
    def gradings(self) -> int:
        """Answers to grade: queries times models."""
        return self.queries * len(self.models)

    def fact(self, value: Limits) -> Fact:
        """The fact that measuring it gives."""
        return Moments({self.order: value}) if self.kind == "moments" else SetRates(self.kind, {self.models: value})


def next_facts(known: FrechetClass, found: DeclaredRange, queries: int = 200, most: int = _SCREENED) -> list[NextFact]:
    """The best measurements, the one that leaves least open first.

    Args:
        known: the class.
        found: the target's interval over it.
        queries: graded for the measurement.
        most: candidates that are solved again.
    """
    if found.lower_law is None or found.upper_law is None or found.width <= _CLOSED:
        return []
    spread, laws = [], [found.lower_law, found.upper_law]
    laws.append(known.least_committed(found.target) or laws[1])
    for kind, models, order in _candidates(known, found):
        low, high, middle = (_mean(known, law, kind, models, order) for law in laws)
        # How far the value expected is from what both ends have: where it is that of an end, that end stays.
        apart = abs(high - middle) + abs(low - middle)
        spread.append((apart, -len(models), kind, models, order, middle))
    spread.sort(key=lambda entry: entry[:2], reverse=True)
    solved = []
    for gap, _, kind, models, order, expected in spread[:most]:
        if gap <= 1e-9:
            break
        blank = NextFact(kind, models, order, expected, 0.0, 1.0, 0.0, 1.0, queries)
        box = _box(expected, queries, kind)
        try:
            exact = known.given(blank.fact(Limits(expected, expected))).range(found.target)
            sampled = known.given(blank.fact(box)).range(found.target)
        except InputError:
            # By rounding, a value on the edge of what the class has.
            continue
        solved.append(
            replace(
                blank,
                lower=max(found.lower, exact.lower),
                upper=min(found.upper, exact.upper),
                lower_sampled=max(found.lower, sampled.lower),
                upper_sampled=min(found.upper, sampled.upper),
            )
        )
    return sorted(solved, key=lambda fact: (fact.width_sampled, fact.width, len(fact.models)))


def _box(value: float, queries: int, kind: str) -> Limits:
    """The 95% limits after this many queries if the observed rate is this value."""
    if kind == "moments":
        return Limits(*bounded_mean_limits(value, queries, 0.025))
    low, high = clopper_pearson(value * queries, queries, 0.05)
    return Limits(float(low), float(high))


def _mean(known: FrechetClass, law, kind: str, models: tuple[int, ...], order: int) -> float:
    if kind == "moments":
        m = known.pool.n_models
        wrong = law.n_wrong_in.sum(axis=1)
        return float(law.probs @ np.prod([np.maximum(wrong - i, 0) / (m - i) for i in range(order)], axis=0))
    group_of = {model: g for g, members in enumerate(law.groups) for model in members}
    share = np.ones(len(law.probs))
    for g, size in zip(*np.unique([group_of[model] for model in models], return_counts=True), strict=True):
        for k in range(int(size)):
            share = share * np.maximum(law.n_wrong_in[:, g] - k, 0) / (law.sizes[g] - k)
    return float(law.probs @ share)


def _candidates(known: FrechetClass, found: DeclaredRange) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Sets of one to three models, one of those that nothing tells apart, and the next moments, less what is known."""
    told = {members for fact in known.facts if isinstance(fact, SetRates) for members in fact.table}
    if any(isinstance(fact, Pairs) for fact in known.facts):
        told |= set(combinations(range(known.pool.n_models), 2)) if known.pool.n_models <= 200 else set()
    every_pair = any(isinstance(fact, Pairs) for fact in known.facts)
    states: States = known.states(found.target)
    groups = [members for part in states.groups for members in part]
    for size, kind in ((1, "rates"), (2, "some_pairs"), (3, "triples")):
        if (size == 2 and every_pair) or len(groups) ** size / (1, 2, 6)[size - 1] > _MOST_SETS:
            continue
        for chosen in combinations_with_replacement(range(len(groups)), size):
            counts = {g: chosen.count(g) for g in chosen}
            if all(n <= len(groups[g]) for g, n in counts.items()):
                members = tuple(sorted(model for g, n in counts.items() for model in groups[g][:n]))
                if members not in told:
                    yield kind, members, size
    orders = {k for fact in known.facts if isinstance(fact, Moments) for k in fact.table}
    everyone = tuple(range(known.pool.n_models))
    if orders or len(groups) < len(everyone):
        for k in range(1, min(max(orders, default=0) + 1, len(everyone)) + 1):
            if k not in orders:
                yield "moments", everyone, k
