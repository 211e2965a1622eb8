"""Routing under a budget (theory P4): the whole frontier at once, by merging upper concave hulls in one sort.

For each query type the useful models are the corners of the upper concave hull of its (price, quality) points.
Walking along a hull edge of slope λ pays off exactly when a unit of budget costs λ or less in quality: so the
frontier is all edges of all types, weighted by the types' probabilities and sorted by slope.
"""

from math import fsum
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.decisions.frontier import Frontier
from cofail_lab.errors import InputError

AllWrong = Literal["cheapest", "best_model"]
"""Where a query that all models get wrong is sent."""

# Elements of the (types, models) block worked on at a time: small enough to stay in cache.
_BLOCK = 100_000

# Far enough above float64's least normal number that sums and products keep all their digits.
_MIN_COST = 1e-290


def budget_frontier(
    quality: Float[np.ndarray, "types models"],
    prices: Float[np.ndarray, "..."],
    prior: Float[np.ndarray, " types"],
) -> Frontier:
    """The exact frontier V(B) of P4 for every budget.

    Args:
        quality: q_i(t), finite, (types, models).
        prices: c_i or c_i(t), finite and >= 0, (models,) or (types, models).
        prior: p(t) >= 0, summing to one within 1e-9, (types,).

    Returns:
        The frontier; its costs are right to a few units in the last place, however many types there are.
        O(types · models · log models) time.

    Raises:
        InputError: wrong shapes, non-finite values, negative prices, a prior that does not sum to one, prices so close
            that float64 has no slope between them.
    """
    quality, prices, prior = checked_program(quality, prices, prior)
    n_types, n_models = quality.shape
    chunk = max(1, _BLOCK // n_models)
    parts = [
        _edges(quality[i : i + chunk], prices[i : i + chunk] if prices.ndim == 2 else prices, i)
        for i in range(0, n_types, chunk)
    ]
    start, cost, value, kind, rise, run, slope = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    # A type that never occurs has edges of length zero: its corners would have no effect.
    weight = prior[kind[:, 0]]
    order = np.argsort(-slope[weight > 0], kind="stable")
    kept = np.flatnonzero(weight > 0)[order]
    weight, rise, run, slope = weight[kept], rise[kept], run[kept], slope[kept]
    _check_resolved(np.concatenate([(prior * cost)[prior > 0], weight * run]), rise, run, slope)
    costs = np.maximum.accumulate(_running_sums(np.append(fsum(prior * cost), weight * run)))
    values = np.maximum.accumulate(_running_sums(np.append(fsum(prior * value), weight * rise)))
    return Frontier(costs, values, slope, kind[kept], start)


def _running_sums(terms: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Sums of the first terms, each as if it were rounded once: a million equal steps else drift by 1e-11."""
    sums = np.cumsum(terms)
    before = np.append(0.0, sums[:-1])
    # What each addition rounded off, exactly (Knuth's two-sum).
    added = sums - before
    return sums + np.cumsum((before - (sums - added)) + (terms - added))


def _check_resolved(costs: np.ndarray, rise: np.ndarray, run: np.ndarray, slope: np.ndarray) -> None:
    """Raise InputError where a cost underflows or a slope overflows."""
    lost = (costs > 0) & (costs < _MIN_COST)
    if lost.any():
        raise InputError(
            f"prices: {costs[lost].min():.3g} remains of one, or of a difference of two, times its prior; at least "
            f"{_MIN_COST:g} is accepted (use a smaller unit of money)"
        )
    if not np.isfinite(slope).all():
        k = int(np.argmax(~np.isfinite(slope)))
        raise InputError(f"quality: a rise of {rise[k]:.3g} for {run[k]:.3g} more is beyond float64 (use other units)")


def query_oracle_frontier(
    wrong: Bool[np.ndarray, "n m"], prices: Float[np.ndarray, "..."], all_wrong: AllWrong = "cheapest"
) -> Frontier:
    """Accuracy against cost per query, at every budget, of the oracle that knows which models are right on each query.

    Every query is its own type. A query is never free, not even one that all models get wrong. It is then sent to

    - ``cheapest``: its cheapest model, because the oracle knows that no money helps. Lowest cost, the convention of P4.
    - ``best_model``: the single best model, because the oracle does not know this, and pays for trying.

    Args:
        wrong: True where the model is wrong, (n, m).
        prices: what an answer costs, (m,) or (n, m), finite and >= 0.
        all_wrong: where a query that all models get wrong is sent.

    Raises:
        InputError: as `budget_frontier`; an unknown convention.
    """
    n, m = wrong.shape
    table = np.asarray(prices, dtype=float)
    if all_wrong not in ("cheapest", "best_model"):
        raise InputError(f"all_wrong: {all_wrong!r} is not one of cheapest, best_model")
    if all_wrong == "best_model" and table.shape in ((m,), (n, m)):
        all_fail = wrong.all(axis=1)
        table = np.array(np.broadcast_to(table, (n, m)))
        table[all_fail] = table[all_fail, int(wrong.mean(axis=0).argmin())][:, None]
    return budget_frontier(1.0 - wrong, table, np.full(n, 1 / n))


def checked_program(quality: object, prices: object, prior: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three tables as float64 arrays. Raises InputError as `budget_frontier` says."""
    q, c, p = (np.asarray(x, dtype=float) for x in (quality, prices, prior))
    if q.ndim != 2 or 0 in q.shape:
        raise InputError(f"quality: shape {q.shape}; (types, models) is needed")
    if c.shape not in ((q.shape[1],), q.shape):
        raise InputError(f"prices: shape {c.shape}; ({q.shape[1]},) or {q.shape} is needed")
    if p.shape != q.shape[:1]:
        raise InputError(f"prior: shape {p.shape}; ({q.shape[0]},) is needed")
    for name, array in (("quality", q), ("prices", c), ("prior", p)):
        if not np.isfinite(array).all():
            raise InputError(f"{name}: {array[~np.isfinite(array)][0]} is not a finite number")
    for name, array in (("prices", c), ("prior", p)):
        if (array < 0).any():
            raise InputError(f"{name}: {array[array < 0][0]} is negative")
    if abs(p.sum() - 1) > 1e-9:
        raise InputError(f"prior: sums to {p.sum():.12g}, not to one")
    return q, c, p


def _edges(quality: np.ndarray, prices: np.ndarray, first_type: int) -> tuple[np.ndarray, ...]:
    """Hull of every type: cheapest model (best among equals), its cost and quality, and the edges up from there.

    Slopes never rise along a hull, whatever rounding says of models on one line: so the sort of all edges by slope
    leaves each type's in their order.

    All types advance together: from each type's current corner the next one is the model of steepest rise. That
    takes as many rounds as the longest hull has corners, each over the types still climbing.
    """
    everyone = np.arange(len(quality))
    if prices.ndim == 1:
        quality, cost_of, model_of = _records(quality, prices)
        start = np.zeros(len(quality), dtype=np.int64)
    else:
        cost_of, model_of = prices, None
        start = np.where(cost_of == cost_of.min(axis=1, keepdims=True), quality, -np.inf).argmax(axis=1)
    cheapest, start_value = cost_of[everyone, start], quality[everyone, start]
    at_cost, at_value, at_model, active = cheapest.copy(), start_value.copy(), start.copy(), everyone
    last_slope = np.full(len(quality), np.inf)
    edges = [(everyone[:0], start[:0], start[:0], start_value[:0], cheapest[:0], cheapest[:0])]
    while active.size:
        run = cost_of[active] - at_cost[active, None]
        rise = quality[active] - at_value[active, None]
        with np.errstate(over="ignore"):
            slope = np.divide(rise, run, out=np.zeros_like(run), where=(run > 0) & (rise > 0))
        steepest = slope.max(axis=1)
        climbing = steepest > 0
        active, slope, steepest, run, rise = (x[climbing] for x in (active, slope, steepest, run, rise))
        # Several models may lie on one edge; the farthest is the next corner.
        following = np.where(slope == steepest[:, None], run, -1.0).argmax(axis=1)
        rows = np.arange(len(active))
        last_slope[active] = np.minimum(steepest, last_slope[active])
        edges.append(
            (active, at_model[active], following, rise[rows, following], run[rows, following], last_slope[active])
        )
        at_model[active] = following
        at_cost[active], at_value[active] = cost_of[active, following], quality[active, following]
    kind, source, target, rise, run, slope = (np.concatenate(x) for x in zip(*edges, strict=True))
    if model_of is not None:
        start, source, target = model_of[everyone, start], model_of[kind, source], model_of[kind, target]
    return start, cheapest, start_value, np.stack([kind + first_type, source, target], axis=1), rise, run, slope


def _records(quality: np.ndarray, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each type, the models that are better than every cheaper one: quality, price and model, padded with copies.

    With prices common to all types one sort serves all, and few models are left (about five of 67 random ones).
    """
    # Among equal prices the best must come first: within a price, records are defined by the running maximum alone.
    columns = np.argsort(prices, kind="stable")
    ordered, price = quality[:, columns], prices[columns]
    best = np.maximum.accumulate(ordered, axis=1)
    record = np.ones(ordered.shape, dtype=bool)
    record[:, 1:] = best[:, 1:] > best[:, :-1]
    # A model that is beaten at the same price is no record.
    last = np.append(price[1:] > price[:-1], True)
    if not last.all():
        group_end = np.flatnonzero(last)[np.cumsum(np.append(False, last[:-1]))]
        record &= best == best[:, group_end]
    row, column = np.nonzero(record)
    counts = record.sum(axis=1)
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = np.zeros((len(quality), int(counts.max())), dtype=np.int64)
    # The padding is the first record, which no edge leads to.
    kept[:] = record.argmax(axis=1)[:, None]
    kept[row, place] = column
    return np.take_along_axis(ordered, kept, axis=1), price[kept], columns[kept]
