"""Which models to keep: the k of m that leave the fewest queries unsolved, and what each adds (theory P11)."""

from collections.abc import Iterator
from itertools import combinations, islice
from math import comb
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, UInt

from cofail_lab import checks
from cofail_lab.bounds.binomial import clopper_pearson_lower, clopper_pearson_upper
from cofail_lab.decisions.coverage import greedy_coverage
from cofail_lab.errors import InputError

ENUMERATED = 10_000_000
"""Up to this many sets are all looked at; beyond, a mixed-integer program finds a best one."""

LISTED = 100
"""Best sets that are kept by name; all of them are counted."""

_WORDS_AT_ONCE = 2**22
# A budget that is the sum of some prices buys these models, whatever the sum rounds to.
_FITS = 1 + 1e-9


class Chosen(NamedTuple):
    """A best set of models.

    Attributes:
        members: its models, ascending.
        n_unsolved: queries that all of them fail, K_S.
        least: no set leaves fewer than this many; it equals ``n_unsolved`` where the set is proved to be a best one.
        n_optimal: number of sets that leave as few; None where they were not counted.
        optimal: these sets, the first `LISTED` in lexical order.
        method: how the set was found.
    """

    members: tuple[int, ...]
    n_unsolved: int
    least: int
    n_optimal: int | None
    optimal: tuple[tuple[int, ...], ...]
    method: str


def unsolved(wrong: Bool[np.ndarray, "n m"], members: tuple[int, ...]) -> int:
    """K_S, the number of queries that every member fails."""
    return int(wrong[:, list(members)].all(axis=1).sum())


def greedy_set(
    wrong: Bool[np.ndarray, "n m"],
    k: int | None = None,
    prices: Float[np.ndarray, " m"] | None = None,
    budget: float | None = None,
) -> tuple[int, ...]:
    """Members in the order of choice, each the model that solves most of the queries that are left; ties to the first.

    Without a budget see `coverage.greedy_coverage`. Under a budget the choice is by solved queries per dollar, among
    the models that what is left of it allows; or the best single model, where that solves more. Then at least .316 of
    the solved queries of the best set are solved (Khuller, Moss and Naor 1999).

    Args:
        wrong: True where wrong.
        k: number of models, 1..m; with a budget the largest number, None for any.
        prices: what a call of each model costs, > 0, in the unit of the budget.
        budget: what one call of every member may cost together; None for no limit.
    """
    size, cost = _checked(wrong, k, prices, budget)
    if budget is None:
        return tuple(int(i) for i in greedy_coverage(wrong, size).members)
    left, members, spent = np.ones(len(wrong), dtype=bool), [], 0.0
    while len(members) < size:
        solved = (~wrong & left[:, None]).sum(axis=0)
        solved[spent + cost > budget * _FITS] = 0
        solved[members] = 0
        if not solved.any():
            break
        best = int((solved / cost).argmax())
        members.append(best)
        left &= wrong[:, best]
        spent += float(cost[best])
    affordable = np.flatnonzero(cost <= budget * _FITS)
    single = int(affordable[wrong[:, affordable].sum(axis=0).argmin()])
    return (single,) if not members or unsolved(wrong, (single,)) < int(left.sum()) else tuple(members)


def best_set(
    wrong: Bool[np.ndarray, "n m"],
    k: int | None = None,
    prices: Float[np.ndarray, " m"] | None = None,
    budget: float | None = None,
    seconds: float = 60.0,
) -> Chosen:
    """The set of k models (within a budget: of at most k) that leaves the fewest queries unsolved.

    Without a budget and up to `ENUMERATED` sets, all are looked at, so that all best ones are counted. Otherwise a
    mixed-integer program (HiGHS) finds one; where it does not finish in ``seconds``, ``least`` is what it has proved.

    Other arguments as for `greedy_set`.
    """
    size, cost = _checked(wrong, k, prices, budget)
    if budget is None and comb(wrong.shape[1], size) <= ENUMERATED:
        return _enumerated(wrong, size)
    return _programmed(wrong, size, cost, budget, seconds)


