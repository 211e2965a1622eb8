"""The box of a proposition: what its parameters may be, and the points at which it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.errors import InputError

_WHOLE = ("m", "k", "j", "i", "n")
# Ranges whose ends are further apart than this are spread evenly in their logarithms.
_DECADES = 30.0
_MOST_CORNERS = 512

Points = dict[str, np.ndarray]
"""Values of every parameter, (n,) each, or (n, size) of one that each model has its own value of."""


class Axis(NamedTuple):
    """The values of one parameter.

    Attributes:
        low, high: ends, both included; equal for a fixed number.
        log: spread evenly in the logarithm.
        whole: whole numbers only.
        values: the only values there are; empty for all between the ends.
        size: None for a number, else of the list of such numbers, one a model.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    values: tuple[float, ...] = ()
    size: int | None = None

    @property
    def width(self) -> int:
        """Coordinates that it takes in the unit cube: none where it is fixed."""
        return 0 if self.low == self.high and not self.values else self.size or 1

    def at(self, share: Float[np.ndarray, "n width"]) -> np.ndarray:
        """Values at positions in [0, 1], (n,) or (n, size)."""
        if self.width == 0:
            value = np.full((len(share), self.size or 1), self.low)
        elif self.values:
            last = len(self.values) - 1
            value = np.array(self.values)[np.minimum((share * len(self.values)).astype(int), last)]
        elif self.log:
            value = np.exp(np.log(self.low) + share * (np.log(self.high) - np.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        value = np.rint(value) if self.whole else value
        # The ends are hit to the last bit.
        value = np.where(share <= 0, self.low, np.where(share >= 1, self.high, value)) if self.width else value
        value = np.clip(value, self.low, self.high)
        return value if self.size is not None else value[:, 0]

    def step(self) -> float:
        """A step of the unit cube that changes a whole number."""
        return 0.02 if not self.whole else max(0.02, 1.0 / max(1.0, self.high - self.low))


class Box(NamedTuple):
    """Axes by the name of the parameter."""

    axes: Mapping[str, Axis]

    @property
    def varying(self) -> tuple[str, ...]:
        """Names of the parameters that have more than one value."""
        return tuple(name for name, axis in self.axes.items() if axis.width)

    @property
    def n_coordinates(self) -> int:
        """Dimension of the unit cube."""
        return sum(axis.width for axis in self.axes.values())

    def points(self, shares: Float[np.ndarray, "n d"]) -> Points:
        """The points at these positions of the unit cube."""
        found, start = {}, 0
        for name, axis in self.axes.items():
            found[name] = axis.at(shares[:, start : start + axis.width])
            start += axis.width
        return found

    def design(self, n: int, seed: int) -> Float[np.ndarray, "k d"]:
        """Corners, the middle, and a net over the whole cube, an eighth of it moved to faces: n positions and corners.

        Args:
            n: positions of the net.
            seed: of its scrambling.
        """
        from scipy.stats import qmc

        d = self.n_coordinates
        if d == 0:
            return np.zeros((1, 0))
        rng = np.random.default_rng(seed)
        size = 1 << (n - 1).bit_length()
        net = qmc.Sobol(d, rng=rng).random(size)[:n]
        moved = np.arange(n) % 8 == 0
        net[moved, rng.integers(d, size=int(moved.sum()))] = rng.integers(2, size=int(moved.sum()))
        corners = np.array(list(product((0.0, 1.0), repeat=d))) if 2**d <= _MOST_CORNERS else np.zeros((0, d))
        ends = np.vstack([np.full((1, d), 0.5), np.zeros((1, d)), np.ones((1, d))])
        return np.unique(np.vstack([corners, ends, net]), axis=0)


def read_box(over: Mapping[str, Any], largest_list: int | None) -> Box:
    """The box that a configuration describes.

    Args:
        over: parameter -> a number, ``[low, high]``, a list of three or more values, or ``{low, high, log, whole}``.
        largest_list: size of the lists, of a parameter whose name ends in s; None for no lists.

    Raises:
        InputError: what is none of these.
    """
    axes = {}
    for name, given in over.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise InputError(f"claim.over: {name!r} is not the name of a parameter")
        size = largest_list if name.endswith("s") and not isinstance(given, int | float) else None
        axes[name] = _axis(f"claim.over.{name}", given, name in _WHOLE)._replace(size=size)
    return Box(axes)


def _axis(field: str, given: Any, whole: bool) -> Axis:
    if isinstance(given, Mapping):
        if not {"low", "high"} <= set(given) <= {"low", "high", "log", "whole"}:
            raise InputError(f"{field}: {dict(given)!r} is not {{low, high}}, with log and whole or without")
        low, high = _ends(field, given["low"], given["high"])
        log = given.get("log", low > 0 and high / low >= _DECADES)
        return _checked(field, Axis(low, high, bool(log), bool(given.get("whole", whole))))
    if isinstance(given, list | tuple):
        if len(given) == 2:
            low, high = _ends(field, *given)
            return _checked(field, Axis(low, high, low > 0 and high / low >= _DECADES, whole))
        if len(given) > 2:
            numbers = tuple(_number(field, x) for x in given)
            return _checked(field, Axis(min(numbers), max(numbers), False, whole, tuple(sorted(set(numbers)))))
    value = _number(field, given)
    return _checked(field, Axis(value, value, False, whole))


def _ends(field: str, low: Any, high: Any) -> tuple[float, float]:
    ends = _number(field, low), _number(field, high)
    if ends[0] > ends[1]:
        raise InputError(f"{field}: from {low} to {high}; the lower end comes first")
    return ends


def _checked(field: str, axis: Axis) -> Axis:
    if axis.log and axis.low <= 0:
        raise InputError(f"{field}: from {axis.low:g} to {axis.high:g} has no logs; both above 0 are accepted")
    if axis.whole and not all(float(x).is_integer() for x in (axis.low, axis.high)):
        raise InputError(f"{field}: {axis.low:g} to {axis.high:g}; whole numbers are accepted")
    if axis.whole and (fractions := [x for x in axis.values if not float(x).is_integer()]):
        raise InputError(f"{field}: {fractions[0]:g}; whole numbers are accepted")
    return axis


def _number(field: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise InputError(f"{field}: {value!r} is not a number, [low, high], nor a list of numbers")
    return float(value)
