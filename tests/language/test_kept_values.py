"""Every formula of the language at a few points: kept as it was found right by other paths."""

from itertools import pairwise

import numpy as np
import pytest

from cofail_lab.language import values
from cofail_lab.language.formulas import FORMULAS, evaluate
from tests.experiments.whole import keep, shown
from tests.language.test_quantities import value

NUMBERS = {
    "k": ("5", "9"),
    "correlation": ("0.2", "0.45"),
    "error_rate": ("0.3", "0.4"),
    "variance": ("0.1", "0.3"),
    "price": ("0.02", "0.05"),
    "cost": ("0.01", "0.004"),
    "cheap": ("0.6", "0.7"),
    "strong": ("0.85", "0.9"),
    "floor": ("0.8", "0.84"),
    "price_ratio": ("0.1", "0.3"),
    "auc": ("0.75", "0.8"),
    "fraction": ("0.3", "0.6"),
}


def test_formulas() -> None:
    """At two points, and as each argument moves from the first to the second."""
    said = []
    for name, formula in FORMULAS.items():
        points = [tuple(NUMBERS[a][0] for a in formula.arguments)]
        for place, argument in enumerate(formula.arguments):
            moved = list(points[-1])
            moved[place] = NUMBERS[argument][1]
            points.append(tuple(moved))
        found = [value(f"{name}({', '.join(point)})", "independent")[0][0] for point in points]
        said.append(f"{name}{formula.arguments}: {shown([float(x) for x in found])}")
        assert any(a != b for a, b in pairwise(found)), name
    keep("language_formulas", said)


def test_a_formula_of_an_interval_holds_its_values_at_both_ends() -> None:
    """(1 + 4 ρ)/5 of five members for ρ between .1 and .3; 1% wider, for steps that add up."""
    middle = values.within(np.array([0.2]), np.array([0.1]))
    low, high = evaluate(FORMULAS["variance"], (values.exactly(np.array([5.0])), middle)).floats()
    assert low[0] <= 0.28 and high[0] >= 0.44
    assert (low[0], high[0]) == pytest.approx((0.28, 0.44), abs=0.002)