def n_candidates(n_models: int, k: int | None, budget: float | None) -> int:
    """Number of sets that a search chooses from: C(m, k), or all sets of at most k models where a budget decides."""
    if budget is None:
        return comb(n_models, n_models if k is None else k)
    return sum(comb(n_models, size) for size in range(1, (n_models if k is None else k) + 1))


def _checked(
    wrong: np.ndarray, k: int | None, prices: np.ndarray | None, budget: float | None
) -> tuple[int, Float[np.ndarray, " m"]]:
    """The largest size, and the prices as numbers."""
    m = wrong.shape[1]
    if k is None and budget is None:
        raise InputError("k: null; a number of models is needed, or a budget")
    if k is not None:
        checks.whole("k", k, 1)
        if k > m:
            raise InputError(f"k: {k} of {m} models; 1..{m} is accepted")
    size, cost = m if k is None else k, np.ones(m) if prices is None else np.asarray(prices, dtype=float)
    if budget is not None:
        if prices is None:
            raise InputError(f"budget: {budget:g}, but the price of no model is known")
        if not (bad := ~(np.isfinite(cost) & (cost > 0))).any() and budget * _FITS < cost.min():
            raise InputError(f"budget: {budget:g} buys no model; the cheapest costs {cost.min():.4g}")
        if bad.any():
            raise InputError(f"prices: {cost[bad][0]:g} for model {int(bad.argmax())}; numbers above 0 are accepted")
    return size, cost


def _bits(wrong: np.ndarray) -> UInt[np.ndarray, "m words"]:
    """A row of bits per model, one bit a query; what fills up the last word is 0, as a query that someone solves."""
    packed = np.packbits(np.ascontiguousarray(wrong.T), axis=1)
    spare = -packed.shape[1] % 8
    return np.pad(packed, ((0, 0), (0, spare))).view(np.uint64)


