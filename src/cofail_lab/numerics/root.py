"""Roots of many functions at once, each in a bracket of its own."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float


def bracketed_roots(
    function: Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]],
    low: Float[np.ndarray, "..."],
    high: Float[np.ndarray, "..."],
    at_low: Float[np.ndarray, "..."],
    at_high: Float[np.ndarray, "..."],
    *,
    tolerance: float = 1e-14,
    most_steps: int = 100,
) -> Float[np.ndarray, "..."]:
    """Elementwise x in [low, high] with function(x) = 0, by Chandrupatla's method (1997, Adv. Eng. Software 28, 145).

    Each element takes the steps that it would take alone, and rests once it is found; shapes never change, so a
    compiled function is compiled once.

    Args:
        function: of an array of the brackets' shape, elementwise.
        low, high: brackets.
        at_low, at_high: function values there, of opposite signs (or zero).
        tolerance: absolute width of bracket at which an element is found.
        most_steps: evaluations at most; bisection alone needs log2(width / tolerance).

    Returns:
        The end of each last bracket with the smaller absolute value of the function.
    """
    x1, x2, f1, f2 = (np.array(x, dtype=float) for x in (high, low, at_high, at_low))
    share = np.full(x1.shape, 0.5)
    done = (f1 == 0) | (f2 == 0) | (np.abs(x1 - x2) <= tolerance)
    for _ in range(most_steps):
        if done.all():
            break
        x = np.where(done, x1, x1 + share * (x2 - x1))
        f = np.where(done, f1, function(x))
        same = np.sign(f) == np.sign(f1)
        x3, f3 = np.where(same, x1, x2), np.where(same, f1, f2)
        x2, f2 = np.where(done | same, x2, x1), np.where(done | same, f2, f1)
        x1, f1 = x, f
        width = np.abs(x1 - x2)
        done = done | (f1 == 0) | (width <= tolerance)
        with np.errstate(divide="ignore", invalid="ignore"):
            xi, phi = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
            curved = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
            quadratic = f1 / (f2 - f1) * f3 / (f2 - f3) + (x3 - x1) / (x2 - x1) * f1 / (f3 - f1) * f2 / (f3 - f2)
            least = np.minimum(tolerance / 2 / width, 0.5)
            share = np.clip(np.where(curved & np.isfinite(quadratic), quadratic, 0.5), least, 1 - least)
    return np.where(np.abs(f1) < np.abs(f2), x1, x2)
