"""Derivatives at the edge of a parameter's range."""

from collections.abc import Callable
from typing import Any

import jax
from jax import Array, lax


def derivative_inside(function: Callable[..., Any], inside: Callable[..., tuple[Array, ...]]) -> Callable[..., Any]:
    """``function`` of some arrays, whose value is its own and whose derivative is that at ``inside(*arrays)``.

    Where a factor's weight is √x, a function is smooth in x down to 0, but its formula has the derivative 0 · ∞ there,
    and next to 0 one that rounding errors of 1/√x swamp. The derivative a little inside is the right one to what the
    function bends in between.
    """
    smooth = jax.custom_jvp(function)

    @smooth.defjvp
    def derivative(primals: tuple, tangents: tuple) -> tuple[Any, Any]:
        # The step inside is a constant: derivatives of the derivative do not see it.
        moved = tuple(x + lax.stop_gradient(y - x) for x, y in zip(primals, inside(*primals), strict=True))
        return function(*primals), jax.jvp(function, moved, tangents)[1]

    return smooth
