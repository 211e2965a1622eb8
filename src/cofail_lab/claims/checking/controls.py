"""Runs beside a check that must come out otherwise, so that a check that could not fail is seen."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from cofail_lab.claims.checking.proposition import Judged

Emptiness = Literal["", "hypothesis_never", "hypothesis_undecided", "never_defined", "nothing_varies"]
"""Why a check says nothing: its hypothesis never holds, or is nowhere more than undecided, its quantities never exist
where it does, all points are alike."""

# Margins closer than this, relative to their size, are one margin.
_SAME = 1e-9


class Controls(NamedTuple):
    """What the controls gave.

    Attributes:
        negation_refuted: whether the opposite statement is violated at a point of the same design.
        shifted_refuted: whether the statement is violated once its margin has to be the middle one of those seen.
        emptiness: why the check says nothing; empty where it does.
    """

    negation_refuted: bool
    shifted_refuted: bool
    emptiness: Emptiness


def controls(judged: Judged, points: dict[str, np.ndarray]) -> Controls:
    """The negation and a shifted statement at the points of the design.

    Args:
        judged: proposition at the points.
        points: themselves.
    """
    inside = judged.inside
    margins = judged.says.margin[inside]
    margins = margins[np.isfinite(margins)]
    negation = bool((judged.when.true & judged.says.true).any())
    size = float(np.abs(margins).max(initial=0.0))
    shifted = bool(margins.size and margins.min() < np.median(margins) - _SAME * size)
    if not judged.when.true.any():
        open_ = (judged.when.defined & ~judged.when.false).any()
        return Controls(negation, shifted, "hypothesis_undecided" if open_ else "hypothesis_never")
    if not inside.any():
        return Controls(negation, shifted, "never_defined")
    same = inside.sum() > 1 and np.ptp(margins) <= _SAME * size and _vary(points, inside)
    return Controls(negation, shifted, "nothing_varies" if same else "")


def _vary(points: dict[str, np.ndarray], inside: np.ndarray) -> bool:
    """Whether the points themselves differ: then margins should."""
    return any(np.ptp(column[inside], axis=0).max() > 0 for column in points.values())
