"""Few facts on few states, finished in rational arithmetic: limits without any numerical error.

The float program proposes the basis. Moments of many models leave so little room that floats alone can be wrong about
it (docs/bounds.md, "Why rationals").
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np

from cofail_lab.bounds.declared.facts import Rows
from cofail_lab.bounds.declared.states import States
from cofail_lab.bounds.exact_simplex import InfeasibleError, maximize

MOST_ROWS, MOST_ENTRIES = 14, 40_000
"""Programs up to this size are finished in rationals: about a second."""
# Exact values given as floats may miss the laws by rounding alone; then they count as intervals of this width.
_ROUNDING = Fraction(1, 2**50)


class ExactSide(NamedTuple):
    """The greatest mean of a function of the state, the law that has it, and the prices of the facts.

    Attributes:
        value: of the mean, with what rounding takes from the function's values.
        law: (states,).
        multipliers: one for each row of each fact.
    """

    value: Fraction
    law: np.ndarray
    multipliers: list[np.ndarray]


def fits(states: States, rows: Sequence[Rows]) -> bool:
    """Whether the program is small enough, and all of it rational."""
    n_rows = 1 + sum(len(fact.low) + int((fact.low < fact.high).sum()) for fact in rows)
    whole = states.free and all(fact.whole is not None for fact in rows)
    return bool(whole and n_rows <= MOST_ROWS and n_rows * states.n_states <= MOST_ENTRIES)


def finish(states: States, rows: Sequence[Rows], cost: np.ndarray, guess: np.ndarray | None) -> ExactSide:
    """Solve in rationals from the law that a float program found, if any.

    Args:
        states, rows: of the class; `fits` is true of them.
        cost: function of the state, (states,); its values are whole numbers over a common multiple of the group sizes.
        guess: law to take the first basis from, (states,).

    Raises:
        InfeasibleError: no law has the facts, not even up to the rounding of their values.
        ValueError: some facts follow from others, so that there is no basis to finish, or the cost is no such function.
    """
    try:
        return _solve(states, rows, cost, guess, Fraction(0))
    except InfeasibleError:
        return _solve(states, rows, cost, guess, _ROUNDING)


def _solve(
    states: States, rows: Sequence[Rows], cost: np.ndarray, guess: np.ndarray | None, width: Fraction
) -> ExactSide:
    n = states.n_states
    table, right, place, slack = [np.ones(n, dtype=object)], [Fraction(1)], [], []
    for number, fact in enumerate(rows):
        for r in range(len(fact.low)):
            values, denominator = _whole(fact, r)
            low, high = Fraction(float(fact.low[r])) * (1 - width), Fraction(float(fact.high[r])) * (1 + width)
            for end, sign in ((low, 0),) if low == high else ((high, 1), (low, -1)):
                if sign and (end <= 0 if sign < 0 else end >= 1):
                    # Every value lies between 0 and 1.
                    continue
                table.append(values)
                right.append(end * denominator)
                place.append((number, r, denominator))
                slack.append((len(table) - 1, sign * denominator))
    added = [(row, size) for row, size in slack if size]
    columns = np.zeros((len(table), n + len(added)), dtype=object)
    for row, values in enumerate(table):
        columns[row, :n] = values
    for j, (row, size) in enumerate(added):
        columns[row, n + j] = size
    # A share of a group's models is a whole number over its size.
    scale = lcm(*map(int, states.sizes))
    scaled = np.rint(scale * cost).astype(int).astype(object)
    rounded = max(abs(Fraction(c) - Fraction(w, scale)) for c, w in zip(cost.tolist(), scaled, strict=True))
    if rounded > 1e-12:
        raise ValueError("cost: no whole numbers over the sizes of the groups")
    whole = np.concatenate([scaled, np.zeros(len(added), dtype=object)])
    loose = (
        []
        if guess is None
        else [n + j for j, (row, size) in enumerate(added) if _is_loose(table[row], right[row], size, guess)]
    )
    vertex = maximize(columns, right, whole, _candidates(n, len(added), len(table), guess, loose))
    multipliers = [np.array([Fraction(0)] * len(fact.low), dtype=object) for fact in rows]
    for (number, r, denominator), price in zip(place, vertex.dual[1:], strict=True):
        multipliers[number][r] += price * denominator / scale
    law = np.zeros(n)
    for j, value in zip(vertex.basis, vertex.solution, strict=True):
        if j < n:
            law[j] = float(value)
    return ExactSide(vertex.value / scale + rounded, law / law.sum(), multipliers)


def _whole(fact: Rows, row: int) -> tuple[np.ndarray, int]:
    if fact.whole is None:
        raise ValueError(f"{fact.labels[row]}: no row of integers")
    return fact.whole(row)


def _is_loose(values: np.ndarray, end: Fraction, size: int, guess: np.ndarray) -> bool:
    """Whether the float law stays away from an end of an interval, whose slack is then in the basis."""
    mean = sum(Fraction(guess[j]) * int(values[j]) for j in np.flatnonzero(guess))
    return bool((end - mean) / size > 1e-9)


def _candidates(
    n_states: int, n_slacks: int, n_rows: int, guess: np.ndarray | None, loose: Sequence[int]
) -> Iterator[int]:
    """Columns in the order in which they enter the first basis: what the float law uses, then its neighbours."""
    used = [] if guess is None else [int(j) for j in np.argsort(-guess, kind="stable") if guess[j] > 1e-11]
    yield from used
    yield from loose
    for j in used:
        yield from (i for i in (j - 1, j + 1) if 0 <= i < n_states)
    yield from range(n_states + n_slacks - 1, n_states - 1, -1)
    yield from (int(j) for j in np.linspace(0, n_states - 1, 4 * n_rows).astype(int))
    yield from range(n_states)
