"""Sharp bounds for a pool made of groups of interchangeable models: one variable per vector of group counts.

Models of a group share their error rate, their pairwise rate and their rates with every other group (a family, one
model queried several times). Symmetrizing any law within the groups keeps all these, so the Π (n_g + 1) group counts
say all there is to say.
"""

from math import prod
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cofail_lab.bounds.moments import rounding_margin
from cofail_lab.errors import InputError

LARGEST = 200_000
"""Most states solved: about 20 s."""


class BlockRange(NamedTuple):
    """The interval of P(C >= at_least).

    Attributes:
        lower, upper: limits, moved outwards by what the dual solution misses over all states.
        lower_law, upper_law: probabilities of the states, (states,).
        states: number of wrong models per group, (states, groups).
    """

    lower: float
    upper: float
    lower_law: Float[np.ndarray, " s"]
    upper_law: Float[np.ndarray, " s"]
    states: Int[np.ndarray, "s g"]


def find_groups(pairwise_wrong: Float[np.ndarray, "m m"]) -> Int[np.ndarray, " m"]:
    """Group number of every model: two models are in one group if exchanging them leaves the whole table as it is.

    Args:
        pairwise_wrong: symmetric, diagonal = error rates, (m, m). Rates are compared to 1e-12.
    """
    m = len(pairwise_wrong)
    table = np.round(pairwise_wrong, 12)
    group = np.full(m, -1)
    # Exchangeable models have the same entries in their rows, whatever the order: few candidates are left to compare.
    alike: dict[bytes, list[int]] = {}
    leaders: list[int] = []
    for i, entries in enumerate(np.sort(table, axis=1)):
        candidates = alike.setdefault(entries.tobytes(), [])
        for g in candidates:
            leader = leaders[g]
            others = np.ones(m, dtype=bool)
            others[[i, leader]] = False
            if table[i, i] == table[leader, leader] and (table[i, others] == table[leader, others]).all():
                group[i] = g
                break
        else:
            group[i] = len(leaders)
            candidates.append(len(leaders))
            leaders.append(i)
    return group


def block_range(
    pairwise_wrong: Float[np.ndarray, "m m"], group: Int[np.ndarray, " m"], at_least: int | None = None
) -> BlockRange:
    """Sharp interval of P(C >= at_least) for groups of interchangeable models.

    Args:
        pairwise_wrong: symmetric, diagonal = error rates, (m, m), constant within and between groups.
        group: group number of every model, 0..G-1, (m,).
        at_least: 1..m; m, all wrong, unless given.

    Raises:
        InputError: too many states, or no joint law has these rates.
    """
    from scipy.optimize import linprog

    m = len(group)
    at_least = m if at_least is None else at_least
    sizes = np.bincount(group)
    n_states = prod(int(size) + 1 for size in sizes)
    if n_states > LARGEST:
        raise InputError(f"group: {n_states} vectors of group counts, at most {LARGEST} can be solved")
    states = np.stack(np.meshgrid(*(np.arange(n + 1) for n in sizes), indexing="ij"), axis=-1).reshape(-1, len(sizes))
    rows, right = [np.ones(n_states)], [1.0]
    share = states / sizes
    for g in range(len(sizes)):
        mine = np.flatnonzero(group == g)
        rows.append(share[:, g])
        right.append(float(pairwise_wrong[mine[0], mine[0]]))
        if sizes[g] > 1:
            rows.append(share[:, g] * (states[:, g] - 1) / (sizes[g] - 1))
            right.append(float(pairwise_wrong[mine[0], mine[1]]))
        for h in range(g):
            rows.append(share[:, g] * share[:, h])
            right.append(float(pairwise_wrong[mine[0], np.flatnonzero(group == h)[0]]))
    matrix, vector = np.array(rows), np.array(right)
    event = (states.sum(axis=1) >= at_least).astype(float)
    limits, laws = [], []
    for sign in (-1, 1):
        options = {"dual_feasibility_tolerance": 1e-10, "primal_feasibility_tolerance": 1e-10}
        solution = linprog(-sign * event, A_eq=matrix, b_eq=vector, method="highs", options=options)
        if solution.x is None:
            raise InputError(
                "pairwise_wrong: no joint law of these groups of models has these error rates and pairwise rates"
            )
        dual = -solution.eqlin.marginals
        # Raising the constant by the worst violation makes the dual feasible everywhere.
        margin = rounding_margin(len(vector), float(np.abs(dual).sum()) + 1)
        limits.append(sign * float(dual @ vector + (sign * event - dual @ matrix).max() + margin))
        laws.append(solution.x)
    return BlockRange(max(0.0, limits[0]), min(1.0, limits[1]), laws[0], laws[1], states)
