"""Boxes: what ranges mean, where the points are, and what is refused."""

import numpy as np
import pytest

from cofail_lab.claims.checking.box import read_box
from cofail_lab.errors import InputError

BOX = {"theta": [0.1, 10], "error_rate": [0.2, 0.9], "m": [3, 200], "shock": 0.05, "cost": [1, 3, 2]}


def test_corners_ends_and_spacing() -> None:
    box = read_box(BOX, 4)
    assert box.varying == ("theta", "error_rate", "m", "cost")
    points = box.points(box.design(256, 0))
    corners = {(t, a, m) for t in (0.1, 10) for a in (0.2, 0.9) for m in (3, 200)}
    assert corners <= set(zip(points["theta"], points["error_rate"], points["m"], strict=True))
    assert (points["m"] == np.rint(points["m"])).all()
    assert set(points["cost"]) == {1, 2, 3}
    assert (points["shock"] == 0.05).all()
    # Log-spaced where a range spans decades: half of the points are below the geometric mean.
    assert 0.4 < (points["theta"] < 1).mean() < 0.6
    assert 0.4 < (points["error_rate"] < 0.55).mean() < 0.6
    assert len(points["m"]) >= 256


def test_the_same_seed_gives_the_same_points() -> None:
    box = read_box(BOX, 4)
    assert (box.design(64, 1) == box.design(64, 1)).all()
    assert box.design(64, 1).shape != box.design(64, 2).shape or (box.design(64, 1) != box.design(64, 2)).any()


def test_a_plural_is_a_value_for_each_model() -> None:
    box = read_box({"error_rates": [0.1, 0.6], "m": [3, 5]}, 5)
    points = box.points(box.design(32, 0))
    assert points["error_rates"].shape[1] == 5
    assert (points["error_rates"] >= 0.1).all() and (points["error_rates"] <= 0.6).all()


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"m": [3, 200, "x"]}, "claim.over.m: 'x' is not a number"),
        ({"m": [200, 3]}, "the lower end comes first"),
        ({"m": [2.5, 7]}, "whole numbers are accepted"),
        ({"theta": {"low": 0, "high": 1, "log": True}}, "has no logs"),
        ({"theta": {"from": 0}}, "is not {low, high}"),
        ({"theta": []}, "is not a number"),
        ({"theta": True}, "is not a number"),
        ({"theta": float("nan")}, "is not a number"),
        ({"a b": 1}, "is not the name of a parameter"),
    ],
)
def test_what_is_no_box_is_refused(over: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_box(over, 4)