def _enumerated(wrong: np.ndarray, k: int) -> Chosen:
    bits, m = _bits(wrong), wrong.shape[1]
    least, n_optimal = len(wrong) + 1, 0
    optimal: list[tuple[int, ...]] = []
    for prefixes in _chunks(combinations(range(m), k - 1), max(1, _WORDS_AT_ONCE // (bits.shape[1] * k)), k - 1):
        shared = np.full((len(prefixes), bits.shape[1]), ~np.uint64(0))
        for column in prefixes.T:
            shared &= bits[column]
        last = prefixes[:, -1] if k > 1 else np.full(len(prefixes), -1)
        for model in range(k - 1, m):
            rows = np.flatnonzero(last < model)
            counts = np.bitwise_count(shared[rows] & bits[model]).sum(axis=1, dtype=np.int64)
            if not len(counts) or counts.min() > least:
                continue
            if counts.min() < least:
                least, n_optimal, optimal = int(counts.min()), 0, []
            rows_left = rows[counts == least]
            n_optimal += len(rows_left)
            # Lexical order is restored below; more than are listed are kept of every model, so that none is missed.
            optimal += [(*map(int, prefixes[row]), model) for row in rows_left[:LISTED]]
    listed = tuple(sorted(optimal)[:LISTED])
    return Chosen(listed[0], least, least, n_optimal, listed, f"all {comb(m, k):,} sets looked at")


def _chunks(sets: Iterator[tuple[int, ...]], size: int, width: int) -> Iterator[Int[np.ndarray, "sets width"]]:
    while chunk := list(islice(sets, size)):
        yield np.array(chunk, dtype=np.int64).reshape(len(chunk), width)


def _programmed(wrong: np.ndarray, k: int, prices: np.ndarray, budget: float | None, seconds: float) -> Chosen:
    """Minimize Σ_q y_q with y_q + (members right on q) >= 1, alike queries taken together."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix, hstack, identity

    solvable = wrong[~wrong.all(axis=1)]
    n_lost = len(wrong) - len(solvable)
    patterns, times = np.unique(solvable, axis=0, return_counts=True)
    m, p = wrong.shape[1], len(patterns)
    cover = hstack([csr_matrix((~patterns).astype(float)), identity(p)], format="csr")
    limits = [LinearConstraint(cover, 1.0, np.inf)]  # pyright: ignore[reportArgumentType]
    limits.append(LinearConstraint(np.concatenate([np.ones(m), np.zeros(p)]), 0, k))
    if budget is not None:
        # In units of the budget, so that the solver's tolerance means the same for any currency.
        limits.append(LinearConstraint(np.concatenate([prices / budget, np.zeros(p)]), 0, _FITS))
    solution = milp(
        np.concatenate([np.zeros(m), times.astype(float)]),
        integrality=np.concatenate([np.ones(m), np.zeros(p)]),
        bounds=Bounds(0, 1),
        constraints=limits,
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )
    greedy = tuple(sorted(greedy_set(wrong, k, prices, budget)))
    proved = n_lost if solution.mip_dual_bound is None else n_lost + int(np.ceil(solution.mip_dual_bound - 1e-6))
    members = greedy if solution.x is None else tuple(int(i) for i in np.flatnonzero(solution.x[:m] > 0.5))
    if budget is None:
        # The program may need fewer; k are asked for, and the limits are those of a search among sets of k.
        members = tuple(sorted([*members, *(i for i in greedy if i not in members)][:k]))
    members = min((members or greedy, greedy), key=lambda one: unsolved(wrong, one))
    n_left = unsolved(wrong, members)
    least = min(max(proved, n_lost), n_left)
    method = "mixed-integer program" if least == n_left else f"mixed-integer program, stopped after {seconds:g} s"
    return Chosen(members, n_left, least, None, (members,), method)


class SelectionLimits(NamedTuple):
    """What a sample says of sets of k models on all queries of the kind (P11.i, P11.ii).

    Attributes:
        best_lower: no set of k has β below this, with probability >= 1 - δ, searched or not.
        chosen_upper: the chosen set's β is at most this, with probability >= 1 - δ, although it was searched for.
        naive_upper: the limit that forgets the search; it may cover hardly ever.
        n_sets: number of sets that the search is corrected for.
    """

    best_lower: float
    chosen_upper: float
    naive_upper: float
    n_sets: int


def selection_limits(least: int, chosen: int, n_queries: int, n_sets: int, delta: float = 0.05) -> SelectionLimits:
    """The limits from counts.

    Args:
        least: no set leaves fewer queries unsolved than this in the sample.
        chosen: queries that the chosen set leaves unsolved.
        n_queries: n.
        n_sets: number of sets that it could have been.
        delta: error probability of each limit, in (0, 1).
    """
    checks.probability("delta", delta)
    checks.whole("n_sets", n_sets, 1)
    return SelectionLimits(
        float(clopper_pearson_lower(least, n_queries, delta)),
        float(clopper_pearson_upper(chosen, n_queries, delta / n_sets)),
        float(clopper_pearson_upper(chosen, n_queries, delta)),
        n_sets,
    )


class Value(NamedTuple):
    """What each model of a pool is worth for its coverage.

    Attributes:
        shapley: E[1{i right} / number right], 0 where nobody is (P11.iv); they sum to 1 - β, (m,).
        unique: queries that only this model solves: what the pool loses without it, (m,).
        chances: queries that all other models fail, (m,).
    """

    shapley: Float[np.ndarray, " m"]
    unique: Int[np.ndarray, " m"]
    chances: Int[np.ndarray, " m"]


def coverage_value(wrong: Bool[np.ndarray, "n m"]) -> Value:
    """The value of every model in the coverage game, in closed form."""
    n_right = (~wrong).sum(axis=1)
    share = np.divide(1.0, n_right, out=np.zeros(len(wrong)), where=n_right > 0)
    unique = (~wrong & (n_right == 1)[:, None]).sum(axis=0)
    return Value(share @ ~wrong / len(wrong), unique, unique + int((n_right == 0).sum()))
