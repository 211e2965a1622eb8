"""Every formula of the language at a few points: kept as it was found right by other paths."""

from itertools import pairwise

from cofail_lab.language.formulas import FORMULAS
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
