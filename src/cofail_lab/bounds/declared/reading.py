"""One question about a pool, read in full: its interval, how every fact narrows it, and what to measure next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab.bounds.declared.answer import DeclaredRange
from cofail_lab.bounds.declared.facts import Fact, SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.next_fact import NextFact, next_facts
from cofail_lab.bounds.declared.targets import Target, target
from cofail_lab.errors import InputError


@dataclass(frozen=True, eq=False)
class Step:
    """The interval with the first facts.

    Attributes:
        fact: kind of the last of them; empty for none.
        lower, upper: limits.
    """

    fact: str
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class Reading:
    """What some facts say about a target.

    Attributes:
        known: the class.
        found: the interval.
        steps: the interval with no fact, the first one, the first two, ...
        next: what to measure next, the best first.
        truth: the target's value in the matrix that gave facts; None without one.
    """

    known: FrechetClass
    found: DeclaredRange
    steps: tuple[Step, ...]
    next: tuple[NextFact, ...]
    truth: float | None


def read(known: FrechetClass, text: str, field: str, queries: int, matrix: Matrix | None = None) -> Reading:
    """Everything about one target.

    Args:
        known: the class.
        text: what is asked, one of `targets.FORMS`.
        field: named in errors about it.
        queries: graded for the measurement that is advised.
        matrix: where facts were measured, if they were.

    Raises:
        InputError: facts that no law has, or a target that is none.
    """
    asked = target(text, known.pool, field, best(known.facts, known.pool.n_models))
    found = known.range(asked)
    steps = []
    for n, kind in enumerate(["", *map(_kind, known.facts)]):
        so_far = found if n == len(known.facts) else FrechetClass(known.pool, known.facts[:n]).range(asked)
        steps.append(Step(kind, so_far.lower, so_far.upper))
    return Reading(known, found, tuple(steps), tuple(next_facts(known, found, queries)), _truth(asked, matrix))


def best(facts: Sequence[Fact], n_models: int) -> tuple[int, ...]:
    """Models with known error rates, least often wrong first."""
    middle = {
        model: (ends.low + ends.high) / 2
        for fact in facts
        if isinstance(fact, SetRates) and fact.kind == "rates"
        for (model,), ends in fact.table.items()
    }
    return tuple(sorted((model for model in range(n_models) if model in middle), key=middle.__getitem__))


def _kind(fact: Fact) -> str:
    return getattr(fact, "kind", type(fact).__name__.lower())


def _truth(asked: Target, matrix: Matrix | None) -> float | None:
    if matrix is None or not len(matrix.wrong):
        return None
    if asked.event is None:
        wrong = matrix.wrong[:, list(asked.singled)]
        return float(wrong.mean(axis=0).min() - wrong.all(axis=1).mean())
    try:
        return float(np.mean(asked.event.holds(matrix)))
    except InputError:
        # A matrix does not know cells.
        return None
