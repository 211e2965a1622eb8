"""Validation of law parameters: one line naming the field, the value given and what is accepted.

Values that JAX is tracing (inside jit, vmap or grad) cannot be looked at, so only their shapes are checked.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer

from cofail_lab.errors import InputError, TracedError

# Of equal models written short; a pool of more is a slip of the keys, and its rates would fill the memory.
_MOST_EQUAL = 1_000_000


def traced(tree: Any) -> bool:
    """Whether JAX is tracing any array of a law or of a tuple."""
    return any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))


def numbers(array: Array) -> Any:
    """The array for NumPy, where JAX is not tracing it; its own operations are compiled for every shape."""
    return array if isinstance(array, Tracer) else np.asarray(array)


def needs_numbers(instead: str) -> Callable[[Callable], Callable]:
    """Decorator: a method of a law that refuses traced parameters by name; ``instead`` says what to do."""

    def decorate(method: Callable) -> Callable:
        @wraps(method)
        def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
            if traced(self):
                raise TracedError(
                    f"{type(self).__name__}.{method.__name__}: the parameters are traced by JAX (jit, vmap or grad) "
                    f"and this method needs numbers; {instead}"
                )
            return method(self, *args, **kwargs)

        return checked

    return decorate


ESTIMATE = needs_numbers("log_all_wrong can be traced, and its error is that at a law with numbers")
BY_SIZE = needs_numbers("subpool(...).log_all_wrong() can be traced, one pool size at a time")
DRAWS = needs_numbers("draw outside the transformation; the exact methods can be traced")
"""Decorators of the methods that no law supports under tracing."""


def vector(value: Any) -> Array:
    """A float64 vector from a list of numbers; ``0.3x67`` means 67 times 0.3, also inside a list."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple) and any(isinstance(entry, str) for entry in value):
        value = [number for entry in value for number in _repeated(entry)]
    array = scalar(value)
    return array if array.ndim else array[None]


def _repeated(entry: Any) -> list[float]:
    if not isinstance(entry, str):
        return [entry]
    number, times, count = entry.partition("x")
    try:
        value, n = float(number), int(count) if times else 1
    except ValueError:
        raise InputError(f"law: {entry!r} is not a number, nor a number of times a number such as 0.3x67") from None
    if not 0 <= n <= _MOST_EQUAL:
        raise InputError(f"law: {entry!r}; a number up to {_MOST_EQUAL:,} times is accepted")
    return [value] * n


def scalar(value: Any) -> Array:
    """A float64 array with the shape of the value."""
    if isinstance(value, Array):
        return value.astype(jnp.float64)
    try:
        # To convert with jax.numpy would compile a program for every shape. Without a copy, a law could share memory
        # with the array that it was made of, and change with it.
        return jax.device_put(np.array(value, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"law: {value!r} is not a number or a list of numbers") from None


def shape(name: str, value: Array, expected: tuple[int | None, ...]) -> None:
    """Number of dimensions and sizes (None: any size from 1 on)."""
    fits = value.ndim == len(expected) and all(
        size >= 1 if want is None else size == want for size, want in zip(value.shape, expected, strict=True)
    )
    if not fits:
        wanted = " x ".join("any" if want is None else str(want) for want in expected) or "a single number"
        given = " x ".join(str(size) for size in value.shape) or "a single number"
        raise InputError(f"law.{name}: shape {given}; {wanted} is accepted")


def inside(name: str, value: Array, low: float, high: float, accepted: str) -> None:
    """Every entry within the interval written as ``accepted``, whose brackets say which ends belong to it."""
    if isinstance(value, Tracer):
        return
    values = np.asarray(value)
    above = values >= low if accepted.startswith("[") else values > low
    below = values <= high if accepted.endswith("]") else values < high
    bad = np.argwhere(~(above & below))
    if len(bad):
        place = tuple(bad[0])
        where = f"[{', '.join(str(i) for i in place)}]" if place else ""
        raise InputError(f"law.{name}{where}: {values[place]:g} is outside {accepted}")


def members(selection: Any, n_models: int) -> np.ndarray:
    """Indices of a sub-pool, from indices or a mask; at least one model, none twice."""
    selection = np.asarray(selection)
    index = np.flatnonzero(selection) if selection.dtype == bool else selection
    if selection.dtype == bool and selection.shape != (n_models,):
        raise InputError(f"members: a mask of shape {selection.shape} for {n_models} models")
    if index.ndim != 1 or not index.size or not np.issubdtype(index.dtype, np.integer):
        raise InputError("members: give at least one model, as whole numbers or as a mask")
    outside = index[(index < -n_models) | (index >= n_models)]
    if outside.size:
        raise InputError(f"members: {outside[0]} is not one of the models 0..{n_models - 1}")
    # Short integers, such as those of a table, cannot hold the number of models.
    index = index.astype(np.int64)
    index = index % n_models
    if len(np.unique(index)) != len(index):
        raise InputError("members: a model is named twice")
    return index


def distribution(name: str, value: Array) -> None:
    """Probabilities: none negative, sum 1 to 1e-9 (they are used as given, not rescaled)."""
    if isinstance(value, Tracer):
        return
    inside(name, value, 0, 1, "[0, 1]")
    total = float(np.asarray(value).sum())
    if abs(total - 1) > 1e-9:
        raise InputError(f"law.{name}: the probabilities sum to {total:.12g}; 1 is accepted")


def pool_size(name: str, value: Any) -> None:
    """A whole number of models."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(f"law.{name}: {value!r} is not a whole number >= 1")


def correlation_matrix(name: str, value: Array) -> None:
    """Symmetric, unit diagonal, no eigenvalue below -1e-9: nothing is repaired here."""
    if isinstance(value, Tracer):
        return
    matrix = np.asarray(value)
    inside(name, value, -1, 1, "[-1, 1]")
    off = np.abs(np.diag(matrix) - 1).max()
    if off > 1e-12:
        raise InputError(f"law.{name}: a diagonal entry is {off:.2g} away from 1; a correlation matrix is accepted")
    if np.abs(matrix - matrix.T).max() > 1e-12:
        raise InputError(f"law.{name}: not symmetric; a correlation matrix is accepted")
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -1e-9:
        raise InputError(
            f"law.{name}: smallest eigenvalue {smallest:.3g}; none below -1e-9 is accepted "
            "(cofail_lab.numerics.nearest_correlation finds the nearest correlation matrix)"
        )
