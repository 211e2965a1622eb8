"""Roots of many functions at once, each in a bracket of its own, and compiled functions of any number of elements."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float, Int

_RELATIVE = float(np.sqrt(np.finfo(float).eps))


def bracketed_roots(
    function: Callable[[Float[np.ndarray, " some"], Int[np.ndarray, " some"]], tuple[np.ndarray, np.ndarray]],
    low: Float[np.ndarray, " n"],
    high: Float[np.ndarray, " n"],
    at_low: Float[np.ndarray, " n"],
    start: Float[np.ndarray, " n"],
    *,
    tolerance: float = 1e-14,
    most_steps: int = 100,
) -> Float[np.ndarray, " n"]:
    """Elementwise x in [low, high] at which a function that is negative at low and positive at high crosses zero.

    The next point is the root of the fraction (a + bx) / (1 + cx) that has the function's value and slope where it was
    last computed and its value at the low end: Newton's step, but exact for what levels off like 1/x. Where that leaves
    the bracket, or is more than half of the step before, the bracket is halved instead. Only elements
    whose root is not reached are computed, and each takes the steps that it would take alone.

    Args:
        function: values and slopes at x of the elements ``which`` (their indices).
        low, high: brackets.
        at_low: values at ``low``.
        start: first points; the middle of the bracket where one is not inside it.
        tolerance: a bracket, or a step, as short as this ends the search; so does a step of 1.5e-8 of the way to the
            nearer end of the first bracket, after which the error is quadratic in it.
        most_steps: evaluations at most; halving alone needs log2(width / tolerance).

    Returns:
        The roots; nan where there is no root, or where the function is nan.
    """
    low, high, at_low = (np.array(x, dtype=float) for x in (low, high, at_low))
    floor, ceiling, root = low.copy(), high.copy(), np.full(low.shape, np.nan)
    x = np.where((low < start) & (start < high), start, (low + high) / 2)
    before = high - low
    which = np.arange(low.size)
    for _ in range(most_steps):
        if not which.size:
            break
        here, back = x[which], floor[which] - x[which]
        f, slope = function(here, which)
        low[which] = np.where(f <= 0, here, low[which])
        high[which] = np.where(f >= 0, here, high[which])
        with np.errstate(all="ignore"):
            bend = (f + slope * back - at_low[which]) / (back * (at_low[which] - f))
            step = -f / np.where(slope + f * bend > 0, slope + f * bend, slope)
            reached = here + step
            trusted = (low[which] <= reached) & (reached <= high[which]) & (np.abs(step) <= before[which] / 2)
        step = np.where(trusted, step, (low[which] + high[which]) / 2 - here)
        x[which], before[which] = here + step, np.abs(step)
        enough = np.maximum(tolerance, _RELATIVE * np.minimum(-back, ceiling[which] - here))
        done = (trusted & (np.abs(step) <= enough)) | (high[which] - low[which] <= tolerance)
        root[which[done]] = x[which[done]]
        which = which[~done]
    return root


def in_blocks(function: Callable[..., tuple], size: int, *columns: Float[np.ndarray, "n ..."]) -> Any:
    """A compiled function of ``size`` elements applied to any number of them, the last block filled up.

    One shape is compiled once, and to the same instructions: another may round differently.

    Returns:
        As many arrays as the function returns, (n,) each, in a tuple.
    """
    n = len(columns[0])
    filled = [np.concatenate([column, np.repeat(column[-1:], -n % size, axis=0)]) for column in columns]
    # All blocks are under way before the first is waited for.
    blocks = [function(*(column[first : first + size] for column in filled)) for first in range(0, n, size)]
    return tuple(np.concatenate([np.asarray(part) for part in parts])[:n] for parts in zip(*blocks, strict=True))
