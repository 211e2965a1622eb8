"""A number that travels with its error and with how it was obtained."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["exact", "quadrature", "lp", "monte_carlo"]


def confidence(delta: float) -> str:
    """1 - δ in words, with all the digits that it needs: ``0.025 -> "97.5%"``; below 1e-9 as a difference."""
    if delta < 1e-9:
        return f"1 - {delta:g}"
    return f"{100 * (1 - delta):.{max(6, math.ceil(2 - math.log10(delta)))}g}%"


@dataclass(frozen=True)
class Estimate:
    """A value, its error and its origin.

    Attributes:
        value: the number; ``None`` where the quantity does not exist (a ratio to zero, say).
        error: for ``exact`` the rounding error (0 where it is not tracked), for ``quadrature`` and ``lp`` a bound on
            the numerical error, for ``monte_carlo`` one standard error. ``None`` where the value is ``None``.
        kind: how the value was obtained.
    """

    value: float | None
    error: float | None
    kind: Kind

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind: {self.kind!r} is not one of {', '.join(get_args(Kind))}")
        if (self.value is None) != (self.error is None):
            raise ValueError("value and error exist together or not at all")
        if self.error is not None and not self.error >= 0:
            raise ValueError(f"error: {self.error} is not a number >= 0")

    def interval(self, width: float = 1.0) -> tuple[float, float]:
        """``value -+ width * error``; raises ValueError where there is no value."""
        if self.value is None or self.error is None:
            raise ValueError("this estimate has no value")
        return self.value - width * self.error, self.value + width * self.error
