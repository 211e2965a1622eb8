"""Values of facts: a number, taken as exact, or an interval."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from cofail_lab.errors import InputError


class Limits(NamedTuple):
    """What is known of a value: it lies in [low, high]."""

    low: float
    high: float

    @property
    def exact(self) -> bool:
        """Whether the value is known."""
        return self.low == self.high


def limits(value: Any, field: str) -> Limits:
    """A probability or an interval of probabilities.

    Raises:
        InputError: it is neither; the message names ``field``.
    """
    pair: list[Any] = (
        list(value) if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2 else [value] * 2
    )
    numbers = all(isinstance(end, Real) and not isinstance(end, bool) and math.isfinite(end) for end in pair)
    if not numbers or not 0 <= pair[0] <= pair[1] <= 1:
        raise InputError(f"{field}: {value!r}; a probability, or an interval [low, high] of them, is accepted")
    return Limits(float(pair[0]), float(pair[1]))


def swappable(table: Mapping[tuple[int, ...], Limits], n_models: int) -> np.ndarray:
    """A label per model: two have the same one where exchanging them leaves a table of sets as it is, (m,).

    Args:
        table: limits by sorted tuple of models.
        n_models: m.
    """
    of_model: list[list[tuple[int, ...]]] = [[] for _ in range(n_models)]
    for members in table:
        for model in members:
            of_model[model].append(members)
    label, leaders = np.full(n_models, -1), []
    for model in range(n_models):
        for number, leader in enumerate(leaders):
            if _same(table, of_model, model, leader):
                label[model] = number
                break
        else:
            label[model] = len(leaders)
            leaders.append(model)
    return label


def _same(
    table: Mapping[tuple[int, ...], Limits], of_model: Sequence[Sequence[tuple[int, ...]]], one: int, other: int
) -> bool:
    if len(of_model[one]) != len(of_model[other]):
        return False
    for source, target in ((one, other), (other, one)):
        for members in of_model[source]:
            if target not in members:
                exchanged = tuple(sorted(target if model == source else model for model in members))
                if table.get(exchanged) != table[members]:
                    return False
    return True
