"""What is smooth up to the edge of a parameter's range, and has the right derivative there."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from jaxtyping import Float


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


@jax.custom_jvp
def log_with_atom(atom: Float[Array, ""], log_rest: Float[Array, ""]) -> Float[Array, ""]:
    """log(ω + (1-ω) e^x) for ω in [0, 1); differentiable at ω = 0 too."""
    return jnp.logaddexp(jnp.log(atom), jnp.log1p(-atom) + log_rest)


@log_with_atom.defjvp
def _log_with_atom_jvp(primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (atom, log_rest), (d_atom, d_rest) = primals, tangents
    value = log_with_atom(atom, log_rest)
    share = jnp.where(atom == 0, 1.0, jnp.exp(jnp.log1p(-atom) + log_rest - value))
    return value, -jnp.expm1(log_rest) * jnp.exp(-value) * d_atom + share * d_rest
