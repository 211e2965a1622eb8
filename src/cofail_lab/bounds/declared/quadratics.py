"""Facts about at most two models at a time as quadratic forms in who is wrong."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.bounds.declared.facts import EventRate, Fact, Moments, Monotone, Pairs, SetRates
from cofail_lab.bounds.declared.limits import Limits
from cofail_lab.bounds.declared.pool import Pool


class Quadratic(NamedTuple):
    """limits.low <= E[Σ coefficient · (product of the models' errors)] <= limits.high.

    Attributes:
        terms: coefficient by sorted tuple of up to two models; the empty one is the constant.
        limits: of the mean.
    """

    terms: dict[tuple[int, ...], float]
    limits: Limits

    def matrix(self, n_models: int) -> Float[np.ndarray, "n n"]:
        """The form on z z', z = (1, E_1, ..., E_m)."""
        table = np.zeros((n_models + 1, n_models + 1))
        for members, weight in self.terms.items():
            at = (0, *(model + 1 for model in members))[-2:]
            table[at if len(at) == 2 else (0, 0)] += weight
        return table


def of_fact(fact: Fact, pool: Pool) -> list[Quadratic]:
    """Its forms; none for a fact that speaks of more models at a time."""
    m = pool.n_models
    if isinstance(fact, SetRates):
        return [Quadratic({members: 1.0}, ends) for members, ends in fact.table.items() if len(members) <= 2]
    if isinstance(fact, Pairs):
        return [
            Quadratic({(i, j): 1.0}, Limits(float(fact.low[i, j]), float(fact.high[i, j])))
            for i, j in combinations(range(m), 2)
        ]
    if isinstance(fact, Moments):
        sets = {k: list(combinations(range(m), k)) for k in fact.table if k <= 2}
        return [Quadratic(dict.fromkeys(of, 1 / len(of)), fact.table[k]) for k, of in sets.items()]
    if isinstance(fact, Monotone):
        pairs = combinations(fact.order, 2)
        return [Quadratic({(a,): 1.0, tuple(sorted((a, b))): -1.0}, fact.slack) for a, b in pairs]
    return _of_event(fact) if isinstance(fact, EventRate) else []


class _Patterns:
    """The answers of at most two models."""

    def __init__(self, models: tuple[int, ...]):
        self.models = models
        self.wrong = ((np.arange(2 ** len(models))[:, None] >> np.arange(len(models))) & 1).astype(int)

    def n_wrong(self, models: tuple[int, ...]) -> np.ndarray:
        return self.wrong[:, [self.models.index(model) for model in models]].sum(axis=1)

    def in_cell(self, cell: int) -> np.ndarray:
        raise LookupError(cell)


def _of_event(fact: EventRate) -> list[Quadratic]:
    models = tuple(sorted(fact.event.models | (fact.given.models if fact.given else frozenset())))
    if not 1 <= len(models) <= 2:
        return []
    patterns = _Patterns(models)
    try:
        holds = fact.event.holds(patterns)
        condition = np.ones(len(holds), dtype=bool) if fact.given is None else fact.given.holds(patterns)
    except LookupError:
        return []
    both = (holds & condition).astype(float)
    if fact.given is None:
        return [Quadratic(_multilinear(both, models), fact.limits)]
    # low P(given) <= P(both) <= high P(given), as two forms with one end each.
    above = _multilinear(both - fact.limits.high * condition, models)
    below = _multilinear(both - fact.limits.low * condition, models)
    return [Quadratic(above, Limits(-1.0, 0.0)), Quadratic(below, Limits(0.0, 1.0))]


def _multilinear(values: np.ndarray, models: tuple[int, ...]) -> dict[tuple[int, ...], float]:
    """Coefficients of a function of one or two indicators, from its values at 0, 1, or 00, 10, 01, 11."""
    terms: dict[tuple[int, ...], float] = {(): float(values[0]), (models[0],): float(values[1] - values[0])}
    if len(models) == 2:
        terms[(models[1],)] = float(values[2] - values[0])
        terms[models] = float(values[3] - values[2] - values[1] + values[0])
    return terms
