"""A counterexample in its simplest form."""

import numpy as np

from cofail_lab.claims.checking.box import Axis, Box, Points
from cofail_lab.claims.checking.minimise import minimise


def test_a_list_of_whole_numbers_stays_and_the_rest_becomes_simple() -> None:
    """One of a list cannot be made smaller while the others stay; the size becomes the least that violates."""
    box = Box({"m": Axis(3, 200, whole=True), "ks": Axis(1, 9, whole=True, size=2), "x": Axis(0, 1)})

    def violates(points: Points) -> np.ndarray:
        return (points["m"] > 57) & (points["ks"].sum(axis=1) > 7) & (points["x"] > 0.31)

    case = minimise(box, {"m": 143.0, "ks": [5.0, 4.0], "x": 0.345678}, violates)
    assert case == {"m": 58.0, "ks": [5.0, 4.0], "x": 0.35}


def test_a_list_of_numbers_is_rounded_as_one() -> None:
    """To .3 and .6 with one digit, of which the sum is below .95, and to .32 and .65 with two."""
    box = Box({"rates": Axis(0, 1, size=2)})
    case = minimise(box, {"rates": [0.3214, 0.6453]}, lambda points: points["rates"].sum(axis=1) > 0.95)
    assert case == {"rates": [0.32, 0.65]}
