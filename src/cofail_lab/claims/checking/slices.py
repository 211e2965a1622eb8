"""The margin over one or two parameters through a point, for a figure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.claims.checking.box import Axis
from cofail_lab.claims.checking.minimise import Case
from cofail_lab.claims.checking.proposition import Judged, Proposition


class Slice(NamedTuple):
    """A proposition over one or two parameters, the others as at a point.

    Attributes:
        names: of one or two parameters.
        values: of each, in order.
        margin: (first,) or (first, second); nan where the hypothesis does not hold, or nothing exists.
        point: values of these parameters at the point.
        log: of each parameter, whether its values are evenly spaced in logs.
    """

    names: tuple[str, ...]
    values: tuple[Float[np.ndarray, " k"], ...]
    margin: Float[np.ndarray, ...]
    point: tuple[float, ...]
    log: tuple[bool, ...]


def slice_through(proposition: Proposition, case: Case, names: tuple[str, ...], n: int) -> Slice:
    """The margin on a lattice of ``n`` values of each parameter at most."""
    axes = [proposition.box.axes[name] for name in names]
    values = tuple(_values(axis, n) for axis in axes)
    lattice = np.meshgrid(*values, indexing="ij")
    size = lattice[0].size
    points = {name: np.broadcast_to(np.asarray(x, dtype=float), (size, *np.shape(x))) for name, x in case.items()}
    points |= {name: grid.ravel() for name, grid in zip(names, lattice, strict=True)}
    judged = proposition.judged({name: np.array(column) for name, column in points.items()})
    margin = np.where(judged.inside, judged.says.margin, np.nan).reshape(lattice[0].shape)
    point = tuple(float(case[name]) for name in names)  # type: ignore[arg-type]
    return Slice(names, values, margin, point, tuple(axis.log for axis in axes))


def _values(axis: Axis, n: int) -> np.ndarray:
    if axis.values:
        return np.array(axis.values)
    return np.unique(axis.at(np.linspace(0, 1, n)[:, None]))


def leading_axes(proposition: Proposition, points: dict[str, np.ndarray], judged: Judged) -> tuple[str, ...]:
    """The one or two parameters that the margin moves with most, by rank correlation over the design."""
    from scipy.stats import rankdata

    box = proposition.box
    names = [name for name in box.varying if box.axes[name].size is None]
    inside = judged.inside & np.isfinite(judged.says.margin)
    if len(names) <= 2 or inside.sum() < 8:
        return tuple(names[:2])
    ranks = rankdata(judged.says.margin[inside])
    spread = ranks.std()

    def effect(name: str) -> float:
        column = rankdata(points[name][inside])
        if not spread or not column.std():
            return 0.0
        return abs(float(np.corrcoef(column, ranks)[0, 1]))

    chosen = sorted(names, key=effect, reverse=True)[:2]
    return tuple(name for name in names if name in chosen)
