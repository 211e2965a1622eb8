"""How far a ceiling reaches: systems that answer what no member said are not bound by it (theory P1.i, scope)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.errors import InputError


class Scope(NamedTuple):
    """A pool's ceiling, and systems beside it.

    Attributes:
        n_queries: number of queries.
        n_all_wrong: queries that every member gets wrong.
        members, systems: accuracies, (m,) and (k,).
        rescued: share of the all-wrong queries that each system gets right, (k,); nan where there are none.
        rescued_lower, rescued_upper: its two-sided 95% Clopper-Pearson limits, (k,).
        rescued_by_any: share of the all-wrong queries that some system gets right; nan where there are none.
    """

    n_queries: int
    n_all_wrong: int
    members: Float[np.ndarray, " m"]
    systems: Float[np.ndarray, " k"]
    rescued: Float[np.ndarray, " k"]
    rescued_lower: Float[np.ndarray, " k"]
    rescued_upper: Float[np.ndarray, " k"]
    rescued_by_any: float


def scope(members: Bool[np.ndarray, "n m"], systems: Bool[np.ndarray, "n k"]) -> Scope:
    """Accuracy of both on the same queries, and what the systems get of the queries that all members fail.

    Args:
        members: whether each member of the pool is right, (n, m), m >= 1.
        systems: the same for the systems, (n, k), k >= 1.

    Raises:
        InputError: wrong shapes.
    """
    pool, others = (np.asarray(right, dtype=bool) for right in (members, systems))
    for name, right in (("members", pool), ("systems", others)):
        if right.ndim != 2 or not right.size:
            raise InputError(f"{name}: shape {right.shape}; (n, k) with n, k >= 1 is needed")
    if len(pool) != len(others):
        raise InputError(f"systems: {len(others)} rows; {len(pool)} are needed, as members has them")
    lost = ~pool.any(axis=1)
    n, hits = int(lost.sum()), others[lost].sum(axis=0)
    nowhere = np.full(len(hits), np.nan)
    limits = clopper_pearson(hits, n, 0.05) if n else (nowhere, nowhere)
    return Scope(
        n_queries=len(pool),
        n_all_wrong=n,
        members=pool.mean(axis=0),
        systems=others.mean(axis=0),
        rescued=hits / n if n else nowhere,
        rescued_lower=limits[0],
        rescued_upper=limits[1],
        rescued_by_any=float(others[lost].any(axis=1).mean()) if n else float("nan"),
    )
